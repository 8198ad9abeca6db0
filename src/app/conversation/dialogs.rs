//! What a message says about itself, and the question before it is taken back.

use adw::prelude::*;
use model::{Content, Delivery, Direction, EncryptionKind, Message, MessageKey, Revision};

use crate::{
    encryption::{key_row, words},
    failure,
    history::Clock,
    i18n::{gettext, gettext_f},
};

/// Asks before a message is taken back.
pub async fn confirm_retract(parent: &impl IsA<gtk::Widget>) -> bool {
    let dialog = adw::AlertDialog::new(
        Some(&gettext("Delete Message for Everyone?")),
        Some(&gettext("The other side is asked to delete it too. Whoever has read it has read it.")),
    );
    dialog.add_responses(&[("cancel", &gettext("_Cancel")), ("retract", &gettext("_Delete"))]);
    dialog.set_response_appearance("retract", adw::ResponseAppearance::Destructive);
    dialog.set_default_response(Some("cancel"));
    dialog.set_close_response("cancel");
    dialog.choose_future(Some(parent)).await == "retract"
}

/// Everything about a message.
pub fn present_message(parent: &impl IsA<gtk::Widget>, message: &Message, key: Option<&MessageKey>) {
    let group = adw::PreferencesGroup::new();
    let own = message.direction == Direction::Outgoing;
    let sender = if own { gettext("You") } else { message.sender_name.clone() };
    group.add(&fact(&gettext("From"), &sender));
    group.add(&fact(&gettext("Address"), message.sender.as_str()));
    group.add(&fact(&gettext("Sent"), &Clock::of_this_desktop().date_and_time(message.time)));
    if own {
        group.add(&fact(&gettext("Delivery"), &delivery(&message.delivery)));
    }
    if let Some(wait) = message.waits {
        group.add(&fact(&gettext("Waiting"), &failure::wait(wait)));
    }
    group.add(&fact(&gettext("Encryption"), &encryption(message.encryption)));
    if let Some(key) = key {
        let device = words::device_name(&key.device);
        group.add(&fact(&gettext("Written on"), &device));
        group.add(&fact(&gettext("Key"), &trust(key)));
        if let Some(fingerprint) = key.device.fingerprint {
            group.add(&key_row(fingerprint));
        }
    }
    present(parent, &gettext("Message Details"), &group);
}

/// The earlier texts of a message, newest first, and what it says now.
pub fn present_revisions(parent: &impl IsA<gtk::Widget>, revisions: &[Revision], now: Option<&Message>) {
    let group = adw::PreferencesGroup::new();
    let clock = Clock::of_this_desktop();
    if let Some(Content::Text(text)) = now.map(|message| &message.content) {
        group.add(&fact(&gettext("Now"), text));
    }
    for revision in revisions.iter().rev() {
        group.add(&fact(&clock.date_and_time(revision.time), &revision.text));
    }
    present(parent, &gettext("Earlier Versions"), &group);
}

/// A name and a value, as plain text that can be selected.
fn fact(name: &str, value: &str) -> adw::ActionRow {
    let row = adw::ActionRow::builder().use_markup(false).title(name).subtitle(value).build();
    row.set_subtitle_selectable(true);
    row.add_css_class("property");
    row
}

fn present(parent: &impl IsA<gtk::Widget>, title: &str, group: &adw::PreferencesGroup) {
    let page = adw::PreferencesPage::new();
    page.add(group);
    let view = adw::ToolbarView::builder().content(&page).build();
    view.add_top_bar(&adw::HeaderBar::new());
    adw::Dialog::builder().title(title).content_width(420).child(&view).build().present(Some(parent));
}

/// How far the key was trusted when the message came, and now if that changed.
fn trust(key: &MessageKey) -> String {
    if key.device.is_this {
        return gettext("Of this device");
    }
    let then = words::trust_then(key.trust_then);
    if key.trust_then == key.device.trust {
        return then;
    }
    gettext_f(
        "{then} when it was written; now: {now}",
        &[("then", &then), ("now", &words::trust_then(key.device.trust))],
    )
}

fn delivery(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Received => gettext("Received"),
        Delivery::Queued => gettext("Waiting to be sent"),
        Delivery::Sent => gettext("The server has it"),
        Delivery::Delivered => gettext("Delivered"),
        Delivery::Read => gettext("Read"),
        Delivery::Failed(refusal) => {
            gettext_f("Not sent. {reason}", &[("reason", &failure::delivery(refusal))])
        }
    }
}

fn encryption(kind: EncryptionKind) -> String {
    match kind {
        EncryptionKind::None => gettext("None from device to device: the servers could read it"),
        EncryptionKind::Omemo => gettext("From device to device (OMEMO 2)"),
        EncryptionKind::OmemoLegacy => gettext("From device to device (OMEMO 0.3: words only)"),
        EncryptionKind::Ox => "OpenPGP".to_owned(),
        EncryptionKind::LegacyOpenPgp => gettext("OpenPGP of old"),
        EncryptionKind::Otr => "OTR".to_owned(),
        EncryptionKind::Other => gettext("Unknown"),
    }
}

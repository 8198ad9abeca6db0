//! The passphrase that protects the messages where no keyring runs.

use adw::prelude::*;
use gtk::glib;

use crate::i18n::{gettext, gettext_f};

/// Shorter ones are guessed too easily.
const SHORTEST: usize = 8;

/// Asks for a new passphrase, twice. `None` if the person would rather not.
pub async fn choose_new(parent: &impl IsA<gtk::Widget>) -> Option<String> {
    let dialog = adw::AlertDialog::new(
        Some(&gettext("Choose a Passphrase")),
        Some(&gettext(
            "No keyring is running on this device. A passphrase protects your messages instead: Starling asks for it at every start. It cannot be recovered.",
        )),
    );
    let first = entry(&gettext("Passphrase"));
    let second = entry(&gettext("Repeat Passphrase"));
    dialog.set_extra_child(Some(&group(&[&first, &second])));
    add_responses(&dialog, &gettext("_Continue"));

    let check = glib::clone!(
        #[weak]
        dialog,
        #[weak]
        first,
        #[weak]
        second,
        move || {
            let long_enough = first.text().chars().count() >= SHORTEST;
            dialog.set_response_enabled("continue", long_enough && first.text() == second.text());
        }
    );
    let check_again = check.clone();
    first.connect_changed(move |_| check());
    second.connect_changed(move |_| check_again());

    let response = dialog.choose_future(Some(parent)).await;
    (response == "continue").then(|| first.text().to_string())
}

/// Asks for the passphrase of an account.
pub async fn ask(parent: &impl IsA<gtk::Widget>, account: &str, was_wrong: bool) -> Option<String> {
    secret(
        parent,
        &gettext("Unlock Messages"),
        &if was_wrong {
            gettext("That was not the passphrase. Try again.")
        } else if account.is_empty() {
            gettext("Enter the passphrase that protects your messages.")
        } else {
            gettext_f(
                "Enter the passphrase that protects the messages of {account}.",
                &[("account", account)],
            )
        },
        &gettext("Passphrase"),
        &gettext("_Unlock"),
    )
    .await
}

/// Asks for the password of an account.
pub async fn ask_password(parent: &impl IsA<gtk::Widget>, account: &str) -> Option<String> {
    secret(
        parent,
        &gettext("Wrong Password"),
        &gettext_f(
            "The server does not accept the password of {account}. Enter the right one.",
            &[("account", account)],
        ),
        &gettext("Password"),
        &gettext("_Sign In"),
    )
    .await
}

async fn secret(
    parent: &impl IsA<gtk::Widget>,
    heading: &str,
    body: &str,
    name: &str,
    action: &str,
) -> Option<String> {
    let dialog = adw::AlertDialog::new(Some(heading), Some(body));
    let entry = entry(name);
    dialog.set_extra_child(Some(&group(&[&entry])));
    add_responses(&dialog, action);
    entry.connect_changed(glib::clone!(
        #[weak]
        dialog,
        move |entry| dialog.set_response_enabled("continue", !entry.text().is_empty())
    ));
    let response = dialog.choose_future(Some(parent)).await;
    (response == "continue").then(|| entry.text().to_string())
}

fn entry(title: &str) -> adw::PasswordEntryRow {
    adw::PasswordEntryRow::builder().title(title).activates_default(true).build()
}

fn group(rows: &[&adw::PasswordEntryRow]) -> gtk::ListBox {
    let list = gtk::ListBox::builder().selection_mode(gtk::SelectionMode::None).build();
    list.add_css_class("boxed-list");
    for row in rows {
        list.append(*row);
    }
    list
}

fn add_responses(dialog: &adw::AlertDialog, action: &str) {
    dialog.add_responses(&[("cancel", &gettext("_Cancel")), ("continue", action)]);
    dialog.set_response_appearance("continue", adw::ResponseAppearance::Suggested);
    dialog.set_response_enabled("continue", false);
    dialog.set_default_response(Some("continue"));
    dialog.set_close_response("cancel");
}

//! Encryption with one person: their devices, and ways to be sure of them.

use adw::prelude::*;
use model::AccountCommand;

use super::{Codes, Devices};
use crate::{
    bridge::Bridge,
    i18n::{gettext, gettext_f},
    objects::ConversationObject,
};

/// Opens it over the window.
pub fn present(parent: &impl IsA<gtk::Widget>, bridge: &Bridge, object: &ConversationObject) {
    let conversation = object.summary().conversation;
    // Nothing is fetched for a stranger.
    if !conversation.stranger {
        bridge.tell(object.account(), AccountCommand::LookUpDevices(conversation.address.clone()));
    }
    let page = adw::PreferencesPage::new();
    let devices = Devices::new(bridge, object.account(), &conversation.address);
    devices.set_title(&gettext_f("Devices of {name}", &[("name", &object.name())]));
    page.add(&devices);
    page.add(&Codes::new(bridge, object.account(), &conversation.address));
    let view = adw::ToolbarView::builder().content(&page).build();
    view.add_top_bar(&adw::HeaderBar::new());
    let pages = adw::NavigationView::new();
    pages.add(&adw::NavigationPage::builder().title(gettext("Encryption")).child(&view).build());
    adw::Dialog::builder()
        .title(gettext("Encryption"))
        .content_width(520)
        .content_height(600)
        .child(&pages)
        .build()
        .present(Some(parent));
}

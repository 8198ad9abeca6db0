//! Files that another program, such as a file manager, hands over to be sent. The person says to whom, and looks at them
//! there before they go.

use adw::subclass::prelude::*;
use gtk::{gio, glib};
use view::ConversationKey;

use super::Window;
use crate::new_conversation::{self, Purpose};

impl Window {
    /// Asks to whom files are to go, as soon as there is somebody.
    pub fn send_files(&self, files: Vec<gio::File>) {
        self.imp().handed_over.borrow_mut().extend(files);
        self.offer_files();
    }

    pub(super) fn offer_files(&self) {
        let Some(bridge) = self.bridge() else { return };
        let can_read =
            bridge.account_objects().any(|account| bridge.session().reader(account.id()).is_some());
        let files = if can_read { self.imp().handed_over.take() } else { Vec::new() };
        if !files.is_empty() {
            new_conversation::present(self, bridge, Purpose::Send(files));
        }
    }

    /// Opens a conversation and puts files into its tray.
    pub fn attach_to(&self, key: ConversationKey, files: Vec<gio::File>) {
        let window = self.clone();
        glib::spawn_future_local(async move {
            let Some(model) = window.imp().conversations.model() else { return };
            if let Some(object) = model.find(key).await {
                window.show_conversation(&object, true);
                window.imp().conversation.attach(files);
            }
        });
    }
}

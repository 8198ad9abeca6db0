use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};

use super::Conversations;
use crate::{bridge::Bridge, objects::AccountObject};

/// What the sidebar shows of the user, by the first account: the face, and what others see.
impl Conversations {
    pub(super) fn watch_own(&self, bridge: &Bridge) {
        let follow = glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |accounts: &gio::ListStore, position: u32, added: u32| {
                for account in (position..position + added).filter_map(|place| accounts.item(place)) {
                    account.connect_notify_local(
                        None,
                        glib::clone!(
                            #[weak]
                            page,
                            move |_, _| page.show_own()
                        ),
                    );
                }
                page.show_own();
            }
        );
        follow(bridge.accounts(), 0, bridge.accounts().n_items());
        bridge.accounts().connect_items_changed(move |accounts, position, _, added| {
            follow(accounts, position, added);
        });
    }

    fn show_own(&self) {
        let imp = self.imp();
        let first = self.bridge().accounts().item(0).and_downcast::<AccountObject>();
        let Some(account) = first else { return };
        imp.accounts_avatar.set_text(Some(&account.name()));
        imp.accounts_avatar.set_custom_image(account.picture().as_ref());
        if self.availability() != account.availability() {
            imp.availability.replace(account.availability());
            self.notify_availability();
        }
    }
}

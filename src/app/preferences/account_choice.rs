use adw::prelude::*;
use gtk::{gio, glib};

use crate::{bridge::Bridge, i18n::gettext, objects::AccountObject};

/// Which account a page of the preferences is about: a choice where there are several.
#[derive(Debug, Default)]
pub struct AccountChoice {
    group: adw::PreferencesGroup,
    row: adw::ComboRow,
}

impl AccountChoice {
    /// Where it stands on the page.
    pub fn group(&self) -> &adw::PreferencesGroup {
        &self.group
    }

    /// The account that was chosen.
    pub fn account(&self) -> Option<AccountObject> {
        self.row.selected_item().and_downcast()
    }

    /// Offers the accounts there are, and calls `turned` when another is chosen. There is nothing to choose with one, and
    /// without any the `settings` say nothing.
    pub fn follow(&self, bridge: &Bridge, settings: &[&adw::PreferencesGroup], turned: impl Fn() + 'static) {
        self.row.set_title(&gettext("Account"));
        self.group.add(&self.row);
        self.row.set_expression(Some(AccountObject::this_expression("address")));
        self.row.set_model(Some(bridge.accounts()));
        self.row.connect_selected_item_notify(move |_| turned());
        let choice = self.group.downgrade();
        let settings: Vec<_> = settings.iter().map(|group| group.downgrade()).collect();
        let count = move |accounts: &gio::ListStore| {
            if let Some(choice) = choice.upgrade() {
                choice.set_visible(accounts.n_items() > 1);
            }
            for group in settings.iter().filter_map(glib::WeakRef::upgrade) {
                group.set_visible(accounts.n_items() > 0);
            }
        };
        count(bridge.accounts());
        bridge.accounts().connect_items_changed(move |accounts, _, _, _| count(accounts));
    }
}

//! The page about encryption: what is wanted of it in general, and the user's own devices. Each account has its own.

use std::cell::{Cell, OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, BareJid, EncryptionSettings};

use super::account_choice::AccountChoice;
use crate::{
    bridge::Bridge,
    encryption::{Codes, Devices},
    i18n::gettext,
    objects::AccountObject,
};

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct EncryptionPage {
        pub bridge: OnceCell<Bridge>,
        pub choice: AccountChoice,
        pub settings_group: adw::PreferencesGroup,
        pub blind_trust: adw::SwitchRow,
        pub verified_only: adw::SwitchRow,
        pub reactions_in_clear: adw::SwitchRow,
        /// The groups of the account that is shown.
        pub groups: RefCell<Vec<adw::PreferencesGroup>>,
        /// The switches are being put where they stand by us.
        pub filling: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for EncryptionPage {
        const NAME: &'static str = "StarlingEncryptionPage";
        type Type = super::EncryptionPage;
        type ParentType = adw::PreferencesPage;
    }

    impl ObjectImpl for EncryptionPage {
        fn constructed(&self) {
            self.parent_constructed();
            let page = self.obj();
            page.add(self.choice.group());
            page.add(&self.settings_group);
            let words = [
                (
                    &self.blind_trust,
                    gettext("Trust New Devices"),
                    gettext(
                        "Of people with whom you never compared keys. Otherwise you decide about each device.",
                    ),
                ),
                (
                    &self.verified_only,
                    gettext("Write to Verified Devices Only"),
                    gettext("Messages wait until you have compared keys."),
                ),
                (
                    &self.reactions_in_clear,
                    gettext("Send Reactions Unencrypted"),
                    gettext("To apps that know only the older form of encryption. The servers see them."),
                ),
            ];
            for (row, title, subtitle) in words {
                row.set_use_markup(false);
                row.set_title(&title);
                row.set_subtitle(&subtitle);
                self.settings_group.add(row);
                row.connect_active_notify(glib::clone!(
                    #[weak]
                    page,
                    move |_| page.tell_settings()
                ));
            }
        }
    }

    impl WidgetImpl for EncryptionPage {}
    impl PreferencesPageImpl for EncryptionPage {}
}

glib::wrapper! {
    /// The page.
    pub struct EncryptionPage(ObjectSubclass<imp::EncryptionPage>)
        @extends adw::PreferencesPage, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl EncryptionPage {
    pub fn new(bridge: &Bridge) -> Self {
        let page: Self = glib::Object::builder()
            .property("name", "encryption")
            .property("title", gettext("Encryption"))
            .property("icon-name", "starling-lock-symbolic")
            .build();
        let imp = page.imp();
        let _ = imp.bridge.set(bridge.clone());
        let turned = glib::clone!(
            #[weak]
            page,
            move || page.turn()
        );
        imp.choice.follow(bridge, &[&imp.settings_group], turned);
        page.turn();
        page
    }

    fn account(&self) -> Option<AccountObject> {
        self.imp().choice.account()
    }

    /// Turns to the account that was chosen.
    fn turn(&self) {
        let imp = self.imp();
        for group in imp.groups.take() {
            self.remove(&group);
        }
        let (Some(bridge), Some(account)) = (imp.bridge.get(), self.account()) else { return };
        self.read_settings(bridge, &account);
        let Ok(address) = BareJid::new(&account.address()) else { return };
        let devices = Devices::new(bridge, account.id(), &address);
        devices.set_title(&gettext("Your Devices"));
        let codes = Codes::new(bridge, account.id(), &address);
        // What is set once comes last.
        self.remove(&imp.settings_group);
        for group in [devices.upcast::<adw::PreferencesGroup>(), codes.upcast()] {
            self.add(&group);
            imp.groups.borrow_mut().push(group);
        }
        self.add(&imp.settings_group);
    }

    fn read_settings(&self, bridge: &Bridge, account: &AccountObject) {
        let Some(reader) = bridge.session().reader(account.id()) else { return };
        let (page, account) = (self.clone(), account.clone());
        glib::spawn_future_local(async move {
            let Ok(settings) = reader.encryption_settings().await else { return };
            if page.account().as_ref() != Some(&account) {
                return;
            }
            let imp = page.imp();
            imp.filling.set(true);
            imp.blind_trust.set_active(settings.blind_trust);
            imp.verified_only.set_active(settings.verified_only);
            imp.reactions_in_clear.set_active(settings.reactions_in_clear);
            imp.filling.set(false);
        });
    }

    fn tell_settings(&self) {
        let imp = self.imp();
        if imp.filling.get() {
            return;
        }
        let (Some(bridge), Some(account)) = (imp.bridge.get(), self.account()) else { return };
        let settings = EncryptionSettings {
            blind_trust: imp.blind_trust.is_active(),
            verified_only: imp.verified_only.is_active(),
            reactions_in_clear: imp.reactions_in_clear.is_active(),
        };
        bridge.tell(account.id(), AccountCommand::SetEncryptionSettings(settings));
    }
}

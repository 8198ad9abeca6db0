//! Preferences: this device's behaviour, encryption, files, and the accounts.

mod account;
mod account_choice;
mod blocked;
mod calls;
mod encryption;
mod storage;

use std::cell::{OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};

use crate::{bridge::Bridge, objects::AccountObject, settings::key, welcome, window::Window};
use account::AccountPage;
use calls::CallsPage;
use encryption::EncryptionPage;
use storage::StoragePage;

/// Opens the preferences over the window, at `page` if given.
pub fn present(window: &Window, bridge: &Bridge, settings: &gio::Settings, page: Option<&str>) {
    let dialog: Preferences = glib::Object::new();
    dialog.set_up(bridge, settings);
    if let Some(page) = page {
        dialog.set_visible_page_name(page);
    }
    dialog.present(Some(window));
}

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/preferences.ui")]
    pub struct Preferences {
        #[template_child]
        pub enter_sends: TemplateChild<adw::SwitchRow>,
        #[template_child]
        pub color_scheme: TemplateChild<adw::ComboRow>,
        #[template_child]
        pub notifications: TemplateChild<adw::SwitchRow>,
        #[template_child]
        pub send_receipts: TemplateChild<adw::SwitchRow>,
        #[template_child]
        pub send_typing: TemplateChild<adw::SwitchRow>,
        #[template_child]
        pub accounts_group: TemplateChild<adw::PreferencesGroup>,
        pub bridge: OnceCell<Bridge>,
        pub rows: RefCell<Vec<adw::ActionRow>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Preferences {
        const NAME: &'static str = "StarlingPreferences";
        type Type = super::Preferences;
        type ParentType = adw::PreferencesDialog;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.install_action("preferences.add-account", None, |dialog, _, _| {
                if let Some(bridge) = dialog.imp().bridge.get() {
                    welcome::present(dialog, bridge);
                }
            });
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Preferences {}
    impl WidgetImpl for Preferences {}
    impl AdwDialogImpl for Preferences {}
    impl PreferencesDialogImpl for Preferences {}
}

glib::wrapper! {
    /// The dialog.
    pub struct Preferences(ObjectSubclass<imp::Preferences>)
        @extends adw::PreferencesDialog, adw::Dialog, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::ShortcutManager;
}

impl Preferences {
    fn set_up(&self, bridge: &Bridge, settings: &gio::Settings) {
        let imp = self.imp();
        let _ = imp.bridge.set(bridge.clone());
        for (name, row) in [
            (key::ENTER_SENDS, &imp.enter_sends),
            (key::NOTIFICATIONS, &imp.notifications),
            (key::SEND_RECEIPTS, &imp.send_receipts),
            (key::SEND_TYPING, &imp.send_typing),
        ] {
            settings.bind(name, &row.get(), "active").build();
        }
        settings
            .bind(key::COLOR_SCHEME, &imp.color_scheme.get(), "selected")
            .mapping(|nick, _| {
                let place: u32 = match nick.str()? {
                    "light" => 1,
                    "dark" => 2,
                    _ => 0,
                };
                Some(place.to_value())
            })
            .set_mapping(|place, _| {
                let nick = match place.get::<u32>().ok()? {
                    1 => "light",
                    2 => "dark",
                    _ => "system",
                };
                Some(nick.to_variant())
            })
            .build();
        self.add(&EncryptionPage::new(bridge));
        self.add(&CallsPage::new(bridge, settings));
        self.add(&StoragePage::new(bridge));
        self.list_accounts(bridge.accounts());
        bridge.accounts().connect_items_changed(glib::clone!(
            #[weak(rename_to = dialog)]
            self,
            move |accounts, _, _, _| dialog.list_accounts(accounts)
        ));
    }

    fn list_accounts(&self, accounts: &gio::ListStore) {
        let imp = self.imp();
        for row in imp.rows.take() {
            imp.accounts_group.remove(&row);
        }
        // The page of an account that was removed has nothing to show.
        self.pop_subpage();
        for account in accounts.iter::<AccountObject>().flatten() {
            let row = self.row(&account);
            imp.accounts_group.add(&row);
            imp.rows.borrow_mut().push(row);
        }
    }

    fn row(&self, account: &AccountObject) -> adw::ActionRow {
        let row = adw::ActionRow::builder().activatable(true).use_markup(false).build();
        account.bind_property("name", &row, "title").sync_create().build();
        let subtitle = gtk::ClosureExpression::new::<String>(
            [
                AccountObject::this_expression("address").upcast(),
                AccountObject::this_expression("status").upcast(),
            ] as [gtk::Expression; 2],
            glib::closure!(|_: Option<glib::Object>, address: String, status: String| {
                format!("{address} · {status}")
            }),
        );
        subtitle.bind(&row, "subtitle", Some(account));
        let avatar = adw::Avatar::new(32, None, true);
        account.bind_property("name", &avatar, "text").sync_create().build();
        account.bind_property("picture", &avatar, "custom-image").sync_create().build();
        row.add_prefix(&avatar);
        row.add_suffix(&gtk::Image::from_icon_name("go-next-symbolic"));
        row.connect_activated(glib::clone!(
            #[weak(rename_to = dialog)]
            self,
            #[weak]
            account,
            move |_| {
                if let Some(bridge) = dialog.imp().bridge.get() {
                    dialog.push_subpage(&AccountPage::new(bridge, &account));
                }
            }
        ));
        row
    }
}

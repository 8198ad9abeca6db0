use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};

use crate::{bridge::Bridge, objects::AccountObject};

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct AccountsMenu;

    #[glib::object_subclass]
    impl ObjectSubclass for AccountsMenu {
        const NAME: &'static str = "StarlingAccountsMenu";
        type Type = super::AccountsMenu;
        type ParentType = gtk::Box;
    }

    impl ObjectImpl for AccountsMenu {
        fn constructed(&self) {
            self.parent_constructed();
            let this = self.obj();
            this.set_orientation(gtk::Orientation::Vertical);
            this.set_spacing(6);
            this.add_css_class("accounts-menu");
        }
    }

    impl WidgetImpl for AccountsMenu {}
    impl BoxImpl for AccountsMenu {}
}

glib::wrapper! {
    /// The accounts at the top of their menu: whose they are, and how they stand.
    pub struct AccountsMenu(ObjectSubclass<imp::AccountsMenu>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl AccountsMenu {
    pub fn new(bridge: &Bridge) -> Self {
        let menu: Self = glib::Object::new();
        let fill = glib::clone!(
            #[weak]
            menu,
            move |accounts: &gio::ListStore| {
                while let Some(old) = menu.first_child() {
                    menu.remove(&old);
                }
                for account in accounts.iter::<AccountObject>().flatten() {
                    menu.append(&row(&account));
                }
            }
        );
        fill(bridge.accounts());
        bridge.accounts().connect_items_changed(move |accounts, _, _, _| fill(accounts));
        menu
    }
}

fn row(account: &AccountObject) -> gtk::Box {
    let avatar = adw::Avatar::new(32, None, true);
    account.bind_property("name", &avatar, "text").sync_create().build();
    account.bind_property("picture", &avatar, "custom-image").sync_create().build();

    let name = line(account, "name", &["heading"]);
    let address = line(account, "address", &["caption", "dimmed"]);
    let status = line(account, "status", &["caption", "dimmed"]);
    // Without a nickname the name is the address: once is enough.
    account
        .bind_property("name", &address, "visible")
        .transform_to(|binding, name: String| {
            let account = binding.source().and_downcast::<AccountObject>();
            Some(account.is_some_and(|account| account.address() != name))
        })
        .sync_create()
        .build();

    let words = gtk::Box::new(gtk::Orientation::Vertical, 0);
    words.set_valign(gtk::Align::Center);
    words.append(&name);
    words.append(&address);
    words.append(&status);
    let row = gtk::Box::new(gtk::Orientation::Horizontal, 12);
    row.append(&avatar);
    row.append(&words);
    row
}

fn line(account: &AccountObject, property: &str, classes: &[&str]) -> gtk::Label {
    let label = gtk::Label::builder()
        .xalign(0.0)
        .ellipsize(gtk::pango::EllipsizeMode::End)
        .max_width_chars(32)
        .css_classes(classes.to_vec())
        .build();
    account.bind_property(property, &label, "label").sync_create().build();
    label
}

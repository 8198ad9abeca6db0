use std::cell::{OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, Change, Contact, EventKind};
use session::Heard;

use crate::{
    bridge::{Bridge, Listener},
    i18n::{gettext, gettext_f},
    objects::AccountObject,
};

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Blocked {
        pub bridge: OnceCell<Bridge>,
        pub account: OnceCell<AccountObject>,
        pub listener: RefCell<Option<Listener>>,
        pub rows: RefCell<Vec<adw::ActionRow>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Blocked {
        const NAME: &'static str = "StarlingBlocked";
        type Type = super::Blocked;
        type ParentType = adw::PreferencesGroup;
    }

    impl ObjectImpl for Blocked {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().set_title(&gettext("Blocked People"));
            self.obj().set_visible(false);
        }
    }

    impl WidgetImpl for Blocked {}
    impl PreferencesGroupImpl for Blocked {}
}

glib::wrapper! {
    /// Whom an account blocks, each with a way back. Hidden while there is nobody.
    pub struct Blocked(ObjectSubclass<imp::Blocked>)
        @extends adw::PreferencesGroup, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Blocked {
    pub fn set_account(&self, bridge: &Bridge, account: &AccountObject) {
        let imp = self.imp();
        let _ = imp.bridge.set(bridge.clone());
        let _ = imp.account.set(account.clone());
        let this = self.downgrade();
        let id = account.id();
        imp.listener.replace(Some(bridge.listen(move |_, heard| {
            let concerns = match heard {
                Heard::Lagged(_) => true,
                Heard::Event(event) => {
                    event.account == id
                        && matches!(
                            event.kind,
                            EventKind::Changed { change: Change::Contact(_) | Change::Everything, .. }
                        )
                }
            };
            if let (true, Some(this)) = (concerns, this.upgrade()) {
                this.read();
            }
        })));
        self.read();
    }

    fn read(&self) {
        let imp = self.imp();
        let (Some(bridge), Some(account)) = (imp.bridge.get(), imp.account.get()) else { return };
        let Some(reader) = bridge.session().reader(account.id()) else { return };
        let this = self.clone();
        glib::spawn_future_local(async move {
            if let Ok(contacts) = reader.contacts().await {
                this.show_blocked(contacts.into_iter().filter(|contact| contact.blocked));
            }
        });
    }

    fn show_blocked(&self, contacts: impl Iterator<Item = Contact>) {
        let imp = self.imp();
        for row in imp.rows.take() {
            self.remove(&row);
        }
        for contact in contacts {
            let row = self.row(&contact);
            self.add(&row);
            imp.rows.borrow_mut().push(row);
        }
        self.set_visible(!imp.rows.borrow().is_empty());
    }

    fn row(&self, contact: &Contact) -> adw::ActionRow {
        let address = contact.address.to_string();
        let row = adw::ActionRow::builder().use_markup(false).title(&contact.name).build();
        if contact.name != address {
            row.set_subtitle(&address);
        }
        let unblock = gtk::Button::builder().label(gettext("Unblock")).valign(gtk::Align::Center).build();
        let spoken = gettext_f("Unblock {name}", &[("name", &contact.name)]);
        unblock.update_property(&[gtk::accessible::Property::Label(&spoken)]);
        let address = contact.address.clone();
        unblock.connect_clicked(glib::clone!(
            #[weak(rename_to = this)]
            self,
            move |_| {
                if let (Some(bridge), Some(account)) = (this.imp().bridge.get(), this.imp().account.get()) {
                    bridge.tell(account.id(), AccountCommand::SetBlocked(address.clone(), false));
                }
            }
        ));
        row.add_suffix(&unblock);
        row
    }
}

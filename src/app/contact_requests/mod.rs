//! People who ask to be contacts.
//!
//! Somebody may ask to see the user's presence without ever writing, so there is no conversation
//! where a banner could stand. One quiet line above the list counts them, and leads to a dialog
//! where each is answered. Nothing is told to them before that.

use std::cell::{Cell, OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, Change, EventKind};
use session::Heard;
use view::{Person, ReaderHandle};

use crate::{
    address,
    bridge::{Bridge, Listener},
    i18n::{gettext, gettext_f, ngettext_f},
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/contact_requests.ui")]
    pub struct ContactRequests {
        #[template_child]
        pub content: TemplateChild<adw::ButtonContent>,
        pub bridge: OnceCell<Bridge>,
        pub listener: RefCell<Option<Listener>>,
        /// A read is under way; another is wanted after it.
        pub reading: Cell<bool>,
        pub again: Cell<bool>,
        pub people: RefCell<Vec<Person>>,
        /// The rows of the dialog, while it is open.
        pub dialog: RefCell<Option<(adw::Dialog, adw::PreferencesGroup, Vec<gtk::Widget>)>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ContactRequests {
        const NAME: &'static str = "StarlingContactRequests";
        type Type = super::ContactRequests;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for ContactRequests {}
    impl WidgetImpl for ContactRequests {}
    impl BinImpl for ContactRequests {}

    #[gtk::template_callbacks]
    impl ContactRequests {
        #[template_callback]
        fn open(&self) {
            self.obj().open();
        }
    }
}

glib::wrapper! {
    /// The line above the list.
    pub struct ContactRequests(ObjectSubclass<imp::ContactRequests>)
        @extends gtk::Widget, adw::Bin,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl ContactRequests {
    pub fn set_bridge(&self, bridge: &Bridge) {
        let _ = self.imp().bridge.set(bridge.clone());
        let this = self.downgrade();
        self.imp().listener.replace(Some(bridge.listen(move |_, heard| {
            let concerns = match heard {
                Heard::Lagged(_) => true,
                Heard::Event(event) => matches!(
                    event.kind,
                    EventKind::AccountAdded
                        | EventKind::AccountRemoved
                        | EventKind::Changed { change: Change::Contact(_) | Change::Everything, .. }
                ),
            };
            if let (true, Some(this)) = (concerns, this.upgrade()) {
                this.read();
            }
        })));
        self.read();
    }

    /// Reads who waits. A roster that changes as a whole is read once more at its end, not each time.
    fn read(&self) {
        let imp = self.imp();
        if imp.reading.replace(true) {
            imp.again.set(true);
            return;
        }
        let this = self.clone();
        glib::spawn_future_local(async move {
            loop {
                this.imp().again.set(false);
                this.read_once().await;
                if !this.imp().again.get() {
                    break;
                }
            }
            this.imp().reading.set(false);
        });
    }

    async fn read_once(&self) {
        let Some(bridge) = self.imp().bridge.get() else { return };
        let readers: Vec<(_, ReaderHandle)> = bridge
            .account_objects()
            .filter_map(|account| Some((account.id(), bridge.session().reader(account.id())?)))
            .collect();
        match view::people(&readers).await {
            Ok(people) => {
                let waiting = people.into_iter().filter(|person| person.contact.asks_subscription).collect();
                self.imp().people.replace(waiting);
                self.show_count();
                self.fill_dialog();
            }
            Err(error) => tracing::warn!(%error, "the contacts could not be read"),
        }
    }

    fn show_count(&self) {
        let count = self.imp().people.borrow().len() as u32;
        self.imp().content.set_label(&ngettext_f("{n} Contact Request", "{n} Contact Requests", count, &[]));
        self.set_visible(count > 0);
    }

    fn open(&self) {
        let group = adw::PreferencesGroup::builder()
            .description(gettext(
                "They would like to see when you are online, and to show you when they are.",
            ))
            .build();
        let page = adw::PreferencesPage::new();
        page.add(&group);
        let view = adw::ToolbarView::builder().content(&page).build();
        view.add_top_bar(&adw::HeaderBar::new());
        let dialog = adw::Dialog::builder()
            .title(gettext("Contact Requests"))
            .content_width(480)
            .content_height(420)
            .child(&view)
            .build();
        dialog.connect_closed(glib::clone!(
            #[weak(rename_to = this)]
            self,
            move |_| {
                this.imp().dialog.take();
            }
        ));
        self.imp().dialog.replace(Some((dialog.clone(), group, Vec::new())));
        self.fill_dialog();
        dialog.present(Some(self));
    }

    fn fill_dialog(&self) {
        let imp = self.imp();
        let rows: Vec<gtk::Widget> =
            imp.people.borrow().iter().map(|person| self.row(person).upcast()).collect();
        let is_done = rows.is_empty();
        let dialog = {
            let mut open = imp.dialog.borrow_mut();
            let Some((dialog, group, old)) = open.as_mut() else { return };
            for row in old.drain(..) {
                group.remove(&row);
            }
            for row in &rows {
                group.add(row);
            }
            *old = rows;
            dialog.clone()
        };
        if is_done {
            dialog.close();
        }
    }

    fn row(&self, person: &Person) -> adw::ActionRow {
        let contact = &person.contact;
        let row = adw::ActionRow::builder().use_markup(false).title(&contact.name).build();
        let mut subtitle = Vec::new();
        if contact.name != contact.address.as_str() {
            subtitle.push(contact.address.to_string());
        }
        subtitle.extend(contact.warning.as_ref().map(address::warn));
        row.set_subtitle(&subtitle.join("\n"));
        row.add_prefix(&adw::Avatar::new(32, Some(&contact.name), true));
        for (allow, label, spoken) in [
            (false, gettext("Decline"), gettext_f("Decline {name}", &[("name", &contact.name)])),
            (true, gettext("Allow"), gettext_f("Allow {name}", &[("name", &contact.name)])),
        ] {
            let button = gtk::Button::builder().label(label).valign(gtk::Align::Center).build();
            button.update_property(&[gtk::accessible::Property::Label(&spoken)]);
            let person = person.clone();
            button.connect_clicked(glib::clone!(
                #[weak(rename_to = this)]
                self,
                move |_| this.answer(&person, allow)
            ));
            row.add_suffix(&button);
        }
        row
    }

    fn answer(&self, person: &Person, allow: bool) {
        let Some(bridge) = self.imp().bridge.get() else { return };
        let address = person.contact.address.clone();
        bridge.tell(person.account, AccountCommand::AnswerSubscription(address.clone(), allow));
        // Who may see the user is somebody the user knows: it goes both ways.
        if allow && !person.contact.in_roster {
            bridge.tell(person.account, AccountCommand::AddContact(address, None, Vec::new()));
        }
    }
}

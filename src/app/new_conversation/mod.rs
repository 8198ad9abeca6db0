//! Whom to write to: recent conversations, contacts, or an address typed in full.
//!
//! The same dialog is the quick switcher, and asks to whom files go that another program handed over.

mod candidates;
mod person_row;

use std::cell::{OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{AccountId, Answer, Request};
use view::{ConversationKey, ConversationRow, ReaderHandle};

use crate::{
    address::{self, Typed},
    bridge::Bridge,
    failure,
    i18n::gettext,
    objects::{AccountObject, ConversationObject},
    scanner,
    window::Window,
};
use candidates::{Candidate, Section};
use person_row::PersonRow;

/// What the dialog was opened for.
#[derive(Clone, Debug, Default)]
pub enum Purpose {
    #[default]
    New,
    Switch,
    /// These files are to be sent.
    Send(Vec<gio::File>),
}

/// Opens the dialog over the window.
pub fn present(window: &Window, bridge: &Bridge, purpose: Purpose) {
    let dialog: NewConversation = glib::Object::new();
    match &purpose {
        Purpose::New => {}
        Purpose::Switch => dialog.set_title(&gettext("Switch Conversation")),
        Purpose::Send(_) => dialog.set_title(&gettext("Send To")),
    }
    dialog.imp().purpose.replace(purpose);
    dialog.set_up(window, bridge);
    dialog.present(Some(window));
}

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/new_conversation.ui")]
    pub struct NewConversation {
        #[template_child]
        pub entry: TemplateChild<gtk::SearchEntry>,
        #[template_child]
        pub scan_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub account_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub account_choice: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub list: TemplateChild<gtk::ListView>,
        pub bridge: OnceCell<Bridge>,
        pub window: glib::WeakRef<Window>,
        pub known: RefCell<Vec<Candidate>>,
        pub shown: OnceCell<gio::ListStore>,
        pub purpose: RefCell<Purpose>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for NewConversation {
        const NAME: &'static str = "StarlingNewConversation";
        type Type = super::NewConversation;
        type ParentType = adw::Dialog;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
            class.install_action_async("new-conversation.scan", None, |dialog, _, _| async move {
                dialog.scan().await;
            });
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for NewConversation {}
    impl WidgetImpl for NewConversation {}
    impl AdwDialogImpl for NewConversation {}

    #[gtk::template_callbacks]
    impl NewConversation {
        #[template_callback]
        fn search_changed(&self) {
            self.obj().show_matching();
        }

        #[template_callback]
        fn activate_first(&self) {
            self.obj().choose(0);
        }

        #[template_callback]
        fn person_activated(&self, place: u32) {
            self.obj().choose(place);
        }

        #[template_callback]
        fn stop(&self) {
            self.obj().close();
        }
    }
}

glib::wrapper! {
    /// The dialog.
    pub struct NewConversation(ObjectSubclass<imp::NewConversation>)
        @extends adw::Dialog, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::ShortcutManager;
}

impl NewConversation {
    fn set_up(&self, window: &Window, bridge: &Bridge) {
        let imp = self.imp();
        let _ = imp.bridge.set(bridge.clone());
        imp.window.set(Some(window));
        self.set_up_list(bridge);
        self.set_up_accounts(bridge);
        scanner::offer(&*imp.scan_button, self);
        let dialog = self.clone();
        let recent = window.recent_conversations();
        let bridge = bridge.clone();
        glib::spawn_future_local(async move {
            dialog.read_people(&bridge, &recent).await;
        });
    }

    async fn read_people(&self, bridge: &Bridge, recent: &[ConversationObject]) {
        let recent: Vec<_> = recent
            .iter()
            .map(|object| ConversationRow { key: object.key(), summary: object.summary() })
            .collect();
        let readers: Vec<(AccountId, ReaderHandle)> = bridge
            .account_objects()
            .filter_map(|account| Some((account.id(), bridge.session().reader(account.id())?)))
            .collect();
        match view::people(&readers).await {
            Ok(people) => {
                let mut known = candidates::known(&recent, &people);
                for candidate in &mut known {
                    candidate.show = bridge.presence(candidate.account, &candidate.address);
                }
                self.imp().known.replace(known);
            }
            Err(error) => tracing::warn!(%error, "the contacts could not be read"),
        }
        self.show_matching();
    }

    /// Takes the address from a code.
    async fn scan(&self) {
        let refusal = gettext("This code names nobody.");
        let address = scanner::scan(self, &refusal, |text| match address::read(text) {
            Typed::Person(address) => Some(address),
            _ => None,
        });
        if let Some(address) = address.await {
            self.imp().entry.set_text(address.as_str());
            self.imp().entry.grab_focus();
            self.imp().entry.set_position(-1);
        }
    }

    fn shown(&self) -> &gio::ListStore {
        self.imp().shown.get_or_init(gio::ListStore::new::<glib::BoxedAnyObject>)
    }

    fn show_matching(&self) {
        let imp = self.imp();
        let found = candidates::matching(&imp.known.borrow(), &imp.entry.text(), self.account());
        let objects: Vec<_> = found.into_iter().map(glib::BoxedAnyObject::new).collect();
        self.shown().splice(0, self.shown().n_items(), &objects);
        imp.stack.set_visible_child_name(if objects.is_empty() { "none" } else { "people" });
        // The list holds on to its first row, and would leave the heading above it out of sight.
        let list = imp.list.downgrade();
        glib::idle_add_local_once(move || {
            if let Some(adjustment) = list.upgrade().and_then(|list| list.vadjustment()) {
                adjustment.set_value(0.0);
            }
        });
    }

    /// The account that writes to a typed address.
    fn account(&self) -> Option<AccountId> {
        let chosen = self.imp().account_choice.selected_item().and_downcast::<AccountObject>();
        chosen.map(|account| account.id())
    }

    fn set_up_accounts(&self, bridge: &Bridge) {
        let imp = self.imp();
        imp.account_choice.set_expression(Some(AccountObject::this_expression("address")));
        imp.account_choice.set_model(Some(bridge.accounts()));
        imp.account_box.set_visible(bridge.accounts().n_items() > 1);
        imp.account_choice.connect_selected_notify(glib::clone!(
            #[weak(rename_to = dialog)]
            self,
            move |_| dialog.show_matching()
        ));
    }

    fn set_up_list(&self, bridge: &Bridge) {
        let factory = gtk::SignalListItemFactory::new();
        factory.connect_setup(|_, item| {
            if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
                item.set_child(Some(&PersonRow::new()));
            }
        });
        let bridge = bridge.clone();
        factory.connect_bind(move |_, item| {
            let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
            if let (Some(row), Some(candidate)) =
                (item.child().and_downcast::<PersonRow>(), item.item().and_downcast::<glib::BoxedAnyObject>())
            {
                item.set_accessible_label(&row.show_candidate(&candidate.borrow::<Candidate>(), &bridge));
            }
        });
        let headers = gtk::SignalListItemFactory::new();
        headers.connect_setup(|_, header| {
            if let Some(header) = header.downcast_ref::<gtk::ListHeader>() {
                let label = gtk::Label::builder().xalign(0.0).css_classes(["heading", "section"]).build();
                header.set_child(Some(&label));
            }
        });
        headers.connect_bind(|_, header| {
            if let Some(header) = header.downcast_ref::<gtk::ListHeader>()
                && let (Some(label), Some(candidate)) = (
                    header.child().and_downcast::<gtk::Label>(),
                    header.item().and_downcast::<glib::BoxedAnyObject>(),
                )
            {
                label.set_label(&section_title(candidate.borrow::<Candidate>().section));
            }
        });
        let sorted = gtk::SortListModel::builder()
            .model(self.shown())
            .section_sorter(&gtk::CustomSorter::new(|a, b| section_of(a).cmp(&section_of(b)).into()))
            .build();
        let list = &self.imp().list;
        list.set_factory(Some(&factory));
        list.set_header_factory(Some(&headers));
        list.set_model(Some(&gtk::NoSelection::new(Some(sorted))));
    }

    fn choose(&self, place: u32) {
        let item = self.imp().list.model().and_then(|model| model.item(place));
        let Some(candidate) = item.and_downcast::<glib::BoxedAnyObject>() else { return };
        let candidate = candidate.borrow::<Candidate>().clone();
        let (Some(bridge), Some(window)) = (self.imp().bridge.get().cloned(), self.imp().window.upgrade())
        else {
            return;
        };
        let purpose = self.imp().purpose.take();
        self.close();
        glib::spawn_future_local(async move {
            let Some(key) = find(&window, &bridge, candidate).await else { return };
            match purpose {
                Purpose::New | Purpose::Switch => window.open_conversation(key),
                Purpose::Send(files) => window.attach_to(key, files),
            }
        });
    }
}

/// The conversation with somebody, made if there is none.
async fn find(window: &Window, bridge: &Bridge, candidate: Candidate) -> Option<ConversationKey> {
    let account = candidate.account;
    if let Some(conversation) = candidate.conversation {
        return Some(ConversationKey { account, conversation });
    }
    let server = candidate.address.domain().to_string();
    match bridge.ask(Request::OpenConversation(account, candidate.address)).await {
        Ok(Answer::Conversation(conversation)) => Some(ConversationKey { account, conversation }),
        Ok(_) => None,
        Err(failure) => {
            window.toast(&failure::explain(&failure, &server).sentence());
            None
        }
    }
}

fn section_of(object: &glib::Object) -> Option<Section> {
    object.downcast_ref::<glib::BoxedAnyObject>().map(|candidate| candidate.borrow::<Candidate>().section)
}

fn section_title(section: Section) -> String {
    match section {
        Section::Recent => gettext("Recent"),
        Section::Contacts => gettext("Contacts"),
        Section::Others => gettext("Others"),
        Section::Address => gettext("New Address"),
    }
}

//! The open conversation: header, what needs a decision, history, composer, and beside them its
//! details or a search.
//!
//! One page serves all conversations: turning to another one changes what it shows, so that the
//! window keeps its widgets, and where the person was is kept in `positions`. Reading from the
//! disk is `reading.rs`; what the history asks for is answered in `requests.rs`; the header and
//! the banners are `header.rs` and `devices.rs`, its buttons for calls `calling.rs`; details and search are put beside it in `side.rs`.

mod calling;
mod devices;
mod dialogs;
mod files;
mod header;
mod reading;
mod requests;
mod side;

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::HashSet,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{Contact, Content, ConversationEncryption, Direction, Fingerprint, MessageId};
use view::ConversationKey;

use crate::{
    bridge::{Bridge, Listener},
    calls::CallDesk,
    composer::Composer,
    decision::Decision,
    details::Details,
    history::{HistoryView, Positions},
    objects::ConversationObject,
    search::Search,
    shortcuts,
};
use reading::Reading;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/conversation.ui")]
    pub struct ConversationPage {
        #[template_child]
        pub stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub side_view: TemplateChild<adw::OverlaySplitView>,
        #[template_child]
        pub side_stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub title_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub dot: TemplateChild<adw::Bin>,
        #[template_child]
        pub name_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub subtitle_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub details_button: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub search_button: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub voice_call_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub video_call_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub stranger_banner: TemplateChild<Decision>,
        #[template_child]
        pub subscription_banner: TemplateChild<Decision>,
        #[template_child]
        pub devices_banner: TemplateChild<Decision>,
        #[template_child]
        pub clear_banner: TemplateChild<Decision>,
        #[template_child]
        pub history: TemplateChild<HistoryView>,
        #[template_child]
        pub empty_page: TemplateChild<adw::StatusPage>,
        #[template_child]
        pub writing: TemplateChild<gtk::Stack>,
        #[template_child]
        pub composer: TemplateChild<Composer>,
        #[template_child]
        pub details_place: TemplateChild<adw::Bin>,
        #[template_child]
        pub search_place: TemplateChild<adw::Bin>,
        pub details: OnceCell<Details>,
        pub search: OnceCell<Search>,
        pub bridge: OnceCell<Bridge>,
        pub calls: OnceCell<CallDesk>,
        /// About whom it was asked last whether they can be called, and whether they were a stranger or blocked.
        pub asked_callable: Cell<Option<(ConversationKey, bool, bool)>>,
        pub listener: RefCell<Option<Listener>>,
        pub object: RefCell<Option<(ConversationObject, Vec<glib::SignalHandlerId>)>>,
        /// What the roster says of them.
        pub contact: RefCell<Option<Contact>>,
        pub reading: RefCell<Option<Reading>>,
        pub positions: RefCell<Positions>,
        /// The newest message that was on the screen while nobody was at the window.
        pub unconfirmed: Cell<Option<MessageId>>,
        /// Where to go as soon as the conversation is open.
        pub heading_for: Cell<Option<MessageId>>,
        /// Keys that wait for a decision and about which the person said "later".
        pub put_off: RefCell<Vec<Fingerprint>>,
        /// How the open conversation was protected when it was last looked at.
        pub encryption: Cell<Option<ConversationEncryption>>,
        /// Conversations that the user wants in the clear, and is not asked about again.
        pub left_clear: RefCell<HashSet<ConversationKey>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ConversationPage {
        const NAME: &'static str = "StarlingConversationPage";
        type Type = super::ConversationPage;
        type ParentType = adw::NavigationPage;

        fn class_init(class: &mut Self::Class) {
            HistoryView::ensure_type();
            Composer::ensure_type();
            Decision::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
            class.install_action("conversation.search", None, |page, _, _| page.start_search());
            class.install_action("conversation.details", None, |page, _, _| page.toggle_details());
            class.install_action("conversation.voice-call", None, |page, _, _| page.call(false));
            class.install_action("conversation.video-call", None, |page, _, _| page.call(true));
            class.install_action("conversation.close-side", None, |page, _, _| {
                page.close_side();
            });
            class.install_action("conversation.unblock", None, |page, _, _| page.unblock());
            class.add_binding_action(
                gtk::gdk::Key::Escape,
                gtk::gdk::ModifierType::empty(),
                "conversation.close-side",
            );
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for ConversationPage {
        fn constructed(&self) {
            self.parent_constructed();
            let page = self.obj();
            shortcuts::install(&*page, "conversation");
            page.set_up_header();
            page.set_up_requests();
            page.take_drops();
            page.side_changed();
            page.enable_actions(false);
        }
    }

    impl WidgetImpl for ConversationPage {}
    impl NavigationPageImpl for ConversationPage {}

    #[gtk::template_callbacks]
    impl ConversationPage {
        #[template_callback]
        fn details_toggled(&self) {
            self.obj().side_toggled("details", self.details_button.is_active());
        }

        #[template_callback]
        fn search_toggled(&self) {
            self.obj().side_toggled("search", self.search_button.is_active());
        }

        #[template_callback]
        fn side_changed(&self) {
            self.obj().side_changed();
        }
    }
}

glib::wrapper! {
    /// The page of the open conversation.
    pub struct ConversationPage(ObjectSubclass<imp::ConversationPage>)
        @extends adw::NavigationPage, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl ConversationPage {
    pub fn set_up(&self, bridge: &Bridge, settings: &gio::Settings) {
        let imp = self.imp();
        let _ = imp.bridge.set(bridge.clone());
        imp.composer.set_up(bridge, settings);
        bridge.player().connect_changed(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| page.show_sounding()
        ));
        let page = self.downgrade();
        imp.listener.replace(Some(bridge.listen(move |_, heard| {
            if let Some(page) = page.upgrade() {
                page.hear(heard);
            }
        })));
    }

    /// What is open.
    pub fn key(&self) -> Option<ConversationKey> {
        self.object().map(|object| object.key())
    }

    /// Turns to a conversation.
    pub fn open(&self, object: &ConversationObject) {
        if self.key() == Some(object.key()) {
            self.come_back();
            return;
        }
        self.turn_away();
        let imp = self.imp();
        self.follow_object(object);
        imp.composer.turn_to(Some(object));
        self.turn_side();
        imp.stack.set_visible_child_name("conversation");
        self.set_title(&object.name());
        self.enable_actions(true);
        self.start_reading(object);
    }

    /// Shows nothing.
    pub fn close(&self) {
        self.turn_away();
        let imp = self.imp();
        imp.composer.turn_to(None);
        self.turn_side();
        imp.stack.set_visible_child_name("none");
        self.set_title(&crate::i18n::gettext("Conversation"));
        self.enable_actions(false);
    }

    /// Goes to a message, on the screen or not.
    pub fn jump_to(&self, message: MessageId) {
        let imp = self.imp();
        let ready = imp.reading.borrow().as_ref().is_some_and(Reading::is_ready);
        if ready {
            imp.history.jump_to(message);
        } else {
            imp.heading_for.set(Some(message));
        }
        if imp.side_view.is_collapsed() {
            self.close_side();
        }
    }

    pub fn focus_composer(&self) {
        self.imp().composer.grab_focus();
    }

    /// The person turns away from the page, which stays as it is.
    pub fn leave(&self) {
        self.imp().composer.leave();
    }

    /// The person looks at it again: what is on the screen is read now.
    pub fn come_back(&self) {
        if let Some(message) = self.imp().unconfirmed.take() {
            self.seen(message);
        }
    }

    fn bridge(&self) -> &Bridge {
        self.imp().bridge.get().expect("nothing is open before there is a service")
    }

    fn object(&self) -> Option<ConversationObject> {
        self.imp().object.borrow().as_ref().map(|(object, _)| object.clone())
    }

    /// Ends what is open, and keeps where the person was.
    fn turn_away(&self) {
        let imp = self.imp();
        let Some((object, handlers)) = imp.object.take() else { return };
        for handler in handlers {
            object.disconnect(handler);
        }
        let key = object.key();
        if imp.reading.take().is_some_and(|reading| reading.is_ready()) {
            imp.positions.borrow_mut().keep(key.account, key.conversation, imp.history.position());
        }
        imp.contact.take();
        imp.unconfirmed.take();
        imp.heading_for.take();
        imp.search_button.set_active(false);
    }

    fn enable_actions(&self, on: bool) {
        for action in ["conversation.search", "conversation.details"] {
            self.action_set_enabled(action, on);
        }
    }

    fn edit_last(&self) {
        let last = self.imp().history.window().and_then(|window| {
            (0..window.len()).rev().filter_map(|index| window.get(index)).map(|object| object.item()).find(
                |item| {
                    item.message.direction == Direction::Outgoing
                        && matches!(&item.message.content, Content::Text(text) if !text.is_empty())
                        && !matches!(item.message.delivery, model::Delivery::Failed(_))
                },
            )
        });
        if let Some(item) = last {
            self.imp().composer.edit(&item.message);
        }
    }
}

//! The window: which screen is shown, and how one gets from each to the next.
//!
//! Without an account there is the welcome; with one, the list beside what is open. The window
//! remembers its size and what was open, tells the service whether anybody can see it, and owns
//! the actions that lead to other screens. What a screen does is its own business.

mod actions;
mod handed_over;
mod memory;

use std::cell::{Cell, OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{Command, EventKind, Failure, MessageId};
use session::Heard;
use view::ConversationKey;

use crate::{
    application::Application,
    bridge::{Bridge, Listener},
    calls::{CallCard, CallDesk},
    conversation::ConversationPage,
    conversations::Conversations,
    failure,
    objects::ConversationObject,
    shortcuts,
    welcome::Welcome,
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/window.ui")]
    pub struct Window {
        #[template_child]
        pub toasts: TemplateChild<adw::ToastOverlay>,
        #[template_child]
        pub stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub failure_page: TemplateChild<adw::StatusPage>,
        #[template_child]
        pub welcome_place: TemplateChild<adw::Bin>,
        #[template_child]
        pub split_view: TemplateChild<adw::NavigationSplitView>,
        #[template_child]
        pub conversations: TemplateChild<Conversations>,
        #[template_child]
        pub conversation: TemplateChild<ConversationPage>,
        #[template_child]
        pub call_card: TemplateChild<CallCard>,
        pub settings: OnceCell<gio::Settings>,
        pub bridge: OnceCell<Bridge>,
        pub listener: RefCell<Option<Listener>>,
        /// What the service was told last.
        pub told_visible: Cell<Option<bool>>,
        /// What was open last is open again, or something else is by now.
        pub restored: Cell<bool>,
        /// Files that another program handed over, until there is somebody to send them to.
        pub handed_over: RefCell<Vec<gio::File>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Window {
        const NAME: &'static str = "StarlingWindow";
        type Type = super::Window;
        type ParentType = adw::ApplicationWindow;

        fn class_init(class: &mut Self::Class) {
            CallCard::ensure_type();
            Conversations::ensure_type();
            ConversationPage::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
            actions::install(class);
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Window {
        fn constructed(&self) {
            self.parent_constructed();
            for prefix in ["window", "app"] {
                shortcuts::install(&*self.obj(), prefix);
            }
            self.obj().set_up_screens();
        }
    }

    impl WidgetImpl for Window {
        fn map(&self) {
            self.parent_map();
            self.obj().tell_visible();
        }

        fn unmap(&self) {
            self.parent_unmap();
            self.obj().tell_visible();
        }
    }

    impl WindowImpl for Window {
        fn close_request(&self) -> glib::Propagation {
            self.obj().remember();
            self.conversation.leave();
            self.parent_close_request()
        }
    }

    impl ApplicationWindowImpl for Window {}
    impl AdwApplicationWindowImpl for Window {}

    #[gtk::template_callbacks]
    impl Window {
        #[template_callback]
        fn try_again(&self) {
            let window = self.obj();
            if let Some(app) = window.application().and_downcast::<Application>() {
                app.restart(&window);
            }
        }
    }
}

glib::wrapper! {
    /// The main window.
    pub struct Window(ObjectSubclass<imp::Window>)
        @extends adw::ApplicationWindow, gtk::ApplicationWindow, gtk::Window, gtk::Widget,
        @implements gio::ActionGroup, gio::ActionMap, gtk::Accessible, gtk::Buildable,
                    gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl Window {
    pub fn new(app: &Application, settings: &gio::Settings) -> Self {
        let window: Self = glib::Object::builder().property("application", app).build();
        window.take_settings(settings);
        window
    }

    /// The service runs: shows what there is.
    pub fn set_bridge(&self, bridge: &Bridge) {
        let imp = self.imp();
        if imp.bridge.set(bridge.clone()).is_err() {
            return;
        }
        imp.conversations.set_bridge(bridge);
        imp.conversation.set_up(bridge, self.settings());
        let window = self.downgrade();
        imp.listener.replace(Some(bridge.listen(move |_, heard| {
            if let Some(window) = window.upgrade() {
                window.hear(heard);
            }
        })));
        self.apply_privacy();
        self.show_right_screen();
        self.tell_visible();
        self.restore_conversation();
    }

    /// Shows the calls that have no window.
    pub fn set_calls(&self, calls: &CallDesk) {
        self.imp().call_card.follow(calls);
        self.imp().conversation.set_calls(calls);
    }

    /// The service could not start.
    pub fn show_failure(&self, failure: &Failure) {
        let explanation = failure::explain(failure, "");
        let page = &self.imp().failure_page;
        page.set_title(&glib::markup_escape_text(&explanation.title));
        page.set_description(Some(&glib::markup_escape_text(&explanation.advice)));
        self.imp().stack.set_visible_child_name("failure");
    }

    pub fn settings(&self) -> &gio::Settings {
        self.imp().settings.get().expect("a window is made with its settings")
    }

    pub fn bridge(&self) -> Option<&Bridge> {
        self.imp().bridge.get()
    }

    /// The conversation that the person sees, if any.
    pub fn shown_conversation(&self) -> Option<ConversationKey> {
        let split = &self.imp().split_view;
        let on_screen = self.is_visible() && (!split.is_collapsed() || split.shows_content());
        on_screen.then(|| self.imp().conversation.key()).flatten()
    }

    /// Opens a conversation, whatever the list shows just now.
    pub fn open_conversation(&self, key: ConversationKey) {
        self.open_at(key, None);
    }

    /// Opens a conversation at a message that was found.
    pub fn open_at(&self, key: ConversationKey, message: Option<MessageId>) {
        let window = self.clone();
        glib::spawn_future_local(async move {
            let Some(model) = window.imp().conversations.model() else { return };
            if let Some(object) = model.find(key).await {
                window.show_conversation(&object, true);
                if let Some(message) = message {
                    window.imp().conversation.jump_to(message);
                }
            }
        });
    }

    /// The conversations of the list, in its order.
    pub fn recent_conversations(&self) -> Vec<ConversationObject> {
        let model = self.imp().conversations.model();
        model.map(|model| model.rows().iter::<ConversationObject>().flatten().collect()).unwrap_or_default()
    }

    /// A short word at the bottom.
    pub fn toast(&self, words: &str) {
        self.imp().toasts.add_toast(adw::Toast::builder().title(words).use_markup(false).build());
    }

    fn set_up_screens(&self) {
        let imp = self.imp();
        imp.conversations.connect_chosen(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |object, goes| window.show_conversation(object, goes)
        ));
        imp.conversations.handle().connect_dragged(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |width| window.set_sidebar_width(width)
        ));
        // On a narrow window there is no edge.
        imp.split_view
            .bind_property("collapsed", imp.conversations.handle(), "visible")
            .invert_boolean()
            .sync_create()
            .build();
        imp.split_view.connect_show_content_notify(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |split| {
                // Back on a narrow window: nothing is being read any more.
                if split.is_collapsed() && !split.shows_content() {
                    window.imp().conversation.leave();
                    window.imp().conversations.focus_list();
                } else {
                    window.imp().conversation.come_back();
                }
            }
        ));
        self.connect_is_active_notify(|window| {
            if window.is_active() {
                window.imp().conversation.come_back();
            }
        });
        self.connect_suspended_notify(Self::tell_visible);
    }

    fn show_conversation(&self, object: &ConversationObject, goes: bool) {
        let imp = self.imp();
        imp.restored.set(true);
        imp.conversation.open(object);
        imp.conversations.set_open(Some(object.key()));
        if goes {
            imp.split_view.set_show_content(true);
            imp.conversation.focus_composer();
        }
    }

    fn hear(&self, heard: &Heard) {
        let Heard::Event(event) = heard else { return };
        match &event.kind {
            EventKind::AccountAdded => {
                self.apply_privacy();
                self.show_right_screen();
                self.restore_conversation();
                self.offer_files();
            }
            EventKind::AccountRemoved | EventKind::AccountUnavailable(_) => self.show_right_screen(),
            EventKind::Changed { change: model::Change::ConversationRemoved(conversation), .. } => {
                let key = ConversationKey { account: event.account, conversation: *conversation };
                if self.imp().conversation.key() == Some(key) {
                    self.close_conversation();
                }
            }
            _ => {}
        }
    }

    fn close_conversation(&self) {
        let imp = self.imp();
        imp.conversation.close();
        imp.conversations.set_open(None);
        imp.split_view.set_show_content(false);
    }

    fn show_right_screen(&self) {
        let imp = self.imp();
        let Some(bridge) = imp.bridge.get() else { return };
        let has_accounts = bridge.accounts().n_items() > 0;
        if let Some(key) = imp.conversation.key()
            && bridge.account(key.account).is_none()
        {
            self.close_conversation();
        }
        // Most starts never need the welcome: it is made when it is shown.
        if !has_accounts && imp.welcome_place.child().is_none() {
            let welcome: Welcome = glib::Object::new();
            welcome.set_bridge(bridge);
            imp.welcome_place.set_child(Some(&welcome));
        }
        imp.stack.set_visible_child_name(if has_accounts { "main" } else { "welcome" });
    }

    /// A server need not tell of presence while nobody looks (XEP-0352).
    fn tell_visible(&self) {
        let visible = self.is_mapped() && !self.is_suspended();
        if let Some(bridge) = self.bridge()
            && self.imp().told_visible.replace(Some(visible)) != Some(visible)
        {
            bridge.send(Command::WindowVisible(visible));
        }
    }
}

//! The history of a conversation, as the rest of the program sees it.
//!
//! It is given a [`HistoryWindow`] and shows it. What it wants (a page, a jump, an answer, a
//! reaction) it asks for with a [`Request`]; what came of it arrives through the window.
//!
//! - `actions.rs`: what can be done with a message, and its menu
//! - `reading.rs`: pages, what was seen, the way back to the end

mod actions;
mod reading;

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, glib};
use model::{Attachment, AttachmentId, Message, MessageId};

use super::{
    context::Context,
    geometry::Place,
    list::{HistoryList, Target},
    position::Position,
    request::Request,
    window::{Edge, HistoryWindow},
};
use crate::{files::PictureView, player::Sounding};

mod imp {
    use std::{
        cell::{Cell, OnceCell, RefCell},
        rc::Rc,
    };

    use adw::{prelude::*, subclass::prelude::*};
    use gtk::{gio, glib};
    use model::MessageId;

    use super::{Context, HistoryList, actions::Popovers, reading::WayBack};

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::HistoryView)]
    pub struct HistoryView {
        pub context: Rc<Context>,
        pub list: OnceCell<HistoryList>,
        pub way_back: WayBack,
        pub actions: gio::SimpleActionGroup,
        pub popovers: Popovers,
        /// The newest message is, and stays, in view.
        #[property(get)]
        pub at_end: Cell<bool>,
        /// How many new messages the way back to the end leads to.
        #[property(get, set = Self::set_unread)]
        pub unread: Cell<u32>,
        /// Pages that were asked for and did not come yet: older, newer.
        pub asked: Cell<(bool, bool)>,
        pub seen: Cell<Option<MessageId>>,
        pub midnight: RefCell<Option<glib::SourceId>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for HistoryView {
        const NAME: &'static str = "StarlingHistoryView";
        type Type = super::HistoryView;
        type ParentType = adw::Bin;
    }

    #[glib::derived_properties]
    impl ObjectImpl for HistoryView {
        fn constructed(&self) {
            self.parent_constructed();
            super::load_style();
            self.at_end.set(true);
            let view = self.obj();
            let list = HistoryList::new(&self.context);
            let scrolled = gtk::ScrolledWindow::builder()
                .hscrollbar_policy(gtk::PolicyType::Never)
                .propagate_natural_width(false)
                .hexpand(true)
                .vexpand(true)
                .child(&list)
                .build();
            let overlay = gtk::Overlay::builder().child(&scrolled).build();
            overlay.add_overlay(self.way_back.revealer());
            view.set_child(Some(&overlay));
            // Set here and nowhere else.
            let _ = self.list.set(list);
            view.install_actions();
            view.watch_reading();
        }

        fn dispose(&self) {
            self.popovers.unparent();
            if let Some(midnight) = self.midnight.take() {
                midnight.remove();
            }
        }
    }

    impl WidgetImpl for HistoryView {
        fn map(&self) {
            self.parent_map();
            // The day may have changed while nobody looked.
            self.obj().follow_the_day();
        }

        fn grab_focus(&self) -> bool {
            self.list.get().is_some_and(WidgetExt::grab_focus)
        }
    }

    impl BinImpl for HistoryView {}

    impl HistoryView {
        fn set_unread(&self, unread: u32) {
            self.unread.set(unread);
            self.way_back.set_unread(unread);
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct HistoryView(ObjectSubclass<imp::HistoryView>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for HistoryView {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl HistoryView {
    /// A history that shows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says who is asked for what the history wants.
    pub fn connect_request(&self, handler: impl Fn(&Self, Request) + 'static) {
        let view = self.downgrade();
        self.imp().context.set_handler(move |request| {
            if let Some(view) = view.upgrade() {
                handler(&view, request);
            }
        });
    }

    /// Says who puts pictures on avatars. It may do so later; the avatar shows initials until then.
    /// The avatar may by then be another's: compare its text, or keep a list.
    pub fn set_avatar_painter(&self, painter: impl Fn(&Message, &adw::Avatar) + 'static) {
        self.imp().context.set_painter(painter);
    }

    /// Says who puts pictures that are here on their views. It may do so later: the view knows whether it still waits.
    pub fn set_file_painter(&self, painter: impl Fn(&Attachment, &PictureView) + 'static) {
        self.imp().context.set_file_painter(painter);
    }

    /// A file came further.
    pub fn set_progress(&self, file: AttachmentId, done: u64, total: Option<u64>) {
        self.imp().context.progress.borrow_mut().insert(file, (done, total));
        self.list().set_progress(file, (done, total));
    }

    /// Something is played, paused or over.
    pub fn set_sounding(&self, sounding: Option<(AttachmentId, Sounding)>, tempo: f64) {
        self.imp().context.sounding.set(sounding);
        self.imp().context.tempo.set(tempo);
        self.list().show_sounding();
    }

    /// Says whether the conversation is encrypted: messages that differ from it are marked.
    pub fn set_encrypted(&self, encrypted: bool) {
        if self.imp().context.encrypted.replace(encrypted) != encrypted {
            self.fill_rows_again(|_| true);
        }
    }

    /// Shows a window, at its end. Call [`restore`](Self::restore) right after to show another part.
    pub fn set_window(&self, window: &HistoryWindow) {
        self.imp().asked.set((false, false));
        self.imp().seen.set(None);
        self.imp().context.progress.borrow_mut().clear();
        self.list().set_window(window);
        self.forget_menus();
    }

    /// The window that is shown.
    pub fn window(&self) -> Option<HistoryWindow> {
        self.list().window()
    }

    /// Goes to the newest message, and follows what comes.
    pub fn scroll_to_end(&self) {
        self.head_for(Target::End, Request::Newest);
    }

    /// Goes to a message, and draws the eye to it.
    pub fn jump_to(&self, id: MessageId) {
        self.head_for(Target::Message { id, place: Place::Share(0.35), flash: true }, Request::Around(id));
    }

    /// Where the person is, for [`restore`](Self::restore).
    pub fn position(&self) -> Position {
        self.list().position()
    }

    /// Goes where the person was.
    pub fn restore(&self, position: Position) {
        match position {
            Position::End => self.head_for(Target::End, Request::Newest),
            Position::At { message: id, y } => {
                self.head_for(
                    Target::Message { id, place: Place::Body(y), flash: false },
                    Request::Around(id),
                );
            }
        }
    }

    /// Whether the newest message is, and stays, in view.
    pub fn is_at_end(&self) -> bool {
        self.list().is_at_end()
    }

    /// A page that was asked for came, or could not be had: another may be asked for.
    pub fn page_done(&self, edge: Edge) {
        self.set_asked(edge, false);
        self.list().queue_allocate();
    }

    /// The row of a message that is on the screen, for a popover to point to.
    pub fn row_of(&self, id: MessageId) -> Option<gtk::Widget> {
        self.list().row_of(id).map(Cast::upcast)
    }

    fn head_for(&self, target: Target, missing: Request) {
        self.list().head_for(target);
        if !self.list().reaches(target) {
            self.imp().context.request(missing);
        }
    }

    pub(super) fn list(&self) -> &HistoryList {
        self.imp().list.get().expect("a view is made with its list")
    }
}

/// The style sheet of the history, once for the display.
fn load_style() {
    thread_local!(static LOADED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) });
    if LOADED.replace(true) {
        return;
    }
    if let Some(display) = gdk::Display::default() {
        let style = gtk::CssProvider::new();
        style.load_from_string(include_str!("history.css"));
        gtk::style_context_add_provider_for_display(
            &display,
            &style,
            gtk::STYLE_PROVIDER_PRIORITY_APPLICATION,
        );
    }
}

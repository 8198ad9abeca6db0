//! One message on the screen.
//!
//! Rows are made once and shown thousands of times, so a row is one widget that arranges its
//! parts itself (`arrange.rs`) instead of boxes in boxes, and a part that most messages lack
//! (a quote, reactions, the name of a day) is made when it is first needed (`parts.rs`).
//!
//! A row never changes its height by itself: the time of a message has its place beside the
//! bubble whether it is shown or not, and what depends on neighbours stands above the bubble,
//! in the lead, which the geometry leaves out when it holds a row.

mod arrange;
mod parts;
mod remedy;

use std::{ops::Range, rc::Rc, time::Duration};

use gtk::{glib, graphene, prelude::*, subclass::prelude::*};
use model::{AttachmentId, Content, Delivery, Direction, Message, MessageId, Wait};
use view::TimelineItem;

use super::{
    context::Context,
    files::Done,
    lock_mark::LockMark,
    marks::Marks,
    message_object::MessageObject,
    request::Request,
    when,
    words::{self, Style, Words},
};
use crate::{i18n::gettext, time_words};
use remedy::Remedy;

/// How long a message may wait for keys without a word about it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Rows of one kind have much the same parts, and are kept together for use again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A message of somebody else.
    Incoming,
    /// An own message.
    Outgoing,
}

impl Kind {
    /// The kind of row that shows a message.
    pub fn of(message: &Message) -> Self {
        match message.direction {
            Direction::Incoming => Self::Incoming,
            Direction::Outgoing => Self::Outgoing,
        }
    }
}

mod imp {
    use std::{
        cell::{Cell, OnceCell, RefCell},
        rc::Rc,
    };

    use gtk::{glib, graphene, prelude::*, subclass::prelude::*};

    use super::{Context, Kind, MessageObject, Words, arrange::Arrangement, parts::Parts};

    #[derive(Default)]
    pub struct MessageRow {
        pub kind: OnceCell<Kind>,
        pub context: OnceCell<Rc<Context>>,
        pub parts: Parts,
        pub words: RefCell<Words>,
        pub object: RefCell<Option<(MessageObject, glib::SignalHandlerId)>>,
        pub arrangement: RefCell<Arrangement>,
        /// The lead and the bubble, as last measured.
        pub lead: Cell<i32>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for MessageRow {
        const NAME: &'static str = "StarlingMessageRow";
        type Type = super::MessageRow;
        type ParentType = gtk::Widget;

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("message");
            class.set_accessible_role(gtk::AccessibleRole::ListItem);
        }
    }

    impl ObjectImpl for MessageRow {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().set_focusable(true);
            self.obj().set_has_tooltip(true);
            self.parts.construct(&self.obj());
        }

        fn dispose(&self) {
            self.obj().unbind();
            while let Some(child) = self.obj().first_child() {
                child.unparent();
            }
        }
    }

    impl WidgetImpl for MessageRow {
        fn request_mode(&self) -> gtk::SizeRequestMode {
            gtk::SizeRequestMode::HeightForWidth
        }

        fn measure(&self, orientation: gtk::Orientation, for_size: i32) -> (i32, i32, i32, i32) {
            if orientation == gtk::Orientation::Horizontal {
                return (0, super::arrange::NATURAL_WIDTH, -1, -1);
            }
            let width = if for_size < 0 { super::arrange::NATURAL_WIDTH } else { for_size };
            let height = self.arrange(width).height;
            (height, height, -1, -1)
        }

        fn size_allocate(&self, width: i32, _height: i32, _baseline: i32) {
            self.place(width);
        }

        /// The time in full, made when it is asked for.
        fn query_tooltip(&self, x: i32, y: i32, _keyboard: bool, tooltip: &gtk::Tooltip) -> bool {
            let point = graphene::Point::new(x as f32, y as f32);
            let meta = self.parts.meta.compute_bounds(&*self.obj());
            let object = self.object.borrow().as_ref().map(|(object, _)| object.clone());
            let over = meta.is_some_and(|meta| meta.contains_point(&point));
            let (Some(object), Some(context), true) = (object, self.context.get(), over) else {
                return false;
            };
            tooltip.set_text(Some(&context.clock.get().date_and_time(object.item().message.time)));
            true
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct MessageRow(ObjectSubclass<imp::MessageRow>)
        @extends gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl MessageRow {
    /// An empty row.
    pub fn new(kind: Kind, context: &Rc<Context>) -> Self {
        let row: Self = glib::Object::new();
        let imp = row.imp();
        // Both are set here and nowhere else.
        let _ = imp.kind.set(kind);
        let _ = imp.context.set(context.clone());
        row.add_css_class(match kind {
            Kind::Incoming => "incoming",
            Kind::Outgoing => "outgoing",
        });
        row
    }

    /// Which kind of message it shows.
    pub fn kind(&self) -> Kind {
        self.imp().kind.get().copied().unwrap_or(Kind::Incoming)
    }

    /// The message it shows.
    pub fn object(&self) -> Option<MessageObject> {
        self.imp().object.borrow().as_ref().map(|(object, _)| object.clone())
    }

    /// Shows a message, and follows its changes.
    pub fn bind(&self, object: &MessageObject) {
        self.unbind();
        let row = self.downgrade();
        let handler = object.connect_revision_notify(move |_| {
            if let Some(row) = row.upgrade() {
                row.update();
            }
        });
        self.imp().object.replace(Some((object.clone(), handler)));
        self.update();
    }

    /// Follows nothing any more.
    pub fn unbind(&self) {
        if let Some((object, handler)) = self.imp().object.take() {
            object.disconnect(handler);
        }
        self.set_selected(None);
        self.remove_css_class("flash");
        if let Some(files) = self.imp().parts.files.shown() {
            files.forget();
        }
    }

    /// Something is played, paused or over.
    pub fn show_sounding(&self) {
        if let (Some(files), Some(context)) = (self.imp().parts.files.shown(), self.imp().context.get()) {
            files.show_sounding(context);
        }
    }

    /// A file came further. Whether it is one of this message.
    pub fn set_progress(&self, file: AttachmentId, done: Done) -> bool {
        self.imp().parts.files.shown().is_some_and(|files| files.set_progress(file, done))
    }

    /// The height of what stands above the bubble, as last measured.
    pub fn lead(&self) -> i32 {
        self.imp().lead.get()
    }

    /// The words it shows, as they can be selected.
    pub fn text(&self) -> String {
        self.imp().words.borrow().text.clone()
    }

    /// Where the bubble is, in the row.
    pub fn bubble(&self) -> Option<graphene::Rect> {
        self.imp().parts.bubble.compute_bounds(self)
    }

    /// Where bubble and time end towards the middle of the history, and whether that is their right side.
    pub fn free_edge(&self) -> (f32, bool) {
        let meta = self.imp().arrangement.borrow().meta;
        let mirrored = self.direction() == gtk::TextDirection::Rtl;
        let edge = match self.kind() {
            Kind::Incoming => meta.x() + meta.width(),
            Kind::Outgoing => meta.x(),
        };
        let to_the_right = (self.kind() == Kind::Incoming) != mirrored;
        (if mirrored { self.width() as f32 - edge } else { edge }, to_the_right)
    }

    /// Whether a point of the row lies on its words.
    pub fn is_on_words(&self, x: f64, y: f64) -> bool {
        let point = graphene::Point::new(x as f32, y as f32);
        self.bubble().is_some_and(|bubble| bubble.contains_point(&point))
    }

    /// Which byte of the text is at a point of the row, or nearest to it.
    pub fn byte_at(&self, x: f64, y: f64) -> usize {
        self.point_in_words(x, y).map_or(0, |point| self.imp().parts.body.byte_at(point.x(), point.y()))
    }

    /// The link at a point of the row.
    pub fn link_at(&self, x: f64, y: f64) -> Option<String> {
        let point = self.point_in_words(x, y)?;
        self.imp().parts.body.link_at(point.x(), point.y())
    }

    /// The link that Enter opens.
    pub fn chosen_link(&self) -> Option<String> {
        self.imp().parts.body.chosen_link()
    }

    /// Marks a part of the text as selected.
    pub fn set_selected(&self, range: Option<Range<usize>>) {
        self.imp().parts.body.select(range);
    }

    fn point_in_words(&self, x: f64, y: f64) -> Option<graphene::Point> {
        self.compute_point(&self.imp().parts.body, &graphene::Point::new(x as f32, y as f32))
    }

    /// Draws the eye for a moment.
    pub fn flash(&self) {
        self.add_css_class("flash");
        let row = self.downgrade();
        glib::timeout_add_local_once(std::time::Duration::from_millis(1500), move || {
            if let Some(row) = row.upgrade() {
                row.remove_css_class("flash");
            }
        });
    }

    fn update(&self) {
        let imp = self.imp();
        let (Some(object), Some(context)) = (self.object(), imp.context.get()) else { return };
        let item = object.item();
        let message = &item.message;
        self.update_words(message);
        self.update_files(message, context);
        self.update_lead(&item, context);
        self.update_quote(message, context);
        self.update_meta(&item, context);
        self.update_below(message, context);
        let words = imp.words.borrow();
        let name = words::accessible_name(message, &words, context.clock.get());
        let lock = LockMark::of(message, context.encrypted.get());
        let description = words::accessible_description(message, lock);
        self.update_property(&[
            gtk::accessible::Property::Label(&name),
            gtk::accessible::Property::Description(&description),
        ]);
        self.queue_resize();
    }

    fn update_words(&self, message: &Message) {
        let imp = self.imp();
        let words = Words::of(message);
        let changed = *imp.words.borrow() != words;
        if changed || !words.links.is_empty() {
            imp.parts.body.show(&words);
            set_class(self, "emoji", words.style == Style::Emoji);
            set_class(self, "quiet", words.style == Style::Quiet);
            imp.words.replace(words);
        }
    }

    fn update_files(&self, message: &Message, context: &Rc<Context>) {
        let shown = !message.attachments.is_empty() && matches!(message.content, Content::Text(_));
        let parts = &self.imp().parts;
        parts
            .files
            .show(self, shown.then_some(&message.attachments), |stack, files| stack.show(files, context));
        parts.body.set_visible(!shown || !self.imp().words.borrow().text.is_empty());
    }

    fn update_lead(&self, item: &TimelineItem, context: &Rc<Context>) {
        let parts = &self.imp().parts;
        let today = context.today.borrow();
        let day = today.as_ref().filter(|_| item.day_starts).map(|today| when::day(item.message.time, today));
        parts.day.show(self, day, |day, text| day.set_label(&text));
        parts.new_line.show(self, item.first_unread.then(|| gettext("New messages")), |line, text| {
            line.set_label(&text);
        });
        let incoming = item.group_starts && self.kind() == Kind::Incoming;
        parts.name.show(self, incoming.then(|| item.message.sender_name.clone()), |name, text| {
            name.set_label(&text);
        });
        parts.avatar.show(self, incoming.then_some(&item.message), |avatar, message| {
            avatar.set_text(Some(&message.sender_name));
            context.paint(message, avatar);
        });
        set_class(self, "begins-group", item.group_starts);
        set_class(self, "ends-group", item.group_ends);
    }

    fn update_quote(&self, message: &Message, context: &Rc<Context>) {
        let reply = message.reply.as_ref().filter(|_| matches!(message.content, Content::Text(_)));
        self.imp().parts.quote.show(self, reply, |quote, reply| quote.show(reply, context));
    }

    fn update_meta(&self, item: &TimelineItem, context: &Rc<Context>) {
        let imp = self.imp();
        let message = &item.message;
        imp.parts.meta.set_label(&context.clock.get().time(message.time));
        let edited = message.revisions > 0 && matches!(message.content, Content::Text(_));
        imp.parts.edited.show(self, edited.then_some(()), |_, ()| ());
        let lock = LockMark::of(message, context.encrypted.get());
        imp.parts.lock.show(self, lock, |image, lock| {
            image.set_icon_name(Some(lock.icon()));
            image.set_tooltip_text(Some(&lock.words()));
        });
        let own = (message.delivery != Delivery::Received).then_some(&message.delivery);
        imp.parts.marks.show(self, own, Marks::set_delivery);
        let unsettled = matches!(message.delivery, Delivery::Queued | Delivery::Failed(_));
        set_class(self, "unsettled", unsettled);
    }

    fn update_below(&self, message: &Message, context: &Rc<Context>) {
        let parts = &self.imp().parts;
        let reactions = (!message.reactions.is_empty() && matches!(message.content, Content::Text(_)))
            .then_some(&message.reactions);
        parts.reactions.show(self, reactions, |bar, reactions| bar.show(message.id, reactions, context));
        let failure = match &message.delivery {
            Delivery::Failed(failure) => Some(failure),
            _ => None,
        };
        let trouble = failure.map(crate::failure::delivery).or_else(|| self.wait(message));
        parts.failure.show(self, trouble, |label, text| {
            label.set_label(&text);
            set_class(label, "waits", failure.is_none());
        });
        parts.try_again.show(self, failure, |_, _| ());
        parts.remedy.show(self, Remedy::of(message), |button, remedy| button.set_label(&remedy.label()));
    }

    /// Why a message waits to be encrypted. Keys mostly are here at once: only when they are not, it is said.
    fn wait(&self, message: &Message) -> Option<String> {
        let wait = message.waits?;
        let age = Duration::from_millis(time_words::now().0.abs_diff(message.time.0));
        let left = PATIENCE.saturating_sub(age);
        if wait == Wait::Keys && !left.is_zero() {
            let row = self.downgrade();
            glib::timeout_add_local_once(left, move || {
                if let Some(row) = row.upgrade() {
                    row.update();
                }
            });
            return None;
        }
        Some(crate::failure::wait(wait))
    }

    /// Hands on a wish about the message that is shown.
    fn request(&self, request: impl FnOnce(MessageId) -> Request) {
        if let (Some(context), Some(object)) = (self.imp().context.get(), self.object()) {
            context.request(request(object.id()));
        }
    }
}

fn set_class(widget: &impl IsA<gtk::Widget>, class: &str, set: bool) {
    if set {
        widget.add_css_class(class);
    } else {
        widget.remove_css_class(class);
    }
}

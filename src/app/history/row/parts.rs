//! The parts of a row.

use std::cell::OnceCell;

use gtk::{pango, prelude::*, subclass::prelude::*};

use super::{MessageRow, Request, remedy::Remedy};
use crate::{
    history::{files::FileStack, marks::Marks, prose::Prose, quote::QuoteButton, reactions::ReactionBar},
    i18n::gettext,
};

/// A part that is made when it is first needed, and hidden when it is not.
pub struct Lazy<W> {
    widget: OnceCell<W>,
    make: fn(&MessageRow) -> W,
}

impl<W: IsA<gtk::Widget>> Lazy<W> {
    const fn new(make: fn(&MessageRow) -> W) -> Self {
        Self { widget: OnceCell::new(), make }
    }

    /// Shows something on the part, or hides it.
    pub fn show<T>(&self, row: &MessageRow, content: Option<T>, fill: impl FnOnce(&W, T)) {
        if let Some(content) = content {
            let widget = self.widget.get_or_init(|| (self.make)(row));
            fill(widget, content);
            widget.set_visible(true);
        } else if let Some(widget) = self.widget.get() {
            widget.set_visible(false);
        }
    }

    /// The part, if it is shown.
    pub fn shown(&self) -> Option<&W> {
        self.widget.get().filter(|widget| widget.get_visible())
    }
}

/// See the top of the file.
pub struct Parts {
    /// The name of the day that begins.
    pub day: Lazy<gtk::Label>,
    /// `New messages`.
    pub new_line: Lazy<gtk::Label>,
    /// The sender's picture.
    pub avatar: Lazy<adw::Avatar>,
    /// The sender's name.
    pub name: Lazy<gtk::Label>,
    /// What is drawn behind quote and words.
    pub bubble: gtk::Box,
    /// The message that is answered.
    pub quote: Lazy<QuoteButton>,
    /// The files.
    pub files: Lazy<FileStack>,
    /// The words.
    pub body: Prose,
    /// `Edited`.
    pub edited: Lazy<gtk::Button>,
    /// The time of day.
    pub meta: gtk::Label,
    /// That it is protected otherwise than its conversation.
    pub lock: Lazy<gtk::Image>,
    /// How far an own message came.
    pub marks: Lazy<Marks>,
    /// Reactions.
    pub reactions: Lazy<ReactionBar>,
    /// Why it was not delivered.
    pub failure: Lazy<gtk::Label>,
    /// `Try Again`.
    pub try_again: Lazy<gtk::Button>,
    /// What helps when keys are in the way.
    pub remedy: Lazy<gtk::Button>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            day: Lazy::new(|row| added(row, line("day"))),
            new_line: Lazy::new(|row| added(row, line("new-line"))),
            avatar: Lazy::new(|row| {
                let avatar = adw::Avatar::new(super::arrange::AVATAR, None, true);
                // The row says whose it is.
                avatar.upcast_ref::<gtk::Widget>().set_accessible_role(gtk::AccessibleRole::Presentation);
                added(row, avatar)
            }),
            name: Lazy::new(|row| {
                let name = line("sender");
                name.set_ellipsize(pango::EllipsizeMode::End);
                name.set_xalign(0.0);
                added(row, name)
            }),
            bubble: gtk::Box::builder()
                .css_name("bubble")
                .accessible_role(gtk::AccessibleRole::Presentation)
                .build(),
            quote: Lazy::new(|row| added(row, QuoteButton::default())),
            files: Lazy::new(|row| {
                // Screen readers and Tab come to them before the words, which are their caption.
                let files = FileStack::default();
                files.insert_before(row, Some(&row.imp().parts.body));
                files
            }),
            body: Prose::default(),
            edited: Lazy::new(|row| {
                let edited = button(&gettext("Edited"), &["flat", "edited"]);
                edited.set_tooltip_text(Some(&gettext("Show Earlier Versions")));
                asks(row, &edited, Request::Revisions);
                added(row, edited)
            }),
            meta: line("meta"),
            lock: Lazy::new(|row| {
                let lock = gtk::Image::builder().pixel_size(12).css_classes(["lock"]).build();
                // The row says it.
                lock.set_accessible_role(gtk::AccessibleRole::Presentation);
                added(row, lock)
            }),
            marks: Lazy::new(|row| added(row, Marks::default())),
            reactions: Lazy::new(|row| added(row, ReactionBar::default())),
            failure: Lazy::new(|row| {
                let failure = line("failure");
                failure.set_wrap(true);
                failure.set_wrap_mode(pango::WrapMode::WordChar);
                failure.set_natural_wrap_mode(gtk::NaturalWrapMode::None);
                failure.set_xalign(1.0);
                failure.set_justify(gtk::Justification::Right);
                added(row, failure)
            }),
            try_again: Lazy::new(|row| {
                let try_again = button(&gettext("Try Again"), &["try-again"]);
                asks(row, &try_again, Request::TryAgain);
                added(row, try_again)
            }),
            remedy: Lazy::new(|row| {
                let remedy = button("", &["try-again"]);
                let weak = row.downgrade();
                remedy.connect_clicked(move |_| {
                    let row = weak.upgrade();
                    let remedy = row.as_ref().and_then(|row| Remedy::of(&row.object()?.item().message));
                    if let (Some(row), Some(remedy)) = (row, remedy) {
                        row.request(|message| remedy.request(message));
                    }
                });
                added(row, remedy)
            }),
        }
    }
}

impl Parts {
    /// Puts in the parts that every message has.
    pub fn construct(&self, row: &MessageRow) {
        self.bubble.set_parent(row);
        self.body.set_parent(row);
        self.meta.set_parent(row);
        self.meta.set_accessible_role(gtk::AccessibleRole::Presentation);
    }
}

fn line(class: &str) -> gtk::Label {
    gtk::Label::builder().css_classes([class]).build()
}

fn button(label: &str, classes: &[&str]) -> gtk::Button {
    gtk::Button::builder().label(label).css_classes(classes.to_vec()).build()
}

fn added<W: IsA<gtk::Widget>>(row: &MessageRow, widget: W) -> W {
    widget.set_parent(row);
    widget
}

fn asks(row: &MessageRow, button: &gtk::Button, request: fn(model::MessageId) -> Request) {
    let row = row.downgrade();
    button.connect_clicked(move |_| {
        if let Some(row) = row.upgrade() {
            row.request(request);
        }
    });
}

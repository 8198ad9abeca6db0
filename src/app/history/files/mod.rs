//! The files of a message, one below the other: pictures at their true proportions, sound with what plays it, anything else
//! as a row.
//!
//! A card is made once and shows many files, as rows of the history do. Its height depends on what it shows, and not
//! on how far that came: a download that begins, goes on and ends moves nothing.

mod controls;
mod file_row;
mod picture_card;
mod sound_card;

use std::rc::Rc;

use gtk::{glib, prelude::*, subclass::prelude::*};
use model::{Attachment, AttachmentId, Transfer};

use super::context::Context;
use crate::files::is_shown_inline;
use file_row::FileRow;
use picture_card::PictureCard;
use sound_card::{SoundCard, is_heard_inline};

/// So many files of a message are shown: nobody sends more to be looked at.
const MOST: usize = 32;

/// How far a file came: so many bytes, of so many if that is known.
pub type Done = (u64, Option<u64>);

#[derive(Debug)]
enum Card {
    Picture(PictureCard),
    Sound(SoundCard),
    Row(FileRow),
}

mod imp {
    use std::cell::RefCell;

    use super::*;

    #[derive(Debug, Default)]
    pub struct FileStack {
        pub(super) cards: RefCell<Vec<Card>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for FileStack {
        const NAME: &'static str = "StarlingFileStack";
        type Type = super::FileStack;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("files");
        }
    }

    impl ObjectImpl for FileStack {}
    impl WidgetImpl for FileStack {}
    impl BoxImpl for FileStack {}
}

glib::wrapper! {
    /// See the top of the file.
    pub struct FileStack(ObjectSubclass<imp::FileStack>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for FileStack {
    fn default() -> Self {
        glib::Object::builder()
            .property("orientation", gtk::Orientation::Vertical)
            .property("spacing", 4)
            .build()
    }
}

impl FileStack {
    /// Shows the files of a message.
    pub fn show(&self, files: &[Attachment], context: &Rc<Context>) {
        let files = files.get(..MOST).unwrap_or(files);
        let mut cards = self.imp().cards.borrow_mut();
        let fits = cards.len() == files.len() && cards.iter().zip(files).all(|(card, file)| card.suits(file));
        if !fits {
            for card in cards.drain(..) {
                self.remove(card.widget());
            }
            for file in files {
                let card = Card::new(file);
                self.append(card.widget());
                cards.push(card);
            }
        }
        for (card, file) in cards.iter().zip(files) {
            if !is_moving(file) {
                context.progress.borrow_mut().remove(&file.id);
            }
            let done = context.progress.borrow().get(&file.id).copied();
            match card {
                Card::Picture(card) => card.show(file, done, context),
                Card::Sound(card) => card.show(file, done, context),
                Card::Row(row) => row.show(file, done, context),
            }
        }
    }

    /// A file came further. Whether it is one of these.
    pub fn set_progress(&self, id: AttachmentId, done: Done) -> bool {
        self.imp().cards.borrow().iter().any(|card| match card {
            Card::Picture(card) => card.set_progress(id, done),
            Card::Sound(card) => card.set_progress(id, done),
            Card::Row(row) => row.set_progress(id, done),
        })
    }

    /// Something is played, paused or over.
    pub fn show_sounding(&self, context: &Context) {
        for card in &*self.imp().cards.borrow() {
            if let Card::Sound(card) = card {
                card.show_sounding(context);
            }
        }
    }

    /// Lets go of the pictures: the row shows nothing any more.
    pub fn forget(&self) {
        for card in &*self.imp().cards.borrow() {
            if let Card::Picture(card) = card {
                card.forget();
            }
        }
    }
}

impl Card {
    fn new(file: &Attachment) -> Self {
        if is_shown_inline(file) {
            Self::Picture(PictureCard::default())
        } else if is_heard_inline(file) {
            Self::Sound(SoundCard::default())
        } else {
            Self::Row(FileRow::default())
        }
    }

    fn suits(&self, file: &Attachment) -> bool {
        match self {
            Self::Picture(_) => is_shown_inline(file),
            Self::Sound(_) => is_heard_inline(file),
            Self::Row(_) => !is_shown_inline(file) && !is_heard_inline(file),
        }
    }

    fn widget(&self) -> &gtk::Widget {
        match self {
            Self::Picture(card) => card.upcast_ref(),
            Self::Sound(card) => card.upcast_ref(),
            Self::Row(row) => row.upcast_ref(),
        }
    }
}

/// Whether its bytes are on their way.
fn is_moving(file: &Attachment) -> bool {
    matches!(file.transfer, Transfer::Preparing | Transfer::Uploading | Transfer::Downloading)
}

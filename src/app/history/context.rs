//! What all rows of one history share.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use gtk::glib;
use model::{Attachment, AttachmentId, Message, MessageId};

use super::{files::Done, request::Request, when::Clock};
use crate::{files::PictureView, player::Sounding};

type Handler = Box<dyn Fn(Request)>;
type Jump = Box<dyn Fn(MessageId)>;
type Painter = Box<dyn Fn(&Message, &adw::Avatar)>;
type FilePainter = Box<dyn Fn(&Attachment, &PictureView)>;

/// What all rows of one history share.
pub struct Context {
    pub clock: Cell<Clock>,
    pub today: RefCell<Option<glib::DateTime>>,
    /// Whether the conversation is encrypted.
    pub encrypted: Cell<bool>,
    /// How far files came that are on their way.
    pub progress: RefCell<HashMap<AttachmentId, Done>>,
    /// What is played or paused.
    pub sounding: Cell<Option<(AttachmentId, Sounding)>>,
    /// How fast sounds are played.
    pub tempo: Cell<f64>,
    handler: RefCell<Option<Handler>>,
    painter: RefCell<Option<Painter>>,
    file_painter: RefCell<Option<FilePainter>>,
    jump: RefCell<Option<Jump>>,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            clock: Cell::new(Clock::of_this_desktop()),
            today: RefCell::new(glib::DateTime::now_local().ok()),
            encrypted: Cell::default(),
            progress: RefCell::default(),
            sounding: Cell::default(),
            tempo: Cell::new(1.0),
            handler: RefCell::default(),
            painter: RefCell::default(),
            file_painter: RefCell::default(),
            jump: RefCell::default(),
        }
    }
}

impl Context {
    /// Hands a wish to whoever owns the history.
    pub fn request(&self, request: Request) {
        if let Some(handler) = &*self.handler.borrow() {
            handler(request);
        }
    }

    /// Puts the picture of a sender on an avatar, now or later.
    pub fn paint(&self, message: &Message, avatar: &adw::Avatar) {
        if let Some(painter) = &*self.painter.borrow() {
            painter(message, avatar);
        }
    }

    /// Puts a picture that is here on its view, now or later.
    pub fn paint_file(&self, file: &Attachment, view: &PictureView) {
        if let Some(painter) = &*self.file_painter.borrow() {
            painter(file, view);
        }
    }

    /// Goes to a message that a quote leads to.
    pub fn jump_to(&self, message: MessageId) {
        if let Some(jump) = &*self.jump.borrow() {
            jump(message);
        }
    }

    pub fn set_handler(&self, handler: impl Fn(Request) + 'static) {
        self.handler.replace(Some(Box::new(handler)));
    }

    pub fn set_painter(&self, painter: impl Fn(&Message, &adw::Avatar) + 'static) {
        self.painter.replace(Some(Box::new(painter)));
    }

    pub fn set_file_painter(&self, painter: impl Fn(&Attachment, &PictureView) + 'static) {
        self.file_painter.replace(Some(Box::new(painter)));
    }

    pub fn set_jump(&self, jump: impl Fn(MessageId) + 'static) {
        self.jump.replace(Some(Box::new(jump)));
    }
}

//! A picture that moves. It does while it is on the screen; what nobody sees stands still.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use gtk::{gdk, glib, prelude::*};

use crate::decoder::Moving;

/// See the top of the file. It stops when it is dropped.
#[derive(Debug)]
pub struct Animation(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    /// How many milliseconds each frame is shown, and what it is.
    frames: Vec<(u32, gdk::Texture)>,
    /// The frame that is shown.
    frame: Cell<usize>,
    moves: Cell<bool>,
    widget: glib::WeakRef<gtk::Widget>,
    /// Told when the widget comes onto the screen.
    mapped: RefCell<Option<glib::SignalHandlerId>>,
    timer: RefCell<Option<glib::SourceId>>,
}

impl Animation {
    /// It draws this widget anew for each frame. It stands still until it is [told to move](Self::set_moving).
    pub fn new(moving: Moving, widget: &impl IsA<gtk::Widget>) -> Self {
        let (width, height) = (moving.width as i32, moving.height as i32);
        let texture = |pixels: Vec<u8>| {
            let pixels = glib::Bytes::from_owned(pixels);
            let format = gdk::MemoryFormat::R8g8b8a8;
            gdk::MemoryTexture::new(width, height, format, &pixels, width as usize * 4).upcast()
        };
        let frames = moving.frames.into_iter().map(|frame| (frame.milliseconds, texture(frame.pixels)));
        let inner = Rc::new(Inner {
            frames: frames.collect(),
            frame: Cell::default(),
            moves: Cell::default(),
            widget: widget.as_ref().downgrade(),
            mapped: RefCell::default(),
            timer: RefCell::default(),
        });
        let weak = Rc::downgrade(&inner);
        inner.mapped.replace(Some(widget.as_ref().connect_map(move |_| {
            if let Some(inner) = weak.upgrade() {
                inner.go_on();
            }
        })));
        Self(inner)
    }

    /// What is to be drawn now. `None` if there is nothing, which no decoder says.
    pub fn frame(&self) -> Option<gdk::Texture> {
        self.0.frames.get(self.0.frame.get()).map(|(_, texture)| texture.clone())
    }

    pub fn is_moving(&self) -> bool {
        self.0.moves.get()
    }

    pub fn set_moving(&self, moves: bool) {
        self.0.moves.set(moves);
        if moves {
            self.0.go_on();
        } else {
            self.0.stop();
        }
    }
}

impl Inner {
    /// Waits for the next frame, if somebody sees this one.
    fn go_on(self: &Rc<Self>) {
        let is_seen = self.widget.upgrade().is_some_and(|widget| widget.is_mapped());
        let Some((milliseconds, _)) = self.frames.get(self.frame.get()) else { return };
        if !self.moves.get() || !is_seen || self.timer.borrow().is_some() {
            return;
        }
        let weak = Rc::downgrade(self);
        let wait = Duration::from_millis(u64::from(*milliseconds));
        self.timer.replace(Some(glib::timeout_add_local_once(wait, move || {
            if let Some(inner) = weak.upgrade() {
                inner.timer.take();
                inner.frame.set((inner.frame.get() + 1) % inner.frames.len());
                if let Some(widget) = inner.widget.upgrade() {
                    widget.queue_draw();
                }
                inner.go_on();
            }
        })));
    }

    fn stop(&self) {
        if let Some(timer) = self.timer.take() {
            timer.remove();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
        if let (Some(widget), Some(mapped)) = (self.widget.upgrade(), self.mapped.take()) {
            widget.disconnect(mapped);
        }
    }
}

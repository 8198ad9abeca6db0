//! To the end, to a message, to a position, by the scrollbar.

use gtk::{glib, prelude::*, subclass::prelude::*};
use model::MessageId;

use super::{HistoryList, imp};
use crate::history::{geometry::Place, position::Position};

/// Where to go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// The newest message, which the window may not reach yet.
    End,
    /// A message, which the window may not have yet.
    Message {
        /// The message.
        id: MessageId,
        /// Where to put it.
        place: Place,
        /// Draw the eye to it.
        flash: bool,
    },
}

impl HistoryList {
    /// Goes somewhere: before anything else is drawn if it is there, else as soon as it is.
    pub fn head_for(&self, target: Target) {
        self.imp().target.set(Some(target));
        self.queue_allocate();
    }

    /// Whether a message is in the window, or for the end, whether the window reaches it.
    pub fn reaches(&self, target: Target) -> bool {
        let Some(window) = self.window() else { return false };
        match target {
            Target::End => !window.has_newer(),
            Target::Message { id, .. } => window.find(id).is_some(),
        }
    }

    /// Whether the newest message is, and stays, in view.
    pub fn is_at_end(&self) -> bool {
        self.imp().geometry.borrow().is_sticky()
    }

    /// Where the person is.
    pub fn position(&self) -> Position {
        let anchor = self.imp().geometry.borrow().anchor();
        let slots = self.imp().slots.borrow();
        match anchor.and_then(|anchor| Some((slots.get(anchor.index)?, anchor.y))) {
            Some((slot, y)) => Position::At { message: slot.object.id(), y },
            None => Position::End,
        }
    }

    /// Moves what is shown, as a person would.
    pub fn scroll_by(&self, distance: f64) {
        if let Some(adjustment) = self.vadjustment() {
            adjustment.set_value(adjustment.value() + distance);
        }
    }

    /// Space, in pixels, that can still be scrolled upwards and downwards.
    pub fn room(&self) -> (f64, f64) {
        self.vadjustment().map_or((0.0, 0.0), |adjustment| {
            let above = adjustment.value() - adjustment.lower();
            (above, adjustment.upper() - adjustment.page_size() - adjustment.value())
        })
    }

    /// The last message that is on the screen to its end.
    pub fn last_seen(&self) -> Option<MessageId> {
        let geometry = self.imp().geometry.borrow();
        let viewport = geometry.viewport();
        let seen = geometry.visible().filter(|(_, top, extent)| {
            let bottom = top + f64::from(extent.height);
            // A row that fills the viewport is seen once its end is near.
            bottom <= viewport + 24.0
        });
        let index = seen.map(|(index, ..)| index).last()?;
        self.imp().slots.borrow().get(index).map(|slot| slot.object.id())
    }

    /// Called when rows have found their places.
    pub fn connect_settled(&self, settled: impl Fn(&Self) + 'static) {
        self.connect_local("settled", false, move |values| {
            if let Some(list) = values.first().and_then(|value| value.get::<Self>().ok()) {
                settled(&list);
            }
            None
        });
    }
}

impl imp::HistoryList {
    pub fn set_vadjustment(&self, adjustment: Option<gtk::Adjustment>) {
        if let (Some(old), Some(handler)) = (self.vadjustment.take(), self.value_handler.take()) {
            old.disconnect(handler);
        }
        if let Some(adjustment) = &adjustment {
            self.geometry.borrow_mut().adopt(adjustment.value());
            let handler = adjustment.connect_value_changed(glib::clone!(
                #[weak(rename_to = list)]
                self.obj(),
                move |adjustment| {
                    let imp = list.imp();
                    if !imp.writing.get() {
                        imp.target.set(None);
                        imp.geometry.borrow_mut().scroll_to(adjustment.value());
                        imp.leave_hovering();
                        list.queue_allocate();
                    }
                }
            ));
            self.value_handler.replace(Some(handler));
        }
        self.vadjustment.replace(adjustment);
        self.obj().queue_allocate();
    }

    /// Before a layout: if the target is there now, this layout shows it.
    pub fn head_for_target(&self) {
        let Some(target) = self.target.get().filter(|target| self.obj().reaches(*target)) else { return };
        self.target.set(None);
        match target {
            Target::End => self.geometry.borrow_mut().stick_to_end(),
            Target::Message { id, place, flash } => {
                let index = self.slots.borrow().iter().position(|slot| slot.object.id() == id);
                let Some(index) = index else { return };
                self.geometry.borrow_mut().jump(index, place);
                if flash {
                    self.flash_soon(id);
                }
            }
        }
    }

    fn flash_soon(&self, id: MessageId) {
        let list = self.obj().downgrade();
        // The row may have no widget before this layout.
        glib::idle_add_local_full(glib::Priority::HIGH_IDLE, move || {
            if let Some(row) = list.upgrade().and_then(|list| list.row_of(id)) {
                row.flash();
            }
            glib::ControlFlow::Break
        });
    }

    /// After a layout: says so, outside of it.
    pub fn report(&self) {
        if self.reporting.replace(true) {
            return;
        }
        let list = self.obj().downgrade();
        glib::idle_add_local_full(glib::Priority::HIGH_IDLE, move || {
            if let Some(list) = list.upgrade() {
                list.imp().reporting.set(false);
                list.imp().refocus_if_needed();
                list.emit_by_name::<()>("settled", &[]);
            }
            glib::ControlFlow::Break
        });
    }
}

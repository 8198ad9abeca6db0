//! Focus and keys.
//!
//! One row at a time can be reached with Tab; the arrows go from row to row. A row that gets the
//! focus is brought into view, which GTK does only for its own viewport.

use gtk::{gdk, glib, prelude::*, subclass::prelude::*};
use model::MessageId;

use super::{HistoryList, MessageRow, Target, imp};
use crate::history::{geometry::Place, request::Request};

/// What stays visible of the page before.
const OVERLAP: f64 = 48.0;
/// Space kept around a row that was brought into view.
const AIR: f64 = 8.0;

impl HistoryList {
    pub(super) fn install_keys(&self) {
        let keys = gtk::EventControllerKey::new();
        keys.connect_key_pressed(glib::clone!(
            #[weak(rename_to = list)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, key, _, modifiers| {
                let plain =
                    !modifiers.intersects(gdk::ModifierType::CONTROL_MASK | gdk::ModifierType::ALT_MASK);
                if plain && list.imp().key_pressed(key) {
                    glib::Propagation::Stop
                } else {
                    glib::Propagation::Proceed
                }
            }
        ));
        self.add_controller(keys);
    }

    /// The message that actions mean: the one with the toolbar, else the one with the focus.
    pub fn current(&self) -> Option<MessageId> {
        self.imp().hovered.get().or(self.imp().focused.get())
    }

    /// The widget of a message, if it has one.
    pub fn row_of(&self, id: MessageId) -> Option<MessageRow> {
        let slots = self.imp().slots.borrow();
        slots.iter().find(|slot| slot.object.id() == id)?.row.clone()
    }
}

impl imp::HistoryList {
    fn key_pressed(&self, key: gdk::Key) -> bool {
        let list = self.obj();
        let page = self.geometry.borrow().viewport() - OVERLAP;
        match key {
            gdk::Key::Up | gdk::Key::KP_Up => self.focus_neighbour(-1),
            gdk::Key::Down | gdk::Key::KP_Down => self.focus_neighbour(1),
            gdk::Key::Page_Up | gdk::Key::KP_Page_Up => self.turn_page(-page),
            gdk::Key::Page_Down | gdk::Key::KP_Page_Down => self.turn_page(page),
            gdk::Key::Home | gdk::Key::KP_Home => {
                list.scroll_by(-list.room().0);
                self.focus_index(0)
            }
            gdk::Key::End | gdk::Key::KP_End => {
                let _ = list.activate_action("history.end", None);
                let rows = self.slots.borrow().len();
                rows > 0 && self.focus_index(rows - 1)
            }
            gdk::Key::Return | gdk::Key::KP_Enter => self.enter(),
            gdk::Key::Escape if self.selection.ends().is_some() => {
                list.clear_selection();
                true
            }
            _ => false,
        }
    }

    /// Opens the link that has the focus, else the menu of the message.
    fn enter(&self) -> bool {
        let Some(row) = self.focused_row() else { return false };
        let focus = self.obj().root().and_then(|root| root.focus());
        if focus.is_some_and(|focus| focus.is::<gtk::Button>()) {
            return false;
        }
        match (row.chosen_link(), self.context.get()) {
            (Some(link), Some(context)) => context.request(Request::OpenLink(link)),
            _ => {
                let _ = self.obj().activate_action("history.menu", None);
            }
        }
        true
    }

    fn focus_neighbour(&self, step: isize) -> bool {
        let focused = self.focused.get().and_then(|id| self.index_of(id));
        let Some(index) = focused.and_then(|index| index.checked_add_signed(step)) else { return true };
        index >= self.slots.borrow().len() || self.focus_index(index)
    }

    fn turn_page(&self, distance: f64) -> bool {
        self.obj().scroll_by(distance);
        let width = self.obj().width();
        let height = self.obj().height();
        // The rows must be there before one of them can have the focus.
        self.lay_out(width, height);
        let edge = {
            let geometry = self.geometry.borrow();
            let mut whole = geometry.visible().filter(|(_, top, extent)| {
                *top >= 0.0 && top + f64::from(extent.height) <= geometry.viewport()
            });
            if distance < 0.0 { whole.next() } else { whole.last() }.map(|(index, ..)| index)
        };
        edge.is_none_or(|index| self.focus_index(index))
    }

    /// Gives the focus to a row, wherever it is.
    fn focus_index(&self, index: usize) -> bool {
        let row = self.slots.borrow().get(index).and_then(|slot| slot.row.clone());
        let Some(id) = self.slots.borrow().get(index).map(|slot| slot.object.id()) else { return true };
        if let Some(row) = row {
            let focused = row.grab_focus();
            self.reveal(index, id, true);
            return focused;
        }
        self.target.set(Some(Target::Message { id, place: Place::Share(0.3), flash: false }));
        self.lay_out(self.obj().width(), self.obj().height());
        self.obj().row_of(id).is_some_and(|row| row.grab_focus())
    }

    pub fn index_of(&self, id: MessageId) -> Option<usize> {
        self.slots.borrow().iter().position(|slot| slot.object.id() == id)
    }

    /// Whether the focus is on a row or within it.
    pub fn holds_focus(&self, row: &MessageRow) -> bool {
        let focus = self.obj().root().and_then(|root| root.focus());
        focus.is_some_and(|focus| focus == *row || focus.is_ancestor(row))
    }

    fn focused_row(&self) -> Option<MessageRow> {
        let row = self.obj().row_of(self.focused.get()?)?;
        self.holds_focus(&row).then_some(row)
    }

    /// Tab: into the row that had the focus, through it and its buttons, and out again.
    pub fn move_focus_within(&self, direction: gtk::DirectionType) -> bool {
        let toolbar = &self.toolbar;
        let in_toolbar = toolbar.focus_child().is_some();
        match (self.focused_row(), direction) {
            (_, gtk::DirectionType::TabBackward) if in_toolbar => {
                toolbar.child_focus(direction) || self.focus_some_row()
            }
            _ if in_toolbar => toolbar.child_focus(direction),
            (Some(row), gtk::DirectionType::TabForward) => {
                row.child_focus(direction) || (toolbar.is_visible() && toolbar.child_focus(direction))
            }
            (Some(row), direction) => row.child_focus(direction),
            (None, _) => self.focus_some_row(),
        }
    }

    /// The row that had the focus, if it is in view, else the last that is.
    pub fn focus_some_row(&self) -> bool {
        let visible: Vec<_> = self.geometry.borrow().visible().map(|(index, ..)| index).collect();
        let last =
            self.focused.get().and_then(|id| self.index_of(id)).filter(|index| visible.contains(index));
        last.or(visible.last().copied()).is_some_and(|index| self.focus_index(index))
    }

    /// The row with the focus was taken away with its message.
    pub fn refocus_if_needed(&self) {
        if self.refocus.take() {
            self.focus_some_row();
        }
    }

    /// The focus moved to a child, or left.
    pub fn focus_came(&self, child: Option<&gtk::Widget>) {
        let Some(row) = child.and_then(|child| child.downcast_ref::<MessageRow>()) else { return };
        let Some(object) = row.object() else { return };
        let id = object.id();
        self.focused.set(Some(id));
        let by_keyboard =
            self.obj().root().and_downcast::<gtk::Window>().is_some_and(|window| window.gets_focus_visible());
        if by_keyboard && !self.toolbar.is_pinned() {
            self.hover(Some(id));
        }
        if let Some(index) = self.index_of(id) {
            self.reveal(index, id, by_keyboard);
        }
    }

    /// Brings a row into view: a part of it is enough when it was pointed at.
    fn reveal(&self, index: usize, id: MessageId, whole: bool) {
        let (place, viewport) = {
            let geometry = self.geometry.borrow();
            (geometry.rows().find(|(at, ..)| *at == index), geometry.viewport())
        };
        let Some((_, top, extent)) = place else {
            self.obj().head_for(Target::Message { id, place: Place::Share(0.3), flash: false });
            return;
        };
        let bottom = top + f64::from(extent.height);
        if !whole && top < viewport && bottom > 0.0 {
            return;
        }
        if top < 0.0 {
            self.obj().scroll_by(top - AIR);
        } else if bottom > viewport {
            self.obj().scroll_by((bottom - viewport).min(top - AIR).max(0.0));
        }
    }
}

#[cfg(test)]
impl HistoryList {
    /// Presses a key.
    pub fn press(&self, key: gdk::Key) {
        assert!(self.imp().key_pressed(key), "{key:?} does something here");
    }
}

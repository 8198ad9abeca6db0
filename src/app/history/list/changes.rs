//! Rows come and go in the window; the list follows.

use gtk::{glib, prelude::*, subclass::prelude::*};

use super::{HistoryList, Slot, imp, layout::tell_position};
use crate::history::{message_object::MessageObject, row::MessageRow, window::HistoryWindow, words};

/// More than this at once is not news but a page.
const NEWS: usize = 3;

impl HistoryList {
    /// Shows another window. The end is held until somebody says otherwise.
    pub fn set_window(&self, window: &HistoryWindow) {
        let imp = self.imp();
        imp.release_window();
        imp.geometry.borrow_mut().set_ends_at_newest(!window.has_newer());
        imp.geometry.borrow_mut().clear();
        let handlers = vec![
            window.connect_items_changed(glib::clone!(
                #[weak(rename_to = list)]
                self,
                move |window, position, removed, added| {
                    list.imp().items_changed(window, position as usize, removed as usize, added as usize);
                }
            )),
            window.connect_has_newer_notify(glib::clone!(
                #[weak(rename_to = list)]
                self,
                move |window| {
                    list.imp().geometry.borrow_mut().set_ends_at_newest(!window.has_newer());
                    list.queue_allocate();
                }
            )),
        ];
        imp.window.replace(Some((window.clone(), handlers)));
        imp.insert(window, 0, window.len(), Vec::new());
        imp.geometry.borrow_mut().splice(0, 0, window.len(), None);
        imp.geometry.borrow_mut().stick_to_end();
        self.queue_allocate();
    }

    /// The window that is shown.
    pub fn window(&self) -> Option<HistoryWindow> {
        self.imp().window.borrow().as_ref().map(|(window, _)| window.clone())
    }
}

impl imp::HistoryList {
    /// Lets go of the window and of all rows.
    pub fn release_window(&self) {
        if let Some((window, handlers)) = self.window.take() {
            for handler in handlers {
                window.disconnect(handler);
            }
        }
        let slots = self.slots.take();
        if self.geometry.borrow().len() > 0 {
            self.geometry.borrow_mut().splice(0, slots.len(), 0, None);
        }
        self.recycle(slots.into_iter().filter_map(|slot| slot.row));
        self.target.set(None);
        self.focused.set(None);
        self.hovered.set(None);
        self.selection.clear();
    }

    fn items_changed(&self, window: &HistoryWindow, position: usize, removed: usize, added: usize) {
        let went: Vec<Slot> = self.slots.borrow_mut().drain(position..position + removed).collect();
        let anchor = self.geometry.borrow().topmost().map(|anchor| anchor.index);
        let heir = anchor
            .and_then(|index| index.checked_sub(position))
            .and_then(|offset| went.get(offset))
            .and_then(|slot| {
                (position..position + added).find(|index| window.get(*index).as_ref() == Some(&slot.object))
            });
        let was_at_end = self.geometry.borrow().is_sticky();
        self.geometry.borrow_mut().splice(position, removed, added, heir);
        let gone = self.insert(window, position, added, went);

        if gone.iter().any(|row| self.holds_focus(row)) {
            self.refocus.set(true);
        }
        self.recycle(gone);
        self.tell_positions();
        if was_at_end && removed == 0 && added <= NEWS && position + added == window.len() {
            self.announce(window, position);
        }
        self.obj().queue_allocate();
    }

    /// Makes slots for rows that came. A row that also went, went nowhere: it keeps its widget.
    /// Returns the widgets that nobody wants.
    fn insert(
        &self,
        window: &HistoryWindow,
        position: usize,
        added: usize,
        mut went: Vec<Slot>,
    ) -> Vec<MessageRow> {
        let came: Vec<Slot> = (position..position + added)
            .filter_map(|index| window.get(index))
            .map(|object| {
                let same = went.iter_mut().find(|slot| slot.object == object);
                Slot { row: same.and_then(|slot| slot.row.take()), object }
            })
            .collect();
        self.slots.borrow_mut().splice(position..position, came);
        went.into_iter().filter_map(|slot| slot.row).collect()
    }

    /// Every row is another of another number of rows now.
    fn tell_positions(&self) {
        let slots = self.slots.borrow();
        for (index, slot) in slots.iter().enumerate() {
            if let Some(row) = &slot.row {
                tell_position(row, index, slots.len());
            }
        }
    }

    /// Says to a screen reader what arrives while the end is in view.
    fn announce(&self, window: &HistoryWindow, from: usize) {
        let Some(context) = self.context.get().filter(|_| self.obj().is_mapped() && !window.has_newer())
        else {
            return;
        };
        let arrived = (from..window.len()).filter_map(|index| window.get(index));
        for item in arrived.map(|object: MessageObject| object.item()) {
            if item.message.direction == model::Direction::Incoming {
                let words = words::Words::of(&item.message);
                let name = words::accessible_name(&item.message, &words, context.clock.get());
                self.obj().announce(&name, gtk::AccessibleAnnouncementPriority::Medium);
            }
        }
    }
}

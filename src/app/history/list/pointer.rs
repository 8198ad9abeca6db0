//! Hovering, or a long press, shows what can be done with a message.

use gtk::{glib, prelude::*, subclass::prelude::*};
use model::MessageId;

use super::{HistoryList, imp};

impl HistoryList {
    pub(super) fn install_pointer(&self) {
        let motion = gtk::EventControllerMotion::new();
        motion.connect_motion(glib::clone!(
            #[weak(rename_to = list)]
            self,
            move |_, x, y| list.imp().pointer_moved(x, y)
        ));
        motion.connect_leave(glib::clone!(
            #[weak(rename_to = list)]
            self,
            move |_| list.imp().leave_hovering()
        ));
        self.add_controller(motion);

        let press = gtk::GestureLongPress::builder().touch_only(true).build();
        press.connect_pressed(glib::clone!(
            #[weak(rename_to = list)]
            self,
            move |_, _, y| {
                let id = list.imp().message_at(y);
                list.imp().hover(id);
            }
        ));
        self.add_controller(press);
    }

    /// Shows the toolbar of a message, or of none.
    pub fn hover(&self, message: Option<MessageId>) {
        self.imp().hover(message);
    }

    /// The message at a height of the list.
    pub fn message_at(&self, y: f64) -> Option<MessageId> {
        self.imp().message_at(y)
    }

    /// The buttons of the message that is hovered.
    pub fn toolbar(&self) -> &super::super::toolbar::Toolbar {
        &self.imp().toolbar
    }
}

impl imp::HistoryList {
    fn pointer_moved(&self, x: f64, y: f64) {
        // GTK says that the pointer moved when something else did.
        if self.pointer.replace((x, y)) == (x, y) {
            return;
        }
        let over_toolbar = self.toolbar.is_visible()
            && self
                .toolbar
                .compute_bounds(&*self.obj())
                .is_some_and(|bounds| bounds.contains_point(&gtk::graphene::Point::new(x as f32, y as f32)));
        let cursor = match self.link_at(x, y) {
            Some(_) if !over_toolbar => Some("pointer"),
            _ if !over_toolbar && self.is_on_words(x, y) => Some("text"),
            _ => None,
        };
        self.obj().set_cursor_from_name(cursor);
        if !over_toolbar && self.drag.borrow().is_none() && !self.toolbar.is_pinned() {
            self.hover(self.message_at(y));
        }
    }

    pub fn message_at(&self, y: f64) -> Option<MessageId> {
        let index = self.geometry.borrow().row_at(y)?;
        self.slots.borrow().get(index).map(|slot| slot.object.id())
    }

    fn is_on_words(&self, x: f64, y: f64) -> bool {
        let row = self.message_at(y).and_then(|id| self.obj().row_of(id));
        row.is_some_and(|row| {
            let point = self.obj().compute_point(&row, &gtk::graphene::Point::new(x as f32, y as f32));
            point.is_some_and(|point| row.is_on_words(f64::from(point.x()), f64::from(point.y())))
        })
    }

    /// The pointer is gone, or the rows move below it.
    pub fn leave_hovering(&self) {
        if self.toolbar.is_pinned() || self.toolbar.focus_child().is_some() {
            return;
        }
        self.hover(None);
    }

    pub fn hover(&self, message: Option<MessageId>) {
        let before = self.hovered.replace(message);
        if before == message {
            return;
        }
        let list = self.obj();
        for (id, over) in [(before, false), (message, true)] {
            if let Some(row) = id.and_then(|id| list.row_of(id)) {
                if over {
                    row.add_css_class("hovered");
                } else {
                    row.remove_css_class("hovered");
                }
            }
        }
        if let Some(row) = message.and_then(|id| list.row_of(id)) {
            // Tab goes on from the row to its buttons.
            self.toolbar.insert_after(&*list, Some(&row));
        }
        list.queue_allocate();
        list.emit_by_name::<()>("current-changed", &[]);
    }
}

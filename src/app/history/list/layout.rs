//! Rows are made, measured, placed and taken back.
//!
//! A frame waits for the rows that are seen in it and for no more. Those around it, which the next turn of the wheel brings
//! in, are made when the program has nothing else to do.

use std::time::{Duration, Instant};

use gtk::{glib, graphene, gsk, prelude::*, subclass::prelude::*};

use super::{MessageRow, Slot, imp::HistoryList};
use crate::history::{
    geometry::{Extent, Rows, Scroll},
    row::Kind,
};

/// Space below the last row.
const END: i32 = 14;
/// What one turn of a wheel moves, roughly.
const STEP: f64 = 60.0;
/// How long rows are made ready at a time: a frame or a key that comes in between waits no longer.
const SLICE: Duration = Duration::from_millis(2);

/// The rows of the list, at a width.
struct Measured<'l> {
    list: &'l HistoryList,
    slots: &'l mut [Slot],
    width: i32,
}

impl Rows for Measured<'_> {
    fn is_ready(&self, index: usize) -> bool {
        self.slots[index].row.is_some()
    }

    /// The row has a widget from then on.
    fn measure(&mut self, index: usize) -> Extent {
        if self.slots[index].row.is_none() {
            let row = self.list.row_for(self.slots, index);
            self.slots[index].row = Some(row);
        }
        let end = if index + 1 == self.slots.len() { END } else { 0 };
        self.slots[index].row.as_ref().map_or_else(Extent::default, |row| {
            let height = row.measure(gtk::Orientation::Vertical, self.width).1;
            Extent { lead: row.lead(), height: height + end }
        })
    }
}

impl HistoryList {
    /// Everything between a change and its picture.
    pub fn lay_out(&self, width: i32, height: i32) {
        if width <= 0 || height <= 0 {
            return;
        }
        self.head_for_target();
        let scroll = {
            let mut slots = self.slots.borrow_mut();
            let rows = Measured { list: self, slots: &mut slots, width };
            self.geometry.borrow_mut().layout(f64::from(height), rows)
        };
        self.write_adjustment(scroll, height);
        self.place_rows(width);
        self.take_back(width);
        self.place_toolbar(width, height);
        self.report();
        self.prepare_soon();
    }

    /// Makes rows around the viewport ready, once nothing else is to be done.
    fn prepare_soon(&self) {
        if self.next_lacking().is_none() || self.preparing.replace(true) {
            return;
        }
        let list = self.obj().downgrade();
        glib::idle_add_local(move || {
            let Some(list) = list.upgrade() else { return glib::ControlFlow::Break };
            let goes_on = list.imp().prepare();
            list.imp().preparing.set(goes_on);
            if goes_on { glib::ControlFlow::Continue } else { glib::ControlFlow::Break }
        });
    }

    /// Makes some rows ready. The next layout, which they ask for themselves, places them. Whether there are more.
    fn prepare(&self) -> bool {
        let begun = Instant::now();
        let width = self.obj().width();
        while let Some(index) = self.next_lacking().filter(|_| width > 0) {
            if begun.elapsed() > SLICE {
                return true;
            }
            let mut slots = self.slots.borrow_mut();
            let extent = Measured { list: self, slots: &mut slots, width }.measure(index);
            self.geometry.borrow_mut().learn(index, extent);
        }
        false
    }

    fn next_lacking(&self) -> Option<usize> {
        let slots = self.slots.borrow();
        self.geometry.borrow().lacking(|index| slots[index].row.is_some())
    }

    fn row_for(&self, slots: &[Slot], index: usize) -> MessageRow {
        let context = self.context.get().expect("a list is made with a context");
        let object = &slots[index].object;
        let row = self.pool.take(Kind::of(&object.item().message), context);
        row.bind(object);
        // Children stand in the order of the messages: screen readers and Tab go by it.
        let before = slots[..index].iter().rev().find_map(|slot| slot.row.as_ref());
        row.insert_after(&*self.obj(), before);
        row.set_visible(true);
        tell_position(&row, index, slots.len());
        self.show_selection_in(&row, index);
        row
    }

    fn write_adjustment(&self, scroll: Scroll, height: i32) {
        let Some(adjustment) = self.vadjustment.borrow().clone() else { return };
        let page = f64::from(height);
        self.writing.set(true);
        adjustment.configure(scroll.value, scroll.lower, scroll.upper, STEP, page * 0.9, page);
        self.writing.set(false);
    }

    fn place_rows(&self, width: i32) {
        let slots = self.slots.borrow();
        for (index, top, extent) in self.geometry.borrow().rows() {
            let Some(row) = &slots[index].row else { continue };
            let pad = if index + 1 == slots.len() { END } else { 0 };
            // Whole pixels keep text sharp; heights are whole, so all rows are rounded alike.
            put(row, width, extent.height - pad, 0.0, (top + 0.5).floor() as f32);
        }
    }

    /// Takes back the rows that were left behind. One that has the focus is kept, out of sight:
    /// a person may be about to press a key.
    fn take_back(&self, width: i32) {
        let placed = self.geometry.borrow().placed();
        let mut left = Vec::new();
        {
            let mut slots = self.slots.borrow_mut();
            for (index, slot) in slots.iter_mut().enumerate().filter(|(index, _)| !placed.contains(index)) {
                match &slot.row {
                    Some(row) if self.holds_focus(row) => {
                        let height = row.measure(gtk::Orientation::Vertical, width).1;
                        let far = if index < placed.start { -2.0 } else { 2.0 };
                        put(row, width, height, 0.0, far * 10_000.0);
                    }
                    Some(_) => left.extend(slot.row.take()),
                    None => {}
                }
            }
        }
        self.recycle(left);
    }

    /// Puts rows back into the pool.
    pub fn recycle(&self, rows: impl IntoIterator<Item = MessageRow>) {
        for row in rows {
            self.pool.give(row);
        }
    }

    fn place_toolbar(&self, width: i32, height: i32) {
        let toolbar = &self.toolbar;
        let slots = self.slots.borrow();
        let row = self.hovered.get().and_then(|id| slots.iter().find(|slot| slot.object.id() == id));
        let Some(row) = row.and_then(|slot| slot.row.as_ref()) else {
            toolbar.set_visible(false);
            return;
        };
        toolbar.set_visible(true);
        let (toolbar_width, _) = natural(toolbar, gtk::Orientation::Horizontal, -1);
        let (toolbar_height, _) = natural(toolbar, gtk::Orientation::Vertical, toolbar_width);
        let list = &*self.obj();
        let Some(bubble) = row.bubble() else { return };
        let Some(origin) = row.compute_point(list, &graphene::Point::zero()) else { return };
        let (bubble_top, bubble_bottom) =
            (origin.y() + bubble.y(), origin.y() + bubble.y() + bubble.height());
        let (edge, to_the_right) = row.free_edge();
        let beside = if to_the_right { edge + 6.0 } else { edge - 6.0 - toolbar_width as f32 };
        let fits = beside >= 6.0 && beside + toolbar_width as f32 <= width as f32 - 6.0;
        let (x, y) = if fits {
            (beside, bubble_bottom - 16.0 - toolbar_height as f32 / 2.0)
        } else {
            let x =
                if to_the_right { bubble.x() + bubble.width() - toolbar_width as f32 } else { bubble.x() };
            (x, bubble_top - toolbar_height as f32 + 8.0)
        };
        let most = |space: i32, size: i32| (space - size - 6).max(6) as f32;
        let x = x.clamp(6.0, most(width, toolbar_width));
        let y = y.clamp(6.0, most(height, toolbar_height));
        put(toolbar, toolbar_width, toolbar_height, x.round(), y.round());
    }
}

/// Tells assistive technology which of how many rows it is.
pub fn tell_position(row: &MessageRow, index: usize, count: usize) {
    row.update_relation(&[
        gtk::accessible::Relation::PosInSet(index as i32 + 1),
        gtk::accessible::Relation::SetSize(count as i32),
    ]);
}

fn natural(widget: &impl IsA<gtk::Widget>, orientation: gtk::Orientation, for_size: i32) -> (i32, i32) {
    let (least, likes, ..) = widget.measure(orientation, for_size);
    (likes.max(least), least)
}

fn put(widget: &impl IsA<gtk::Widget>, width: i32, height: i32, x: f32, y: f32) {
    let place = gsk::Transform::new().translate(&graphene::Point::new(x, y));
    widget.allocate(width, height, -1, Some(place));
}

//! Selecting text with the pointer, across rows.
//!
//! The gesture watches in the capture phase and claims nothing until the pointer has moved, so
//! links and buttons still get their clicks.

use std::time::Duration;

use gtk::{gdk, glib, prelude::*, subclass::prelude::*};

use super::{HistoryList, MessageRow, imp};
use crate::history::{
    request::Request,
    selection::{self, Caret, Span},
    words::{self, Words},
};

/// How far the pointer must move before it means to select.
const THRESHOLD: f64 = 6.0;
/// How near to the edge the list scrolls along.
const EDGE: f64 = 24.0;

/// A selection in the making.
#[derive(Debug)]
pub struct Drag {
    start: (f64, f64),
    pointer: (f64, f64),
    claimed: bool,
}

impl HistoryList {
    pub(super) fn install_selecting(&self) {
        // GTK asks the latest first: a press begins a selection anew, then takes the whole word.
        let click = gtk::GestureClick::builder()
            .button(gdk::BUTTON_PRIMARY)
            .propagation_phase(gtk::PropagationPhase::Capture)
            .build();
        click.connect_pressed(glib::clone!(
            #[weak(rename_to = list)]
            self,
            move |_, presses, x, y| list.imp().pressed(presses, x, y)
        ));
        self.add_controller(click);

        let drag = gtk::GestureDrag::builder()
            .button(gdk::BUTTON_PRIMARY)
            .propagation_phase(gtk::PropagationPhase::Capture)
            .build();
        drag.connect_drag_begin(glib::clone!(
            #[weak(rename_to = list)]
            self,
            move |drag, x, y| {
                let touch =
                    drag.device().is_some_and(|device| device.source() == gdk::InputSource::Touchscreen);
                if touch || !list.imp().drag_begins(x, y) {
                    drag.set_state(gtk::EventSequenceState::Denied);
                }
            }
        ));
        drag.connect_drag_update(glib::clone!(
            #[weak(rename_to = list)]
            self,
            move |drag, x, y| {
                if list.imp().drag_moves(x, y) {
                    drag.set_state(gtk::EventSequenceState::Claimed);
                }
            }
        ));
        drag.connect_drag_end(glib::clone!(
            #[weak(rename_to = list)]
            self,
            move |_, x, y| list.imp().drag_ends(x, y)
        ));
        self.add_controller(drag);
    }

    /// Selects from a place in one message to a place in another.
    pub fn select(&self, from: Caret, to: Caret) {
        self.imp().selection.begin(from);
        self.imp().selection.extend(to);
        self.imp().show_selection();
    }

    /// Selects nothing.
    pub fn clear_selection(&self) {
        self.imp().selection.clear();
        self.imp().show_selection();
    }

    /// What is selected, as text: several messages each with who said it and when.
    pub fn selected_text(&self) -> Option<String> {
        let imp = self.imp();
        let span = imp.span()?;
        let slots = imp.slots.borrow();
        let several = span.rows().count() > 1;
        let clock = imp.context.get()?.clock.get();
        let texts: Vec<_> = span
            .rows()
            .filter_map(|index| {
                let item = slots.get(index)?.object.item();
                let words = Words::of(&item.message);
                let text = &words.text[span.in_row(index, &words.text)?];
                let time = clock.time(item.message.time);
                Some(if several {
                    format!("{} ({time}): {text}", words::sender(&item.message))
                } else {
                    text.to_owned()
                })
            })
            .collect();
        Some(texts.join("\n")).filter(|text| !text.is_empty())
    }
}

impl imp::HistoryList {
    fn span(&self) -> Option<Span> {
        self.selection.span(|id| self.index_of(id))
    }

    /// Tells every row what of it is selected.
    pub fn show_selection(&self) {
        let span = self.span();
        for (index, slot) in self.slots.borrow().iter().enumerate() {
            if let Some(row) = &slot.row {
                row.set_selected(span.and_then(|span| span.in_row(index, &row.text())));
            }
        }
    }

    /// Tells a row that was just bound. Called while rows are made, when `span` cannot look.
    pub fn show_selection_in(&self, row: &MessageRow, _index: usize) {
        if self.selection.ends().is_none() {
            return;
        }
        let list = self.obj().downgrade();
        let row = row.downgrade();
        glib::idle_add_local_full(glib::Priority::HIGH_IDLE, move || {
            if let (Some(list), Some(row)) = (list.upgrade(), row.upgrade()) {
                let imp = list.imp();
                let index = row.object().and_then(|object| imp.index_of(object.id()));
                let part = index.zip(imp.span()).and_then(|(index, span)| span.in_row(index, &row.text()));
                row.set_selected(part);
            }
            glib::ControlFlow::Break
        });
    }

    fn caret_at(&self, x: f64, y: f64) -> Option<Caret> {
        let height = f64::from(self.obj().height());
        let index = self.geometry.borrow().row_at(y.clamp(0.0, height - 1.0))?;
        let slots = self.slots.borrow();
        let slot = slots.get(index)?;
        let row = slot.row.as_ref()?;
        let point = self.obj().compute_point(row, &gtk::graphene::Point::new(x as f32, y as f32))?;
        Some(Caret {
            message: slot.object.id(),
            byte: row.byte_at(f64::from(point.x()), f64::from(point.y())),
        })
    }

    /// The link at a point of the list.
    pub fn link_at(&self, x: f64, y: f64) -> Option<String> {
        let row = self.obj().row_of(self.message_at(y)?)?;
        let point = self.obj().compute_point(&row, &gtk::graphene::Point::new(x as f32, y as f32))?;
        row.link_at(f64::from(point.x()), f64::from(point.y()))
    }

    fn drag_begins(&self, x: f64, y: f64) -> bool {
        if self.selection.ends().is_some() {
            self.obj().clear_selection();
        }
        let target = self.obj().pick(x, y, gtk::PickFlags::DEFAULT);
        let on_button = target.is_some_and(|target| {
            target.is::<gtk::Button>() || target.ancestor(gtk::Button::static_type()).is_some()
        });
        let Some(caret) = self.caret_at(x, y).filter(|_| !on_button) else { return false };
        self.selection.begin(caret);
        self.drag.replace(Some(Drag { start: (x, y), pointer: (x, y), claimed: false }));
        true
    }

    /// Whether the movement is one that selects.
    fn drag_moves(&self, x: f64, y: f64) -> bool {
        let began = {
            let mut drag = self.drag.borrow_mut();
            let Some(drag) = drag.as_mut() else { return false };
            drag.pointer = (drag.start.0 + x, drag.start.1 + y);
            if !drag.claimed && x.hypot(y) < THRESHOLD {
                return false;
            }
            !std::mem::replace(&mut drag.claimed, true)
        };
        if began {
            self.hover(None);
            self.scroll_along();
        }
        self.extend_to_pointer();
        true
    }

    fn extend_to_pointer(&self) {
        let pointer = self.drag.borrow().as_ref().map(|drag| drag.pointer);
        if let Some(caret) = pointer.and_then(|(x, y)| self.caret_at(x, y)) {
            self.selection.extend(caret);
            self.show_selection();
        }
    }

    /// Scrolls while the pointer is held at an edge.
    fn scroll_along(&self) {
        let list = self.obj().downgrade();
        glib::timeout_add_local(Duration::from_millis(16), move || {
            let Some(list) = list.upgrade() else { return glib::ControlFlow::Break };
            let Some((_, y)) = list.imp().drag.borrow().as_ref().map(|drag| drag.pointer) else {
                return glib::ControlFlow::Break;
            };
            let height = f64::from(list.height());
            let beyond = if y < EDGE { y - EDGE } else { (y - height + EDGE).max(0.0) };
            if beyond != 0.0 {
                list.scroll_by(beyond.clamp(-80.0, 80.0) / 4.0);
                list.imp().extend_to_pointer();
            }
            glib::ControlFlow::Continue
        });
    }

    /// The pointer was let go. Where it selected nothing it was a click, perhaps on a link.
    fn drag_ends(&self, x: f64, y: f64) {
        let drag = self.drag.take();
        if let Some(drag) = drag.filter(|drag| !drag.claimed && x.hypot(y) < THRESHOLD)
            && let Some(link) = self.link_at(drag.start.0, drag.start.1)
            && let Some(context) = self.context.get()
        {
            context.request(Request::OpenLink(link));
        }
        if let Some(text) = self.obj().selected_text() {
            self.obj().primary_clipboard().set_text(&text);
        }
    }

    fn pressed(&self, presses: i32, x: f64, y: f64) {
        let Some(caret) = self.caret_at(x, y) else { return };
        let Some(row) = self.obj().row_of(caret.message) else { return };
        let text = row.text();
        match presses {
            2 => self.selection.select(caret.message, &selection::word_at(&text, caret.byte)),
            3 => self.selection.select(caret.message, &(0..text.len())),
            _ => return,
        }
        self.show_selection();
    }
}

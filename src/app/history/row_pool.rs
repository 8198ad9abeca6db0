//! Rows that show nothing at the moment, kept for use again: making one costs ten times what
//! binding one costs.
//!
//! They stay children of the history, out of sight. To leave it and to come back would cost a row its styles, its
//! fonts and its place on the accessibility bus.

use std::{cell::RefCell, rc::Rc};

use gtk::prelude::*;

use super::{
    context::Context,
    row::{Kind, MessageRow},
};

/// More than this of one kind are let go.
const MOST: usize = 48;

/// See the top of the file.
#[derive(Default)]
pub struct RowPool {
    incoming: RefCell<Vec<MessageRow>>,
    outgoing: RefCell<Vec<MessageRow>>,
}

impl RowPool {
    fn of(&self, kind: Kind) -> &RefCell<Vec<MessageRow>> {
        match kind {
            Kind::Incoming => &self.incoming,
            Kind::Outgoing => &self.outgoing,
        }
    }

    /// A row of a kind, used before or new.
    pub fn take(&self, kind: Kind, context: &Rc<Context>) -> MessageRow {
        self.of(kind).borrow_mut().pop().unwrap_or_else(|| MessageRow::new(kind, context))
    }

    /// Gives back a row.
    pub fn give(&self, row: MessageRow) {
        row.unbind();
        let mut rows = self.of(row.kind()).borrow_mut();
        if rows.len() < MOST {
            row.set_visible(false);
            rows.push(row);
        } else {
            row.unparent();
        }
    }
}

//! Rows that show nothing at the moment, kept for use again: making one costs ten times what
//! binding one costs.

use std::{cell::RefCell, rc::Rc};

use super::{
    context::Context,
    row::{Kind, MessageRow},
};

/// More than this of one kind are let go.
const MOST: usize = 24;

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

    /// Gives back a row that has no parent any more.
    pub fn give(&self, row: MessageRow) {
        row.unbind();
        let mut rows = self.of(row.kind()).borrow_mut();
        if rows.len() < MOST {
            rows.push(row);
        }
    }
}

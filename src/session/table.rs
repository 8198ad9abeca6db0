//! Which accounts are on this device: written by their threads, read by the front end.
//!
//! The only lock in the crate. It is held for as long as a look-up takes, and never while anything
//! else is done.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_channel::Sender;
use model::{AccountId, BareJid, ConnectionState};
use store::ReaderHandle;

use crate::{AccountInfo, Condition, mail::Mail};

/// The table. Clones are the same table.
#[derive(Clone, Default)]
pub(crate) struct Table {
    rows: Arc<Mutex<HashMap<AccountId, Row>>>,
}

struct Row {
    mailbox: Sender<Mail>,
    address: Option<BareJid>,
    condition: Condition,
    reader: Option<ReaderHandle>,
    /// Whether the front end may know of it: not before a first sign-in worked.
    listed: bool,
}

impl Table {
    fn rows(&self) -> MutexGuard<'_, HashMap<AccountId, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters an account whose thread is about to start.
    pub(crate) fn enter(&self, id: AccountId, mailbox: Sender<Mail>, address: Option<BareJid>, listed: bool) {
        let row = Row { mailbox, address, condition: Condition::Opening, reader: None, listed };
        self.rows().insert(id, row);
    }

    pub(crate) fn strike_out(&self, id: AccountId) {
        self.rows().remove(&id);
    }

    pub(crate) fn set_open(&self, id: AccountId, address: BareJid, reader: ReaderHandle) {
        if let Some(row) = self.rows().get_mut(&id) {
            row.address = Some(address);
            row.reader = Some(reader);
            row.condition = Condition::Open(ConnectionState::Offline);
        }
    }

    pub(crate) fn set_listed(&self, id: AccountId) {
        if let Some(row) = self.rows().get_mut(&id) {
            row.listed = true;
        }
    }

    pub(crate) fn set_condition(&self, id: AccountId, condition: Condition) {
        if let Some(row) = self.rows().get_mut(&id) {
            row.condition = condition;
        }
    }

    pub(crate) fn listed(&self) -> Vec<AccountInfo> {
        self.rows()
            .iter()
            .filter(|(_, row)| row.listed)
            .map(|(&id, row)| AccountInfo {
                id,
                address: row.address.clone(),
                condition: row.condition.clone(),
            })
            .collect()
    }

    /// Whether an address is here already, or about to be.
    pub(crate) fn has_address(&self, address: &BareJid) -> bool {
        self.rows().values().any(|row| row.address.as_ref() == Some(address))
    }

    pub(crate) fn reader(&self, id: AccountId) -> Option<ReaderHandle> {
        self.rows().get(&id).filter(|row| row.listed).and_then(|row| row.reader.clone())
    }

    pub(crate) fn mailbox(&self, id: AccountId) -> Option<Sender<Mail>> {
        self.rows().get(&id).map(|row| row.mailbox.clone())
    }

    /// Every account that is here.
    pub(crate) fn accounts(&self) -> Vec<AccountId> {
        self.rows().keys().copied().collect()
    }

    pub(crate) fn mailboxes(&self) -> Vec<Sender<Mail>> {
        self.rows().values().map(|row| row.mailbox.clone()).collect()
    }
}

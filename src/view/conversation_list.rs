//! The list of conversations of every account.
//!
//! The list is held whole: a person has some hundred conversations, not a million. Rows stand
//! pinned ones first, then by last activity. A change reads that one conversation again and moves
//! its row; presence and typing, which are on no disk, are kept here and laid over the row.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use model::{
    AccountId, BareJid, Change, ChatState, ConnectionState, ContactPresence, ConversationId,
    ConversationKind, ConversationSummary, Event, EventKind, Timestamp,
};
use store::{Error, ReaderHandle};

use crate::diff::Diff;

/// Names a conversation among all accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationKey {
    /// Its account.
    pub account: AccountId,
    /// Its row there.
    pub conversation: ConversationId,
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// Which conversation.
    pub key: ConversationKey,
    /// What stands in the row.
    pub summary: ConversationSummary,
}

/// Which conversations to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// All that are not archived.
    #[default]
    All,
    /// Those with one person.
    Direct,
    /// Those with something unread.
    Unread,
    /// Those put away.
    Archived,
}

/// Every conversation, in the order of the list.
#[derive(Default)]
pub struct ConversationList {
    readers: HashMap<AccountId, ReaderHandle>,
    filter: Filter,
    /// All conversations, whether the filter lets them through or not.
    all: HashMap<ConversationKey, ConversationSummary>,
    /// What is shown, in order.
    rows: Vec<ConversationRow>,
    /// Accounts without a connection: what they last heard of others says nothing about now.
    offline: HashSet<AccountId>,
    presence: HashMap<(AccountId, BareJid), ContactPresence>,
    chat_states: HashMap<(AccountId, BareJid), ChatState>,
}

impl ConversationList {
    /// An empty list. Add accounts to it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The rows shown.
    pub fn rows(&self) -> &[ConversationRow] {
        &self.rows
    }

    /// Any conversation, shown or not.
    pub fn get(&self, key: ConversationKey) -> Option<&ConversationSummary> {
        self.all.get(&key)
    }

    /// Messages that wait to be read in conversations that may notify.
    pub fn unread(&self) -> u32 {
        self.all
            .values()
            .filter(|summary| !summary.conversation.archived)
            .map(|summary| summary.conversation.unread)
            .sum()
    }

    /// Adds an account, or reads it again.
    pub async fn add_account(
        &mut self,
        account: AccountId,
        reader: ReaderHandle,
    ) -> Result<Vec<Diff<ConversationRow>>, Error> {
        let summaries = reader.conversations().await?;
        self.readers.insert(account, reader);
        self.all.retain(|key, _| key.account != account);
        for summary in summaries {
            let key = ConversationKey { account, conversation: summary.conversation.id };
            let summary = self.overlay(account, summary);
            self.all.insert(key, summary);
        }
        Ok(self.rebuild())
    }

    /// Takes an account out.
    pub fn remove_account(&mut self, account: AccountId) -> Vec<Diff<ConversationRow>> {
        self.readers.remove(&account);
        self.all.retain(|key, _| key.account != account);
        self.presence.retain(|(owner, _), _| *owner != account);
        self.chat_states.retain(|(owner, _), _| *owner != account);
        self.rebuild()
    }

    /// Shows other conversations.
    pub fn set_filter(&mut self, filter: Filter) -> Vec<Diff<ConversationRow>> {
        self.filter = filter;
        self.rebuild()
    }

    /// Brings the list up to date with `events`. Give it all that are waiting: each conversation is read once.
    pub async fn handle_events<'e>(
        &mut self,
        events: impl IntoIterator<Item = &'e Event>,
    ) -> Result<Vec<Diff<ConversationRow>>, Error> {
        let mut touched: Vec<ConversationKey> = Vec::new();
        let mut diffs = Vec::new();
        for event in events {
            let account = event.account;
            match &event.kind {
                EventKind::Presence(address, presence) => {
                    self.presence.insert((account, address.clone()), presence.clone());
                    diffs.extend(self.redraw(account, address));
                }
                EventKind::ChatState(address, state) => {
                    self.chat_states.insert((account, address.clone()), *state);
                    diffs.extend(self.redraw(account, address));
                }
                EventKind::Connection(state) => diffs.extend(self.connection(account, state)),
                EventKind::Changed { change: Change::Everything, .. } => {
                    if let Some(reader) = self.readers.get(&account).cloned() {
                        diffs.extend(self.add_account(account, reader).await?);
                    }
                }
                EventKind::Changed { change: Change::ConversationRemoved(conversation), .. } => {
                    let key = ConversationKey { account, conversation: *conversation };
                    self.all.remove(&key);
                    touched.retain(|other| *other != key);
                    diffs.extend(self.place(key));
                }
                EventKind::Changed { change, .. } => touched.extend(self.concerned(account, change)),
                _ => {}
            }
        }
        touched.sort_unstable();
        touched.dedup();
        for key in touched {
            diffs.extend(self.read(key).await?);
        }
        Ok(diffs)
    }

    /// The conversations whose row a change may alter.
    fn concerned(&self, account: AccountId, change: &Change) -> Vec<ConversationKey> {
        match change {
            Change::MessageAdded(conversation, _)
            | Change::MessageChanged(conversation, _)
            | Change::MessageRemoved(conversation, _)
            | Change::Conversation(conversation) => {
                vec![ConversationKey { account, conversation: *conversation }]
            }
            Change::Contact(address) | Change::Devices(address) => self.with(account, address),
            Change::ConversationRemoved(_) | Change::Account | Change::Everything => Vec::new(),
        }
    }

    fn with(&self, account: AccountId, address: &BareJid) -> Vec<ConversationKey> {
        self.all
            .iter()
            .filter(|(key, summary)| key.account == account && summary.conversation.address == *address)
            .map(|(key, _)| *key)
            .collect()
    }

    async fn read(&mut self, key: ConversationKey) -> Result<Vec<Diff<ConversationRow>>, Error> {
        let Some(reader) = self.readers.get(&key.account).cloned() else {
            return Ok(Vec::new());
        };
        match reader.conversation(key.conversation).await? {
            Some(summary) => {
                let summary = self.overlay(key.account, summary);
                self.all.insert(key, summary);
            }
            None => {
                self.all.remove(&key);
            }
        }
        Ok(self.place(key))
    }

    fn redraw(&mut self, account: AccountId, address: &BareJid) -> Vec<Diff<ConversationRow>> {
        let mut diffs = Vec::new();
        for key in self.with(account, address) {
            if let Some(summary) = self.all.get(&key).cloned() {
                let summary = self.overlay(account, summary);
                self.all.insert(key, summary);
                diffs.extend(self.place(key));
            }
        }
        diffs
    }

    /// The link came or went, and with it what is known of others. A session that is resumed has missed nothing.
    fn connection(&mut self, account: AccountId, state: &ConnectionState) -> Vec<Diff<ConversationRow>> {
        let changed = if *state == ConnectionState::Online {
            self.offline.remove(&account)
        } else {
            self.offline.insert(account)
        };
        if !changed {
            return Vec::new();
        }
        let others: HashSet<BareJid> = self
            .presence
            .keys()
            .chain(self.chat_states.keys())
            .filter(|(owner, _)| *owner == account)
            .map(|(_, address)| address.clone())
            .collect();
        others.iter().flat_map(|address| self.redraw(account, address)).collect()
    }

    /// Lays over a row what only memory knows.
    fn overlay(&self, account: AccountId, mut summary: ConversationSummary) -> ConversationSummary {
        if self.offline.contains(&account) {
            summary.presence = ContactPresence::default();
            summary.chat_state = ChatState::default();
            return summary;
        }
        let who = (account, summary.conversation.address.clone());
        summary.presence = self.presence.get(&who).cloned().unwrap_or_default();
        summary.chat_state = self.chat_states.get(&who).copied().unwrap_or_default();
        summary
    }

    /// Puts the row of `key` where it belongs now.
    fn place(&mut self, key: ConversationKey) -> Vec<Diff<ConversationRow>> {
        let old = self.rows.iter().position(|row| row.key == key);
        let new = self
            .all
            .get(&key)
            .filter(|summary| self.filter.lets_through(summary))
            .map(|summary| ConversationRow { key, summary: summary.clone() });
        let unchanged = old.and_then(|index| self.rows.get(index)) == new.as_ref();
        if unchanged {
            return Vec::new();
        }
        if let Some(index) = old {
            self.rows.remove(index);
        }
        let target = new.as_ref().map(|row| self.rows.partition_point(|other| order(other) < order(row)));
        if let (Some(row), Some(index)) = (&new, target) {
            self.rows.insert(index, row.clone());
        }
        match (old, new.zip(target)) {
            (Some(old), Some((item, index))) if old == index => vec![Diff::Update { index, item }],
            (old, new) => old
                .map(|index| Diff::Remove { index, count: 1 })
                .into_iter()
                .chain(new.map(|(item, index)| Diff::Insert { index, items: vec![item] }))
                .collect(),
        }
    }

    fn rebuild(&mut self) -> Vec<Diff<ConversationRow>> {
        let mut rows: Vec<ConversationRow> = self
            .all
            .iter()
            .filter(|(_, summary)| self.filter.lets_through(summary))
            .map(|(key, summary)| ConversationRow { key: *key, summary: summary.clone() })
            .collect();
        rows.sort_by_key(order);
        if rows == self.rows {
            return Vec::new();
        }
        self.rows.clone_from(&rows);
        vec![Diff::Reset(rows)]
    }
}

impl Filter {
    fn lets_through(self, summary: &ConversationSummary) -> bool {
        let conversation = &summary.conversation;
        match self {
            Self::All => !conversation.archived,
            Self::Direct => !conversation.archived && conversation.kind == ConversationKind::Direct,
            Self::Unread => !conversation.archived && conversation.unread > 0,
            Self::Archived => conversation.archived,
        }
    }
}

/// Pinned first, then the newest; the key decides between equals, so that the order is total.
fn order(row: &ConversationRow) -> (bool, Reverse<Timestamp>, ConversationKey) {
    (!row.summary.conversation.pinned, Reverse(row.summary.last_activity), row.key)
}

#[cfg(test)]
mod tests;

//! What a module is given to handle one input.
//!
//! [`Turn`] is the transaction, the time and everything this account remembers while it runs. A
//! module is a file of plain functions that take `&mut Turn` first: `roster::handle_push(turn, …)`,
//! `presence::handle(turn, …)`. What a module remembers beyond the disk is a struct `Memory` of its
//! own, a field of [`State`], empty at the start of each process (DESIGN rule 2: nothing may
//! depend on it being there).
//!
//! A module acts in four ways, all of them released only after the commit:
//!
//! * rows, through `turn.tx`, with [`Turn::changed`] so that readers fetch them;
//! * events that are never stored, through [`Turn::event`];
//! * stanzas that may be lost with the link, through [`Turn::send`] and [`Turn::send_iq`];
//! * messages that may not, which only `outbox` sends, from their stored bytes (DESIGN rule 3).
//!
//! An IQ answer comes back through `answers.rs`: the request's [`PendingIq`] says to which module.
//! It was matched by id *and* sender by then (DESIGN rule 10), and comes exactly once: as a result, an
//! error, or the news that none will come.

use std::collections::{BTreeSet, VecDeque};

use model::{BareJid, Change, ConversationId, EventKind, FullJid, Now, Timestamp};
use rand_core::{CryptoRng, Rng as _};
use store::Tx;
use xmpp::{PendingIqs, Stream, StreamFeaturesSummary, minidom::Element};

use crate::{
    Error, Output, Setup, answers, archive, avatars, blocking, calls, caps, chat_states, connection, disco,
    displayed_sync, files, messages, nickname, omemo, outbox, pep, presence, refused::Refused, roster,
};

/// One input being handled.
pub struct Turn<'a, 'tx> {
    /// The transaction that ends with this input.
    pub tx: &'a mut Tx<'tx>,
    /// The time of this input.
    pub now: Now,
    /// What is remembered between inputs.
    pub state: &'a mut State,
}

/// What an account remembers between inputs, module by module.
pub struct State {
    /// What the program says of itself.
    pub setup: Setup,
    /// Who we are.
    pub own: Own,
    /// The way to the server.
    pub connection: connection::Memory,
    /// The link, while there is one.
    pub stream: Option<Stream>,
    /// The requests that wait for an answer.
    pub requests: PendingIqs<PendingIq>,
    /// How many stanzas of each forged or senseless kind were refused.
    pub refused: Refused,
    /// Where chance comes from.
    pub rng: Box<dyn CryptoRng + Send>,
    pub(crate) archive: archive::Memory,
    pub(crate) avatars: avatars::Memory,
    pub(crate) calls: calls::Memory,
    pub(crate) caps: caps::Memory,
    pub(crate) chat_states: chat_states::Memory,
    pub(crate) courtesies: messages::Memory,
    pub(crate) displayed_sync: displayed_sync::Memory,
    pub(crate) files: files::Memory,
    pub(crate) omemo: omemo::Memory,
    pub(crate) outbox: outbox::Memory,
    pub(crate) presence: presence::Memory,
    pub(crate) roster: roster::Memory,
    /// Requests that could not be sent, to be told so.
    pub(crate) unsent: Vec<PendingIq>,
    /// Conversations whose rows are being deleted, piece by piece.
    pub(crate) deleting: BTreeSet<ConversationId>,
    pub(crate) outputs: VecDeque<Output>,
    /// What this turn changed and tells, until it ends.
    changes: Vec<Change>,
    events: Vec<EventKind>,
}

/// Who we are on the network, and what our server can do.
pub struct Own {
    /// The account.
    pub bare: BareJid,
    /// The session, while online.
    pub full: Option<FullJid>,
    /// What the server told of itself and of the account (XEP-0030), as far as it is known.
    pub server: disco::ServerFeatures,
    /// What the stream itself offered.
    pub stream: StreamFeaturesSummary,
    /// Whether receipts and markers are sent (XEP-0184, XEP-0333).
    pub sends_receipts: bool,
    /// Whether chat states are sent (XEP-0085).
    pub sends_typing: bool,
}

/// Which module waits for the answer to an IQ, and what it asked.
///
/// Each module names its own questions in an enum `Asked`.
#[derive(Clone, Debug)]
pub enum PendingIq {
    /// A page of the archive (XEP-0313).
    Archive(archive::Asked),
    /// To get carbons (XEP-0280).
    Carbons,
    /// A sign of life from a server without stream management.
    OutboxProbe,
    /// A password change (XEP-0077 §3.3).
    Password(model::RequestId, PasswordChange),
    /// `roster`
    Roster(roster::Asked),
    /// `calls`
    Calls(calls::Asked),
    /// `disco`
    Disco(disco::Asked),
    /// `caps`
    Caps(caps::Asked),
    /// `avatars`
    Avatars(avatars::Asked),
    /// `nickname`
    Nickname(nickname::Asked),
    /// `blocking`
    Blocking(blocking::Asked),
    /// `displayed_sync`
    DisplayedSync(displayed_sync::Asked),
    /// `files`
    Files(files::Asked),
    /// `omemo`
    Omemo(omemo::Asked),
    /// `pep`
    Pep(pep::Asked),
}

/// A password on its way, never printed.
#[derive(Clone)]
pub struct PasswordChange(pub String);

impl std::fmt::Debug for PasswordChange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Whether an IQ asks or changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IqKind {
    /// It asks.
    Get,
    /// It changes.
    Set,
}

impl IqKind {
    /// The value of the attribute `type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Set => "set",
        }
    }
}

impl State {
    /// What is known at the start of a process: what is on disk.
    pub fn load(setup: Setup, tx: &mut Tx<'_>, rng: Box<dyn CryptoRng + Send>) -> Result<Self, Error> {
        let Some(profile) = tx.reads().account()? else { return Err(Error::NoAccount) };
        let bare = profile.settings.address;
        Ok(Self {
            setup,
            own: Own {
                bare: bare.clone(),
                full: None,
                server: disco::ServerFeatures::load(tx.reads())?,
                stream: StreamFeaturesSummary::default(),
                sends_receipts: profile.send_receipts,
                sends_typing: profile.send_typing,
            },
            connection: connection::Memory::new(profile.settings.enabled),
            stream: None,
            requests: PendingIqs::new(bare),
            refused: Refused::default(),
            rng,
            archive: archive::Memory::default(),
            avatars: avatars::Memory::default(),
            calls: calls::Memory::default(),
            caps: caps::Memory::default(),
            chat_states: chat_states::Memory::default(),
            courtesies: messages::Memory::default(),
            displayed_sync: displayed_sync::Memory::default(),
            files: files::Memory::default(),
            omemo: omemo::Memory::default(),
            outbox: outbox::Memory::default(),
            presence: presence::Memory::default(),
            roster: roster::Memory::default(),
            unsent: Vec::new(),
            deleting: tx.reads().conversations_being_deleted()?.into_iter().collect(),
            outputs: VecDeque::new(),
            changes: Vec::new(),
            events: Vec::new(),
        })
    }
}

impl Turn<'_, '_> {
    /// Ends the turn: what the stream has to say is written, and what changed is told, once.
    pub fn finish(mut self) -> Result<(), Error> {
        files::finish(&mut self)?;
        answers::fail_unsent(&mut self)?;
        connection::flush(&mut self)?;
        let commit = self.tx.commit_number();
        for change in std::mem::take(&mut self.state.changes) {
            self.state.outputs.push_back(Output::Event(EventKind::Changed { change, commit }));
        }
        // After the changes: whoever hears of an incoming message finds it.
        for event in std::mem::take(&mut self.state.events) {
            self.state.outputs.push_back(Output::Event(event));
        }
        Ok(())
    }

    /// Says that rows changed. Readers are told once, with the number of this commit.
    pub fn changed(&mut self, change: Change) {
        if !self.state.changes.contains(&change) {
            self.state.changes.push(change);
        }
    }

    /// Tells something that is never stored.
    pub fn event(&mut self, event: EventKind) {
        self.state.events.push(event);
    }

    /// Whether stanzas can be sent.
    pub fn is_online(&self) -> bool {
        self.state.own.full.is_some()
    }

    /// Sends a presence, an IQ answer, a chat state, a receipt: whatever may be lost with the link.
    /// While offline it is dropped.
    pub fn send(&mut self, stanza: &Element) {
        outbox::send_now(self, stanza);
    }

    /// Asks `to`, or the own server on behalf of the account if `None`, and returns the id of the request.
    ///
    /// The answer goes to the module of `pending`. While offline it gets the news that none will come,
    /// at the end of this input.
    pub fn send_iq(
        &mut self,
        kind: IqKind,
        to: Option<&str>,
        payload: Element,
        pending: PendingIq,
    ) -> String {
        crate::answers::ask(self, kind, to, payload, pending)
    }

    /// Writes bytes to the link, together with what is to be written already.
    pub(crate) fn write(&mut self, bytes: Vec<u8>) {
        match self.state.outputs.back_mut() {
            Some(Output::Write(before)) => before.extend_from_slice(&bytes),
            _ => self.state.outputs.push_back(Output::Write(bytes)),
        }
    }

    /// A new random UUID (RFC 9562 §5.4).
    pub fn new_uuid(&mut self) -> String {
        let high = (self.state.rng.next_u64() & 0xffff_ffff_ffff_0fff) | 0x4000;
        let low = (self.state.rng.next_u64() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }

    /// A new identifier for a stanza, a query, an item: 120 random bits.
    pub fn new_id(&mut self) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut bytes = [0; 24];
        self.state.rng.fill_bytes(&mut bytes);
        bytes
            .iter()
            .filter_map(|byte| LETTERS.get(usize::from(byte & 31)))
            .map(|&letter| char::from(letter))
            .collect()
    }

    /// The wall clock.
    pub fn wall(&self) -> Timestamp {
        self.now.wall
    }

    /// The own bare address.
    pub fn own_bare(&self) -> &BareJid {
        &self.state.own.bare
    }

    /// Whether `from` speaks for the account itself: its bare address, or nobody, which means the
    /// same (RFC 6120 §8.1.2.1).
    pub fn is_own_account(&self, from: Option<&xmpp::Address>) -> bool {
        from.is_none_or(|from| from.is_bare() && from.is_at(&self.state.own.bare))
    }

    /// Whether `from` is the account or the server it lives on: who may push rosters and stamp delays.
    pub fn is_own_server(&self, from: Option<&xmpp::Address>) -> bool {
        self.is_own_account(from)
            || from.is_some_and(|from| {
                from.is_bare()
                    && from.local().is_none()
                    && from.domain() == self.state.own.bare.domain().as_str()
            })
    }

    /// Counts and logs a stanza that was refused (DESIGN rule 10).
    pub fn refuse(&mut self, why: crate::refused::Kind) {
        self.state.refused.count(why);
    }
}

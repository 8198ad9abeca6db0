//! The outbox: what the user said, until the server has it (DESIGN rule 3).
//!
//! A row holds the final bytes and is written in the transaction that shows the message. Its life:
//!
//! ```text
//!            into a stream                       acknowledged (XEP-0198), reflected by a carbon,
//!   Queued ───────────────→ Sent ──────────────→ found in the archive, refused         → gone
//!      ↑                      │
//!      └──────────────────────┘  the archive was read past it, and it is not there
//! ```
//!
//! When a stream is lost and its session too, nobody can say what became of a `Sent` row. It is never resent
//! blindly: the new session reads the archive first, and what went missing is resent when that is done, with
//! the same id and the same bytes. Until then nothing newer is sent either, so that the order stands. Where
//! there is no archive to ask, words are shown as failed, for the user to judge; what can be repeated without
//! harm (reactions, markers, corrections, retractions) is.
//!
//! What is to be encrypted begins with an earlier state, `Unsealed`: its bytes are the words as they are, and when its turn
//! comes `omemo` gives it its final bytes, or it waits, and all of its conversation behind it.
//!
//! Only a few rows are under way at a time: more would wait in the server's socket instead of here.

use std::collections::{BTreeMap, BTreeSet};

use model::{Change, ConversationId, Delivery, DeliveryFailure, DeliveryReason, EncryptionKind, Wait};
use store::{NewOutboxRow, OutboxId, OutboxKind, OutboxRow, OutboxState};
use xmpp::{SendRefused, StanzaToken, minidom::Element, xml};

use crate::{
    Error,
    omemo::{self, Sealing},
    turn::{IqKind, PendingIq, Turn},
};

/// Rows under way at once.
const UNDER_WAY: usize = 20;
/// The token of stanzas whose fate is nobody's concern.
const NOBODY: StanzaToken = StanzaToken(0);

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    /// Rows in the present session whose fate the stream will tell.
    under_way: BTreeSet<OutboxId>,
    /// Whether rows may be sent: online, and what the last session left open is settled.
    open: bool,
    /// The newest row that waits for a sign of life of a server that acknowledges nothing.
    probe: Option<OutboxId>,
    /// Which row of a conversation waited to be sealed when all rows were last looked at.
    held: BTreeMap<ConversationId, OutboxId>,
}

/// What settles the rows that a lost session left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The archive was read to its end: what was not found there is not there.
    ArchiveRead,
    /// There is no archive to tell.
    NoArchive,
}

/// Puts something into the outbox, and sends it if its turn has come.
pub fn push(turn: &mut Turn<'_, '_>, row: &NewOutboxRow<'_>) -> Result<(), Error> {
    turn.tx.push_outbox(row)?;
    pump_for(turn, row)
}

/// Puts something into the outbox that is to be sealed, and tries to.
pub fn push_unsealed(turn: &mut Turn<'_, '_>, row: &NewOutboxRow<'_>) -> Result<(), Error> {
    turn.tx.push_unsealed(row)?;
    if let Some(message) = row.message.filter(|_| row.kind == OutboxKind::Message) {
        turn.tx.set_waits(message, Some(Wait::Keys))?;
    }
    pump_for(turn, row)
}

/// Sends a new row if its turn has come. Behind a row that waits it has not: whatever that waits for pumps when it comes,
/// and looking at all rows for each new one would take the longer the more there are.
fn pump_for(turn: &mut Turn<'_, '_>, row: &NewOutboxRow<'_>) -> Result<(), Error> {
    if let Some(first) = row.conversation.and_then(|conversation| turn.state.outbox.held.get(&conversation))
        && let Some(first) = turn.tx.reads().outbox_row(*first)?
        && first.state == OutboxState::Unsealed
    {
        return Ok(());
    }
    pump(turn)
}

/// Sends what waits, as far as it may.
pub fn pump(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if !turn.state.outbox.open {
        return Ok(());
    }
    let mut past = OutboxId(0);
    let mut sent_any = false;
    // Conversations of which a row waits: what was said later waits behind it.
    let mut held: BTreeMap<ConversationId, OutboxId> = BTreeMap::new();
    turn.state.outbox.held.clear();
    while let Some(room @ 1..) = UNDER_WAY.checked_sub(turn.state.outbox.under_way.len()) {
        let rows = turn.tx.reads().outbox_ready(past, u32::try_from(room).unwrap_or(1))?;
        let Some(last) = rows.last() else {
            turn.state.outbox.held = held;
            break;
        };
        past = last.id;
        for row in rows {
            match row.kind {
                OutboxKind::Message | OutboxKind::Edit | OutboxKind::Query => {}
                OutboxKind::Prepare | OutboxKind::Upload => continue,
            }
            if row.conversation.is_some_and(|conversation| held.contains_key(&conversation)) {
                continue;
            }
            let Some(row) = sealed(turn, row, &mut held)? else { continue };
            if !send(turn, &row)? {
                return Ok(());
            }
            sent_any = true;
        }
    }
    if sent_any { probe(turn) } else { Ok(()) }
}

/// A row with its final bytes; `None` if it has to wait for them.
fn sealed(
    turn: &mut Turn<'_, '_>,
    mut row: OutboxRow,
    held: &mut BTreeMap<ConversationId, OutboxId>,
) -> Result<Option<OutboxRow>, Error> {
    if row.state != OutboxState::Unsealed {
        return Ok(Some(row));
    }
    let sealing = omemo::seal(turn, &row)?;
    let wait = if let Sealing::Waits(wait) = sealing { Some(wait) } else { None };
    if let Some(message) = row.message.filter(|_| row.kind == OutboxKind::Message)
        && turn.tx.set_waits(message, wait)?
    {
        told(turn, &row);
    }
    match sealing {
        Sealing::Done(bytes) => {
            turn.tx.seal_outbox(row.id, &bytes)?;
            row.bytes = bytes;
            row.state = OutboxState::Queued;
            Ok(Some(row))
        }
        Sealing::Waits(wait) => {
            if wait == Wait::Keys {
                omemo::retry_later(turn);
            }
            held.extend(row.conversation.map(|conversation| (conversation, row.id)));
            Ok(None)
        }
        Sealing::Postponed => Ok(None),
        Sealing::Dropped => {
            turn.tx.settle_outbox(row.id)?;
            Ok(None)
        }
    }
}

/// Encryption was turned off: what waits for it in a conversation is not sent in the clear by itself. Words fail, for the
/// user to try again; what only goes with words is given up.
pub fn give_up_unsealed(turn: &mut Turn<'_, '_>, conversation: ConversationId) -> Result<(), Error> {
    for row in turn.tx.reads().outbox_unsealed(conversation)? {
        turn.tx.settle_outbox(row.id)?;
        if let Some(message) = row.message.filter(|_| row.kind == OutboxKind::Message) {
            turn.tx.set_waits(message, None)?;
            turn.tx.set_message_encryption(message, EncryptionKind::None)?;
        }
        fail(turn, &row, DeliveryReason::EncryptionTurnedOff)?;
    }
    pump(turn)
}

/// Sends one row. False if the stream takes nothing now.
fn send(turn: &mut Turn<'_, '_>, row: &OutboxRow) -> Result<bool, Error> {
    let Some(stream) = &mut turn.state.stream else { return Ok(false) };
    match stream.send(row.bytes.clone(), token(row.id), turn.now) {
        Ok(()) => {
            turn.tx.mark_outbox_sent(row.id)?;
            turn.state.outbox.under_way.insert(row.id);
            Ok(true)
        }
        Err(SendRefused::TooLarge { .. }) => {
            turn.tx.settle_outbox(row.id)?;
            fail(turn, row, DeliveryReason::TooLarge)?;
            Ok(true)
        }
        Err(_) => Ok(false),
    }
}

/// A server without stream management says nothing by itself. It handles stanzas in order, though (RFC 6120
/// §10.1), so its answer to a later ping says that it had what came before.
fn probe(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if turn.state.own.stream.stream_management || turn.state.outbox.probe.is_some() {
        return Ok(());
    }
    turn.state.outbox.probe = turn.state.outbox.under_way.last().copied();
    let ping = xmpp::payload::tag("ping", "urn:xmpp:ping", &[]);
    let server = turn.state.own.bare.domain().to_string();
    turn.send_iq(IqKind::Get, Some(&server), ping, PendingIq::OutboxProbe);
    Ok(())
}

/// The ping was answered, with whatever: the server is past what came before it.
pub fn probe_answered(turn: &mut Turn<'_, '_>, outcome: &xmpp::IqOutcome) -> Result<(), Error> {
    let Some(newest) = turn.state.outbox.probe.take() else { return Ok(()) };
    if matches!(outcome, xmpp::IqOutcome::TimedOut | xmpp::IqOutcome::Lost) {
        return Ok(());
    }
    let passed: Vec<_> = turn.state.outbox.under_way.range(..=newest).copied().collect();
    for id in passed {
        settle(turn, id)?;
    }
    pump(turn)?;
    if turn.state.outbox.under_way.is_empty() { Ok(()) } else { probe(turn) }
}

/// Sends a stanza that may be lost with the link.
pub fn send_now(turn: &mut Turn<'_, '_>, stanza: &Element) {
    send_bytes_now(turn, xml::serialise(stanza));
}

/// Sends the bytes of a stanza that may be lost with the link.
pub fn send_bytes_now(turn: &mut Turn<'_, '_>, bytes: Vec<u8>) {
    if !turn.is_online() {
        return;
    }
    if let Some(stream) = &mut turn.state.stream
        && let Err(refused) = stream.send(bytes, NOBODY, turn.now)
    {
        tracing::debug!(%refused, "a stanza was dropped");
    }
}

/// A fresh session began: what the last one left open is settled first, by the archive.
pub fn begin(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.state.outbox.under_way.clear();
    turn.state.outbox.probe = None;
    turn.state.outbox.open = turn.tx.reads().outbox_unsettled()?.is_empty();
    pump(turn)
}

/// The earlier session goes on: the stream itself resends what the server did not get.
pub fn resumed(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    pump(turn)
}

/// The session is over for good.
pub fn end(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.state.outbox = Memory::default();
    Ok(())
}

/// The archive was read to its end, or there is none.
pub fn settled(turn: &mut Turn<'_, '_>, answer: Answer) -> Result<(), Error> {
    if turn.state.outbox.open || !turn.is_online() {
        return Ok(());
    }
    for row in turn.tx.reads().outbox_unsettled()? {
        if answer == Answer::ArchiveRead || row.kind != OutboxKind::Message {
            turn.tx.requeue_outbox(row.id)?;
        } else {
            turn.tx.settle_outbox(row.id)?;
            fail(turn, &row, DeliveryReason::Other)?;
        }
    }
    turn.state.outbox.open = true;
    pump(turn)
}

/// The server has these.
pub fn acked(turn: &mut Turn<'_, '_>, tokens: &[StanzaToken]) -> Result<(), Error> {
    for token in tokens.iter().filter(|token| **token != NOBODY) {
        settle(turn, OutboxId(token.0 as i64))?;
    }
    pump(turn)
}

/// Nobody will ever say what became of these. They stay `Sent` on disk; the next session settles them.
pub fn unacked(turn: &mut Turn<'_, '_>, tokens: &[StanzaToken]) -> Result<(), Error> {
    for token in tokens {
        turn.state.outbox.under_way.remove(&OutboxId(token.0 as i64));
    }
    Ok(())
}

/// A copy of an own message came, by carbon or from the archive: the server has it.
pub fn reflected(turn: &mut Turn<'_, '_>, stanza_id: Option<&str>) -> Result<(), Error> {
    let Some(stanza_id) = stanza_id else { return Ok(()) };
    match turn.tx.reads().outbox_by_token(stanza_id)? {
        Some(row) if row.state == OutboxState::Sent => settle(turn, row.id),
        _ => Ok(()),
    }
}

/// An own stanza was refused by whoever got it: the server had it.
pub fn answered(turn: &mut Turn<'_, '_>, stanza_id: &str) -> Result<(), Error> {
    if let Some(row) = turn.tx.reads().outbox_by_token(stanza_id)? {
        turn.state.outbox.under_way.remove(&row.id);
        turn.tx.settle_outbox(row.id)?;
    }
    Ok(())
}

fn settle(turn: &mut Turn<'_, '_>, id: OutboxId) -> Result<(), Error> {
    turn.state.outbox.under_way.remove(&id);
    let Some(row) = turn.tx.reads().outbox_row(id)? else { return Ok(()) };
    turn.tx.settle_outbox(id)?;
    if let (OutboxKind::Message, Some(message)) = (row.kind, row.message)
        && turn.tx.advance_delivery(message, &Delivery::Sent)?
    {
        told(turn, &row);
    }
    Ok(())
}

fn fail(turn: &mut Turn<'_, '_>, row: &OutboxRow, reason: DeliveryReason) -> Result<(), Error> {
    if let (OutboxKind::Message, Some(message)) = (row.kind, row.message)
        && turn.tx.advance_delivery(message, &Delivery::Failed(DeliveryFailure { reason, text: None }))?
    {
        told(turn, row);
    }
    Ok(())
}

fn told(turn: &mut Turn<'_, '_>, row: &OutboxRow) {
    let (Some(conversation), Some(message)) = (row.conversation, row.message) else { return };
    turn.changed(Change::MessageChanged(conversation, message));
    turn.changed(Change::Conversation(conversation));
}

fn token(id: OutboxId) -> StanzaToken {
    StanzaToken(id.0 as u64)
}

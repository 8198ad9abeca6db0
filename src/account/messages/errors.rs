//! A message of ours was refused (RFC 6120 §8.3): the refusal is shown on the message.
//!
//! An error names the message by its id only, and errors are easily forged. The id is 120 random bits known to
//! the recipient and the servers between; still, only the recipient of the message, or a server of theirs or
//! ours, may say that it failed.

use model::{Change, Delivery, DeliveryFailure, DeliveryReason, Direction};
use store::{OutboxKind, StoredMessage};
use xmpp::{Address, StanzaError};

use super::{Copy, Route};
use crate::{Error, calls, outbox, refused::Kind, turn::Turn};

/// A message of type `error`.
pub fn take(turn: &mut Turn<'_, '_>, copy: &Copy<'_>) -> Result<(), Error> {
    // What another device of ours sent and got refused is that device's, and an archive keeps no refusals.
    if copy.route != Route::Live {
        return Ok(());
    }
    let (Some(from), Some(id)) =
        (copy.message.attr("from").and_then(Address::parse), copy.message.attr("id"))
    else {
        return Ok(());
    };
    if calls::bounced(turn, &from, id)? {
        return Ok(());
    }
    let Some(row) = refused_message(turn, &from, id)? else {
        return refused_edit(turn, id, &from);
    };
    outbox::answered(turn, id)?;
    let error = StanzaError::read(copy.message.get_child("error", "jabber:client"));
    if turn.tx.advance_delivery(row.id, &Delivery::Failed(failure(&error)))? {
        turn.changed(Change::MessageChanged(row.conversation, row.id));
        turn.changed(Change::Conversation(row.conversation));
    }
    Ok(())
}

/// The message that `from` refuses: one that was sent to them, or through their server or ours.
fn refused_message(
    turn: &mut Turn<'_, '_>,
    from: &Address,
    id: &str,
) -> Result<Option<StoredMessage>, Error> {
    let reads = turn.tx.reads();
    if let Some(conversation) = reads.conversation_with(&from.to_bare())? {
        return Ok(reads.message_by_stanza_id(conversation, Direction::Outgoing, id)?);
    }
    // A server speaks for itself only while the message is under way.
    let Some(message) = reads.outbox_by_token(id)?.and_then(|row| row.message) else { return Ok(None) };
    let Some(row) = reads.stored_message(message)?.filter(|row| row.ids.stanza.as_deref() == Some(id)) else {
        return Ok(None);
    };
    let peer = reads.stored_conversation(row.conversation)?.map(|stored| stored.address);
    if peer.is_some_and(|peer| may_refuse(turn, from, &peer)) {
        return Ok(Some(row));
    }
    turn.refuse(Kind::ErrorSender);
    Ok(None)
}

/// A reaction, a marker and the like was refused: it is done with, and there is nothing to show it on.
fn refused_edit(turn: &mut Turn<'_, '_>, id: &str, from: &Address) -> Result<(), Error> {
    let Some(row) = turn.tx.reads().outbox_by_token(id)? else { return Ok(()) };
    let peer = match row.conversation {
        Some(conversation) => turn.tx.reads().stored_conversation(conversation)?.map(|stored| stored.address),
        None => None,
    };
    if row.kind == OutboxKind::Edit && peer.is_some_and(|peer| may_refuse(turn, from, &peer)) {
        outbox::answered(turn, id)?;
    }
    Ok(())
}

fn may_refuse(turn: &Turn<'_, '_>, from: &Address, peer: &model::BareJid) -> bool {
    let is_their_server = from.local().is_none() && from.domain() == peer.domain().as_str();
    from.is_at(peer) || is_their_server || turn.is_own_server(Some(from))
}

/// Sorts a refusal by what a person can do about it.
pub fn failure(error: &StanzaError) -> DeliveryFailure {
    let reason = match error.condition.as_str() {
        "item-not-found" | "gone" => DeliveryReason::NotFound,
        "forbidden"
        | "not-allowed"
        | "not-authorized"
        | "service-unavailable"
        | "not-acceptable"
        | "policy-violation"
        | "registration-required"
        | "subscription-required" => DeliveryReason::Refused,
        "remote-server-not-found" | "remote-server-timeout" => DeliveryReason::ServerNotFound,
        "resource-constraint" | "recipient-unavailable" => DeliveryReason::Busy,
        _ if error.type_ == "wait" => DeliveryReason::Busy,
        _ => DeliveryReason::Other,
    };
    DeliveryFailure { reason, text: error.text.clone() }
}

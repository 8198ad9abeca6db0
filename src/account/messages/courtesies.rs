//! What is done for a message beside keeping it: a receipt, a notification, the other side's state.
//!
//! All of it tells somebody something, so all of it asks first whether the sender was accepted (DESIGN rule 12).
//!
//! After weeks away thousands of messages may want receipts. Whoever wrote them learns more from the marker of
//! the moment they are read, so only some of what is recent is answered then.

use model::{
    BareJid, ChatState, Content, ConversationEncryption, ConversationId, Direction, EventKind, MessageId,
    Mute,
};
use store::OutboxKind;
use xmpp::{payload, xep_0184_receipts as receipts, xep_0334_hints::Hint};

use super::{
    Copy, Route, conversations,
    meaning::{Act, Meaning},
    read, stamps,
    whose::Parties,
};
use crate::{Error, archive::Run, chat_states, commands, nickname, turn::Turn};

/// What was sent earlier than this, in milliseconds, gets no receipt when it comes at last.
const RECENT: i64 = 24 * 60 * 60 * 1000;
/// In one session not more than this of what was kept back gets a receipt.
const MOST_LATE: u32 = 50;

/// What is remembered while a session lasts.
#[derive(Default)]
pub struct Memory {
    late_receipts: u32,
}

/// The session is over.
pub fn end(turn: &mut Turn<'_, '_>) {
    turn.state.courtesies = Memory::default();
}

/// A message was added to the history.
pub fn new_message(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    meaning: &Meaning,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), Error> {
    if parties.direction == Direction::Outgoing {
        return answered_elsewhere(turn, copy, conversation, message);
    }
    if copy.run == Some(Run::Forward) {
        return acknowledge(turn, &parties.peer.to_string(), &parties.peer, copy, meaning);
    }
    if copy.route == Route::Archive {
        return Ok(());
    }
    let Some(stored) = turn.tx.reads().stored_conversation(conversation)? else { return Ok(()) };
    let muted = match stored.mute {
        Mute::No => false,
        Mute::Until(time) => time > turn.now.wall,
        Mute::Always => true,
    };
    let blocked = turn.tx.reads().is_blocked(&parties.peer)?;
    // It may have been taken back before it came.
    let row = turn.tx.reads().stored_message(message)?;
    let says = row.is_some_and(|row| row.content != Content::Retracted);
    if says && !stored.stranger && !muted && !blocked {
        turn.event(EventKind::Incoming(conversation, message));
    }
    Ok(())
}

/// What every copy that came just now tells, new or not.
pub fn hear(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    meaning: &Meaning,
) -> Result<(), Error> {
    if copy.route == Route::Archive || parties.direction == Direction::Outgoing {
        return Ok(());
    }
    // The device that got the message itself acknowledges it; a carbon is not ours to acknowledge.
    if copy.route == Route::Live {
        acknowledge(turn, &parties.from.to_string(), &parties.peer, copy, meaning)?;
    }
    if !is_accepted(turn, &parties.peer)? {
        return Ok(());
    }
    if let Some(nickname) = &meaning.nickname {
        nickname::heard(turn, &parties.peer, nickname)?;
    }
    // A state that was kept back is about a moment long gone.
    if copy.stamp.is_none() && !stamps::is_stamped(copy.message) {
        let spoke = matches!(meaning.act, Act::Say(_) | Act::Correct { .. });
        if let Some(state) = meaning.chat_state.or(spoke.then_some(ChatState::Active)) {
            chat_states::heard(turn, &parties.peer, state, meaning.chat_state.is_some());
        }
    }
    Ok(())
}

/// Another device of ours wrote: whoever writes has read what came before.
fn answered_elsewhere(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), Error> {
    conversations::accept(turn, conversation)?;
    if matches!(copy.run, Some(Run::Older { .. })) {
        return Ok(());
    }
    match turn.tx.reads().stored_message(message)? {
        Some(row) => read::elsewhere(turn, &row),
        None => Ok(()),
    }
}

/// Sends the receipt that was asked for (XEP-0184 §5.2).
fn acknowledge(
    turn: &mut Turn<'_, '_>,
    to: &str,
    peer: &BareJid,
    copy: &Copy<'_>,
    meaning: &Meaning,
) -> Result<(), Error> {
    let says = matches!(meaning.act, Act::Say(_) | Act::Correct { .. });
    let Some(named) = meaning.stanza_id.as_deref().filter(|_| meaning.wants_receipt && says) else {
        return Ok(());
    };
    if !turn.state.own.sends_receipts || !is_accepted(turn, peer)? || *peer == turn.state.own.bare {
        return Ok(());
    }
    if let Some(stamp) = copy.stamp {
        let sent = &mut turn.state.courtesies.late_receipts;
        if *sent >= MOST_LATE || turn.now.wall.0.saturating_sub(stamp.0) > RECENT {
            return Ok(());
        }
        *sent += 1;
    }
    let stored = match turn.tx.reads().conversation_with(peer)? {
        Some(conversation) => turn.tx.reads().stored_conversation(conversation)?,
        None => None,
    };
    let id = turn.new_id();
    if let Some(stored) = stored.filter(|stored| stored.encryption == ConversationEncryption::Omemo) {
        // For all devices of theirs that can open it, and through the outbox, since ratchets move for it.
        let attributes = [("to", stored.address.as_str()), ("type", "chat"), ("id", &id)];
        let children = [receipts::receipt(named), Hint::Store.element()];
        let receipt = payload::parent_tag("message", "jabber:client", &attributes, children);
        return commands::into_outbox(turn, &stored, &id, &receipt, OutboxKind::Edit, None);
    }
    let type_ = if copy.message.attr("type") == Some("chat") { "chat" } else { "normal" };
    let attributes = [("to", to), ("type", type_), ("id", &id)];
    let children = [receipts::receipt(named), Hint::Store.element()];
    turn.send(&payload::parent_tag("message", "jabber:client", &attributes, children));
    Ok(())
}

/// Whether somebody may be told things: there is a conversation, and not one with a stranger.
fn is_accepted(turn: &Turn<'_, '_>, peer: &BareJid) -> Result<bool, Error> {
    let reads = turn.tx.reads();
    let Some(conversation) = reads.conversation_with(peer)? else {
        return Ok(reads.contact(peer)?.is_some_and(|contact| contact.in_roster));
    };
    Ok(reads.stored_conversation(conversation)?.is_some_and(|stored| !stored.stranger)
        && !reads.is_blocked(peer)?)
}

#[cfg(test)]
mod tests;

//! Which conversation, and whether it is with a stranger.

use model::{BareJid, Change, ConversationId, ConversationKind, Timestamp};

use crate::{Error, names, omemo, turn::Turn};

/// Why a conversation is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// They wrote.
    ByThem,
    /// The user wrote, from whichever device, or opened it.
    ByUs,
}

/// The conversation with somebody, made if there is none. What the user begins is with nobody strange.
pub fn ensure(
    turn: &mut Turn<'_, '_>,
    peer: &BareJid,
    begun: Begun,
    time: Timestamp,
) -> Result<ConversationId, Error> {
    if let Some(id) = turn.tx.reads().conversation_with(peer)? {
        if begun == Begun::ByUs {
            accept(turn, id)?;
        }
        return Ok(id);
    }
    let stranger = begun == Begun::ByThem && !is_known(turn, peer)?;
    let id = turn.tx.create_conversation(peer, ConversationKind::Direct, stranger, time)?;
    if stranger {
        names::examine(turn, peer)?;
    }
    turn.changed(Change::Conversation(id));
    omemo::conversation_began(turn, id, peer)?;
    Ok(id)
}

/// The user wants to talk to somebody: the conversation with them, back in the list if it was put away. Looking
/// at what a stranger wrote takes nobody in.
pub fn open(turn: &mut Turn<'_, '_>, peer: &BareJid) -> Result<ConversationId, Error> {
    if let Some(id) = turn.tx.reads().conversation_with(peer)? {
        if turn.tx.set_archived(id, false)? {
            turn.changed(Change::Conversation(id));
        }
        return Ok(id);
    }
    ensure(turn, peer, Begun::ByUs, turn.now.wall)
}

/// From now on the other side is told of receipts and states.
pub fn accept(turn: &mut Turn<'_, '_>, conversation: ConversationId) -> Result<(), Error> {
    if turn.tx.set_stranger(conversation, false)? {
        turn.changed(Change::Conversation(conversation));
    }
    Ok(())
}

/// The conversation with somebody who calls without a word before.
pub fn ensure_called(turn: &mut Turn<'_, '_>, peer: &BareJid) -> Result<ConversationId, Error> {
    ensure(turn, peer, Begun::ByThem, turn.now.wall)
}

/// Whether somebody was not accepted: they are told nothing.
pub fn is_stranger(turn: &Turn<'_, '_>, peer: &BareJid) -> Result<bool, Error> {
    if is_known(turn, peer)? {
        return Ok(false);
    }
    let reads = turn.tx.reads();
    let Some(conversation) = reads.conversation_with(peer)? else { return Ok(true) };
    Ok(reads.stored_conversation(conversation)?.is_none_or(|stored| stored.stranger))
}

/// The roster changed: whoever stands on it now is no stranger.
pub fn recheck_strangers(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    for (id, peer) in turn.tx.reads().strangers()? {
        if is_known(turn, &peer)? {
            accept(turn, id)?;
        }
    }
    Ok(())
}

/// Whether somebody is no stranger even before they write: on the roster, our server, ourselves.
pub fn is_known(turn: &Turn<'_, '_>, peer: &BareJid) -> Result<bool, Error> {
    let own = &turn.state.own.bare;
    if peer == own || peer.as_str() == own.domain().as_str() {
        return Ok(true);
    }
    Ok(turn.tx.reads().contact(peer)?.is_some_and(|contact| contact.in_roster))
}

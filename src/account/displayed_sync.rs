//! Displayed sync between the user's devices (XEP-0490).
//!
//! A private node of the account holds, for each conversation, the archive id of the newest message that any
//! device displayed. It is read when a session begins and by events; both lead to `messages::read`. It is written
//! one conversation at a time, the newest word of each, and only where the server promises that nobody
//! else can read the node: the list of one's conversations is not for the world.

use std::collections::BTreeMap;

use model::{BareJid, ConversationId, ConversationKind, MessageId};
use xmpp::{
    IqOutcome,
    xep_0060_pubsub::{self as pubsub, Item},
    xep_0490_displayed_sync as wire,
};

use crate::{
    Error, messages,
    refused::Kind,
    turn::{IqKind, PendingIq, Turn},
};

/// How many conversations are looked through for what could not be told while offline.
const CATCH_UP: usize = 100;

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    /// What is to be told, the newest of each.
    waiting: BTreeMap<BareJid, Displayed>,
    /// Whether an answer is awaited.
    under_way: bool,
    /// The server does not want it; not tried again in this session.
    given_up: bool,
    /// The options of the node were put right already.
    configured: bool,
}

/// Up to where a conversation was displayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Displayed {
    conversation: ConversationId,
    archive_id: String,
}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Everything that was displayed.
    Items,
    /// To keep what was displayed.
    Publish(BareJid, Displayed),
    /// To make the node private.
    Configure,
}

/// Asks what was displayed elsewhere, at the beginning of a session.
pub fn request(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.state.displayed_sync = Memory::default();
    if turn.state.own.server.has_private_nodes() {
        let query = pubsub::items_query(wire::NS, None, None);
        turn.send_iq(IqKind::Get, None, query, PendingIq::DisplayedSync(Asked::Items));
    }
    Ok(())
}

/// Items of the own node: the caller made sure of that.
pub fn handle_items(turn: &mut Turn<'_, '_>, items: &[Item<'_>]) -> Result<(), Error> {
    for item in items {
        let Some(displayed) = wire::displayed(item, turn.own_bare()) else {
            turn.refuse(Kind::DisplayedSync);
            continue;
        };
        // What nobody here spoke of yet is of no use: the archive brings the conversation, and this is asked again.
        let Some(conversation) = turn.tx.reads().conversation_with(&displayed.peer)? else { continue };
        turn.tx.set_displayed_synced(conversation, &displayed.archive_id)?;
        messages::read::up_to_archive_id(turn, &displayed.peer, &displayed.archive_id)?;
    }
    Ok(())
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: Asked, answer: IqOutcome) -> Result<(), Error> {
    match (asked, answer) {
        (_, IqOutcome::Lost) => {
            turn.state.displayed_sync.under_way = false;
            Ok(())
        }
        (Asked::Items, IqOutcome::Result(stanza)) => {
            let items = stanza.child("pubsub", pubsub::NS).and_then(|answer| pubsub::items(answer, wire::NS));
            if let Some(items) = items {
                handle_items(turn, &items)?;
            }
            catch_up(turn)
        }
        // No node yet: nothing was ever displayed anywhere.
        (Asked::Items, _) => catch_up(turn),
        (Asked::Publish(_, displayed), IqOutcome::Result(_)) => {
            turn.tx.set_displayed_synced(displayed.conversation, &displayed.archive_id)?;
            next(turn)
        }
        (Asked::Publish(peer, displayed), IqOutcome::Error(error))
            if pubsub::is_precondition_not_met(&error) && !turn.state.displayed_sync.configured =>
        {
            let memory = &mut turn.state.displayed_sync;
            memory.configured = true;
            memory.waiting.entry(peer).or_insert(displayed);
            let configure = pubsub::configure(wire::NS, &wire::OPTIONS);
            turn.send_iq(IqKind::Set, None, configure, PendingIq::DisplayedSync(Asked::Configure));
            Ok(())
        }
        (Asked::Configure, IqOutcome::Result(_)) => next(turn),
        (Asked::Publish(..) | Asked::Configure, _) => {
            tracing::info!("what is displayed cannot be told to the other devices");
            let memory = &mut turn.state.displayed_sync;
            memory.given_up = true;
            memory.under_way = false;
            memory.waiting.clear();
            Ok(())
        }
    }
}

/// The user read up to `message` here: tell the other devices.
pub fn publish(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), Error> {
    if !turn.is_online() || !turn.state.own.server.has_private_nodes() || turn.state.displayed_sync.given_up {
        // The next session finds out by itself.
        return Ok(());
    }
    let reads = turn.tx.reads();
    let (Some(stored), Some(row)) =
        (reads.stored_conversation(conversation)?, reads.stored_message(message)?)
    else {
        return Ok(());
    };
    let Some(archive) = row.ids.archive.filter(|archive| archive.archive == turn.state.own.bare) else {
        return Ok(());
    };
    if stored.kind != ConversationKind::Direct || stored.displayed_synced.as_ref() == Some(&archive.id) {
        return Ok(());
    }
    if let Some(synced) = &stored.displayed_synced {
        let known = reads.message_by_archive_id(&turn.state.own.bare, synced)?;
        // Another device may have come further, to where this one has not read the archive yet.
        if known.is_none_or(|known| (known.sort_time, known.id) >= (row.sort_time, row.id)) {
            return Ok(());
        }
    }
    let displayed = Displayed { conversation, archive_id: archive.id };
    turn.state.displayed_sync.waiting.insert(stored.address, displayed);
    if turn.state.displayed_sync.under_way { Ok(()) } else { next(turn) }
}

fn next(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let memory = &mut turn.state.displayed_sync;
    let Some((peer, displayed)) = memory.waiting.pop_first() else {
        memory.under_way = false;
        return Ok(());
    };
    memory.under_way = true;
    let payload = wire::element(&displayed.archive_id, turn.own_bare());
    let publish = pubsub::publish(wire::NS, peer.as_str(), payload, &wire::OPTIONS);
    turn.send_iq(IqKind::Set, None, publish, PendingIq::DisplayedSync(Asked::Publish(peer, displayed)));
    Ok(())
}

/// Tells what was read while nothing could be told.
fn catch_up(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let conversations = turn.tx.reads().conversations()?;
    for summary in conversations.into_iter().take(CATCH_UP) {
        let conversation = summary.conversation;
        if let Some(message) = conversation.read_up_to {
            publish(turn, conversation.id, message)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! The lines of calls: rows of the history like any other, known by their session and not by the id of a message.

use model::{CallLine, Change, Content, ConversationId, Delivery, Direction, EncryptionKind, MessageId};
use store::{ArchiveId, Insertion, MessageIds, NewMessage};

use super::{
    Copy,
    conversations::{self, Begun},
    place,
    whose::Parties,
    words::counts_as_unread,
};
use crate::{Error, archive, turn::Turn};

/// Writes the line of a call that a message tells of, unless it has one.
pub fn call_line(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    session: &str,
    line: CallLine,
) -> Result<(ConversationId, Insertion), Error> {
    let outgoing = parties.direction == Direction::Outgoing;
    let begun = if outgoing { Begun::ByUs } else { Begun::ByThem };
    let time = copy.stamp.unwrap_or(turn.now.wall);
    let conversation = conversations::ensure(turn, &parties.peer, begun, time)?;
    let (time, sort_time) = place::place(turn, copy, conversation, parties.direction)?;
    let archive =
        copy.archive_id.as_ref().map(|id| ArchiveId { archive: turn.state.own.bare.clone(), id: id.clone() });
    let new = NewMessage {
        conversation,
        direction: parties.direction,
        sender: if outgoing { turn.state.own.bare.clone() } else { parties.peer.clone() },
        occupant: None,
        nickname: None,
        time,
        sort_time,
        content: Content::Call(line),
        encryption: EncryptionKind::None,
        // What becomes of a call stands in its line; nobody waits for its proposal to come.
        delivery: Delivery::Received,
        ids: MessageIds { archive, ..MessageIds::default() },
        reply: None,
        unread: counts_as_unread(copy),
    };
    let insertion = turn.tx.insert_call(&new, session)?;
    if let Insertion::Added(id) = insertion {
        added(turn, conversation, id);
        if copy.run.is_none() {
            archive::live_message(turn, copy.archive_id.as_deref(), copy.stamp)?;
        }
    }
    if let (Some(run), Some(id)) = (copy.run, &copy.archive_id) {
        archive::seen(turn, run, conversation, insertion.id(), id)?;
    }
    Ok((conversation, insertion))
}

/// Writes the line of a call that is begun, or comes without a message, now.
pub fn own_call(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    direction: Direction,
    session: &str,
    line: CallLine,
) -> Result<MessageId, Error> {
    let stored = turn.tx.reads().stored_conversation(conversation)?;
    let peer = stored.map_or_else(|| turn.state.own.bare.clone(), |stored| stored.address);
    let outgoing = direction == Direction::Outgoing;
    let new = NewMessage {
        conversation,
        direction,
        sender: if outgoing { turn.state.own.bare.clone() } else { peer },
        occupant: None,
        nickname: None,
        time: turn.now.wall,
        sort_time: place::newest_place(turn, conversation)?,
        content: Content::Call(line),
        encryption: EncryptionKind::None,
        delivery: Delivery::Received,
        ids: MessageIds::default(),
        reply: None,
        unread: !outgoing,
    };
    let id = turn.tx.insert_call(&new, session)?.id();
    added(turn, conversation, id);
    Ok(id)
}

fn added(turn: &mut Turn<'_, '_>, conversation: ConversationId, message: MessageId) {
    turn.changed(Change::MessageAdded(conversation, message));
    turn.changed(Change::Conversation(conversation));
}

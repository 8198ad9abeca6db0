//! Corrections, reactions and retractions: what changes a message that was said before.
//!
//! Only its sender may change or take back a message. In a direct conversation that is a question of sides,
//! and the side was established by `whose`, not by anything the edit says.
//!
//! An edit may come before its message. Then it waits in the store (`pending`) and is judged when the message
//! comes. A correction has words in it that nobody should miss, so it also stands in the history itself until
//! the original comes, gets its words, and takes its stand-in out.

use model::{Change, ConversationId, Direction, MessageId, Timestamp};
use store::{Applied, Correction, Insertion, MessageIds, PendingEdit, PendingKind, Reactor, StoredMessage};

use super::{
    Copy,
    conversations::{self, Begun},
    courtesies,
    meaning::{Meaning, Said},
    told,
    whose::Parties,
    words,
};
use crate::{Error, refused::Kind, turn::Turn};

/// New words for an earlier message (XEP-0308).
pub fn correct(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    meaning: &Meaning,
    target: &str,
    said: &Said,
) -> Result<(), Error> {
    // What cannot be read corrects nothing; that it came is told by a line of its own.
    if said.unreadable.is_some() {
        return words::say(turn, copy, parties, meaning, said);
    }
    let correction = Correction {
        id: meaning.stanza_id.clone(),
        time: copy.stamp.unwrap_or(turn.now.wall),
        text: said.text.clone(),
        encryption: meaning.encryption(),
    };
    let conversation = ensure(turn, copy, parties)?;
    match find(turn, conversation, parties, target)? {
        Found::Theirs(row) => apply_correction(turn, &row, &correction, is_last(copy)),
        Found::Others => {
            turn.refuse(Kind::Correction);
            Ok(())
        }
        Found::Nothing => {
            let kind = PendingKind::Correction {
                id: correction.id.clone(),
                text: correction.text.clone(),
                encryption: correction.encryption,
            };
            if let Some(stand_in) = stand_in(turn, conversation, parties.direction, target)? {
                wait(turn, conversation, copy, parties, target, kind)?;
                return apply_correction(turn, &stand_in, &correction, is_last(copy));
            }
            wait(turn, conversation, copy, parties, target, kind)?;
            let (conversation, insertion) = words::put(turn, copy, parties, meaning, said)?;
            match insertion {
                Insertion::Added(id) => {
                    courtesies::new_message(turn, copy, parties, meaning, conversation, id)
                }
                Insertion::AlreadyThere(_) => Ok(()),
            }
        }
    }
}

/// The sender's reactions to a message (XEP-0444), of either side.
pub fn react(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    target: &str,
    emoji: &[String],
) -> Result<(), Error> {
    let Some(conversation) = find_or_ensure(turn, copy, parties)? else { return Ok(()) };
    match turn.tx.reads().message_referred_to(conversation, None, target)? {
        Some(row) => {
            let time = copy.stamp.unwrap_or(turn.now.wall);
            let reactor = reactor(turn, parties);
            apply_reactions(turn, &row, &reactor, emoji, time)
        }
        None => wait(turn, conversation, copy, parties, target, PendingKind::Reactions(emoji.to_vec())),
    }
}

/// A message is taken back (XEP-0424).
pub fn retract(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    target: &str,
) -> Result<(), Error> {
    let Some(conversation) = find_or_ensure(turn, copy, parties)? else { return Ok(()) };
    match find(turn, conversation, parties, target)? {
        Found::Theirs(row) => apply_retraction(turn, &row),
        Found::Others => {
            turn.refuse(Kind::Retraction);
            Ok(())
        }
        Found::Nothing => {
            if let Some(stand_in) = stand_in(turn, conversation, parties.direction, target)? {
                apply_retraction(turn, &stand_in)?;
            }
            wait(turn, conversation, copy, parties, target, PendingKind::Retraction)
        }
    }
}

/// Lets happen what waited for a message that is here now.
pub fn apply_waiting(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    message: MessageId,
    ids: &MessageIds,
) -> Result<(), Error> {
    for edit in turn.tx.take_pending(conversation, ids)? {
        let Some(row) = turn.tx.reads().stored_message(message)? else { return Ok(()) };
        let same_side = edit.from.own == (row.direction == Direction::Outgoing);
        match edit.kind {
            PendingKind::Correction { id, text, encryption } if same_side => {
                take_out_stand_in(turn, &row, id.as_deref())?;
                let correction = Correction { id, time: edit.time, text, encryption };
                apply_correction(turn, &row, &correction, false)?;
            }
            PendingKind::Retraction if same_side => apply_retraction(turn, &row)?,
            PendingKind::Correction { .. } => turn.refuse(Kind::Correction),
            PendingKind::Retraction => turn.refuse(Kind::Retraction),
            PendingKind::Reactions(emoji) => apply_reactions(turn, &row, &edit.from, &emoji, edit.time)?,
            PendingKind::Delivered => told::delivered(turn, &row, edit.from.own)?,
            PendingKind::Displayed => told::displayed(turn, &row, edit.from.own)?,
            PendingKind::OwnDisplayed => super::read::elsewhere(turn, &row)?,
        }
    }
    Ok(())
}

/// What an edit may change.
#[allow(clippy::large_enum_variant, reason = "one lives at a time, and not for long")]
enum Found {
    /// A message of the same sender.
    Theirs(StoredMessage),
    /// Only a message of somebody else.
    Others,
    /// Nothing that is here.
    Nothing,
}

fn find(
    turn: &Turn<'_, '_>,
    conversation: ConversationId,
    parties: &Parties,
    target: &str,
) -> Result<Found, Error> {
    let reads = turn.tx.reads();
    if let Some(row) = reads.message_referred_to(conversation, Some(parties.direction), target)? {
        return Ok(Found::Theirs(row));
    }
    Ok(match reads.message_referred_to(conversation, None, target)? {
        Some(_) => Found::Others,
        None => Found::Nothing,
    })
}

fn ensure(turn: &mut Turn<'_, '_>, copy: &Copy<'_>, parties: &Parties) -> Result<ConversationId, Error> {
    let begun = if parties.direction == Direction::Outgoing { Begun::ByUs } else { Begun::ByThem };
    let time = copy.stamp.unwrap_or(turn.now.wall);
    conversations::ensure(turn, &parties.peer, begun, time)
}

/// The conversation of an edit without words. A stranger does not begin one with it.
fn find_or_ensure(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
) -> Result<Option<ConversationId>, Error> {
    if parties.direction == Direction::Incoming
        && turn.tx.reads().conversation_with(&parties.peer)?.is_none()
        && !conversations::is_known(turn, &parties.peer)?
    {
        return Ok(None);
    }
    ensure(turn, copy, parties).map(Some)
}

fn reactor(turn: &Turn<'_, '_>, parties: &Parties) -> Reactor {
    let own = parties.direction == Direction::Outgoing;
    let sender = if own { turn.state.own.bare.clone() } else { parties.peer.clone() };
    Reactor { sender, occupant: None, nickname: None, own }
}

/// Keeps an edit until its message comes.
pub fn wait(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    copy: &Copy<'_>,
    parties: &Parties,
    target: &str,
    kind: PendingKind,
) -> Result<(), Error> {
    let edit = PendingEdit {
        target_id: target.to_owned(),
        from: reactor(turn, parties),
        time: copy.stamp.unwrap_or(turn.now.wall),
        kind,
    };
    Ok(turn.tx.put_pending(conversation, &edit)?)
}

/// The row that holds the place of a message that is not here but was corrected.
fn stand_in(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    side: Direction,
    target: &str,
) -> Result<Option<StoredMessage>, Error> {
    let ids = MessageIds { stanza: Some(target.to_owned()), ..MessageIds::default() };
    let mut found = None;
    for edit in turn.tx.take_pending(conversation, &ids)? {
        if let (PendingKind::Correction { id: Some(id), .. }, None) = (&edit.kind, &found) {
            found = turn.tx.reads().message_by_stanza_id(conversation, side, id)?;
        }
        turn.tx.put_pending(conversation, &edit)?;
    }
    Ok(found)
}

fn take_out_stand_in(
    turn: &mut Turn<'_, '_>,
    original: &StoredMessage,
    id: Option<&str>,
) -> Result<(), Error> {
    let Some(id) = id else { return Ok(()) };
    let conversation = original.conversation;
    let Some(row) = turn.tx.reads().message_by_stanza_id(conversation, original.direction, id)? else {
        return Ok(());
    };
    if row.id != original.id && turn.tx.delete_message(row.id)? {
        turn.changed(Change::MessageRemoved(conversation, row.id));
        turn.changed(Change::Conversation(conversation));
    }
    Ok(())
}

/// What comes live, and was not kept back, was written after everything that is here. Its time is by our clock,
/// and that of what the archive told by the server's.
fn is_last(copy: &Copy<'_>) -> bool {
    copy.run.is_none() && copy.stamp.is_none()
}

fn apply_correction(
    turn: &mut Turn<'_, '_>,
    row: &StoredMessage,
    correction: &Correction,
    is_last: bool,
) -> Result<(), Error> {
    // A stand-in is its own first correction.
    if correction.id.is_some() && row.ids.stanza == correction.id {
        return Ok(());
    }
    let applied = if is_last {
        turn.tx.correct_last(row.id, correction)?
    } else {
        turn.tx.correct(row.id, correction)?
    };
    match applied {
        Applied::Current | Applied::Earlier => told(turn, row),
        Applied::AlreadyThere | Applied::Impossible => {}
    }
    Ok(())
}

fn apply_reactions(
    turn: &mut Turn<'_, '_>,
    row: &StoredMessage,
    reactor: &Reactor,
    emoji: &[String],
    time: Timestamp,
) -> Result<(), Error> {
    if turn.tx.set_reactions(row.id, reactor, emoji, time)? {
        turn.changed(Change::MessageChanged(row.conversation, row.id));
    }
    Ok(())
}

fn apply_retraction(turn: &mut Turn<'_, '_>, row: &StoredMessage) -> Result<(), Error> {
    if turn.tx.retract(row.id)? {
        told(turn, row);
    }
    Ok(())
}

fn told(turn: &mut Turn<'_, '_>, row: &StoredMessage) {
    turn.changed(Change::MessageChanged(row.conversation, row.id));
    turn.changed(Change::Conversation(row.conversation));
}

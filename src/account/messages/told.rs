//! What the other side, or another device of ours, tells of a message: that it came (XEP-0184), that it was
//! displayed (XEP-0333).
//!
//! Only its recipient can tell that of a message, so a receipt counts for messages of the other side of the
//! conversation it came from, and for nothing else.

use model::{Change, Delivery, Direction};
use store::{PendingKind, StoredMessage};

use super::{Copy, edits, meaning::Meaning, read, whose::Parties};
use crate::{Error, refused::Kind, turn::Turn};

/// Takes the receipt and the marker out of a message, if it has them.
pub fn take(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    meaning: &Meaning,
) -> Result<(), Error> {
    if meaning.received.is_none() && meaning.displayed.is_none() {
        return Ok(());
    }
    // Without a conversation there is nothing that it could be about.
    let Some(conversation) = turn.tx.reads().conversation_with(&parties.peer)? else { return Ok(()) };
    let own = parties.direction == Direction::Outgoing;
    let about = if own { Direction::Incoming } else { Direction::Outgoing };
    let told = [(&meaning.received, PendingKind::Delivered), (&meaning.displayed, PendingKind::Displayed)];
    for (id, kind) in told {
        let Some(id) = id else { continue };
        let reads = turn.tx.reads();
        if let Some(row) = reads.message_referred_to(conversation, Some(about), id)? {
            match kind {
                PendingKind::Delivered => delivered(turn, &row, own)?,
                _ => displayed(turn, &row, own)?,
            }
        } else if reads.message_referred_to(conversation, None, id)?.is_some() {
            turn.refuse(Kind::Receipt);
        } else {
            edits::wait(turn, conversation, copy, parties, id, kind)?;
        }
    }
    Ok(())
}

/// A message came. `own` is whether one of our devices says so.
pub fn delivered(turn: &mut Turn<'_, '_>, row: &StoredMessage, own: bool) -> Result<(), Error> {
    if own || row.direction != Direction::Outgoing {
        return Ok(());
    }
    if turn.tx.advance_delivery(row.id, &Delivery::Delivered)? {
        turn.changed(Change::MessageChanged(row.conversation, row.id));
        turn.changed(Change::Conversation(row.conversation));
    }
    Ok(())
}

/// Everything up to a message was displayed. `own` is whether one of our devices says so.
pub fn displayed(turn: &mut Turn<'_, '_>, row: &StoredMessage, own: bool) -> Result<(), Error> {
    if own {
        return read::elsewhere(turn, row);
    }
    if row.direction != Direction::Outgoing {
        return Ok(());
    }
    // The message itself may still be on its way in our books; what is older only if the server has it.
    let mut moved = turn.tx.advance_delivery_up_to(row.conversation, row.id, &Delivery::Read)?;
    if turn.tx.advance_delivery(row.id, &Delivery::Read)? {
        moved.push(row.id);
    }
    if !moved.is_empty() {
        turn.changed(Change::Conversation(row.conversation));
    }
    for id in moved {
        turn.changed(Change::MessageChanged(row.conversation, id));
    }
    Ok(())
}

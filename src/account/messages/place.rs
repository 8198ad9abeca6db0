//! Where a message stands in the history.
//!
//! `time` is shown, `sort_time` orders, and never changes once given. The clock of this device and that of the
//! server may disagree by hours, and the user may set either, so no clock alone decides the order. The archive
//! does: whatever a side says stands as the archive has it, however its copies came. Two things make that
//! possible without ever moving a row:
//!
//! * What comes live stands *strictly* after everything that is here, so that there is always a place in front
//!   of it for what the archive has still to tell.
//! * Reading forward, what was reached is behind (the *floor*), and whatever that side has after it came live
//!   ahead of the archive. A result stands after the floor, and in front of the first of those (the *ceiling*).
//!
//! So "7" that came live while "6" was still being fetched does not push "6" behind it: the ceiling of "6" is
//! the place of "7". Between floor and ceiling it is the stamp that counts. The floor holds for both sides,
//! since an answer belongs after its question; the ceiling only for the side that speaks, since what the user
//! writes here stands where it was written, and the server may get it much later. For the same reason
//! what was written on this device counts neither for the floor of its side nor for the ceiling.
//!
//! What the server kept back and now sends with a stamp (offline messages, or those of a link that broke) comes
//! after all that its side said before, and else by its stamp. Reading backward, on a new device page by page,
//! there is no floor at first and everything that is here is the ceiling; scrolling up, likewise. What is here of
//! a page that was cut off is read again with it, and is the floor of what was missing.

use model::{ConversationId, Direction, Timestamp};

use super::Copy;
use crate::{
    Error,
    archive::{self, Run},
    turn::Turn,
};

/// When a message was sent, and its place.
pub fn place(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    conversation: ConversationId,
    side: Direction,
) -> Result<(Timestamp, Timestamp), Error> {
    let time = copy.stamp.unwrap_or(turn.now.wall);
    let sort_time = match copy.run {
        Some(run) => {
            let floors = archive::floors(turn, conversation, run)?;
            let wanted = match run {
                // Unless an earlier page was cut off, and the hole in it is being filled.
                Run::Older { before } if floors.any.is_none_or(|any| any < before) => {
                    time.min(before.plus_millis(-1))
                }
                _ => time,
            };
            let wanted = floors.any.map_or(wanted, |any| wanted.max(any));
            match turn.tx.reads().next_place(conversation, side, floors.of(side))? {
                Some(ceiling) => {
                    let below = wanted.min(ceiling.plus_millis(-1));
                    floors.of(side).map_or(below, |floor| below.max(floor))
                }
                None => wanted,
            }
        }
        None if copy.stamp.is_some() => {
            let before = turn.tx.reads().newest_sort_time_of(conversation, side)?;
            before.map_or(time, |before| time.max(before.plus_millis(1)))
        }
        None => newest_place(turn, conversation)?,
    };
    Ok((time, sort_time))
}

/// The place after everything else.
pub fn newest_place(turn: &Turn<'_, '_>, conversation: ConversationId) -> Result<Timestamp, Error> {
    let newest = turn.tx.reads().newest_sort_time(conversation)?;
    Ok(newest.map_or(turn.now.wall, |newest| turn.now.wall.max(newest.plus_millis(1))))
}

//! Where a message stands in the history.
//!
//! `time` is shown, `sort_time` orders, and never changes once given. The clock of this device and that of the
//! server may disagree by hours, and the user may set either, so no clock alone decides the order:
//!
//! * what comes live stands after everything that is here;
//! * what the archive tells, reading forward, stands after what the archive told before it;
//! * what it tells reading backward stands before everything that was here when it was asked.
//!
//! Only when none of these says otherwise it is the stamp that counts.

use model::{ConversationId, Timestamp};

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
) -> Result<(Timestamp, Timestamp), Error> {
    let time = copy.stamp.unwrap_or(turn.now.wall);
    let sort_time = match copy.run {
        Some(Run::Forward) => match archive::floor(turn, conversation)? {
            Some(floor) => time.max(floor),
            None => time,
        },
        Some(Run::Newest) => time,
        Some(Run::Older { before }) => time.min(before.plus_millis(-1)),
        // A stamp means that the server kept it back: its place is where it was sent.
        None if copy.stamp.is_some() => time,
        None => newest_place(turn, conversation)?,
    };
    Ok((time, sort_time))
}

/// The place after everything else.
pub fn newest_place(turn: &Turn<'_, '_>, conversation: ConversationId) -> Result<Timestamp, Error> {
    let newest = turn.tx.reads().newest_sort_time(conversation)?;
    Ok(newest.map_or(turn.now.wall, |newest| newest.max(turn.now.wall)))
}

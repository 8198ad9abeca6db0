//! When a message was sent, as far as somebody says so who can be believed (XEP-0203).
//!
//! The wrapper of an archive result or a carbon is the own server's writing, and so is its stamp. A message that
//! comes live is the sender's writing, and no server takes a stamp out of it that names the server itself: the
//! name on a stamp proves nothing. What can be believed is when such a stamp makes sense. A server keeps messages
//! back only while it cannot reach this device, and hands them over as soon as it can. So in the first minutes
//! of a session, stamps between the end of the last session and now are believed. What comes later, or names
//! another time, was sent when it came.
//!
//! What a liar has left is to move what was sent during an absence within that absence, and not in front of what
//! he said before (`place.rs`).

use std::{ops::RangeInclusive, time::Duration};

use model::Timestamp;
use xmpp::{minidom::Element, xep_0203_delay as delay, xep_0280_carbons::Carbon};

use crate::{connection, refused::Kind, turn::Turn};

/// How long a session may take to hand over what was kept back.
const HANDING_OVER: Duration = Duration::from_secs(5 * 60);
/// How far our clock and the server's may be apart, in milliseconds.
const CLOCK_ERROR: i64 = 3 * 60 * 60 * 1000;

/// When a message that came live was sent, if it was kept back.
pub fn live(turn: &mut Turn<'_, '_>, message: &Element) -> Option<Timestamp> {
    let believable = believable(turn);
    let own_server = |from: &_| turn.is_own_server(Some(from));
    let stamp = delay::latest_by(message, own_server).filter(|stamp| believable.contains(stamp));
    let stamp = stamp.map(|stamp| stamp.min(turn.now.wall));
    if stamp.is_none() && is_stamped(message) {
        turn.refuse(Kind::Delay);
    }
    stamp
}

/// When a carbon was sent, if it was kept back; `wrapper` is the message it came in.
pub fn carbon(turn: &Turn<'_, '_>, wrapper: &Element, carbon: &Carbon<'_>) -> Option<Timestamp> {
    let stamp = delay::latest_by(wrapper, |from| turn.is_own_server(Some(from)));
    carbon.forwarded().stamp.or(stamp).map(|stamp| stamp.min(turn.now.wall))
}

/// Whether anybody says that it is not from just now.
pub fn is_stamped(message: &Element) -> bool {
    message.has_child("delay", delay::NS)
}

/// The times that what comes now may have been kept back since.
fn believable(turn: &Turn<'_, '_>) -> RangeInclusive<Timestamp> {
    let latest = turn.now.wall.plus_millis(CLOCK_ERROR);
    match connection::session(turn.state) {
        Some(session) if turn.now.monotonic.saturating_sub(session.since) <= HANDING_OVER => {
            let since = session.away_since.map_or(Timestamp(i64::MIN), |away| away.plus_millis(-CLOCK_ERROR));
            since..=latest
        }
        _ => turn.now.wall..=latest,
    }
}

#[cfg(test)]
mod tests;

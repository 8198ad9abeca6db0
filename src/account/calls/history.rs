//! The line a call has in the history, and what is known of calls on other devices.
//!
//! A call that this device takes part in says itself what became of it. All others are told of by the same messages, as
//! carbons and from the archive, in the order of the archive: who proposed, who took it, who did not want it. A line that
//! this device wrote is believed more than the archive.

use model::{
    BareJid, CallFailure, CallId, CallLine, CallOutcome, Change, ConversationId, Direction, MediaKind,
};
use store::StoredCall;
use xmpp::{xep_0166_jingle::Condition, xep_0353_invitations::Act};

use super::{call::Live, table};
use crate::{
    Error,
    messages::{self, Copy, Parties, Route},
    turn::Turn,
};

/// Writes the line of a call that the user begins here.
pub fn begin(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    session: &str,
    video: bool,
) -> Result<CallId, Error> {
    let line = CallLine { video, outcome: CallOutcome::UnderWay };
    let message = messages::own_call(turn, conversation, Direction::Outgoing, session, line)?;
    turn.tx.set_call_here(message)?;
    Ok(CallId(message))
}

/// Writes the line of a call that rings here without a message.
pub fn rings_unproposed(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    session: &str,
    video: bool,
) -> Result<CallId, Error> {
    let line = CallLine { video, outcome: CallOutcome::UnderWay };
    let message = messages::own_call(turn, conversation, Direction::Incoming, session, line)?;
    turn.tx.set_call_here(message)?;
    Ok(CallId(message))
}

/// Writes the line of a call that rings here, unless it has one.
pub fn rings(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    session: &str,
    video: bool,
) -> Result<(ConversationId, CallId), Error> {
    let line = CallLine { video, outcome: CallOutcome::UnderWay };
    let (conversation, insertion) = messages::call_line(turn, copy, parties, session, line)?;
    turn.tx.set_call_here(insertion.id())?;
    Ok((conversation, CallId(insertion.id())))
}

/// The line of a call that was taken for missed, and rings now.
pub fn rings_again(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    call: &StoredCall,
) -> Result<(ConversationId, CallId), Error> {
    let id = CallId(call.message);
    change(turn, conversation, id, &CallLine { outcome: CallOutcome::UnderWay, ..call.line })?;
    Ok((conversation, id))
}

/// Whether a call with somebody has a line.
pub fn has_line(turn: &Turn<'_, '_>, peer: &BareJid, session: &str) -> Result<bool, Error> {
    let reads = turn.tx.reads();
    let Some(conversation) = reads.conversation_with(peer)? else { return Ok(false) };
    Ok(reads.call(conversation, session)?.is_some())
}

/// A call of this device ended.
pub fn ended(turn: &mut Turn<'_, '_>, call: &Live) -> Result<(), Error> {
    change(turn, call.conversation, call.id, &call.line())
}

/// A call of this device was taken.
pub fn taken(turn: &mut Turn<'_, '_>, call: &Live) -> Result<(), Error> {
    turn.tx.set_call_answered(call.id.0, turn.now.wall)?;
    Ok(())
}

fn change(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    call: CallId,
    line: &CallLine,
) -> Result<(), Error> {
    if turn.tx.set_call_outcome(call.0, line)? {
        turn.changed(Change::MessageChanged(conversation, call.0));
        turn.changed(Change::Conversation(conversation));
    }
    Ok(())
}

/// Something was said of a call that this device takes no part in.
pub fn note(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    session: &str,
    act: &Act,
) -> Result<(), Error> {
    if let Act::Propose(media) = act {
        return propose(turn, copy, parties, session, media);
    }
    let Some(conversation) = turn.tx.reads().conversation_with(&parties.peer)? else { return Ok(()) };
    let Some(call) = turn.tx.reads().call(conversation, session)? else { return Ok(()) };
    if call.is_here && call.line.outcome != CallOutcome::UnderWay {
        return Ok(());
    }
    if matches!(act, Act::Accept | Act::Proceed { .. }) {
        turn.tx.set_call_answered(call.message, copy.stamp.unwrap_or(turn.now.wall))?;
    }
    match became(&call, act) {
        Some(outcome) => change(turn, conversation, CallId(call.message), &CallLine { outcome, ..call.line }),
        None => Ok(()),
    }
}

fn propose(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    session: &str,
    media: &[MediaKind],
) -> Result<(), Error> {
    if media.is_empty() {
        return Ok(());
    }
    // The archive may go on to say more; if it does not, nobody took it.
    let outcome = if copy.route == Route::Archive { CallOutcome::Unanswered } else { CallOutcome::UnderWay };
    let line = CallLine { video: media.contains(&MediaKind::Video), outcome };
    messages::call_line(turn, copy, parties, session, line)?;
    Ok(())
}

/// What becomes of a call on another device, by what is said of it.
fn became(call: &StoredCall, act: &Act) -> Option<CallOutcome> {
    let is_open = matches!(call.line.outcome, CallOutcome::UnderWay | CallOutcome::Unanswered);
    match act {
        Act::Accept | Act::Proceed { .. } => Some(CallOutcome::OnOtherDevice),
        _ if call.answered.is_some() || !is_open => None,
        Act::Reject { reason, .. } => match table::condition(reason.as_ref(), Condition::Decline) {
            Condition::Busy => Some(CallOutcome::Busy),
            _ => Some(CallOutcome::Declined),
        },
        Act::Retract { .. } if call.direction == Direction::Outgoing => Some(CallOutcome::Cancelled),
        Act::Retract { .. } | Act::Finish { .. } => Some(CallOutcome::Unanswered),
        Act::Propose(_) | Act::Ringing => None,
    }
}

/// Nothing more will be heard of calls that are not over, unless they are of this very moment.
pub fn settle(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    for call in turn.tx.reads().calls_under_way()? {
        let id = CallId(call.message);
        if turn.state.calls.live.contains_key(&id) {
            continue;
        }
        let outcome = match (call.answered, call.is_here) {
            (None, _) => CallOutcome::Unanswered,
            (Some(_), false) => CallOutcome::OnOtherDevice,
            // The process ended in mid-call.
            (Some(_), true) => CallOutcome::Failed(CallFailure::SessionLost),
        };
        change(turn, call.conversation, id, &CallLine { outcome, ..call.line })?;
    }
    Ok(())
}

//! How a call moves on, and how it ends: who is told, and what its line says.

use std::time::Duration;

use model::{CallFailure, CallOutcome, MediaCommand};
use xmpp::{
    xep_0166_jingle::{Action, Condition, Jingle, Reason},
    xep_0353_invitations::{Act, Invitation},
};

use super::{
    call::{Begun, Live},
    engine, history, sending, services,
    table::{self, Phase, Step, Trigger},
};
use crate::{Error, turn::Turn};

/// How long they may be called.
pub const RINGING: Duration = Duration::from_secs(60);
/// How long it rings here without a word from the caller, who would have given up by then.
pub const RINGING_HERE: Duration = Duration::from_secs(90);
/// How long every other step may take.
pub const STEP: Duration = Duration::from_secs(30);

/// Whether something fits into a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// The call is in the next phase.
    Yes,
    /// Nothing changed.
    No,
    /// The call is over.
    Ended,
    /// It must not come now.
    OutOfOrder,
}

/// Moves a call on by the table.
pub fn advance(turn: &mut Turn<'_, '_>, call: &mut Live, trigger: Trigger) -> Result<Advanced, Error> {
    match table::step(call.phase, trigger) {
        Step::Stay => Ok(Advanced::No),
        Step::OutOfOrder => Ok(Advanced::OutOfOrder),
        Step::Go(phase) => {
            call.phase = phase;
            let patience = match phase {
                Phase::Proposed => RINGING,
                Phase::Invited | Phase::Offered => RINGING_HERE,
                // Without an invitation nobody has taken it yet.
                Phase::Initiated if call.begun == Begun::Session => RINGING,
                _ => STEP,
            };
            call.deadline = Some(turn.now.monotonic.saturating_add(patience));
            Ok(Advanced::Yes)
        }
        Step::End { outcome, farewell } => {
            end(turn, call, outcome, farewell)?;
            Ok(Advanced::Ended)
        }
    }
}

/// Ends a call.
pub fn end(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    outcome: CallOutcome,
    farewell: Option<Condition>,
) -> Result<(), Error> {
    let outcome = match call.since() {
        Some(since) => CallOutcome::Answered { duration: turn.now.monotonic.saturating_sub(since.monotonic) },
        None if outcome == CallOutcome::Failed(CallFailure::NoWay) && !services::has_relay(turn) => {
            CallOutcome::Failed(CallFailure::NoRelay)
        }
        None => outcome,
    };
    if let Some(condition) = farewell {
        say_goodbye(turn, call, condition);
    }
    finish(turn, call, outcome, farewell)?;
    call.phase = Phase::Ended;
    call.deadline = None;
    call.restart_at = None;
    call.ended = Some(outcome);
    if call.engine.has_begun {
        engine::tell(turn, call.id, MediaCommand::End);
    }
    history::ended(turn, call)
}

/// Tells them that it is over, in the way that fits the phase.
fn say_goodbye(turn: &mut Turn<'_, '_>, call: &Live, condition: Condition) {
    let reason = Some(Reason::from(condition));
    match call.phase {
        phase if phase.has_session() => {
            let jingle = Jingle { reason, ..Jingle::new(Action::SessionTerminate, &call.session) };
            sending::request(turn, call, jingle);
        }
        Phase::Proposed | Phase::Proceeding => {
            sending::to_them(turn, call, Act::Retract { reason, tie_break: false });
        }
        Phase::Invited | Phase::Taken => {
            sending::to_them(turn, call, Act::Reject { reason, tie_break: false });
            // Devices that get no carbons (version 0.3) ring on otherwise.
            sending::to_own_devices(turn, call, Act::Reject { reason: None, tie_break: false });
        }
        _ => {}
    }
}

/// Keeps in the archives of both sides that a call is over that was taken.
fn finish(
    turn: &mut Turn<'_, '_>,
    call: &Live,
    outcome: CallOutcome,
    farewell: Option<Condition>,
) -> Result<(), Error> {
    let was_taken = !matches!(call.phase, Phase::Proposed | Phase::Invited | Phase::Offered);
    if !was_taken || !matches!(call.begun, Begun::Proposal(_)) || call.device.is_none() {
        return Ok(());
    }
    let condition = match outcome {
        CallOutcome::Answered { .. } => farewell.unwrap_or(Condition::Success),
        CallOutcome::Failed(_) => Condition::ConnectivityError,
        _ => Condition::Expired,
    };
    let act = Act::Finish { reason: Some(condition.into()), migrated: call.succeeded_by.clone() };
    let invitation = Invitation { session: call.session.clone(), act };
    sending::lasting(turn, call, &invitation)
}

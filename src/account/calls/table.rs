//! What may happen in a call, and what becomes of it: one function, one row for each thing that counts.
//!
//! ```text
//!   we call                                     they call
//!   Proposed ──proceeds──→ Proceeding           Invited ──answers──→ Taken      Offered (without an invitation)
//!                              │ offer                                 │ initiates    │ answers
//!                          Initiated                                   └→ Answering ←─┘
//!                              │ accepts                                      │ answer
//!                              └────────────────────→ Active ←────────────────┘
//! ```
//!
//! Every phase leads to `Ended`. What is not in the table changes nothing; of the requests of a session that are not in it,
//! the sender is told that they come out of order.

use model::{CallFailure, CallOutcome, MediaFailure};
use xmpp::xep_0166_jingle::{Condition, Reason};

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Ours: proposed to all their devices.
    Proposed,
    /// Ours: one of them took it, and media is asked for an offer.
    Proceeding,
    /// Ours: the offer is with them.
    Initiated,
    /// Theirs: proposed, and it rings.
    Invited,
    /// Theirs: the user took it, and they are to offer.
    Taken,
    /// Theirs: offered without having been proposed, and it rings.
    Offered,
    /// Theirs: the user took it, and media is asked for an answer.
    Answering,
    /// Both sides have described their media.
    Active,
    /// Over.
    Ended,
}

impl Phase {
    /// Every phase, in order.
    #[cfg(test)]
    pub const ALL: [Self; 9] = [
        Self::Proposed,
        Self::Proceeding,
        Self::Initiated,
        Self::Invited,
        Self::Taken,
        Self::Offered,
        Self::Answering,
        Self::Active,
        Self::Ended,
    ];

    /// Whether who is in such a call is busy: a call that only rings leaves the user free.
    pub fn occupies(self) -> bool {
        !matches!(self, Self::Invited | Self::Offered | Self::Ended)
    }

    /// Whether there is a session, which is ended by a request.
    pub fn has_session(self) -> bool {
        matches!(self, Self::Initiated | Self::Offered | Self::Answering | Self::Active)
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A device of theirs took it.
    Proceeds,
    /// They do not want it.
    Rejects(Condition),
    /// They want it no more.
    Retracts,
    /// They say that it is over.
    Finishes(Condition),
    /// Another device of the user took it.
    TakenElsewhere,
    /// Another device of the user declined it.
    RejectedElsewhere,
    /// The user takes it.
    Answers,
    /// The user ends it, whichever way.
    HangsUp,
    /// The user calls somebody else in its place, or is in another call.
    Busy,
    /// They offer a session.
    Initiates,
    /// They accept ours.
    Accepts,
    /// They end it.
    Terminates(Condition),
    /// Media has an offer.
    OfferReady,
    /// Media has an answer.
    AnswerReady,
    /// Media cannot go on.
    MediaFails(MediaFailure),
    /// What they said makes no sense.
    Nonsense,
    /// We have nothing in common.
    Incompatible,
    /// Keys are not vouched for as they must be.
    Insecure,
    /// It took too long.
    TimeIsUp,
    /// There is nobody, or their server does not answer.
    Unreachable,
    /// Our session is gone.
    SessionLost,
    /// Another session goes on in its place.
    Superseded,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Stay,
    /// The next phase.
    Go(Phase),
    /// It is over.
    End {
        /// What its line says; if they have talked, that they did.
        outcome: CallOutcome,
        /// What they are told, if anything.
        farewell: Option<Condition>,
    },
    /// It must not come now.
    OutOfOrder,
}

/// The table.
#[allow(clippy::match_same_arms, reason = "a row stands where it belongs, not beside one that says the same")]
pub fn step(phase: Phase, trigger: Trigger) -> Step {
    use Phase::{Active, Answering, Ended, Initiated, Invited, Offered, Proceeding, Proposed, Taken};
    use Trigger::{
        Accepts, AnswerReady, Answers, Busy, Finishes, HangsUp, Incompatible, Initiates, Insecure,
        MediaFails, Nonsense, OfferReady, Proceeds, RejectedElsewhere, Rejects, Retracts, SessionLost,
        Superseded, TakenElsewhere, Terminates, TimeIsUp, Unreachable,
    };
    let quietly = |outcome| Step::End { outcome, farewell: None };
    let telling = |outcome, condition| Step::End { outcome, farewell: Some(condition) };
    let failed = CallOutcome::Failed;
    match (phase, trigger) {
        // What is over stays over; a session that is over is unknown.
        (Ended, Initiates | Accepts) => Step::OutOfOrder,
        (Ended, _) => Step::Stay,

        // The way to a call.
        (Proposed, Proceeds) => Step::Go(Proceeding),
        (Proceeding, OfferReady) => Step::Go(Initiated),
        (Initiated, Accepts) => Step::Go(Active),
        (Invited, Answers) => Step::Go(Taken),
        (Taken, Initiates) | (Offered, Answers) => Step::Go(Answering),
        (Answering, AnswerReady) => Step::Go(Active),
        (_, Initiates | Accepts) => Step::OutOfOrder,

        // They do not want it, or want it no more.
        (Proposed | Proceeding | Initiated, Rejects(condition)) => quietly(refused(condition)),
        (Invited | Offered, Retracts | Finishes(_)) => quietly(CallOutcome::Unanswered),
        (Taken | Answering, Retracts | Finishes(_)) => quietly(CallOutcome::Cancelled),
        // A session ends by its request; this is for one whose request was lost.
        (Proposed | Proceeding | Initiated, Finishes(condition) | Terminates(condition)) => {
            quietly(refused(condition))
        }
        (Invited | Offered, Terminates(condition)) => quietly(gave_up(condition, CallOutcome::Unanswered)),
        (Taken | Answering, Terminates(condition))
        | (Active, Terminates(condition) | Finishes(condition)) => {
            quietly(gave_up(condition, CallOutcome::Cancelled))
        }

        // The user's other devices, of calls that ring.
        (Invited | Offered, TakenElsewhere) => quietly(CallOutcome::OnOtherDevice),
        (Invited | Offered, RejectedElsewhere) => quietly(CallOutcome::Declined),

        // The user.
        (Proposed | Proceeding | Initiated, HangsUp) => telling(CallOutcome::Cancelled, Condition::Cancel),
        (Invited | Taken | Offered | Answering, HangsUp) => {
            telling(CallOutcome::Declined, Condition::Decline)
        }
        (Active, HangsUp) => telling(CallOutcome::Cancelled, Condition::Success),
        (Invited | Offered, Busy) => telling(CallOutcome::Busy, Condition::Busy),

        // What goes wrong.
        (Proposed, TimeIsUp) => telling(CallOutcome::Unanswered, Condition::Cancel),
        (Invited | Offered, TimeIsUp) => quietly(CallOutcome::Unanswered),
        (Initiated, TimeIsUp) => telling(CallOutcome::Unanswered, Condition::Timeout),
        (Taken, TimeIsUp) => telling(failed(CallFailure::Theirs), Condition::Timeout),
        (Proceeding | Answering, TimeIsUp) => {
            telling(failed(CallFailure::Media), Condition::FailedApplication)
        }
        (Active, TimeIsUp) => telling(failed(CallFailure::NoWay), Condition::ConnectivityError),
        (_, Unreachable) => quietly(failed(CallFailure::Unreachable)),
        (_, SessionLost) => quietly(failed(CallFailure::SessionLost)),
        (_, Superseded) => telling(failed(CallFailure::Theirs), Condition::Expired),
        (_, Nonsense) => telling(failed(CallFailure::Protocol), Condition::FailedApplication),
        (_, Incompatible) => telling(failed(CallFailure::Incompatible), Condition::IncompatibleParameters),
        (_, Insecure) => telling(failed(CallFailure::Security), Condition::SecurityError),
        (_, MediaFails(MediaFailure::NoWay)) => {
            telling(failed(CallFailure::NoWay), Condition::ConnectivityError)
        }
        (_, MediaFails(MediaFailure::Keys)) => {
            telling(failed(CallFailure::Security), Condition::SecurityError)
        }
        (_, MediaFails(MediaFailure::Incompatible)) => {
            telling(failed(CallFailure::Incompatible), Condition::IncompatibleParameters)
        }
        (_, MediaFails(MediaFailure::Machinery)) => {
            telling(failed(CallFailure::Media), Condition::FailedApplication)
        }

        // All else changes nothing.
        (
            _,
            Proceeds | Rejects(_) | Retracts | TakenElsewhere | RejectedElsewhere | Answers | Busy
            | OfferReady | AnswerReady,
        ) => Step::Stay,
    }
}

/// What a refusal of our call means.
fn refused(condition: Condition) -> CallOutcome {
    match condition {
        Condition::Busy => CallOutcome::Busy,
        Condition::Decline | Condition::Success | Condition::Cancel | Condition::Expired => {
            CallOutcome::Declined
        }
        Condition::Timeout => CallOutcome::Unanswered,
        other => CallOutcome::Failed(failure(other)),
    }
}

/// What it means that they end what they began, or both did.
fn gave_up(condition: Condition, otherwise: CallOutcome) -> CallOutcome {
    match condition {
        Condition::Cancel
        | Condition::Success
        | Condition::Timeout
        | Condition::Expired
        | Condition::Decline
        | Condition::Busy => otherwise,
        other => CallOutcome::Failed(failure(other)),
    }
}

/// What somebody else's reason means for the user.
fn failure(condition: Condition) -> CallFailure {
    match condition {
        Condition::ConnectivityError | Condition::FailedTransport => CallFailure::NoWay,
        Condition::SecurityError => CallFailure::Security,
        Condition::IncompatibleParameters
        | Condition::UnsupportedApplications
        | Condition::UnsupportedTransports
        | Condition::MediaError => CallFailure::Incompatible,
        Condition::Gone => CallFailure::Unreachable,
        _ => CallFailure::Theirs,
    }
}

/// The reason of a message that may lack one: version 0.3 of XEP-0353 knows none.
pub fn condition(reason: Option<&Reason>, otherwise: Condition) -> Condition {
    reason.map_or(otherwise, |reason| reason.condition)
}

#[cfg(test)]
mod tests;

//! The table, looked at as a whole.

use super::*;

const CONDITIONS: [Condition; 6] = [
    Condition::Success,
    Condition::Busy,
    Condition::Decline,
    Condition::Cancel,
    Condition::ConnectivityError,
    Condition::GeneralError,
];

fn all_triggers() -> Vec<Trigger> {
    let mut all = vec![
        Trigger::Proceeds,
        Trigger::Retracts,
        Trigger::TakenElsewhere,
        Trigger::RejectedElsewhere,
        Trigger::Answers,
        Trigger::HangsUp,
        Trigger::Busy,
        Trigger::Initiates,
        Trigger::Accepts,
        Trigger::OfferReady,
        Trigger::AnswerReady,
        Trigger::Nonsense,
        Trigger::Incompatible,
        Trigger::Insecure,
        Trigger::TimeIsUp,
        Trigger::Unreachable,
        Trigger::SessionLost,
        Trigger::Superseded,
    ];
    for condition in CONDITIONS {
        all.extend([
            Trigger::Rejects(condition),
            Trigger::Finishes(condition),
            Trigger::Terminates(condition),
        ]);
    }
    for failure in
        [MediaFailure::NoWay, MediaFailure::Keys, MediaFailure::Incompatible, MediaFailure::Machinery]
    {
        all.push(Trigger::MediaFails(failure));
    }
    all
}

#[test]
fn what_is_over_stays_over() {
    for trigger in all_triggers() {
        assert!(matches!(step(Phase::Ended, trigger), Step::Stay | Step::OutOfOrder), "{trigger:?}");
    }
}

#[test]
fn every_phase_can_be_ended_and_ends_by_itself() {
    for phase in Phase::ALL.into_iter().filter(|phase| *phase != Phase::Ended) {
        for trigger in [Trigger::HangsUp, Trigger::SessionLost, Trigger::Unreachable, Trigger::TimeIsUp] {
            assert!(matches!(step(phase, trigger), Step::End { .. }), "{phase:?} {trigger:?}");
        }
        for trigger in [Trigger::Nonsense, Trigger::Insecure, Trigger::Incompatible] {
            let step = step(phase, trigger);
            assert!(matches!(step, Step::End { farewell: Some(_), .. }), "{phase:?} {trigger:?}");
        }
    }
}

#[test]
fn only_these_lead_on() {
    let mut steps = Vec::new();
    for phase in Phase::ALL {
        for trigger in all_triggers() {
            if let Step::Go(next) = step(phase, trigger) {
                steps.push((phase, trigger, next));
            }
        }
    }
    assert_eq!(
        steps,
        [
            (Phase::Proposed, Trigger::Proceeds, Phase::Proceeding),
            (Phase::Proceeding, Trigger::OfferReady, Phase::Initiated),
            (Phase::Initiated, Trigger::Accepts, Phase::Active),
            (Phase::Invited, Trigger::Answers, Phase::Taken),
            (Phase::Taken, Trigger::Initiates, Phase::Answering),
            (Phase::Offered, Trigger::Answers, Phase::Answering),
            (Phase::Answering, Trigger::AnswerReady, Phase::Active),
        ]
    );
}

#[test]
fn who_ends_a_call_decides_what_it_was() {
    let outcome = |phase, trigger| match step(phase, trigger) {
        Step::End { outcome, .. } => outcome,
        other => panic!("{phase:?} {trigger:?}: {other:?}"),
    };
    for (phase, trigger, expected) in [
        // Ours.
        (Phase::Proposed, Trigger::HangsUp, CallOutcome::Cancelled),
        (Phase::Proposed, Trigger::TimeIsUp, CallOutcome::Unanswered),
        (Phase::Proposed, Trigger::Rejects(Condition::Busy), CallOutcome::Busy),
        (Phase::Proposed, Trigger::Rejects(Condition::Decline), CallOutcome::Declined),
        (Phase::Initiated, Trigger::Terminates(Condition::Decline), CallOutcome::Declined),
        (Phase::Initiated, Trigger::Terminates(Condition::Busy), CallOutcome::Busy),
        (Phase::Proposed, Trigger::Unreachable, CallOutcome::Failed(CallFailure::Unreachable)),
        // Theirs.
        (Phase::Invited, Trigger::HangsUp, CallOutcome::Declined),
        (Phase::Invited, Trigger::Retracts, CallOutcome::Unanswered),
        (Phase::Invited, Trigger::TakenElsewhere, CallOutcome::OnOtherDevice),
        (Phase::Invited, Trigger::RejectedElsewhere, CallOutcome::Declined),
        (Phase::Invited, Trigger::Busy, CallOutcome::Busy),
        (Phase::Offered, Trigger::Terminates(Condition::Cancel), CallOutcome::Unanswered),
        (Phase::Taken, Trigger::Retracts, CallOutcome::Cancelled),
        // Either.
        (
            Phase::Active,
            Trigger::Terminates(Condition::ConnectivityError),
            CallOutcome::Failed(CallFailure::NoWay),
        ),
        (Phase::Active, Trigger::MediaFails(MediaFailure::Keys), CallOutcome::Failed(CallFailure::Security)),
    ] {
        assert_eq!(outcome(phase, trigger), expected, "{phase:?} {trigger:?}");
    }
}

#[test]
fn a_call_that_only_rings_leaves_the_user_free() {
    let busy: Vec<_> = Phase::ALL.into_iter().filter(|phase| phase.occupies()).collect();
    let ringing = [Phase::Invited, Phase::Offered, Phase::Ended];
    assert_eq!(busy.len() + ringing.len(), Phase::ALL.len());
    assert!(ringing.iter().all(|phase| !phase.occupies()));
}

#[test]
fn what_talks_already_is_not_ended_by_messages_of_its_beginning() {
    for trigger in
        [Trigger::Retracts, Trigger::Rejects(Condition::Decline), Trigger::TakenElsewhere, Trigger::Busy]
    {
        assert_eq!(step(Phase::Active, trigger), Step::Stay, "{trigger:?}");
    }
}

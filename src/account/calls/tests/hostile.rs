//! What makes no sense ends a call with a reason, and nothing more.

use model::{CallFailure, CallOutcome};

use super::*;

#[test]
fn a_description_that_cannot_be_read_ends_the_call() {
    for contents in [
        "<content creator='initiator' name='a b'/>".to_owned(),
        "<content creator='initiator' name='a'/>".repeat(2),
        (0..40).map(|n| format!("<content creator='initiator' name='{n}'/>")).collect::<Vec<_>>().concat(),
        format!(
            "<content creator='initiator' name='a'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>{}\
             </description></content>",
            "<payload-type id='1'/>".repeat(2)
        ),
    ] {
        let mut desk = Desk::new();
        desk.talk(false);
        let jingle = format!(
            "<jingle xmlns='urn:xmpp:jingle:1' action='content-add' sid='{}'>{contents}</jingle>",
            desk.session
        );
        assert_eq!(desk.asks_as(ORCHARD, &jingle), "bad-request");
        let (_, goodbye) = desk.asked(Action::SessionTerminate);
        assert_eq!(goodbye.reason.unwrap().condition, Condition::FailedApplication);
        assert!(matches!(desk.line(), CallOutcome::Answered { .. }));
    }
}

#[test]
fn a_session_that_cannot_be_carried_is_ended_with_the_right_reason() {
    let offered = |change: fn(&mut wire::Content)| {
        let mut desk = Desk::new();
        desk.says(Act::Propose(vec![MediaKind::Audio]));
        desk.command(CallCommand::Answer { video: false });
        let mut initiate = desk.describes(Action::SessionInitiate, &VOICE, Senders::Both);
        change(&mut initiate.contents[0]);
        assert_eq!(desk.asks(&initiate), "result");
        let (_, goodbye) = desk.asked(Action::SessionTerminate);
        assert!(desk.rig.media.is_empty());
        (goodbye.reason.unwrap().condition, desk.line())
    };
    let (condition, outcome) = offered(|content| {
        let Some(Transport::Ice { ice, .. }) = &mut content.transport else { panic!() };
        ice.fingerprints.clear();
    });
    assert_eq!((condition, outcome), (Condition::SecurityError, CallOutcome::Failed(CallFailure::Security)));
    let (condition, _) = offered(|content| {
        let Some(Transport::Ice { ice, .. }) = &mut content.transport else { panic!() };
        ice.credentials = None;
    });
    assert_eq!(condition, Condition::FailedApplication);
    let (condition, outcome) = offered(|content| content.transport = None);
    assert_eq!(
        (condition, outcome),
        (Condition::IncompatibleParameters, CallOutcome::Failed(CallFailure::Incompatible))
    );
    let (condition, _) = offered(|content| {
        let Some(Description::Rtp(rtp)) = &mut content.description else { panic!() };
        rtp.payloads.clear();
    });
    assert_eq!(condition, Condition::FailedApplication);
}

#[test]
fn an_answer_to_what_was_not_offered_ends_the_call() {
    let mut desk = Desk::new();
    desk.call(false);
    desk.says(Act::Proceed { device: None });
    desk.media(MediaEvent::Offer(description(&VOICE, "ours")));
    desk.asked(Action::SessionInitiate);
    let accept = desk.describes(Action::SessionAccept, &[("smell", MediaKind::Audio)], Senders::Both);
    assert_eq!(desk.asks(&accept), "result");
    let (_, goodbye) = desk.asked(Action::SessionTerminate);
    assert_eq!(goodbye.reason.unwrap().condition, Condition::FailedApplication);
}

#[test]
fn what_comes_out_of_order_changes_nothing() {
    let mut desk = Desk::new();
    desk.talk(false);
    let before = desk.told();
    for action in [
        Action::SessionInitiate,
        Action::SessionAccept,
        Action::ContentAccept,
        Action::ContentReject,
        Action::TransportAccept,
        Action::TransportReject,
    ] {
        let jingle = desk.describes(action, &VOICE, Senders::Both);
        assert_eq!(desk.asks(&jingle), "unexpected-request out-of-order", "{action:?}");
    }
    assert_eq!(desk.asks(&desk.their(Action::SecurityInfo)), "feature-not-implemented unsupported-info");
    assert_eq!(desk.asks(&desk.their(Action::DescriptionInfo)), "result");
    let foreign = Jingle::new(Action::SessionTerminate, "another");
    assert_eq!(desk.asks(&foreign), "item-not-found unknown-session");
    assert_eq!(desk.told(), before);
    assert_eq!(desk.engine(), []);
}

#[test]
fn nobody_rings_without_end() {
    let mut desk = Desk::new();
    for number in 0..100 {
        desk.session = format!("s{number}");
        desk.says(Act::Propose(vec![MediaKind::Audio]));
    }
    let ringing = desk.rig.events.iter().filter(|event| matches!(event, EventKind::Call(_))).count();
    assert_eq!(ringing, super::super::MAX_LIVE);
    assert_eq!(desk.rig.refused(crate::refused::Kind::Limit), 100 - ringing as u64);
}

#[test]
fn a_session_is_proposed_once() {
    let mut desk = Desk::new();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    desk.says(Act::Retract { reason: None, tie_break: false });
    desk.rig.events.clear();
    desk.says(Act::Propose(vec![MediaKind::Audio, MediaKind::Video]));
    assert!(!desk.rig.events.iter().any(|event| matches!(event, EventKind::Call(_))));
    assert_eq!(desk.lines(ROMEO), [CallLine { video: false, outcome: CallOutcome::Unanswered }]);
}

#[test]
fn candidates_that_come_early_are_bounded() {
    let mut desk = Desk::new();
    desk.call(false);
    desk.says(Act::Proceed { device: None });
    desk.media(MediaEvent::Offer(description(&VOICE, "ours")));
    desk.asked(Action::SessionInitiate);
    desk.engine();
    for port in 1..=1000 {
        assert_eq!(desk.asks(&told_ways(&desk, &[candidates("audio", "theirs", port)])), "result");
    }
    let accept = desk.describes(Action::SessionAccept, &VOICE, Senders::Both);
    assert_eq!(desk.asks(&accept), "result");
    assert_eq!(desk.engine().len(), 1 + 128);
}

#[test]
fn an_engine_that_answers_nothing_that_was_asked() {
    let mut desk = Desk::new();
    desk.talk(false);
    desk.media(MediaEvent::Offer(description(&VOICE, "ours")));
    assert!(matches!(desk.state(), CallState::Ended(CallOutcome::Answered { .. })));
    // And one that goes on when it is over.
    desk.rig.sent.clear();
    for event in [
        MediaEvent::Connected,
        MediaEvent::Broken,
        MediaEvent::Candidates(candidates("audio", "ours", 1)),
        MediaEvent::Answer(description(&VOICE, "ours")),
        MediaEvent::Failed(model::MediaFailure::NoWay),
    ] {
        desk.media(event);
    }
    assert!(desk.rig.sent.is_empty());
}

//! Callers whom the user has not accepted learn nothing, and never where this device is.

use model::{CallOutcome, CallSettings};

use super::*;

const MALLORY: &str = "mallory@example.com/x";

fn propose(desk: &mut Desk) {
    let act = Act::Propose(vec![MediaKind::Audio]);
    let invitation = proposals::Invitation { session: desk.session.clone(), act };
    desk.message(MALLORY, "me@example.org", &text(&invitation.element()));
}

#[test]
fn a_stranger_hears_nothing_before_the_user_answers() {
    let mut desk = Desk::new();
    desk.rig.sent.clear();
    propose(&mut desk);
    assert_eq!(desk.state(), CallState::Ringing);
    let early = text(&desk.describes(Action::SessionInitiate, &VOICE, Senders::Both).element());
    assert_eq!(desk.asks_as(MALLORY, &early), "service-unavailable");
    let retract = proposals::Invitation {
        session: desk.session.clone(),
        act: Act::Retract { reason: None, tie_break: false },
    };
    desk.message(MALLORY, "me@example.org", &text(&retract.element()));
    assert_eq!(desk.lines("mallory@example.com")[0].outcome, CallOutcome::Unanswered);
    assert!(desk.rig.sent.is_empty(), "{:?}", desk.rig.sent);
}

#[test]
fn a_stranger_hears_not_even_that_the_user_is_busy() {
    let mut desk = Desk::new();
    desk.rig.command(AccountCommand::SetBusy(true));
    desk.rig.sent.clear();
    propose(&mut desk);
    assert!(desk.rig.sent.is_empty());
    assert_eq!(desk.lines("mallory@example.com")[0].outcome, CallOutcome::Busy);
}

#[test]
fn with_a_stranger_media_goes_through_relays_only() {
    let mut desk = Desk::new();
    propose(&mut desk);
    desk.command(CallCommand::Answer { video: false });
    let initiate = text(&desk.describes(Action::SessionInitiate, &VOICE, Senders::Both).element());
    assert_eq!(desk.asks_as(MALLORY, &initiate), "result");
    let MediaCommand::Begin(setup) = desk.engine().remove(0) else { panic!() };
    assert!(setup.relay_only);
}

#[test]
fn relays_only_for_everybody_by_choice() {
    let mut desk = Desk::new();
    desk.rig.command(AccountCommand::SetCallSettings(CallSettings {
        relay_only: true,
        ..CallSettings::default()
    }));
    desk.call(false);
    desk.says(Act::Proceed { device: None });
    let MediaCommand::Begin(setup) = desk.engine().remove(0) else { panic!() };
    assert!(setup.relay_only);
}

#[test]
fn a_stranger_without_a_proposal_meets_nobody() {
    let mut desk = Desk::new();
    let initiate = text(&desk.describes(Action::SessionInitiate, &VOICE, Senders::Both).element());
    // As a client answers that can do nothing, or is not there.
    assert_eq!(desk.asks_as(MALLORY, &initiate), "service-unavailable");
    let ping = text(&info(&desk, Info::Ping).element());
    assert_eq!(desk.asks_as(MALLORY, &ping), "service-unavailable");
    let nonsense = "<jingle xmlns='urn:xmpp:jingle:1' action='dance' sid='s1'/>";
    assert_eq!(desk.asks_as(MALLORY, nonsense), "service-unavailable");
    assert_eq!(desk.asks_as(ORCHARD, nonsense), "bad-request");
    assert_eq!(desk.lines("mallory@example.com"), []);
}

#[test]
fn who_is_blocked_does_not_ring() {
    let mut desk = Desk::new();
    desk.rig.command(AccountCommand::SetBlocked(BareJid::new(ROMEO).unwrap(), true));
    desk.rig.sent.clear();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    assert!(!desk.rig.events.iter().any(|event| matches!(event, EventKind::Call(_))));
    let initiate = desk.describes(Action::SessionInitiate, &VOICE, Senders::Both);
    assert_eq!(desk.asks(&initiate), "service-unavailable");
}

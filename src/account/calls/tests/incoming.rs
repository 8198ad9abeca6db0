//! Somebody calls the user.

use model::{CallFailure, CallOutcome, Direction};

use super::*;

#[test]
fn from_the_proposal_to_the_line() {
    // After the XEPs; the proposal and the session as Dino and Conversations send them.
    let mut desk = Desk::new();
    desk.says(Act::Propose(vec![MediaKind::Audio, MediaKind::Video]));
    let told = desk.told();
    assert_eq!((told.state, told.direction, told.video), (CallState::Ringing, Direction::Incoming, true));
    assert_eq!(desk.said("ringing").attr("to"), Some(ROMEO));
    assert_eq!(desk.lines(ROMEO), [CallLine { video: true, outcome: CallOutcome::UnderWay }]);
    assert!(desk.rig.media.is_empty(), "nothing is gathered while it rings");

    desk.command(CallCommand::Answer { video: false });
    assert_eq!(desk.state(), CallState::Connecting);
    // To the device that called, whose full address Dino compares with its own.
    assert_eq!(desk.said("proceed").attr("to"), Some(ORCHARD));
    assert_eq!(desk.said("accept").attr("to"), Some("me@example.org"));
    assert!(desk.rig.media.is_empty());

    let initiate = desk.describes(Action::SessionInitiate, &BOTH, Senders::Both);
    assert_eq!(desk.asks(&initiate), "result");
    let [MediaCommand::Begin(_), audio, video, MediaCommand::Answer(offer)] = &desk.engine()[..] else {
        panic!()
    };
    assert_eq!(*audio, MediaCommand::Capture { media: MediaKind::Audio, on: true });
    assert_eq!(*video, MediaCommand::Capture { media: MediaKind::Video, on: false });
    assert_eq!(offer.contents.len(), 2);

    desk.media(MediaEvent::Candidates(candidates("audio", "ours", 1)));
    assert!(!desk.has_asked());
    desk.media(MediaEvent::Answer(description(&BOTH, "ours")));
    let (_, accept) = desk.asked(Action::SessionAccept);
    assert_eq!(accept.responder.as_deref(), Some("me@example.org/here"));
    assert_eq!(accept.contents.iter().map(|content| content.senders).collect::<Vec<_>>(), [Senders::Both; 2]);
    desk.asked(Action::TransportInfo);
    // They are to know that no picture will come.
    let (_, muted) = desk.asked(Action::SessionInfo);
    assert_eq!(muted.info, Some(Info::Mute(Some("video".to_owned()))));

    desk.media(MediaEvent::Connected);
    desk.rig.pass(Duration::from_secs(5));
    assert_eq!(desk.asks(&terminate(&desk, Condition::Success)), "result");
    let outcome = CallOutcome::Answered { duration: Duration::from_secs(5) };
    assert_eq!(desk.state(), CallState::Ended(outcome));
    assert_eq!(desk.line(), outcome);
    assert!(!desk.has_asked(), "who hears goodbye says none");
    let Act::Finish { reason: Some(reason), .. } = invitation(&desk.said("finish")).act else { panic!() };
    assert_eq!(reason.condition, Condition::Success);
}

#[test]
fn how_a_call_ends_that_was_not_taken() {
    use CallOutcome::{Declined, OnOtherDevice, Unanswered};
    let ends = |then: fn(&mut Desk)| {
        let mut desk = Desk::new();
        desk.says(Act::Propose(vec![MediaKind::Audio]));
        desk.said("ringing");
        then(&mut desk);
        let outcome = desk.line();
        assert_eq!(desk.state(), CallState::Ended(outcome));
        assert!(desk.rig.media.is_empty() && !desk.has_asked() && !desk.has_said("finish"));
        (outcome, desk)
    };
    let (outcome, mut desk) = ends(|desk| desk.command(CallCommand::HangUp));
    assert_eq!(outcome, Declined);
    assert_eq!(desk.said("reject").attr("to"), Some(ORCHARD));
    assert_eq!(desk.said("reject").attr("to"), Some("me@example.org"), "for devices without carbons");

    let (outcome, desk) = ends(|desk| desk.says(Act::Retract { reason: None, tie_break: false }));
    assert_eq!(outcome, Unanswered);
    assert!(!desk.has_said("reject"));
    assert_eq!(ends(|desk| desk.pass(90)).0, Unanswered);

    // All devices ring, and stop when one of them takes it or declines, in the words of either version.
    assert_eq!(ends(|desk| desk.other_device_says(Act::Proceed { device: None })).0, OnOtherDevice);
    assert_eq!(
        ends(|desk| desk.other_device_says(Act::Reject { reason: None, tie_break: false })).0,
        Declined
    );
    let (outcome, desk) = ends(|desk| {
        let accept = proposals::Invitation { session: desk.session.clone(), act: Act::Accept };
        desk.message("me@example.org/phone", "me@example.org", &text(&accept.element()));
    });
    assert_eq!(outcome, OnOtherDevice);
    assert!(!desk.has_said("reject"));
}

#[test]
fn what_this_device_says_comes_back_and_means_nothing() {
    let mut desk = Desk::new();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    desk.command(CallCommand::Answer { video: false });
    let accept = desk.said("accept");
    let accept = text(accept.children().next().unwrap());
    desk.message("me@example.org/here", "me@example.org", &accept);
    assert_eq!(desk.state(), CallState::Connecting);
}

#[test]
fn nobody_else_can_end_it() {
    let mut desk = Desk::new();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    for name in ["retract", "reject", "finish", "accept", "proceed"] {
        let session = &desk.session;
        let said = format!("<{name} xmlns='{NS_PROPOSALS}' id='{session}'/>");
        desk.message("mallory@example.com/x", "me@example.org", &said);
    }
    assert_eq!(desk.state(), CallState::Ringing);
}

#[test]
fn a_caller_who_does_not_come() {
    let mut desk = Desk::new();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    desk.command(CallCommand::Answer { video: false });
    desk.said("proceed");
    desk.pass(30);
    assert_eq!(desk.line(), CallOutcome::Failed(CallFailure::Theirs));
    desk.said("reject");
}

#[test]
fn a_caller_who_gives_up_before_media_flows() {
    let mut desk = Desk::new();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    desk.command(CallCommand::Answer { video: false });
    desk.says(Act::Retract { reason: None, tie_break: false });
    assert_eq!(desk.line(), CallOutcome::Cancelled);
}

#[test]
fn a_session_that_is_offered_with_more_than_was_proposed() {
    // As Conversations: an answer to a voice call is none to a video call.
    let mut desk = Desk::new();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    desk.command(CallCommand::Answer { video: false });
    let initiate = desk.describes(Action::SessionInitiate, &BOTH, Senders::Both);
    assert_eq!(desk.asks(&initiate), "result");
    let (_, goodbye) = desk.asked(Action::SessionTerminate);
    assert_eq!(goodbye.reason.unwrap().condition, Condition::SecurityError);
    assert!(desk.rig.media.is_empty());
}

#[test]
fn a_session_before_it_was_taken_comes_out_of_order() {
    let mut desk = Desk::new();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    let initiate = desk.describes(Action::SessionInitiate, &VOICE, Senders::Both);
    assert_eq!(desk.asks(&initiate), "unexpected-request out-of-order");
    assert_eq!(desk.state(), CallState::Ringing);
}

#[test]
fn a_call_without_a_proposal() {
    // As Dino calls who it believes cannot be proposed to.
    let mut desk = Desk::new();
    let initiate = desk.describes(Action::SessionInitiate, &VOICE, Senders::Both);
    assert_eq!(desk.asks(&initiate), "result");
    assert_eq!(desk.state(), CallState::Ringing);
    let (_, ringing) = desk.asked(Action::SessionInfo);
    assert_eq!(ringing.info, Some(Info::Ringing));
    assert!(desk.rig.media.is_empty());
    assert_eq!(desk.asks(&told_ways(&desk, &[candidates("audio", "theirs", 1)])), "result");
    desk.command(CallCommand::Answer { video: false });
    let commands = desk.engine();
    assert!(matches!(
        &commands[..],
        [MediaCommand::Begin(_), _, _, MediaCommand::Answer(_), MediaCommand::AddCandidates(_)]
    ));
    desk.media(MediaEvent::Answer(description(&VOICE, "ours")));
    desk.asked(Action::SessionAccept);

    let mut desk = Desk::new();
    desk.asks(&initiate);
    desk.asked(Action::SessionInfo);
    desk.command(CallCommand::HangUp);
    let (_, goodbye) = desk.asked(Action::SessionTerminate);
    assert_eq!(goodbye.reason.unwrap().condition, Condition::Decline);
    assert_eq!(desk.line(), CallOutcome::Declined);
    assert_eq!(desk.asks(&initiate), "item-not-found unknown-session", "it is over");
}

#[test]
fn who_is_in_a_call_is_busy() {
    let mut desk = Desk::new();
    desk.rig.bytes(
        "<iq type='set' id='p'><query xmlns='jabber:iq:roster'>\
         <item jid='paris@example.com' subscription='both'/></query></iq>",
    );
    desk.talk(false);
    let propose =
        proposals::Invitation { session: "s9".to_owned(), act: Act::Propose(vec![MediaKind::Audio]) };
    desk.message("paris@example.com/x", "me@example.org", &text(&propose.element()));
    let reject = desk.said("reject");
    assert_eq!(reject.attr("to"), Some("paris@example.com/x"));
    let Act::Reject { reason: Some(reason), .. } = invitation(&reject).act else { panic!() };
    assert_eq!(reason.condition, Condition::Busy);
    assert!(!desk.has_said("ringing"));
    assert_eq!(desk.lines("paris@example.com")[0].outcome, CallOutcome::Busy);
    // And so in another account.
    let mut desk = Desk::new();
    desk.rig.command(AccountCommand::SetBusy(true));
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    desk.said("reject");
    desk.rig.command(AccountCommand::SetBusy(false));
    desk.session = "s2".to_owned();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    assert_eq!(desk.state(), CallState::Ringing);
}

#[test]
fn an_invitation_of_the_other_kind() {
    // As Dino sends XEP-0482, with an id of its own.
    let mut desk = Desk::new();
    let invite = |id: &str, session: &str| {
        format!(
            "<invite xmlns='urn:xmpp:call-invites:0' id='{id}' video='false' multi='false'>\
             <jingle sid='{session}'/></invite>"
        )
    };
    desk.message(ORCHARD, "me@example.org", &invite("i1", "s1"));
    assert_eq!(desk.state(), CallState::Ringing);
    assert!(!desk.has_said("ringing"));
    desk.command(CallCommand::Answer { video: false });
    let is_accept = |stanza: &Element| stanza.has_child("accept", "urn:xmpp:call-invites:0");
    let accept = desk.rig.sent.iter().find(|stanza| is_accept(stanza)).unwrap();
    let accept = accept.get_child("accept", "urn:xmpp:call-invites:0").unwrap();
    assert_eq!(accept.attr("id"), Some("i1"));
    assert!(!desk.has_said("proceed"));
    let initiate = desk.describes(Action::SessionInitiate, &VOICE, Senders::Both);
    assert_eq!(desk.asks(&initiate), "result");

    let mut desk = Desk::new();
    desk.message(ORCHARD, "me@example.org", &invite("i2", "s1"));
    desk.message(ORCHARD, "me@example.org", "<retract xmlns='urn:xmpp:call-invites:0' id='i1'/>");
    assert_eq!(desk.state(), CallState::Ringing, "another invitation");
    desk.message(ORCHARD, "me@example.org", "<retract xmlns='urn:xmpp:call-invites:0' id='i2'/>");
    assert_eq!(desk.line(), CallOutcome::Unanswered);
    // A conference is not known here.
    let conference =
        "<invite xmlns='urn:xmpp:call-invites:0' id='i3'><jingle sid='s3' jid='mix@example.com'/></invite>";
    desk.message(ORCHARD, "me@example.org", conference);
    assert_eq!(desk.lines(ROMEO).len(), 1);
}

#[test]
fn without_an_engine_nothing_is_heard() {
    let mut rig = Rig::new(false);
    rig.sign_in();
    rig.roster(&format!("<item jid='{ROMEO}' subscription='both'/>"));
    assert!(!rig.has_sent("services"));
    let mut desk = Desk { rig, session: "s1".to_owned() };
    desk.rig.sent.clear();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    let initiate = desk.describes(Action::SessionInitiate, &VOICE, Senders::Both);
    assert_eq!(desk.asks(&initiate), "service-unavailable");
    assert_eq!(desk.lines(ROMEO), []);
    assert!(desk.rig.sent.is_empty());
}

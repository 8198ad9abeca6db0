//! The user calls.

use model::{CallFailure, CallOutcome, CallSecurity, Direction};

use super::*;

#[test]
fn from_the_proposal_to_the_line() {
    // After the XEPs: 0353 to propose, 0166 to set up and end.
    let mut desk = Desk::new();
    desk.call(true);
    let told = desk.told();
    assert_eq!((told.state, told.direction, told.video), (CallState::Calling, Direction::Outgoing, true));
    assert_eq!(desk.engine(), [], "nothing is gathered before somebody took it");

    desk.says(Act::Ringing);
    assert_eq!(desk.state(), CallState::Ringing);
    desk.says(Act::Proceed { device: None });
    assert_eq!(desk.state(), CallState::Connecting);
    let [MediaCommand::Begin(setup), _, MediaCommand::Capture { media: MediaKind::Video, on: true }, offer] =
        &desk.engine()[..]
    else {
        panic!()
    };
    assert_eq!((setup.servers.len(), setup.relay_only, setup.bundle), (2, false, false));
    let MediaCommand::Offer(wanted) = offer else { panic!("{offer:?}") };
    assert_eq!(
        wanted.iter().map(|content| content.media).collect::<Vec<_>>(),
        [MediaKind::Audio, MediaKind::Video]
    );

    // Found before they know what they belong to.
    desk.media(MediaEvent::Candidates(candidates("audio", "ours", 1)));
    assert!(!desk.has_asked());
    desk.media(MediaEvent::Offer(description(&BOTH, "ours")));
    let (_, initiate) = desk.asked(Action::SessionInitiate);
    assert_eq!(initiate.initiator.as_deref(), Some("me@example.org/here"));
    assert_eq!(initiate.contents.len(), 2);
    let (_, ways) = desk.asked(Action::TransportInfo);
    assert_eq!((ways.contents.len(), ways.contents[0].name.as_str()), (1, "audio"));

    // Theirs overtake their description.
    assert_eq!(desk.asks(&told_ways(&desk, &[candidates("audio", "theirs", 2)])), "result");
    assert_eq!(desk.engine(), []);
    let accept = desk.describes(Action::SessionAccept, &BOTH, Senders::Both);
    assert_eq!(desk.asks(&accept), "result");
    let [MediaCommand::Apply(applied), MediaCommand::AddCandidates(_)] = &desk.engine()[..] else { panic!() };
    assert_eq!(applied.contents.len(), 2);

    desk.media(MediaEvent::Connected);
    let told = desk.told();
    assert!(matches!(told.state, CallState::Connected { .. }));
    assert_eq!(told.participants[0].security, CallSecurity::Servers);
    assert!(told.participants[0].video);

    desk.rig.pass(Duration::from_secs(65));
    desk.command(CallCommand::HangUp);
    let (_, goodbye) = desk.asked(Action::SessionTerminate);
    assert_eq!(goodbye.reason.unwrap().condition, Condition::Success);
    let answered = CallOutcome::Answered { duration: Duration::from_secs(65) };
    assert_eq!(desk.state(), CallState::Ended(answered));
    assert_eq!(desk.engine(), [MediaCommand::End]);
    assert_eq!(desk.lines(ROMEO), [CallLine { video: true, outcome: answered }]);
}

#[test]
fn only_the_device_that_took_it_counts() {
    let mut desk = Desk::new();
    desk.call(false);
    desk.says(Act::Proceed { device: None });
    // A second one comes too late.
    let invitation =
        proposals::Invitation { session: desk.session.clone(), act: Act::Proceed { device: None } };
    desk.message("romeo@example.net/balcony", "me@example.org", &text(&invitation.element()));
    desk.media(MediaEvent::Offer(description(&VOICE, "ours")));
    desk.asked(Action::SessionInitiate);
    let accept = text(&desk.describes(Action::SessionAccept, &VOICE, Senders::Both).element());
    assert_eq!(desk.asks_as("romeo@example.net/balcony", &accept), "item-not-found unknown-session");
    assert_eq!(desk.state(), CallState::Connecting);
    assert_eq!(desk.asks_as(ORCHARD, &accept), "result");
}

#[test]
fn how_a_call_ends_that_nobody_took() {
    use CallOutcome::{Busy, Cancelled, Declined, Failed, Unanswered};
    let ends = |then: fn(&mut Desk)| {
        let mut desk = Desk::new();
        desk.call(false);
        then(&mut desk);
        assert_eq!(desk.engine(), []);
        let outcome = desk.line();
        assert_eq!(desk.state(), CallState::Ended(outcome));
        (outcome, desk)
    };
    let (outcome, mut desk) = ends(|desk| desk.command(CallCommand::HangUp));
    assert_eq!(outcome, Cancelled);
    let retract = invitation(&desk.said("retract"));
    let Act::Retract { reason: Some(reason), .. } = retract.act else { panic!() };
    assert_eq!(reason.condition, Condition::Cancel);

    let (outcome, mut desk) = ends(|desk| desk.pass(60));
    assert_eq!(outcome, Unanswered);
    desk.said("retract");

    // In version 0.3 there is no reason.
    let (outcome, desk) = ends(|desk| desk.says(Act::Reject { reason: None, tie_break: false }));
    assert_eq!(outcome, Declined);
    assert!(!desk.has_said("retract") && !desk.has_said("finish"));

    let busy = |desk: &mut Desk| {
        desk.says(Act::Reject { reason: Some(Condition::Busy.into()), tie_break: false });
    };
    assert_eq!(ends(busy).0, Busy);

    let broken = |desk: &mut Desk| {
        // What only a caller can do changes nothing.
        desk.says(Act::Retract { reason: None, tie_break: false });
        desk.says(Act::Reject { reason: Some(Condition::GeneralError.into()), tie_break: false });
    };
    assert_eq!(ends(broken).0, Failed(CallFailure::Theirs));
}

#[test]
fn one_call_at_a_time() {
    let mut desk = Desk::new();
    desk.call(false);
    desk.rig.events.clear();
    let conversation = desk.romeo();
    desk.rig.command(AccountCommand::StartCall(conversation, false));
    assert!(!desk.has_said("propose"));
    assert_eq!(desk.lines(ROMEO).len(), 1);
}

#[test]
fn a_proposal_that_reaches_nobody() {
    let mut desk = Desk::new();
    let conversation = desk.romeo();
    desk.rig.command(AccountCommand::StartCall(conversation, false));
    let proposal = desk.said("propose");
    let id = proposal.attr("id").unwrap();
    let bounce = |from: &str| {
        format!(
            "<message type='error' from='{from}' id='{id}'><error type='cancel'>\
             <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        )
    };
    desk.rig.bytes(&bounce("mallory@example.com"));
    assert_eq!(desk.state(), CallState::Calling, "not hers to say");
    desk.rig.bytes(&bounce("example.net"));
    assert_eq!(desk.line(), CallOutcome::Failed(CallFailure::Unreachable));
}

#[test]
fn an_offer_that_is_refused() {
    let mut desk = Desk::new();
    desk.call(false);
    desk.says(Act::Proceed { device: None });
    desk.media(MediaEvent::Offer(description(&VOICE, "ours")));
    let (initiate, _) = desk.asked(Action::SessionInitiate);
    desk.rig.refuse(&initiate, "service-unavailable");
    assert_eq!(desk.line(), CallOutcome::Failed(CallFailure::Unreachable));
    assert_eq!(desk.engine().last(), Some(&MediaCommand::End));
    assert!(!desk.has_asked(), "there is nobody to say goodbye to");
}

#[test]
fn a_callee_who_takes_less() {
    // As Dino: it narrows the video it only wants to see, then accepts.
    let mut desk = Desk::new();
    desk.call(true);
    desk.says(Act::Proceed { device: None });
    desk.media(MediaEvent::Offer(description(&BOTH, "ours")));
    desk.asked(Action::SessionInitiate);
    desk.engine();
    let stub = wire::Content::stub(Side::Initiator, "video", Senders::Initiator);
    let modify = Jingle { contents: vec![stub], ..desk.their(Action::ContentModify) };
    assert_eq!(desk.asks(&modify), "result");
    assert_eq!(desk.engine(), [], "media learns with the description");
    let mut accept = desk.describes(Action::SessionAccept, &BOTH, Senders::Both);
    accept.contents[1].senders = Senders::Initiator;
    assert_eq!(desk.asks(&accept), "result");
    let [MediaCommand::Apply(applied)] = &desk.engine()[..] else { panic!() };
    assert_eq!(applied.contents[1].flow, Flow { sends: true, receives: false });
    desk.media(MediaEvent::Connected);
    assert!(!desk.told().participants[0].video);
}

#[test]
fn a_callee_who_leaves_a_content_out() {
    let mut desk = Desk::new();
    desk.call(true);
    desk.says(Act::Proceed { device: None });
    desk.media(MediaEvent::Offer(description(&BOTH, "ours")));
    desk.asked(Action::SessionInitiate);
    desk.engine();
    let accept = desk.describes(Action::SessionAccept, &VOICE, Senders::Both);
    assert_eq!(desk.asks(&accept), "result");
    let commands = desk.engine();
    assert_eq!(commands[0], MediaCommand::Remove(vec!["video".to_owned()]));
    assert!(!desk.told().camera);
}

#[test]
fn media_that_has_no_offer_or_fails() {
    let mut desk = Desk::new();
    desk.call(false);
    desk.says(Act::Proceed { device: None });
    desk.media(MediaEvent::Failed(model::MediaFailure::Machinery));
    assert_eq!(desk.line(), CallOutcome::Failed(CallFailure::Media));
    // No session was offered yet: the proposal is taken back.
    desk.said("retract");

    let mut desk = Desk::new();
    desk.talk(false);
    desk.media(MediaEvent::Failed(model::MediaFailure::Keys));
    let (_, goodbye) = desk.asked(Action::SessionTerminate);
    assert_eq!(goodbye.reason.unwrap().condition, Condition::SecurityError);
}

/// Romeo's only device comes online, and what it can do is known.
fn comes(desk: &mut Desk, features: &[&str]) {
    let info = xmpp::xep_0030_disco::Info {
        node: None,
        identities: Vec::new(),
        features: features.iter().map(|feature| (*feature).to_owned()).collect(),
        forms: Vec::new(),
    };
    let caps = xmpp::xep_0115_caps::Caps::of("https://romeo.example", &info).unwrap();
    let presence =
        xmpp::payload::parent_tag("presence", "jabber:client", &[("from", ORCHARD)], [caps.element()]);
    desk.rig.write(|tx| tx.put_caps(&caps.key(), &info.features));
    desk.rig.bytes(&text(&presence));
}

/// Whether Romeo, or somebody else, can be called with voice and with video.
fn callable(desk: &mut Desk, who: &str) -> (bool, bool) {
    let question = crate::Question::Callable(BareJid::new(who).unwrap());
    desk.rig.input(Input::Ask(model::RequestId(7), question));
    let Some(model::Answer::Callable(callable)) = desk.rig.answers.pop() else { panic!() };
    (callable.voice, callable.video)
}

#[test]
fn who_can_be_called() {
    let mut desk = Desk::new();
    assert_eq!(callable(&mut desk, ROMEO), (true, true), "it may ring on a device that is away");
    comes(&mut desk, &["urn:xmpp:jingle:1", "urn:xmpp:jingle:apps:rtp:audio"]);
    assert_eq!(callable(&mut desk, ROMEO), (true, false));
    comes(&mut desk, &["jabber:x:oob"]);
    assert_eq!(callable(&mut desk, ROMEO), (false, false));
    assert_eq!(callable(&mut desk, "me@example.org"), (false, false), "oneself");
    desk.rig.disconnect();
    assert_eq!(callable(&mut desk, "mercutio@example.net"), (false, false), "there is no link");
    let mut without = Desk { rig: crate::testing::Rig::online(), session: String::new() };
    assert_eq!(callable(&mut without, ROMEO), (false, false), "this program cannot");
}

#[test]
fn devices_that_take_no_proposals_are_called_directly() {
    // What Romeo's only device can do is known: Jingle, and nothing of XEP-0353.
    let mut desk = Desk::new();
    comes(&mut desk, &["urn:xmpp:jingle:1", "urn:xmpp:jingle:apps:rtp:audio"]);
    let conversation = desk.romeo();
    desk.rig.command(AccountCommand::StartCall(conversation, false));
    assert!(!desk.has_said("propose"));
    desk.session = desk.rig.read(|reads| reads.calls_under_way())[0].session.clone();
    desk.media(MediaEvent::Offer(description(&VOICE, "ours")));
    let (initiate, _) = desk.asked(Action::SessionInitiate);
    desk.rig.answer(&initiate, "");
    assert_eq!(desk.state(), CallState::Calling);
    assert_eq!(desk.asks(&super::info(&desk, Info::Ringing)), "result");
    assert_eq!(desk.state(), CallState::Ringing);
    desk.pass(60);
    let (_, goodbye) = desk.asked(Action::SessionTerminate);
    assert_eq!(goodbye.reason.unwrap().condition, Condition::Timeout);
}

#[test]
fn calls_that_cannot_be() {
    let mut desk = Desk::new();
    let conversation = desk.romeo();
    desk.rig.disconnect();
    desk.rig.command(AccountCommand::StartCall(conversation, false));
    assert_eq!(desk.line(), CallOutcome::Failed(CallFailure::SessionLost));

    let mut desk = Desk::new();
    desk.rig.command(AccountCommand::SetBusy(true));
    let conversation = desk.romeo();
    desk.rig.command(AccountCommand::StartCall(conversation, false));
    assert_eq!(desk.lines(ROMEO), [], "another account is in a call");
}

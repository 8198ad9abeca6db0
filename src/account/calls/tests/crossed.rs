//! Both sides call at once, or once more.

use model::CallOutcome;

use super::*;

fn theirs(desk: &mut Desk, session: &str) {
    desk.session = session.to_owned();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
}

#[test]
fn the_lower_session_goes_on_ours() {
    // After XEP-0353 §4.1. No letter of ours is above "z".
    let mut desk = Desk::new();
    let id = desk.call(false);
    let ours = desk.session.clone();
    theirs(&mut desk, "zzz");
    let reject = invitation(&desk.said("reject"));
    assert_eq!(reject.session, "zzz");
    assert!(matches!(reject.act, Act::Reject { tie_break: true, .. }));
    assert_eq!((desk.told().id, desk.state()), (id, CallState::Calling));
    desk.session = ours;
    desk.says(Act::Proceed { device: None });
    assert_eq!(desk.state(), CallState::Connecting);
    assert_eq!(desk.lines(ROMEO).len(), 1);
}

#[test]
fn the_lower_session_goes_on_theirs() {
    let mut desk = Desk::new();
    let id = desk.call(false);
    let ours = desk.session.clone();
    theirs(&mut desk, "!");
    let retract = invitation(&desk.said("retract"));
    assert_eq!(retract.session, ours);
    assert!(matches!(retract.act, Act::Retract { tie_break: true, .. }));
    // Both wanted to talk: nobody is asked again.
    assert_eq!(invitation(&desk.said("proceed")).session, "!");
    assert_eq!((desk.told().id, desk.state()), (id, CallState::Connecting));
    // Their refusal of ours, which comes too late, means nothing.
    desk.session = ours;
    desk.says(Act::Reject { reason: Some(Condition::Expired.into()), tie_break: true });
    desk.session = "!".to_owned();
    let initiate = desk.describes(Action::SessionInitiate, &VOICE, Senders::Both);
    assert_eq!(desk.asks(&initiate), "result");
    assert!(matches!(desk.engine()[..], [MediaCommand::Begin(_), _, _, MediaCommand::Answer(_)]));
    assert_eq!(desk.lines(ROMEO).len(), 1);
}

#[test]
fn sessions_that_cross() {
    // After XEP-0166 §7.2.16: both call devices that take no proposals.
    let crossed = |theirs: &str| {
        let mut desk = Desk::new();
        let conversation = desk.romeo();
        let features = ["urn:xmpp:jingle:apps:rtp:audio"].map(str::to_owned).to_vec();
        let info =
            xmpp::xep_0030_disco::Info { node: None, identities: Vec::new(), features, forms: Vec::new() };
        let caps = xmpp::xep_0115_caps::Caps::of("https://romeo.example", &info).unwrap();
        desk.rig.write(|tx| tx.put_caps(&caps.key(), &info.features));
        let presence =
            xmpp::payload::parent_tag("presence", "jabber:client", &[("from", ORCHARD)], [caps.element()]);
        desk.rig.bytes(&text(&presence));
        desk.rig.command(AccountCommand::StartCall(conversation, false));
        desk.session = desk.rig.read(|reads| reads.calls_under_way())[0].session.clone();
        desk.media(MediaEvent::Offer(description(&VOICE, "ours")));
        let (request, _) = desk.asked(Action::SessionInitiate);
        desk.engine();
        desk.session = theirs.to_owned();
        let initiate = desk.describes(Action::SessionInitiate, &VOICE, Senders::Both);
        (desk.asks(&initiate), desk, request)
    };
    let (answer, desk, _) = crossed("zzz");
    assert_eq!(answer, "conflict tie-break");
    assert_eq!(desk.state(), CallState::Calling);

    let (answer, mut desk, request) = crossed("!");
    assert_eq!(answer, "result");
    assert_eq!(desk.state(), CallState::Connecting, "taken without asking again");
    let commands = desk.engine();
    assert!(matches!(
        commands[..],
        [MediaCommand::End, MediaCommand::Begin(_), _, _, MediaCommand::Answer(_)]
    ));
    desk.rig.refuse(&request, "conflict");
    assert_eq!(desk.state(), CallState::Connecting);
}

#[test]
fn a_new_call_of_who_is_talked_with_goes_on_in_its_place() {
    // After XEP-0353 §4.2.
    let mut desk = Desk::new();
    let old = desk.talk(false);
    let first = desk.session.clone();
    theirs(&mut desk, "s2");
    let finish = invitation(&desk.said("finish"));
    assert_eq!(finish.session, first);
    assert!(matches!(finish.act, Act::Finish { migrated: Some(to), .. } if to == "s2"));
    assert_eq!(invitation(&desk.said("proceed")).session, "s2");
    assert!(desk.told().id != old);
    assert_eq!(desk.state(), CallState::Connecting);
    let lines = desk.lines(ROMEO);
    assert!(matches!(lines[0].outcome, CallOutcome::Answered { .. }));
    assert_eq!(lines.len(), 2);
}

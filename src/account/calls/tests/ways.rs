//! Candidates, and new ways when the old ones are lost.

use model::{CallFailure, CallOutcome, ContentCredentials};

use super::*;

fn renewed(content: &str, whose: &str) -> ContentCredentials {
    ContentCredentials { content: content.to_owned(), credentials: credentials(whose) }
}

#[test]
fn candidates_go_both_ways_while_they_talk() {
    let mut desk = Desk::new();
    desk.talk(false);
    desk.media(MediaEvent::Candidates(candidates("audio", "ours", 5)));
    let (_, ways) = desk.asked(Action::TransportInfo);
    let Some(Transport::Ice { ice, .. }) = &ways.contents[0].transport else { panic!() };
    assert_eq!((ice.credentials.clone(), ice.candidates.len()), (Some(credentials("ours")), 1));
    assert!(ice.fingerprints.is_empty(), "Dino takes none here");
    assert_eq!(desk.asks(&told_ways(&desk, &[candidates("audio", "theirs", 6)])), "result");
    assert_eq!(desk.engine(), [MediaCommand::AddCandidates(candidates("audio", "theirs", 6))]);
    assert_eq!(desk.asks(&told_ways(&desk, &[candidates("smell", "theirs", 6)])), "item-not-found");
    assert_eq!(desk.asks(&desk.their(Action::TransportInfo)), "bad-request");
}

#[test]
fn we_restart_what_we_began() {
    let mut desk = Desk::new();
    desk.talk(false);
    desk.media(MediaEvent::Broken);
    assert!(matches!(desk.state(), CallState::Reconnecting { .. }));
    assert_eq!(desk.engine(), [MediaCommand::Restart]);
    desk.media(MediaEvent::Restarted(vec![renewed("audio", "ours-2")]));
    // As Conversations reads it: new credentials without candidates ask for theirs.
    let (_, offer) = desk.asked(Action::TransportInfo);
    let Some(Transport::Ice { ice, .. }) = &offer.contents[0].transport else { panic!() };
    assert_eq!((ice.credentials.clone(), ice.candidates.len()), (Some(credentials("ours-2")), 0));
    // And candidates with new credentials answer.
    assert_eq!(desk.asks(&told_ways(&desk, &[candidates("audio", "theirs-2", 7)])), "result");
    assert_eq!(
        desk.engine(),
        [
            MediaCommand::ApplyRestart { credentials: vec![renewed("audio", "theirs-2")], is_offer: false },
            MediaCommand::AddCandidates(candidates("audio", "theirs-2", 7)),
        ]
    );
    desk.media(MediaEvent::Connected);
    assert!(matches!(desk.state(), CallState::Connected { .. }));
    desk.pass(60);
    assert!(matches!(desk.state(), CallState::Connected { .. }));
}

#[test]
fn they_restart_what_they_began() {
    let mut desk = Desk::new();
    desk.hear(false);
    desk.media(MediaEvent::Broken);
    assert_eq!(desk.engine(), [], "theirs to do first");
    let mut offer = candidates("audio", "theirs-2", 7);
    offer.candidates.clear();
    assert_eq!(desk.asks(&told_ways(&desk, &[offer])), "result");
    assert_eq!(
        desk.engine(),
        [MediaCommand::ApplyRestart { credentials: vec![renewed("audio", "theirs-2")], is_offer: true }]
    );
    desk.pass(6);
    assert_eq!(desk.engine(), [], "one restart is enough");
    desk.media(MediaEvent::Restarted(vec![renewed("audio", "ours-2")]));
    assert!(!desk.has_asked(), "credentials alone would ask for theirs again");
    desk.media(MediaEvent::Candidates(candidates("audio", "ours-2", 8)));
    let (_, answer) = desk.asked(Action::TransportInfo);
    let Some(Transport::Ice { ice, .. }) = &answer.contents[0].transport else { panic!() };
    assert_eq!(ice.credentials, Some(credentials("ours-2")));
}

#[test]
fn who_does_not_restart_is_helped() {
    // Dino never begins one.
    let mut desk = Desk::new();
    desk.hear(false);
    desk.media(MediaEvent::Broken);
    desk.pass(5);
    assert_eq!(desk.engine(), [MediaCommand::Restart]);
    // And if that finds no way, it is over.
    desk.pass(25);
    let (_, goodbye) = desk.asked(Action::SessionTerminate);
    assert_eq!(goodbye.reason.unwrap().condition, Condition::ConnectivityError);
    assert!(matches!(desk.line(), CallOutcome::Answered { .. }), "they have talked");
}

#[test]
fn both_restart_at_once() {
    let mut offer = candidates("audio", "theirs-2", 7);
    offer.candidates.clear();
    let mut desk = Desk::new();
    desk.talk(false);
    desk.media(MediaEvent::Broken);
    assert_eq!(desk.asks(&told_ways(&desk, std::slice::from_ref(&offer))), "conflict tie-break");
    let mut desk = Desk::new();
    desk.hear(false);
    desk.rig.input(Input::NetworkChanged { available: true });
    assert_eq!(desk.engine(), [MediaCommand::Restart]);
    assert_eq!(desk.asks(&told_ways(&desk, &[offer])), "result");
    assert!(matches!(desk.engine()[..], [MediaCommand::ApplyRestart { is_offer: true, .. }]));
}

#[test]
fn a_transport_put_in_place_of_another() {
    // After XEP-0166 §6.6; of another kind it is not known here.
    let mut desk = Desk::new();
    desk.talk(false);
    let told = ContentCandidates { candidates: Vec::new(), ..candidates("audio", "theirs-2", 7) };
    let replace = Jingle { action: Action::TransportReplace, ..told_ways(&desk, &[told]) };
    assert_eq!(desk.asks(&replace), "result");
    assert!(matches!(desk.engine()[..], [MediaCommand::ApplyRestart { is_offer: true, .. }]));
    desk.media(MediaEvent::Restarted(vec![renewed("audio", "ours-2")]));
    let (_, accept) = desk.asked(Action::TransportAccept);
    let Some(Transport::Ice { ice, .. }) = &accept.contents[0].transport else { panic!() };
    assert_eq!(ice.credentials, Some(credentials("ours-2")));

    let other = format!(
        "<jingle xmlns='urn:xmpp:jingle:1' action='transport-replace' sid='{}'><content creator='initiator' \
         name='audio'><transport xmlns='urn:other'/></content></jingle>",
        desk.session
    );
    assert_eq!(desk.asks_as(ORCHARD, &other), "result");
    desk.asked(Action::TransportReject);
}

#[test]
fn contents_that_share_a_transport_restart_together() {
    // As Conversations: a group, and one transport-info for all.
    let mut desk = Desk::new();
    desk.says(Act::Propose(vec![MediaKind::Audio, MediaKind::Video]));
    desk.command(CallCommand::Answer { video: true });
    let mut initiate = desk.describes(Action::SessionInitiate, &BOTH, Senders::Both);
    initiate.bundle = vec!["audio".to_owned(), "video".to_owned()];
    assert_eq!(desk.asks(&initiate), "result");
    let commands = desk.engine();
    let MediaCommand::Begin(setup) = &commands[0] else { panic!() };
    assert!(setup.bundle);
    let bundled = MediaDescription { bundle: initiate.bundle.clone(), ..description(&BOTH, "ours") };
    desk.media(MediaEvent::Answer(bundled));
    let (_, accept) = desk.asked(Action::SessionAccept);
    assert_eq!(accept.bundle, initiate.bundle);
    desk.media(MediaEvent::Connected);
    desk.rig.input(Input::NetworkChanged { available: true });
    desk.engine();
    desk.media(MediaEvent::Restarted(vec![renewed("audio", "ours-2"), renewed("video", "ours-2")]));
    let (_, offer) = desk.asked(Action::TransportInfo);
    assert_eq!(offer.contents.len(), 2);
    // What is said of one is true of both.
    assert_eq!(desk.asks(&told_ways(&desk, &[candidates("audio", "theirs-2", 7)])), "result");
    let MediaCommand::ApplyRestart { credentials, .. } = desk.engine().remove(0) else { panic!() };
    assert_eq!(credentials, [renewed("audio", "theirs-2"), renewed("video", "theirs-2")]);
}

#[test]
fn a_call_that_finds_no_way() {
    let fails = |services: &str| {
        let mut desk = Desk::without_servers();
        desk.answer_services(services);
        desk.call(false);
        desk.says(Act::Proceed { device: None });
        desk.media(MediaEvent::Offer(description(&VOICE, "ours")));
        desk.asked(Action::SessionInitiate);
        let accept = desk.describes(Action::SessionAccept, &VOICE, Senders::Both);
        assert_eq!(desk.asks(&accept), "result");
        desk.pass(30);
        desk.asked(Action::SessionTerminate);
        desk.line()
    };
    assert_eq!(fails(STUN_AND_TURN), CallOutcome::Failed(CallFailure::NoWay));
    let none = "<services xmlns='urn:xmpp:extdisco:2'/>";
    assert_eq!(fails(none), CallOutcome::Failed(CallFailure::NoRelay));
}

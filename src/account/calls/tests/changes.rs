//! What changes while they talk: video comes and goes, somebody is muted or on hold.

use super::*;

#[test]
fn video_is_added_by_us() {
    let mut desk = Desk::new();
    desk.talk(false);
    desk.command(CallCommand::Send(MediaKind::Video, true));
    let [MediaCommand::Capture { media: MediaKind::Video, on: true }, MediaCommand::Offer(wanted)] =
        &desk.engine()[..]
    else {
        panic!()
    };
    assert_eq!((wanted.len(), wanted[0].name.as_str()), (1, "video"));
    desk.media(MediaEvent::Offer(description(&BOTH[1..], "ours")));
    let (_, add) = desk.asked(Action::ContentAdd);
    assert_eq!((add.contents.len(), add.contents[0].senders), (1, Senders::Both));
    let accept = desk.describes(Action::ContentAccept, &BOTH[1..], Senders::Both);
    assert_eq!(desk.asks(&accept), "result");
    assert!(matches!(desk.engine()[..], [MediaCommand::Apply(_)]));
    assert!(desk.told().camera);

    // Off and on again: the content stays, since Dino cannot remove one.
    desk.command(CallCommand::Send(MediaKind::Video, false));
    let (_, muted) = desk.asked(Action::SessionInfo);
    assert_eq!(muted.info, Some(Info::Mute(Some("video".to_owned()))));
    desk.command(CallCommand::Send(MediaKind::Video, true));
    let (_, unmuted) = desk.asked(Action::SessionInfo);
    assert_eq!(unmuted.info, Some(Info::Unmute(Some("video".to_owned()))));
    assert_eq!(desk.engine().len(), 2);
}

#[test]
fn a_camera_that_fails_is_off() {
    let mut desk = Desk::new();
    desk.talk(true);
    desk.engine();
    assert!(desk.told().camera);
    desk.media(MediaEvent::CaptureFailed(MediaKind::Video));
    let (_, muted) = desk.asked(Action::SessionInfo);
    assert_eq!(muted.info, Some(Info::Mute(Some("video".to_owned()))));
    assert!(!desk.told().camera && desk.told().microphone);
    // And may be tried again.
    desk.command(CallCommand::Send(MediaKind::Video, true));
    desk.asked(Action::SessionInfo);
    assert!(desk.told().camera);
    let wanted = MediaCommand::Capture { media: MediaKind::Video, on: true };
    assert!(desk.engine().contains(&wanted));

    // A screen that is no longer there makes way for the camera.
    desk.command(CallCommand::Send(MediaKind::Screen, true));
    assert!(desk.told().screen);
    desk.media(MediaEvent::CaptureFailed(MediaKind::Screen));
    assert!(!desk.told().screen && desk.told().camera);
}

#[test]
fn a_voice_call_that_is_answered_with_video() {
    let mut desk = Desk::new();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    desk.command(CallCommand::Answer { video: true });
    let initiate = desk.describes(Action::SessionInitiate, &VOICE, Senders::Both);
    assert_eq!(desk.asks(&initiate), "result");
    desk.engine();
    desk.media(MediaEvent::Answer(description(&VOICE, "ours")));
    desk.asked(Action::SessionAccept);
    assert!(
        matches!(&desk.engine()[..], [MediaCommand::Offer(wanted)] if wanted[0].media == MediaKind::Video)
    );
    desk.media(MediaEvent::Offer(description(&BOTH[1..], "ours")));
    desk.asked(Action::ContentAdd);
    assert!(desk.told().camera);
}

#[test]
fn video_that_is_not_taken() {
    let mut desk = Desk::new();
    desk.talk(false);
    desk.command(CallCommand::Send(MediaKind::Video, true));
    desk.media(MediaEvent::Offer(description(&BOTH[1..], "ours")));
    desk.asked(Action::ContentAdd);
    desk.engine();
    let stub = wire::Content::stub(Side::Initiator, "video", Senders::Both);
    let reject = Jingle { contents: vec![stub], ..desk.their(Action::ContentReject) };
    assert_eq!(desk.asks(&reject), "result");
    assert_eq!(desk.engine(), [MediaCommand::Remove(vec!["video".to_owned()])]);
    assert!(!desk.told().camera);
    assert!(matches!(desk.state(), CallState::Connected { .. }));
    assert_eq!(desk.asks(&reject), "unexpected-request out-of-order");
}

#[test]
fn a_screen_goes_in_place_of_the_camera() {
    let mut desk = Desk::new();
    desk.talk(true);
    let screen = |on| CallCommand::Send(MediaKind::Screen, on);
    let capture = |media, on| vec![MediaCommand::Capture { media, on }];
    // Others see pictures before and after: there is nothing to tell them.
    desk.command(screen(true));
    assert_eq!(desk.engine(), capture(MediaKind::Screen, true));
    assert!(desk.told().screen && desk.told().camera);
    desk.command(CallCommand::Send(MediaKind::Video, false));
    assert_eq!(desk.engine(), capture(MediaKind::Video, false));
    assert!(!desk.has_asked());
    desk.command(screen(false));
    assert_eq!(desk.engine(), capture(MediaKind::Screen, false));
    let (_, muted) = desk.asked(Action::SessionInfo);
    assert_eq!(muted.info, Some(Info::Mute(Some("video".to_owned()))));
    assert!(!desk.told().screen);
}

#[test]
fn a_screen_is_added_to_a_call_of_voices() {
    let mut desk = Desk::new();
    desk.talk(false);
    desk.command(CallCommand::Send(MediaKind::Screen, true));
    let [MediaCommand::Capture { media: MediaKind::Screen, on: true }, MediaCommand::Offer(wanted)] =
        &desk.engine()[..]
    else {
        panic!("it is not offered")
    };
    assert_eq!((wanted[0].name.as_str(), wanted[0].media), ("video", MediaKind::Video));
    desk.media(MediaEvent::Offer(description(&BOTH[1..], "ours")));
    desk.asked(Action::ContentAdd);
    let stub = wire::Content::stub(Side::Initiator, "video", Senders::Both);
    let reject = Jingle { contents: vec![stub], ..desk.their(Action::ContentReject) };
    assert_eq!(desk.asks(&reject), "result");
    assert!(!desk.told().screen, "it was not taken");
}

#[test]
fn video_is_added_by_them() {
    let mut desk = Desk::new();
    desk.talk(false);
    // As Dino: it only sends, and names the initiator as the maker.
    let add = desk.describes(Action::ContentAdd, &BOTH[1..], Senders::Responder);
    assert_eq!(desk.asks(&add), "result");
    let [MediaCommand::Answer(offer)] = &desk.engine()[..] else { panic!("the camera stays off") };
    assert_eq!(offer.contents[0].flow, Flow { sends: false, receives: true });
    desk.media(MediaEvent::Answer(description(&BOTH[1..], "ours")));
    let (_, accept) = desk.asked(Action::ContentAccept);
    assert_eq!(
        (accept.contents[0].senders, accept.contents[0].creator),
        (Senders::Responder, Side::Initiator)
    );
    let told = desk.told();
    assert!(told.participants[0].video && !told.camera);

    // The user answers with a picture.
    desk.command(CallCommand::Send(MediaKind::Video, true));
    let (_, modify) = desk.asked(Action::ContentModify);
    assert_eq!(modify.contents[0].senders, Senders::Both);
    let flow = Flow { sends: true, receives: true };
    assert!(desk.engine().contains(&MediaCommand::SetFlow { content: "video".to_owned(), flow }));
}

#[test]
fn video_that_both_would_send_is_taken_without_our_camera() {
    // As Conversations: the answer must say the same of who sends, or it ends the call.
    let mut desk = Desk::new();
    desk.talk(false);
    let add = desk.describes(Action::ContentAdd, &BOTH[1..], Senders::Both);
    assert_eq!(desk.asks(&add), "result");
    assert!(matches!(desk.engine()[..], [MediaCommand::Answer(_)]));
    desk.media(MediaEvent::Answer(description(&BOTH[1..], "ours")));
    let (_, accept) = desk.asked(Action::ContentAccept);
    assert_eq!(accept.contents[0].senders, Senders::Both);
    let (_, muted) = desk.asked(Action::SessionInfo);
    assert_eq!(muted.info, Some(Info::Mute(Some("video".to_owned()))));
}

#[test]
fn what_media_cannot_take_is_refused() {
    let mut desk = Desk::new();
    desk.talk(false);
    let add = desk.describes(Action::ContentAdd, &BOTH[1..], Senders::Both);
    assert_eq!(desk.asks(&add), "result");
    desk.media(MediaEvent::Answer(MediaDescription::default()));
    let (_, reject) = desk.asked(Action::ContentReject);
    assert_eq!(reject.contents[0].name, "video");
    assert!(matches!(desk.state(), CallState::Connected { .. }));
}

#[test]
fn both_add_video_at_once() {
    // After XEP-0166 §7.2.16: what the initiator adds goes on.
    let mut desk = Desk::new();
    desk.talk(false);
    desk.command(CallCommand::Send(MediaKind::Video, true));
    desk.media(MediaEvent::Offer(description(&BOTH[1..], "ours")));
    desk.asked(Action::ContentAdd);
    let theirs = desk.describes(Action::ContentAdd, &[("their-video", MediaKind::Video)], Senders::Both);
    assert_eq!(desk.asks(&theirs), "conflict tie-break");

    let mut desk = Desk::new();
    desk.hear(false);
    desk.command(CallCommand::Send(MediaKind::Video, true));
    desk.media(MediaEvent::Offer(description(&BOTH[1..], "ours")));
    let (ours, _) = desk.asked(Action::ContentAdd);
    desk.engine();
    let theirs = desk.describes(Action::ContentAdd, &[("their-video", MediaKind::Video)], Senders::Both);
    assert_eq!(desk.asks(&theirs), "result");
    let commands = desk.engine();
    assert_eq!(commands[0], MediaCommand::Remove(vec!["video".to_owned()]));
    assert!(matches!(commands[1], MediaCommand::Answer(_)));
    assert!(desk.told().camera, "what the user wanted to send goes by theirs");
    // Their refusal of ours says what is known.
    desk.rig.refuse(&ours, "conflict");
    assert_eq!(desk.engine(), []);
}

#[test]
fn contents_go() {
    let mut desk = Desk::new();
    desk.talk(true);
    let remove = |desk: &Desk, name: &str| {
        let stub = wire::Content::stub(Side::Initiator, name, Senders::Both);
        Jingle { contents: vec![stub], ..desk.their(Action::ContentRemove) }
    };
    assert_eq!(desk.asks(&remove(&desk, "smell")), "item-not-found");
    assert_eq!(desk.asks(&remove(&desk, "video")), "result");
    assert_eq!(desk.engine(), [MediaCommand::Remove(vec!["video".to_owned()])]);
    // The last one is the end.
    assert_eq!(desk.asks(&remove(&desk, "audio")), "result");
    desk.asked(Action::SessionTerminate);
    assert!(matches!(desk.state(), CallState::Ended(_)));
}

#[test]
fn a_content_goes_before_the_call_was_taken() {
    let mut desk = Desk::new();
    let initiate = desk.describes(Action::SessionInitiate, &BOTH, Senders::Both);
    assert_eq!(desk.asks(&initiate), "result");
    let stub = wire::Content::stub(Side::Initiator, "video", Senders::Both);
    let remove = Jingle { contents: vec![stub], ..desk.their(Action::ContentRemove) };
    assert_eq!(desk.asks(&remove), "result");
    assert_eq!(desk.engine(), [], "media has not begun");
    desk.command(CallCommand::Answer { video: false });
    let Some(MediaCommand::Answer(offer)) = desk.engine().pop() else { panic!() };
    assert_eq!(offer.contents.iter().map(|content| content.name.as_str()).collect::<Vec<_>>(), ["audio"]);
}

#[test]
fn muted_and_on_hold() {
    let mut desk = Desk::new();
    desk.talk(true);
    desk.command(CallCommand::Send(MediaKind::Audio, false));
    let (_, muted) = desk.asked(Action::SessionInfo);
    assert_eq!(muted.info, Some(Info::Mute(Some("audio".to_owned()))));
    assert!(!desk.told().microphone);
    desk.command(CallCommand::Hold(true));
    let (_, hold) = desk.asked(Action::SessionInfo);
    assert_eq!(hold.info, Some(Info::Hold));
    assert!(desk.told().on_hold);
    let commands = desk.engine();
    assert_eq!(
        commands,
        [MediaCommand::Capture { media: MediaKind::Audio, on: false }, MediaCommand::Hold(true)]
    );

    let tell = |desk: &mut Desk, said: Info| {
        assert_eq!(desk.asks(&info(desk, said)), "result");
        let them = desk.told().participants.remove(0);
        (them.muted, them.video, them.on_hold)
    };
    assert_eq!(tell(&mut desk, Info::Mute(Some("audio".to_owned()))), (true, true, false));
    assert_eq!(tell(&mut desk, Info::Mute(Some("video".to_owned()))), (true, false, false));
    assert_eq!(tell(&mut desk, Info::Hold), (true, false, true));
    assert_eq!(tell(&mut desk, Info::Mute(Some("smell".to_owned()))), (true, false, true));
    assert_eq!(tell(&mut desk, Info::Active), (false, true, false));
    assert_eq!(tell(&mut desk, Info::Mute(None)), (true, false, false));
    assert_eq!(tell(&mut desk, Info::Unmute(None)), (false, true, false));
    assert_eq!(tell(&mut desk, Info::Ping), (false, true, false));
    let unknown =
        "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='{}'><x xmlns='urn:x'/></jingle>"
            .replace("{}", &desk.session);
    assert_eq!(desk.asks_as(ORCHARD, &unknown), "feature-not-implemented unsupported-info");
}

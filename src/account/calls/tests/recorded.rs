//! What Dino says, as it was recorded from Dino 0.5.0 by `tests/e2e/dino.rs`, and what is understood of it.

use super::*;

const TAKES_VOICE: &str = include_str!("recorded/dino-takes-voice.xml");
const TAKES_CAMERA: &str = include_str!("recorded/dino-takes-camera.xml");
const CALLS: &str = include_str!("recorded/dino-calls.xml");
const TAKES_VIDEO: &str = include_str!("recorded/dino-takes-video.xml");

/// The stanzas of a recording, one a line, of the session that is talked about.
fn stanzas(recording: &str, desk: &Desk) -> Vec<String> {
    let lines = recording.lines().filter(|line| !line.starts_with("<!--"));
    lines.map(|line| line.replace("{session}", &desk.session)).collect()
}

/// A content that can be used with Dino: by itself on a transport, with one codec, and RTCP on the same port.
fn is_usable(content: &MediaContent, codec: &str, setup: DtlsSetup) {
    let payloads = content.rtp.payloads.iter().filter(|payload| payload.name.as_deref() == Some(codec));
    assert_eq!(payloads.count(), 1, "{content:?}");
    assert!(content.rtp.rtcp_mux && content.rtp.sources.is_empty(), "{content:?}");
    let transport = &content.transport;
    assert!(transport.credentials.is_some());
    let [fingerprint] = transport.fingerprints.as_slice() else { panic!("{transport:?}") };
    assert_eq!(
        (fingerprint.hash.as_str(), fingerprint.value.len(), fingerprint.setup),
        ("sha-256", 32, setup)
    );
    assert_eq!(content.flow, Flow::BOTH);
}

#[test]
fn dino_takes_our_calls() {
    for (recording, contents) in [(TAKES_VOICE, &VOICE[..]), (TAKES_VIDEO, &BOTH[..])] {
        let mut desk = Desk::new();
        desk.call(contents.len() > 1);
        let stanzas = stanzas(recording, &desk);
        let [proceed, accept] = stanzas.as_slice() else { panic!("{stanzas:?}") };
        desk.rig.bytes(proceed);
        let begun = desk.engine();
        assert!(
            begun.iter().any(|told| matches!(told, MediaCommand::Begin(setup) if !setup.bundle)),
            "one transport for each content: {begun:?}"
        );
        desk.media(MediaEvent::Offer(description(contents, "ours")));
        desk.asked(Action::SessionInitiate);
        desk.rig.bytes(accept);
        let applied = desk.engine().into_iter().find_map(|told| match told {
            MediaCommand::Apply(answer) => Some(answer),
            _ => None,
        });
        let applied = applied.expect("an answer");
        assert_eq!((applied.contents.len(), applied.bundle.len()), (contents.len(), 0));
        for (content, codec) in applied.contents.iter().zip(["opus", "VP8"]) {
            is_usable(content, codec, DtlsSetup::Active);
            let components: Vec<u8> =
                content.transport.candidates.iter().map(|candidate| candidate.component).collect();
            assert_eq!(components, [1, 2], "it does not know yet that one will do");
        }
        desk.media(MediaEvent::Connected);
        assert!(matches!(desk.state(), CallState::Connected { .. }));
    }
}

#[test]
fn dino_calls_us() {
    let mut desk = Desk::new();
    let stanzas = stanzas(CALLS, &desk);
    let [propose, initiate] = stanzas.as_slice() else { panic!("{stanzas:?}") };
    desk.rig.bytes(propose);
    assert_eq!(desk.state(), CallState::Ringing);
    desk.command(CallCommand::Answer { video: false });
    desk.rig.bytes(initiate);
    let offered = desk.engine().into_iter().find_map(|told| match told {
        MediaCommand::Answer(offer) => Some(offer),
        _ => None,
    });
    let offered = offered.expect("an offer");
    let [content] = offered.contents.as_slice() else { panic!("{offered:?}") };
    is_usable(content, "opus", DtlsSetup::ActPass);
    assert!(offered.bundle.is_empty());
    desk.media(MediaEvent::Answer(description(&VOICE, "ours")));
    desk.asked(Action::SessionAccept);
    desk.media(MediaEvent::Connected);
    assert!(matches!(desk.state(), CallState::Connected { .. }));
}

#[test]
fn dino_takes_a_camera() {
    let mut desk = Desk::new();
    desk.call(false);
    let stanzas = stanzas(TAKES_CAMERA, &desk);
    let [proceed, accept, modify, take] = stanzas.as_slice() else { panic!("{stanzas:?}") };
    desk.rig.bytes(proceed);
    desk.media(MediaEvent::Offer(description(&VOICE, "ours")));
    desk.asked(Action::SessionInitiate);
    desk.rig.bytes(accept);
    desk.media(MediaEvent::Connected);
    desk.command(CallCommand::Send(MediaKind::Video, true));
    desk.media(MediaEvent::Offer(description(&[("video", MediaKind::Video)], "ours")));
    desk.asked(Action::ContentAdd);
    // It says first that it sends no pictures, and then takes ours.
    desk.rig.bytes(modify);
    desk.engine();
    desk.rig.bytes(take);
    let told = desk.engine();
    let applied = told.iter().find_map(|told| match told {
        MediaCommand::Apply(answer) => Some(answer),
        _ => None,
    });
    let [content] = applied.expect("an answer").contents.as_slice() else { panic!("{told:?}") };
    assert_eq!((content.name.as_str(), content.flow), ("video", Flow { sends: true, receives: false }));
    assert!(matches!(desk.state(), CallState::Connected { .. }));
    assert!(desk.told().camera && !desk.told().participants[0].video);
}

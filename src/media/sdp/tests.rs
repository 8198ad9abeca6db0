use model::{
    DtlsFingerprint, DtlsSetup, Flow, IceCredentials, IceTransport, MediaContent, MediaKind, RtcpFeedback,
    RtpDescription, RtpSource,
};
use proptest::prelude::*;

use super::*;
use crate::codecs::Codec;

fn content(media: MediaKind) -> MediaContent {
    let rtp = RtpDescription {
        payloads: vec![Codec::of(media).payload()],
        sources: vec![RtpSource { ssrc: 7, parameters: Vec::new() }],
        ..RtpDescription::bare(media)
    };
    let transport = IceTransport {
        credentials: Some(IceCredentials { fragment: "abcd".into(), password: "p".repeat(22) }),
        fingerprints: vec![DtlsFingerprint {
            hash: "sha-256".into(),
            value: vec![0xAB; 32],
            setup: DtlsSetup::Active,
        }],
        candidates: Vec::new(),
    };
    MediaContent { name: "a\r\na=evil".into(), flow: Flow::BOTH, rtp, transport }
}

fn section<'a>(mid: &'a str, content: &'a MediaContent) -> Section<'a> {
    Section { mid, content, is_used: true, stand_in: None }
}

#[test]
fn what_is_written_is_read_back() {
    let contents = [content(MediaKind::Audio), content(MediaKind::Video)];
    let text = write(&[section("0", &contents[0]), section("1", &contents[1])]).unwrap();
    assert!(text.contains("a=group:BUNDLE 0 1\r\n") && text.contains("a=rtpmap:111 opus/48000/2\r\n"));
    assert!(text.contains("a=rtcp-fb:98 nack pli\r\n") && text.contains("a=ssrc:7 cname:theirs\r\n"));
    assert!(!text.contains("evil"), "names of theirs do not stand in it");
    let read = read(&text).unwrap();
    assert_eq!(read.iter().map(|described| described.mid.as_str()).collect::<Vec<_>>(), ["0", "1"]);
    assert_eq!(read[0].transport, contents[0].transport);
}

#[test]
fn values_that_would_end_a_line_are_refused() {
    let good = content(MediaKind::Video);
    let with = |change: fn(&mut MediaContent)| {
        let mut bad = good.clone();
        change(&mut bad);
        write(&[section("0", &bad)])
    };
    assert!(with(|_| ()).is_ok());
    let changes: [fn(&mut MediaContent); 8] = [
        |content| content.transport.credentials.as_mut().unwrap().fragment = "a\r\na=x".into(),
        |content| content.transport.credentials.as_mut().unwrap().password = String::new(),
        |content| content.transport.credentials.as_mut().unwrap().password = "p".repeat(300),
        |content| content.transport.credentials = None,
        |content| content.transport.fingerprints.clear(),
        |content| content.transport.fingerprints[0].hash = "sha-1".into(),
        |content| content.transport.fingerprints[0].value = vec![0; 5],
        |content| content.rtp.payloads.clear(),
    ];
    for change in changes {
        assert_eq!(with(change), Err(Unusable));
    }
}

#[test]
fn half_a_description_of_the_library_is_none() {
    assert_eq!(read("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"), Err(Unusable));
    assert_eq!(read(""), Ok(Vec::new()));
}

/// Words as others may send them: mostly plain, sometimes with what ends a line.
fn words() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9+/]{1,30}", "[ -~\r\n\u{0}é]{0,12}", any::<String>()]
}

proptest! {
    #[test]
    fn nobody_adds_a_line(
        fragment in words(),
        password in words(),
        hash in words(),
        value in proptest::collection::vec(any::<u8>(), 0..70),
        name in words(),
        parameter in words(),
        kind in words(),
        subtype in proptest::option::of(words()),
        ssrc: u32,
    ) {
        let lines = |text: &str| text.split("\r\n").map(|line| line.split([':', ' ']).next().unwrap().to_owned()).collect::<Vec<_>>();
        let mut usual = content(MediaKind::Video);
        usual.rtp.payloads[0].feedback.truncate(1);
        usual.rtp.payloads[0].parameters = vec![("a".into(), "b".into())];
        let wanted = lines(&write(&[section("0", &usual)]).unwrap());
        let mut theirs = usual.clone();
        theirs.transport.credentials = Some(IceCredentials { fragment, password });
        if value.len() > 50 {
            theirs.transport.fingerprints[0].hash = hash;
            theirs.transport.fingerprints[0].value = value;
        }
        theirs.rtp.payloads[0].name = Some(name);
        theirs.rtp.payloads[0].parameters = vec![(parameter.clone(), parameter)];
        theirs.rtp.payloads[0].feedback = vec![RtcpFeedback { kind, subtype }];
        theirs.rtp.sources[0].ssrc = ssrc;
        if let Ok(text) = write(&[section("0", &theirs)]) {
            prop_assert_eq!(lines(&text), wanted);
            prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']));
        }
    }

    #[test]
    fn reading_anything_does_no_harm(text in "(v=0|m=audio 9|a=(mid|setup|fingerprint|candidate|ice-ufrag):|[ -~]|\r\n){0,60}") {
        let _ = read(&text);
    }
}

//! What others write is read as they mean it, what we write is read back, and what is hostile is refused.

use std::fmt::Write as _;

use model::{
    CandidateKind, DtlsFingerprint, DtlsSetup, IceCandidate, IceCredentials, IceProtocol, MediaKind,
    RtcpFeedback, RtpExtension, RtpPayload, RtpSource, RtpSourceGroup,
};
use proptest::prelude::*;

use super::*;

fn jingle(children: &str) -> Result<Jingle, Unreadable> {
    Jingle::read(&element(children))
}

fn element(children: &str) -> Element {
    format!("<jingle xmlns='{NS}' action='session-initiate' sid='s'>{children}</jingle>").parse().unwrap()
}

fn content(children: &str) -> Result<Content, Unreadable> {
    let jingle = jingle(&format!("<content creator='initiator' name='a'>{children}</content>"))?;
    Ok(jingle.contents.into_iter().next().unwrap())
}

fn rtp(children: &str) -> Result<RtpDescription, Unreadable> {
    let text = format!("<description xmlns='{}' media='audio'>{children}</description>", rtp::NS);
    match content(&text)?.description {
        Some(Description::Rtp(description)) => Ok(description),
        other => panic!("{other:?}"),
    }
}

fn ice(attributes: &str, children: &str) -> Result<IceTransport, Unreadable> {
    let text = format!("<transport xmlns='{}' {attributes}>{children}</transport>", ice::NS);
    match content(&text)?.transport {
        Some(Transport::Ice { ice, .. }) => Ok(ice),
        other => panic!("{other:?}"),
    }
}

fn candidate(changed: &str, value: &str) -> String {
    let mut text = "<candidate".to_owned();
    for (name, usual) in [
        ("component", "1"),
        ("foundation", "1"),
        ("generation", "0"),
        ("id", "c1"),
        ("ip", "192.0.2.3"),
        ("network", "0"),
        ("port", "8998"),
        ("priority", "2130706431"),
        ("protocol", "udp"),
        ("type", "host"),
    ] {
        write!(text, " {name}='{}'", if name == changed { value } else { usual }).unwrap();
    }
    text + "/>"
}

#[test]
fn a_session_as_dino_writes_it() {
    // Written after Dino's source: no creator but the initiator, no sources, no group, one transport for each content.
    let fingerprint = vec!["AB"; 32].join(":");
    let read = jingle(&format!(
        "<content creator='initiator' name='video' senders='both'>
          <description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'>
            <payload-type id='98' name='VP8' clockrate='90000'>
              <rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='goog-remb'/>
              <rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='ccm' subtype='fir'/>
            </payload-type>
            <rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='1' uri='urn:3gpp:video-orientation'/>
            <rtcp-mux/>
          </description>
          <transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='Ab+/' pwd='0123456789abcdefghijkl'>
            <fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='actpass'>{fingerprint}</fingerprint>
            {}
          </transport>
        </content>",
        candidate("", "")
    ))
    .unwrap();
    let [Content { name, senders: Senders::Both, description: Some(Description::Rtp(rtp)), transport, .. }] =
        &read.contents[..]
    else {
        panic!("{read:?}")
    };
    assert_eq!((name.as_str(), rtp.media, rtp.rtcp_mux), ("video", MediaKind::Video, true));
    assert_eq!(rtp.payloads[0].feedback[1].subtype.as_deref(), Some("fir"));
    assert_eq!(rtp.extensions[0].uri, "urn:3gpp:video-orientation");
    let Some(Transport::Ice { ice, .. }) = transport else { panic!() };
    assert_eq!(ice.credentials.as_ref().unwrap().fragment, "Ab+/");
    assert_eq!((ice.fingerprints.len(), ice.candidates.len()), (1, 1));
    assert!(read.bundle.is_empty());
}

#[test]
fn contents_that_share_a_transport() {
    let names = ["0", "1"].map(|name| format!("<content creator='initiator' name='{name}'/>")).concat();
    let group = "<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'>\
                 <content name='0'/><content name='1'/></group>";
    assert_eq!(jingle(&(names.clone() + group)).unwrap().bundle, ["0", "1"]);
    let other = group.replace("BUNDLE", "LS");
    assert!(jingle(&(names + &other)).unwrap().bundle.is_empty());
}

#[test]
fn too_much_of_anything_is_refused() {
    let contents = |count: usize| -> String {
        (0..count).map(|n| format!("<content creator='initiator' name='{n}'/>")).collect::<Vec<_>>().concat()
    };
    assert_eq!(jingle(&contents(MAX_CONTENTS)).unwrap().contents.len(), MAX_CONTENTS);
    assert_eq!(jingle(&contents(MAX_CONTENTS + 1)), Err(Unreadable::Malformed));
    let payloads = |count: usize| -> String {
        (0..count)
            .map(|n| format!("<payload-type id='{n}' name='x' clockrate='1'/>"))
            .collect::<Vec<_>>()
            .concat()
    };
    assert_eq!(rtp(&payloads(rtp::MAX_PAYLOADS)).unwrap().payloads.len(), rtp::MAX_PAYLOADS);
    assert_eq!(rtp(&payloads(rtp::MAX_PAYLOADS + 1)), Err(Unreadable::Malformed));
    let parameters = "<parameter name='a' value='b'/>".repeat(rtp::MAX_PARAMETERS + 1);
    assert_eq!(rtp(&format!("<payload-type id='1'>{parameters}</payload-type>")), Err(Unreadable::Malformed));
    let candidates = candidate("", "").repeat(ice::MAX_CANDIDATES + 1);
    assert_eq!(ice("", &candidates), Err(Unreadable::Malformed));
    let sources = "<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='1'/>".repeat(65);
    assert_eq!(rtp(&sources), Err(Unreadable::Malformed));
    let kinds = "<rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='nack'/>".repeat(33);
    assert_eq!(rtp(&kinds), Err(Unreadable::Malformed));
    let extensions = "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='1' uri='u'/>".repeat(65);
    assert_eq!(rtp(&extensions), Err(Unreadable::Malformed));
}

#[test]
fn what_could_end_a_line_elsewhere_is_refused() {
    let named = |name: &str| jingle(&format!("<content creator='initiator' name='{name}'/>"));
    assert!(named("audio-0").is_ok());
    for name in ["", "a b", "a&#10;m=audio", "ä", &"x".repeat(MAX_NAME + 1)] {
        assert_eq!(named(name), Err(Unreadable::Malformed), "{name:?}");
    }
    let setting = |name: &str, value: &str| {
        rtp(&format!("<payload-type id='1'><parameter name='{name}' value='{value}'/></payload-type>"))
    };
    assert!(setting("events", "0-15").is_ok() && setting("", "0-15").is_ok());
    for (name, value) in [("a", "b&#13;"), ("a", "b;c=d"), ("a=b", "c"), ("a b", "c"), ("a;b", "c")] {
        assert_eq!(setting(name, value), Err(Unreadable::Malformed), "{name:?} {value:?}");
    }
    assert_eq!(ice("ufrag='a&#10;b' pwd='x'", "").unwrap().credentials, None);
}

#[test]
fn a_candidate_that_cannot_be_used_is_left_out() {
    assert_eq!(ice("", &candidate("ip", "2001:db8::1")).unwrap().candidates.len(), 1);
    for (name, value) in [
        ("component", "0"),
        ("component", "3"),
        ("component", "256"),
        ("port", "0"),
        ("port", "65536"),
        ("port", "-1"),
        ("ip", "example.org"),
        ("ip", "0f3b.local"),
        ("priority", "0"),
        ("priority", "4294967296"),
        ("protocol", "sctp"),
        ("type", "strange"),
        ("foundation", ""),
        ("foundation", "a b"),
    ] {
        assert!(ice("", &candidate(name, value)).unwrap().candidates.is_empty(), "{name}={value}");
    }
}

#[test]
fn strange_sessions() {
    let read = |text: &str| Jingle::read(&text.parse().unwrap());
    let unknown = format!("<jingle xmlns='{NS}' action='dance' sid='s'/>");
    assert_eq!(read(&unknown), Err(Unreadable::UnknownAction));
    assert_eq!(read(&format!("<jingle xmlns='{NS}' sid='s'/>")), Err(Unreadable::UnknownAction));
    let nameless = format!("<jingle xmlns='{NS}' action='session-info'/>");
    assert_eq!(read(&nameless), Err(Unreadable::Malformed));
    let twice = "<content creator='initiator' name='a'/><content creator='responder' name='a'/>";
    assert_eq!(jingle(twice), Err(Unreadable::Malformed));
    assert_eq!(content("<description xmlns='urn:files'/>").unwrap().description, Some(Description::Other));
    let smell = format!("<description xmlns='{}' media='smell'/>", rtp::NS);
    assert_eq!(content(&smell).unwrap().description, Some(Description::Other));
    assert_eq!(content("<transport xmlns='urn:other'/>").unwrap().transport, Some(Transport::Other));
    let doubled = "<payload-type id='1'/><payload-type id='1'/>";
    assert_eq!(rtp(doubled), Err(Unreadable::Malformed));
    assert_eq!(rtp("<payload-type id='128'/>"), Err(Unreadable::Malformed));
}

#[test]
fn information_is_read_whatever_it_is() {
    let info = |children: &str| {
        let text = format!("<jingle xmlns='{NS}' action='session-info' sid='s'>{children}</jingle>");
        Jingle::read(&text.parse().unwrap()).unwrap().info.unwrap()
    };
    let of = |name: &str| info(&format!("<{name} xmlns='{}'/>", rtp::NS_INFO));
    assert_eq!(info(""), Info::Ping);
    assert_eq!(of("hold"), Info::Hold);
    assert_eq!(of("mute"), Info::Mute(None));
    assert_eq!(of("dance"), Info::Unknown);
    assert_eq!(info("<ringing xmlns='urn:other'/>"), Info::Unknown);
}

prop_compose! {
    fn a_payload()(
        id in 0..=127_u8, name in proptest::option::of("[A-Za-z0-9]{1,8}"), clock_rate in proptest::option::of(1..=90_000_u32),
        channels in 1..=2_u8, packet_time in proptest::option::of(0..200_u32),
        parameters in proptest::collection::vec(("[a-z-]{0,12}", "[ -:<-~]{0,20}"), 0..4),
        nack in any::<bool>(),
    ) -> RtpPayload {
        let pli = RtcpFeedback { kind: "nack".to_owned(), subtype: Some("pli".to_owned()) };
        let feedback = if nack { vec![pli] } else { Vec::new() };
        RtpPayload { id, name, clock_rate, channels, packet_time, max_packet_time: None, parameters, feedback }
    }
}

prop_compose! {
    fn a_candidate()(
        component in 1..=2_u8, generation in any::<u8>(), address in any::<std::net::IpAddr>(), port in 1..=u16::MAX,
        priority in 1..=u32::MAX, tcp in any::<bool>(), related in proptest::option::of((any::<std::net::IpAddr>(), any::<u16>())),
        kind in prop_oneof![
            Just(CandidateKind::Host), Just(CandidateKind::ServerReflexive),
            Just(CandidateKind::PeerReflexive), Just(CandidateKind::Relay)
        ],
    ) -> IceCandidate {
        IceCandidate {
            component, foundation: "f1".to_owned(), generation, id: "c".to_owned(), address, port, priority,
            protocol: if tcp { IceProtocol::Tcp } else { IceProtocol::Udp }, kind, related,
        }
    }
}

prop_compose! {
    fn a_content()(
        name in "[a-z0-9-]{1,12}", creator in any::<bool>(), senders in any::<(bool, bool)>(), video in any::<bool>(),
        payloads in proptest::collection::vec(a_payload(), 0..4),
        candidates in proptest::collection::vec(a_candidate(), 0..4),
        fingerprint in proptest::option::of(any::<[u8; 32]>()), source in proptest::option::of(any::<u32>()),
        credentials in proptest::option::of(("[A-Za-z0-9+/]{4,8}", "[A-Za-z0-9+/]{22,24}")),
        mixed in any::<bool>(), rtcp_mux in any::<bool>(), interval in proptest::option::of(any::<u32>()),
    ) -> Content {
        let mut seen = std::collections::BTreeSet::new();
        let payloads = payloads.into_iter().filter(|payload| seen.insert(payload.id)).collect();
        let description = RtpDescription {
            media: if video { MediaKind::Video } else { MediaKind::Audio },
            payloads,
            feedback: vec![RtcpFeedback { kind: "transport-cc".to_owned(), subtype: None }],
            feedback_interval: interval,
            extensions: vec![RtpExtension { id: 4, uri: "urn:ietf:params:rtp-hdrext:sdes:mid".to_owned() }],
            extensions_mixed: mixed,
            sources: source.map(|ssrc| RtpSource {
                ssrc, parameters: vec![("cname".to_owned(), Some("c".to_owned())), ("label".to_owned(), None)],
            }).into_iter().collect(),
            source_groups: source.map(|ssrc| RtpSourceGroup { semantics: "FID".to_owned(), sources: vec![ssrc, 1] })
                .into_iter().collect(),
            rtcp_mux,
        };
        let fingerprint = fingerprint.map(|value| DtlsFingerprint {
            hash: "sha-256".to_owned(), value: value.to_vec(), setup: DtlsSetup::ActPass,
        });
        let credentials = credentials.map(|(fragment, password)| IceCredentials { fragment, password });
        let ice = IceTransport { credentials, fingerprints: fingerprint.into_iter().collect(), candidates };
        Content {
            creator: if creator { Side::Initiator } else { Side::Responder },
            name, senders: Senders::new(senders.0, senders.1),
            description: Some(Description::Rtp(description)),
            transport: Some(Transport::Ice { ice, sealed: Vec::new() }),
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        action in 0..ACTIONS.len(), contents in proptest::collection::vec(a_content(), 0..3), bundled in any::<bool>(),
    ) {
        let mut names = std::collections::BTreeSet::new();
        let contents: Vec<Content> =
            contents.into_iter().filter(|content| names.insert(content.name.clone())).collect();
        let action = ACTIONS[action].0;
        let written = Jingle {
            bundle: if bundled { contents.iter().map(|content| content.name.clone()).collect() } else { Vec::new() },
            contents,
            initiator: Some("a@b.example/c".to_owned()),
            reason: Some(Reason { condition: Condition::Success, text: Some("over".to_owned()) }),
            info: (action == Action::SessionInfo).then_some(Info::Ping),
            ..Jingle::new(action, "s1")
        };
        // Through the bytes of a stream, not only through the tree.
        let bytes = crate::xml::serialise(&written.element());
        let element: Element = String::from_utf8(bytes).unwrap().parse().unwrap();
        let read = Jingle::read(&element).unwrap();
        // What is no group of ours is taken for information; there is none here but the ping.
        prop_assert_eq!(Jingle { info: written.info.clone(), ..read }, written);
    }

    #[test]
    fn reading_never_panics_and_is_bounded(
        children in proptest::collection::vec(
            (0..14_usize, "[ -~\u{a0}-\u{ff}\n]{0,40}", "[0-9a-z:.-]{0,24}", 0..12_usize), 0..40),
    ) {
        const TAGS: [(&str, &str); 14] = [
            ("content", NS), ("description", rtp::NS), ("payload-type", rtp::NS), ("parameter", rtp::NS),
            ("rtcp-fb", "urn:xmpp:jingle:apps:rtp:rtcp-fb:0"), ("rtp-hdrext", "urn:xmpp:jingle:apps:rtp:rtp-hdrext:0"),
            ("source", "urn:xmpp:jingle:apps:rtp:ssma:0"), ("ssrc-group", "urn:xmpp:jingle:apps:rtp:ssma:0"),
            ("transport", ice::NS), ("candidate", ice::NS), ("fingerprint", dtls::NS), ("group", grouping::NS),
            ("reason", NS), ("fingerprint", dtls::NS_SEALED),
        ];
        const NAMES: [&str; 12] = [
            "name", "id", "media", "ufrag", "pwd", "hash", "setup", "ip", "port", "ssrc", "value", "creator",
        ];
        // A tree grown by chance: each next element goes into the last one, or beside it.
        let mut path = vec![tag("jingle", NS, &[("action", "session-initiate"), ("sid", "s")])];
        for (index, (which, text, word, name)) in children.iter().enumerate() {
            let (element, namespace) = TAGS[*which];
            let mut child = tag(element, namespace, &[("creator", "initiator"), ("name", &format!("n{index}"))]);
            crate::stanza::set_attribute(&mut child, NAMES[*name], if index % 3 == 0 { text } else { word });
            child.append_text_node(word.clone());
            if index % 2 == 0 && path.len() < 5 {
                path.push(child);
            } else {
                path.last_mut().unwrap().append_child(child);
                if path.len() > 1 && index % 5 == 0 {
                    let done = path.pop().unwrap();
                    path.last_mut().unwrap().append_child(done);
                }
            }
        }
        while path.len() > 1 {
            let done = path.pop().unwrap();
            path.last_mut().unwrap().append_child(done);
        }
        if let Ok(jingle) = Jingle::read(&path[0]) {
            prop_assert!(jingle.contents.len() <= MAX_CONTENTS);
            prop_assert!(jingle.contents.iter().all(|content| payload::is_word(&content.name, MAX_NAME)));
            // And what was read can be written and read again as the same.
            let again = Jingle::read(&jingle.element()).unwrap();
            prop_assert_eq!(again.contents.len(), jingle.contents.len());
        }
    }
}

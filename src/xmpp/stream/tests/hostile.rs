//! Servers and strangers who mean no good, or do not know better.

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::super::*;
use super::script::*;

#[test]
fn stream_errors_are_told_apart() {
    for (error, failure) in [
        ("<conflict N/>", "Conflict"),
        ("<system-shutdown N/>", "SystemShutdown"),
        ("<host-unknown N/>", "HostUnknown"),
        ("<see-other-host N>[2001:db8::1]:5222</see-other-host>", "SeeOtherHost(\"[2001:db8::1]:5222\")"),
        ("<see-other-host N>a b</see-other-host>", "StreamError"),
        ("<policy-violation N/><text N>slow down</text>", "PolicyViolation(Some(\"slow down\"))"),
        ("<text N>x</text><resource-constraint N/>", "ResourceConstraint(Some(\"x\"))"),
        ("<brand-new N/>", "StreamError { condition: \"brand-new\", text: None }"),
        ("", "StreamError { condition: \"undefined-condition\", text: None }"),
    ] {
        let error = error.replace('N', "xmlns='urn:ietf:params:xml:ns:xmpp-streams'");
        let mut script = online();
        script.run(&format!(
            "S: <stream:error>{error}</stream:error><message from='bob@example.org'/>
            C: </stream:stream>
            E: Close
            E: Failed({failure}"
        ));
        script.end();
    }
}

#[test]
fn where_to_go_is_not_believed_without_tls() {
    let mut script = Script::new(config(), password());
    script.run(&format!(
        "connect
        C: {CLEAR_HEADER}
        E: Progress(Securing)
        S: {SERVER_HEADER}<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>evil.example</see-other-host></stream:error>
        C: </stream:stream>
        E: Close
        E: Failed(StreamError"
    ));
    script.end();
}

#[test]
fn garbage_ends_the_stream_in_order() {
    let mut script = online();
    script.run(
        "S: <message></presence>
        C: <stream:error><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>
        E: Close
        E: Failed(Malformed(\"not XML\"))
        S: <message/>
        closed",
    );
    script.end();
    // Resumed, the server would send the same again.
    assert!(script.stream.resumption().is_none());
}

#[test]
fn strange_elements_and_parts_are_lived_with() {
    let mut script = online();
    script.run(
        "S:  <unknown xmlns='urn:x'/> <resumed xmlns='urn:xmpp:sm:3' h='9'/><challenge xmlns='urn:xmpp:sasl:2'/><proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
        S: <presence from='room@muc.example.org/🦆'><show>sleeping</show><priority>999</priority></presence>
        E: Stanza { kind: Presence
        S: <message from='bob@example.org/x' type='rude' to='&#x1f986;@@'><body>hi</body></message>
        E: Stanza { kind: Message, type_: Some(\"rude\")",
    );
    script.end();
}

#[test]
fn one_stanza_at_a_time() {
    let mut stream = online().stream;
    let now = Now { monotonic: Duration::from_secs(200), wall: model::Timestamp(0) };
    let stanzas = "<message from='bob@example.org'/>".repeat(3);
    stream.handle_input(StreamInput::Bytes(stanzas.as_bytes()), now);
    for _ in 0..3 {
        assert!(stream.has_buffered_input());
        assert!(matches!(stream.poll_event(now), Some(StreamEvent::Stanza(_))));
        stream.processed();
    }
    assert!(!stream.has_buffered_input());
    assert!(stream.poll_event(now).is_none());
}

#[test]
fn looking_ahead_changes_nothing() {
    let bytes =
        "<message id='1'/><r xmlns='urn:xmpp:sm:3'/><message id='2'/><presence type='odd'><x y='1' y='2'/>";
    let now = Now { monotonic: Duration::from_secs(200), wall: model::Timestamp(0) };
    let hear = |look: bool| {
        let mut stream = online().stream;
        let mut heard = Vec::new();
        // In pieces, so that what was seen lies before what was not.
        for piece in bytes.as_bytes().chunks(20) {
            stream.handle_input(StreamInput::Bytes(piece), now);
            if look {
                let before = stream.buffered_bytes();
                stream.look_ahead().count();
                assert!(stream.buffered_bytes() <= before);
            }
        }
        let seen = stream.look_ahead().filter_map(|element| element.attr("id")).collect::<String>();
        assert_eq!(seen, "12");
        while let Some(event) = stream.poll_event(now) {
            heard.push(format!("{event:?}"));
            if matches!(event, StreamEvent::Stanza(_)) {
                stream.processed();
            }
        }
        assert_eq!(stream.buffered_bytes(), 0);
        heard
    };
    let heard = hear(true);
    assert_eq!(heard, hear(false));
    assert!(heard.iter().any(|event| event.contains("Failed")), "{heard:?}");
}

#[test]
fn what_came_before_the_end_is_read_first() {
    let mut script = online();
    let now = script.now;
    let last = "<message from='bob@example.org'/><stream:error><system-shutdown \
        xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
    script.stream.handle_input(StreamInput::Bytes(last.as_bytes()), now);
    script.stream.handle_input(StreamInput::Closed, now);
    assert!(script.stream.has_buffered_input());
    script.run(
        "C: </stream:stream>
        E: Stanza
        E: Close
        E: Failed(SystemShutdown)",
    );
    script.end();
    assert!(!script.stream.has_buffered_input());
}

#[test]
fn logs_show_no_secrets() {
    let script = online();
    let shown = format!("{:?} {:?} {:?}", script.stream, password(), token());
    for secret in ["pencil", "secret\"", "hello"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

/// All that a stream does when it hears these chunks after it is connected.
fn hear(chunks: &[&[u8]]) -> Vec<String> {
    let mut credentials = password();
    credentials.fast = Some(token());
    let mut stream = Stream::new(config(), credentials, &mut ChaCha20Rng::seed_from_u64(3));
    let mut now = Now { monotonic: Duration::ZERO, wall: model::Timestamp(0) };
    stream.handle_input(StreamInput::Connected { tls: Some(tls()) }, now);
    let mut all = String::new();
    let mut events = Vec::new();
    for chunk in chunks {
        stream.handle_input(StreamInput::Bytes(chunk), now);
        while let Some(event) = stream.poll_event(now) {
            match event {
                StreamEvent::Write(bytes) => all.push_str(&String::from_utf8(bytes).unwrap()),
                event => {
                    if matches!(event, StreamEvent::Stanza(_) | StreamEvent::Refused(_)) {
                        stream.processed();
                    }
                    events.push(format!("{event:?}"));
                }
            }
        }
    }
    now.monotonic += Duration::from_secs(1000);
    stream.handle_timeout(now);
    while stream.poll_event(now).is_some() {}
    events.push(all);
    events
}

fn fragments() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("<success xmlns='urn:xmpp:sasl:2'>"),
        Just("</success>"),
        Just("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"),
        Just("<challenge xmlns='urn:xmpp:sasl:2'>cj0=</challenge>"),
        Just("<failure xmlns='urn:xmpp:sasl:2'/>"),
        Just("<continue xmlns='urn:xmpp:sasl:2'/>"),
        Just("<authorization-identifier>a@b/c</authorization-identifier>"),
        Just("<bound xmlns='urn:xmpp:bind:0'>"),
        Just("</bound>"),
        Just("<enabled xmlns='urn:xmpp:sm:3' id='' resume='true'/>"),
        Just("<resumed xmlns='urn:xmpp:sm:3' h='-1'/>"),
        Just("<failed xmlns='urn:xmpp:sm:3' h='x'/>"),
        Just("<a xmlns='urn:xmpp:sm:3' h='1'/>"),
        Just("<r xmlns='urn:xmpp:sm:3'/>"),
        Just("<stream:features/>"),
        Just("<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"),
        Just("<stream:error/>"),
        Just("<iq type='result'/>"),
        Just("<iq type='error' id='x' from='🦆'/>"),
        Just("<message/>"),
        Just("</stream:stream>"),
        Just(SASL2),
        Just(SERVER_HEADER),
        Just(" "),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_order_of_answers_never_panics(parts in proptest::collection::vec(fragments(), 0..12)) {
        let text = parts.concat();
        hear(&[SERVER_HEADER.as_bytes(), text.as_bytes()]);
        hear(&[SERVER_HEADER.as_bytes(), SASL2.as_bytes(), text.as_bytes()]);
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        hear(&[&bytes]);
        hear(&[SERVER_HEADER.as_bytes(), &bytes]);
        let mut script = online();
        script.stream.handle_input(StreamInput::Bytes(&bytes), script.now);
        while script.stream.poll_event(script.now).is_some() {}
    }

    #[test]
    fn chunks_make_no_difference(
        parts in proptest::collection::vec(fragments(), 0..12),
        cuts in proptest::collection::vec(1_usize..50, 0..80),
    ) {
        let text = format!("{SERVER_HEADER}{}", parts.concat());
        let mut rest = text.as_bytes();
        let mut chunks = Vec::new();
        for cut in cuts {
            let (chunk, tail) = rest.split_at(cut.min(rest.len()));
            chunks.push(chunk);
            rest = tail;
        }
        chunks.push(rest);
        prop_assert_eq!(hear(&chunks), hear(&[text.as_bytes()]));
    }
}

//! Every way of signing in as a transcript: what the server offers, what is chosen, and where it stops.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::super::*;
use super::script::*;

#[test]
fn sasl2_takes_everything_in_one_round_trip() {
    let script = online();
    assert_eq!(script.captured["gs2"], "p=tls-exporter,,");
    let online = script.online.unwrap();
    assert_eq!(online.bound.to_string(), "alice@example.org/Starling~x");
    assert_eq!(online.archive_hint.unwrap().id, "99");
    assert!(online.carbons_enabled && online.features.roster_versioning);
    // That limit was for whoever has not signed in.
    assert_eq!(online.features.max_stanza_bytes, None);
    assert_eq!(online.pin.mechanism, "SCRAM-SHA-256");
    assert!(online.pin.channel_binding);
    let token = script.token.unwrap();
    assert_eq!((token.mechanism.as_str(), token.count), ("HT-SHA-256-EXPR", 0));
    assert_eq!(token.expires.0, 1_988_150_400_000);
}

#[test]
fn starttls_comes_first_and_what_was_said_before_is_forgotten() {
    let mut script = Script::new(config(), password());
    script.run(&format!(
        "connect
        C: {CLEAR_HEADER}
        E: Progress(Securing)
        S: {SERVER_HEADER}<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>
        C: <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
        S: <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>{SASL2}
        E: StartTls
        S: {SASL2}
        tls
        C: {HEADER}
        E: Progress(SigningIn)
        S: {SERVER_HEADER}{SASL2}
        C: <authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-256-PLUS'>{{rest}}</authenticate>"
    ));
    script.end();
}

#[test]
fn without_tls_nothing_is_said() {
    let mut script = Script::new(config(), password());
    script.run(&format!(
        "connect
        C: {CLEAR_HEADER}
        E: Progress(Securing)
        S: {SERVER_HEADER}<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>
        C: </stream:stream>
        E: Close
        E: Failed(NoEncryptionOffered)"
    ));
    script.end();
}

/// What the stream does with an offer: the mechanism it names, or how it fails.
fn choice(
    credentials: Credentials,
    allow_plain: bool,
    facts: TlsFacts,
    mechanisms: &[&str],
    more: &str,
) -> String {
    let mut script = Script::new(StreamConfig { allow_plain, ..config() }, credentials);
    script.facts = facts;
    let list =
        mechanisms.iter().fold(String::new(), |list, name| list + "<mechanism>" + name + "</mechanism>");
    script.run(&format!(
        "connect tls
        C: {HEADER}
        E: Progress(SigningIn)
        S: {SERVER_HEADER}<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{list}</mechanisms>{more}</stream:features>"
    ));
    if let Some(rest) =
        script.written.strip_prefix("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='")
    {
        let (name, rest) = rest.split_once("'>").unwrap();
        let message = BASE64.decode(rest.strip_suffix("</auth>").unwrap()).unwrap();
        let message = String::from_utf8(message).unwrap();
        format!("{name} {}", message.split(",,").next().unwrap())
    } else {
        script.events.pop_back().unwrap()
    }
}

const ALL: [&str; 7] = [
    "PLAIN",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS",
];
const END_POINT_ONLY: &str = "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>\
    <channel-binding type='tls-server-end-point'/></sasl-channel-binding>";
const NEITHER: &str = "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>\
    <channel-binding type='tls-unique'/></sasl-channel-binding>";

#[test]
fn the_best_mechanism_is_chosen() {
    let choose = |mechanisms: &[&str], more: &str| choice(password(), false, tls(), mechanisms, more);
    assert_eq!(choose(&ALL, ""), "SCRAM-SHA-512-PLUS p=tls-exporter");
    assert_eq!(choose(&ALL, END_POINT_ONLY), "SCRAM-SHA-512-PLUS p=tls-server-end-point");
    // We could bind, and so could the server, but not in the same way.
    assert_eq!(choose(&ALL, NEITHER), "SCRAM-SHA-512 n");
    // We could bind, and the server says that it cannot: it is told that we heard so.
    assert_eq!(choose(&["SCRAM-SHA-1", "SCRAM-SHA-256"], ""), "SCRAM-SHA-256 y");
    assert_eq!(choose(&["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"], ""), "SCRAM-SHA-1-PLUS p=tls-exporter");
    assert_eq!(choose(&["PLAIN"], ""), "Failed(PlainNotAllowed)");
    assert_eq!(choose(&["DIGEST-MD5", "X"], ""), "Failed(NoUsableMechanism([\"DIGEST-MD5\", \"X\"]))");
    assert_eq!(choose(&[], ""), "Failed(NoUsableMechanism([]))");

    let nothing_to_bind = choice(password(), false, TlsFacts::default(), &ALL, "");
    assert_eq!(nothing_to_bind, "SCRAM-SHA-512 n");
    assert_eq!(choice(password(), true, tls(), &["PLAIN"], ""), "PLAIN \0alice\0pencil");
    assert_eq!(choice(Credentials::default(), true, tls(), &ALL, ""), "Failed(CredentialsNeeded)");
}

#[test]
fn what_was_better_before_must_not_get_worse() {
    let pinned = |mechanism: &str, channel_binding: bool, mechanisms: &[&str], more: &str| {
        let pin = Some(SecurityPin { mechanism: mechanism.to_owned(), channel_binding });
        choice(Credentials { pin, ..password() }, true, tls(), mechanisms, more)
    };
    let gone = "Failed(Downgrade(ChannelBindingGone))";
    assert_eq!(pinned("SCRAM-SHA-256", true, &["SCRAM-SHA-256"], ""), gone);
    assert_eq!(pinned("SCRAM-SHA-256", true, &ALL, NEITHER), gone);
    assert_eq!(pinned("SCRAM-SHA-256", true, &["PLAIN"], ""), gone);
    assert_eq!(pinned("SCRAM-SHA-256", true, &[], ""), gone);
    assert!(pinned("SCRAM-SHA-256", true, &ALL, "").starts_with("SCRAM-SHA-512-PLUS"));
    assert!(pinned("SCRAM-SHA-512", true, &["SCRAM-SHA-1-PLUS"], "").contains("WeakerMechanism"));
    assert!(pinned("SCRAM-SHA-512", false, &["SCRAM-SHA-1"], "").contains("WeakerMechanism"));
    assert!(pinned("SCRAM-SHA-1", false, &["PLAIN"], "").contains("WeakerMechanism"));
    // Binding for the first time is progress, whatever the hash.
    assert!(pinned("SCRAM-SHA-512", false, &["SCRAM-SHA-1-PLUS"], "").starts_with("SCRAM-SHA-1-PLUS"));
    assert!(pinned("PLAIN", false, &["PLAIN"], "").starts_with("PLAIN"));
}

fn with_token() -> Credentials {
    let remembered = online().online.unwrap().remembered;
    let remembered = RememberedFeatures::decode(&remembered.encode());
    Credentials { fast: Some(token()), remembered, ..password() }
}

const FAST_REQUEST: &str = "C: <authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-EXPR'>\
    <initial-response>{token}</initial-response>";

#[test]
fn a_token_needs_no_waiting() {
    let mut script = Script::new(config(), with_token());
    script.run(&format!(
        "connect tls
        C: {HEADER}
        E: Progress(SigningIn)
        E: FastCounter(5)
        {FAST_REQUEST}{USER_AGENT}{BIND}<fast xmlns='urn:xmpp:fast:0' count='5'/></authenticate>"
    ));
    let message = BASE64.decode(&script.captured["token"]).unwrap();
    assert_eq!(&message[..6], b"alice\0");
    let binding = crate::sasl::ChannelBinding::Exporter([7; 32]);
    let expected = crate::sasl::fast_response("alice", "secret", Some(&binding));
    assert_eq!(message, expected);
    // HMAC-SHA-256 of "Responder" and 32 times 7, by Python.
    script.run(&format!(
        "S: {SERVER_HEADER}{SASL2}<success xmlns='urn:xmpp:sasl:2'><additional-data>RESPONDER</additional-data><authorization-identifier>alice@example.org/r</authorization-identifier><bound xmlns='urn:xmpp:bind:0'/></success><stream:features/>
        E: Progress(Binding)
        E: Online(resumed: false)"
    ).replace("RESPONDER", "bcwKCw6rFP70u7mefWRFYOgqLH+BF6uXKuGnbp0oKvQ="));
    script.end();
}

#[test]
fn the_counter_is_told_before_the_token_is_used() {
    let mut stream = Stream::new(
        config(),
        with_token(),
        &mut <rand_chacha::ChaCha20Rng as rand_chacha::rand_core::SeedableRng>::seed_from_u64(0),
    );
    let now = Now { monotonic: Duration::ZERO, wall: model::Timestamp(0) };
    stream.handle_input(StreamInput::Connected { tls: Some(tls()) }, now);
    let events: Vec<StreamEvent> = std::iter::from_fn(|| stream.poll_event(now)).collect();
    let counter = events.iter().position(|event| matches!(event, StreamEvent::FastCounter(5))).unwrap();
    let used = events.iter().position(|event| {
        matches!(event, StreamEvent::Write(bytes) if String::from_utf8_lossy(bytes).contains("<authenticate"))
    });
    assert!(counter < used.unwrap());
}

#[test]
fn a_refused_token_is_forgotten_and_the_password_follows() {
    let mut script = Script::new(config(), with_token());
    script.run(&format!(
        "connect tls
        C: {HEADER}
        E: Progress(SigningIn)
        E: FastCounter(5)
        {FAST_REQUEST}{{rest}}</authenticate>
        S: {SERVER_HEADER}{SASL2}<failure xmlns='urn:xmpp:sasl:2'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>
        E: FastTokenRejected
        C: <authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-256-PLUS'>{{more}}</authenticate>
        S: <failure xmlns='urn:xmpp:sasl:2'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><text>No</text></failure>
        C: </stream:stream>
        E: Close
        E: Failed(AuthRejected(Some(\"No\")))"
    ));
    script.end();
}

#[test]
fn a_server_that_knows_no_token_is_not_believed() {
    let mut script = Script::new(config(), with_token());
    script.run(&format!(
        "connect tls
        C: {HEADER}
        E: Progress(SigningIn)
        E: FastCounter(5)
        {FAST_REQUEST}{{rest}}</authenticate>
        S: {SERVER_HEADER}{SASL2}<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>alice@example.org/r</authorization-identifier><bound xmlns='urn:xmpp:bind:0'/></success>
        C: </stream:stream>
        E: Close
        E: Failed(ServerNotProven)"
    ));
    script.end();
}

#[test]
fn an_expired_or_unusable_token_is_left_alone() {
    let mut credentials = with_token();
    credentials.fast = Some(FastToken { expires: model::Timestamp(1), ..token() });
    let mut script = Script::new(config(), credentials);
    script.run(&format!(
        "connect tls
        C: {HEADER}<authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-256-PLUS'>{{rest}}</authenticate>
        E: Progress(SigningIn)"
    ));
    script.end();

    // A token that binds nothing is not used where signing in was bound before.
    let mut credentials = with_token();
    credentials.fast = Some(FastToken { mechanism: "HT-SHA-256-NONE".to_owned(), ..token() });
    credentials.pin = Some(SecurityPin { mechanism: String::new(), channel_binding: true });
    let mut script = Script::new(config(), credentials);
    script.run(&format!(
        "connect tls
        C: {HEADER}<authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-256-PLUS'>{{rest}}</authenticate>
        E: Progress(SigningIn)"
    ));
    script.end();
}

#[test]
fn a_server_that_changed_is_asked_again() {
    let early = format!(
        "connect tls
        C: {HEADER}<authenticate {{rest}}</authenticate>
        E: Progress(SigningIn)"
    );
    let credentials = || Credentials { fast: None, ..with_token() };
    // It offers no SASL2 any more.
    let mut script = Script::new(config(), credentials());
    script.run(&early).run(&format!(
        "S: {SERVER_HEADER}<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>
        C: </stream:stream>
        E: Close
        E: Failed(RememberedFeaturesStale)"
    ));
    script.end();
    // It does not understand what came early.
    let mut script = Script::new(config(), credentials());
    script.run(&early).run(&format!(
        "S: {SERVER_HEADER}<stream:error><unsupported-stanza-type xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>
        C: </stream:stream>
        E: Close
        E: Failed(RememberedFeaturesStale)"
    ));
    script.end();
    // It has other mechanisms: the same stream serves.
    let mut script = Script::new(config(), credentials());
    script.run(&early).run(&format!(
        "S: {SERVER_HEADER}<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-1</mechanism></authentication></stream:features><failure xmlns='urn:xmpp:sasl:2'><invalid-mechanism xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>
        C: <authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-1'>{{last}}</authenticate>"
    ));
    script.end();
}

#[test]
fn a_wrong_signature_ends_it() {
    let mut script = Script::new(config(), password());
    script.run(&format!(
        "connect tls
        C: {HEADER}
        E: Progress(SigningIn)
        S: {SERVER_HEADER}{SASL2}
        C: <authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-256-PLUS'><initial-response>{{initial}}</initial-response>{{rest}}</authenticate>
        S: <challenge xmlns='urn:xmpp:sasl:2'>{{challenge}}</challenge>
        C: <response xmlns='urn:xmpp:sasl:2'>{{response}}</response>
        S: <success xmlns='urn:xmpp:sasl:2'><additional-data>dj1BQUFB</additional-data><authorization-identifier>alice@example.org/r</authorization-identifier><bound xmlns='urn:xmpp:bind:0'/></success>
        C: </stream:stream>
        E: Close
        E: Failed(ServerNotProven)"
    ));
    script.end();
}

#[test]
fn failures_say_what_to_do_next() {
    for (condition, failure) in [
        ("not-authorized", "AuthRejected(None)"),
        ("something-new", "AuthRejected(None)"),
        ("account-disabled", "AccountDisabled(None)"),
        ("credentials-expired", "CredentialsExpired(None)"),
        ("temporary-auth-failure", "TemporaryAuthFailure(None)"),
    ] {
        let mut script = Script::new(config(), password());
        script.run(&format!(
            "connect tls
            C: {HEADER}
            E: Progress(SigningIn)
            S: {SERVER_HEADER}{SASL2}
            C: <authenticate {{rest}}</authenticate>
            S: <failure xmlns='urn:xmpp:sasl:2'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>
            C: </stream:stream>
            E: Close
            E: Failed({failure})"
        ));
        script.end();
    }
}

#[test]
fn a_second_factor_is_reported() {
    let mut script = Script::new(config(), password());
    script.run(&format!(
        "connect tls
        C: {HEADER}
        E: Progress(SigningIn)
        S: {SERVER_HEADER}{SASL2}
        C: <authenticate {{rest}}</authenticate>
        S: <continue xmlns='urn:xmpp:sasl:2'><additional-data/><tasks><task>HOTP-EXAMPLE</task></tasks></continue>
        C: </stream:stream>
        E: Close
        E: Failed(FurtherStepRequired([\"HOTP-EXAMPLE\"]))"
    ));
    script.end();
}

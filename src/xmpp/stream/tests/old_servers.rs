//! Servers that know neither SASL2 nor Bind 2.

use super::script::*;

const SIGN_IN: &str = "connect tls
    C: HEADER
    E: Progress(SigningIn)
    S: SERVER<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism></mechanisms></stream:features>
    C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>{initial}</auth>
    S: <challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{challenge}</challenge>
    C: <response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{response}</response>";
const SUCCESS: &str = "S: <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{signature}</success>
    E: Progress(Binding)
    C: HEADER";
const FEATURES: &str =
    "S: \nSERVER<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>MORE</stream:features>";
const BOUND: &str = "S: <iq id='{id}' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>alice@example.org/r1</jid></bind></iq>";
const BIND: &str = "C: <iq id='{id}' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>Starling.{suffix}</resource></bind></iq>";

pub(super) fn lines(text: &str) -> String {
    text.replace("SERVER", SERVER_HEADER).replace("HEADER", HEADER)
}

/// Signed in, bound and online, without anything else.
pub(super) fn plainly_online() -> Script {
    let mut script = Script::new(config(), password());
    script
        .run(&lines(SIGN_IN))
        .run(&lines(SUCCESS))
        .run(&lines(&FEATURES.replace("\nSERVER", "SERVER").replace("MORE", "")))
        .run(BIND)
        .run(BOUND)
        .run("E: Online(resumed: false)");
    script.end();
    script
}

#[test]
fn sasl_bind_session_and_stream_management() {
    let mut script = Script::new(config(), password());
    script.run(&lines(SIGN_IN)).run(&lines(SUCCESS)).run(&lines(
        &FEATURES.replace("\nSERVER", "SERVER").replace(
            "MORE",
            "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/><sm xmlns='urn:xmpp:sm:3'/>",
        ),
    ));
    script.run(BIND).run(BOUND).run(
        "C: <iq id='{session}' type='set'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>
        S: <iq id='{session}' type='result'/>
        C: <enable xmlns='urn:xmpp:sm:3' resume='true'/>
        S: <message from='bob@example.org'><body>early</body></message><enabled xmlns='urn:xmpp:sm:3' id='x' resume='true'/><message from='bob@example.org'><body>counted</body></message><r xmlns='urn:xmpp:sm:3'/>
        E: Stanza
        E: Online(resumed: false)
        E: Stanza
        C: <a xmlns='urn:xmpp:sm:3' h='1'/>",
    );
    script.end();
    assert_eq!(script.captured["gs2"], "y,,");
    let online = script.online.unwrap();
    assert!(!online.carbons_enabled);
    assert_eq!(online.pin.mechanism, "SCRAM-SHA-256");
    assert!(!online.pin.channel_binding);
}

#[test]
fn the_final_message_may_come_as_a_challenge() {
    let mut script = Script::new(config(), password());
    script.run(&lines(SIGN_IN)).run(&lines(
        "S: <challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{signature}</challenge>
        C: <response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'></response>
        S: <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>=</success>
        E: Progress(Binding)
        C: HEADER",
    ));
    script.end();
}

#[test]
fn a_success_without_proof_is_none() {
    let mut script = Script::new(config(), password());
    script.run(&lines(SIGN_IN)).run(
        "S: <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
        C: </stream:stream>
        E: Close
        E: Failed(ServerNotProven)",
    );
    script.end();
}

#[test]
fn an_unwelcome_resource_is_left_to_the_server() {
    let mut script = Script::new(config(), password());
    script
        .run(&lines(SIGN_IN))
        .run(&lines(SUCCESS))
        .run(&lines(&FEATURES.replace("\nSERVER", "SERVER").replace("MORE", "")))
        .run(BIND)
        .run(
            "S: <iq id='{id}' type='error'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
            C: <iq id='{again}' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'></bind></iq>
            S: <iq id='{again}' type='error'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>full</text></error></iq>
            C: </stream:stream>
            E: Close
            E: Failed(BindRefused { condition: \"resource-constraint\", text: Some(\"full\") })",
        );
    script.end();
}

#[test]
fn a_server_without_a_session_to_give() {
    let mut script = Script::new(config(), password());
    script.run(&lines(SIGN_IN)).run(&lines(SUCCESS)).run(&lines(
        "S: SERVER<stream:features/>
        C: </stream:stream>
        E: Close
        E: Failed(BindRefused",
    ));
    script.end();
}

#[test]
fn pings_acknowledge_where_stream_management_cannot() {
    let mut script = plainly_online();
    script.run(
        "send 1 <message/>
        C: <message/><iq id='{ping}' to='example.org' type='get'><ping xmlns='urn:xmpp:ping'/></iq>
        send 2 <presence/>
        C: <presence/>
        S: <iq id='{ping}' type='result' from='mallory@example.org/x'/>
        E: Stanza
        S: <iq id='{ping}' type='result' from='example.org'/>
        E: Acked([StanzaToken(1)])
        C: <iq id='{next}' to='example.org' type='get'><ping xmlns='urn:xmpp:ping'/></iq>
        S: <iq id='{next}' type='error'/>
        E: Acked([StanzaToken(2)])
        send 3 <message/>
        C: <message/><iq {rest}</iq>
        closed
        E: Unacked([StanzaToken(3)])
        E: Failed(Disconnected)",
    );
    script.end();
    assert!(script.stream.resumption().is_none());
}

#[test]
fn version_0_9_is_not_xmpp() {
    let mut script = Script::new(config(), password());
    script.run(&lines(
        "connect tls
        C: HEADER
        E: Progress(SigningIn)
        S: <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1'>
        C: <stream:error><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>
        E: Close
        E: Failed(Malformed(\"not XMPP 1.0\"))",
    ));
    script.end();
}

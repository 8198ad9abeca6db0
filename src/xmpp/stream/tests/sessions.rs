//! Acknowledgements and resumption (XEP-0198), CSI (XEP-0352), closing.

use super::super::*;
use super::script::*;

#[test]
fn what_the_server_has_is_told() {
    let mut script = online();
    script.run(
        "send 1 <message id='a'/>
        C: <message id='a'/><r xmlns='urn:xmpp:sm:3'/>
        send 2 <message id='b'/>
        C: <message id='b'/>
        S: <a xmlns='urn:xmpp:sm:3' h='1'/>
        E: Acked([StanzaToken(1)])
        C: <r xmlns='urn:xmpp:sm:3'/>
        S: <a xmlns='urn:xmpp:sm:3' h='2'/>
        E: Acked([StanzaToken(2)])
        S: <a xmlns='urn:xmpp:sm:3' h='2'/>",
    );
    script.end();
}

#[test]
fn a_burst_is_paced() {
    let mut script = online();
    for token in 0..150 {
        script.stream.send(b"<m/>".to_vec(), StanzaToken(token), script.now).unwrap();
    }
    script.run("hold");
    assert_eq!(script.written.matches("<m/>").count(), 100);
    assert_eq!(script.written.matches("<r ").count(), 10);
    script.written.clear();
    script.run("S: <a xmlns='urn:xmpp:sm:3' h='60'/>");
    assert!(script.events.pop_front().unwrap().starts_with("Acked([StanzaToken(0)"));
    assert_eq!(script.written.matches("<m/>").count(), 50);
}

#[test]
fn only_what_was_processed_is_acknowledged() {
    let mut script = online();
    script.run(
        "hold
        S: <message from='bob@example.org'/><presence from='@'/><iq from='bob@example.org' type='result' id='0'/><strange xmlns='jabber:client'/><r xmlns='urn:xmpp:sm:3'/>
        E: Stanza
        E: RefusedStanza { reason: BadSender
        E: Stanza
        C: <a xmlns='urn:xmpp:sm:3' h='0'/>
        processed 3
        S: <r xmlns='urn:xmpp:sm:3'/>
        C: <a xmlns='urn:xmpp:sm:3' h='3'/>
        processed 99
        processed 1
        C: <a xmlns='urn:xmpp:sm:3' h='103'/>",
    );
    script.end();
}

#[test]
fn a_refused_stanza_counts() {
    let mut script = online();
    let deep =
        format!("<message from='m@example.org'>{}{}</message>", "<x>".repeat(6000), "</x>".repeat(6000));
    script.run(&format!(
        "S: {deep}<message from='bob@example.org'/><r xmlns='urn:xmpp:sm:3'/>
        E: RefusedStanza {{ reason: TooDeep
        E: Stanza
        C: <a xmlns='urn:xmpp:sm:3' h='2'/>"
    ));
    script.end();
}

#[test]
fn an_impossible_acknowledgement_ends_the_session() {
    for h in ["2", "4294967295", "x"] {
        let mut script = online();
        script.run(&format!(
            "send 7 <message/>
            C: <message/><r xmlns='urn:xmpp:sm:3'/>
            S: <a xmlns='urn:xmpp:sm:3' h='{h}'/>
            C: <stream:error><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>
            E: Close
            E: Unacked([StanzaToken(7)])
            E: Failed(AcknowledgementInvalid)"
        ));
        script.end();
        assert!(script.stream.resumption().is_none());
    }
}

/// A session that was cut with two stanzas under way and one handled.
fn cut() -> (Credentials, Resumption) {
    let mut script = online();
    script.run(
        "S: <message from='bob@example.org'/>
        E: Stanza
        send 1 <message id='one'/>
        send 2 <message id='two'/>
        C: <message id='one'/><r xmlns='urn:xmpp:sm:3'/><message id='two'/>
        closed
        E: Failed(Disconnected)",
    );
    script.end();
    let online = script.online.unwrap();
    let credentials = Credentials {
        remembered: Some(online.remembered),
        pin: Some(online.pin),
        fast: script.token,
        ..password()
    };
    let resumption = script.stream.resumption().unwrap();
    assert_eq!(resumption.unsettled(), [StanzaToken(1), StanzaToken(2)]);
    (credentials, resumption)
}

const BEGIN: &str = "connect tls
    C: HEADER
    E: Progress(SigningIn)
    E: FastCounter(1)
    C: <authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-EXPR'><initial-response>{x}</initial-response>UA<resume xmlns='urn:xmpp:sm:3' h='1' previd='sm1'/>BIND<fast xmlns='urn:xmpp:fast:0' count='1'/></authenticate>";

fn begin(script: &mut Script, success: &str) {
    script.run(&BEGIN.replace("HEADER", HEADER).replace("UA", USER_AGENT).replace("BIND", BIND));
    script.run(&format!(
        "S: {SERVER_HEADER}{SASL2}<success xmlns='urn:xmpp:sasl:2'><additional-data>Tc5aNt38xYZCFe399vG4Rl4H8NdeSbN9QPUrxyP1rMY=</additional-data><authorization-identifier>alice@example.org/Starling~x</authorization-identifier>{success}</success>
        E: Progress(Binding)"
    ));
}

#[test]
fn a_session_that_was_never_told_of_is_not_gone_on_with() {
    let (credentials, resumption) = cut();
    let mut script = Script::resuming(credentials, resumption);
    begin(
        &mut script,
        "<failed xmlns='urn:xmpp:sm:3'/><bound xmlns='urn:xmpp:bind:0'>\
         <enabled xmlns='urn:xmpp:sm:3' id='sm2' resume='true'/></bound>",
    );
    script.run(
        "E: Unacked([StanzaToken(1), StanzaToken(2)])
        closed
        E: Failed(Disconnected)",
    );
    script.end();
    assert!(script.stream.resumption().is_none());
}

#[test]
fn a_session_goes_on_inline() {
    let (credentials, resumption) = cut();
    let mut script = Script::resuming(credentials, resumption);
    begin(&mut script, "<resumed xmlns='urn:xmpp:sm:3' h='1' previd='sm1'/>");
    script.run(
        "E: Acked([StanzaToken(1)])
        E: Online(resumed: true)
        C: <active xmlns='urn:xmpp:csi:0'/><message id='two'/><r xmlns='urn:xmpp:sm:3'/>
        S: <message from='bob@example.org'/><stream:features/><r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='2'/>
        E: Stanza
        E: Features
        E: Acked([StanzaToken(2)])
        C: <a xmlns='urn:xmpp:sm:3' h='2'/>",
    );
    script.end();
    let online = script.online.unwrap();
    assert!(online.carbons_enabled && online.features.roster_versioning);
    assert_eq!(online.bound.to_string(), "alice@example.org/Starling~x");
    assert_eq!(online.pin.mechanism, "SCRAM-SHA-256");
}

#[test]
fn a_server_that_resumes_and_does_not_hear_us_is_not_resumed_again() {
    let (credentials, resumption) = cut();
    let mut script = Script::resuming(credentials, resumption);
    begin(&mut script, "<resumed xmlns='urn:xmpp:sm:3' h='1' previd='sm1'/>");
    script.run(
        "E: Acked([StanzaToken(1)])
        E: Online(resumed: true)
        C: <active xmlns='urn:xmpp:csi:0'/><message id='two'/><r xmlns='urn:xmpp:sm:3'/>
        +9s
        S: <message from='bob@example.org'/><r xmlns='urn:xmpp:sm:3'/>
        E: Stanza
        C: <a xmlns='urn:xmpp:sm:3' h='2'/>
        +1s
        E: Close
        E: Unacked([StanzaToken(2)])
        E: Failed(Timeout(Alive))",
    );
    script.end();
    assert!(script.stream.resumption().is_none());
}

#[test]
fn a_session_that_is_gone_gives_its_stanzas_back() {
    let (credentials, resumption) = cut();
    let mut script = Script::resuming(credentials, resumption);
    begin(
        &mut script,
        "<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed><bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3'/></bound>",
    );
    script.run(
        "E: Unacked([StanzaToken(1), StanzaToken(2)])
        +1s
        E: Online(resumed: false)",
    );
    script.end();
}

#[test]
fn a_session_that_is_gone_may_say_what_arrived() {
    let (credentials, resumption) = cut();
    let mut script = Script::resuming(credentials, resumption);
    begin(&mut script, "<failed xmlns='urn:xmpp:sm:3' h='1'/><bound xmlns='urn:xmpp:bind:0'/>");
    script.run(
        "E: Acked([StanzaToken(1)])
        E: Unacked([StanzaToken(2)])
        S: <stream:features/>
        E: Online(resumed: false)",
    );
    script.end();
}

#[test]
fn a_session_goes_on_with_old_servers_too() {
    let (_, resumption) = cut();
    let mut script = Script::resuming(password(), resumption);
    script.run(&super::old_servers::lines(
        "connect tls
        C: HEADER
        E: Progress(SigningIn)
        S: SERVER<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism></mechanisms></stream:features>
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>{initial}</auth>
        S: <challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{challenge}</challenge>
        C: <response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{response}</response>
        S: <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{signature}</success>
        E: Progress(Binding)
        C: HEADER
        S: SERVER<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/></stream:features>
        C: <resume xmlns='urn:xmpp:sm:3' h='1' previd='sm1'/>",
    ));
    script.run(
        "S: <resumed xmlns='urn:xmpp:sm:3' h='2' previd='sm1'/>
        E: Acked([StanzaToken(1), StanzaToken(2)])
        E: Online(resumed: true)
        C: <active xmlns='urn:xmpp:csi:0'/>",
    );
    script.end();
}

#[test]
fn a_link_that_never_came_up_keeps_the_session() {
    let (credentials, resumption) = cut();
    let mut script = Script::resuming(credentials, resumption);
    script.run(&BEGIN.replace("HEADER", HEADER).replace("UA", USER_AGENT).replace("BIND", BIND));
    script.run("closed\nE: Failed(Disconnected)");
    assert_eq!(script.stream.resumption().unwrap().unsettled().len(), 2);
}

#[test]
fn nobody_looking_is_said_once() {
    let mut script = online();
    script.run(
        "inactive
        C: <inactive xmlns='urn:xmpp:csi:0'/>
        inactive
        active
        C: <active xmlns='urn:xmpp:csi:0'/>",
    );
    script.end();
}

#[test]
fn nobody_looking_is_said_while_binding() {
    let mut script = Script::new(config(), password());
    script.run(&format!(
        "inactive
        connect tls
        C: {HEADER}
        E: Progress(SigningIn)
        S: {SERVER_HEADER}{SASL2}
        C: <authenticate {{rest}}<enable xmlns='urn:xmpp:sm:3' resume='true'/><inactive xmlns='urn:xmpp:csi:0'/></bind>{{more}}</authenticate>"
    ));
    script.end();
}

#[test]
fn closing_is_orderly() {
    let mut script = online();
    script.run(
        "S: <message from='bob@example.org'/>
        E: Stanza
        send 1 <presence type='unavailable'/>
        close
        C: <presence type='unavailable'/><r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='1'/></stream:stream>
        S: <message from='bob@example.org'/><a xmlns='urn:xmpp:sm:3' h='1'/></stream:stream>
        E: Acked([StanzaToken(1)])
        E: Close
        E: Closed",
    );
    script.end();
    assert!(script.stream.resumption().is_none());

    let mut script = online();
    script.run(
        "close
        C: </stream:stream>
        S: <a xmlns='urn:xmpp:sm:3' h='0'/>
        +3s
        E: Close
        E: Closed",
    );
    script.end();
}

#[test]
fn stanzas_larger_than_the_server_takes_are_not_sent() {
    let mut script = online();
    script.run(
        "S: <stream:features><limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>20</max-bytes></limits></stream:features>
        E: Features",
    );
    let now = script.now;
    let refused = script.stream.send(vec![b' '; 21], StanzaToken(1), now);
    assert_eq!(refused, Err(SendRefused::TooLarge { limit: 20 }));
    assert!(script.stream.send(vec![b' '; 20], StanzaToken(1), now).is_ok());
}

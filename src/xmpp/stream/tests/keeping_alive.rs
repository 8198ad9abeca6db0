//! Deadlines and dead links.

use super::super::*;
use super::old_servers::plainly_online;
use super::script::*;

#[test]
fn every_step_has_its_deadline() {
    let mut script = Script::new(config(), password());
    script.run(&format!(
        "connect
        C: {CLEAR_HEADER}
        E: Progress(Securing)
        +19s
        S: {SERVER_HEADER}
        +1s
        E: Close
        E: Failed(Timeout(Features))"
    ));
    assert_eq!(script.stream.timeout(), None);

    let mut script = Script::new(config(), password());
    script.run(&format!(
        "connect
        C: {CLEAR_HEADER}
        E: Progress(Securing)
        S: {SERVER_HEADER}<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>
        C: <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
        S: <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
        E: StartTls
        +20s
        E: Close
        E: Failed(Timeout(Tls))"
    ));

    let mut script = Script::new(config(), password());
    script.run(&format!(
        "connect tls
        C: {HEADER}
        E: Progress(SigningIn)
        S: {SERVER_HEADER}{SASL2}
        C: <authenticate {{rest}}</authenticate>
        +20s
        E: Close
        E: Failed(Timeout(Authentication))"
    ));
}

#[test]
fn a_silent_link_is_asked_and_then_given_up() {
    let mut script = online();
    script.run(
        "+289s
        +1s
        C: <r xmlns='urn:xmpp:sm:3'/>
        S: <a xmlns='urn:xmpp:sm:3' h='0'/>
        +290s
        C: <r xmlns='urn:xmpp:sm:3'/>
        +19s
        S: <presence from='bob@example.org'/>
        E: Stanza
        +19s
        +1s
        E: Close
        E: Failed(Timeout(Alive))",
    );
    script.end();
    assert!(script.stream.resumption().is_some());
}

#[test]
fn after_suspend_the_link_is_asked_at_once() {
    let mut script = online();
    script.run(
        "send 1 <message/>
        C: <message/><r xmlns='urn:xmpp:sm:3'/>
        +2s
        wake
        C: <r xmlns='urn:xmpp:sm:3'/>
        +5s
        E: Close
        E: Failed(Timeout(Alive))",
    );
    script.end();
    assert_eq!(script.stream.resumption().unwrap().unsettled(), [StanzaToken(1)]);

    let mut script = plainly_online();
    script.run("wake\nC: <iq {rest}</iq>\n+5s\nE: Close\nE: Failed(Timeout(Alive))");
    script.end();
}

#[test]
fn a_server_that_talks_but_never_answers_is_given_up() {
    let mut script = online();
    script.run("send 1 <message/>\nC: <message/><r xmlns='urn:xmpp:sm:3'/>");
    for _ in 0..11 {
        script.run("+10s\nS: <presence from='bob@example.org'/>\nE: Stanza");
    }
    script.run("+10s\nE: Close\nE: Failed(Timeout(Alive))");
    script.end();
}

#[test]
fn a_server_that_lags_is_asked_again() {
    let mut script = online();
    script.run(
        "send 1 <message/>
        C: <message/><r xmlns='urn:xmpp:sm:3'/>
        S: <a xmlns='urn:xmpp:sm:3' h='0'/>
        +4s
        +1s
        C: <r xmlns='urn:xmpp:sm:3'/>
        S: <a xmlns='urn:xmpp:sm:3' h='1'/>
        E: Acked([StanzaToken(1)])",
    );
    script.end();
}

#[test]
fn a_server_that_ends_silent_links_is_spoken_to_in_time() {
    let mut script = online();
    script.run(
        "S: <stream:features><limits xmlns='urn:xmpp:stream-limits:0'><idle-seconds>60</idle-seconds></limits></stream:features>
        E: Features
        +44s
        +1s
        C: <r xmlns='urn:xmpp:sm:3'/>",
    );
    script.end();
}

//! The link breaks in mid-call: the session is resumed, or it is not.

use model::{CallFailure, CallOutcome};
use xmpp::TlsFacts;

use super::*;

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' from='example.org' id='s' version='1.0'>";
const FEATURES: &str = "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>\
    <sm xmlns='urn:xmpp:sm:3'/></stream:features>";

/// Opens a link and signs in, up to where a session is asked for.
fn connect(rig: &mut Rig) {
    rig.input(Input::Connected { tls: Some(TlsFacts::default()) });
    let mechanisms = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
        <mechanism>PLAIN</mechanism></mechanisms></stream:features>";
    rig.bytes(&format!("{HEADER}{mechanisms}"));
    rig.bytes("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    rig.bytes(&format!("{HEADER}{FEATURES}"));
}

fn bind(rig: &mut Rig) {
    let bind = rig.take_sent("bind");
    let id = bind.attr("id").unwrap();
    rig.bytes(&format!(
        "<iq type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
         <jid>me@example.org/here</jid></bind></iq>"
    ));
    rig.bytes("<enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='true'/>");
}

/// At a server that resumes sessions, talking.
fn talking() -> Desk {
    let mut rig = Rig::new(true);
    rig.input(Input::Start);
    connect(&mut rig);
    bind(&mut rig);
    rig.roster(&format!("<item jid='{ROMEO}' subscription='both'/>"));
    let mut desk = Desk { rig, session: String::new() };
    desk.answer_services(STUN_AND_TURN);
    desk.talk(false);
    desk.rig.bytes(" ");
    desk.rig.sent.clear();
    desk
}

/// The link breaks. Until then the server had everything; what it acknowledges when the session is resumed.
fn break_link(desk: &mut Desk) -> String {
    // All but the request for a session, which came before they were counted.
    let resumed = format!("<resumed xmlns='urn:xmpp:sm:3' previd='sm1' h='{}'/>", desk.rig.stanzas - 1);
    desk.rig.input(Input::Closed(None));
    resumed
}

fn open_link(desk: &mut Desk) {
    desk.rig.pass(Duration::from_secs(2));
    desk.rig.input(Input::Timer);
    connect(&mut desk.rig);
}

#[test]
fn a_call_goes_on_when_the_session_is_resumed() {
    let mut desk = talking();
    let resumed = break_link(&mut desk);
    assert!(matches!(desk.state(), CallState::Connected { .. }), "media has a way of its own");
    // What is said meanwhile waits.
    desk.media(MediaEvent::Candidates(candidates("audio", "ours", 9)));
    desk.command(CallCommand::Send(MediaKind::Audio, false));
    assert!(!desk.has_asked());
    open_link(&mut desk);
    desk.rig.sent.clear();
    desk.rig.bytes(&resumed);
    desk.rig.sent.retain(|stanza| stanza.has_child("jingle", wire::NS));
    desk.asked(Action::TransportInfo);
    desk.asked(Action::SessionInfo);
    assert!(!desk.has_asked(), "once");
    assert!(matches!(desk.state(), CallState::Connected { .. }));
}

#[test]
fn a_goodbye_waits_for_the_link_too() {
    let mut desk = talking();
    let resumed = break_link(&mut desk);
    desk.command(CallCommand::HangUp);
    assert!(matches!(desk.state(), CallState::Ended(_)));
    open_link(&mut desk);
    desk.rig.sent.clear();
    desk.rig.bytes(&resumed);
    desk.rig.sent.retain(|stanza| stanza.has_child("jingle", wire::NS));
    desk.asked(Action::SessionTerminate);
}

#[test]
fn a_call_ends_with_the_session() {
    let mut desk = talking();
    break_link(&mut desk);
    open_link(&mut desk);
    desk.rig.bytes(
        "<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
    );
    bind(&mut desk.rig);
    assert!(matches!(desk.line(), CallOutcome::Answered { .. }), "they have talked");
    assert_eq!(desk.engine().last(), Some(&MediaCommand::End));

    let mut desk = Desk::new();
    desk.call(false);
    desk.rig.disconnect();
    assert_eq!(desk.line(), CallOutcome::Failed(CallFailure::SessionLost));
    let mut desk = Desk::new();
    desk.says(Act::Propose(vec![MediaKind::Audio]));
    desk.rig.disconnect();
    assert_eq!(desk.state(), CallState::Ended(CallOutcome::Failed(CallFailure::SessionLost)));
}

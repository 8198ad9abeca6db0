//! Servers that help media, with credentials that end.

use model::IceServerKind;

use super::*;

fn turn_until(hour: &str) -> String {
    format!(
        "<services xmlns='urn:xmpp:extdisco:2'><service type='turn' host='turn.example.org' port='3478' \
         transport='udp' username='u-{hour}' password='p' expires='2027-01-15T{hour}:00Z'/></services>"
    )
}

fn users(desk: &mut Desk) -> Vec<String> {
    let commands = desk.engine();
    let servers = commands.into_iter().filter_map(|command| match command {
        MediaCommand::Begin(setup) => Some(setup.servers),
        MediaCommand::SetServers(servers) => Some(servers),
        _ => None,
    });
    servers.flatten().filter_map(|server| Some(server.credentials?.0)).collect()
}

#[test]
fn a_call_waits_for_servers_but_not_for_long() {
    // The wall clock of the tests begins at 08:00:00.
    let mut desk = Desk::without_servers();
    desk.call(false);
    desk.says(Act::Proceed { device: None });
    assert_eq!(desk.engine(), []);
    desk.answer_services(&turn_until("09:00"));
    assert_eq!(users(&mut desk), ["u-09:00"]);

    let mut desk = Desk::without_servers();
    desk.call(false);
    desk.says(Act::Proceed { device: None });
    desk.pass(3);
    let MediaCommand::Begin(setup) = desk.engine().remove(0) else { panic!() };
    assert_eq!(setup.servers, []);
    // They come too late to begin with, and not to go on with.
    desk.answer_services(&turn_until("09:00"));
    assert_eq!(users(&mut desk), ["u-09:00"]);
}

#[test]
fn a_server_that_names_none() {
    let mut desk = Desk::without_servers();
    let question = desk.rig.take_sent("services");
    desk.rig.refuse(&question, "service-unavailable");
    desk.call(false);
    desk.says(Act::Proceed { device: None });
    let MediaCommand::Begin(setup) = desk.engine().remove(0) else { panic!() };
    assert_eq!(setup.servers, []);
    assert!(!desk.rig.has_sent("services"), "it said so");
}

#[test]
fn credentials_are_renewed_before_they_end_while_there_is_a_call() {
    let mut desk = Desk::without_servers();
    desk.answer_services(&turn_until("08:10"));
    desk.pass(8 * 60);
    assert!(!desk.rig.has_sent("services"), "nobody talks");
    desk.talk(false);
    desk.pass(59);
    assert!(!desk.rig.has_sent("services"));
    desk.pass(1);
    desk.answer_services(&turn_until("08:20"));
    assert_eq!(users(&mut desk), ["u-08:20"]);
}

#[test]
fn credentials_that_ended_are_asked_for_when_a_call_begins() {
    let mut desk = Desk::without_servers();
    desk.answer_services(&turn_until("08:10"));
    desk.pass(3600);
    desk.call(false);
    desk.says(Act::Proceed { device: None });
    assert_eq!(desk.engine(), []);
    desk.answer_services(&turn_until("09:10"));
    assert_eq!(users(&mut desk), ["u-09:10"]);
}

#[test]
fn credentials_that_end_at_once_are_used_and_not_asked_for_without_end() {
    let mut desk = Desk::without_servers();
    desk.answer_services(&turn_until("08:00"));
    desk.talk(false);
    let mut asked = 0;
    for _ in 0..60 {
        desk.pass(1);
        if desk.rig.has_sent("services") {
            asked += 1;
            desk.answer_services(&turn_until("08:00"));
        }
    }
    assert!((1..=2).contains(&asked), "asked {asked} times in a minute");
}

#[test]
fn a_push_is_believed_from_the_own_server_only() {
    let mut desk = Desk::new();
    let push = |from: &str| {
        format!("<iq type='set' id='q1' {from}>{}</iq>", turn_until("09:00").replace("09:00:00", "09:00"))
    };
    desk.rig.bytes(&push("from='mallory@example.com/x'"));
    assert!(!desk.rig.has_sent("services"));
    desk.rig.bytes(&push("from='example.org'"));
    desk.answer_services(&turn_until("10:00"));
    desk.call(false);
    desk.says(Act::Proceed { device: None });
    let MediaCommand::Begin(setup) = desk.engine().remove(0) else { panic!() };
    assert_eq!(setup.servers[0].kind, IceServerKind::Turn);
}

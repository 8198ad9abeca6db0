//! Lines of calls that this device has no part in, or comes too late for.

use model::{CallOutcome, Direction};

use super::*;

/// A message from the archive.
fn archived(desk: &mut Desk, query: &str, id: &str, time: &str, from: &str, to: &str, act: Act) {
    let invitation = proposals::Invitation { session: desk.session.clone(), act };
    let inner = text(&invitation.element());
    desk.rig.bytes(&format!(
        "<message from='me@example.org'><result xmlns='urn:xmpp:mam:2' queryid='{query}' id='{id}'>\
         <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{time}'/>\
         <message xmlns='jabber:client' type='chat' from='{from}' to='{to}'>{inner}</message>\
         </forwarded></result></message>"
    ));
}

/// Reads the archive, which holds these acts of Romeo and the user, in order.
fn read_archive(acts: &[(&str, bool, Act)]) -> Desk {
    let mut desk = Desk::new();
    let is_archive = |stanza: &Element| stanza.children().any(|child| child.is("query", "urn:xmpp:mam:2"));
    let place = desk.rig.sent.iter().position(is_archive).expect("the archive is read");
    let question = desk.rig.sent.remove(place);
    let query = question.children().next().unwrap().attr("queryid").unwrap_or_default().to_owned();
    for (number, (time, by_us, act)) in acts.iter().enumerate() {
        let (from, to) = if *by_us { ("me@example.org/phone", ROMEO) } else { (ORCHARD, "me@example.org") };
        let (id, time) = (format!("a{number}"), format!("2027-01-15T{time}Z"));
        archived(&mut desk, &query, &id, &time, from, to, act.clone());
    }
    let last = acts.len() - 1;
    desk.rig.answer(
        &question,
        &format!(
            "<fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'>\
             <first>a0</first><last>a{last}</last></set></fin>"
        ),
    );
    desk
}

fn propose() -> Act {
    Act::Propose(vec![MediaKind::Audio])
}

fn retract() -> Act {
    Act::Retract { reason: None, tie_break: false }
}

fn reject(condition: Condition) -> Act {
    Act::Reject { reason: Some(condition.into()), tie_break: false }
}

fn proceed() -> Act {
    Act::Proceed { device: None }
}

#[test]
fn what_the_archive_tells_of_calls() {
    use CallOutcome::{Busy, Cancelled, Declined, OnOtherDevice, Unanswered};
    let finish = || Act::Finish { reason: None, migrated: None };
    for (acts, expected) in [
        (vec![("07:00:00", false, propose())], Unanswered),
        (vec![("07:00:00", false, propose()), ("07:00:30", false, retract())], Unanswered),
        (vec![("07:00:00", false, propose()), ("07:00:09", true, proceed())], OnOtherDevice),
        (vec![("07:00:00", false, propose()), ("07:00:09", true, reject(Condition::Decline))], Declined),
        (
            vec![
                ("07:00:00", false, propose()),
                ("07:00:09", true, proceed()),
                ("07:05:00", false, finish()),
            ],
            OnOtherDevice,
        ),
        (vec![("07:00:00", true, propose())], Unanswered),
        (vec![("07:00:00", true, propose()), ("07:00:30", true, retract())], Cancelled),
        (vec![("07:00:00", true, propose()), ("07:00:09", false, proceed())], OnOtherDevice),
        (vec![("07:00:00", true, propose()), ("07:00:09", false, reject(Condition::Busy))], Busy),
    ] {
        let mut desk = read_archive(&acts);
        assert_eq!(desk.lines(ROMEO), [CallLine { video: false, outcome: expected }], "{acts:?}");
        assert!(!desk.rig.events.iter().any(|event| matches!(event, EventKind::Call(_))), "nothing rings");
    }
}

#[test]
fn what_was_proposed_a_moment_ago_rings_when_the_archive_was_read() {
    // The wall clock of the tests begins at 08:00:00.
    let mut desk = read_archive(&[("07:59:50", false, propose())]);
    let told = desk.told();
    assert_eq!((told.state, told.direction), (CallState::Ringing, Direction::Incoming));
    desk.command(CallCommand::Answer { video: false });
    assert_eq!(desk.said("proceed").attr("to"), Some(ORCHARD));

    let desk = read_archive(&[("07:59:50", false, propose()), ("07:59:55", false, retract())]);
    assert!(!desk.rig.events.iter().any(|event| matches!(event, EventKind::Call(_))));
    let desk = read_archive(&[("07:59:50", false, propose()), ("07:59:55", true, proceed())]);
    assert!(!desk.rig.events.iter().any(|event| matches!(event, EventKind::Call(_))));
}

#[test]
fn a_call_of_another_device_of_the_user() {
    let mut desk = Desk::new();
    desk.other_device_says(propose());
    assert_eq!(desk.line(), CallOutcome::UnderWay);
    assert!(!desk.rig.events.iter().any(|event| matches!(event, EventKind::Call(_))));
    // The answer goes to that device; the server sends a copy.
    let invitation = proposals::Invitation { session: desk.session.clone(), act: proceed() };
    let inner = text(&invitation.element());
    desk.rig.bytes(&format!(
        "<message type='chat' from='me@example.org'><received xmlns='urn:xmpp:carbons:2'>\
         <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' type='chat' from='{ORCHARD}' \
         to='me@example.org/phone'>{inner}</message></forwarded></received></message>"
    ));
    assert_eq!(desk.line(), CallOutcome::OnOtherDevice);
    assert!(desk.rig.media.is_empty());
}

#[test]
fn the_archive_does_not_change_what_this_device_knows_better() {
    let mut desk = Desk::new();
    desk.call(false);
    desk.pass(60);
    assert_eq!(desk.line(), CallOutcome::Unanswered);
    // Our own retraction, from the archive: as another session of ours would find it.
    let other = Act::Retract { reason: None, tie_break: false };
    desk.other_device_says(other);
    assert_eq!(desk.line(), CallOutcome::Unanswered);
}

#[test]
fn only_missed_calls_wait_to_be_read() {
    let unread = |then: fn(&mut Desk)| {
        let mut desk = Desk::new();
        desk.says(propose());
        then(&mut desk);
        let conversation = desk.romeo();
        desk.rig.read(|reads| reads.stored_conversation(conversation)).unwrap().unread
    };
    assert_eq!(unread(|desk| desk.says(retract())), 1);
    assert_eq!(unread(|desk| desk.command(CallCommand::HangUp)), 0);
    assert_eq!(unread(|desk| desk.other_device_says(proceed())), 0);
}

#[test]
fn a_line_is_no_message_that_can_be_changed() {
    let mut desk = Desk::new();
    desk.says(propose());
    desk.says(retract());
    desk.message(
        ORCHARD,
        "me@example.org",
        "<body>no</body><replace xmlns='urn:xmpp:message-correct:0' id='m'/>",
    );
    assert_eq!(desk.line(), CallOutcome::Unanswered);
}

use std::time::Duration;

use model::Timestamp;

use crate::{refused::Kind, testing::Rig};

const HOUR: i64 = 3_600_000;

/// A message of a friend, with a stamp so many hours before now; how many hours before now it is believed to be.
fn believed(rig: &mut Rig, id: &str, hours: i64) -> i64 {
    let stamp = stamp(rig, hours);
    rig.bytes(&format!("<message from='friend@example.net/a' id='{id}'><body>{id}</body>{stamp}</message>"));
    age(rig, id)
}

fn stamp(rig: &Rig, hours: i64) -> String {
    let from = xmpp::Address::parse("example.org").unwrap();
    let stamp = xmpp::xep_0203_delay::delay(&from, Timestamp(rig.now().wall.0 - hours * HOUR));
    String::from_utf8(xmpp::xml::serialise(&stamp)).unwrap()
}

fn age(rig: &mut Rig, id: &str) -> i64 {
    let friend = model::BareJid::new("friend@example.net").unwrap();
    let row = rig.read(|reads| {
        let conversation = reads.conversation_with(&friend)?.unwrap();
        reads.message_by_stanza_id(conversation, model::Direction::Incoming, id)
    });
    (rig.now().wall.0 - row.unwrap().time.0) / HOUR
}

#[test]
fn what_came_during_an_absence_is_from_then() {
    let mut rig = Rig::online();
    rig.roster("<item jid='friend@example.net' subscription='both'/>");
    rig.disconnect();
    rig.pass(Duration::from_secs(10 * 3600));
    rig.sign_in();
    assert_eq!(believed(&mut rig, "nine", 9), 9);
    assert_eq!(believed(&mut rig, "five", 5), 5);
    assert_eq!(believed(&mut rig, "last year", 9000), 0, "before the absence");
    assert_eq!(believed(&mut rig, "tomorrow", -24), 0, "to come");
    assert_eq!(rig.refused(Kind::Delay), 2);
}

#[test]
fn later_nothing_is_kept_back() {
    let mut rig = Rig::online();
    rig.roster("<item jid='friend@example.net' subscription='both'/>");
    rig.pass(Duration::from_secs(10 * 3600));
    assert_eq!(believed(&mut rig, "nine", 9), 0);
    assert_eq!(rig.refused(Kind::Delay), 1);
}

#[test]
fn the_servers_own_stamp_comes_after_the_senders() {
    let mut rig = Rig::online();
    let (forged, own) = (stamp(&rig, 100), stamp(&rig, 2));
    rig.bytes(&format!("<message from='friend@example.net/a' id='x'><body>x</body>{forged}{own}</message>"));
    assert_eq!(age(&mut rig, "x"), 2);
}

#[test]
fn the_wrapper_of_a_carbon_is_the_servers_writing_and_the_message_in_it_is_not() {
    let mut rig = Rig::online();
    rig.pass(Duration::from_secs(10 * 3600));
    let (forged, own) = (stamp(&rig, 100), stamp(&rig, 2));
    for (id, outside) in [("kept back", own.as_str()), ("not", "")] {
        rig.bytes(&format!(
            "<message from='me@example.org' to='me@example.org/here'>\
             <received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>\
             <message xmlns='jabber:client' from='friend@example.net/a' to='me@example.org/phone' type='chat' \
             id='{id}'><body>{id}</body>{forged}</message></forwarded></received>{outside}</message>"
        ));
    }
    assert_eq!((age(&mut rig, "kept back"), age(&mut rig, "not")), (2, 0));
}

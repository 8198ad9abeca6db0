use model::AccountCommand;

use super::*;
use crate::testing::Rig;

const FRIEND: &str = "<item jid='friend@example.net' subscription='both'/>";

fn device(show: Show, priority: i8, last_seen: Option<i64>) -> Device {
    Device { show, status: None, priority, last_seen: last_seen.map(Timestamp), caps: None }
}

fn sum(devices: &[Device]) -> ContactPresence {
    let devices = devices.iter().cloned().enumerate().map(|(n, device)| (n.to_string(), device)).collect();
    Person { devices, told: ContactPresence::default() }.sum()
}

#[test]
fn the_most_available_device_speaks() {
    assert_eq!(sum(&[]).show, Show::Offline);
    let both = sum(&[device(Show::Away, 50, Some(7)), device(Show::Available, 0, None)]);
    assert_eq!((both.show, both.last_seen), (Show::Available, None));
    let away = sum(&[device(Show::Away, 0, Some(7)), device(Show::ExtendedAway, 0, Some(9))]);
    assert_eq!((away.show, away.last_seen), (Show::Away, Some(Timestamp(9))));
}

#[test]
fn a_contact_comes_and_goes() {
    let mut rig = Rig::online();
    rig.roster(FRIEND);
    rig.bytes(
        "<presence from='friend@example.net/phone'><show>away</show><status>out\u{202e}side\n</status>\
         <priority>999</priority><idle xmlns='urn:xmpp:idle:1' since='2020-01-01T00:00:00Z'/></presence>",
    );
    let told = rig.told_presence("friend@example.net").unwrap();
    assert_eq!((told.show, told.status.as_deref()), (Show::Away, Some("outside")));
    assert!(told.last_seen.is_some());
    rig.bytes("<presence from='friend@example.net/desk'><show>unheard-of</show></presence>");
    assert_eq!(rig.told_presence("friend@example.net").unwrap().show, Show::Available);
    rig.bytes("<presence from='friend@example.net/desk' type='unavailable'/>");
    assert_eq!(rig.told_presence("friend@example.net").unwrap().show, Show::Away);
    rig.bytes("<presence from='friend@example.net/phone' type='unavailable'/>");
    assert_eq!(rig.told_presence("friend@example.net"), Some(ContactPresence::default()));
}

#[test]
fn presence_before_the_roster_waits_for_it() {
    let mut rig = Rig::online();
    rig.bytes("<presence from='friend@example.net/phone'/><presence from='stranger@example.com/x'/>");
    assert_eq!(rig.told_presence("friend@example.net"), None);
    rig.roster(FRIEND);
    assert_eq!(rig.told_presence("friend@example.net").unwrap().show, Show::Available);
    assert_eq!(rig.told_presence("stranger@example.com"), None);
}

#[test]
fn a_stranger_tells_nothing_and_is_asked_nothing() {
    let mut rig = Rig::online();
    rig.roster("<item jid='they-see-us@example.net' subscription='from'/>");
    rig.sent.clear();
    for who in ["stranger@example.com/x", "they-see-us@example.net/x"] {
        rig.bytes(&format!(
            "<presence from='{who}'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' \
             ver='QgayPKawpkPSDYmwT/WM94uAlu0='/><x xmlns='vcard-temp:x:update'>\
             <photo>01b87fcd030b72895ff8e88db57ec525450f000d</photo></x></presence>"
        ));
    }
    assert!(rig.sent.is_empty(), "{:?}", rig.sent);
    assert!(!rig.events.iter().any(|event| matches!(event, EventKind::Presence(..))));
}

#[test]
fn a_thousand_devices_are_thirty_two() {
    let mut rig = Rig::online();
    rig.roster(FRIEND);
    for device in 0..100 {
        rig.bytes(&format!("<presence from='friend@example.net/{device}'/>"));
    }
    assert_eq!(rig.refused(Kind::Limit), 100 - MAX_DEVICES as u64);
}

#[test]
fn losing_the_roster_entry_loses_the_presence() {
    let mut rig = Rig::online();
    rig.roster(FRIEND);
    rig.bytes("<presence from='friend@example.net/phone'/>");
    rig.bytes(
        "<iq type='set' id='p'><query xmlns='jabber:iq:roster'>\
         <item jid='friend@example.net' subscription='remove'/></query></iq>",
    );
    assert_eq!(rig.told_presence("friend@example.net"), Some(ContactPresence::default()));
}

#[test]
fn the_own_presence_says_what_the_user_chose_and_is_remembered() {
    let mut rig = Rig::online();
    let first = rig.take_sent("priority");
    assert!(first.has_child("c", "http://jabber.org/protocol/caps"));
    assert!(!first.has_child("show", NS));
    let away = Availability { show: Show::Away, status: Some("lunch\u{2066}".to_owned()) };
    rig.events.clear();
    rig.command(AccountCommand::SetAvailability(away));
    let told = |event: &EventKind| matches!(event, EventKind::Changed { change: Change::Account, .. });
    assert!(rig.events.iter().any(told), "windows read it again");
    let said = rig.take_sent("priority");
    assert_eq!(said.get_child("show", NS).unwrap().text(), "away");
    assert_eq!(said.get_child("status", NS).unwrap().text(), "lunch");
    assert!(said.has_child("idle", xep_0319_idle::NS));
    rig.disconnect();
    rig.sign_in();
    assert_eq!(rig.take_sent("priority").get_child("status", NS).unwrap().text(), "lunch");
}

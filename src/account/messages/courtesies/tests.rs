use std::time::Duration;

use super::MOST_LATE;
use crate::testing::Rig;

/// Somebody back after ten hours, with a friend.
fn back() -> Rig {
    let mut rig = Rig::online();
    rig.roster("<item jid='friend@example.net' subscription='both'/>");
    rig.disconnect();
    rig.pass(Duration::from_secs(10 * 3600));
    rig.sign_in();
    rig.sent.clear();
    rig
}

/// A message that wants a receipt, kept back so many hours.
fn kept_back(rig: &mut Rig, id: u32, hours: i64) {
    let stamp = model::Timestamp(rig.now().wall.0 - hours * 3_600_000);
    let from = xmpp::Address::parse("example.org").unwrap();
    let stamp = xmpp::xml::serialise(&xmpp::xep_0203_delay::delay(&from, stamp));
    let stamp = String::from_utf8(stamp).unwrap();
    wants_receipt(rig, id, &stamp);
}

fn wants_receipt(rig: &mut Rig, id: u32, stamp: &str) {
    rig.bytes(&format!(
        "<message from='friend@example.net/a' type='chat' id='m{id}'><body>{id}</body>\
         <request xmlns='urn:xmpp:receipts'/>{stamp}</message>"
    ));
}

fn receipts(rig: &Rig) -> usize {
    rig.sent.iter().filter(|stanza| stanza.has_child("received", "urn:xmpp:receipts")).count()
}

#[test]
fn a_flood_of_what_was_kept_back_is_not_answered_by_a_flood() {
    let mut rig = back();
    for id in 0..MOST_LATE + 20 {
        kept_back(&mut rig, id, 3);
    }
    assert_eq!(receipts(&rig), MOST_LATE as usize);
    wants_receipt(&mut rig, 1000, "");
    assert_eq!(receipts(&rig), MOST_LATE as usize + 1, "what is said now is another thing");
    rig.disconnect();
    rig.sign_in();
    rig.sent.clear();
    kept_back(&mut rig, 1001, 0);
    assert_eq!(receipts(&rig), 1, "and so is the next session");
}

#[test]
fn what_is_long_past_gets_no_receipt() {
    let mut rig = back();
    rig.disconnect();
    rig.pass(Duration::from_secs(48 * 3600));
    rig.sign_in();
    rig.sent.clear();
    kept_back(&mut rig, 0, 30);
    assert_eq!(receipts(&rig), 0);
    kept_back(&mut rig, 1, 20);
    assert_eq!(receipts(&rig), 1);
}

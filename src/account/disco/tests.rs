use super::*;
use crate::testing::Rig;

fn ask(from: &str, payload: &str) -> String {
    format!("<iq type='get' id='q' from='{from}'>{payload}</iq>")
}

const INFO: &str = "<query xmlns='http://jabber.org/protocol/disco#info'/>";

fn rig() -> Rig {
    let mut rig = Rig::online();
    rig.roster("<item jid='friend@example.net' subscription='from'/><item jid='quiet@example.net' subscription='to'/>");
    rig
}

#[test]
fn those_who_see_us_are_told_what_our_hash_says() {
    let mut rig = rig();
    let presence = rig.take_sent("priority");
    let caps = caps_wire::Caps::read(&presence).unwrap();
    rig.sent.clear();
    let query = format!("<query xmlns='{}' node='{}'/>", wire::NS, caps.query_node());
    rig.bytes(&ask("friend@example.net/a", &query));
    let answer = rig.take_sent("query");
    let info = Info::read(answer.get_child("query", wire::NS).unwrap()).unwrap();
    assert!(caps.fits(&info));
    assert!(info.has("urn:xmpp:mds:displayed:0+notify") && info.has(receipts::NS));
    rig.bytes(&ask("friend@example.net/a", &format!("<query xmlns='{}' node='other'/>", wire::NS)));
    rig.take_sent("item-not-found");
}

#[test]
fn strangers_meet_nobody() {
    let mut rig = rig();
    for from in ["stranger@example.com/x", "quiet@example.net/x"] {
        for payload in [
            INFO,
            "<query xmlns='http://jabber.org/protocol/disco#items'/>",
            "<query xmlns='jabber:iq:version'/>",
            "<ping xmlns='urn:xmpp:ping'/>",
            "<time xmlns='urn:xmpp:time'/>",
        ] {
            rig.sent.clear();
            rig.bytes(&ask(from, payload));
            rig.take_sent("service-unavailable");
        }
    }
}

#[test]
fn friends_are_told_the_version_but_not_the_time() {
    let mut rig = rig();
    rig.sent.clear();
    rig.bytes(&ask("friend@example.net/a", "<query xmlns='jabber:iq:version'/>"));
    rig.take_sent("version");
    rig.bytes(&ask("friend@example.net/a", "<query xmlns='http://jabber.org/protocol/disco#items'/>"));
    assert_eq!(rig.take_sent("query").attr("type"), Some("result"));
    rig.bytes(&ask("friend@example.net/a", "<time xmlns='urn:xmpp:time'/>"));
    rig.take_sent("service-unavailable");
}

#[test]
fn what_the_account_can_do_is_remembered() {
    let mut rig = rig();
    rig.account_features(&["urn:xmpp:mam:2", "urn:xmpp:sid:0"]);
    let known = rig.read(|reads| Ok(ServerFeatures::load(reads).unwrap()));
    assert!(known.account.contains("urn:xmpp:sid:0"));
    assert!(!known.has_private_nodes());
}

#[test]
fn who_gives_no_receipts_offers_none() {
    let mut rig = rig();
    rig.sent.clear();
    rig.command(model::AccountCommand::SetPrivacy { receipts: false, typing: true });
    let presence = rig.take_sent("priority");
    rig.bytes(&ask("friend@example.net/a", INFO));
    let answer = rig.take_sent("query");
    let info = Info::read(answer.get_child("query", wire::NS).unwrap()).unwrap();
    assert!(!info.has(receipts::NS));
    assert!(caps_wire::Caps::read(&presence).unwrap().fits(&info));
}

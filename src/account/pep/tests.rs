use super::*;
use crate::testing::Rig;

fn event(from: &str, inner: &str) -> String {
    let from = if from.is_empty() { String::new() } else { format!(" from='{from}'") };
    format!(
        "<message{from} type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>{inner}</event></message>"
    )
}

const NICK: &str = "<items node='http://jabber.org/protocol/nick'><item id='current'>\
    <nick xmlns='http://jabber.org/protocol/nick'>Bank\u{202e} of Verona</nick></item></items>";

fn nickname(rig: &mut Rig, who: &str) -> Option<String> {
    rig.read(|reads| reads.nickname(&BareJid::new(who).unwrap()))
}

fn rig() -> Rig {
    let mut rig = Rig::online();
    rig.roster("<item jid='friend@example.net' subscription='both'/><item jid='other@example.net' subscription='from'/>");
    rig.sent.clear();
    rig
}

#[test]
fn an_event_is_about_its_sender_and_nobody_else() {
    let mut rig = rig();
    rig.bytes(&event("friend@example.net", NICK));
    assert_eq!(nickname(&mut rig, "friend@example.net").as_deref(), Some("Bank of Verona"));
    rig.bytes(&event(
        "friend@example.net",
        "<items node='http://jabber.org/protocol/nick'><retract id='current'/></items>",
    ));
    assert_eq!(nickname(&mut rig, "friend@example.net"), None);
    assert_eq!(rig.refused(Kind::PepEvent), 0);
}

#[test]
fn strangers_services_and_resources_are_not_believed() {
    let mut rig = rig();
    for from in
        ["stranger@example.com", "other@example.net", "friend@example.net/phone", "pubsub.example.net"]
    {
        rig.bytes(&event(from, NICK));
        let bare = Address::parse(from).unwrap().to_bare();
        assert_eq!(nickname(&mut rig, bare.as_str()), None);
    }
    assert_eq!(rig.refused(Kind::PepEvent), 4);
    assert!(rig.sent.is_empty());
}

#[test]
fn displayed_sync_of_others_is_forged() {
    let mut rig = rig();
    let mds = "<items node='urn:xmpp:mds:displayed:0'><item id='friend@example.net'>\
        <displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='me@example.org' id='1'/>\
        </displayed></item></items>";
    rig.bytes(&event("friend@example.net", mds));
    assert_eq!(rig.refused(Kind::DisplayedSync), 1);
    rig.bytes(&event("stranger@example.com", mds));
    assert_eq!(rig.refused(Kind::PepEvent), 1);
    rig.bytes(&event("", mds));
    rig.bytes(&event("me@example.org", mds));
    assert_eq!(rig.refused(Kind::DisplayedSync), 1);
}

#[test]
fn the_own_nickname_comes_from_another_device() {
    let mut rig = rig();
    rig.bytes(&event("", NICK));
    assert_eq!(rig.read(|reads| reads.account()).unwrap().nickname.as_deref(), Some("Bank of Verona"));
}

#[test]
fn who_is_a_contact_from_now_on_is_asked_what_they_published_before() {
    let mut rig = rig();
    let push = |subscription: &str| {
        format!(
            "<iq type='set' id='p'><query xmlns='jabber:iq:roster'>\
             <item jid='other@example.net' subscription='{subscription}'/></query></iq>"
        )
    };
    rig.bytes(&push("both"));
    let node = |question: &Element| {
        let items =
            question.get_child("pubsub", pubsub::NS).and_then(|asked| asked.get_child("items", pubsub::NS));
        items.and_then(|items| items.attr("node")).map(str::to_owned)
    };
    let nickname_question = rig.take_sent("pubsub");
    assert_eq!(node(&nickname_question).as_deref(), Some(nick::NS));
    rig.answer(&nickname_question, &format!("<pubsub xmlns='{}'>{NICK}</pubsub>", pubsub::NS));
    assert_eq!(nickname(&mut rig, "other@example.net").as_deref(), Some("Bank of Verona"));
    let picture_question = rig.take_sent("pubsub");
    assert_eq!(node(&picture_question).as_deref(), Some(avatar::NS_METADATA));
    rig.refuse(&picture_question, "item-not-found");

    rig.bytes(&push("both").replace("subscription", "name='Other' subscription"));
    assert!(!rig.has_sent("pubsub"));
}

//! The roster as the server tells it, as forgers tell it, and as the user changes it, online and off.

use model::{AccountCommand, AddressWarning, EventKind};
use xmpp::xep_0060_pubsub as pubsub;

use super::*;
use crate::testing::Rig;

fn who(text: &str) -> BareJid {
    BareJid::new(text).unwrap()
}

fn contact(rig: &mut Rig, text: &str) -> Option<Contact> {
    rig.read(|reads| reads.contact(&who(text)))
}

fn push(from: &str, item: &str) -> String {
    let from = if from.is_empty() { String::new() } else { format!(" from='{from}'") };
    format!("<iq type='set' id='push'{from}><query xmlns='jabber:iq:roster' ver='2'>{item}</query></iq>")
}

const ROMEO: &str =
    "<item jid='romeo@example.net' name='Ro\u{202e}meo' subscription='both'><group>A</group></item>";

#[test]
fn the_roster_is_taken_and_its_names_cleaned() {
    let mut rig = Rig::online();
    rig.roster(ROMEO);
    let romeo = contact(&mut rig, "romeo@example.net").unwrap();
    assert_eq!((romeo.name.as_str(), romeo.subscription), ("Romeo", Subscription::Both));
    assert_eq!(rig.read(|reads| reads.roster_version()).as_deref(), Some("1"));
}

#[test]
fn a_version_is_asked_with_and_an_empty_answer_changes_nothing() {
    let mut rig = Rig::online();
    rig.roster(ROMEO);
    rig.disconnect();
    rig.sign_in();
    let question = rig.take_roster_question();
    assert_eq!(question.get_child("query", wire::NS).unwrap().attr("ver"), Some("1"));
    rig.events.clear();
    rig.answer(&question, "");
    assert!(contact(&mut rig, "romeo@example.net").unwrap().in_roster);
    assert!(!rig.events.iter().any(|event| matches!(event, EventKind::Changed { .. })));
}

#[test]
fn a_whole_roster_that_says_nothing_new_changes_nothing() {
    let mut rig = Rig::online();
    rig.roster(ROMEO);
    rig.disconnect();
    rig.sign_in();
    rig.events.clear();
    rig.roster(ROMEO);
    assert!(!rig.events.iter().any(|event| matches!(event, EventKind::Changed { .. })));
    rig.disconnect();
    rig.sign_in();
    rig.roster("");
    assert!(contact(&mut rig, "romeo@example.net").is_none_or(|romeo| !romeo.in_roster));
}

#[test]
fn a_forged_push_is_refused_in_silence() {
    let mut rig = Rig::online();
    rig.roster("");
    rig.sent.clear();
    for from in
        ["evil@example.com", "evil@example.com/x", "example.com", "me@example.org/other", "evil@example.org"]
    {
        rig.bytes(&push(from, "<item jid='evil@example.com' name='Bank' subscription='both'/>"));
    }
    assert_eq!(rig.refused(Kind::RosterPush), 5);
    assert!(contact(&mut rig, "evil@example.com").is_none_or(|evil| !evil.in_roster));
    assert!(rig.sent.is_empty());
}

#[test]
fn a_push_of_the_account_or_its_server_counts() {
    let mut rig = Rig::online();
    rig.roster("");
    for (n, from) in ["", "me@example.org", "example.org"].into_iter().enumerate() {
        rig.bytes(&push(from, &format!("<item jid='c{n}@example.net' subscription='to'/>")));
        assert!(contact(&mut rig, &format!("c{n}@example.net")).unwrap().in_roster);
    }
    assert_eq!(rig.read(|reads| reads.roster_version()).as_deref(), Some("2"));
    rig.bytes(&push("", "<item jid='a@example.net'/><item jid='b@example.net'/>"));
    assert!(contact(&mut rig, "a@example.net").is_none(), "one item, no more");
}

#[test]
fn adding_a_contact_sets_and_subscribes_once_online() {
    let mut rig = Rig::offline();
    rig.command(AccountCommand::AddContact(
        who("romeo@example.net"),
        Some("Romeo".to_owned()),
        vec!["A".to_owned()],
    ));
    assert!(contact(&mut rig, "romeo@example.net").unwrap().asked_subscription);
    rig.sign_in();
    rig.sent.retain(|stanza| stanza.attr("to") != Some("romeo@example.net"));
    rig.roster("");
    let set = rig.take_sent("item");
    assert_eq!(set.attr("type"), Some("set"));
    let subscribe = rig.sent.iter().find(|stanza| stanza.attr("type") == Some("subscribe")).unwrap();
    assert_eq!(subscribe.attr("to"), Some("romeo@example.net"));
    assert!(
        contact(&mut rig, "romeo@example.net").unwrap().in_roster,
        "the answer that does not know them yet"
    );
    rig.answer(&set, "");
    rig.disconnect();
    rig.sent.clear();
    rig.sign_in();
    rig.roster("<item jid='romeo@example.net' name='Romeo' ask='subscribe'><group>A</group></item>");
    assert!(!rig.has_sent("item"), "done is done");
}

#[test]
fn a_request_waits_for_the_user() {
    let mut rig = Rig::online();
    rig.roster("");
    rig.sent.clear();
    rig.bytes(
        "<presence type='subscribe' from='romeo@example.net'>\
         <nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick></presence>",
    );
    let romeo = contact(&mut rig, "romeo@example.net").unwrap();
    assert!(romeo.asks_subscription && !romeo.in_roster);
    assert_eq!(romeo.name, "Romeo");
    assert!(rig.sent.is_empty(), "nothing is answered before");
    rig.command(AccountCommand::AnswerSubscription(who("romeo@example.net"), true));
    assert_eq!(rig.sent[0].attr("type"), Some("subscribed"));
    assert!(!contact(&mut rig, "romeo@example.net").unwrap().asks_subscription);
}

#[test]
fn an_address_that_looks_like_a_contact_is_marked_until_it_is_one() {
    let mut rig = Rig::online();
    rig.roster("<item jid='alice@example.net' subscription='both'/>");
    rig.bytes("<presence type='subscribe' from='\u{430}lice@example.net'/>");
    rig.bytes("<message type='chat' from='p\u{430}ul@example.com'><body>hi</body></message>");
    let warning = contact(&mut rig, "\u{430}lice@example.net").unwrap().warning;
    assert_eq!(warning, Some(AddressWarning::LooksLike(who("alice@example.net"))));
    let conversations = rig.read(|reads| reads.conversations());
    assert_eq!(conversations[0].conversation.warning, Some(AddressWarning::MixedScripts));
    rig.command(AccountCommand::AddContact(who("p\u{430}ul@example.com"), None, Vec::new()));
    assert_eq!(rig.read(|reads| reads.conversations())[0].conversation.warning, None);
}

#[test]
fn a_request_can_be_taken_back_or_refused() {
    let mut rig = Rig::online();
    rig.roster("");
    rig.sent.clear();
    rig.bytes(
        "<presence type='subscribe' from='a@example.net'/><presence type='subscribe' from='b@example.net'/>",
    );
    rig.bytes("<presence type='unsubscribe' from='a@example.net'/>");
    assert!(!contact(&mut rig, "a@example.net").unwrap().asks_subscription);
    rig.command(AccountCommand::AnswerSubscription(who("b@example.net"), false));
    assert_eq!(rig.sent[0].attr("type"), Some("unsubscribed"));
}

#[test]
fn a_flood_of_requests_is_bounded_and_the_blocked_are_not_heard() {
    let mut rig = Rig::online();
    rig.roster("");
    rig.write(|tx| tx.set_blocked(&model::Jid::new("evil.example").unwrap(), true));
    rig.bytes("<presence type='subscribe' from='x@evil.example'/>");
    assert!(contact(&mut rig, "x@evil.example").is_none_or(|contact| !contact.asks_subscription));
    for n in 0..MAX_REQUESTS + 10 {
        rig.bytes(&format!("<presence type='subscribe' from='c{n}@example.com'/>"));
    }
    assert_eq!(rig.refused(Kind::Limit), 10);
}

#[test]
fn removing_survives_a_lost_link() {
    let mut rig = Rig::online();
    rig.roster(ROMEO);
    rig.command(AccountCommand::RemoveContact(who("romeo@example.net")));
    assert!(rig.has_sent("item"));
    rig.disconnect();
    rig.sent.clear();
    rig.sign_in();
    rig.roster(ROMEO);
    assert!(contact(&mut rig, "romeo@example.net").is_none_or(|romeo| !romeo.in_roster));
    let again = rig.take_sent("item");
    assert_eq!(
        again.get_child("query", wire::NS).unwrap().get_child("item", wire::NS).unwrap().attr("subscription"),
        Some("remove")
    );
}

#[test]
fn what_a_contact_published_is_asked_for_again_when_they_see_us_too() {
    let mut rig = Rig::online();
    rig.roster("");
    for (subscription, how_often) in [("to", 1), ("both", 1), ("to", 0), ("both", 1)] {
        rig.sent.clear();
        rig.bytes(&push("", &format!("<item jid='romeo@example.net' subscription='{subscription}'/>")));
        let sent = std::mem::take(&mut rig.sent);
        let introduced = sent.iter().position(|stanza| stanza.name() == "presence");
        for node in ["http://jabber.org/protocol/nick", "urn:xmpp:avatar:metadata"] {
            let asks = |stanza: &Element| {
                let items =
                    stanza.get_child("pubsub", pubsub::NS).and_then(|it| it.get_child("items", pubsub::NS));
                items.is_some_and(|items| items.attr("node") == Some(node))
            };
            assert_eq!(sent.iter().filter(|stanza| asks(stanza)).count(), how_often, "{node} {subscription}");
            // The server is to know what we want to be told of before it answers.
            let asked = sent.iter().position(asks);
            assert!(introduced.is_none() || introduced < asked, "{sent:?}");
        }
    }
}

#[test]
fn a_contact_that_became_mutual_is_told_of_us_once_more() {
    let mut rig = Rig::online();
    rig.roster("<item jid='romeo@example.net' subscription='to'/>");
    rig.sent.clear();
    let told = |rig: &mut Rig| {
        let sent = std::mem::take(&mut rig.sent);
        sent.iter()
            .filter(|stanza| stanza.name() == "presence" && stanza.attr("to") == Some("romeo@example.net"))
            .count()
    };
    rig.bytes(&push("", "<item jid='romeo@example.net' subscription='both'/>"));
    assert_eq!(told(&mut rig), 1);
    rig.bytes(&push("", "<item jid='romeo@example.net' name='Romeo' subscription='both'/>"));
    rig.bytes(&push("", "<item jid='romeo@example.net' subscription='from'/>"));
    assert_eq!(told(&mut rig), 0);
}

use model::AccountCommand;

use super::*;
use crate::testing::Rig;

const PRIVATE: &str = "http://jabber.org/protocol/pubsub#publish-options";

fn rig() -> Rig {
    let mut rig = Rig::online();
    rig.roster("<item jid='friend@example.net' subscription='both'/>");
    rig.account_features(&[PRIVATE, "urn:xmpp:mam:2", "urn:xmpp:sid:0"]);
    rig
}

fn message(id: &str) -> String {
    format!(
        "<message from='friend@example.net/a' to='me@example.org' type='chat' id='{id}'><body>{id}</body>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='me@example.org' id='archive-{id}'/></message>"
    )
}

fn item(id: &str) -> String {
    format!(
        "<item id='friend@example.net'><displayed xmlns='urn:xmpp:mds:displayed:0'>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='me@example.org' id='{id}'/></displayed></item>"
    )
}

fn event(id: &str) -> String {
    format!(
        "<message from='me@example.org' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>\
         <items node='urn:xmpp:mds:displayed:0'>{}</items></event></message>",
        item(id)
    )
}

fn unread(rig: &mut Rig) -> u32 {
    rig.read(|reads| reads.conversations())[0].conversation.unread
}

fn newest(rig: &mut Rig) -> (ConversationId, MessageId) {
    let summary = rig.read(|reads| reads.conversations()).remove(0);
    (summary.conversation.id, summary.last.unwrap().id)
}

#[test]
fn what_another_device_displayed_is_read_here() {
    let mut rig = rig();
    rig.bytes(&message("1"));
    rig.bytes(&message("2"));
    rig.bytes(&message("3"));
    assert_eq!(unread(&mut rig), 3);
    rig.bytes(&event("archive-2"));
    assert_eq!(unread(&mut rig), 1);
    rig.bytes(&event("archive-1"));
    assert_eq!(unread(&mut rig), 1, "never back");
}

#[test]
fn what_was_displayed_before_the_session_is_asked_for() {
    let mut rig = rig();
    rig.bytes(&message("1"));
    let question = rig.take_sent("items");
    rig.answer(
        &question,
        &format!(
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:mds:displayed:0'>{}</items></pubsub>",
            item("archive-1")
        ),
    );
    assert_eq!(unread(&mut rig), 0);
}

#[test]
fn reading_here_is_told_to_a_private_node_the_newest_first() {
    let mut rig = rig();
    let question = rig.take_sent("items");
    rig.refuse(&question, "item-not-found");
    rig.bytes(&message("1"));
    let (conversation, first) = newest(&mut rig);
    rig.command(AccountCommand::MarkRead(conversation, first));
    let publish = rig.take_sent("publish");
    let text = String::from(&publish);
    assert!(text.contains("archive-1") && text.contains("whitelist") && text.contains("friend@example.net"));
    for id in ["2", "3"] {
        rig.bytes(&message(id));
        let (conversation, message) = newest(&mut rig);
        rig.command(AccountCommand::MarkRead(conversation, message));
    }
    assert!(!rig.has_sent("publish"), "one at a time");
    rig.answer(&publish, "");
    let last = rig.take_sent("publish");
    assert!(String::from(&last).contains("archive-3"));
    rig.answer(&last, "");
    assert!(!rig.has_sent("publish"));
}

#[test]
fn a_node_that_is_not_private_is_made_so_first() {
    let mut rig = rig();
    rig.bytes(&message("1"));
    let (conversation, first) = newest(&mut rig);
    rig.command(AccountCommand::MarkRead(conversation, first));
    let publish = rig.take_sent("publish");
    let id = publish.attr("id").unwrap();
    rig.bytes(&format!(
        "<iq type='error' id='{id}'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
         <precondition-not-met xmlns='http://jabber.org/protocol/pubsub#errors'/></error></iq>"
    ));
    let configure = rig.take_sent("configure");
    assert!(!rig.has_sent("publish"));
    rig.answer(&configure, "");
    rig.take_sent("publish");
}

#[test]
fn nothing_is_published_where_everybody_could_read_it() {
    let mut rig = Rig::online();
    rig.roster("<item jid='friend@example.net' subscription='both'/>");
    rig.account_features(&["urn:xmpp:mam:2", "urn:xmpp:sid:0"]);
    rig.bytes(&message("1"));
    let (conversation, first) = newest(&mut rig);
    rig.command(AccountCommand::MarkRead(conversation, first));
    assert!(!rig.has_sent("publish"));
}

#[test]
fn what_was_read_offline_is_told_later() {
    let mut rig = rig();
    rig.bytes(&message("1"));
    let (conversation, first) = newest(&mut rig);
    rig.disconnect();
    rig.command(AccountCommand::MarkRead(conversation, first));
    rig.sent.clear();
    rig.sign_in();
    rig.roster("<item jid='friend@example.net' subscription='both'/>");
    rig.account_features(&[PRIVATE, "urn:xmpp:mam:2", "urn:xmpp:sid:0"]);
    let question = rig.take_sent("items");
    rig.refuse(&question, "item-not-found");
    rig.take_sent("publish");
}

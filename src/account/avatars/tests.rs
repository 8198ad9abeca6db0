use model::AccountCommand;

use super::*;
use crate::testing::Rig;

/// SHA-1 of `one`, whose Base64 is `b25l`.
fn hash() -> String {
    wire::id_of(b"one")
}

fn announcement(from: &str, hash: &str) -> String {
    format!(
        "<message from='{from}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>\
         <items node='urn:xmpp:avatar:metadata'><item id='{hash}'><metadata xmlns='urn:xmpp:avatar:metadata'>\
         <info id='{hash}' bytes='3' type='image/png'/></metadata></item></items></event></message>"
    )
}

fn data(base64: &str) -> String {
    format!(
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:avatar:data'><item id='x'>\
         <data xmlns='urn:xmpp:avatar:data'>{base64}</data></item></items></pubsub>"
    )
}

fn worn(rig: &mut Rig, who: &str) -> Option<String> {
    rig.read(|reads| reads.avatar_hash(&BareJid::new(who).unwrap()))
}

fn rig() -> Rig {
    let mut rig = Rig::online();
    rig.roster("<item jid='friend@example.net' subscription='both'/>");
    rig.sent.clear();
    rig
}

#[test]
fn a_picture_is_fetched_checked_and_kept() {
    let mut rig = rig();
    rig.bytes(&announcement("friend@example.net", &hash()));
    let question = rig.take_sent("items");
    assert_eq!(question.attr("to"), Some("friend@example.net"));
    rig.answer(&question, &data("b25l"));
    assert_eq!(worn(&mut rig, "friend@example.net"), Some(hash()));
    assert_eq!(rig.read(|reads| reads.avatar(&hash())).as_deref(), Some(b"one".as_slice()));
}

#[test]
fn other_bytes_are_refused_and_not_asked_for_again() {
    let mut rig = rig();
    rig.bytes(&announcement("friend@example.net", &hash()));
    let question = rig.take_sent("items");
    rig.answer(&question, &data("dHdv"));
    assert_eq!(rig.refused(Kind::Avatar), 1);
    assert_eq!(worn(&mut rig, "friend@example.net"), None);
    rig.bytes(&announcement("friend@example.net", &hash()));
    assert!(!rig.has_sent("items"));
}

#[test]
fn strangers_are_not_asked() {
    let mut rig = rig();
    rig.bytes(&announcement("stranger@example.com", &hash()));
    assert!(rig.sent.is_empty());
}

#[test]
fn a_picture_in_a_vcard_is_found_but_counts_less() {
    let mut rig = rig();
    let presence = format!(
        "<presence from='friend@example.net/a'><x xmlns='vcard-temp:x:update'><photo>{}</photo></x></presence>",
        hash()
    );
    rig.bytes(&presence);
    let question = rig.take_sent("vCard");
    assert_eq!(question.attr("to"), Some("friend@example.net"));
    rig.answer(&question, "<vCard xmlns='vcard-temp'><PHOTO><BINVAL>b25l</BINVAL></PHOTO></vCard>");
    assert_eq!(worn(&mut rig, "friend@example.net"), Some(hash()));
    let modern = wire::id_of(b"two");
    rig.bytes(&announcement("friend@example.net", &modern));
    let question = rig.take_sent("items");
    rig.answer(&question, &data("dHdv"));
    rig.bytes(&presence);
    assert_eq!(worn(&mut rig, "friend@example.net"), Some(modern));
}

#[test]
fn a_picture_is_taken_off() {
    let mut rig = rig();
    rig.bytes(&announcement("friend@example.net", &hash()));
    let question = rig.take_sent("items");
    rig.answer(&question, &data("b25l"));
    rig.bytes(
        &announcement("friend@example.net", &hash())
            .replace(&format!("<info id='{}' bytes='3' type='image/png'/>", hash()), ""),
    );
    assert_eq!(worn(&mut rig, "friend@example.net"), None);
}

#[test]
fn the_own_picture_is_published_bytes_first_and_survives_a_lost_link() {
    let mut rig = rig();
    rig.command(AccountCommand::SetAvatar(Some((b"one".to_vec(), 64, 32))));
    let bytes = rig.take_sent("publish");
    assert!(!rig.has_sent("publish"), "not announced before the server has it");
    rig.disconnect();
    rig.sign_in();
    rig.roster("<item jid='friend@example.net' subscription='both'/>");
    let again = rig.take_sent("publish");
    assert_ne!(bytes.attr("id"), again.attr("id"));
    rig.answer(&again, "");
    let announced = rig.take_sent("publish");
    assert!(
        String::from(&announced).contains("width='64'") || String::from(&announced).contains("width=\"64\"")
    );
    rig.answer(&announced, "");
    assert_eq!(rig.read(|reads| reads.account()).unwrap().avatar, Some(hash()));
    rig.command(AccountCommand::SetAvatar(Some((vec![0; wire::MAX_BYTES + 1], 1, 1))));
    assert!(!rig.has_sent("publish"), "too large");
}

use model::AccountCommand;

use super::*;
use crate::testing::Rig;

fn blocked(rig: &mut Rig, who: &str) -> bool {
    rig.read(|reads| reads.is_blocked(&BareJid::new(who).unwrap()))
}

fn push(from: &str, name: &str, item: &str) -> String {
    let from = if from.is_empty() { String::new() } else { format!(" from='{from}'") };
    let item = if item.is_empty() { String::new() } else { format!("<item jid='{item}'/>") };
    format!("<iq type='set' id='b'{from}><{name} xmlns='urn:xmpp:blocking'>{item}</{name}></iq>")
}

#[test]
fn the_list_is_taken() {
    let mut rig = Rig::online();
    let question = rig.take_sent("blocklist");
    rig.answer(&question, "<blocklist xmlns='urn:xmpp:blocking'><item jid='a@example.net'/><item jid='@'/><item jid='spam.example'/></blocklist>");
    assert!(blocked(&mut rig, "a@example.net") && blocked(&mut rig, "any@spam.example"));
    assert!(!blocked(&mut rig, "b@example.net"));
}

#[test]
fn a_forged_push_is_refused_in_silence() {
    let mut rig = Rig::online();
    rig.write(|tx| tx.set_blocked(&Jid::new("evil@example.com").unwrap(), true));
    rig.sent.clear();
    rig.bytes(&push("evil@example.com", "unblock", "evil@example.com"));
    rig.bytes(&push("evil@example.com/x", "unblock", ""));
    rig.bytes(&push("evil@example.com", "block", "friend@example.net"));
    assert_eq!(rig.refused(Kind::BlockingPush), 3);
    assert!(blocked(&mut rig, "evil@example.com") && !blocked(&mut rig, "friend@example.net"));
    assert!(rig.sent.is_empty());
}

#[test]
fn pushes_of_the_server_count() {
    let mut rig = Rig::online();
    rig.bytes(&push("", "block", "a@example.net"));
    rig.bytes(&push("me@example.org", "block", "b@example.net"));
    assert!(blocked(&mut rig, "a@example.net") && blocked(&mut rig, "b@example.net"));
    rig.bytes(&push("", "unblock", "a@example.net"));
    assert!(!blocked(&mut rig, "a@example.net") && blocked(&mut rig, "b@example.net"));
    rig.bytes(&push("", "unblock", ""));
    assert!(!blocked(&mut rig, "b@example.net"));
}

#[test]
fn blocking_offline_is_told_later_and_not_undone_by_the_list() {
    let mut rig = Rig::offline();
    let who = BareJid::new("evil@example.com").unwrap();
    rig.command(AccountCommand::SetBlocked(who, true));
    assert!(blocked(&mut rig, "evil@example.com"));
    rig.sign_in();
    let question = rig.take_sent("blocklist");
    rig.answer(&question, "<blocklist xmlns='urn:xmpp:blocking'/>");
    assert!(blocked(&mut rig, "evil@example.com"));
    rig.roster("");
    let block = rig.take_sent("block");
    rig.refuse(&block, "feature-not-implemented");
    assert!(blocked(&mut rig, "evil@example.com"), "here at least");
}

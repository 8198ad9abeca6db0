use super::*;
use crate::testing::{Bench, bob, incoming, jid};

fn list(bench: &mut Bench) -> Vec<String> {
    let list = bench.read(|reads| reads.conversations());
    list.into_iter().map(|summary| summary.conversation.address.to_string()).collect()
}

fn open(bench: &mut Bench, address: &str, time: i64) -> ConversationId {
    let address = jid(address);
    bench.write(|tx| tx.create_conversation(&address, ConversationKind::Direct, false, Timestamp(time)))
}

#[test]
fn pinned_first_then_the_last_active() {
    let mut bench = Bench::new();
    open(&mut bench, "carol@example.org", 10);
    let dave = open(&mut bench, "dave@example.org", 5);
    assert_eq!(list(&mut bench), ["carol@example.org", "dave@example.org", "bob@example.net"]);
    bench.hears(20, "hello");
    assert_eq!(list(&mut bench)[0], "bob@example.net");
    assert!(bench.write(|tx| tx.set_pinned(dave, true)));
    assert!(!bench.write(|tx| tx.set_pinned(dave, true)));
    assert_eq!(list(&mut bench), ["dave@example.org", "bob@example.net", "carol@example.org"]);
}

#[test]
fn a_draft_lifts_its_conversation_while_there_are_words_to_send() {
    let mut bench = Bench::new();
    let carol = open(&mut bench, "carol@example.org", 5);
    bench.hears(10, "hello");
    let mut first_with = |draft: Option<Draft>| {
        bench.write(|tx| tx.set_draft(carol, draft.as_ref()));
        let time = bench.read(|reads| reads.conversation(carol)).unwrap().last_activity.0;
        (list(&mut bench).remove(0), time)
    };
    let empty = Draft { time: Timestamp(30), ..Draft::default() };
    let reply = Draft { reply_to: Some(MessageId(1)), text: " ".into(), ..empty.clone() };
    let words = Draft { text: "dear".into(), ..reply.clone() };
    let correction = Draft { corrects: Some(MessageId(1)), reply_to: None, ..words.clone() };
    let (on_top, below) = (("carol@example.org".to_owned(), 30), ("bob@example.net".to_owned(), 5));
    assert_eq!(first_with(Some(reply)), below, "a reply was begun");
    assert_eq!(first_with(Some(words)), on_top);
    assert_eq!(first_with(None), below, "and cancelled");
    assert_eq!(first_with(Some(correction)), below);
}

#[test]
fn a_conversation_remembers_what_was_chosen() {
    let mut bench = Bench::new();
    let id = bench.bob;
    let draft = Draft {
        text: "so".into(),
        reply_to: Some(MessageId(4)),
        corrects: Some(MessageId(5)),
        time: Timestamp(9),
    };
    bench.write(|tx| {
        tx.set_draft(id, Some(&draft))?;
        tx.set_mute(id, Mute::Until(Timestamp(77)))?;
        tx.set_stranger(id, true)?;
        tx.set_archived(id, true)?;
        tx.set_encryption(id, ConversationEncryption::Omemo)?;
        tx.set_displayed_told(id, MessageId(3))?;
        tx.set_displayed_synced(id, "a9")?;
        tx.set_oldest_archive_id(id, Some("a1"), true)?;
        tx.set_blocked(&bob().into(), true)?;
        tx.set_avatar(&bob(), Some("abc"))
    });
    let shown = bench.read(|reads| reads.conversation(id)).unwrap().conversation;
    assert_eq!(shown.draft, Some(draft));
    assert_eq!(shown.mute, Mute::Until(Timestamp(77)));
    assert!(shown.stranger && shown.archived && shown.blocked && shown.history_complete);
    assert_eq!(shown.avatar.as_deref(), Some("abc"));
    let stored = bench.read(|reads| reads.stored_conversation(id)).unwrap();
    assert_eq!(stored.encryption, ConversationEncryption::Omemo);
    assert_eq!(stored.displayed_told, Some(MessageId(3)));
    assert_eq!(stored.displayed_synced.as_deref(), Some("a9"));
    assert_eq!(stored.oldest_archive_id.as_deref(), Some("a1"));
    bench.write(|tx| tx.set_draft(id, None));
    assert_eq!(bench.read(|reads| reads.conversation(id)).unwrap().conversation.draft, None);
}

#[test]
fn something_new_brings_an_archived_conversation_back() {
    let mut bench = Bench::new();
    let id = bench.bob;
    bench.hears(10, "hello");
    bench.write(|tx| tx.set_archived(id, true));
    bench.hears(5, "something old");
    assert!(bench.read(|reads| reads.conversation(id)).unwrap().conversation.archived);
    bench.hears(11, "something new");
    assert!(!bench.read(|reads| reads.conversation(id)).unwrap().conversation.archived);
}

#[test]
fn the_last_message_is_shown_short() {
    let mut bench = Bench::new();
    let id = bench.bob;
    bench.hears(1, &"é".repeat(1000));
    let last = bench.read(|reads| reads.conversation(id)).unwrap().last.unwrap();
    assert_eq!(last.text.chars().count(), 200);
    let message = last.id;
    bench.write(|tx| tx.retract(message));
    let last = bench.read(|reads| reads.conversation(id)).unwrap().last.unwrap();
    assert!(last.retracted && last.text.is_empty());
}

#[test]
fn a_whole_domain_can_be_blocked() {
    let mut bench = Bench::new();
    let id = bench.bob;
    bench.write(|tx| tx.set_blocked(&jid("example.net").into(), true));
    assert!(bench.read(|reads| reads.conversation(id)).unwrap().conversation.blocked);
    assert!(bench.read(|reads| reads.is_blocked(&bob())));
    bench.write(|tx| tx.replace_blocklist(&[jid("net").into()]));
    assert!(!bench.read(|reads| reads.conversation(id)).unwrap().conversation.blocked);
}

#[test]
fn a_deleted_conversation_is_gone_at_once_and_in_pieces() {
    let mut bench = Bench::new();
    let id = bench.bob;
    for time in 0..25 {
        bench.hears(time, "word");
    }
    assert!(bench.write(|tx| tx.begin_delete_conversation(id)));
    assert_eq!(list(&mut bench), Vec::<String>::new());
    assert_eq!(bench.read(|reads| reads.conversation(id)), None);
    assert_eq!(bench.read(|reads| reads.conversations_being_deleted()), [id]);
    // Bob writes again while the old rows go.
    let new = open(&mut bench, "bob@example.net", 100);
    bench.insert(&incoming(new, 100, "hello again"));
    let mut pieces = 1;
    while !bench.write(|tx| tx.delete_conversation_piece(id, 10)) {
        pieces += 1;
    }
    assert_eq!(pieces, 3);
    assert_eq!(bench.read(|reads| reads.conversations_being_deleted()), []);
    assert_eq!(list(&mut bench), ["bob@example.net"]);
    assert!(bench.write(|tx| tx.delete_conversation_piece(id, 10)), "nothing left to do");
    bench.bob = new;
    assert_eq!(bench.transcript(), "bob@example.net: hello again");
}

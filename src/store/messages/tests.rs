//! One line for each message, whatever copies come in whatever order.

use model::UnreadableReason;
use proptest::prelude::*;

use super::*;
use crate::testing::{Bench, answer_to, bob, ids, incoming, jid, outgoing};

#[test]
fn a_message_is_one_line_however_many_copies_come() {
    // The same message live, as a carbon and from the archive knows more or fewer of its ids.
    let live = ids("m1", "o1", "a1");
    let carbon = ids("m1", "o1", "");
    let archived = ids("m1", "", "a1");
    for order in [[&live, &carbon, &archived], [&archived, &live, &carbon], [&carbon, &live, &archived]] {
        let mut bench = Bench::new();
        let mut rows = Vec::new();
        for ids in order {
            rows.push(bench.insert(&NewMessage { ids: ids.clone(), ..incoming(bench.bob, 5, "hello") }).id());
        }
        rows.dedup();
        assert_eq!(rows.len(), 1, "{order:?}");
        assert_eq!(bench.transcript(), "bob@example.net: hello");
        assert_eq!(bench.unread(), 1);
    }
}

#[test]
fn a_copy_tells_the_row_the_ids_it_did_not_know() {
    let mut bench = Bench::new();
    let sent = NewMessage { ids: ids("m1", "o1", ""), ..outgoing(bench.bob, 5, "hello") };
    let row = bench.insert(&sent).id();
    let archived = NewMessage { ids: ids("m1", "o1", "a1"), ..sent };
    assert_eq!(bench.insert(&archived), Insertion::AlreadyThere(row));
    let found = bench.read(|reads| reads.message_by_archive_id(&crate::testing::alice(), "a1"));
    assert_eq!(found.unwrap().id, row);
}

#[test]
fn others_cannot_take_an_id_away() {
    let mut bench = Bench::new();
    let mine = NewMessage { ids: ids("m1", "o1", ""), ..outgoing(bench.bob, 5, "mine") };
    let theirs = NewMessage { ids: ids("m1", "o1", ""), ..incoming(bench.bob, 6, "theirs") };
    let mine = bench.insert(&mine).id();
    let theirs = bench.insert(&theirs);
    assert!(matches!(theirs, Insertion::Added(_)));
    let conversation = bench.bob;
    let found = bench.read(|reads| reads.message_by_stanza_id(conversation, Direction::Outgoing, "m1"));
    assert_eq!(found.unwrap().id, mine);
    let found = bench.read(|reads| reads.message_by_origin_id(conversation, &bob(), None, "o1"));
    assert_eq!(found.unwrap().id, theirs.id());
    let side = Some(Direction::Incoming);
    assert_eq!(
        bench.read(|reads| reads.message_referred_to(conversation, side, "m1")).unwrap().id,
        theirs.id()
    );
}

#[test]
fn ids_count_in_their_conversation_and_their_archive_only() {
    let mut bench = Bench::new();
    let room = jid("room@rooms.example.org");
    let in_room = ArchiveId { archive: room.clone(), id: "7".into() };
    let first = NewMessage { ids: ids("x", "", "7"), ..incoming(bench.bob, 1, "one") };
    let second = NewMessage {
        ids: MessageIds { archive: Some(in_room), ..MessageIds::default() },
        ..incoming(bench.bob, 2, "two")
    };
    bench.insert(&first);
    assert!(matches!(bench.insert(&second), Insertion::Added(_)));
    let found = bench.read(|reads| reads.message_by_archive_id(&room, "7"));
    assert_eq!(found.unwrap().content, Content::Text("two".into()));
    let elsewhere = bench.read(|reads| reads.message_referred_to(ConversationId(99), None, "x"));
    assert_eq!(elsewhere, None);
}

#[test]
fn an_answer_finds_its_original_whichever_comes_first() {
    for original_first in [true, false] {
        let mut bench = Bench::new();
        let original = NewMessage { ids: ids("m1", "", ""), ..incoming(bench.bob, 1, "lunch?") };
        let mut answer =
            NewMessage { reply: Some(answer_to("m1", "> lunch")), ..outgoing(bench.bob, 2, "yes") };
        if original_first {
            let target = bench.insert(&original).id();
            answer.reply.as_mut().unwrap().target = Some(target);
            bench.insert(&answer);
        } else {
            bench.insert(&answer);
            assert_eq!(bench.transcript(), "me: «> lunch» yes");
            bench.insert(&original);
        }
        assert_eq!(bench.transcript(), "bob@example.net: lunch?\nme: «lunch?» yes");
    }
}

#[test]
fn an_answer_that_names_its_addressee_is_tied_to_nobody_else() {
    let mut bench = Bench::new();
    let reply = NewReply { target_sender: Some(bob()), ..answer_to("m1", "fallback") };
    bench.insert(&NewMessage { reply: Some(reply), ..outgoing(bench.bob, 2, "yes") });
    bench.insert(&NewMessage { ids: ids("m1", "", ""), ..outgoing(bench.bob, 1, "not this") });
    assert_eq!(bench.transcript(), "me: not this\nme: «fallback» yes");
}

#[test]
fn what_could_not_be_read_is_replaced_in_place_and_found() {
    let mut bench = Bench::new();
    let content = Content::Unreadable(UnreadableReason::UnknownEncryption(EncryptionKind::Omemo));
    let sealed = NewMessage { content, ids: ids("m1", "", "a1"), ..incoming(bench.bob, 1, "") };
    let row = bench.insert(&sealed).id();
    assert_eq!(bench.transcript(), "bob@example.net: (unreadable)");
    let text = Content::Text("open".into());
    assert!(bench.write(|tx| tx.replace_unreadable(row, &text, EncryptionKind::Omemo)));
    assert!(!bench.write(|tx| tx.replace_unreadable(row, &text, EncryptionKind::None)));
    let message = bench.message(row);
    assert_eq!((message.content, message.encryption), (text, EncryptionKind::Omemo));
}

#[test]
fn a_late_message_stands_where_it_was_sent_and_is_not_the_last() {
    let mut bench = Bench::new();
    let new = bench.hears(100, "new");
    bench.hears(50, "old");
    assert_eq!(bench.transcript(), "bob@example.net: old\nbob@example.net: new");
    let bob = bench.bob;
    let summary = bench.read(|reads| reads.conversation(bob)).unwrap();
    assert_eq!(summary.last.unwrap().id, new);
    assert_eq!(summary.last_activity, Timestamp(100));
}

#[test]
fn deleting_the_last_message_shows_the_one_before() {
    let mut bench = Bench::new();
    let first = bench.hears(1, "first");
    let last = bench.hears(2, "last");
    assert!(bench.write(|tx| tx.delete_message(last)));
    assert!(!bench.write(|tx| tx.delete_message(last)));
    let bob = bench.bob;
    let summary = bench.read(|reads| reads.conversation(bob)).unwrap();
    assert_eq!((summary.last.unwrap().id, summary.conversation.unread), (first, 1));
    // Its row is never used again.
    assert!(bench.hears(3, "next") > last);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    /// Copies in any order, each with any of its ids but always one that ties it to another.
    #[test]
    fn no_order_of_copies_doubles_or_loses_a_message(
        copies in prop::collection::vec((0..8usize, 0..3u8), 1..40)
    ) {
        let mut bench = Bench::new();
        let mut seen = std::collections::BTreeSet::new();
        for (message, way) in copies {
            let (origin, archive) = (format!("o{message}"), format!("a{message}"));
            // The live copy always knows both; what comes before it by one id alone is tied by that.
            let ids = match way {
                0 => ids("", &origin, &archive),
                1 if seen.contains(&message) => ids("", &origin, ""),
                2 if seen.contains(&message) => ids("", "", &archive),
                _ => continue,
            };
            seen.insert(message);
            bench.insert(&NewMessage { ids, ..incoming(bench.bob, message as i64, "text") });
        }
        prop_assert_eq!(bench.transcript().lines().count(), seen.len());
        prop_assert_eq!(bench.unread() as usize, seen.len());
    }
}

//! Pages from every side, and what a row shows beside its text.

use model::{ConversationKind, Subscription};
use proptest::prelude::*;

use super::*;
use crate::testing::{Bench, bob, incoming, jid, reactor};
use crate::{NewMessage, RosterItem};

fn page(bench: &mut Bench, anchor: Anchor, limit: u32) -> Page {
    let request = PageRequest { conversation: bench.bob, anchor, limit };
    bench.read(|reads| reads.page(&request))
}

fn texts(page: &Page) -> String {
    let texts = page.messages.iter().map(|message| match &message.content {
        model::Content::Text(text) => text.clone(),
        _ => "?".into(),
    });
    texts.collect::<Vec<_>>().join(" ")
}

#[test]
fn pages_from_every_anchor() {
    let mut bench = Bench::new();
    let ids: Vec<MessageId> = (1..=9).map(|time| bench.hears(time, &time.to_string())).collect();
    let at = |index: usize| (Timestamp(index as i64 + 1), ids[index]);
    let before = |index| Anchor::Before(at(index).0, at(index).1);
    let after = |index| Anchor::After(at(index).0, at(index).1);
    for (anchor, limit, shown, start, end) in [
        (Anchor::Newest, 3, "7 8 9", false, true),
        (Anchor::Newest, 9, "1 2 3 4 5 6 7 8 9", true, true),
        (Anchor::Oldest, 3, "1 2 3", true, false),
        (before(6), 3, "4 5 6", false, false),
        (before(2), 3, "1 2", true, false),
        (before(0), 3, "", true, false),
        (after(6), 3, "8 9", false, true),
        (after(8), 3, "", false, true),
        (after(0), 2, "2 3", false, false),
        (Anchor::Around(ids[4]), 4, "3 4 5 6 7", false, false),
        (Anchor::Around(ids[0]), 4, "1 2 3", true, false),
        (Anchor::Around(MessageId(1000)), 2, "8 9", false, true),
    ] {
        let page = page(&mut bench, anchor, limit);
        assert_eq!(
            (texts(&page).as_str(), page.reaches_start, page.reaches_end),
            (shown, start, end),
            "{anchor:?}"
        );
    }
}

#[test]
fn an_empty_history_reaches_both_ends() {
    let page = page(&mut Bench::new(), Anchor::Newest, 50);
    assert!(page.messages.is_empty() && page.reaches_start && page.reaches_end);
}

#[test]
fn a_page_says_which_commit_it_shows() {
    let mut bench = Bench::new();
    let before = page(&mut bench, Anchor::Newest, 5).commit;
    let during = bench.write(|tx| {
        tx.set_own_nickname(Some("Al"))?;
        Ok(tx.commit_number())
    });
    assert_eq!(page(&mut bench, Anchor::Newest, 5).commit, during);
    assert_eq!(during, before + 1);
}

#[test]
fn people_are_called_what_the_user_calls_them() {
    let mut bench = Bench::new();
    let id = bench.hears(1, "hello");
    let own = bench.says(2, "hello");
    assert_eq!(bench.message(id).sender_name, "bob@example.net");
    bench.write(|tx| tx.set_nickname(&bob(), Some("Bobby")));
    bench.write(|tx| tx.set_avatar(&bob(), Some("abc")));
    assert_eq!(bench.message(id).sender_name, "Bobby");
    let item = RosterItem {
        address: bob(),
        name: Some("Bob Brown".into()),
        groups: vec![],
        subscription: Subscription::Both,
        asked: false,
        approved: false,
    };
    bench.write(|tx| tx.put_roster_item(&item));
    bench.write(|tx| tx.set_own_nickname(Some("Alice")));
    bench.write(|tx| tx.set_reactions(id, &reactor(bob()), &["x".into()], Timestamp(3)));
    let message = bench.message(id);
    assert_eq!((message.sender_name.as_str(), message.sender_avatar.as_deref()), ("Bob Brown", Some("abc")));
    assert_eq!(message.reactions[0].others, ["Bob Brown"]);
    assert_eq!(bench.message(own).sender_name, "Alice");
}

#[test]
fn in_a_room_everybody_has_their_nickname() {
    let mut bench = Bench::new();
    let room = jid("room@rooms.example.org");
    let conversation =
        bench.write(|tx| tx.create_conversation(&room, ConversationKind::Room, false, Timestamp(0)));
    let message = NewMessage {
        sender: room,
        nickname: Some("Carol".into()),
        occupant: Some(OccupantId("o1".into())),
        ..incoming(conversation, 1, "hi")
    };
    let id = bench.insert(&message).id();
    let message = bench.message(id);
    assert_eq!((message.sender_name.as_str(), message.occupant), ("Carol", Some(OccupantId("o1".into()))));
}

#[test]
fn messages_come_in_the_order_of_the_history_and_the_gone_are_left_out() {
    let mut bench = Bench::new();
    let new = bench.hears(20, "new");
    let old = bench.hears(10, "old");
    let found = bench.read(|reads| reads.messages(&[MessageId(500), new, old]));
    assert_eq!(found.iter().map(|message| message.id).collect::<Vec<_>>(), [old, new]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    /// Walking either way by pages of any size gives every message once, in order.
    #[test]
    fn walking_by_pages_gives_everything_once(times in prop::collection::vec(0..10i64, 0..40), limit in 1..9u32) {
        let mut bench = Bench::new();
        let mut all: Vec<(Timestamp, MessageId)> =
            times.iter().map(|&time| (Timestamp(time), bench.hears(time, "x"))).collect();
        all.sort();
        let place = |message: &Message| (message.sort_time, message.id);

        let mut back = Vec::new();
        let mut anchor = Anchor::Newest;
        loop {
            let page = page(&mut bench, anchor, limit);
            back.splice(0..0, page.messages.iter().map(place));
            match page.messages.first() {
                Some(first) if !page.reaches_start => anchor = Anchor::Before(first.sort_time, first.id),
                _ => break,
            }
        }
        prop_assert_eq!(&back, &all);

        let mut forth = Vec::new();
        let mut anchor = Anchor::Oldest;
        loop {
            let page = page(&mut bench, anchor, limit);
            forth.extend(page.messages.iter().map(place));
            match page.messages.last() {
                Some(last) if !page.reaches_end => anchor = Anchor::After(last.sort_time, last.id),
                _ => break,
            }
        }
        prop_assert_eq!(&forth, &all);
    }
}

#[test]
fn no_page_is_found_by_reading_the_whole_history() {
    let mut bench = Bench::new();
    bench.hears(1, "x");
    let plans = bench.write(|tx| {
        let mut plans = Vec::new();
        for order in ["< (?2, ?3) ORDER BY m.sort_time DESC, m.id DESC", "> (?2, ?3) ORDER BY m.sort_time, m.id"] {
            let sql =
                format!("EXPLAIN QUERY PLAN {MESSAGE} WHERE m.conversation = ?1 AND (m.sort_time, m.id) {order} LIMIT 5");
            let mut statement = tx.connection().prepare(&sql)?;
            let steps = statement.query_map((1, 2, 3), |row| row.get::<_, String>(3))?;
            plans.push(steps.collect::<Result<Vec<_>, _>>()?.join("\n"));
        }
        Ok(plans)
    });
    for plan in plans {
        assert!(plan.contains("messages_in_order (conversation=? AND "), "{plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}

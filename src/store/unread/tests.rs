//! Counts, places and deliveries after every kind of change.

use model::{Content, DeliveryFailure, DeliveryReason};
use proptest::prelude::*;

use super::*;
use crate::testing::{Bench, incoming};
use crate::{Anchor, NewMessage, PageRequest};

#[test]
fn what_was_read_does_not_count_nor_what_comes_late_before_it() {
    let mut bench = Bench::new();
    let conversation = bench.bob;
    bench.hears(10, "one");
    let two = bench.hears(20, "two");
    bench.hears(30, "three");
    assert_eq!(bench.unread(), 3);
    assert!(bench.write(|tx| tx.mark_read(conversation, two)));
    assert_eq!(bench.unread(), 1);
    bench.hears(15, "late");
    assert_eq!(bench.unread(), 1);
    assert!(!bench.write(|tx| tx.mark_read(conversation, two)));
    let summary = bench.read(|reads| reads.conversation(conversation)).unwrap();
    assert_eq!(summary.conversation.read_up_to, Some(two));
}

#[test]
fn the_place_up_to_which_was_read_never_moves_back() {
    let mut bench = Bench::new();
    let conversation = bench.bob;
    let one = bench.hears(10, "one");
    let same_time = bench.hears(10, "also one");
    bench.write(|tx| tx.mark_read(conversation, same_time));
    assert!(!bench.write(|tx| tx.mark_read(conversation, one)));
    let stored = bench.read(|reads| reads.stored_conversation(conversation)).unwrap();
    assert_eq!(stored.read_up_to, Some(same_time));
}

#[test]
fn own_messages_and_retracted_ones_do_not_count() {
    let mut bench = Bench::new();
    bench.says(1, "mine");
    let regretted = bench.hears(2, "oops");
    bench.hears(3, "hello");
    bench.write(|tx| tx.retract(regretted));
    assert_eq!(bench.unread(), 1);
    bench.write(|tx| tx.retract(regretted));
    assert_eq!(bench.unread(), 1);
}

#[test]
fn a_message_of_another_conversation_marks_nothing_read() {
    let mut bench = Bench::new();
    let message = bench.hears(1, "hello");
    assert!(!bench.write(|tx| tx.mark_read(ConversationId(77), message)));
    assert_eq!(bench.unread(), 1);
}

#[test]
fn delivery_only_moves_forward() {
    let failed =
        Delivery::Failed(DeliveryFailure { reason: DeliveryReason::Refused, text: Some("no".into()) });
    let steps = [Delivery::Queued, Delivery::Sent, Delivery::Delivered, Delivery::Read, failed];
    // From each to each: Queued, Sent, Delivered, Read, Failed.
    let allowed = [
        [false, true, true, true, true],
        [false, false, true, true, true],
        [false, false, false, true, false],
        [false, false, false, false, false],
        [false, false, false, false, false],
    ];
    for (from, row) in steps.iter().zip(allowed) {
        for (to, allowed) in steps.iter().zip(row) {
            let mut bench = Bench::new();
            let message = bench.says(1, "hello");
            bench.write(|tx| tx.advance_delivery(message, from));
            assert_eq!(bench.write(|tx| tx.advance_delivery(message, to)), allowed, "{from:?} to {to:?}");
            assert_eq!(&bench.message(message).delivery, if allowed { to } else { from });
        }
    }
}

#[test]
fn only_what_was_refused_is_tried_again_and_only_own_messages_move() {
    let mut bench = Bench::new();
    let own = bench.says(1, "hello");
    let other = bench.hears(2, "hi");
    assert!(!bench.write(|tx| tx.try_again(own)));
    let failed = Delivery::Failed(DeliveryFailure { reason: DeliveryReason::NotFound, text: None });
    assert!(bench.write(|tx| tx.advance_delivery(own, &failed)));
    assert!(bench.write(|tx| tx.try_again(own)));
    assert_eq!(bench.message(own).delivery, Delivery::Queued);
    assert!(!bench.write(|tx| tx.advance_delivery(other, &Delivery::Read)));
    assert_eq!(bench.message(other).delivery, Delivery::Received);
}

#[test]
fn a_marker_settles_what_the_server_has_up_to_there() {
    let mut bench = Bench::new();
    let conversation = bench.bob;
    let sent: Vec<_> = (1..=4).map(|time| bench.says(time, "hello")).collect();
    for message in [sent[0], sent[1], sent[3]] {
        bench.write(|tx| tx.advance_delivery(message, &Delivery::Sent));
    }
    let mut moved = bench.write(|tx| tx.advance_delivery_up_to(conversation, sent[2], &Delivery::Read));
    moved.sort();
    assert_eq!(moved, sent[..2]);
    assert_eq!(bench.message(sent[2]).delivery, Delivery::Queued);
    assert_eq!(bench.message(sent[3]).delivery, Delivery::Sent);
}

#[derive(Clone, Debug)]
enum Step {
    Hear(i64),
    Say(i64),
    Read(usize),
    Retract(usize),
    Delete(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..50i64).prop_map(Step::Hear),
        1 => (0..50i64).prop_map(Step::Say),
        2 => (0..40usize).prop_map(Step::Read),
        1 => (0..40usize).prop_map(Step::Retract),
        1 => (0..40usize).prop_map(Step::Delete),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    /// The number in the row is what counting would give.
    #[test]
    fn the_count_is_what_counting_would_give(steps in prop::collection::vec(step(), 1..60)) {
        struct Told { id: MessageId, time: i64, counts: bool }
        let mut bench = Bench::new();
        let conversation = bench.bob;
        let mut told: Vec<Told> = Vec::new();
        let mut read = (i64::MIN, MessageId(0));
        for step in steps {
            match step {
                Step::Hear(time) => {
                    let id = bench.hears(time, "word");
                    told.push(Told { id, time, counts: (time, id) > read });
                }
                Step::Say(time) => {
                    let id = bench.says(time, "word");
                    told.push(Told { id, time, counts: false });
                }
                Step::Read(index) => if let Some(&Told { id, time, .. }) = told.get(index) {
                    bench.write(|tx| tx.mark_read(conversation, id));
                    read = read.max((time, id));
                    told.iter_mut().filter(|told| (told.time, told.id) <= (time, id)).for_each(|told| told.counts = false);
                },
                Step::Retract(index) => if let Some(told) = told.get_mut(index) {
                    bench.write(|tx| tx.retract(told.id));
                    told.counts = false;
                },
                Step::Delete(index) => if index < told.len() {
                    let gone = told.remove(index);
                    bench.write(|tx| tx.delete_message(gone.id));
                },
            }
            let summary = bench.read(|reads| reads.conversation(conversation)).unwrap();
            prop_assert_eq!(summary.conversation.unread as usize, told.iter().filter(|told| told.counts).count());
            let newest = told.iter().max_by_key(|told| (told.time, told.id)).map(|told| told.id);
            prop_assert_eq!(summary.last.map(|last| last.id), newest);
        }
        let request = PageRequest { conversation, anchor: Anchor::Newest, limit: 100 };
        prop_assert_eq!(bench.read(|reads| reads.page(&request)).messages.len(), told.len());
    }
}

#[test]
fn a_message_that_may_not_count_does_not() {
    let mut bench = Bench::new();
    let message = NewMessage { unread: false, ..incoming(bench.bob, 1, "from the archive") };
    bench.insert(&message);
    assert_eq!(bench.unread(), 0);
    let retracted = NewMessage { content: Content::Retracted, ..incoming(bench.bob, 2, "") };
    bench.insert(&retracted);
    assert_eq!(bench.unread(), 0);
}

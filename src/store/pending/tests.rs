use super::*;
use crate::testing::{Bench, bob, ids, reactor};

fn waiting(target: &str, time: i64, kind: PendingKind) -> PendingEdit {
    PendingEdit { target_id: target.into(), from: reactor(bob()), time: Timestamp(time), kind }
}

#[test]
fn what_waits_is_handed_out_once_in_order_by_any_id() {
    let mut bench = Bench::new();
    let conversation = bench.bob;
    let edits = [
        waiting("a1", 30, PendingKind::Retraction),
        waiting(
            "m1",
            10,
            PendingKind::Correction {
                id: Some("c1".into()),
                text: "better\nwords".into(),
                encryption: EncryptionKind::Omemo,
            },
        ),
        waiting("o1", 20, PendingKind::Reactions(vec!["👍".into(), "🎉".into()])),
        waiting("m1", 40, PendingKind::Displayed),
        waiting("other", 1, PendingKind::Delivered),
    ];
    for edit in edits.iter().chain(&edits) {
        bench.write(|tx| tx.put_pending(conversation, edit));
    }
    let ids = ids("m1", "o1", "a1");
    let taken = bench.write(|tx| tx.take_pending(conversation, &ids));
    assert_eq!(taken, [edits[1].clone(), edits[2].clone(), edits[0].clone(), edits[3].clone()]);
    assert_eq!(bench.write(|tx| tx.take_pending(conversation, &ids)), []);
    let other = bench.write(|tx| tx.take_pending(conversation, &crate::testing::ids("other", "", "")));
    assert_eq!(other, [edits[4].clone()]);
}

#[test]
fn edits_of_nothing_do_not_pile_up() {
    let mut bench = Bench::new();
    let conversation = bench.bob;
    let most = MOST_IN_CONVERSATION;
    bench.write(|tx| {
        for number in 0..most + 50 {
            tx.put_pending(conversation, &waiting(&number.to_string(), number, PendingKind::Retraction))?;
        }
        Ok(())
    });
    let take = |bench: &mut Bench, id: i64| {
        bench.write(|tx| tx.take_pending(conversation, &ids(&id.to_string(), "", ""))).len()
    };
    assert_eq!(take(&mut bench, 49), 0);
    assert_eq!(take(&mut bench, 50), 1);
    assert_eq!(take(&mut bench, most + 49), 1);
}

use super::*;
use crate::testing::Bench;

fn row(token: &str, after: Option<OutboxId>) -> NewOutboxRow<'_> {
    NewOutboxRow {
        kind: OutboxKind::Message,
        message: None,
        conversation: None,
        token,
        bytes: b"<message/>",
        after,
        time: Timestamp(1),
    }
}

fn ready(bench: &mut Bench) -> Vec<String> {
    bench.read(|reads| reads.outbox_ready(OutboxId(0), 10)).into_iter().map(|row| row.token).collect()
}

#[test]
fn rows_go_out_in_order_and_stay_until_they_are_settled() {
    let mut bench = Bench::new();
    let first = bench.write(|tx| tx.push_outbox(&row("1", None)));
    let second = bench.write(|tx| tx.push_outbox(&row("2", None)));
    assert_eq!(ready(&mut bench), ["1", "2"]);
    assert!(bench.write(|tx| tx.mark_outbox_sent(first)));
    assert!(!bench.write(|tx| tx.mark_outbox_sent(first)));
    assert_eq!(ready(&mut bench), ["2"]);
    let unsettled = bench.read(|reads| reads.outbox_unsettled());
    assert_eq!((unsettled.len(), unsettled[0].id, unsettled[0].attempts), (1, first, 1));
    assert!(bench.write(|tx| tx.requeue_outbox(first)));
    assert_eq!(ready(&mut bench), ["1", "2"]);
    assert_eq!(bench.read(|reads| reads.outbox_ready(first, 10))[0].id, second);
    assert!(bench.write(|tx| tx.settle_outbox(first)));
    assert_eq!(ready(&mut bench), ["2"]);
    assert_eq!(bench.read(|reads| reads.outbox_by_token("2")).unwrap().bytes, b"<message/>");
}

#[test]
fn a_chain_goes_on_where_it_was() {
    let mut bench = Bench::new();
    let (prepare, upload) = bench.write(|tx| {
        let prepare = tx.push_outbox(&NewOutboxRow { kind: OutboxKind::Prepare, ..row("prepare", None) })?;
        let upload =
            tx.push_outbox(&NewOutboxRow { kind: OutboxKind::Upload, ..row("upload", Some(prepare)) })?;
        tx.push_outbox(&row("send", Some(upload)))?;
        Ok((prepare, upload))
    });
    assert_eq!(ready(&mut bench), ["prepare"]);
    bench.write(|tx| tx.settle_outbox(prepare));
    assert_eq!(ready(&mut bench), ["upload"]);
    bench.write(|tx| tx.settle_outbox(upload));
    assert_eq!(ready(&mut bench), ["send"]);
}

#[test]
fn what_was_refused_keeps_its_bytes_and_waits_for_the_user() {
    let mut bench = Bench::new();
    let message = bench.says(1, "hello");
    let id = bench.write(|tx| tx.push_outbox(&NewOutboxRow { message: Some(message), ..row("1", None) }));
    bench.write(|tx| tx.mark_outbox_sent(id));
    assert!(bench.write(|tx| tx.refuse_outbox(id)));
    assert_eq!(ready(&mut bench), Vec::<String>::new());
    assert_eq!(bench.read(|reads| reads.outbox_unsettled()), []);
    let kept = bench.read(|reads| reads.outbox_of_message(message));
    assert_eq!((kept[0].state, kept[0].bytes.as_slice()), (OutboxState::Refused, b"<message/>".as_slice()));
    bench.write(|tx| tx.requeue_outbox(id));
    assert_eq!(ready(&mut bench), ["1"]);
}

#[test]
fn a_row_is_never_used_again() {
    let mut bench = Bench::new();
    let first = bench.write(|tx| tx.push_outbox(&row("1", None)));
    bench.write(|tx| tx.settle_outbox(first));
    assert!(bench.write(|tx| tx.push_outbox(&row("2", None))) > first);
}

#[test]
fn deleting_a_conversation_sends_nothing_more_of_it() {
    let mut bench = Bench::new();
    let bob = bench.bob;
    bench.write(|tx| tx.push_outbox(&NewOutboxRow { conversation: Some(bob), ..row("1", None) }));
    bench.write(|tx| tx.push_outbox(&row("2", None)));
    bench.write(|tx| tx.begin_delete_conversation(bob));
    assert_eq!(ready(&mut bench), ["2"]);
}

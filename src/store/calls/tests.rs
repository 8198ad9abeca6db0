use std::time::Duration;

use model::{CallFailure, ConversationKind};

use super::*;
use crate::testing::{Bench, bob, incoming, jid, outgoing};

fn line(outcome: CallOutcome) -> CallLine {
    CallLine { video: true, outcome }
}

fn call(bench: &mut Bench, time: i64, session: &str) -> Insertion {
    let content = Content::Call(line(CallOutcome::UnderWay));
    let new = NewMessage { content, ..incoming(bench.bob, time, "") };
    bench.write(|tx| tx.insert_call(&new, session))
}

#[test]
fn every_outcome_reads_what_it_writes() {
    let failures = [
        CallFailure::Unreachable,
        CallFailure::NoWay,
        CallFailure::NoRelay,
        CallFailure::Security,
        CallFailure::Incompatible,
        CallFailure::Media,
        CallFailure::Protocol,
        CallFailure::SessionLost,
        CallFailure::Theirs,
    ];
    let others = [
        CallOutcome::UnderWay,
        CallOutcome::Answered { duration: Duration::from_millis(61_500) },
        CallOutcome::OnOtherDevice,
        CallOutcome::Unanswered,
        CallOutcome::Declined,
        CallOutcome::Busy,
        CallOutcome::Cancelled,
    ];
    for outcome in others.into_iter().chain(failures.map(CallOutcome::Failed)) {
        for video in [false, true] {
            let line = CallLine { video, outcome };
            assert_eq!(call_line(&call_body(&line)), line);
        }
    }
    for body in ["", "x", "1", "1 99 5", "1 1 -5", "1 1 99999999999999999999"] {
        call_line(body);
    }
}

#[test]
fn a_session_has_one_line() {
    let mut bench = Bench::new();
    let Insertion::Added(id) = call(&mut bench, 1_000, "s1") else { panic!() };
    assert_eq!(call(&mut bench, 2_000, "s1"), Insertion::AlreadyThere(id));
    assert!(matches!(call(&mut bench, 2_000, "s2"), Insertion::Added(_)));
    let conversation = bench.bob;
    let stored = bench.read(|reads| reads.call(conversation, "s1")).unwrap();
    assert_eq!((stored.peer, stored.message, stored.direction), (bob(), id, Direction::Incoming));
    assert_eq!(bench.read(|reads| reads.call(conversation, "s3")), None);
    // Somebody else's session by the same name is another.
    let carol = bench.write(|tx| {
        tx.create_conversation(&jid("carol@example.com"), ConversationKind::Direct, false, Timestamp(0))
    });
    assert_eq!(bench.read(|reads| reads.call(carol, "s1")), None);
}

#[test]
fn only_a_missed_call_waits_to_be_read() {
    let mut bench = Bench::new();
    let ids: Vec<MessageId> =
        ["s1", "s2", "s3"].map(|session| call(&mut bench, 1_000, session).id()).to_vec();
    assert_eq!(bench.unread(), 3);
    bench.write(|tx| {
        assert!(tx.set_call_outcome(ids[0], &line(CallOutcome::Unanswered))?);
        assert!(tx.set_call_outcome(ids[1], &line(CallOutcome::Answered { duration: Duration::ZERO }))?);
        assert!(!tx.set_call_outcome(ids[1], &line(CallOutcome::Answered { duration: Duration::ZERO }))?);
        Ok(())
    });
    assert_eq!(bench.unread(), 2);
    let under_way = bench.read(|reads| reads.calls_under_way());
    assert_eq!(under_way.iter().map(|call| call.message).collect::<Vec<_>>(), ids[2..]);
}

#[test]
fn a_message_that_is_no_call_is_left_alone() {
    let mut bench = Bench::new();
    let words = bench.insert(&outgoing(bench.bob, 1_000, "hello")).id();
    let changed = bench.write(|tx| tx.set_call_outcome(words, &line(CallOutcome::Busy)));
    assert!(!changed);
    assert_eq!(
        bench.read(|reads| reads.stored_message(words)).unwrap().content,
        Content::Text("hello".into())
    );
}

#[test]
fn a_call_is_taken_once() {
    let mut bench = Bench::new();
    let id = call(&mut bench, 1_000, "s1").id();
    bench.write(|tx| {
        assert!(tx.set_call_answered(id, Timestamp(2_000))?);
        assert!(!tx.set_call_answered(id, Timestamp(3_000))?);
        assert!(tx.set_call_here(id)? && !tx.set_call_here(id)?);
        assert!(tx.set_call_session(id, "s2")?);
        Ok(())
    });
    let conversation = bench.bob;
    let stored = bench.read(|reads| reads.call(conversation, "s2")).unwrap();
    assert_eq!((stored.answered, stored.is_here), (Some(Timestamp(2_000)), true));
}

#[test]
fn what_is_wanted_of_calls_is_kept() {
    let mut bench = Bench::new();
    assert_eq!(bench.read(|reads| reads.call_settings()), CallSettings::default());
    for settings in [
        CallSettings { relay_only: true, low_bandwidth: false },
        CallSettings { relay_only: false, low_bandwidth: true },
    ] {
        assert!(bench.write(|tx| tx.set_call_settings(settings)));
        assert_eq!(bench.read(|reads| reads.call_settings()), settings);
        assert!(!bench.write(|tx| tx.set_call_settings(settings)), "nothing is new");
    }
}

#[test]
fn calls_are_found_without_reading_every_message() {
    let mut bench = Bench::new();
    call(&mut bench, 1, "s");
    let plan = bench.write(|tx| {
        let sql = format!("EXPLAIN QUERY PLAN {}", under_way());
        let mut statement = tx.connection().prepare(&sql)?;
        let steps = statement.query_map([], |row| row.get::<_, String>(3))?;
        Ok(steps.collect::<Result<Vec<_>, _>>()?)
    });
    let scans: Vec<_> = plan.iter().filter(|step| step.starts_with("SCAN")).collect();
    assert_eq!(scans, ["SCAN k"], "only the calls themselves are read: {plan:?}");
}

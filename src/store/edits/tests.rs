use model::Content;

use super::*;
use crate::NewMessage;
use crate::testing::{Bench, alice, answer_to, bob, incoming, outgoing, reactor};

fn correction(id: &str, time: i64, text: &str) -> Correction {
    Correction {
        id: Some(id.into()),
        time: Timestamp(time),
        text: text.into(),
        encryption: EncryptionKind::None,
    }
}

fn texts(bench: &mut Bench, message: MessageId) -> Vec<String> {
    bench.read(|reads| reads.revisions(message)).into_iter().map(|revision| revision.text).collect()
}

#[test]
fn the_latest_correction_is_shown_in_whatever_order_they_come() {
    let (first, second) = (correction("c1", 20, "second try"), correction("c2", 30, "third try"));
    for order in [[&first, &second], [&second, &first]] {
        let mut bench = Bench::new();
        let message = bench.hears(10, "first try");
        for correction in order {
            bench.write(|tx| tx.correct(message, correction));
        }
        assert_eq!(bench.transcript(), "bob@example.net: third try");
        assert_eq!(bench.message(message).revisions, 2);
        assert_eq!(texts(&mut bench, message), ["first try", "second try"]);
        // Copies by other ways change nothing.
        for correction in order {
            assert_eq!(bench.write(|tx| tx.correct(message, correction)), Applied::AlreadyThere);
        }
    }
}

#[test]
fn a_correction_says_what_it_did() {
    let mut bench = Bench::new();
    let message = bench.hears(10, "a");
    assert_eq!(bench.write(|tx| tx.correct(message, &correction("c2", 30, "c"))), Applied::Current);
    assert_eq!(bench.write(|tx| tx.correct(message, &correction("c1", 20, "b"))), Applied::Earlier);
    assert_eq!(bench.write(|tx| tx.correct(MessageId(99), &correction("c", 20, "b"))), Applied::Impossible);
    bench.write(|tx| tx.retract(message));
    assert_eq!(bench.write(|tx| tx.correct(message, &correction("c3", 40, "d"))), Applied::Impossible);
    assert_eq!(bench.transcript(), "bob@example.net: (retracted)");
}

#[test]
fn what_was_written_last_is_shown_whatever_its_clock_says() {
    let mut bench = Bench::new();
    let message = bench.hears(10, "a");
    bench.write(|tx| tx.correct(message, &correction("c1", 300, "by a clock that is ahead")));
    let last = correction("c2", 20, "the last word");
    assert_eq!(bench.write(|tx| tx.correct_last(message, &last)), Applied::Current);
    assert_eq!(bench.write(|tx| tx.correct_last(message, &last)), Applied::AlreadyThere);
    assert_eq!(bench.transcript(), "bob@example.net: the last word");
    assert_eq!(texts(&mut bench, message), ["a", "by a clock that is ahead"]);
}

#[test]
fn corrections_without_end_do_not_fill_the_disk_and_leave_the_original() {
    let mut bench = Bench::new();
    let message = bench.hears(0, "the original");
    for time in 1..150 {
        bench
            .write(|tx| tx.correct(message, &correction(&format!("c{time}"), time, &format!("text {time}"))));
    }
    let texts = texts(&mut bench, message);
    assert_eq!(texts.len(), 100);
    assert_eq!(texts[0], "the original");
    assert_eq!(texts[99], "text 148");
    assert_eq!(bench.message(message).revisions, 100);
}

#[test]
fn a_retracted_message_leaves_nothing_behind() {
    let mut bench = Bench::new();
    let secret = bench.hears(1, "SECRET one");
    bench.write(|tx| tx.correct(secret, &correction("c", 2, "SECRET two")));
    bench.write(|tx| tx.set_reactions(secret, &reactor(alice()), &["SECRET".into()], Timestamp(3)));
    let mut reply = answer_to("x", "> SECRET one");
    reply.target = Some(secret);
    bench.insert(&NewMessage { reply: Some(reply), ..outgoing(bench.bob, 4, "indeed") });
    assert!(bench.write(|tx| tx.retract(secret)));
    assert_eq!(bench.transcript(), "bob@example.net: (retracted)\nme: «» indeed");
    assert_eq!(texts(&mut bench, secret), Vec::<String>::new());
    // Every text column of every table, whatever is added to the schema.
    let traces: Vec<String> = bench.write(|tx| {
        let connection = tx.connection();
        let mut columns = connection.prepare(
            "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND c.type IN ('TEXT', 'BLOB')",
        )?;
        let columns: Vec<(String, String)> =
            columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        assert!(columns.len() > 40, "{columns:?}");
        let mut traces = Vec::new();
        for (table, column) in columns {
            let sql = format!("SELECT count(*) FROM {table} WHERE instr({column}, 'SECRET')");
            if connection.query_one(&sql, [], |row| row.get::<_, i64>(0))? > 0 {
                traces.push(format!("{table}.{column}"));
            }
        }
        Ok(traces)
    });
    assert_eq!(traces, Vec::<String>::new());
}

#[test]
fn an_answer_in_a_retracted_place_keeps_its_own_words() {
    let mut bench = Bench::new();
    let message = bench.hears(1, "hello");
    bench.write(|tx| tx.retract(message));
    assert!(!bench.write(|tx| tx.retract(message)));
    assert!(!bench.write(|tx| tx.retract(MessageId(1000))));
    assert_eq!(bench.message(message).content, Content::Retracted);
    assert_eq!(bench.message(message).sender, bob());
    let again = incoming(bench.bob, 2, "still here");
    bench.insert(&again);
    assert_eq!(bench.transcript(), "bob@example.net: (retracted)\nbob@example.net: still here");
}

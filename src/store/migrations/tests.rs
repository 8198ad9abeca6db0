//! Databases of earlier releases, as those releases wrote them, open as if this one had written them.
//!
//! `tests/store/released` has a folder for each schema that was in a release, named by its number: the
//! real files, encrypted, a few hundred kilobytes. Before a release whose schema is new:
//! ```text
//! cargo test -p store keep_the_newest_schema -- --ignored
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::{Delivery, EncryptionKind, Timestamp};

use super::*;
use crate::testing::{Bench, answer_to, bob, ids, incoming, outgoing, reactor};
use crate::{Correction, DatabaseKey, NewMessage, NewReply, Reads, SearchRequest, Writer};

fn key() -> DatabaseKey {
    DatabaseKey::from_bytes([1; 32])
}

fn released() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/store/released")
}

fn folder_of(version: i64) -> PathBuf {
    released().join(format!("{version:04}"))
}

/// A little of everything. What is added here later stands in the databases of later releases only.
fn write_sample(folder: &Path) {
    let mut bench = Bench::with(Writer::create(folder, &key()).unwrap());
    let question = NewMessage { ids: ids("m1", "m1", "a1"), ..incoming(bench.bob, 1_000, "lunch at noon?") };
    let question = bench.insert(&question).id();
    let reply = NewReply { target: Some(question), ..answer_to("m1", "lunch") };
    let answer = NewMessage { reply: Some(reply), ..outgoing(bench.bob, 2_000, "yess") };
    let answer = bench.insert(&answer).id();
    let conversation = bench.bob;
    bench.write(|tx| {
        tx.advance_delivery(answer, &Delivery::Read)?;
        tx.set_reactions(question, &reactor(crate::testing::alice()), &["👍".into()], Timestamp(3_000))?;
        let correction = Correction {
            id: Some("c1".into()),
            time: Timestamp(4_000),
            text: "yes".into(),
            encryption: EncryptionKind::None,
        };
        tx.correct(answer, &correction)?;
        tx.set_nickname(&bob(), Some("Bob"))?;
        // Enough for the index to be written.
        for number in 0..500 {
            tx.insert_message(&incoming(conversation, 10_000 + number, &format!("北京 number {number}")))?;
        }
        Ok(())
    });
}

#[track_caller]
fn check_sample(writer: Writer) {
    writer.check_integrity().unwrap();
    let mut bench = Bench { writer, bob: model::ConversationId(1) };
    let transcript = bench.transcript();
    let lines: Vec<&str> = transcript.lines().collect();
    assert_eq!(lines[..2], ["Bob: lunch at noon? [👍 me]", "me: «lunch at noon?» yes"]);
    assert_eq!((lines.len(), bench.unread()), (502, 501));
    let request =
        |words: &str| SearchRequest { words: words.into(), conversation: None, before: None, limit: 9 };
    assert_eq!(bench.read(|reads| reads.search(&request("北京 499"))).hits.len(), 1);
    assert_eq!(bench.read(|reads| reads.search(&request("yess"))).hits.len(), 0);
    // It can be written on.
    bench.hears(20_000, "and so on");
    assert_eq!(bench.unread(), 502);
}

/// The definition of everything, by name.
fn schema(reads: Reads<'_>) -> Result<BTreeMap<String, String>, Error> {
    let mut statement =
        reads.connection.prepare("SELECT type || ' ' || name, ifnull(sql, '') FROM sqlite_schema")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[test]
fn databases_of_every_released_schema_open_and_become_the_newest() {
    let mut fresh = Writer::in_memory().unwrap();
    let fresh = fresh.write(|tx| schema(tx.reads())).unwrap();
    for version in 1..=newest() {
        let folder = tempfile::tempdir().unwrap();
        if folder_of(version).is_dir() {
            for file in std::fs::read_dir(folder_of(version)).unwrap() {
                let file = file.unwrap();
                std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
            }
        } else {
            assert_eq!(version, newest(), "schema {version} was released and its database is not kept");
            write_sample(folder.path());
        }
        let mut writer = Writer::open(folder.path(), &key()).unwrap();
        assert_eq!(writer.write(|tx| schema(tx.reads())).unwrap(), fresh, "schema {version}");
        check_sample(writer);
    }
}

#[test]
#[ignore = "writes into the source tree: run by hand before a release whose schema is new"]
fn keep_the_newest_schema() {
    let folder = folder_of(newest());
    assert!(!folder.exists(), "{} was released, it must not change", folder.display());
    let made = tempfile::tempdir().unwrap();
    write_sample(made.path());
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["history.db", "key"] {
        std::fs::copy(made.path().join(name), folder.join(name)).unwrap();
    }
}

#[test]
fn a_step_that_fails_leaves_the_schema_as_it_was() {
    let mut connection = Connection::open_in_memory().unwrap();
    // Something stands in the way of the first step, in its middle.
    connection.execute_batch("CREATE TABLE messages (id INTEGER)").unwrap();
    assert!(migrate(&mut connection).is_err());
    assert_eq!(version(&connection).unwrap(), 0);
    let tables: i64 =
        connection.query_one("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1);
}

#[test]
fn every_table_is_strict() {
    let mut writer = Writer::in_memory().unwrap();
    let loose: Vec<String> = writer
        .write(|tx| {
            let mut statement = tx.connection().prepare(
                "SELECT name FROM pragma_table_list
                 WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'words%'",
            )?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok::<_, Error>(rows.collect::<Result<_, _>>()?)
        })
        .unwrap();
    assert_eq!(loose, Vec::<String>::new());
}

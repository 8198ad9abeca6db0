//! What a commit promises, and every way in which a database may refuse to open.

use std::os::unix::fs::PermissionsExt;

use model::KeyFailure;

use super::*;
use crate::testing::{Bench, incoming, settings};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn key() -> DatabaseKey {
    DatabaseKey::from_bytes([7; 32])
}

/// A folder with a database of some pages, closed again.
fn written() -> tempfile::TempDir {
    let folder = folder();
    let mut bench = Bench::with(Writer::create(folder.path(), &key()).unwrap());
    for time in 0..50 {
        bench.hears(time, "what was written stays");
    }
    folder
}

#[track_caller]
fn refusal<T>(result: Result<T, Error>) -> model::Failure {
    match result {
        Ok(_) => panic!("it worked"),
        Err(error) => error.failure(),
    }
}

#[test]
fn what_was_written_is_there_when_it_is_opened_again() {
    let folder = written();
    let mut writer = Writer::open(folder.path(), &key()).unwrap();
    let (commit, list) = writer
        .write(|tx| Ok::<_, Error>((tx.reads().commit_number()?, tx.reads().conversations()?)))
        .unwrap();
    assert_eq!((commit, list[0].conversation.unread), (51, 50));
    writer.check_integrity().unwrap();
}

#[test]
fn only_what_writes_is_committed_and_numbered() {
    let mut bench = Bench::new();
    let number = |bench: &mut Bench| bench.write(|tx| Ok(tx.commit_number()));
    assert_eq!(number(&mut bench), 2);
    assert_eq!(number(&mut bench), 2);
    bench.write(|tx| tx.set_fact("a", Some(b"1")));
    assert_eq!(number(&mut bench), 3);
    bench.write(|tx| tx.set_fact("a", Some(b"1")));
    assert_eq!(number(&mut bench), 3, "nothing changed");
}

#[test]
fn what_fails_leaves_nothing() {
    let mut bench = Bench::new();
    let failed = bench.writer.write(|tx| {
        tx.set_fact("a", Some(b"1"))?;
        Err::<(), _>(Error::Closed)
    });
    assert!(failed.is_err());
    assert_eq!(bench.read(|reads| reads.fact("a")), None);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        bench.write::<()>(|tx| {
            tx.set_fact("a", Some(b"1"))?;
            panic!("in the middle")
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(bench.read(|reads| reads.fact("a")), None);
    bench.write(|tx| tx.set_fact("a", Some(b"2")));
}

#[test]
fn a_commit_that_fails_leaves_nothing_and_the_writer_goes_on() {
    let mut bench = Bench::new();
    bench.writer.fail_commits(StorageFailure::Full, 1);
    let failed = bench.writer.write(|tx| tx.set_fact("a", Some(b"1")));
    assert_eq!(refusal(failed), StorageFailure::Full.into());
    assert_eq!(bench.read(|reads| reads.fact("a")), None);
    let number = bench.write(|tx| tx.set_fact("a", Some(b"2")).map(|_| tx.commit_number()));
    assert_eq!(bench.read(|reads| reads.commit_number()), number);
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let folder = folder();
    let mut bench = Bench::with(Writer::create(folder.path(), &key()).unwrap());
    bench.hears(1, "before");
    bench.writer.limit_growth(2).unwrap();
    let message = incoming(bench.bob, 2, &"no room for this ".repeat(4000));
    let failed = bench.writer.write(|tx| tx.insert_message(&message));
    assert_eq!(refusal(failed), StorageFailure::Full.into());
    assert_eq!(bench.transcript(), "bob@example.net: before");
    bench.writer.limit_growth(100_000).unwrap();
    bench.hears(3, "after");
    drop(bench);
    let mut writer = Writer::open(folder.path(), &key()).unwrap();
    writer.check_integrity().unwrap();
    let list = writer.write(|tx| tx.reads().conversations()).unwrap();
    assert_eq!(list[0].last.as_ref().unwrap().text, "after");
}

#[test]
fn going_on_after_the_disk_ended_a_transaction_commits_nothing() {
    let mut bench = Bench::new();
    let result = bench.writer.write(|tx| {
        tx.set_fact("a", Some(b"1"))?;
        tx.connection().execute_batch("ROLLBACK")?;
        // As if the error of a statement had been swallowed.
        tx.set_fact("b", Some(b"2"))
    });
    assert_eq!(refusal(result), StorageFailure::Io.into());
    assert_eq!(bench.read(|reads| reads.fact("b")), None);
}

#[test]
fn one_process_has_a_folder_at_a_time() {
    let folder = written();
    let first = Writer::open(folder.path(), &key()).unwrap();
    assert_eq!(refusal(Writer::open(folder.path(), &key())), StorageFailure::InUse.into());
    assert_eq!(refusal(Writer::create(folder.path(), &key())), StorageFailure::InUse.into());
    drop(first);
    Writer::open(folder.path(), &key()).unwrap();
}

#[test]
fn a_database_is_never_made_over_another() {
    let folder = written();
    assert!(matches!(Writer::create(folder.path(), &DatabaseKey::generate()), Err(Error::Exists)));
    Writer::open(folder.path(), &key()).unwrap();
}

#[test]
fn only_its_owner_can_look_into_a_folder_and_the_file_says_nothing() {
    let parent = folder();
    let folder = parent.path().join("account");
    let mut bench = Bench::with(Writer::create(&folder, &key()).unwrap());
    bench.hears(1, "a very private message");
    drop(bench);
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
        let bytes = std::fs::read(path).unwrap();
        for word in [b"private".as_slice(), b"SQLite format", b"example.net"] {
            assert!(!bytes.windows(word.len()).any(|part| part == word));
        }
    }
}

#[test]
fn a_wrong_key_is_a_wrong_key_with_and_without_a_header() {
    let folder = written();
    let wrong = DatabaseKey::from_bytes([8; 32]);
    assert_eq!(refusal(Writer::open(folder.path(), &wrong)), KeyFailure::WrongKey.into());
    std::fs::remove_file(folder.path().join("key")).unwrap();
    assert_eq!(refusal(Writer::open(folder.path(), &wrong)), KeyFailure::WrongKey.into());
    // The right one proves itself, and the header comes back.
    Writer::open(folder.path(), &key()).unwrap();
    assert_eq!(KeyHeader::read(folder.path()).unwrap().unwrap().check(&key()), Ok(()));
}

#[test]
fn broken_pages_under_the_right_key_are_damage() {
    let folder = written();
    let path = database_path(folder.path());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100..4000].fill(0x55);
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(refusal(Writer::open(folder.path(), &key())), StorageFailure::Damaged.into());
    // The wrong key is still the wrong key.
    let wrong = DatabaseKey::from_bytes([8; 32]);
    assert_eq!(refusal(Writer::open(folder.path(), &wrong)), KeyFailure::WrongKey.into());
}

#[test]
fn a_page_broken_in_the_middle_is_damage_when_it_is_met() {
    let folder = written();
    let path = database_path(folder.path());
    let mut bytes = std::fs::read(&path).unwrap();
    let pages = bytes.len() / 4096;
    for page in 1..pages {
        bytes[page * 4096 + 9] ^= 0xff;
    }
    std::fs::write(&path, bytes).unwrap();
    let result = Writer::open(folder.path(), &key()).and_then(|writer| writer.check_integrity());
    assert_eq!(refusal(result), StorageFailure::Damaged.into());
}

#[test]
fn a_missing_database_is_not_made_anew_by_opening() {
    let folder = written();
    for name in ["history.db", "history.db-wal", "history.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(name));
    }
    assert_eq!(refusal(Writer::open(folder.path(), &key())), StorageFailure::Damaged.into());
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    let folder = written();
    let writer = Writer::open(folder.path(), &key()).unwrap();
    let newer = crate::migrations::newest() + 1;
    writer.connection.pragma_update(None, "user_version", newer).unwrap();
    drop(writer);
    assert_eq!(refusal(Writer::open(folder.path(), &key())), StorageFailure::TooNew.into());
}

#[test]
fn a_passphrase_can_be_changed_and_taken_off() {
    let folder = folder();
    KeyHeader::create(folder.path(), &key(), Some("one")).unwrap();
    let mut writer = Writer::create(folder.path(), &key()).unwrap();
    let opened = |passphrase| KeyHeader::read(folder.path()).unwrap().unwrap().unwrap_with(passphrase);
    assert_eq!(opened("one"), Ok(key()));
    writer.set_passphrase(Some("two")).unwrap();
    assert_eq!(opened("one"), Err(KeyFailure::WrongPassphrase));
    assert_eq!(opened("two"), Ok(key()));
    writer.set_passphrase(None).unwrap();
    assert!(!KeyHeader::read(folder.path()).unwrap().unwrap().is_wrapped());
}

#[test]
fn a_read_only_connection_says_so() {
    let mut bench = Bench::new();
    bench.writer.connection.pragma_update(None, "query_only", true).unwrap();
    let failed = bench.writer.write(|tx| tx.set_settings(&settings()));
    assert_eq!(refusal(failed), StorageFailure::ReadOnly.into());
}

#[test]
fn a_read_only_folder_says_so() {
    let folder = written();
    let set = |mode| std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    std::fs::remove_file(folder.path().join("lock")).unwrap();
    set(0o500);
    let opened = Writer::open(folder.path(), &key());
    let privileged = std::fs::write(folder.path().join("probe"), b"").is_ok();
    set(0o700);
    // Whoever may do everything is not stopped by permissions.
    if !privileged {
        assert_eq!(refusal(opened), StorageFailure::ReadOnly.into());
    }
}

#[test]
fn the_writer_syncs_every_commit() {
    let folder = written();
    let writer = Writer::open(folder.path(), &key()).unwrap();
    let ask =
        |name: &str| -> i64 { writer.connection.pragma_query_value(None, name, |row| row.get(0)).unwrap() };
    assert_eq!((ask("synchronous"), ask("foreign_keys"), ask("secure_delete")), (2, 1, 2));
    let mode: String = writer.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use super::*;
use crate::testing::{Bench, block_on, bob};
use crate::{Anchor, DatabaseKey, Writer};

fn newest(bench: &Bench) -> PageRequest {
    PageRequest { conversation: bench.bob, anchor: Anchor::Newest, limit: 50 }
}

#[track_caller]
fn on_disk(test: impl FnOnce(Bench, ReaderHandle)) {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::with(Writer::create(folder.path(), &DatabaseKey::generate()).unwrap());
    let reader = bench.writer.reader().unwrap();
    test(bench, reader);
}

#[test]
fn a_reader_sees_what_was_committed_and_its_number() {
    on_disk(|mut bench, reader| {
        for time in 1..20 {
            let id = bench.hears(time, "hello");
            let commit = bench.read(|reads| reads.commit_number());
            let page = block_on(reader.page(newest(&bench))).unwrap();
            assert_eq!((page.commit, page.messages.last().unwrap().id), (commit, id));
        }
    });
}

#[test]
fn a_reader_sees_nothing_that_is_not_committed() {
    on_disk(|mut bench, reader| {
        let request = newest(&bench);
        let message = crate::testing::incoming(bench.bob, 1, "not yet");
        let (seen, inside) = bench.write(|tx| {
            tx.insert_message(&message)?;
            Ok((block_on(reader.page(request))?, tx.commit_number()))
        });
        assert!(seen.messages.is_empty() && seen.commit < inside);
        assert_eq!(block_on(reader.page(request)).unwrap().commit, inside);
    });
}

#[test]
fn a_reader_in_memory_does_the_same() {
    let mut bench = Bench::new();
    let reader = bench.writer.reader().unwrap();
    let id = bench.hears(1, "hello");
    assert_eq!(block_on(reader.message(id)).unwrap().unwrap().id, id);
    assert_eq!(block_on(reader.conversation_with(bob())).unwrap(), Some(bench.bob));
    assert_eq!(block_on(reader.conversations()).unwrap().len(), 1);
}

#[test]
fn pages_are_whole_while_the_writer_writes() {
    on_disk(|mut bench, reader| {
        let request = newest(&bench);
        let reading = std::thread::spawn(move || {
            let mut last = 0;
            while last < 60 {
                let page = block_on(reader.page(request)).unwrap();
                assert!(page.commit >= last);
                // Each commit adds two messages: a page between them would show an odd number.
                assert_eq!(page.messages.len() % 2, 0);
                assert_eq!(page.messages.len(), 50.min((page.commit as usize - 1) * 2));
                last = page.commit;
            }
        });
        for time in 0..60 {
            let message = crate::testing::incoming(bench.bob, time, "twice");
            bench.write(|tx| {
                tx.insert_message(&message)?;
                tx.insert_message(&message)
            });
        }
        reading.join().unwrap();
    });
}

#[test]
fn a_closed_reader_says_so() {
    on_disk(|_, reader| {
        let other = reader.clone();
        reader.close();
        assert!(matches!(block_on(other.conversations()), Err(Error::Closed)));
    });
}

#[test]
fn a_closed_reader_has_closed_its_connection() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::with(Writer::create(folder.path(), &DatabaseKey::generate()).unwrap());
    let reader = bench.writer.reader().unwrap();
    bench.hears(1, "hello");
    block_on(reader.commit_number()).unwrap();
    drop(bench);
    let logs = || {
        let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().ends_with("-wal")).count()
    };
    // SQLite removes the log with the last connection.
    assert_eq!(logs(), 1);
    reader.close();
    assert_eq!(logs(), 0);
}

#[test]
fn a_question_nobody_waits_for_is_not_answered() {
    on_disk(|_, reader| {
        let (asked, was_asked) = std::sync::mpsc::channel();
        let (go, may_go) = std::sync::mpsc::channel::<()>();
        {
            // The first keeps the thread busy until the second was given up.
            let mut first = pin!(reader.ask(move |_, _| {
                let _ = may_go.recv();
                Ok(())
            }));
            let mut second = pin!(reader.ask(move |_, _| {
                let _ = asked.send(());
                Ok(())
            }));
            let mut context = Context::from_waker(Waker::noop());
            assert!(first.as_mut().poll(&mut context).is_pending());
            assert!(second.as_mut().poll(&mut context).is_pending());
        }
        go.send(()).unwrap();
        block_on(reader.commit_number()).unwrap();
        assert!(was_asked.try_recv().is_err());
    });
}

#[test]
fn a_reader_cannot_write() {
    on_disk(|_, reader| {
        let refused = block_on(reader.ask(|reads, _| {
            Ok(reads.connection.execute("DELETE FROM account", []).map(drop).map_err(Error::from))
        }));
        let failure = refused.unwrap().unwrap_err().storage_failure();
        assert_eq!(failure, model::StorageFailure::ReadOnly);
    });
}

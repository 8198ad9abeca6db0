//! Files of messages in the database, and the rows that send them.

use model::{FileKind, FileSettings};

use super::*;
use crate::testing::{Bench, outgoing};
use crate::{PageRequest, SharedFilesRequest};

fn picture(name: &str) -> NewAttachment {
    NewAttachment {
        name: FileName::new(name),
        media_type: "image/jpeg".to_owned(),
        is_voice: false,
        size: Some(1_000),
        description: Some("Boats".to_owned()),
        facts: FileFacts { dimensions: Some((40, 30)), thumbhash: Some(vec![1; 20]), ..FileFacts::default() },
        transfer: Transfer::Offered,
        remote: RemoteFile {
            addresses: vec!["https://a.example/1".to_owned(), "https://b.example/1".to_owned()],
            cipher: FileCipher::Gcm { key: Zeroizing::new(vec![1; 32]), iv: vec![2; 12] },
            hash: Some(Digest::Sha512([3; 64])),
        },
        origin: None,
    }
}

#[test]
fn a_file_reads_as_it_was_written() {
    let mut bench = Bench::new();
    let message = bench.hears(1, "");
    let new = picture("boats.jpg");
    let id = bench.write(|tx| tx.insert_attachment(message, &new));
    let stored = bench.read(|reads| reads.attachment(id)).unwrap();
    assert_eq!((stored.remote, stored.conversation), (new.remote, bench.bob));
    assert_eq!(stored.attachment.dimensions, Some((40, 30)));
    let shown = bench.read(|reads| reads.messages(&[message])).remove(0);
    assert_eq!(shown.attachments, [stored.attachment]);
    let list = bench.read(|reads| reads.conversations()).remove(0);
    let files = list.last.unwrap().files.unwrap();
    assert_eq!((files.kind, files.name.as_str(), files.count), (FileKind::Picture, "boats.jpg", 1));
}

#[test]
fn every_state_reads_as_it_was_written() {
    use TransferFailure as F;
    let mut bench = Bench::new();
    let message = bench.hears(1, "");
    let id = bench.write(|tx| tx.insert_attachment(message, &picture("a")));
    let failures = [
        F::Cancelled,
        F::NotReadable,
        F::NoService,
        F::TooLarge(7),
        F::Refused,
        F::Expired,
        F::LargerThanSaid,
        F::NotGenuine,
        F::UnsafePlace,
        F::Unreachable,
        F::DiskFull,
        F::UnknownEncryption,
    ];
    let states =
        [Transfer::Preparing, Transfer::Uploading, Transfer::Downloading, Transfer::Here, Transfer::Offered];
    for state in states.into_iter().chain(failures.map(Transfer::Failed)) {
        assert!(bench.write(|tx| tx.set_transfer(id, state)), "{state:?}");
        assert!(!bench.write(|tx| tx.set_transfer(id, state)), "{state:?} twice");
        assert_eq!(bench.read(|reads| reads.attachment(id)).unwrap().attachment.transfer, state);
    }
}

#[test]
fn containers_that_nobody_names_are_told() {
    let mut bench = Bench::new();
    let [first, second, third] = [1, 2, 3].map(|time| bench.hears(time, "words"));
    let keep = |bench: &mut Bench, message, name: &str| {
        bench.write(|tx| {
            let id = tx.insert_attachment(message, &picture(name))?;
            tx.set_container(id, Some((name, &FileKey::new([4; 32]))))?;
            tx.set_transfer(id, Transfer::Here)?;
            Ok(id)
        })
    };
    keep(&mut bench, first, "a");
    keep(&mut bench, second, "b");
    let freed = keep(&mut bench, third, "c");
    assert!(bench.read(|reads| reads.discarded_files()).is_empty());
    assert_eq!(bench.read(|reads| reads.storage_use())[0].bytes, 3_000);

    bench.write(|tx| tx.retract(first));
    bench.write(|tx| tx.set_container(freed, None));
    assert_eq!(bench.read(|reads| reads.discarded_files()), ["a", "c"]);
    assert!(bench.read(|reads| reads.messages(&[first]))[0].attachments.is_empty());
    bench.write(|tx| tx.file_deleted("a"));
    let bob = bench.bob;
    bench.write(|tx| tx.delete_conversation_piece(bob, 100));
    assert_eq!(bench.read(|reads| reads.discarded_files()), ["b", "c"]);
}

#[test]
fn only_what_is_here_can_be_opened() {
    let mut bench = Bench::new();
    let message = bench.hears(1, "");
    let id = bench.write(|tx| tx.insert_attachment(message, &picture("a.jpg")));
    bench.write(|tx| tx.set_container(id, Some(("c", &FileKey::new([4; 32])))));
    for state in [Transfer::Offered, Transfer::Downloading, Transfer::Failed(TransferFailure::NotGenuine)] {
        bench.write(|tx| tx.set_transfer(id, state));
        assert_eq!(bench.read(|reads| reads.file(id)), None, "{state:?}");
    }
    bench.write(|tx| tx.set_transfer(id, Transfer::Here));
    let (file, name) = bench.read(|reads| reads.file(id)).unwrap();
    assert_eq!(name.as_str(), "a.jpg");
    assert!(matches!(file, files::FileAtRest::Kept { path, .. } if path.ends_with("files/c")));
}

#[test]
fn an_own_file_keeps_its_bytes_until_it_is_ready() {
    let mut bench = Bench::new();
    let message = bench.insert(&outgoing(bench.bob, 1, "")).id();
    let wish = Wish { strip_metadata: true, longest_side: Some(1_280) };
    let origin = FileOrigin { source: FileSource::Bytes(b"pixels".as_slice().into()), wish };
    let new =
        NewAttachment { origin: Some(origin.clone()), transfer: Transfer::Preparing, ..picture("a.png") };
    let id = bench.write(|tx| tx.insert_attachment(message, &new));
    assert_eq!(bench.read(|reads| reads.attachment(id)).unwrap().origin, Some(origin));
    let prepared = Prepared {
        media_type: "image/png".to_owned(),
        size: 6,
        picture: None,
        extension: None,
        is_kept: true,
    };
    bench.write(|tx| tx.set_prepared(id, &FileName::new("b.png"), &prepared));
    let stored = bench.read(|reads| reads.attachment(id)).unwrap();
    assert_eq!((stored.origin, stored.attachment.size), (None, Some(6)));
}

#[test]
fn shared_files_come_by_kind_and_page() {
    let mut bench = Bench::new();
    for number in 0..5 {
        let message = bench.hears(number, "");
        let media_type = if number % 2 == 0 { "image/png" } else { "text/plain" };
        let new = NewAttachment { media_type: media_type.to_owned(), ..picture(&format!("{number}")) };
        bench.write(|tx| tx.insert_attachment(message, &new));
    }
    let mut request = SharedFilesRequest {
        conversation: Some(bench.bob),
        kind: Some(FileKind::Picture),
        before: None,
        limit: 2,
    };
    let names = |bench: &mut Bench, request: &SharedFilesRequest| -> Vec<String> {
        let files = bench.read(|reads| reads.shared_files(request));
        files.iter().map(|file| file.attachment.name.to_string()).collect()
    };
    assert_eq!(names(&mut bench, &request), ["4", "2"]);
    let last = bench.read(|reads| reads.shared_files(&request)).pop().unwrap();
    request.before = Some((last.time, last.attachment.id));
    assert_eq!(names(&mut bench, &request), ["0"]);
    request = SharedFilesRequest { kind: Some(FileKind::Other), before: None, limit: 9, ..request };
    assert_eq!(names(&mut bench, &request), ["3", "1"]);
}

#[test]
fn settings_read_as_they_were_written() {
    let mut bench = Bench::new();
    let settings = FileSettings {
        fetch_pictures: 1,
        fetch_audio: 2,
        fetch_videos: u64::MAX,
        fetch_others: 0,
        fetch_from: model::FetchFrom::Verified,
        strip_metadata: false,
    };
    assert_ne!(bench.read(|reads| reads.file_settings()), settings);
    bench.write(|tx| tx.set_file_settings(&settings));
    let settings = FileSettings { fetch_videos: i64::MAX as u64, ..settings };
    assert_eq!(bench.read(|reads| reads.file_settings()), settings);
}

#[test]
fn an_answer_shows_the_file_it_answers() {
    let mut bench = Bench::new();
    let message = bench.hears(1, "");
    bench.write(|tx| tx.insert_attachment(message, &picture("boats.jpg")));
    let mut answer = outgoing(bench.bob, 2, "Where is that?");
    answer.reply = Some(crate::NewReply {
        target: Some(message),
        target_id: "1".to_owned(),
        target_sender: None,
        fallback: String::new(),
    });
    bench.insert(&answer);
    let request = PageRequest { conversation: bench.bob, anchor: crate::Anchor::Newest, limit: 10 };
    let quote = bench.read(|reads| reads.page(&request)).messages.pop().unwrap().reply.unwrap();
    assert_eq!(quote.files.unwrap().name.as_str(), "boats.jpg");
}

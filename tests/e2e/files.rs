//! Files between two people: through a real server's place for files, over links that break, plain and encrypted.

use std::{
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use model::{
    AccountCommand, Answer, Attachment, AttachmentId, BareJid, Content, Delivery, Direction, EncryptionKind,
    ExportTo, FileSettings, FileSource, Message, OutgoingFile, OutgoingFiles, Request, Transfer,
    TransferFailure,
};
use tests::peer::{Peer, Versions};
use tests::{
    Person, Prosody, Server, befriend, befriend_peer, know_devices, person::block_on, publish_device, wait,
};

on_every_server! {
    a_file_goes_from_one_to_the_other_in_the_clear
    a_file_goes_from_one_to_the_other_encrypted
    a_picture_is_fetched_by_itself_from_friends_and_not_from_strangers
    what_was_changed_on_the_server_is_never_shown
    a_link_that_has_expired_says_so
    names_that_would_do_harm_do_none
    another_program_sends_and_gets_files_in_the_clear
    another_program_sends_and_gets_files_with_the_older_version
    another_program_sends_and_gets_files_with_version_two
    a_file_of_unknown_size_is_fetched_by_itself_within_its_limit
}

/// A file of random-looking bytes, the same for the same seed.
pub fn content(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend((state >> 24).to_le_bytes().iter().take(5));
    }
    bytes.truncate(length);
    bytes
}

/// The same in a folder.
pub fn written(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::File::create(&path).expect("a file").write_all(bytes).expect("room");
    path
}

/// A file to send.
pub fn file(source: FileSource, name: Option<&str>) -> OutgoingFile {
    OutgoingFile {
        source,
        name: name.map(str::to_owned),
        strip_metadata: true,
        longest_side: None,
        voice: None,
    }
}

/// Sends files.
pub fn send(person: &Person, to: &Person, files: Vec<OutgoingFile>, caption: &str) {
    send_to(person, &to.address, files, caption);
}

/// Sends files to somebody of whom the address is known.
pub fn send_to(person: &Person, to: &BareJid, files: Vec<OutgoingFile>, caption: &str) {
    let conversation = person.conversation(to);
    let outgoing = OutgoingFiles { files, caption: caption.to_owned(), reply_to: None };
    person.command(AccountCommand::SendFiles(conversation, outgoing));
}

/// Waits until a file with this name came as far as `transfer`.
#[track_caller]
pub fn waits_for_file(
    person: &Person,
    with: &Person,
    name: &str,
    transfer: Transfer,
) -> (Message, Attachment) {
    waits_for_file_with(person, &with.address, name, transfer)
}

/// The same with somebody of whom the address is known.
#[track_caller]
pub fn waits_for_file_with(
    person: &Person,
    with: &BareJid,
    name: &str,
    transfer: Transfer,
) -> (Message, Attachment) {
    let fits = |file: &&Attachment| file.name.as_str() == name && file.transfer == transfer;
    let message = person.waits_for(with, &format!("{name} to be {transfer:?}"), |message| {
        message.attachments.iter().any(|file| fits(&file))
    });
    let attachment = message.attachments.iter().find(fits).expect("the file").clone();
    (message, attachment)
}

/// What is in a file that is here.
pub fn bytes_of(person: &Person, file: AttachmentId) -> Vec<u8> {
    let (at_rest, _) = block_on(person.reader().file(file)).expect("readable").expect("a file that is here");
    let mut bytes = Vec::new();
    at_rest.open().expect("a whole file").read_to_end(&mut bytes).expect("readable");
    bytes
}

fn fetch_nothing(person: &Person) {
    person.command(AccountCommand::SetFileSettings(FileSettings {
        fetch_pictures: 0,
        ..block_on(person.reader().file_settings()).expect("settings")
    }));
}

/// Alice and Bob, befriended, and whether they know each other's devices.
pub fn two(server: &impl Server, encrypted: bool) -> (Person, Person) {
    let alice = Person::new(server, "alice");
    let bob = Person::new(server, "bob");
    if encrypted {
        publish_device(&alice);
        publish_device(&bob);
    }
    befriend(&alice, &bob);
    if encrypted {
        know_devices(&alice, &bob);
    } else {
        for (person, other) in [(&alice, &bob), (&bob, &alice)] {
            let conversation = person.conversation(&other.address);
            person.command(AccountCommand::SetEncryption(conversation, false));
        }
    }
    (alice, bob)
}

/// Nothing of these bytes stands in any file below a folder.
#[track_caller]
fn assert_not_below(folder: &Path, bytes: &[u8]) {
    let mark = &bytes[bytes.len() / 2..][..64];
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            assert_not_below(&path, bytes);
        } else if let Ok(there) = std::fs::read(&path) {
            assert!(!there.windows(mark.len()).any(|window| window == mark), "{}", path.display());
        }
    }
}

fn a_file_goes_from_one_to_the_other_in_the_clear(server: impl Server) {
    goes_from_one_to_the_other(&server, false);
}

fn a_file_goes_from_one_to_the_other_encrypted(server: impl Server) {
    goes_from_one_to_the_other(&server, true);
}

#[test]
fn the_server_learns_nothing_of_an_encrypted_file() {
    for encrypted in [false, true] {
        let server = Prosody::start_tapped();
        goes_from_one_to_the_other(&server, encrypted);
        let wire = String::from_utf8_lossy(&server.wire()).into_owned();
        assert_eq!(wire.contains("mark-name-of-a-file"), !encrypted, "what the file is called");
        assert_eq!(wire.contains("mark-caption"), !encrypted, "what was said of it");
        assert!(wire.contains("urn:xmpp:http:upload:0"), "the wire is looked at");
    }
}

fn goes_from_one_to_the_other(server: &impl Server, encrypted: bool) {
    let (alice, bob) = two(server, encrypted);
    let bytes = content(700_001, 1);
    let folder = tempfile::tempdir().expect("a folder");
    let path = written(folder.path(), "mark-name-of-a-file.bin", &bytes);
    send(&alice, &bob, vec![file(FileSource::Path(path), None)], "mark-caption");

    let (offered, attachment) = waits_for_file(&bob, &alice, "mark-name-of-a-file.bin", Transfer::Offered);
    assert_eq!(offered.content, Content::Text(String::new()));
    assert_eq!(attachment.size, Some(700_001));
    let kind = if encrypted { EncryptionKind::Omemo } else { EncryptionKind::None };
    assert_eq!(offered.encryption, kind);
    bob.hears(&alice.address, "mark-caption");
    assert_eq!(block_on(bob.reader().file(attachment.id)).expect("readable"), None);
    bob.command(AccountCommand::Download(attachment.id));
    let (_, here) = waits_for_file(&bob, &alice, "mark-name-of-a-file.bin", Transfer::Here);
    assert!(bytes_of(&bob, here.id) == bytes);

    let (own, sent) = waits_for_file(&alice, &bob, "mark-name-of-a-file.bin", Transfer::Here);
    assert!(bytes_of(&alice, sent.id) == bytes);
    alice.waits_for(&bob.address, "the file to be delivered", |message| {
        message.id == own.id && message.delivery == Delivery::Delivered
    });

    for person in [&alice, &bob] {
        assert_not_below(person.folder(), &bytes);
    }
    let is_on_the_server = std::cell::Cell::new(false);
    on_the_server(server, |path| {
        let there = std::fs::read(path).expect("readable");
        is_on_the_server.set(is_on_the_server.get() || there == bytes);
    });
    assert_eq!(is_on_the_server.get(), !encrypted);

    let target = tempfile::tempdir().expect("a folder");
    let to = ExportTo::Folder(target.path().to_owned());
    let answer = block_on(bob.session.ask(Request::ExportFile(bob.account, here.id, to)));
    let Ok(Answer::File(exported)) = answer else { panic!("{answer:?}") };
    assert_eq!(exported, target.path().join("mark-name-of-a-file.bin"));
    assert!(std::fs::read(exported).expect("the export") == bytes);
}

fn a_picture_is_fetched_by_itself_from_friends_and_not_from_strangers(server: impl Server) {
    let (alice, bob) = two(&server, true);
    let carol = Person::new(&server, "carol");
    let picture = include_bytes!("../../data/screenshots/main.png").to_vec();
    let source = || FileSource::Bytes(picture.clone().into());
    send(&alice, &bob, vec![file(source(), Some("boats.png"))], "");
    let (message, here) = waits_for_file(&bob, &alice, "boats.png", Transfer::Here);
    assert_eq!((here.media_type.as_str(), message.direction), ("image/png", Direction::Incoming));
    assert!(here.dimensions.is_some() && here.thumbhash.is_some());
    send(&carol, &bob, vec![file(source(), Some("bait.png"))], "Hello Bob");
    bob.hears(&carol.address, "Hello Bob");
    waits_for_file(&bob, &carol, "bait.png", Transfer::Offered);
}

fn what_was_changed_on_the_server_is_never_shown(server: impl Server) {
    let (alice, bob) = two(&server, true);
    fetch_nothing(&bob);
    let bytes = content(200_000, 4);
    send(&alice, &bob, vec![file(FileSource::Bytes(bytes.into()), Some("forged.bin"))], "");
    let (_, offered) = waits_for_file(&bob, &alice, "forged.bin", Transfer::Offered);
    let changed = on_the_server(&server, |path| {
        let mut there = std::fs::read(path).expect("readable");
        there[100_000] ^= 1;
        std::fs::write(path, there).expect("writable");
    });
    assert_eq!(changed, 1);
    bob.command(AccountCommand::Download(offered.id));
    let failed = Transfer::Failed(TransferFailure::NotGenuine);
    let (_, failed) = waits_for_file(&bob, &alice, "forged.bin", failed);
    assert_eq!(block_on(bob.reader().file(failed.id)).expect("readable"), None);
    wait::until("nothing of it to be left", || kept_files(&bob).is_empty().then_some(()));
}

fn a_link_that_has_expired_says_so(server: impl Server) {
    let (alice, bob) = two(&server, false);
    send(&alice, &bob, vec![file(FileSource::Bytes(b"words".as_slice().into()), Some("gone.txt"))], "");
    let (_, offered) = waits_for_file(&bob, &alice, "gone.txt", Transfer::Offered);
    on_the_server(&server, |path| std::fs::remove_file(path).expect("removed"));
    bob.command(AccountCommand::Download(offered.id));
    waits_for_file(&bob, &alice, "gone.txt", Transfer::Failed(TransferFailure::Expired));
}

/// Does something to every file that the server has, and says how many there are.
fn on_the_server(server: &impl Server, mut each: impl FnMut(&Path)) -> usize {
    fn visit(folder: &Path, each: &mut impl FnMut(&Path)) -> usize {
        let mut count = 0;
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                count += visit(&path, each);
            } else {
                each(&path);
                count += 1;
            }
        }
        count
    }
    visit(&server.files(), &mut each)
}

/// What a person's device keeps of files, as it stands on the disk.
fn kept_files(person: &Person) -> Vec<PathBuf> {
    let accounts = person.folder().join("accounts").join(person.account.to_string()).join("files");
    std::fs::read_dir(accounts)
        .map(|files| files.flatten().map(|file| file.path()).collect())
        .unwrap_or_default()
}

fn names_that_would_do_harm_do_none(server: impl Server) {
    let (alice, bob) = two(&server, true);
    let long = "x".repeat(4_096);
    for (hostile, safe) in [
        ("../../../../tmp/evil.txt", "evil.txt"),
        ("pay\u{202e}fdp.exe", "payfdp.exe"),
        ("nul.txt", "_nul.txt"),
        (long.as_str(), &long[..200]),
    ] {
        send(&alice, &bob, vec![file(FileSource::Bytes(b"x".as_slice().into()), Some(hostile))], "");
        waits_for_file(&bob, &alice, safe, Transfer::Offered);
    }
}

fn another_program_sends_and_gets_files_in_the_clear(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let mut peer = Peer::start(&server, "robin");
    talk_in_files(&alice, &mut peer, "message https://", "0066");
}

fn another_program_sends_and_gets_files_with_the_older_version(server: impl Server) {
    let alice = Person::new(&server, "alice");
    server.register("robin");
    let mut peer = Peer::sealed(&server, "robin", "desk", Versions::Legacy);
    talk_in_files(&alice, &mut peer, "legacy message aesgcm://", "0454");
}

fn another_program_sends_and_gets_files_with_version_two(server: impl Server) {
    let alice = Person::new(&server, "alice");
    server.register("robin");
    let mut peer = Peer::sealed(&server, "robin", "desk", Versions::Two);
    talk_in_files(&alice, &mut peer, "two message aesgcm://", "0448");
}

/// Alice and somebody with another program send each other a file, told of in this form.
fn talk_in_files(alice: &Person, peer: &mut Peer, heard: &str, form: &str) {
    let robin: BareJid = "robin@localhost".parse().expect("an address");
    befriend_peer(alice, &robin);
    let conversation = alice.conversation(&robin);
    let source = FileSource::Bytes(b"words in a file".as_slice().into());
    let outgoing =
        OutgoingFiles { files: vec![file(source, Some("ours.txt"))], caption: String::new(), reply_to: None };
    alice.command(AccountCommand::SendFiles(conversation, outgoing));
    peer.expect_start(heard);
    peer.tell("get localhost");
    peer.expect(&format!("got {form} words in a file"));

    peer.tell("put alice@localhost words of another program");
    let message = alice.waits_for(&robin, "a file", |message| {
        message.direction == Direction::Incoming && !message.attachments.is_empty()
    });
    let is_encrypted = message.encryption != EncryptionKind::None;
    assert_eq!(is_encrypted, form != "0066");
    let id = message.attachments[0].id;
    alice.command(AccountCommand::Download(id));
    alice.waits_for(&robin, "the file to be here", |message| {
        message.attachments.iter().any(|file| file.id == id && file.transfer == Transfer::Here)
    });
    assert_eq!(bytes_of(alice, id), b"words of another program");
}

fn a_file_of_unknown_size_is_fetched_by_itself_within_its_limit(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let mut peer = Peer::start(&server, "robin");
    let robin: BareJid = "robin@localhost".parse().expect("an address");
    befriend_peer(&alice, &robin);
    let settings = block_on(alice.reader().file_settings()).expect("settings");
    for (limit, count) in [(10, 1), (100, 2)] {
        alice.command(AccountCommand::SetFileSettings(FileSettings { fetch_others: limit, ..settings }));
        wait::until("the new limit", || {
            block_on(alice.reader().file_settings()).ok().filter(|kept| kept.fetch_others == limit)
        });
        peer.tell("put alice@localhost twenty and one bytes.");
        wait::until("the file to come", || (alice.messages(&robin, 50).len() == count).then_some(()));
    }
    let transfers = || -> Vec<Transfer> {
        let messages = alice.messages(&robin, 50);
        messages.iter().flat_map(|message| &message.attachments).map(|file| file.transfer).collect()
    };
    wait::until("the second file alone to be here", || {
        (transfers() == [Transfer::Offered, Transfer::Here]).then_some(())
    });
}

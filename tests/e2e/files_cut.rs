//! Files over links that break in the middle, and devices that are killed there.
//!
//! The middle is a number of bytes that passed: when the link stalls there, the file can be neither at its beginning nor at
//! its end, however slow the machine.

use std::path::Path;

use model::{AccountCommand, Attachment, FileSource, Transfer, TransferFailure};
use tests::person::block_on;
use tests::{FilesAct, FilesDevice, FilesHome, Person, Server, befriend, publish_device, wait};

use crate::files::{
    bytes_of, content, file, send, send_to, two, waits_for_file, waits_for_file_with, written,
};

/// How long the file is, and where the link stalls.
const LENGTH: usize = 9_000_000;
const MIDDLE: u64 = 4_000_000;
/// So much is on the disk before a device is killed amid a download.
const BEGUN: u64 = 1_000_000;

macro_rules! with_files_behind_a_cutter_on_every_server {
    ($($story:ident)*) => {
        mod prosody {
            $(#[test] fn $story() { super::$story::<tests::Prosody>(); })*
        }
        mod ejabberd {
            $(#[test] fn $story() { super::$story::<tests::Ejabberd>(); })*
        }
    };
}

with_files_behind_a_cutter_on_every_server! {
    a_link_that_breaks_amid_a_file_is_gone_on_with
    a_device_that_is_killed_amid_an_upload_sends_it_when_it_is_back
    a_device_that_is_killed_amid_a_download_has_it_when_it_is_back
    what_is_stopped_is_not_sent_until_the_user_tries_again
}

fn a_link_that_breaks_amid_a_file_is_gone_on_with<S: Server>() {
    for encrypted in [false, true] {
        let (server, cutter) = S::start_with_files_behind_a_cutter();
        let (alice, bob) = two(&server, encrypted);
        let bytes = content(LENGTH, 2);
        cutter.stall_after(MIDDLE);
        send(&alice, &bob, vec![file(FileSource::Bytes(bytes.clone().into()), Some("large.bin"))], "");
        cutter.waits_to_stall();
        waits_for_file(&alice, &bob, "large.bin", Transfer::Uploading);
        cutter.cut_and_mend();
        let (_, offered) = waits_for_file(&bob, &alice, "large.bin", Transfer::Offered);
        cutter.stall_after(MIDDLE);
        bob.command(AccountCommand::Download(offered.id));
        cutter.waits_to_stall();
        waits_for_file(&bob, &alice, "large.bin", Transfer::Downloading);
        cutter.cut_and_mend();
        let (_, here) = waits_for_file(&bob, &alice, "large.bin", Transfer::Here);
        assert!(bytes_of(&bob, here.id) == bytes);
        assert_eq!(bob.messages(&alice.address, 50).len(), 1, "it came once");
    }
}

fn a_device_that_is_killed_amid_an_upload_sends_it_when_it_is_back<S: Server>() {
    for encrypted in [false, true] {
        let (server, cutter) = S::start_with_files_behind_a_cutter();
        let killed = Killed::new(&server, encrypted);
        let bytes = content(LENGTH, 3);
        let path = written(killed.alice.folder.path(), "large.bin", &bytes);
        cutter.stall_after(MIDDLE);
        let device = killed.start(FilesAct::Send(&path));
        cutter.waits_to_stall();
        device.kill();
        cutter.cut_and_mend();
        let device = killed.start(FilesAct::Send(&path));
        let offered = killed.bob_has("large.bin", Transfer::Offered);
        device.kill();
        killed.bob.command(AccountCommand::Download(offered.id));
        let here = killed.bob_has("large.bin", Transfer::Here);
        assert!(bytes_of(&killed.bob, here.id) == bytes);
        assert_eq!(killed.bob.messages(&killed.alice.address, 50).len(), 1, "it came once");
    }
}

fn a_device_that_is_killed_amid_a_download_has_it_when_it_is_back<S: Server>() {
    for encrypted in [false, true] {
        let (server, cutter) = S::start_with_files_behind_a_cutter();
        let killed = Killed::new(&server, encrypted);
        let bytes = content(LENGTH, 4);
        let large = file(FileSource::Bytes(bytes.clone().into()), Some("large.bin"));
        send_to(&killed.bob, &killed.alice.address, vec![large], "");
        killed.bob_has("large.bin", Transfer::Here);
        let target = killed.alice.folder.path().join("exported");
        cutter.stall_after(MIDDLE);
        let device = killed.start(FilesAct::Fetch(&target));
        cutter.waits_to_stall();
        wait::until("some of it to be on the disk", || (killed.alice.kept() >= BEGUN).then_some(()));
        device.kill();
        cutter.cut_and_mend();
        let before = cutter.passed();
        let device = killed.start(FilesAct::Fetch(&target));
        let exported = wait::until("the file to be exported", || {
            std::fs::read(&target).ok().filter(|exported| exported.len() == LENGTH)
        });
        device.kill();
        assert!(exported == bytes);
        if S::GIVES_PARTS_OF_FILES {
            assert!(cutter.passed() - before < LENGTH as u64, "it went on where it was");
        }
    }
}

fn what_is_stopped_is_not_sent_until_the_user_tries_again<S: Server>() {
    let (server, cutter) = S::start_with_files_behind_a_cutter();
    let (alice, bob) = two(&server, true);
    let bytes = content(LENGTH, 5);
    cutter.stall_after(MIDDLE);
    send(&alice, &bob, vec![file(FileSource::Bytes(bytes.clone().into()), Some("regret.bin"))], "");
    cutter.waits_to_stall();
    let (_, uploading) = waits_for_file(&alice, &bob, "regret.bin", Transfer::Uploading);
    alice.command(AccountCommand::CancelTransfer(uploading.id));
    waits_for_file(&alice, &bob, "regret.bin", Transfer::Failed(TransferFailure::Cancelled));
    cutter.cut_and_mend();
    alice.say(&bob.address, "Something else");
    bob.hears(&alice.address, "Something else");
    assert_eq!(bob.messages(&alice.address, 50).len(), 1);
    alice.command(AccountCommand::RetryTransfer(uploading.id));
    let (_, offered) = waits_for_file(&bob, &alice, "regret.bin", Transfer::Offered);
    bob.command(AccountCommand::Download(offered.id));
    let (_, here) = waits_for_file(&bob, &alice, "regret.bin", Transfer::Here);
    assert!(bytes_of(&bob, here.id) == bytes);
}

/// Alice's device, a process that can be killed, and Bob, her friend.
struct Killed {
    alice: FilesHome,
    bob: Person,
}

impl Killed {
    fn new(server: &impl Server, encrypted: bool) -> Self {
        let bob = Person::new(server, "bob");
        let password = server.register("alice");
        let friend = Person::sign_in(server, "alice", &password, server.direct_tls_port());
        publish_device(&friend);
        publish_device(&bob);
        befriend(&friend, &bob);
        bob.command(AccountCommand::SetEncryption(bob.conversation(&friend.address), encrypted));
        let alice = FilesHome::new(server, &friend.address, &password, &bob.address, encrypted);
        let killed = Self { alice, bob };
        // It signs in, and what it tells of itself is known, before anything is measured.
        let device = killed.start(FilesAct::Idle);
        wait::until("both devices of Alice to be known", || {
            let devices = block_on(killed.bob.reader().devices(friend.address.clone())).ok()?;
            (devices.iter().filter(|device| device.versions.len() == 2).count() == 2).then_some(())
        });
        device.kill();
        killed
    }

    fn start(&self, act: FilesAct<'_>) -> FilesDevice {
        self.alice.start(Path::new(env!("CARGO_BIN_EXE_soak")), act)
    }

    #[track_caller]
    fn bob_has(&self, name: &str, transfer: Transfer) -> Attachment {
        waits_for_file_with(&self.bob, &self.alice.address, name, transfer).1
    }
}

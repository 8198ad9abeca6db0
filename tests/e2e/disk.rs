//! A disk that is full, or that says that it could not write: nothing leaves that is not kept, and when the disk works
//! again everything goes on, once and in order.
//!
//! strace lets the system calls of a real device fail, so that the failure takes the way it takes on a bad day: from the
//! kernel through SQLite to the account, which begins anew from what is on the disk.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use model::BareJid;
use tests::{Person, Prosody, befriend};

use crate::durability::{Call, calls, strace};

/// How many messages the device sends.
const MESSAGES: usize = 12;
/// More than a TLS alert or the end of a stream: this is a stanza.
const STANZA: usize = 100;

#[test]
fn a_full_disk_sends_nothing_that_is_not_kept_and_goes_on_later() {
    // Each message takes a dozen writes to the log or more.
    survive("pwrite64:error=ENOSPC:when=150..152");
}

#[test]
fn a_sync_that_fails_sends_nothing_that_is_not_kept_and_goes_on_later() {
    survive("fdatasync,fsync:error=EIO:when=12..14");
}

fn survive(fault: &str) {
    let server = Prosody::start();
    let bob = Person::new(&server, "bob");
    let password = server.register("alice");
    let alice = Person::sign_in(&server, "alice", &password, server.direct_tls_port());
    befriend(&alice, &bob);
    let address = alice.address.clone();
    assert!(alice.session.end(std::time::Duration::from_secs(5)));
    let folder = tempfile::tempdir().expect("a folder");
    // The account is there before the disk fails.
    let signed_in =
        device(Command::new(env!("CARGO_BIN_EXE_soak")), &server, &password, folder.path(), &bob.address, 0);
    assert!(signed_in, "the device could not sign in");

    let trace = folder.path().join("trace");
    let strace = strace(&trace, &["-e", &format!("inject={fault}")]);
    assert!(device(strace, &server, &password, folder.path(), &bob.address, MESSAGES), "the device gave up");

    let text = std::fs::read_to_string(&trace).expect("a trace");
    let (before, _) = text.split_once("(INJECTED)").expect("the disk never failed");
    assert!(before.contains("/marker-"), "the disk failed before there was anything to lose");
    let mut kept = true;
    for call in calls(&text) {
        match call {
            Call::LogWritten => kept = false,
            Call::LogSynced => kept = true,
            Call::SocketWritten(length) => {
                assert!(kept || length < STANZA, "{length} bytes left that are not kept");
            }
            Call::Marker => {}
        }
    }
    bob.hears(&address, &format!("alice {}", MESSAGES - 1));
    let expected: Vec<String> = (0..MESSAGES).map(|number| format!("< alice {number}")).collect();
    assert_eq!(bob.transcript(&address), expected);
}

#[test]
fn a_home_that_cannot_be_written_is_said_and_nothing_is_made_anew() {
    let server = Prosody::start();
    let password = server.register("alice");
    let home = tempfile::tempdir().expect("a folder");
    // Permissions stop nobody who may do everything, so a copy of the device runs as somebody who may not.
    let program = home.path().join("device");
    std::fs::copy(env!("CARGO_BIN_EXE_soak"), &program).expect("a copy");
    let (folder, fresh) = (home.path().join("folder"), home.path().join("fresh"));
    for folder in [&folder, &fresh] {
        std::fs::create_dir_all(folder.join("secrets")).expect("a folder");
    }
    let nobody: BareJid = "nobody@localhost".parse().expect("an address");
    assert!(device(Command::new(&program), &server, &password, &folder, &nobody, 0));
    allow(home.path(), 0o755);
    let judged = |folder: &Path| {
        let mut command = Command::new("setpriv");
        if may_do_everything(home.path()) {
            command.args(["--reuid", STRANGER, "--regid", STRANGER, "--clear-groups"]);
        }
        let told =
            command.arg("--").arg(&program).arg("device-judged").arg(folder).output().expect("setpriv");
        String::from_utf8_lossy(&told.stdout).trim().to_owned()
    };
    for folder in [&folder, &fresh] {
        allow_all(folder, 0o500, 0o400);
        assert_eq!(judged(folder), "Storage(ReadOnly)", "{}", folder.display());
        allow_all(folder, 0o700, 0o600);
    }
    assert_eq!(judged(&folder), "open");
}

/// Somebody who owns nothing else.
const STRANGER: &str = "65534";

/// Gives a folder and all that is in it to the stranger, with these rights.
fn allow_all(folder: &Path, folders: u32, files: u32) {
    allow(folder, 0o700);
    for entry in std::fs::read_dir(folder).expect("readable") {
        let entry = entry.expect("readable").path();
        if entry.is_dir() {
            allow_all(&entry, folders, files);
        } else {
            allow(&entry, files);
        }
    }
    allow(folder, folders);
}

fn allow(path: &Path, mode: u32) {
    let stranger = STRANGER.parse().ok();
    // Only who may do everything can give things away, and only they need to.
    let _ = std::os::unix::fs::chown(path, stranger, stranger);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("our own file");
}

fn may_do_everything(folder: &Path) -> bool {
    std::fs::metadata(folder).expect("readable").uid() == STRANGER.parse::<u32>().expect("a number")
}

/// Runs a device that sends `count` messages, each when the one before is with the server.
fn device(
    mut program: Command,
    server: &Prosody,
    password: &str,
    folder: &Path,
    to: &BareJid,
    count: usize,
) -> bool {
    program
        .args(["device-marked", "alice@localhost", password, &server.direct_tls_port().to_string()])
        .arg(server.authority())
        .arg(folder)
        .args([to.as_str(), &count.to_string()])
        .status()
        .expect("strace")
        .success()
}

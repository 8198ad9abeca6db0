//! What leaves the socket is on the disk first (rules 1 and 6), seen from outside by tracing system calls.
//!
//! `kill -9` cannot show this: the kernel writes what a killed program left in its cache. Only the order of the calls can.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use tests::{Person, Prosody, befriend};

/// How many messages the traced device sends.
const MESSAGES: usize = 10;

/// What the traced device did, as far as it matters here.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// The device is about to be told to send a message.
    Marker,
    LogWritten,
    LogSynced,
    SocketWritten(usize),
}

/// A device whose calls are written to `trace`; `more` is for strace, too.
pub fn strace(trace: &Path, more: &[&str]) -> Command {
    const CALLS: &str = "trace=openat,pwrite64,fsync,fdatasync,write,writev,sendto,sendmsg";
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-s", "0", "-e", CALLS]).args(more);
    strace.arg("-o").arg(trace).arg(env!("CARGO_BIN_EXE_soak"));
    strace
}

#[test]
fn no_byte_of_a_message_leaves_before_its_commit_is_synced() {
    let server = Prosody::start();
    let bob = Person::new(&server, "bob");
    let password = server.register("alice");
    let alice = Person::sign_in(&server, "alice", &password, server.direct_tls_port());
    befriend(&alice, &bob);
    assert!(alice.session.end(std::time::Duration::from_secs(5)));
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let done = strace(&trace, &[])
        .args(["device-marked", "alice@localhost", &password, &server.direct_tls_port().to_string()])
        .arg(server.authority())
        .arg(folder.path())
        .args([bob.address.as_str(), &MESSAGES.to_string()])
        .status()
        .expect("strace");
    assert!(done.success(), "the traced device failed");

    let text = std::fs::read_to_string(&trace).expect("a trace");
    let calls = calls(&text);
    let mut unsynced = false;
    for (index, call) in calls.iter().enumerate() {
        match call {
            Call::LogWritten => unsynced = true,
            Call::LogSynced => unsynced = false,
            Call::SocketWritten(_) => {
                assert!(!unsynced, "written to the socket with an unsynced log, at call {index}");
            }
            Call::Marker => {}
        }
    }
    let after_markers: Vec<&[Call]> = calls.split(|call| *call == Call::Marker).skip(1).collect();
    assert_eq!(after_markers.len(), MESSAGES);
    for (number, calls) in after_markers.iter().enumerate() {
        let synced = calls.iter().position(|call| *call == Call::LogSynced).expect("a commit");
        let written = calls
            .iter()
            .position(|call| matches!(call, Call::SocketWritten(100..)))
            .expect("a message on the wire");
        assert!(synced < written, "message {number} left before its commit: {calls:?}");
    }
}

/// The calls of a trace, in order.
pub fn calls(trace: &str) -> Vec<Call> {
    whole(trace).iter().filter_map(|line| call(line)).collect()
}

/// The lines of a trace, with calls that another thread interrupted in one piece, where they ended.
fn whole(trace: &str) -> Vec<String> {
    let mut begun = HashMap::new();
    let mut lines = Vec::new();
    for line in trace.lines() {
        let process = line.split(' ').next().unwrap_or_default();
        if let Some(beginning) = line.strip_suffix("<unfinished ...>") {
            begun.insert(process, beginning);
        } else if let Some((_, rest)) = line.split_once(" resumed>") {
            lines.push(format!("{}{rest}", begun.remove(process).unwrap_or(process)));
        } else {
            lines.push(line.to_owned());
        }
    }
    lines
}

fn call(line: &str) -> Option<Call> {
    let (_process, call) = line.split_once(' ')?;
    let call = call.trim_start();
    let log = call.contains("-wal>");
    let socket = call.contains("<TCP:[") || call.contains("<TCPv6:[") || call.contains("<socket:[");
    let length = || call.rsplit_once("= ").and_then(|(_, length)| length.trim().parse().ok());
    if call.starts_with("openat(") {
        return call.contains("/marker-").then_some(Call::Marker);
    }
    // Which of the two SQLite was built to call does not matter: both return when the log is on the disk.
    if call.starts_with("fdatasync(") || call.starts_with("fsync(") {
        return (log && call.ends_with("= 0")).then_some(Call::LogSynced);
    }
    match (log, socket) {
        (true, _) => Some(Call::LogWritten),
        (_, true) => length().map(Call::SocketWritten),
        _ => None,
    }
}

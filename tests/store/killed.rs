//! A child process writes as fast as it can and says, after each commit, how far it is. It is killed
//! without warning at some instant, again and again over the same folder. What it said must be there,
//! what it did not finish must not be there in part, and the file must be whole.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use model::{
    AccountSettings, BareJid, Content, ConversationKind, Delivery, Direction, EncryptionKind, Timestamp,
};
use store::{Anchor, DatabaseKey, Error, MessageIds, NewMessage, PageRequest, Writer};

const FOLDER: &str = "STARLING_TEST_STORE_FOLDER";
const ROUNDS: u64 = 20;
/// Messages of one transaction.
const TOGETHER: i64 = 3;

fn key() -> DatabaseKey {
    DatabaseKey::from_bytes([42; 32])
}

fn bob() -> BareJid {
    BareJid::new("bob@example.net").unwrap()
}

/// What the child does. By itself, without the folder in its environment, it does nothing.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let mut writer = Writer::open(folder, &key()).unwrap();
    let conversation = writer.write(|tx| tx.reads().conversation_with(&bob())).unwrap().unwrap();
    for number in 0.. {
        let commit = writer
            .write(|tx| {
                for _ in 0..TOGETHER {
                    let time = Timestamp(tx.commit_number() as i64);
                    let message = NewMessage {
                        conversation,
                        direction: Direction::Incoming,
                        sender: bob(),
                        occupant: None,
                        nickname: None,
                        time,
                        sort_time: time,
                        content: Content::Text(format!("words number {number}")),
                        encryption: EncryptionKind::None,
                        delivery: Delivery::Received,
                        ids: MessageIds::default(),
                        reply: None,
                        unread: true,
                    };
                    tx.insert_message(&message)?;
                }
                Ok::<_, Error>(tx.commit_number())
            })
            .unwrap();
        println!("commit {commit}");
    }
}

#[test]
fn a_kill_at_any_instant_loses_nothing_that_was_said_to_be_written() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let mut least = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::child_that_writes_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Each round at another distance from the start: while it opens, in its first commit, later.
        let deadline = Instant::now() + Duration::from_millis(20 + (round * 37) % 260);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
            child.kill().unwrap();
            child.wait().unwrap();
        });
        for line in lines.map_while(Result::ok) {
            if let Some(number) = line.rsplit_once("commit ").and_then(|(_, number)| number.parse().ok()) {
                least = number;
            }
        }
        killer.join().unwrap();
        least = check(folder.path(), least);
    }
    assert!(least > ROUNDS, "the child hardly wrote anything: {least}");
}

fn make(folder: &Path) {
    let mut writer = Writer::create(folder, &key()).unwrap();
    writer
        .write(|tx| {
            tx.set_settings(&AccountSettings {
                address: BareJid::new("alice@example.org").unwrap(),
                server: None,
                extra_authorities: None,
                allow_plain: false,
                enabled: true,
            })?;
            tx.create_conversation(&bob(), ConversationKind::Direct, false, Timestamp(0))
        })
        .unwrap_or_else(|error: Error| panic!("{error}"));
}

/// Opens what the killed process left, and returns the commit it reached.
#[track_caller]
fn check(folder: &Path, least: u64) -> u64 {
    let mut writer = Writer::open(folder, &key()).unwrap();
    writer.check_integrity().unwrap();
    let (commit, page, unread) = writer
        .write(|tx| {
            let reads = tx.reads();
            let conversation = reads.conversation_with(&bob())?.unwrap();
            let request = PageRequest { conversation, anchor: Anchor::Newest, limit: 1_000_000 };
            let unread = reads.conversation(conversation)?.unwrap().conversation.unread;
            Ok::<_, Error>((reads.commit_number()?, reads.page(&request)?, unread))
        })
        .unwrap();
    assert!(commit >= least, "commit {least} was said to be written, {commit} is there");
    // The first commit made the conversation, each later one three messages: all of them or none.
    assert_eq!(page.messages.len() as i64, (commit as i64 - 1) * TOGETHER);
    assert_eq!(unread as usize, page.messages.len());
    commit
}

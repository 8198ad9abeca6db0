//! A device: a real account, its database in memory, and a link that ends in the model server.

use std::time::Duration;

use account::{Account, Input, Output, Question, Setup};
use model::{
    AccountCommand, AccountId, AccountSettings, BareJid, Content, ConversationId, Direction, Message, Now,
    Outgoing, RequestId, StorageFailure, Timestamp,
};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use store::{Anchor, Credentials, DatabaseKey, PageRequest, Writer};
use tempfile::TempDir;
use xmpp::{
    TlsFacts,
    minidom::Element,
    parser::{Limits, Parsed, Parser},
};

/// 2026-01-01T12:00:00Z, when every device is switched on.
pub const MORNING: i64 = 1_767_268_800_000;

/// The device.
pub struct Device {
    /// Whose it is.
    pub own: BareJid,
    writer: Option<Writer>,
    account: Option<Account>,
    folder: Option<TempDir>,
    seed: u64,
    starts: u64,
    parser: Parser,
    /// Whether it may connect: the power is on, there is a network.
    pub is_on: bool,
    /// What it wants of the link.
    pub wishes: Vec<Wish>,
    /// Everything it ever wrote, as it stood on the wire.
    pub wire: String,
    /// Decides at every input what becomes of the process; without it, it lives.
    pub fate: Option<Box<dyn FnMut() -> Fate>>,
    /// The process died of its fate, and waits to be started again.
    pub has_died: bool,
}

/// What becomes of a process at one input.
#[derive(Clone, Copy, PartialEq)]
pub enum Fate {
    /// It lives.
    Lives,
    /// It dies before the transaction.
    DiesBefore,
    /// The transaction is rolled back when all of it was done.
    CommitFails,
    /// It dies after the commit, and nothing of what follows from it leaves.
    DiesAfter,
    /// It dies after the commit, when half of what follows has left.
    DiesWriting,
}

/// What a device wants of its link.
pub enum Wish {
    /// A link.
    Connect,
    /// The stream began, or began anew.
    Header,
    /// It said this.
    Say(Element),
    /// No link any more.
    Close,
}

impl Device {
    /// A device on which an account was just set up. On a disk if it is to be copied.
    pub fn new(own: &str, seed: u64, on_disk: bool) -> Self {
        let folder = on_disk.then(|| tempfile::tempdir().unwrap());
        let mut writer = match &folder {
            Some(folder) => Writer::create(folder.path(), &key()).unwrap(),
            None => Writer::in_memory().unwrap(),
        };
        let own = BareJid::new(own).unwrap();
        writer
            .write(|tx| {
                tx.set_settings(&AccountSettings {
                    address: own.clone(),
                    server: None,
                    extra_authorities: None,
                    allow_plain: true,
                    enabled: true,
                })?;
                let password = Some("secret".to_owned().into());
                tx.set_credentials(&Credentials { password, ..Credentials::default() })
            })
            .map_err(|error: store::Error| error)
            .unwrap();
        let parser = Parser::new(Limits::default());
        Self {
            own,
            writer: Some(writer),
            account: None,
            folder,
            seed,
            starts: 0,
            parser,
            is_on: false,
            wishes: Vec::new(),
            wire: String::new(),
            fate: None,
            has_died: false,
        }
    }

    /// Another device whose database is a copy of this one's, as a backup makes it.
    pub fn copy(&mut self, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        self.account = None;
        self.writer = None;
        let old = self.folder.as_ref().expect("on a disk").path();
        for file in std::fs::read_dir(old).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        self.writer = Some(Writer::open(old, &key()).unwrap());
        let writer = Some(Writer::open(folder.path(), &key()).unwrap());
        let parser = Parser::new(Limits::default());
        Self {
            own: self.own.clone(),
            writer,
            account: None,
            folder: Some(folder),
            seed,
            starts: 0,
            parser,
            is_on: false,
            wishes: Vec::new(),
            wire: String::new(),
            fate: None,
            has_died: false,
        }
    }

    /// The bytes of the database as they are now, to be put back later where they were.
    pub fn snapshot(&mut self) -> Vec<(std::path::PathBuf, Vec<u8>)> {
        self.account = None;
        self.writer = None;
        let folder = self.folder.as_ref().expect("on a disk").path();
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let files = files.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        self.writer = Some(Writer::open(folder, &key()).unwrap());
        files
    }

    /// Puts earlier bytes back into the very same files: what a snapshot of a virtual machine does.
    pub fn put_back(&mut self, files: &[(std::path::PathBuf, Vec<u8>)]) {
        self.account = None;
        self.writer = None;
        let folder = self.folder.as_ref().expect("on a disk").path();
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if !files.iter().any(|(kept, _)| *kept == path) {
                std::fs::remove_file(path).unwrap();
            }
        }
        for (path, bytes) in files {
            std::fs::write(path, bytes).unwrap();
        }
        self.writer = Some(Writer::open(folder, &key()).unwrap());
    }

    /// Begins a process: what was only in memory is gone.
    pub fn start(&mut self, now: Now) {
        self.starts += 1;
        let setup = Setup {
            id: AccountId([7; 16]),
            software_name: "Starling".to_owned(),
            software_version: "1".to_owned(),
            device_name: format!("desk {}", self.seed),
            lang: "en".to_owned(),
            calls: false,
        };
        let rng = Box::new(ChaCha8Rng::seed_from_u64(self.seed ^ (self.starts << 32)));
        let writer = self.writer.as_mut().unwrap();
        self.account = Some(writer.write(|tx| Account::new(setup, tx, rng)).unwrap());
        self.is_on = true;
        self.has_died = false;
        self.give(Input::Start, now);
    }

    /// The process is gone, without a word.
    pub fn kill(&mut self) {
        self.account = None;
        self.is_on = false;
        self.wishes.clear();
    }

    /// Gives an input, and all that follows from it at once.
    pub fn give(&mut self, input: Input, now: Now) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let (Some(account), Some(writer)) = (&mut self.account, &mut self.writer) else { return };
            let fate = self.fate.as_mut().map_or(Fate::Lives, |fate| fate());
            match fate {
                Fate::DiesBefore => return self.die(),
                Fate::CommitFails => {
                    writer.fail_commits(StorageFailure::Io, 1);
                    // A transaction that wrote nothing is not committed, and cannot fail to be.
                    let done = writer.write(|tx| account.handle(tx, input, now));
                    writer.fail_commits(StorageFailure::Io, 0);
                    if done.is_err() {
                        return self.die();
                    }
                }
                Fate::Lives | Fate::DiesAfter | Fate::DiesWriting => {
                    writer.write(|tx| account.handle(tx, input, now)).unwrap();
                }
            }
            if fate == Fate::DiesAfter {
                return self.die();
            }
            let mut written = Vec::new();
            while let Some(output) = account.poll_output() {
                match output {
                    Output::Connect(_) => self.wishes.push(Wish::Connect),
                    Output::Write(bytes) => written.extend(bytes),
                    Output::Close => self.wishes.push(Wish::Close),
                    Output::StartTls
                    | Output::Event(_)
                    | Output::File(_)
                    | Output::Media(..)
                    | Output::Answer(..) => {}
                }
            }
            if account.is_behind() {
                next = Some(Input::Continue);
            }
            if fate == Fate::DiesWriting {
                written.truncate(written.len() / 2);
            }
            self.wire.push_str(&String::from_utf8_lossy(&written));
            self.read(&written);
            if fate == Fate::DiesWriting {
                return self.die();
            }
        }
    }

    /// The process is gone; what has left has left.
    fn die(&mut self) {
        self.account = None;
        self.has_died = true;
    }

    fn read(&mut self, mut bytes: &[u8]) {
        // A header begins a stream anew (RFC 6120 §4.3.3).
        if bytes.starts_with(b"<?xml") || bytes.starts_with(b"<stream:stream") {
            self.parser = Parser::new(Limits::default());
        }
        while let Some(parsed) = self.parser.parse(&mut bytes).expect("the account writes XML") {
            match parsed {
                Parsed::Opened(_) => self.wishes.push(Wish::Header),
                Parsed::Element(element) => self.wishes.push(Wish::Say(element)),
                Parsed::Ended => self.wishes.push(Wish::Close),
                Parsed::Refused(refused) => panic!("written and not to be read: {refused:?}"),
            }
        }
    }

    /// The link is open.
    pub fn connected(&mut self, now: Now) {
        self.parser = Parser::new(Limits::default());
        self.give(Input::Connected { tls: Some(TlsFacts::default()) }, now);
    }

    /// When it wants to be woken.
    pub fn timeout(&self) -> Option<Duration> {
        self.account.as_ref().and_then(Account::timeout)
    }

    /// Whether a process runs.
    pub fn runs(&self) -> bool {
        self.account.is_some()
    }

    /// How many of a kind were refused.
    pub fn refused(&self, kind: account::refused::Kind) -> u64 {
        self.account.as_ref().map_or(0, |account| account.refused().of(kind))
    }

    /// Reads the database.
    pub fn read_store<T>(&mut self, read: impl FnOnce(store::Reads<'_>) -> Result<T, store::Error>) -> T {
        self.writer.as_mut().unwrap().write(|tx| read(tx.reads())).unwrap()
    }

    /// The user wants something.
    pub fn command(&mut self, command: AccountCommand, now: Now) {
        self.give(Input::Command(command), now);
    }

    /// The conversation with somebody, opened if there is none.
    pub fn with(&mut self, peer: &str, now: Now) -> ConversationId {
        let peer = BareJid::new(peer).unwrap();
        if let Some(known) = self.read_store(|reads| reads.conversation_with(&peer)) {
            return known;
        }
        self.give(Input::Ask(RequestId(1), Question::OpenConversation(peer.clone())), now);
        self.read_store(|reads| reads.conversation_with(&peer)).unwrap()
    }

    /// The user says something.
    pub fn say(&mut self, peer: &str, text: &str, now: Now) {
        let conversation = self.with(peer, now);
        let outgoing = Outgoing { text: text.to_owned(), reply_to: None, corrects: None };
        self.command(AccountCommand::Send(conversation, outgoing), now);
    }

    /// The messages of a conversation.
    pub fn messages(&mut self, peer: &str) -> Vec<Message> {
        let peer = BareJid::new(peer).unwrap();
        let Some(conversation) = self.read_store(|reads| reads.conversation_with(&peer)) else {
            return Vec::new();
        };
        let request = PageRequest { conversation, anchor: Anchor::Newest, limit: 1000 };
        self.read_store(|reads| reads.page(&request)).messages
    }

    /// The message that says this.
    pub fn message(&mut self, peer: &str, text: &str) -> Message {
        let says = |message: &Message| matches!(&message.content, Content::Text(words) if words == text);
        self.messages(peer).into_iter().find(says).unwrap_or_else(|| panic!("nobody said {text}"))
    }

    /// A conversation as one would read it aloud: who said what, and how it travelled where that is not OMEMO 2.
    pub fn aloud(&mut self, peer: &str) -> Vec<String> {
        self.messages(peer).iter().map(aloud).collect()
    }
}

fn aloud(message: &Message) -> String {
    let who = if message.direction == Direction::Outgoing { "me" } else { "they" };
    let what = match &message.content {
        Content::Text(text) => text.clone(),
        Content::Retracted => "(taken back)".to_owned(),
        Content::Call(line) => format!("(call: {:?})", line.outcome),
        Content::Unreadable(reason) => format!("({reason:?})"),
    };
    let how = match message.encryption {
        model::EncryptionKind::Omemo => "",
        model::EncryptionKind::OmemoLegacy => " [0.3]",
        model::EncryptionKind::None => " [clear]",
        _ => " [other]",
    };
    let wait = message.waits.map(|wait| format!(" <{wait:?}>")).unwrap_or_default();
    let reactions: Vec<String> =
        message.reactions.iter().map(|reaction| format!(" {}", reaction.emoji)).collect();
    let reactions = reactions.concat();
    let edited = if message.revisions > 0 { " (edited)" } else { "" };
    format!("{who}: {what}{edited}{reactions}{how}{wait}")
}

fn key() -> DatabaseKey {
    DatabaseKey::from_bytes([1; 32])
}

/// Both clocks, so long after the beginning.
pub fn clock(since: Duration) -> Now {
    let wall = MORNING + i64::try_from(since.as_millis()).unwrap();
    Now { monotonic: Duration::from_secs(1000) + since, wall: Timestamp(wall) }
}

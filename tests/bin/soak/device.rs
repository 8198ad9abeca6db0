//! The device that is killed: a session in a process of its own that talks as long as it lives.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use model::{
    AccountId, Answer, BareJid, Content, ConversationId, Delivery, Direction, Event, EventKind, Message,
    Outgoing, Request,
};
use session::{Condition, Config, Heard, Session};
use tests::person::{block_on, sign_in_request};
use tests::secrets::FileSecrets;
use tests::wait::LONG_PATIENCE;
use tests::{Person, Prosody};

/// The first argument of a process that is the device.
pub const WORD: &str = "device";
/// The first argument of a process that is a device to be traced.
pub const MARKED: &str = "device-marked";
/// Whose device it is.
pub const NAME: &str = "alice";
/// The first argument of a process that only says what became of its account.
pub const JUDGED: &str = "device-judged";
/// How many own messages may wait for the server before the next is written.
pub const IN_FLIGHT: u64 = 8;

/// Where the device lives and whom it talks with.
pub struct Place<'p> {
    pub folder: &'p Path,
    pub server: &'p Prosody,
    pub port: u16,
    pub password: &'p str,
    pub peer: &'p Person,
}

/// A running device, and what it told.
pub struct Device {
    process: Child,
    lines: Receiver<String>,
    /// What it told besides.
    words: Vec<String>,
}

impl Place<'_> {
    /// The device's own address.
    pub fn address(&self) -> BareJid {
        format!("{NAME}@{}", self.peer.address.domain()).parse().expect("an address")
    }

    /// Starts the device.
    pub fn start(&self) -> Device {
        let mut process = Command::new(std::env::current_exe().expect("the path of this program"))
            .args([WORD, self.address().as_str(), self.password, &self.port.to_string()])
            .arg(self.server.authority())
            .arg(self.folder)
            .arg(self.peer.address.as_str())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the device starts");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Device { process, lines, words: Vec::new() }
    }
}

impl Device {
    /// Ends it at once.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Waits until it saw its first message as sent, and returns the number of that.
    pub fn first_sent(&self) -> u64 {
        loop {
            let line = self.lines.recv_timeout(LONG_PATIENCE).expect("the device talks");
            if let Some(number) = number(&line) {
                return number;
            }
        }
    }

    /// The numbers of own messages that it saw as sent and that were not asked for yet.
    pub fn told_so_far(&mut self) -> Vec<u64> {
        let (words, told) = (&mut self.words, self.lines.try_iter());
        told.filter_map(|line| {
            number(&line).or_else(|| {
                words.push(line);
                None
            })
        })
        .collect()
    }

    /// What else it told by then.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The same once it is dead, to its last word.
    pub fn told(&self) -> Vec<u64> {
        self.lines.iter().filter_map(|line| number(&line)).collect()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.kill();
    }
}

fn number(line: &str) -> Option<u64> {
    line.strip_prefix("sent ")?.parse().ok()
}

/// Opens the device's folder.
pub fn open(folder: &Path) -> Session {
    let secrets = Arc::new(FileSecrets::new(folder.join("secrets")));
    Session::start(Config { secrets, ..Config::new(folder.join("data")) }).expect("the service")
}

/// Is the device, until it is killed.
pub fn live(arguments: &[String]) -> ExitCode {
    let [address, password, port, authority, folder, peer] = arguments else { return ExitCode::from(2) };
    let session = open(Path::new(folder));
    let mut events = session.events();
    let account = account(&session, || {
        sign_in_request(address, password, port.parse().expect("a port"), authority.into())
    });
    let peer: BareJid = peer.parse().expect("an address");
    let mut talk = Talk { next: 0, written: 0, told: 0, session: &session, account, peer };
    talk.take_up();
    loop {
        talk.go_on();
        match events.next_blocking() {
            None => return ExitCode::SUCCESS,
            // Told should it fall silent.
            Some(Heard::Event(Event { kind: EventKind::Connection(state), .. })) => {
                println!("{state:?}, {} of {} messages sent", talk.told, talk.next);
            }
            Some(_) => {}
        }
    }
}

/// Is a device that sends some messages, each only when the one before is with the server, and that opens a file named
/// `marker-N` just before it is told to send the Nth: so a trace of its system calls shows what belongs to which message.
pub fn live_marked(arguments: &[String]) -> ExitCode {
    let [address, password, port, authority, folder, peer, count] = arguments else {
        return ExitCode::from(2);
    };
    let folder = Path::new(folder);
    let session = open(folder);
    let request = || sign_in_request(address, password, port.parse().expect("a port"), authority.into());
    let account = account(&session, request);
    let peer: BareJid = peer.parse().expect("an address");
    let Ok(Answer::Conversation(conversation)) =
        block_on(session.ask(Request::OpenConversation(account, peer)))
    else {
        return ExitCode::FAILURE;
    };
    for number in 0..count.parse().expect("a number") {
        std::fs::File::create(folder.join(format!("marker-{number}"))).expect("a file");
        let outgoing = Outgoing { text: format!("alice {number}"), reply_to: None, corrects: None };
        session.send(model::Command::Account(account, model::AccountCommand::Send(conversation, outgoing)));
        tests::wait::until("the server to have it", || {
            own_messages(&newest(&session, account, conversation))
                .into_iter()
                .find(|(sent, delivery)| *sent == number && !matches!(delivery, Delivery::Queued))
        });
    }
    if session.end(std::time::Duration::from_secs(10)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Is a device that opens its folder, prints whether its account can be used, and ends.
pub fn judge(arguments: &[String]) -> ExitCode {
    let [folder] = arguments else { return ExitCode::from(2) };
    let folder = Path::new(folder);
    let secrets = Arc::new(FileSecrets::new(folder.join("secrets")));
    match Session::start(Config { secrets, ..Config::new(folder.join("data")) }) {
        Err(failure) => println!("{failure:?}"),
        Ok(session) => {
            let judged = tests::wait::until("the account to be judged", || {
                match session.accounts().pop()?.condition {
                    Condition::Opening => None,
                    Condition::Unavailable(failure) => Some(format!("{failure:?}")),
                    Condition::Open(_) => Some("open".to_owned()),
                }
            });
            println!("{judged}");
        }
    }
    ExitCode::SUCCESS
}

/// The account on this device; signs in when there is none yet.
pub fn account(session: &Session, request: impl Fn() -> Request) -> AccountId {
    if let Some(known) = session.accounts().first() {
        let id = known.id;
        tests::wait::until("the account to open", || session.reader(id));
        return id;
    }
    loop {
        if let Ok(Answer::Account(account)) = block_on(session.ask(request())) {
            return account;
        }
    }
}

/// The account of a device that is started with `ADDRESS PASSWORD PORT AUTHORITY PEER`, and its conversation with that peer.
/// `None` if there cannot be one.
pub fn talk(session: &Session, arguments: [&str; 5]) -> Option<(AccountId, ConversationId)> {
    let [address, password, port, authority, peer] = arguments;
    let account = account(session, || {
        sign_in_request(address, password, port.parse().expect("a port"), authority.into())
    });
    let peer: BareJid = peer.parse().expect("an address");
    match block_on(session.ask(Request::OpenConversation(account, peer))) {
        Ok(Answer::Conversation(conversation)) => Some((account, conversation)),
        _ => None,
    }
}

struct Talk<'s> {
    /// The number of the next message.
    next: u64,
    /// How many are on the disk, and how many of them were told to be sent.
    written: u64,
    told: u64,
    session: &'s Session,
    account: AccountId,
    peer: BareJid,
}

impl Talk<'_> {
    /// Takes up where the last life of this device ended, however much the other side has said since.
    fn take_up(&mut self) {
        let Some(conversation) = self.conversation() else { return };
        let mut anchor = store::Anchor::Oldest;
        loop {
            let messages = page(self.session, self.account, conversation, anchor);
            self.note(&messages);
            match messages.last() {
                Some(last) => anchor = store::Anchor::After(last.sort_time, last.id),
                None => return,
            }
        }
    }

    /// Tells what the server has, and writes the next message when not too many wait.
    fn go_on(&mut self) {
        let Some(conversation) = self.conversation() else { return };
        self.note(&newest(self.session, self.account, conversation));
        if self.next == self.written && self.next < self.told + IN_FLIGHT {
            let outgoing = Outgoing { text: format!("alice {}", self.next), reply_to: None, corrects: None };
            self.session.send(model::Command::Account(
                self.account,
                model::AccountCommand::Send(conversation, outgoing),
            ));
            self.next += 1;
        }
    }

    fn note(&mut self, messages: &[Message]) {
        for (number, delivery) in own_messages(messages) {
            if number >= self.told && !matches!(delivery, Delivery::Queued) {
                println!("sent {number}");
                self.told = number + 1;
            }
            self.written = self.written.max(number + 1);
        }
        self.next = self.next.max(self.written);
    }

    fn conversation(&self) -> Option<model::ConversationId> {
        let request = Request::OpenConversation(self.account, self.peer.clone());
        match block_on(self.session.ask(request)) {
            Ok(Answer::Conversation(conversation)) => Some(conversation),
            _ => None,
        }
    }
}

/// The newest messages of a conversation, oldest first.
pub fn newest(session: &Session, account: AccountId, conversation: model::ConversationId) -> Vec<Message> {
    page(session, account, conversation, store::Anchor::Newest)
}

fn page(
    session: &Session,
    account: AccountId,
    conversation: model::ConversationId,
    anchor: store::Anchor,
) -> Vec<Message> {
    let Some(reader) = session.reader(account) else { return Vec::new() };
    let request = store::PageRequest { conversation, anchor, limit: 200 };
    block_on(reader.page(request)).map(|page| page.messages).unwrap_or_default()
}

/// Numbers of the own messages among `messages`, with how far each came.
fn own_messages(messages: &[Message]) -> Vec<(u64, Delivery)> {
    let mut own: Vec<_> = messages
        .iter()
        .filter(|message| message.direction == Direction::Outgoing)
        .filter_map(|message| match &message.content {
            Content::Text(text) => {
                Some((text.strip_prefix("alice ")?.parse().ok()?, message.delivery.clone()))
            }
            _ => None,
        })
        .collect();
    own.sort_unstable_by_key(|(number, _)| *number);
    own
}

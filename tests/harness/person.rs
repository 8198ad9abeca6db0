//! Someone who uses Starling without a window: a session with an empty folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::{
    AccountCommand, AccountId, Answer, BareJid, Command, Content, ConversationId, Delivery, Direction, Event,
    EventKind, Failure, Message, Outgoing, Request, ServerAddress, SignIn,
};
use session::{CallConfig, Config, Devices, Heard, MemorySecrets, Network, PictureSink, Secrets, Session};
use store::{Anchor, PageRequest, ReaderHandle};
use tempfile::TempDir;

use crate::Server;
use crate::wait::{self, PATIENCE};

/// How long a service may take to end: longer than it waits for a server that says nothing.
const ENDING: Duration = Duration::from_secs(10);

/// A signed-in person on a device of their own.
pub struct Person {
    /// The service, for whatever this type has no word for.
    pub session: Session,
    /// Their account.
    pub account: AccountId,
    /// Their address.
    pub address: BareJid,
    secrets: Arc<dyn Secrets>,
    folder: TempDir,
    calls: Option<CallConfig>,
}

impl Person {
    /// Makes an account on `server` and signs in to it over direct TLS.
    pub fn new(server: &impl Server, name: &str) -> Self {
        let password = server.register(name);
        Self::sign_in(server, name, &password, server.direct_tls_port())
    }

    /// Signs in on a new device, through `port`: the server's own, or a [`LinkCutter`](crate::LinkCutter)'s.
    ///
    /// # Panics
    /// When signing in fails.
    pub fn sign_in(server: &impl Server, name: &str, password: &str, port: u16) -> Self {
        Self::try_sign_in(server, &format!("{name}@localhost"), password, port).expect("signing in")
    }

    /// As [`Self::sign_in`], with the failure told.
    ///
    /// # Panics
    /// When the service cannot start at all.
    pub fn try_sign_in(
        server: &impl Server,
        address: &str,
        password: &str,
        port: u16,
    ) -> Result<Self, Failure> {
        Self::begin(server, address, password, port, None)
    }

    /// As [`Self::new`], with a tone for a microphone and a moving picture for a camera, on the network within this machine.
    ///
    /// # Panics
    /// When signing in fails.
    pub fn who_calls(server: &impl Server, name: &str) -> Self {
        server.register(name);
        Self::on_a_telephone(server, name)
    }

    /// As [`Self::who_calls`], on one more device of an account that is there.
    ///
    /// # Panics
    /// When signing in fails.
    pub fn on_a_telephone(server: &impl Server, name: &str) -> Self {
        Self::on_a_telephone_with(server, name, None)
    }

    /// As [`Self::who_calls`], with the pictures of calls going there.
    ///
    /// # Panics
    /// When signing in fails.
    pub fn who_calls_and_looks(server: &impl Server, name: &str, pictures: PictureSink) -> Self {
        server.register(name);
        Self::on_a_telephone_with(server, name, Some(pictures))
    }

    fn on_a_telephone_with(server: &impl Server, name: &str, pictures: Option<PictureSink>) -> Self {
        let password = format!("pw-{name}");
        let calls = CallConfig { devices: Devices::Synthetic, network: Network::Loopback, pictures };
        let (address, port) = (format!("{name}@localhost"), server.direct_tls_port());
        Self::begin(server, &address, &password, port, Some(calls)).expect("signing in")
    }

    fn begin(
        server: &impl Server,
        address: &str,
        password: &str,
        port: u16,
        calls: Option<CallConfig>,
    ) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("starling-person").tempdir().expect("a folder");
        let secrets: Arc<dyn Secrets> = Arc::new(MemorySecrets::default());
        let session = Session::start(configuration(folder.path(), secrets.clone(), calls.clone()))?;
        let address: BareJid = address.parse().expect("an address");
        let request = sign_in_request(address.as_str(), password, port, server.authority());
        let Answer::Account(account) = block_on(session.ask(request))? else {
            panic!("signing in answered something else");
        };
        Ok(Self { session, account, address, secrets, folder, calls })
    }

    /// Signs in to another account on the same device, as part of the same service.
    ///
    /// # Panics
    /// When signing in fails.
    #[must_use]
    pub fn adds_account(&self, server: &impl Server, name: &str) -> Self {
        let (address, password) = (format!("{name}@localhost"), server.register(name));
        let request = sign_in_request(&address, &password, server.direct_tls_port(), server.authority());
        let Ok(Answer::Account(account)) = block_on(self.session.ask(request)) else {
            panic!("signing in failed");
        };
        Self {
            session: self.session.clone(),
            account,
            address: address.parse().expect("an address"),
            secrets: self.secrets.clone(),
            folder: tempfile::tempdir().expect("a folder"),
            calls: self.calls.clone(),
        }
    }

    /// Ends the service in good order and starts it again on the same folder, as when the program is started anew.
    ///
    /// # Panics
    /// When it does not end or start.
    pub fn restart(&mut self) {
        assert!(self.session.end(ENDING), "the service did not end");
        self.session =
            Session::start(configuration(self.folder.path(), self.secrets.clone(), self.calls.clone()))
                .expect("the service");
        wait::until("the account to open", || self.session.reader(self.account));
    }

    /// What this person's device keeps on disk.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Wants something done.
    pub fn command(&self, command: AccountCommand) {
        self.session.send(Command::Account(self.account, command));
    }

    /// Reads the account's database.
    ///
    /// # Panics
    /// When the account is not open.
    pub fn reader(&self) -> ReaderHandle {
        self.session.reader(self.account).expect("the account is open")
    }

    /// The conversation with somebody.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn conversation(&self, with: &BareJid) -> ConversationId {
        match block_on(self.session.ask(Request::OpenConversation(self.account, with.clone()))) {
            Ok(Answer::Conversation(conversation)) => conversation,
            other => panic!("no conversation: {other:?}"),
        }
    }

    /// Writes to somebody.
    pub fn say(&self, with: &BareJid, text: &str) -> ConversationId {
        let conversation = self.conversation(with);
        let outgoing = Outgoing { text: text.to_owned(), reply_to: None, corrects: None };
        self.command(AccountCommand::Send(conversation, outgoing));
        conversation
    }

    /// The newest messages with somebody, oldest first, at most `limit`.
    ///
    /// # Panics
    /// When the database cannot be read.
    pub fn messages(&self, with: &BareJid, limit: u32) -> Vec<Message> {
        // Asked of the reader: opening a conversation would accept a stranger.
        let reader = self.reader();
        let found = block_on(reader.conversation_with(with.clone())).expect("readable");
        let Some(conversation) = found else { return Vec::new() };
        block_on(reader.page(PageRequest { conversation, anchor: Anchor::Newest, limit }))
            .expect("a page")
            .messages
    }

    /// The newest messages with somebody as lines: `> ` before own ones, `< ` before others'.
    pub fn transcript(&self, with: &BareJid) -> Vec<String> {
        self.messages(with, 1000).iter().map(line).collect()
    }

    /// Waits until a message with exactly this text from somebody is there, and returns it.
    #[track_caller]
    pub fn hears(&self, from: &BareJid, text: &str) -> Message {
        self.waits_for(from, &format!("“{text}” from {from}"), |message| {
            message.direction == Direction::Incoming && message.content == Content::Text(text.to_owned())
        })
    }

    /// As [`Self::hears`], looking through the newest `limit` messages.
    #[track_caller]
    pub fn hears_among(&self, from: &BareJid, text: &str, limit: u32) -> Message {
        wait::until(&format!("“{text}” from {from}"), || {
            self.messages(from, limit).into_iter().find(|message| {
                message.direction == Direction::Incoming && message.content == Content::Text(text.to_owned())
            })
        })
    }

    /// Waits until an own message with this text came as far as `delivery`, or further: a quick answer may come in between
    /// two looks.
    #[track_caller]
    pub fn sees_own(&self, with: &BareJid, text: &str, delivery: &Delivery) -> Message {
        self.waits_for(with, &format!("own “{text}” to be {delivery:?}"), |message| {
            message.direction == Direction::Outgoing
                && message.content == Content::Text(text.to_owned())
                && came_to(&message.delivery, delivery)
        })
    }

    /// Waits for a message in the conversation with somebody that `fits`.
    #[track_caller]
    pub fn waits_for(&self, with: &BareJid, what: &str, fits: impl Fn(&Message) -> bool) -> Message {
        wait::until(what, || self.messages(with, 50).into_iter().rev().find(|message| fits(message)))
    }

    /// Waits for an event that `fits`. Begin to listen (`session.events()`) before causing it.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    pub fn waits_for_event(
        &self,
        events: &mut session::EventStream,
        what: &str,
        fits: impl Fn(&EventKind) -> bool,
    ) -> EventKind {
        let found = block_on(async {
            let search = async {
                while let Some(heard) = events.next().await {
                    match heard {
                        Heard::Event(Event { account, kind }) if account == self.account && fits(&kind) => {
                            return Some(kind);
                        }
                        _ => {}
                    }
                }
                None
            };
            tokio::time::timeout(PATIENCE, search).await.ok().flatten()
        });
        found.unwrap_or_else(|| panic!("waited in vain for {what}"))
    }
}

/// A process that exits while a database is still being closed may crash in SQLCipher's exit handler.
impl Drop for Person {
    fn drop(&mut self) {
        let ended = self.session.end(ENDING);
        assert!(ended || std::thread::panicking(), "the service did not end");
    }
}

/// Asks to sign in at a port of the loopback interface.
///
/// # Panics
/// When `address` is none.
pub fn sign_in_request(address: &str, password: &str, port: u16, authority: PathBuf) -> Request {
    Request::SignIn(SignIn {
        address: address.parse().expect("an address"),
        password: password.to_owned(),
        server: Some(ServerAddress { host: "127.0.0.1".to_owned(), port: Some(port) }),
        extra_authorities: Some(authority),
        allow_plain: false,
        passphrase: None,
    })
}

fn configuration(folder: &Path, secrets: Arc<dyn Secrets>, calls: Option<CallConfig>) -> Config {
    Config { secrets, calls, device_name: "Test".to_owned(), ..Config::new(folder.to_owned()) }
}

fn line(message: &Message) -> String {
    let direction = match message.direction {
        Direction::Outgoing => '>',
        Direction::Incoming => '<',
    };
    match &message.content {
        Content::Text(text) => format!("{direction} {text}"),
        Content::Retracted => format!("{direction} [retracted]"),
        Content::Call(call) => format!("{direction} [call: {:?}]", call.outcome),
        Content::Unreadable(reason) => format!("{direction} [unreadable: {reason:?}]"),
    }
}

/// Runs a future to its end on this thread.
///
/// # Panics
/// When no runtime can be made.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(future)
}

/// Whether a message came to a step, or went past it.
fn came_to(delivery: &Delivery, step: &Delivery) -> bool {
    const STEPS: [Delivery; 4] = [Delivery::Queued, Delivery::Sent, Delivery::Delivered, Delivery::Read];
    let place = |of: &Delivery| STEPS.iter().position(|step| step == of);
    delivery == step || place(step).is_some_and(|step| place(delivery) > Some(step))
}

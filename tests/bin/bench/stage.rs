//! Where the benches play: a server, a desktop, and a device that was signed in and filled beforehand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use model::{
    AccountCommand, AccountId, BareJid, Content, ConversationEncryption, ConversationKind, Delivery,
    Direction, EncryptionKind, Timestamp,
};
use session::{Config, MemorySecrets, Secrets, Session};
use store::{DatabaseKey, Error, MessageIds, NewMessage, Tx, Writer};
use tests::person::{block_on, sign_in_request};
use tests::{Desktop, Person, Prosody};

/// How many conversations a filled device has.
pub const CHATS: usize = 20;
/// The last message of the newest conversation.
pub const LAST: &str = "the very last of all these messages";

/// A desktop whose user is signed in as `alice`.
pub struct Stage {
    pub server: Prosody,
    pub desktop: Desktop,
    account: AccountId,
    key: DatabaseKey,
}

impl Stage {
    /// Signs `alice` in and ends the session again.
    pub fn set() -> Self {
        let server = Prosody::start();
        let password = server.register("alice");
        let desktop = Desktop::start(1000, 720);
        let data = data(&desktop);
        let secrets = Arc::new(MemorySecrets::default());
        let session =
            Session::start(Config { secrets: secrets.clone(), ..Config::new(data) }).expect("the service");
        let request =
            sign_in_request("alice@localhost", &password, server.direct_tls_port(), server.authority());
        block_on(session.ask(request)).expect("signing in");
        let account = session.accounts().first().expect("an account").id;
        assert!(session.end(Duration::from_secs(10)));
        let key = secrets.fetch(account).expect("a key");
        keep_key(&desktop, account, &key);
        Self { server, desktop, account, key }
    }

    /// Opens the device's database while Starling does not run.
    pub fn writer(&self) -> Writer {
        let folder = data(&self.desktop).join("accounts").join(self.account.to_string());
        Writer::open(&folder, &self.key).expect("the database")
    }

    /// What the device and `person` say to each other is not encrypted from now on. While Starling does not run.
    pub fn talks_in_the_clear_with(&self, person: &Person) {
        let alice: BareJid = "alice@localhost".parse().expect("an address");
        person.command(AccountCommand::SetEncryption(person.conversation(&alice), false));
        let done = self.writer().write(|tx: &mut Tx<'_>| {
            let conversation = match tx.reads().conversation_with(&person.address)? {
                Some(conversation) => conversation,
                None => {
                    tx.create_conversation(&person.address, ConversationKind::Direct, false, Timestamp(0))?
                }
            };
            tx.set_encryption(conversation, ConversationEncryption::Off)
        });
        done.expect("a conversation");
    }

    /// Writes `messages` messages over [`CHATS`] conversations, as if they had come over the last year.
    pub fn fill(&self, messages: usize) {
        let mut writer = self.writer();
        let own: BareJid = "alice@localhost".parse().expect("an address");
        let step = 365 * 24 * 3600 * 1000 / messages as i64;
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |time| time.as_millis() as i64);
        let start = now - step * messages as i64;
        let mut chats = Vec::new();
        for number in 0..CHATS {
            let address: BareJid = format!("friend{number:02}@localhost").parse().expect("an address");
            let chat = writer
                .write(|tx: &mut Tx<'_>| {
                    tx.create_conversation(&address, ConversationKind::Direct, false, Timestamp(start))
                })
                .expect("a conversation");
            chats.push((address, chat));
        }
        for batch in (0..messages).collect::<Vec<_>>().chunks(5000) {
            writer
                .write(|tx: &mut Tx<'_>| {
                    for number in batch {
                        let (friend, conversation) = &chats[number % CHATS];
                        let outgoing = number % 3 == 0;
                        tx.insert_message(&NewMessage {
                            conversation: *conversation,
                            direction: if outgoing { Direction::Outgoing } else { Direction::Incoming },
                            sender: if outgoing { own.clone() } else { friend.clone() },
                            occupant: None,
                            nickname: None,
                            time: Timestamp(start + step * *number as i64),
                            sort_time: Timestamp(start + step * *number as i64),
                            content: Content::Text(if number + 1 == messages {
                                LAST.to_owned()
                            } else {
                                words(*number)
                            }),
                            encryption: EncryptionKind::None,
                            delivery: if outgoing { Delivery::Read } else { Delivery::Received },
                            ids: MessageIds::default(),
                            reply: None,
                            unread: false,
                        })?;
                    }
                    Ok::<_, Error>(())
                })
                .expect("messages");
        }
    }
}

/// Where the program keeps its accounts on this desktop.
pub fn data(desktop: &Desktop) -> PathBuf {
    desktop.home().join("data/starling/default")
}

/// Puts a key into the desktop's keyring: from a process on that desktop's bus, which is this program again.
fn keep_key(desktop: &Desktop, account: AccountId, key: &DatabaseKey) {
    let digits = key.as_bytes().iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    let own = std::env::current_exe().expect("the path of this program");
    let done = desktop.command(own).args([KEEP_KEY, &account.to_string(), &digits]).status();
    assert!(done.is_ok_and(|status| status.success()), "the keyring did not take the key");
}

/// The first argument of a process that puts a key into the keyring of its desktop.
pub const KEEP_KEY: &str = "keep-key";

/// Is such a process.
pub fn keep_key_here(arguments: &[String]) -> bool {
    let [account, digits] = arguments else { return false };
    let bytes: Vec<u8> = (0..digits.len())
        .step_by(2)
        .filter_map(|index| u8::from_str_radix(digits.get(index..index + 2)?, 16).ok())
        .collect();
    let (Some(account), Ok(key)) = (AccountId::parse(account), bytes.try_into()) else { return false };
    session::SecretService.keep(account, &DatabaseKey::from_bytes(key)).is_ok()
}

/// A sentence like those that people write, different for each number.
fn words(number: usize) -> String {
    const WORDS: [&str; 24] = [
        "tomorrow",
        "the",
        "harbour",
        "is",
        "closed",
        "because",
        "of",
        "a",
        "storm",
        "shall",
        "we",
        "walk",
        "instead",
        "to",
        "grandmother",
        "who",
        "bakes",
        "bread",
        "with",
        "rosemary",
        "and",
        "salt",
        "every",
        "Sunday",
    ];
    let length = 3 + number * 7 % 19;
    let mut sentence = String::new();
    for position in 0..length {
        if position > 0 {
            sentence.push(' ');
        }
        sentence.push_str(WORDS[(number * 31 + position * position * 17 + position * 5) % WORDS.len()]);
    }
    sentence
}

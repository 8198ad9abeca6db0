//! A whole account on bytes from its server after signing in, and a user who writes and reacts meanwhile. Whatever comes:
//! its database takes it, everything it writes is whole XML, and the history can be read.
//!
//! All of it happens in one transaction that is undone in the end, so every input finds the same account.

use std::cell::RefCell;
use std::time::Duration;

use account::{Account, Input, Output, Question, Setup, TlsFacts};
use model::{
    AccountCommand, AccountId, AccountSettings, Answer, BareJid, ConversationId, Message, Now, Outgoing,
    RequestId, Timestamp,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use store::{Anchor, Credentials, PageRequest, Tx, Writer};

use super::script::{Step, elements, steps, with_ids};

const OWN: &str = "me@example.org";
const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' from='example.org' id='s' version='1.0'>";
const MECHANISMS: &str = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
    <mechanism>PLAIN</mechanism></mechanisms></stream:features>";
const SUCCESS: &str = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
const FEATURES: &str = "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>\
    <ver xmlns='urn:xmpp:features:rosterver'/><sm xmlns='urn:xmpp:sm:3'/></stream:features>";
const BOUND: &str = "<iq type='result' id='\u{0}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
    <jid>me@example.org/here</jid></bind></iq>";
const ENABLED: &str = "<enabled xmlns='urn:xmpp:sm:3' id='r' resume='true'/>";

thread_local! {
    static WRITER: RefCell<Writer> = RefCell::new(writer());
}

/// The bytes are a script.
pub fn play(input: &[u8]) {
    let undone = WRITER.with_borrow_mut(|writer| {
        writer.write(|tx| -> Result<(), Undo> {
            let mut device = Device::new(tx)?;
            device.sign_in();
            for step in steps(input) {
                device.take(&step);
            }
            device.history();
            Err(Undo)
        })
    });
    assert!(undone.is_err());
}

fn writer() -> Writer {
    let mut writer = Writer::in_memory().expect("a database");
    let settings = AccountSettings {
        address: BareJid::new(OWN).expect("an address"),
        server: None,
        extra_authorities: None,
        allow_plain: true,
        enabled: true,
    };
    let password = Some("secret".to_owned().into());
    writer
        .write(|tx| -> Result<(), store::Error> {
            tx.set_settings(&settings)?;
            tx.set_credentials(&Credentials { password, ..Credentials::default() })
        })
        .expect("a database");
    writer
}

struct Device<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    account: Account,
    clock: Duration,
    /// Of the questions that were asked, in their order.
    ids: Vec<String>,
    /// Whether a link is wanted and not there.
    wants_link: bool,
    with_bob: Option<ConversationId>,
}

impl<'a, 'tx> Device<'a, 'tx> {
    fn new(tx: &'a mut Tx<'tx>) -> Result<Self, Undo> {
        let setup = Setup {
            id: AccountId([7; 16]),
            software_name: "Starling".to_owned(),
            software_version: "1".to_owned(),
            device_name: "desk".to_owned(),
            lang: "en".to_owned(),
            calls: true,
        };
        let account = Account::new(setup, tx, Box::new(ChaCha8Rng::seed_from_u64(1)))?;
        let clock = Duration::from_secs(1000);
        let mut device = Self { tx, account, clock, ids: Vec::new(), wants_link: false, with_bob: None };
        device.give(Input::Start);
        Ok(device)
    }

    /// Signs in by the plainest road there is.
    fn sign_in(&mut self) {
        self.wants_link = false;
        self.give(Input::Connected { tls: Some(TlsFacts::default()) });
        self.hear(&format!("{HEADER}{MECHANISMS}"));
        self.hear(SUCCESS);
        self.hear(&format!("{HEADER}{FEATURES}"));
        let bind = self.ids.pop().unwrap_or_default();
        self.hear(&BOUND.replace('\u{0}', &bind));
        self.hear(ENABLED);
        let bob = BareJid::new("bob@example.org").expect("an address");
        self.give(Input::Ask(RequestId(1), Question::OpenConversation(bob)));
    }

    fn take(&mut self, step: &Step<'_>) {
        match step {
            Step::Bytes(bytes) => {
                let bytes = with_ids(bytes, &self.ids);
                self.give(Input::Bytes(bytes));
            }
            Step::Time => {
                self.clock = self.account.timeout().unwrap_or(self.clock).max(self.clock);
                self.give(Input::Timer);
            }
            Step::Cut => self.give(Input::Closed(None)),
            Step::Say(text) => self.say(&String::from_utf8_lossy(text)),
            Step::React(text) => self.react(&String::from_utf8_lossy(text)),
        }
        if self.wants_link {
            self.sign_in();
        }
    }

    fn hear(&mut self, text: &str) {
        self.give(Input::Bytes(text.as_bytes().to_vec()));
    }

    fn say(&mut self, text: &str) {
        let Some(conversation) = self.with_bob else { return };
        let reply_to = self.newest(conversation).map(|message| message.id);
        let outgoing = Outgoing { text: text.to_owned(), reply_to, corrects: None };
        self.give(Input::Command(AccountCommand::Send(conversation, outgoing)));
    }

    fn react(&mut self, text: &str) {
        let Some(newest) = self.with_bob.and_then(|conversation| self.newest(conversation)) else { return };
        self.give(Input::Command(AccountCommand::MarkRead(newest.conversation, newest.id)));
        self.give(Input::Command(AccountCommand::React(newest.id, vec![text.to_owned()])));
    }

    fn newest(&self, conversation: ConversationId) -> Option<Message> {
        self.page(conversation, 1).pop()
    }

    fn page(&self, conversation: ConversationId, limit: u32) -> Vec<Message> {
        let request = PageRequest { conversation, anchor: Anchor::Newest, limit };
        self.tx.reads().page(&request).expect("readable").messages
    }

    fn give(&mut self, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let now = Now { monotonic: self.clock, wall: Timestamp(1_800_000_000_000) };
            self.account.handle(self.tx, input, now).unwrap_or_else(|error| panic!("{error}"));
            while let Some(output) = self.account.poll_output() {
                self.watch(output);
            }
            if self.account.is_behind() {
                next = Some(Input::Continue);
            }
        }
    }

    fn watch(&mut self, output: Output) {
        match output {
            Output::Write(bytes) => {
                let questions = elements(&bytes);
                let questions = questions
                    .iter()
                    .filter(|element| matches!(element.attr("type"), Some("get" | "set")))
                    .filter_map(|element| element.attr("id"));
                self.ids.extend(questions.map(str::to_owned));
            }
            Output::Connect(_) => self.wants_link = true,
            Output::Answer(_, Ok(Answer::Conversation(conversation))) => self.with_bob = Some(conversation),
            _ => {}
        }
    }

    /// Reads everything that there is to read.
    fn history(&self) {
        for summary in self.tx.reads().conversations().expect("readable") {
            for message in self.page(summary.conversation.id, 1000) {
                self.tx.reads().revisions(message.id).expect("readable");
            }
        }
        self.tx.reads().contacts().expect("readable");
    }
}

/// Nothing of an input stays.
struct Undo;

impl From<store::Error> for Undo {
    fn from(error: store::Error) -> Self {
        panic!("{error}")
    }
}

impl From<account::Error> for Undo {
    fn from(error: account::Error) -> Self {
        panic!("{error}")
    }
}

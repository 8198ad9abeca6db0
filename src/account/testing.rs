//! For the tests of the modules: an account signed in to a server that is a list of strings.

use std::time::Duration;

use model::{
    AccountCommand, AccountSettings, Answer, BareJid, CallId, EventKind, MediaCommand, Now, Timestamp,
};
use rand_core::{Infallible, TryCryptoRng, TryRng};
use store::{Credentials, Reads, Writer};
use xmpp::{TlsFacts, minidom::Element};

use crate::{Account, Error, FileJob, Input, Output, Setup, refused::Kind};

/// Chance that always turns out the same.
pub struct Dice(pub u64);

impl TryRng for Dice {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|number| (number >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(number ^ (number >> 31))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.try_next_u64()? as u8;
        }
        Ok(())
    }
}

impl TryCryptoRng for Dice {}

/// The account `me@example.org`, its database, and what came out of it.
pub struct Rig {
    address: BareJid,
    writer: Writer,
    account: Account,
    now: Now,
    /// Stanzas that were sent since they were last taken.
    pub sent: Vec<Element>,
    /// How many stanzas were ever sent.
    pub stanzas: u32,
    /// Events since they were last taken.
    pub events: Vec<EventKind>,
    /// Work on files that was asked for since it was last taken.
    pub jobs: Vec<FileJob>,
    /// What the engine of a call's media was told since it was last asked for.
    pub media: Vec<(CallId, MediaCommand)>,
    /// What was asked and answered.
    pub answers: Vec<Answer>,
}

impl Rig {
    /// An account that never was online.
    pub fn offline() -> Self {
        Self::new(false)
    }

    /// An account that never was online, of a program that can or cannot call.
    pub fn new(calls: bool) -> Self {
        Self::of("me@example.org", calls)
    }

    /// Somebody's account. Chance turns out otherwise for each.
    pub fn of(address: &str, calls: bool) -> Self {
        let address = BareJid::new(address).unwrap();
        let chance = address
            .as_str()
            .bytes()
            .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let mut writer = Writer::in_memory().unwrap();
        let setup = Setup {
            id: model::AccountId([0; 16]),
            software_name: "Starling".to_owned(),
            software_version: "0".to_owned(),
            device_name: "test".to_owned(),
            lang: "en".to_owned(),
            calls,
        };
        let account = writer
            .write(|tx| {
                tx.set_settings(&AccountSettings {
                    address: address.clone(),
                    server: None,
                    extra_authorities: None,
                    allow_plain: true,
                    enabled: true,
                })?;
                let credentials =
                    Credentials { password: Some("secret".to_owned().into()), ..Credentials::default() };
                tx.set_credentials(&credentials)?;
                Account::new(setup, tx, Box::new(Dice(chance)))
            })
            .unwrap();
        let now = Now { monotonic: Duration::from_secs(1), wall: Timestamp(1_800_000_000_000) };
        Self {
            address,
            writer,
            account,
            now,
            sent: Vec::new(),
            stanzas: 0,
            events: Vec::new(),
            jobs: Vec::new(),
            media: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// An account that has just signed in. What it asked at the beginning is in [`Rig::sent`].
    pub fn online() -> Self {
        let mut rig = Self::offline();
        rig.sign_in();
        rig
    }

    /// Signs in by the plainest road there is.
    pub fn sign_in(&mut self) {
        const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
            xmlns:stream='http://etherx.jabber.org/streams' from='example.org' id='s' version='1.0'>";
        self.input(Input::Start);
        self.input(Input::Connected { tls: Some(TlsFacts::default()) });
        let mechanisms = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
            <mechanism>PLAIN</mechanism></mechanisms></stream:features>";
        self.bytes(&format!("{HEADER}{mechanisms}"));
        self.bytes("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        let features = "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>\
            <ver xmlns='urn:xmpp:features:rosterver'/></stream:features>";
        self.bytes(&format!("{HEADER}{features}"));
        let bind = self.take_sent("bind");
        let id = bind.attr("id").unwrap();
        self.bytes(&format!(
            "<iq type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <jid>{}/here</jid></bind></iq>",
            self.address
        ));
        assert!(self.sent.iter().any(|stanza| stanza.name() == "presence"), "not online");
    }

    /// What the clocks say.
    pub fn now(&self) -> Now {
        self.now
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        self.now.wall = self.now.wall.plus_millis(i64::try_from(time.as_millis()).unwrap());
    }

    /// Loses the link, and with it the session.
    pub fn disconnect(&mut self) {
        self.input(Input::Closed(None));
    }

    /// Whether the next transaction fails: for what happens when one does, see `tests/simulation`.
    pub fn input(&mut self, input: Input) {
        let (account, now) = (&mut self.account, self.now);
        self.writer.write(|tx| account.handle(tx, input, now)).unwrap();
        while let Some(output) = self.account.poll_output() {
            match output {
                Output::Write(bytes) => self.written(&String::from_utf8(bytes).unwrap()),
                Output::Event(event) => self.events.push(event),
                Output::File(job) => self.jobs.push(job),
                Output::Media(call, command) => self.media.push((call, command)),
                Output::Answer(_, Ok(answer)) => self.answers.push(answer),
                _ => {}
            }
        }
    }

    fn written(&mut self, text: &str) {
        // The header of a stream is no element; everything else is whole elements.
        let elements = match text.find("<stream:stream") {
            Some(start) => {
                text.get(start..).and_then(|rest| rest.split_once('>')).map_or("", |(_, rest)| rest)
            }
            None => text,
        };
        let elements = elements.replace("</stream:stream>", "");
        let all: Element = format!("<all xmlns='jabber:client'>{elements}</all>").parse().unwrap();
        let is_stanza = |element: &&Element| matches!(element.name(), "iq" | "message" | "presence");
        self.stanzas += u32::try_from(all.children().filter(is_stanza).count()).unwrap();
        self.sent.extend(all.children().cloned());
    }

    /// The server says something.
    pub fn bytes(&mut self, text: &str) {
        self.input(Input::Bytes(text.as_bytes().to_vec()));
    }

    /// The user wants something.
    pub fn command(&mut self, command: AccountCommand) {
        self.input(Input::Command(command));
    }

    /// Takes the first sent stanza that has a child, or grandchild, of this name.
    #[track_caller]
    pub fn take_sent(&mut self, name: &str) -> Element {
        let found = self.find_sent(name);
        assert!(found.is_some(), "no <{name}/> was sent, only {:?}", self.names());
        self.sent.remove(found.unwrap())
    }

    /// Whether such a stanza was sent and not taken.
    pub fn has_sent(&self, name: &str) -> bool {
        self.find_sent(name).is_some()
    }

    fn find_sent(&self, name: &str) -> Option<usize> {
        let has = |parent: &Element| parent.children().any(|child| child.name() == name);
        self.sent.iter().position(|stanza| has(stanza) || stanza.children().any(has))
    }

    fn names(&self) -> Vec<String> {
        let name =
            |stanza: &Element| stanza.children().next().map_or(stanza.name(), Element::name).to_owned();
        self.sent.iter().map(name).collect()
    }

    /// The one who was asked answers a request of ours with this.
    pub fn answer(&mut self, request: &Element, payload: &str) {
        let id = request.attr("id").unwrap();
        let from = request.attr("to").map_or(String::new(), |to| format!(" from='{to}'"));
        self.bytes(&format!("<iq type='result' id='{id}'{from}>{payload}</iq>"));
    }

    /// The one who was asked refuses.
    pub fn refuse(&mut self, request: &Element, condition: &str) {
        let id = request.attr("id").unwrap();
        let from = request.attr("to").map_or(String::new(), |to| format!(" from='{to}'"));
        self.bytes(&format!(
            "<iq type='error' id='{id}'{from}><error type='cancel'>\
             <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        ));
    }

    /// The server answers the question for the roster with these items.
    pub fn roster(&mut self, items: &str) {
        let question = self.take_roster_question();
        self.answer(&question, &format!("<query xmlns='jabber:iq:roster' ver='1'>{items}</query>"));
    }

    /// The question for the roster.
    pub fn take_roster_question(&mut self) -> Element {
        let is_roster = |stanza: &Element| stanza.has_child("query", "jabber:iq:roster");
        let place = self.sent.iter().position(is_roster).expect("the roster is asked for");
        self.sent.remove(place)
    }

    /// What the account itself can do, with the features given.
    pub fn account_features(&mut self, features: &[&str]) {
        let is_question = |stanza: &Element| {
            stanza.attr("to") == Some("me@example.org")
                && stanza.has_child("query", "http://jabber.org/protocol/disco#info")
        };
        let place = self.sent.iter().position(is_question).expect("the account is asked what it can do");
        let question = self.sent.remove(place);
        let features: Vec<_> = features.iter().map(|feature| format!("<feature var='{feature}'/>")).collect();
        let features = features.concat();
        self.answer(
            &question,
            &format!("<query xmlns='http://jabber.org/protocol/disco#info'>{features}</query>"),
        );
    }

    /// What is on disk.
    pub fn read<T>(&mut self, look: impl FnOnce(Reads<'_>) -> Result<T, store::Error>) -> T {
        self.writer.write(|tx| look(tx.reads()).map_err(Error::from)).unwrap()
    }

    /// Changes what is on disk behind the account's back.
    pub fn write<T>(&mut self, change: impl FnOnce(&mut store::Tx<'_>) -> Result<T, store::Error>) -> T {
        self.writer.write(change).unwrap()
    }

    /// Whether it listens though it is behind.
    pub fn looks_ahead(&self) -> bool {
        self.account.looks_ahead()
    }

    /// How many of a kind were refused.
    pub fn refused(&self, kind: Kind) -> u64 {
        self.account.refused().of(kind)
    }

    /// The presence of somebody, as it was told last.
    pub fn told_presence(&self, who: &str) -> Option<model::ContactPresence> {
        self.events.iter().rev().find_map(|event| match event {
            EventKind::Presence(address, presence) if address.as_str() == who => Some(presence.clone()),
            _ => None,
        })
    }
}

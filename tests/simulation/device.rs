//! A device: an `Account` with its database, driven as `session` drives it.
//!
//! One input, one transaction, one list of outputs. A commit that fails takes the account with it, and the
//! command is given again to the next one; a process that is killed takes it too, in front of any of its outputs.
//! The database stays what the last commit made it.

use std::{collections::VecDeque, time::Duration};

use account::{Account, Input, Output, Setup, TlsFacts};
use model::{
    AccountCommand, AccountId, AccountSettings, BareJid, ConversationId, Now, StorageFailure, Timestamp,
};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use store::{Credentials, Writer};
use xmpp::{
    minidom::Element,
    parser::{Limits, Parsed, Parser},
};

use crate::{
    link::{End, Link},
    world::{Happening, MORNING, World},
};

/// A device.
pub struct Device {
    pub name: String,
    pub own: BareJid,
    pub peer: BareJid,
    /// Which of the server's accounts.
    pub of: usize,
    pub writer: Writer,
    pub account: Option<Account>,
    pub link: Option<usize>,
    pub conversation: Option<ConversationId>,
    /// How many things were said here.
    pub said: u64,
    /// How far its clock is off.
    pub skew: i64,
    seed: u64,
    starts: u64,
    /// What the disk did not take.
    held: VecDeque<AccountCommand>,
    wake_at: Option<u64>,
    /// Reads what the account writes, to hold its acknowledgements to what is on disk.
    listener: Parser,
}

impl Device {
    pub fn new(name: &str, of: usize, own: &str, peer: &str, seed: u64, skew: i64) -> Self {
        let (own, peer) = (BareJid::new(own).unwrap(), BareJid::new(peer).unwrap());
        let mut writer = Writer::in_memory().unwrap();
        let settings = AccountSettings {
            address: own.clone(),
            server: None,
            extra_authorities: None,
            allow_plain: true,
            enabled: true,
        };
        writer
            .write(|tx| {
                tx.set_settings(&settings)?;
                let password = Some("secret".to_owned().into());
                tx.set_credentials(&Credentials { password, ..Credentials::default() })
            })
            .map_err(|error: store::Error| error)
            .unwrap();
        Self {
            name: name.to_owned(),
            own,
            peer,
            of,
            writer,
            account: None,
            link: None,
            conversation: None,
            said: 0,
            skew,
            seed,
            starts: 0,
            held: VecDeque::new(),
            wake_at: None,
            listener: Parser::new(Limits::default()),
        }
    }

    /// Reads the database.
    pub fn read<T>(&mut self, read: impl FnOnce(store::Reads<'_>) -> Result<T, store::Error>) -> T {
        self.writer.write(|tx| read(tx.reads())).unwrap()
    }

    fn hear(&mut self, mut bytes: &[u8]) -> Vec<Element> {
        // A header begins a stream anew (RFC 6120 §4.3.3).
        if bytes.starts_with(b"<?xml") || bytes.starts_with(b"<stream:stream") {
            self.listener = Parser::new(Limits::default());
        }
        let mut found = Vec::new();
        loop {
            match self.listener.parse(&mut bytes).expect("the account writes XML") {
                Some(Parsed::Element(element)) => found.push(element),
                Some(Parsed::Refused(refused)) => {
                    panic!("the account writes what we would refuse: {refused:?}")
                }
                Some(Parsed::Opened(_) | Parsed::Ended) => {}
                None => return found,
            }
        }
    }
}

impl World {
    /// A process begins.
    pub fn start(&mut self, device: usize) {
        if self.devices[device].account.is_some() {
            return;
        }
        self.tell(|| format!("{device} starts"));
        let this = &mut self.devices[device];
        this.starts += 1;
        let setup = Setup {
            id: AccountId([7; 16]),
            software_name: "Starling".to_owned(),
            software_version: "1".to_owned(),
            device_name: this.name.clone(),
            lang: "en".to_owned(),
            calls: false,
        };
        let rng = Box::new(ChaCha8Rng::seed_from_u64(this.seed ^ (this.starts << 32)));
        this.account = Some(this.writer.write(|tx| Account::new(setup, tx, rng)).unwrap());
        this.wake_at = None;
        self.give(device, Input::Start);
        while self.devices[device].account.is_some() {
            let Some(command) = self.devices[device].held.pop_front() else { break };
            self.give(device, Input::Command(command));
        }
    }

    /// A process ends in the middle of whatever it was doing.
    pub fn kill(&mut self, device: usize) {
        self.devices[device].account = None;
        if let Some(link) = self.devices[device].link.take() {
            self.hang_up(link, End::Device);
        }
        let pause = if self.calm { 10 } else { self.chance.pick(&[1, 50, 2000, 30_000]) };
        self.after(pause, Happening::Start(device));
    }

    /// One input, and whatever follows from it at once.
    pub fn give(&mut self, device: usize, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let now = self.clocks(device);
            let calm = self.calm;
            if !calm && self.chance.once_in(self.weather.commit_fails) {
                self.devices[device].writer.fail_commits(StorageFailure::Io, 1);
            }
            let again = if let Input::Command(command) = &input { Some(command.clone()) } else { None };
            let this = &mut self.devices[device];
            let Some(account) = &mut this.account else { return };
            let done = this.writer.write(|tx| account.handle(tx, input, now));
            this.writer.fail_commits(StorageFailure::Io, 0);
            if let Err(error) = done {
                assert!(matches!(error, account::Error::Store(_)), "{error}");
                self.tell(|| format!("{device}: a commit failed"));
                self.devices[device].held.extend(again);
                self.kill(device);
                return;
            }
            let killed = !calm && self.chance.once_in(self.weather.killed);
            let mut left = if killed { self.chance.below(4) } else { u64::MAX };
            let mut closed = false;
            while let Some(output) = self.devices[device].account.as_mut().and_then(Account::poll_output) {
                if left == 0 {
                    break;
                }
                left -= 1;
                match output {
                    Output::Connect(_) => {
                        closed = false;
                        self.connect(device);
                    }
                    Output::Write(bytes) => self.written(device, &bytes),
                    Output::Close => {
                        if let Some(link) = self.devices[device].link.take() {
                            self.hang_up(link, End::Device);
                            closed = true;
                        }
                    }
                    Output::StartTls => panic!("the link is secure already"),
                    Output::Event(_) | Output::File(_) | Output::Media(..) | Output::Answer(..) => {}
                }
            }
            if killed {
                self.tell(|| format!("{device} is killed"));
                self.kill(device);
                return;
            }
            if closed {
                // Closing was the account's own wish, and is told at once.
                inputs.push_back(Input::Closed(None));
            }
            if inputs.is_empty() && self.devices[device].account.as_ref().is_some_and(Account::is_behind) {
                inputs.push_back(Input::Continue);
            }
        }
        self.set_alarm(device);
    }

    fn connect(&mut self, device: usize) {
        if let Some(before) = self.devices[device].link.take() {
            self.hang_up(before, End::Device);
        }
        let link = self.links.len();
        self.links.push(Link::new(device));
        self.devices[device].link = Some(link);
        let refused = self.server.down || (!self.calm && self.chance.once_in(20));
        let due = self.weather.latency + self.chance.below(50);
        self.after(due, if refused { Happening::Refused(link) } else { Happening::Opened(link) });
    }

    /// The server cannot be reached.
    pub fn refused(&mut self, link: usize) {
        let device = self.links[link].device;
        if std::mem::take(&mut self.links[link].device_holds) {
            self.devices[device].link = None;
            self.give(device, Input::Closed(Some(model::Failure::Unreachable)));
        }
    }

    /// A link is there.
    pub fn opened(&mut self, link: usize) {
        if self.server.down {
            self.refused(link);
        } else if self.links[link].device_holds {
            self.links[link].server_holds = true;
            self.server_link_opened(link);
            let device = self.links[link].device;
            self.tell(|| format!("{device} has link {link}"));
            let tls =
                TlsFacts { exporter: Some([1; 32]), version: "TLSv1.3".to_owned(), ..TlsFacts::default() };
            self.give(device, Input::Connected { tls: Some(tls) });
        }
    }

    fn written(&mut self, device: usize, bytes: &[u8]) {
        let Some(link) = self.devices[device].link else { return };
        for element in self.devices[device].hear(bytes) {
            self.check_acknowledgement(device, link, &element);
        }
        self.transmit(link, End::Server, bytes);
    }

    fn set_alarm(&mut self, device: usize) {
        let due = self.devices[device].account.as_ref().and_then(Account::timeout);
        let due = due.map(|due| u64::try_from(due.as_millis()).unwrap() + 1);
        if let Some(due) = due.map(|due| due.max(self.now))
            && self.devices[device].wake_at.is_none_or(|at| due < at || at < self.now)
        {
            self.devices[device].wake_at = Some(due);
            self.at(due, Happening::Wake(device));
        }
    }

    /// The alarm that was set rings, perhaps in vain.
    pub fn wake(&mut self, device: usize) {
        if self.devices[device].wake_at.is_some_and(|at| at <= self.now) {
            self.devices[device].wake_at = None;
        }
        let now = self.clocks(device).monotonic;
        if self.devices[device].account.as_ref().and_then(Account::timeout).is_some_and(|due| due <= now) {
            self.give(device, Input::Timer);
        } else {
            self.set_alarm(device);
        }
    }

    fn clocks(&self, device: usize) -> Now {
        let wall = MORNING + i64::try_from(self.now).unwrap() + self.devices[device].skew;
        Now { monotonic: Duration::from_millis(self.now), wall: Timestamp(wall) }
    }
}

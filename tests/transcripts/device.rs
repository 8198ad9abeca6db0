//! One account on a device that exists only here: a false clock, a seeded generator, a database in memory, and
//! a link that is a list of what was written to it.

use std::time::Duration;

use account::{Account, Input, Output, Setup};
use model::{AccountId, AccountSettings, BareJid, EventKind, Now, StorageFailure, Timestamp};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use store::{Credentials, Writer};

/// 2026-01-01T12:00:00Z, when every device is switched on.
pub const MORNING: i64 = 1_767_268_800_000;

/// The device.
pub struct Device {
    writer: Writer,
    account: Option<Account>,
    seed: u64,
    starts: u64,
    monotonic: Duration,
    wall: i64,
    /// What the account wanted done, in order, and nobody took yet.
    pub outputs: Vec<Output>,
    /// What it told, in order.
    pub events: Vec<EventKind>,
}

impl Device {
    /// What the clock that never jumps says at first.
    pub const BEGINNING: Duration = Duration::from_secs(1000);

    /// A device on which an account was just set up.
    pub fn new(own: &str, seed: u64) -> Self {
        let own = BareJid::new(own).unwrap();
        let mut writer = Writer::in_memory().unwrap();
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
        let mut device = Self {
            writer,
            account: None,
            seed,
            starts: 0,
            monotonic: Self::BEGINNING,
            wall: MORNING,
            outputs: Vec::new(),
            events: Vec::new(),
        };
        device.start();
        device
    }

    /// Begins a process: everything that was only in memory is gone.
    pub fn start(&mut self) {
        self.account = None;
        self.outputs.clear();
        self.starts += 1;
        let setup = Setup {
            id: AccountId([7; 16]),
            software_name: "Starling".to_owned(),
            software_version: "1".to_owned(),
            device_name: "desk".to_owned(),
            lang: "en".to_owned(),
            calls: false,
        };
        let rng = Box::new(ChaCha8Rng::seed_from_u64(self.seed ^ (self.starts << 32)));
        let account = self.writer.write(|tx| Account::new(setup, tx, rng)).unwrap();
        self.account = Some(account);
        self.give(Input::Start);
    }

    /// Gives an input, and all that follows from it at once.
    pub fn give(&mut self, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let now = self.now();
            let Some(account) = &mut self.account else { return };
            let done = self.writer.write(|tx| account.handle(tx, input, now));
            if let Err(error) = done {
                // As `session` does: memory must not run ahead of the disk.
                assert!(matches!(error, account::Error::Store(_)), "{error}");
                self.account = None;
                self.outputs.clear();
                self.start();
                return;
            }
            while let Some(output) = account.poll_output() {
                match output {
                    Output::Event(event) => self.events.push(event),
                    output => self.outputs.push(output),
                }
            }
            if account.is_behind() {
                next = Some(Input::Continue);
            }
        }
    }

    /// Lets time pass, and timers run out as it does.
    pub fn wait(&mut self, time: Duration) {
        let end = self.monotonic + time;
        for _ in 0..10_000 {
            let due = self.account.as_ref().and_then(Account::timeout).filter(|due| *due <= end);
            let Some(due) = due else {
                self.pass(end.saturating_sub(self.monotonic));
                return;
            };
            self.pass(due.saturating_sub(self.monotonic));
            self.give(Input::Timer);
        }
        panic!("a timer runs out again and again");
    }

    fn pass(&mut self, time: Duration) {
        self.monotonic += time;
        self.wall += i64::try_from(time.as_millis()).unwrap();
    }

    /// Sets the wall clock, as a user may; the other one is not for setting.
    pub fn set_clock(&mut self, forward: i64) {
        self.wall += forward;
    }

    /// The next commits fail.
    pub fn fail_commits(&mut self, times: u32) {
        self.writer.fail_commits(StorageFailure::Io, times);
    }

    /// Both clocks.
    pub fn now(&self) -> Now {
        Now { monotonic: self.monotonic, wall: Timestamp(self.wall) }
    }

    /// The account, between two processes none.
    pub fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    /// Reads the database.
    pub fn read<T>(&mut self, read: impl FnOnce(store::Reads<'_>) -> Result<T, store::Error>) -> T {
        self.writer.write(|tx| read(tx.reads())).unwrap()
    }
}

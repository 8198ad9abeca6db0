//! The life of one account on this device: a plain thread, from the key to the last goodbye.
//!
//! ```text
//!  key, database ──→ driver ──→ Quit, Remove
//!     ↑   │ ↑          │
//!     │   ↓ └─ pause ──┘ the disk failed: everything in memory is dropped and read again (DESIGN rule 1)
//!     └─ waits for a person: locked keyring, passphrase, another Starling, a damaged file
//! ```
//!
//! It is a plain thread, so the keyring may show a prompt and the disk may be slow, and nobody else
//! notices. While the disk fails, commands wait here for it; a question is answered with the failure.

use std::{collections::VecDeque, time::Duration};

use account::{Account, Setup};
use async_channel::Receiver;
use model::{AccountId, Answer, EventKind, Failure, KeyFailure, StorageFailure};
use rand::{
    SeedableRng as _,
    rngs::{StdRng, SysRng},
};
use store::{DatabaseKey, KeyHeader, ReaderHandle, Writer};
use tokio::runtime::Runtime;

use crate::{
    Condition,
    driver::{Driver, End},
    folders::HalfMade,
    mail::{Mail, Reply},
    service::{self, Shared},
    sign_in::{self, NewAccount},
    trial::Trial,
};

/// The first pause after the disk failed; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A database that worked for so long was well: the next pause is short again.
const WELL: Duration = Duration::from_secs(60);

/// How an account begins.
pub(crate) enum Beginning {
    /// It is on this device.
    Existing,
    /// It signs in for the first time.
    SignIn(Box<NewAccount>, Reply),
}

/// Keeps one account.
pub(crate) struct Keeper {
    id: AccountId,
    shared: Shared,
    mail: Receiver<Mail>,
    /// Letters that came while nothing could be done with them.
    held: VecDeque<Mail>,
    key: Option<DatabaseKey>,
    /// Whether the disk failed the last time: it has to prove itself.
    doubtful: bool,
    reader: Option<ReaderHandle>,
}

/// What a person, or time, decided while the account was closed.
enum Decision {
    TryAgain(Option<Reply>),
    Unlock(String, Reply),
    Remove,
    Quit,
}

impl Keeper {
    pub(crate) fn new(id: AccountId, shared: Shared, mail: Receiver<Mail>) -> Self {
        Self { id, shared, mail, held: VecDeque::new(), key: None, doubtful: false, reader: None }
    }

    pub(crate) fn run(mut self, beginning: Beginning) {
        let runtime = match service::small_runtime() {
            Ok(runtime) => runtime,
            Err(failure) => {
                if let Beginning::SignIn(_, reply) = beginning {
                    reply.give(Err(failure));
                }
                return;
            }
        };
        let end = match beginning {
            Beginning::Existing => self.keep(&runtime),
            Beginning::SignIn(new, reply) => self.sign_in(&runtime, &new, &reply),
        };
        self.close_reader();
        if end == Last::Remove {
            sign_in::undo(&self.shared, self.id);
            self.shared.table.strike_out(self.id);
            self.shared.bus.tell(self.id, EventKind::AccountRemoved);
        }
    }

    /// Opens and drives the account until it is to end.
    fn keep(&mut self, runtime: &Runtime) -> Last {
        let mut answer_to: Option<Reply> = None;
        let mut passphrase: Option<String> = None;
        let mut pause = None;
        loop {
            let failure = match self.open(passphrase.take().as_deref()) {
                Ok(writer) => {
                    if let Some(reply) = answer_to.take() {
                        reply.give(Ok(Answer::Done));
                    }
                    let started = std::time::Instant::now();
                    self.shared.bus.tell(self.id, EventKind::AccountAdded);
                    let end = self.drive(runtime, writer, None);
                    if started.elapsed() > WELL {
                        pause = None;
                    }
                    match end {
                        End::Quit => return Last::Quit,
                        End::Remove => return Last::Remove,
                        End::Broken(failure) | End::TrialFailed(failure) => failure,
                    }
                }
                Err(failure) => failure,
            };
            tracing::warn!(account = %self.id, %failure, "the account is closed");
            self.doubtful = mends_itself(&failure);
            if let Some(reply) = answer_to.take() {
                reply.give(Err(failure.clone()));
            }
            self.shared.table.set_condition(self.id, Condition::Unavailable(failure.clone()));
            self.shared.bus.tell(self.id, EventKind::AccountUnavailable(failure.clone()));
            pause = mends_itself(&failure).then(|| {
                pause.map_or(FIRST_PAUSE, |before: Duration| before.saturating_mul(2).min(LONGEST_PAUSE))
            });
            match runtime.block_on(self.decision(&failure, pause)) {
                Decision::TryAgain(reply) => answer_to = reply,
                Decision::Unlock(words, reply) => {
                    passphrase = Some(words);
                    answer_to = Some(reply);
                }
                Decision::Remove => return Last::Remove,
                Decision::Quit => return Last::Quit,
            }
        }
    }

    fn sign_in(&mut self, runtime: &Runtime, new: &NewAccount, reply: &Reply) -> Last {
        let prepared = sign_in::prepare(&self.shared, self.id, new);
        let end = match prepared {
            Ok((half_made, key, writer)) => {
                self.key = Some(key);
                self.try_out(runtime, half_made, writer, reply.clone())
            }
            Err(failure) => End::TrialFailed(failure),
        };
        match end {
            End::Quit => Last::Quit,
            End::Remove => Last::Remove,
            // It was added, and the disk failed later.
            End::Broken(failure) if self.is_listed() => {
                tracing::warn!(account = %self.id, %failure, "the database is opened anew");
                self.doubtful = true;
                self.keep(runtime)
            }
            End::Broken(failure) | End::TrialFailed(failure) => {
                self.close_reader();
                self.shared.table.strike_out(self.id);
                sign_in::undo(&self.shared, self.id);
                reply.give(Err(failure));
                Last::Quit
            }
        }
    }

    fn try_out(&mut self, runtime: &Runtime, half_made: HalfMade, mut writer: Writer, reply: Reply) -> End {
        match self.enter(&mut writer) {
            Ok(()) => self.drive(runtime, writer, Some(Trial::new(half_made, reply))),
            Err(failure) => End::TrialFailed(failure),
        }
    }

    /// Gets the key and opens the database.
    fn open(&mut self, passphrase: Option<&str>) -> Result<Writer, Failure> {
        let folder = self.shared.folders.path(self.id);
        let key = match &self.key {
            Some(key) => key.clone(),
            None => match KeyHeader::read(&folder)? {
                Some(header) if header.is_wrapped() => {
                    header.unwrap_with(passphrase.ok_or(KeyFailure::PassphraseNeeded)?)?
                }
                _ => self.shared.config.secrets.fetch(self.id)?,
            },
        };
        let mut writer = Writer::open(&folder, &key)?;
        if self.doubtful {
            // Reading would work on a full disk too: the windows are not to see it come and go.
            let proof: [u8; 8] = rand::random();
            writer.write(|tx| tx.set_fact("disk-proof", Some(&proof)))?;
            self.doubtful = false;
        }
        self.enter(&mut writer)?;
        self.key = Some(key);
        Ok(writer)
    }

    /// Enters the open database into the table.
    fn enter(&mut self, writer: &mut Writer) -> Result<(), Failure> {
        let profile = writer.write(|tx| tx.reads().account())?;
        let address = profile.ok_or(StorageFailure::Damaged)?.settings.address;
        // The windows read on over the handle they have.
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => writer.reader()?,
        };
        self.reader = Some(reader.clone());
        self.shared.table.set_open(self.id, address, reader);
        Ok(())
    }

    fn drive(&mut self, runtime: &Runtime, mut writer: Writer, trial: Option<Trial>) -> End {
        let config = &self.shared.config;
        let setup = Setup {
            id: self.id,
            software_name: config.software_name.clone(),
            software_version: config.software_version.clone(),
            device_name: config.device_name.clone(),
            lang: config.language.clone(),
            calls: self.shared.calls.are_possible(),
        };
        let Ok(rng) = StdRng::try_from_rng(&mut SysRng) else {
            return End::Broken(Failure::Storage(StorageFailure::Io));
        };
        let account = match writer.write(|tx| Account::new(setup, tx, Box::new(rng))) {
            Ok(account) => account,
            Err(error) => return End::Broken(crate::driver::explain(&error)),
        };
        let driver = Driver::new(self.id, &self.shared, writer, account, &self.mail, &mut self.held, trial);
        runtime.block_on(driver.run())
    }

    /// Waits until something is worth trying. Commands are kept for later.
    async fn decision(&mut self, failure: &Failure, pause: Option<Duration>) -> Decision {
        let pause = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(pause);
        loop {
            let mail = tokio::select! {
                () = &mut pause => return Decision::TryAgain(None),
                mail = self.mail.recv() => mail,
            };
            match mail {
                Err(_) | Ok(Mail::Quit) => return Decision::Quit,
                Ok(Mail::Remove) => return Decision::Remove,
                Ok(Mail::Reopen(reply)) => return Decision::TryAgain(Some(reply)),
                Ok(Mail::Unlock(passphrase, reply)) => return Decision::Unlock(passphrase, reply),
                Ok(Mail::Ask(_, reply)) => reply.give(Err(failure.clone())),
                Ok(mail) => self.held.push_back(mail),
            }
        }
    }

    /// Windows may still hold a handle: nothing is read any more through it.
    fn close_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.close();
        }
    }

    fn is_listed(&self) -> bool {
        self.shared.table.listed().iter().any(|info| info.id == self.id)
    }
}

/// What becomes of the account when its thread ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Quit,
    Remove,
}

/// Whether trying again later may help without anybody doing anything.
fn mends_itself(failure: &Failure) -> bool {
    match failure {
        Failure::Storage(failure) => match failure {
            StorageFailure::Full | StorageFailure::Io | StorageFailure::ReadOnly | StorageFailure::InUse => {
                true
            }
            StorageFailure::Damaged | StorageFailure::TooNew => false,
        },
        _ => false,
    }
}

//! The media of calls: one engine for all accounts, and one call at a time over all of them.
//!
//! One thread owns the calls. What accounts want done to the media of theirs comes as letters, and what media tells goes back
//! into their mailboxes, as any other input. The engine is made for the first call, and its threads end with the last.
//!
//! ```text
//!   account ─ Output::Media ─→ letters ─→ CallMedia ─ Told::Event ─→ mailbox ─ Input::Media ─→ account
//!           ─ Event::Call ───→    │                 └ Told::Statistics ─→ bus
//!                                 └ another is in a call: SetBusy ─→ mailboxes of the others
//! ```
//!
//! Should two accounts be in calls at the same instant nevertheless, the second finds no media, and ends.

mod carrier;

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    path::PathBuf,
    sync::Arc,
    thread,
    time::Duration,
};

use async_channel::{Receiver, Sender};
use media::{CallMedia, Devices, Engine, Network, Picture, Told, View};
use model::{
    AccountCommand, AccountId, Call, CallDevices, CallId, CallState, Direction, EventKind, IceServer,
    MediaCommand, MediaEvent, MediaFailure, MediaSetup,
};
use tokio::runtime::Runtime;

use self::carrier::Carrier;
use crate::{events::Bus, mail::Mail, table::Table};

/// How calls are made.
#[derive(Clone, Debug, Default)]
pub struct CallConfig {
    /// What is captured, and where it is played.
    pub devices: Devices,
    /// Which networks are used.
    pub network: Network,
    /// Where pictures are shown.
    pub pictures: Option<PictureSink>,
}

type Show = dyn Fn(AccountId, CallId, View, Picture) + Send + Sync;

/// Takes in the pictures of calls, on any thread: it must not wait.
#[derive(Clone)]
pub struct PictureSink(Arc<Show>);

impl PictureSink {
    /// Hands them to this.
    pub fn new(show: impl Fn(AccountId, CallId, View, Picture) + Send + Sync + 'static) -> Self {
        Self(Arc::new(show))
    }
}

impl fmt::Debug for PictureSink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PictureSink").finish_non_exhaustive()
    }
}

/// The way to the thread of calls. Clones lead to the same.
#[derive(Clone)]
pub(crate) struct Calls {
    letters: Option<Sender<Letter>>,
}

enum Letter {
    /// The account opened.
    Opened(AccountId),
    /// What the account trusts besides the authorities of the system.
    Trusts(AccountId, Option<PathBuf>),
    /// The account closed, and its calls are over.
    Closed(AccountId),
    /// A call is as it is now.
    Changed(AccountId, Box<Call>),
    /// What captures and plays from now on.
    Devices(CallDevices),
    /// To the media of a call.
    Media(AccountId, CallId, MediaCommand),
}

impl Calls {
    /// Begins the thread, if there are to be calls.
    pub(crate) fn start(config: Option<CallConfig>, table: Table, bus: Bus) -> Self {
        let letters = config.and_then(|config| {
            let (letters, inbox) = async_channel::unbounded();
            let desk = Desk {
                config,
                table,
                bus,
                chosen: CallDevices::default(),
                engine: None,
                media: HashMap::new(),
                authorities: HashMap::new(),
                occupied: BTreeSet::new(),
            };
            let started = thread::Builder::new().name("calls".to_owned()).spawn(move || desk.serve(&inbox));
            match started {
                Ok(_) => Some(letters),
                Err(error) => {
                    tracing::error!(%error, "no thread for calls could be started");
                    None
                }
            }
        });
        Self { letters }
    }

    /// Whether there are calls at all.
    pub(crate) fn are_possible(&self) -> bool {
        self.letters.is_some()
    }

    fn post(&self, letter: Letter) {
        if let Some(letters) = &self.letters {
            // Closed: the thread has ended, and with it every call.
            let _ = letters.try_send(letter);
        }
    }

    /// An account opened.
    pub(crate) fn opened(&self, account: AccountId) {
        self.post(Letter::Opened(account));
    }

    /// An account connects, with these authorities besides the system's: they vouch for its relays too.
    pub(crate) fn trusts(&self, account: AccountId, extra_authorities: Option<PathBuf>) {
        self.post(Letter::Trusts(account, extra_authorities));
    }

    /// An account closed.
    pub(crate) fn closed(&self, account: AccountId) {
        self.post(Letter::Closed(account));
    }

    /// A call of an account changed.
    pub(crate) fn changed(&self, account: AccountId, call: &Call) {
        self.post(Letter::Changed(account, Box::new(call.clone())));
    }

    /// The user chose other devices.
    pub(crate) fn use_devices(&self, devices: CallDevices) {
        self.post(Letter::Devices(devices));
    }

    /// An account tells the media of a call.
    pub(crate) fn media(&self, account: AccountId, call: CallId, command: MediaCommand) {
        self.post(Letter::Media(account, call, command));
    }
}

/// What the thread has.
struct Desk {
    config: CallConfig,
    table: Table,
    bus: Bus,
    /// Which devices the user wants.
    chosen: CallDevices,
    engine: Option<(Engine, Runtime)>,
    media: HashMap<(AccountId, CallId), Running>,
    authorities: HashMap<AccountId, PathBuf>,
    /// Calls in which the user is.
    occupied: BTreeSet<(AccountId, CallId)>,
}

/// The media of a call, and what carries it to relays.
struct Running {
    media: CallMedia,
    carriers: Vec<Carrier>,
}

impl Desk {
    fn serve(mut self, inbox: &Receiver<Letter>) {
        while let Ok(letter) = inbox.recv_blocking() {
            match letter {
                Letter::Opened(account) => self.tell_busy(account),
                Letter::Trusts(account, Some(authorities)) => {
                    self.authorities.insert(account, authorities);
                }
                Letter::Trusts(account, None) => {
                    self.authorities.remove(&account);
                }
                Letter::Closed(account) => {
                    self.authorities.remove(&account);
                    self.media.retain(|(owner, _), _| *owner != account);
                    self.occupy(|occupied| occupied.retain(|(owner, _)| *owner != account));
                }
                Letter::Changed(account, call) => {
                    let id = (account, call.id);
                    self.occupy(|occupied| {
                        if is_in(&call) {
                            occupied.insert(id)
                        } else {
                            occupied.remove(&id)
                        };
                    });
                }
                Letter::Devices(chosen) => {
                    for running in self.media.values() {
                        running.media.use_devices(chosen.clone());
                    }
                    self.chosen = chosen;
                }
                Letter::Media(account, call, command) => self.tell(account, call, command),
            }
        }
        self.media.clear();
        if let Some((_, runtime)) = self.engine {
            // Devices are let go of; servers are told, if that takes no longer than this.
            runtime.shutdown_timeout(Duration::from_millis(500));
        }
    }

    /// Something changes of the calls in which the user is: whose accounts are told that he is, or is no longer.
    fn occupy(&mut self, change: impl FnOnce(&mut BTreeSet<(AccountId, CallId)>)) {
        let before = self.occupied.clone();
        change(&mut self.occupied);
        for account in self.table.accounts() {
            if is_elsewhere(&before, account) != is_elsewhere(&self.occupied, account) {
                self.tell_busy(account);
            }
        }
    }

    fn tell_busy(&self, account: AccountId) {
        let busy = is_elsewhere(&self.occupied, account);
        post(&self.table, account, Mail::Command(AccountCommand::SetBusy(busy)));
    }

    fn tell(&mut self, account: AccountId, call: CallId, command: MediaCommand) {
        let id = (account, call);
        match command {
            MediaCommand::Begin(setup) => {
                let is_taken = self.media.keys().any(|(owner, _)| *owner != account);
                let Some(media) = (if is_taken { None } else { self.begin(account, call) }) else {
                    return fail(&self.table, account, call);
                };
                self.media.insert(id, Running { media, carriers: Vec::new() });
                let servers = self.by_datagrams(id, setup.servers);
                self.pass(id, MediaCommand::Begin(MediaSetup { servers, ..setup }));
            }
            MediaCommand::SetServers(servers) => {
                let servers = self.by_datagrams(id, servers);
                self.pass(id, MediaCommand::SetServers(servers));
            }
            MediaCommand::End => {
                self.pass(id, MediaCommand::End);
                self.media.remove(&id);
            }
            command => self.pass(id, command),
        }
    }

    fn pass(&mut self, id: (AccountId, CallId), command: MediaCommand) {
        let Some(running) = self.media.get(&id) else { return };
        if !running.media.tell(command) {
            self.media.remove(&id);
            fail(&self.table, id.0, id.1);
        }
    }

    fn by_datagrams(&mut self, id: (AccountId, CallId), servers: Vec<IceServer>) -> Vec<IceServer> {
        let (Some(running), Some((_, runtime))) = (self.media.get_mut(&id), &self.engine) else {
            return servers;
        };
        carrier::by_datagrams(runtime.handle(), &mut running.carriers, servers, self.authorities.get(&id.0))
    }

    fn begin(&mut self, account: AccountId, call: CallId) -> Option<CallMedia> {
        if self.engine.is_none() {
            self.engine = Some(make(&self.config)?);
        }
        let (engine, _) = self.engine.as_ref()?;
        let (table, bus, pictures) = (self.table.clone(), self.bus.clone(), self.config.pictures.clone());
        let media = engine.begin(self.chosen.clone(), move |told| match told {
            Told::Event(event) => post(&table, account, Mail::Media(call, event)),
            Told::Statistics(statistics) => {
                bus.tell(account, EventKind::CallStatistics(call, Box::new(statistics)));
            }
            Told::Picture(view, picture) => {
                if let Some(PictureSink(show)) = &pictures {
                    show(account, call, view, picture);
                }
            }
        });
        Some(media)
    }
}

/// Two threads: letting go of a camera must not hold up voices.
fn make(config: &CallConfig) -> Option<(Engine, Runtime)> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = match builder.worker_threads(2).thread_name("call").enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "no runtime for calls could be made");
            return None;
        }
    };
    let config = media::Config {
        devices: config.devices,
        network: config.network,
        shows_pictures: config.pictures.is_some(),
    };
    match Engine::new(config, runtime.handle().clone()) {
        Ok(engine) => Some((engine, runtime)),
        Err(error) => {
            tracing::error!(%error, "there can be no calls");
            None
        }
    }
}

fn fail(table: &Table, account: AccountId, call: CallId) {
    post(table, account, Mail::Media(call, MediaEvent::Failed(MediaFailure::Machinery)));
}

fn post(table: &Table, account: AccountId, mail: Mail) {
    if let Some(mailbox) = table.mailbox(account) {
        let _ = mailbox.try_send(mail);
    }
}

/// Whether the user is in a call of another account.
fn is_elsewhere(occupied: &BTreeSet<(AccountId, CallId)>, account: AccountId) -> bool {
    occupied.iter().any(|(owner, _)| *owner != account)
}

/// Whether the user is in this call: one that only rings here leaves him free.
fn is_in(call: &Call) -> bool {
    match call.state {
        CallState::Ended(_) => false,
        CallState::Ringing => call.direction == Direction::Outgoing,
        CallState::Calling
        | CallState::Connecting
        | CallState::Connected { .. }
        | CallState::Reconnecting { .. } => true,
    }
}

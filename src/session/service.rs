//! The thread that knows which accounts there are.
//!
//! It takes what the front end sends, hands it to the thread of the account it is for, and starts
//! and counts those threads. It never touches a disk, a network or a keyring itself, so that a
//! prompt in front of one account holds up no other.

use std::{collections::HashSet, sync::Arc, thread, time::Duration};

use account::Question;
use async_channel::{Receiver, Sender};
use model::{AccountId, Answer, Command, Failure, Request, StorageFailure};

use crate::{
    Config,
    calls::Calls,
    clock::Clock,
    events::Bus,
    export,
    folders::Folders,
    handle::Handle,
    keeper::{Beginning, Keeper},
    mail::{Mail, Reply},
    register,
    sign_in::{self, NewAccount},
    table::Table,
};

/// How long accounts have to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// What every thread of the service needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) folders: Arc<Folders>,
    pub(crate) table: Table,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) calls: Calls,
    to_service: Sender<ToService>,
}

/// A letter to the service.
pub(crate) enum ToService {
    Command(Command),
    Ask(Request, Reply),
    /// Somebody registered an account, which is to sign in now.
    Add(NewAccount, Reply),
    /// The thread of this account has ended.
    Ended(AccountId),
}

pub(crate) fn start(config: Config) -> Result<Handle, Failure> {
    let folders = Folders::open(&config.data_folder)?;
    let found = folders.list()?;
    let (to_service, inbox) = async_channel::unbounded();
    let (end, ended) = async_channel::bounded(1);
    let (table, bus) = (Table::default(), Bus::new());
    let calls = Calls::start(config.calls.clone(), table.clone(), bus.clone());
    let shared = Shared {
        calls,
        config: Arc::new(config),
        folders: Arc::new(folders),
        table,
        bus,
        clock: Clock::start(),
        to_service: to_service.clone(),
    };
    let handle = Handle::new(to_service, shared.bus.clone(), shared.table.clone(), ended);
    let mut service =
        Service { shared, running: HashSet::new(), network_available: true, window_visible: None };
    for id in found.accounts {
        service.begin(id, Beginning::Existing)?;
    }
    if !found.leftovers.is_empty() {
        service.clean(found.leftovers);
    }
    spawn("service", move || {
        service.run(&inbox);
        drop(end);
    })?;
    Ok(handle)
}

struct Service {
    shared: Shared,
    running: HashSet<AccountId>,
    network_available: bool,
    window_visible: Option<bool>,
}

impl Service {
    fn run(mut self, inbox: &Receiver<ToService>) {
        while let Ok(message) = inbox.recv_blocking() {
            match message {
                ToService::Command(Command::Quit) => break,
                ToService::Command(command) => self.command(command),
                ToService::Ask(request, reply) => self.ask(request, reply),
                ToService::Add(new, reply) => self.add(new, &reply),
                ToService::Ended(id) => self.forget(id),
            }
        }
        self.say_goodbye(inbox);
        // What nobody will read would keep whoever waits for an answer waiting for ever.
        inbox.close();
        while let Ok(message) = inbox.try_recv() {
            if let ToService::Ask(_, reply) | ToService::Add(_, reply) = message {
                reply.give(Err(Failure::Gone));
            }
        }
        self.shared.bus.close();
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Account(id, command) => self.post(id, Mail::Command(command)),
            Command::RemoveAccount(id) => self.post(id, Mail::Remove),
            Command::SetCallDevices(devices) => self.shared.calls.use_devices(devices),
            Command::NetworkChanged { available } => {
                self.network_available = available;
                self.post_all(|| Mail::NetworkChanged { available });
            }
            Command::Resumed => self.post_all(|| Mail::Resumed),
            Command::WindowVisible(visible) => {
                self.window_visible = Some(visible);
                self.post_all(|| Mail::WindowVisible(visible));
            }
            Command::Quit => {}
        }
    }

    fn ask(&mut self, request: Request, reply: Reply) {
        match request {
            Request::SignIn(sign_in) => self.add(NewAccount::from(sign_in), &reply),
            Request::ChangePassword(id, password) => {
                self.post(id, Mail::Ask(Question::ChangePassword(password), reply));
            }
            Request::OpenConversation(id, address) => {
                self.post(id, Mail::Ask(Question::OpenConversation(address), reply));
            }
            Request::Callable(id, address) => {
                self.post(id, Mail::Ask(Question::Callable(address), reply));
            }
            Request::ExportFile(id, file, to) => match self.shared.table.reader(id) {
                Some(reader) => {
                    let asked = reply.clone();
                    let work = move || asked.give(export::export(&reader, file, &to).map(Answer::File));
                    report(spawn("export", work), &reply);
                }
                None => reply.give(Err(Failure::Gone)),
            },
            Request::Unlock(id, passphrase) => self.post(id, Mail::Unlock(passphrase, reply)),
            Request::Reopen(id) => self.post(id, Mail::Reopen(reply)),
            Request::RegistrationForm { domain, server, extra_authorities } => {
                let inquiry = register::Inquiry { domain, server, extra_authorities };
                let shared = self.shared.clone();
                let asked = reply.clone();
                report(spawn("registration", move || register::fetch_form(&shared, inquiry, &asked)), &reply);
            }
            Request::Register { form, server, extra_authorities, passphrase } => {
                let wanted = register::Wanted { form, server, extra_authorities, passphrase };
                let shared = self.shared.clone();
                let asked = reply.clone();
                let work = move || {
                    if let Some(new) = register::register(&shared, wanted, &asked) {
                        let _ = shared.to_service.try_send(ToService::Add(new, asked));
                    }
                };
                report(spawn("registration", work), &reply);
            }
        }
    }

    /// Starts a first sign-in.
    fn add(&mut self, new: NewAccount, reply: &Reply) {
        if self.shared.table.has_address(&new.settings.address) {
            reply.give(Err(Failure::AccountExists));
            return;
        }
        let id = sign_in::new_id();
        let beginning = Beginning::SignIn(Box::new(new), reply.clone());
        if let Err(failure) = self.begin(id, beginning) {
            reply.give(Err(failure));
        }
    }

    /// Starts the thread of an account.
    fn begin(&mut self, id: AccountId, beginning: Beginning) -> Result<(), Failure> {
        let (mailbox, mail) = async_channel::unbounded();
        let (address, listed) = match &beginning {
            Beginning::Existing => (None, true),
            Beginning::SignIn(new, _) => (Some(new.settings.address.clone()), false),
        };
        if !self.network_available {
            let _ = mailbox.try_send(Mail::NetworkChanged { available: false });
        }
        if let Some(visible) = self.window_visible {
            let _ = mailbox.try_send(Mail::WindowVisible(visible));
        }
        self.shared.table.enter(id, mailbox, address, listed);
        let keeper = Keeper::new(id, self.shared.clone(), mail.clone());
        let to_service = self.shared.to_service.clone();
        let table = self.shared.table.clone();
        let started = spawn("account", move || {
            // Told by dropping, so that a thread that panics is struck out like any other.
            let _ending = Ending { id, table, mail, to_service };
            keeper.run(beginning);
        });
        match started {
            Ok(()) => {
                self.running.insert(id);
                Ok(())
            }
            Err(failure) => {
                self.shared.table.strike_out(id);
                Err(failure)
            }
        }
    }

    /// Removes what interrupted sign-ins and removals left, and their keys.
    fn clean(&self, leftovers: Vec<AccountId>) {
        let shared = self.shared.clone();
        let work = move || {
            for id in leftovers {
                sign_in::undo(&shared, id);
            }
        };
        if let Err(failure) = spawn("cleaning", work) {
            tracing::warn!(%failure, "leftovers stay until the next start");
        }
    }

    fn post(&self, id: AccountId, mail: Mail) {
        match self.shared.table.mailbox(id) {
            Some(mailbox) => {
                if let Err(refused) = mailbox.try_send(mail) {
                    refused.into_inner().refuse(&Failure::Gone);
                }
            }
            None => mail.refuse(&Failure::Gone),
        }
    }

    fn post_all(&self, mail: impl Fn() -> Mail) {
        for mailbox in self.shared.table.mailboxes() {
            let _ = mailbox.try_send(mail());
        }
    }

    fn forget(&mut self, id: AccountId) {
        self.running.remove(&id);
    }

    /// Ends every account, and waits for them: a keyring prompt that is still open is not waited for.
    fn say_goodbye(&mut self, inbox: &Receiver<ToService>) {
        self.post_all(|| Mail::Quit);
        let Ok(runtime) = small_runtime() else { return };
        let all_ended = async {
            while !self.running.is_empty() {
                match inbox.recv().await {
                    Ok(ToService::Ended(id)) => self.forget(id),
                    Ok(ToService::Ask(_, reply) | ToService::Add(_, reply)) => reply.give(Err(Failure::Gone)),
                    Ok(ToService::Command(_)) => {}
                    Err(_) => break,
                }
            }
        };
        if runtime.block_on(async { tokio::time::timeout(GOODBYE, all_ended).await }).is_err() {
            tracing::warn!(accounts = self.running.len(), "not every account ended in time");
        }
    }
}

/// Says at the end of an account's thread that it ended.
struct Ending {
    id: AccountId,
    table: Table,
    mail: Receiver<Mail>,
    to_service: Sender<ToService>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.table.strike_out(self.id);
        // What nobody will read would keep whoever waits for an answer waiting for ever.
        self.mail.close();
        while let Ok(mail) = self.mail.try_recv() {
            mail.refuse(&Failure::Gone);
        }
        let _ = self.to_service.try_send(ToService::Ended(self.id));
    }
}

fn report(started: Result<(), Failure>, reply: &Reply) {
    if let Err(failure) = started {
        reply.give(Err(failure));
    }
}

/// Starts a plain thread.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    match thread::Builder::new().name(name.to_owned()).spawn(work) {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::error!(%error, name, "no thread could be started");
            Err(Failure::Storage(StorageFailure::Io))
        }
    }
}

/// A runtime for one thread.
pub(crate) fn small_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        tracing::error!(%error, "no runtime could be made");
        Failure::Storage(StorageFailure::Io)
    })
}

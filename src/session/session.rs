//! The handle a front end holds.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use files::FilmMaker;
use model::{AccountId, Answer, BareJid, Command, ConnectionState, Failure, Request};

use crate::{CallConfig, EventStream, SecretService, Secrets, handle::Handle, service};

/// What a service is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the accounts live. Each profile has a folder of its own.
    pub data_folder: PathBuf,
    /// Where the keys of the databases are kept.
    pub secrets: Arc<dyn Secrets>,
    /// The user's language, as servers want it (`xml:lang`).
    pub language: String,
    /// What this program calls itself.
    pub software_name: String,
    /// Its version.
    pub software_version: String,
    /// What this device calls itself.
    pub device_name: String,
    /// Asks this DNS server instead of the system's. For tests.
    pub dns_server: Option<SocketAddr>,
    /// With which devices and networks calls are made. `None`: nothing of calls is said or heard.
    pub calls: Option<CallConfig>,
    /// What makes films smaller before they are sent. `None`: they go as they are.
    pub films: Option<FilmMaker>,
}

impl Config {
    /// The usual: the desktop's Secret Service, English, and the program's own name.
    pub fn new(data_folder: PathBuf) -> Self {
        Self {
            data_folder,
            secrets: Arc::new(SecretService),
            language: "en".to_owned(),
            software_name: "Starling".to_owned(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            device_name: "Starling".to_owned(),
            dns_server: None,
            calls: None,
            films: None,
        }
    }
}

/// An account on this device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountInfo {
    /// Its id.
    pub id: AccountId,
    /// Its address: unknown until its database was opened once, because nothing outside tells it.
    pub address: Option<BareJid>,
    /// How it is.
    pub condition: Condition,
}

/// How an account on this device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Its key is being fetched and its database opened.
    Opening,
    /// It can be read, and stands like this with its server.
    Open(ConnectionState),
    /// It cannot be read.
    Unavailable(Failure),
}

/// The service, as a front end sees it. Clones are the same service; it ends with
/// [`Command::Quit`], [`Session::end`], or when the last clone is dropped.
#[derive(Clone)]
pub struct Session {
    service: Arc<Handle>,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    /// Starts the service. Which accounts there are is known when it returns; each of them is
    /// opened by itself, and tells with `AccountAdded` or `AccountUnavailable` how that went.
    pub fn start(config: Config) -> Result<Self, Failure> {
        service::start(config).map(|service| Self { service: Arc::new(service) })
    }

    /// Wants something done. Never waits.
    pub fn send(&self, command: Command) {
        self.service.send(command);
    }

    /// Asks what a person waits for. Dropping the future withdraws the question: a sign-in that
    /// was cancelled leaves nothing behind.
    pub async fn ask(&self, request: Request) -> Result<Answer, Failure> {
        self.service.ask(request).await
    }

    /// Everything that happens from now on. Ask for it before [`accounts`](Self::accounts), and
    /// nothing falls in between.
    ///
    /// While an account signs in for the first time, or is being made, it is not among the accounts
    /// and nothing is told of it but how far connecting has come.
    pub fn events(&self) -> EventStream {
        self.service.events()
    }

    /// The accounts on this device, in no particular order.
    pub fn accounts(&self) -> Vec<AccountInfo> {
        self.service.accounts()
    }

    /// Reads an account's database. `None` while it is not open.
    pub fn reader(&self, account: AccountId) -> Option<store::ReaderHandle> {
        self.service.reader(account)
    }

    /// Says goodbye to every server and ends the service. Blocks until all is on disk and closed,
    /// `at_most` this long. Says whether it was in time.
    pub fn end(&self, at_most: Duration) -> bool {
        self.service.end(at_most)
    }
}

#[cfg(test)]
mod tests;

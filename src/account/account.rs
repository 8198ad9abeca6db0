//! The face of the crate: what goes in, what comes out, and the turn between.

use std::{path::PathBuf, time::Duration};

use model::{
    AccountCommand, AccountId, Answer, BareJid, CallId, ConnectionStep, EventKind, Failure, MediaCommand,
    MediaEvent, Now, RequestId, ServerAddress,
};
use rand_core::CryptoRng;
use store::Tx;
use xmpp::TlsFacts;

use crate::{
    Error, FileJob, FileReport, archive, calls, commands, connection, files,
    refused::Refused,
    turn::{State, Turn},
};

/// What the program says of itself to servers.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Which account of this device it is.
    pub id: AccountId,
    /// The name of this program.
    pub software_name: String,
    /// Its version.
    pub software_version: String,
    /// The name of this device, as the user's other devices may show it.
    pub device_name: String,
    /// The language for texts of the server, as in `xml:lang`.
    pub lang: String,
    /// Whether there is an engine for the media of calls. Without one nothing of calls is announced or heard.
    pub calls: bool,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The process began: go online if that is wanted.
    Start,
    /// The user wants something.
    Command(AccountCommand),
    /// The time that [`Account::timeout`] named has come.
    Timer,
    /// More of what came before is to be handled ([`Account::is_behind`]).
    Continue,
    /// How far connecting has come.
    Progress(ConnectionStep),
    /// The link is open.
    Connected {
        /// What is known of TLS, if the link began with it.
        tls: Option<TlsFacts>,
    },
    /// The handshake that [`Output::StartTls`] asked for is done.
    TlsStarted(TlsFacts),
    /// These bytes came.
    Bytes(Vec<u8>),
    /// The link is gone, or could not be made, with the reason if there is one.
    Closed(Option<Failure>),
    /// The network came, went or changed.
    NetworkChanged {
        /// Whether there is one.
        available: bool,
    },
    /// The device woke from sleep.
    Resumed,
    /// A window is visible, or none is (XEP-0352).
    WindowVisible(bool),
    /// The process ends: say goodbye to the server. Whether the account is enabled stays as it is.
    Quit,
    /// The engine of a call's media tells something.
    Media(CallId, MediaEvent),
    /// What became of work on a file.
    File(FileReport),
    /// Somebody waits for an answer.
    Ask(RequestId, Question),
}

/// What somebody waits for.
#[derive(Clone)]
pub enum Question {
    /// The conversation with an address, made if there is none.
    OpenConversation(BareJid),
    /// Whether somebody can be called.
    Callable(BareJid),
    /// A new password (XEP-0077 §3.3).
    ChangePassword(String),
}

impl std::fmt::Debug for Question {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::OpenConversation(_) => "OpenConversation",
            Self::Callable(_) => "Callable",
            Self::ChangePassword(_) => "ChangePassword",
        })
    }
}

/// What the caller is to do, in this order, after the commit.
#[derive(Debug)]
pub enum Output {
    /// Open a link. From now on every input about a link is about this one: whatever the last one still has
    /// to say is dropped.
    Connect(ConnectTarget),
    /// Secure the link with TLS.
    StartTls,
    /// Write these bytes.
    Write(Vec<u8>),
    /// Close the link, once everything before was written.
    Close,
    /// Tell this.
    Event(EventKind),
    /// Tell the engine of a call's media.
    Media(CallId, MediaCommand),
    /// Do this with a file.
    File(FileJob),
    /// Answer somebody who waits.
    Answer(RequestId, Result<Answer, Failure>),
}

/// Where a link is to lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTarget {
    /// The domain whose server it is, and for which its certificate must be.
    pub domain: String,
    /// A server named by hand, or by the server itself.
    pub server: Option<ServerAddress>,
    /// Authorities to trust besides the system's.
    pub extra_authorities: Option<PathBuf>,
}

/// One account.
pub struct Account {
    state: State,
}

impl Account {
    /// Builds an account from its database. It does nothing before [`Input::Start`].
    pub fn new(setup: Setup, tx: &mut Tx<'_>, rng: Box<dyn CryptoRng + Send>) -> Result<Self, Error> {
        let state = State::load(setup, tx, rng)?;
        Ok(Self { state })
    }

    /// Handles one input. On an error the transaction must be rolled back and the account dropped.
    pub fn handle(&mut self, tx: &mut Tx<'_>, input: Input, now: Now) -> Result<(), Error> {
        let mut turn = Turn { tx, now, state: &mut self.state };
        match input {
            Input::Command(command) => commands::run(&mut turn, command)?,
            Input::Media(call, event) => calls::media(&mut turn, call, event)?,
            Input::File(report) => files::report(&mut turn, report)?,
            Input::Ask(id, question) => commands::ask(&mut turn, id, question)?,
            input => connection::handle(&mut turn, input)?,
        }
        turn.finish()
    }

    /// What is to be done next. To be called until `None`, and only after the commit.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.state.outputs.pop_front()
    }

    /// When [`Input::Timer`] is due, on the clock that never jumps.
    pub fn timeout(&self) -> Option<Duration> {
        connection::timeout(&self.state)
    }

    /// What was refused since the process began, by kind (DESIGN rule 10).
    pub fn refused(&self) -> &Refused {
        &self.state.refused
    }

    /// Whether more was received than one turn handles: commit, serve what waits, then give
    /// [`Input::Continue`].
    pub fn is_behind(&self) -> bool {
        self.state.connection.is_behind()
    }

    /// Whether bytes are welcome though the account is behind: what it has to ask next depends on what comes.
    pub fn looks_ahead(&self) -> bool {
        archive::looks_ahead(&self.state)
    }
}

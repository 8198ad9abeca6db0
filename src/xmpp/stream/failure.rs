//! Why a stream ended, sorted by what the caller can do next.

use model::Failure;
use thiserror::Error;

/// What was awaited when time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The server's header or its features.
    Features,
    /// The go-ahead for TLS, or its handshake.
    Tls,
    /// An answer while signing in.
    Authentication,
    /// A session.
    Binding,
    /// The registration form, or what became of it.
    Registration,
    /// A sign of life.
    Alive,
}

/// How the server was better protected before (XEP-0440, XEP-0474).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Downgrade {
    /// It used to bind signing in to the TLS channel and does not any more.
    ChannelBindingGone,
    /// It used to offer a stronger mechanism.
    WeakerMechanism {
        /// What was used before.
        before: String,
        /// The best it offers now, if there is any.
        now: Option<String>,
    },
    /// The list of mechanisms that came is not the one that the server sent (XEP-0474).
    OfferForged,
}

/// Why a stream ended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StreamFailure {
    /// The link broke.
    #[error("the connection was lost")]
    Disconnected,
    /// The server did not answer in time.
    #[error("the server did not answer in time ({0:?})")]
    Timeout(Step),
    /// What was remembered of the server does not fit any more: try again without it.
    #[error("what the server offers has changed")]
    RememberedFeaturesStale,
    /// The session that was to be resumed cannot be trusted any more: try again without it.
    #[error("the server acknowledged what was never sent")]
    AcknowledgementInvalid,
    /// The server goes away for a while.
    #[error("the server is shutting down")]
    SystemShutdown,
    /// The server has no room for us now, with its words.
    #[error("the server is out of resources")]
    ResourceConstraint(Option<String>),
    /// We did something the server does not allow, such as sending too fast: wait longer.
    #[error("a policy of the server was violated")]
    PolicyViolation(Option<String>),
    /// The server cannot check credentials at the moment.
    #[error("signing in is not possible at the moment")]
    TemporaryAuthFailure(Option<String>),
    /// The account lives elsewhere now.
    #[error("the server points to another host")]
    SeeOtherHost(String),
    /// Another session took this one's place: do not fight over it.
    #[error("another session took this one's place")]
    Conflict,

    /// Wrong password or no such account: ask.
    #[error("the server did not accept the credentials")]
    AuthRejected(Option<String>),
    /// No password is at hand and no token is good: ask.
    #[error("a password is needed")]
    CredentialsNeeded,
    /// The password has to be changed elsewhere first.
    #[error("the credentials have expired")]
    CredentialsExpired(Option<String>),
    /// The account is closed or suspended.
    #[error("the account is disabled")]
    AccountDisabled(Option<String>),
    /// The server wants a step we do not know, such as a second factor (XEP-0388 §2.6.3).
    #[error("the server wants a further step")]
    FurtherStepRequired(Vec<String>),

    /// The server offers no TLS. Nothing was sent.
    #[error("the server offers no encryption")]
    NoEncryptionOffered,
    /// Only sending the password itself would do, and that is not allowed.
    #[error("the server accepts nothing but the password itself")]
    PlainNotAllowed,
    /// No mechanism that both sides know. Holds what the server offers.
    #[error("no mechanism that both sides know")]
    NoUsableMechanism(Vec<String>),
    /// The server was better protected before: somebody may be in between.
    #[error("the server is less protected than before")]
    Downgrade(Downgrade),
    /// The server could not prove that it knows the password (RFC 5802 §3).
    #[error("the server did not prove who it is")]
    ServerNotProven,
    /// The server's part in signing in was malformed, or too weak to be answered.
    #[error("signing in failed: {0}")]
    MechanismFailed(&'static str),

    /// The server does not serve this domain.
    #[error("the server does not serve this domain")]
    HostUnknown,
    /// The server gave no session, with the condition and its words.
    #[error("the server gave no session: {condition}")]
    BindRefused {
        /// The condition.
        condition: String,
        /// The server's words.
        text: Option<String>,
    },
    /// No accounts are made there, with the server's words.
    #[error("the server makes no accounts")]
    RegistrationClosed(Option<String>),
    /// Another stream error (RFC 6120 §4.9.3).
    #[error("the server ended the stream: {condition}")]
    StreamError {
        /// The condition.
        condition: String,
        /// The server's words.
        text: Option<String>,
    },
    /// What came is not XMPP.
    #[error("the server sent what is not XMPP: {0}")]
    Malformed(&'static str),
    /// More came at once than can be a stanza, even a refused one.
    #[error("the server sent too much at once")]
    TooLarge,
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Connect again at once, without what was remembered.
    RetryAtOnce,
    /// Connect again after the usual pause.
    Retry,
    /// Connect again after a long pause.
    RetryMuchLater,
    /// Connect to the host that was named, after the usual pause.
    RetryElsewhere,
    /// Ask a person for the password.
    AskPassword,
    /// Wait for a person: another attempt would fail too.
    Stop,
}

impl StreamFailure {
    /// What the caller should do next.
    #[must_use]
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::RememberedFeaturesStale => NextStep::RetryAtOnce,
            Self::Disconnected
            | Self::Timeout(_)
            | Self::AcknowledgementInvalid
            | Self::SystemShutdown
            | Self::StreamError { .. }
            | Self::Malformed(_)
            | Self::BindRefused { .. }
            | Self::TooLarge => NextStep::Retry,
            Self::ResourceConstraint(_) | Self::PolicyViolation(_) | Self::TemporaryAuthFailure(_) => {
                NextStep::RetryMuchLater
            }
            Self::SeeOtherHost(_) => NextStep::RetryElsewhere,
            Self::AuthRejected(_) | Self::CredentialsNeeded | Self::CredentialsExpired(_) => {
                NextStep::AskPassword
            }
            Self::Conflict
            | Self::AccountDisabled(_)
            | Self::FurtherStepRequired(_)
            | Self::NoEncryptionOffered
            | Self::PlainNotAllowed
            | Self::NoUsableMechanism(_)
            | Self::Downgrade(_)
            | Self::ServerNotProven
            | Self::MechanismFailed(_)
            | Self::HostUnknown
            | Self::RegistrationClosed(_) => NextStep::Stop,
        }
    }
}

impl StreamFailure {
    /// Whether the session must not be resumed: it is another's now, or would lead here again.
    pub(super) fn gives_up_session(&self) -> bool {
        matches!(self, Self::AcknowledgementInvalid | Self::Conflict | Self::Malformed(_) | Self::TooLarge)
    }
}

impl From<StreamFailure> for Failure {
    fn from(failure: StreamFailure) -> Self {
        match failure {
            StreamFailure::Disconnected => Self::ConnectionLost,
            StreamFailure::Timeout(_) => Self::TimedOut,
            StreamFailure::SystemShutdown => Self::ServerBusy(None),
            StreamFailure::ResourceConstraint(text)
            | StreamFailure::PolicyViolation(text)
            | StreamFailure::TemporaryAuthFailure(text)
            | StreamFailure::BindRefused { text, .. } => Self::ServerBusy(text),
            StreamFailure::SeeOtherHost(host) => see_other_host(&host),
            StreamFailure::Conflict => Self::Replaced,
            StreamFailure::AuthRejected(_)
            | StreamFailure::CredentialsNeeded
            | StreamFailure::CredentialsExpired(_) => Self::WrongPassword,
            StreamFailure::AccountDisabled(text) => Self::AccountDisabled(text),
            StreamFailure::NoEncryptionOffered => Self::NoEncryption,
            StreamFailure::PlainNotAllowed => Self::PlainNotAllowed,
            StreamFailure::NoUsableMechanism(_) | StreamFailure::FurtherStepRequired(_) => Self::NoMechanism,
            StreamFailure::Downgrade(_) => Self::Downgrade,
            StreamFailure::ServerNotProven => Self::ServerNotProven,
            StreamFailure::HostUnknown => Self::NoSuchServer,
            StreamFailure::RegistrationClosed(text) => Self::RegistrationClosed(text),
            StreamFailure::RememberedFeaturesStale
            | StreamFailure::AcknowledgementInvalid
            | StreamFailure::MechanismFailed(_)
            | StreamFailure::StreamError { .. }
            | StreamFailure::Malformed(_)
            | StreamFailure::TooLarge => Self::Protocol,
        }
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port` (RFC 6120 §4.9.3.19).
fn see_other_host(text: &str) -> Failure {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse::<u16>() {
            Ok(port) => (host, Some(port)),
            Err(_) => (text, None),
        },
        _ => (text, None),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Failure::SeeOtherHost(model::ServerAddress { host, port })
}

/// Why an account was not made (XEP-0077 §3.1). The form may be sent again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegistrationRefusal {
    /// The name is taken.
    #[error("the name is taken")]
    NameTaken(Option<String>),
    /// Something in the form is not as the server wants it, with its words.
    #[error("the form was not accepted")]
    NotAcceptable(Option<String>),
    /// Too many were made of late.
    #[error("too many accounts of late")]
    TryLater(Option<String>),
    /// The server does not allow it.
    #[error("the server does not allow it")]
    Forbidden(Option<String>),
}

impl From<RegistrationRefusal> for Failure {
    fn from(refusal: RegistrationRefusal) -> Self {
        match refusal {
            RegistrationRefusal::NameTaken(_) => Self::NameTaken,
            RegistrationRefusal::NotAcceptable(text) => Self::FormRefused(text),
            RegistrationRefusal::TryLater(text) => Self::ServerBusy(text),
            RegistrationRefusal::Forbidden(text) => Self::RegistrationClosed(text),
        }
    }
}

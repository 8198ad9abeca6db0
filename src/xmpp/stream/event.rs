//! What goes into a stream and what comes out of it.

use std::fmt;

use model::{ConnectionStep, FullJid, RegistrationForm, Timestamp};

use super::config::FastToken;
use super::failure::{RegistrationRefusal, StreamFailure};
use super::features::{RememberedFeatures, SecurityPin, StreamFeaturesSummary};
use crate::stanza::{RefusedStanza, Stanza};

/// What happened to the link.
#[derive(Debug)]
pub enum StreamInput<'a> {
    /// The socket is open: the first input of every stream.
    Connected {
        /// What is known of TLS, if the link began with it (XEP-0368).
        tls: Option<TlsFacts>,
    },
    /// The handshake that [`StreamEvent::StartTls`] asked for is done.
    TlsStarted(TlsFacts),
    /// These bytes came.
    Bytes(&'a [u8]),
    /// The socket is gone.
    Closed,
}

/// What signing in needs to know of the TLS session.
#[derive(Clone, Default)]
pub struct TlsFacts {
    /// Channel binding `tls-exporter` (RFC 9266): with TLS 1.3, or 1.2 with the extended master
    /// secret.
    pub exporter: Option<[u8; 32]>,
    /// Channel binding `tls-server-end-point` (RFC 5929 §4): a hash of the server's certificate.
    pub server_end_point: Option<Vec<u8>>,
    /// The version, for people.
    pub version: String,
    /// The cipher suite, for people.
    pub cipher: String,
}

impl fmt::Debug for TlsFacts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TlsFacts")
            .field("exporter", &self.exporter.is_some())
            .field("server_end_point", &self.server_end_point.is_some())
            .field("version", &self.version)
            .field("cipher", &self.cipher)
            .finish()
    }
}

/// Names an outgoing stanza: the caller's own number, handed back when its fate is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StanzaToken(pub u64);

/// What the caller is to do, or to know. Always to be taken in order.
pub enum StreamEvent {
    /// Write these bytes.
    Write(Vec<u8>),
    /// Switch the socket to TLS now, then give [`StreamInput::TlsStarted`].
    StartTls,
    /// Close the socket, once everything before was written.
    Close,
    /// Negotiation came this far.
    Progress(ConnectionStep),
    /// Signed in: stanzas may be sent.
    Online(Box<Online>),
    /// The server told more of what it can do, after [`StreamEvent::Online`].
    Features(StreamFeaturesSummary),
    /// A new token: keep it instead of the old one.
    FastToken(FastToken),
    /// The token is about to be used for this many-th time: keep the number before writing what
    /// follows (XEP-0484 §3.4).
    FastCounter(u32),
    /// The server does not take the token any more: forget it.
    FastTokenRejected,
    /// A stanza came. Call [`Stream::processed`](super::Stream::processed) when it is handled.
    Stanza(Box<Stanza>),
    /// A stanza came and was refused before it was built. It counts like any other: call
    /// [`Stream::processed`](super::Stream::processed).
    Refused(RefusedStanza),
    /// The server has these stanzas now.
    Acked(Vec<StanzaToken>),
    /// Nobody will ever say what became of these: the session they were sent in is gone.
    Unacked(Vec<StanzaToken>),
    /// What the server wants to know for a new account; answer with
    /// [`Stream::register`](super::Stream::register).
    RegistrationForm(RegistrationForm),
    /// The account exists now. Sign in with a new stream.
    Registered,
    /// The form was not taken; it may be sent again with
    /// [`Stream::register`](super::Stream::register).
    RegistrationRefused(RegistrationRefusal),
    /// The end, and why. Nothing follows but what was put before it.
    Failed(StreamFailure),
    /// The end that [`Stream::close`](super::Stream::close) asked for.
    Closed,
}

impl fmt::Debug for StreamEvent {
    /// Without the bytes: they may hold a password, and always hold somebody's words.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(bytes) => write!(formatter, "Write({} bytes)", bytes.len()),
            Self::StartTls => formatter.write_str("StartTls"),
            Self::Close => formatter.write_str("Close"),
            Self::Progress(step) => write!(formatter, "Progress({step:?})"),
            Self::Online(online) => write!(formatter, "Online(resumed: {})", online.resumed),
            Self::Features(_) => formatter.write_str("Features"),
            Self::FastToken(_) => formatter.write_str("FastToken"),
            Self::FastCounter(count) => write!(formatter, "FastCounter({count})"),
            Self::FastTokenRejected => formatter.write_str("FastTokenRejected"),
            Self::Stanza(stanza) => write!(formatter, "{stanza:?}"),
            Self::Refused(refused) => write!(formatter, "{refused:?}"),
            Self::Acked(tokens) => write!(formatter, "Acked({tokens:?})"),
            Self::Unacked(tokens) => write!(formatter, "Unacked({tokens:?})"),
            Self::RegistrationForm(form) => {
                write!(formatter, "RegistrationForm({} fields)", form.fields.len())
            }
            Self::Registered => formatter.write_str("Registered"),
            Self::RegistrationRefused(refusal) => write!(formatter, "{refusal:?}"),
            Self::Failed(failure) => write!(formatter, "Failed({failure:?})"),
            Self::Closed => formatter.write_str("Closed"),
        }
    }
}

/// What a fresh or resumed session starts with.
#[derive(Clone, Debug)]
pub struct Online {
    /// The address of this session.
    pub bound: FullJid,
    /// Whether the earlier session goes on (XEP-0198 §5): presence, rooms and carbons still stand.
    pub resumed: bool,
    /// Where the archive ends, if the server said so (XEP-0386 §3.2, XEP-0313 §4).
    pub archive_hint: Option<ArchiveHint>,
    /// Whether carbons are on already (XEP-0280 with XEP-0386); else ask for them.
    pub carbons_enabled: bool,
    /// What the server can do.
    pub features: StreamFeaturesSummary,
    /// To be kept and given with the next [`Credentials`](super::Credentials).
    pub pin: SecurityPin,
    /// To be kept and given with the next [`Credentials`](super::Credentials).
    pub remembered: RememberedFeatures,
}

/// The newest entry of the archive (XEP-0313 §4.1, `<end/>` of its metadata).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveHint {
    /// Its archive id.
    pub id: String,
    /// Its time, if it could be read.
    pub time: Option<Timestamp>,
}

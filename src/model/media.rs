//! What signalling and the engine of a call's media say to each other: plain data, no XML and no SDP.
//!
//! Signalling (`account`) decides what is offered and when, and hands on what the other side said. The engine (`media`)
//! makes offers and answers, gathers candidates, and tells whether media flows. Contents are known by their names,
//! which are unique within a call. Directions are seen from this device ([`Flow`]).
//!
//! ```text
//! MediaCommand                      MediaEvent
//! Begin ─────────────────────────→
//! Offer(wanted) ─────────────────→  Offer(description)       we call, or add something
//! Answer(offer) ─────────────────→  Answer(description)      they do
//! Apply(answer) ─────────────────→
//! AddCandidates ─────────────────→  Candidates               both ways, at any time after the description
//! Restart / ApplyRestart ────────→  Restarted                new ways for the same media
//! SetFlow, Remove, Pause ────────→  Connected, Broken, Failed
//! End ───────────────────────────→
//! ```

use std::{fmt, net::IpAddr};

/// What the engine of a call is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaCommand {
    /// A call begins. Nothing is gathered or captured before an offer or answer is asked for.
    Begin(MediaSetup),
    /// Newer credentials for the same servers, for whatever is gathered from now on.
    SetServers(Vec<IceServer>),
    /// Describe these contents, to be offered.
    Offer(Vec<WantedContent>),
    /// These contents are offered: describe what we take of them. Each content's `flow` is what we may do at most.
    Answer(MediaDescription),
    /// The other side's answer to contents that were offered.
    Apply(MediaDescription),
    /// An offer was not taken: forget these contents.
    Remove(Vec<String>),
    /// Ways to the other side. They belong to the description that has this user fragment.
    AddCandidates(ContentCandidates),
    /// Find new ways for everything that is there (RFC 8445 §2.4).
    Restart,
    /// The other side's part of a restart. `is_offer`: they began it, and want ours.
    ApplyRestart {
        /// New credentials for each content.
        credentials: Vec<ContentCredentials>,
        /// Whether it asks for ours.
        is_offer: bool,
    },
    /// What a content may do from now on, from this device's side.
    SetFlow {
        /// The content.
        content: String,
        /// What it may do.
        flow: Flow,
    },
    /// Capture and send media of a kind, or do not. The content stays.
    Capture {
        /// Which media.
        media: MediaKind,
        /// Whether to.
        on: bool,
    },
    /// Neither play nor send anything, or do again.
    Hold(bool),
    /// Send little, and let little be sent, or as much as is good.
    SaveBandwidth(bool),
    /// The call is over.
    End,
}

/// With what a call's media begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaSetup {
    /// Servers that help to find a way.
    pub servers: Vec<IceServer>,
    /// Use relays only, and let no other address leave this device.
    pub relay_only: bool,
    /// Whether all contents share one transport (BUNDLE, RFC 9143), or each has one of its own.
    pub bundle: bool,
}

/// What the engine of a call tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// What was asked for with [`MediaCommand::Offer`].
    Offer(MediaDescription),
    /// What was asked for with [`MediaCommand::Answer`]. A content that is not in it cannot be taken.
    Answer(MediaDescription),
    /// Ways to this device.
    Candidates(ContentCandidates),
    /// New credentials, asked for with [`MediaCommand::Restart`] or by an [`MediaCommand::ApplyRestart`] that is an offer.
    Restarted(Vec<ContentCredentials>),
    /// Every content has found its way, and keys were agreed.
    Connected,
    /// A way was lost, and another is looked for.
    Broken,
    /// What captures this failed, and so did what could take its place: it is off until it is asked for anew. The rest goes on.
    CaptureFailed(MediaKind),
    /// It cannot go on.
    Failed(MediaFailure),
}

/// Why the engine cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaFailure {
    /// There is no way between the devices.
    NoWay,
    /// The keys are not those that were described.
    Keys,
    /// No codec in common.
    Incompatible,
    /// A device or the machinery itself failed.
    Machinery,
}

/// Kinds of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MediaKind {
    /// Voice.
    Audio,
    /// Camera.
    Video,
    /// The picture of a screen, which travels as video, in place of the camera.
    Screen,
}

/// Who sends, seen from this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// We may send.
    pub sends: bool,
    /// They may.
    pub receives: bool,
}

impl Flow {
    /// Both send.
    pub const BOTH: Self = Self { sends: true, receives: true };
}

/// A content to be offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedContent {
    /// Its name.
    pub name: String,
    /// What it carries.
    pub media: MediaKind,
    /// Who sends.
    pub flow: Flow,
}

/// Contents, and which of them share a transport.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaDescription {
    /// The contents, in order.
    pub contents: Vec<MediaContent>,
    /// Names of those that share one transport (XEP-0338); empty if each has its own.
    pub bundle: Vec<String>,
}

/// One stream of media each way, and its transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaContent {
    /// Its name.
    pub name: String,
    /// Who sends.
    pub flow: Flow,
    /// How media is packed.
    pub rtp: RtpDescription,
    /// How it travels.
    pub transport: IceTransport,
}

/// How media is packed in RTP (XEP-0167).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpDescription {
    /// What it carries; a screen is video here.
    pub media: MediaKind,
    /// Codecs, the best first.
    pub payloads: Vec<RtpPayload>,
    /// Feedback that holds for all payloads (XEP-0293).
    pub feedback: Vec<RtcpFeedback>,
    /// The shortest interval between feedback packets, in milliseconds (XEP-0293).
    pub feedback_interval: Option<u32>,
    /// Header extensions (XEP-0294).
    pub extensions: Vec<RtpExtension>,
    /// Whether extension identifiers of both lengths may be mixed (XEP-0294).
    pub extensions_mixed: bool,
    /// Sources (XEP-0339).
    pub sources: Vec<RtpSource>,
    /// How sources belong together (XEP-0339).
    pub source_groups: Vec<RtpSourceGroup>,
    /// RTP and RTCP share a port (RFC 5761).
    pub rtcp_mux: bool,
}

impl RtpDescription {
    /// A description that says only what it carries.
    #[must_use]
    pub fn bare(media: MediaKind) -> Self {
        Self {
            media,
            payloads: Vec::new(),
            feedback: Vec::new(),
            feedback_interval: None,
            extensions: Vec::new(),
            extensions_mixed: false,
            sources: Vec::new(),
            source_groups: Vec::new(),
            rtcp_mux: false,
        }
    }
}

/// A codec with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpPayload {
    /// Its number, 0 to 127.
    pub id: u8,
    /// Its name; the static types of RFC 3551 may lack one.
    pub name: Option<String>,
    /// Ticks a second.
    pub clock_rate: Option<u32>,
    /// Channels, 1 or more.
    pub channels: u8,
    /// Milliseconds of media in a packet.
    pub packet_time: Option<u32>,
    /// At most so many milliseconds in a packet.
    pub max_packet_time: Option<u32>,
    /// Names and values, as in `a=fmtp`.
    pub parameters: Vec<(String, String)>,
    /// Feedback (XEP-0293).
    pub feedback: Vec<RtcpFeedback>,
}

/// A kind of RTCP feedback (RFC 4585 §4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtcpFeedback {
    /// Such as `nack`.
    pub kind: String,
    /// Such as `pli`.
    pub subtype: Option<String>,
}

/// A header extension (RFC 8285).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpExtension {
    /// Its number, 1 to 255 or, while offered, 4096 to 4351.
    pub id: u16,
    /// Its name.
    pub uri: String,
}

/// A source of packets (RFC 5576).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpSource {
    /// Its number.
    pub ssrc: u32,
    /// Names and values.
    pub parameters: Vec<(String, Option<String>)>,
}

/// Sources that belong together (RFC 5576).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpSourceGroup {
    /// In which way, such as `FID`.
    pub semantics: String,
    /// Which.
    pub sources: Vec<u32>,
}

/// How one content travels (XEP-0176, XEP-0320).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceTransport {
    /// Who answers checks.
    pub credentials: Option<IceCredentials>,
    /// Hashes of the certificate that DTLS must show.
    pub fingerprints: Vec<DtlsFingerprint>,
    /// Ways that are known already.
    pub candidates: Vec<IceCandidate>,
}

/// User fragment and password of ICE (RFC 8445 §5.3).
#[derive(Clone, PartialEq, Eq)]
pub struct IceCredentials {
    /// The user fragment.
    pub fragment: String,
    /// The password.
    pub password: String,
}

/// Without the password.
impl fmt::Debug for IceCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "IceCredentials({})", self.fragment)
    }
}

/// Credentials of one content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentCredentials {
    /// The content.
    pub content: String,
    /// Its credentials.
    pub credentials: IceCredentials,
}

/// Candidates of one content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentCandidates {
    /// The content.
    pub content: String,
    /// Which description they belong to, if that was said.
    pub credentials: Option<IceCredentials>,
    /// The candidates.
    pub candidates: Vec<IceCandidate>,
}

/// A way to a device (RFC 8839 §5.1).
#[derive(Clone, PartialEq, Eq)]
pub struct IceCandidate {
    /// 1 for RTP, 2 for RTCP.
    pub component: u8,
    /// Tells candidates of one base from others.
    pub foundation: String,
    /// Which restart it belongs to.
    pub generation: u8,
    /// Names it.
    pub id: String,
    /// Where.
    pub address: IpAddr,
    /// Where.
    pub port: u16,
    /// How good it is.
    pub priority: u32,
    /// `udp` or `tcp`.
    pub protocol: IceProtocol,
    /// What kind of way.
    pub kind: CandidateKind,
    /// From where it was seen, if it is no host candidate.
    pub related: Option<(IpAddr, u16)>,
}

/// Without addresses: they stay out of logs.
impl fmt::Debug for IceCandidate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "IceCandidate({:?}, component {})", self.kind, self.component)
    }
}

/// What carries a candidate's packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IceProtocol {
    /// UDP.
    Udp,
    /// TCP (RFC 6544).
    Tcp,
}

/// Kinds of candidate (RFC 8445 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateKind {
    /// An address of the device itself.
    Host,
    /// As a server outside sees it.
    ServerReflexive,
    /// As the other side sees it.
    PeerReflexive,
    /// On a relay.
    Relay,
}

/// The hash of a certificate, and who begins with DTLS (XEP-0320).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DtlsFingerprint {
    /// The hash function, such as `sha-256`.
    pub hash: String,
    /// Its bytes.
    pub value: Vec<u8>,
    /// Who begins.
    pub setup: DtlsSetup,
}

/// Who begins with DTLS (RFC 8842).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DtlsSetup {
    /// Either.
    ActPass,
    /// The one who says this.
    Active,
    /// The other.
    Passive,
}

/// A server that helps to find a way (XEP-0215).
#[derive(Clone, PartialEq, Eq)]
pub struct IceServer {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// What it does.
    pub kind: IceServerKind,
    /// How it is reached.
    pub transport: IceServerTransport,
    /// User name and password, if it wants any.
    pub credentials: Option<(String, String)>,
}

/// Without credentials.
impl fmt::Debug for IceServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "IceServer({:?} by {:?})", self.kind, self.transport)
    }
}

/// What a server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IceServerKind {
    /// It tells how we are seen from outside (RFC 8489).
    Stun,
    /// It relays (RFC 8656).
    Turn,
}

/// How a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IceServerTransport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
}

//! The states of a stream.
//!
//! ```text
//! Unconnected ─ Connected ──────────────▶ AwaitingFeatures(Cleartext)
//!      │                                     │ <starttls/>
//!      │                            AwaitingProceed ─ <proceed/> ─▶ StartingTls
//!      └─ Connected, direct TLS ─▶ AwaitingFeatures(Secured) ◀─ TlsStarted ─┘
//!                                     │          └─ Purpose::Register ─▶ registration states
//!                               Authenticating (begun already if features were remembered)
//!              SASL2 with Bind 2 │    │ SASL2 alone      │ SASL, new header
//!                                │    └▶ AwaitingFeatures(SignedIn) ◀┘
//!                                │            │  AwaitingResumed, AwaitingBind,
//!                                │            ▼  AwaitingSession, AwaitingEnabled
//!                             Settling ─────▶ Online ─ close ─▶ Closing ─▶ Over
//! ```
//! A failure leads from anywhere to `Over`.

/// Where a stream stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing happened yet.
    Unconnected,
    /// The header was sent; the server's header and features are to come.
    AwaitingFeatures(Phase),
    /// `<starttls/>` was sent.
    AwaitingProceed,
    /// The caller sets up TLS.
    StartingTls,
    /// `<authenticate/>` or `<auth/>` was sent and the features are known.
    Authenticating,
    /// `<resume/>` was sent (XEP-0198 §5).
    AwaitingResumed,
    /// The request for a resource with this id was sent (RFC 6120 §7).
    AwaitingBind(String),
    /// The request for a session with this id was sent (RFC 3921 §3).
    AwaitingSession(String),
    /// `<enable/>` was sent (XEP-0198 §3).
    AwaitingEnabled,
    /// Signed in and bound inline; the features that follow a success are to come.
    Settling,
    /// The request for the form with this id was sent (XEP-0077).
    AwaitingForm(String),
    /// Somebody fills in the form.
    FillingForm,
    /// The form was sent with this id.
    AwaitingRegistered(String),
    /// The account was made, and nothing is left to do here.
    Registered,
    /// Stanzas flow.
    Online,
    /// `</stream:stream>` was sent on request.
    Closing,
    /// Nothing more will happen.
    Over,
}

/// What the features that are awaited are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Before TLS: only STARTTLS counts.
    Cleartext,
    /// Within TLS, before signing in.
    Secured,
    /// After signing in.
    SignedIn,
}

impl State {
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }

    /// Whether what the server sends is read.
    pub(super) fn reads(&self) -> bool {
        !matches!(self, Self::Unconnected | Self::StartingTls | Self::Over)
    }
}

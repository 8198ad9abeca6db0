//! What a stream is given when it is made: whom to sign in as, and what proves it.

use std::fmt;

use model::{BareJid, Timestamp};
use zeroize::Zeroizing;

use super::features::{RememberedFeatures, SecurityPin};

/// Whom to sign in as, and how to introduce this program.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// The account. For [`Purpose::Register`] only its domain counts.
    pub address: BareJid,
    /// What the resource begins with, e.g. "Starling": the tag of Bind 2 (XEP-0386 §3.1).
    pub resource_hint: String,
    /// A UUID that belongs to this account on this device and never changes (XEP-0388 §2.3).
    /// FAST tokens are bound to it.
    pub user_agent_id: String,
    /// The name of this program, told to the server (XEP-0388 §2.3).
    pub software: String,
    /// The name of this device, told to the server (XEP-0388 §2.3).
    pub device: String,
    /// The language for texts of the server: `xml:lang` of the header (RFC 6120 §4.7.4).
    pub lang: String,
    /// Whether the password itself may be sent, inside TLS, where nothing better is offered.
    pub allow_plain: bool,
    /// What the stream is for.
    pub purpose: Purpose,
}

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in and stay.
    SignIn,
    /// To make an account, before signing in (XEP-0077 §3.1).
    Register,
}

/// What proves who we are, and what is known from the last time.
#[derive(Clone, Default)]
pub struct Credentials {
    /// The password.
    pub password: Option<Zeroizing<String>>,
    /// A FAST token (XEP-0484), tried before the password.
    pub fast: Option<FastToken>,
    /// How well the server was protected last time; less than that stops with
    /// [`StreamFailure::Downgrade`](super::StreamFailure::Downgrade).
    pub pin: Option<SecurityPin>,
    /// What the server offered last time: signing in then starts without waiting for the offer.
    pub remembered: Option<RememberedFeatures>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("password", &self.password.is_some())
            .field("fast", &self.fast)
            .field("pin", &self.pin)
            .field("remembered", &self.remembered.is_some())
            .finish()
    }
}

/// A token that signs in once more without the password (XEP-0484 §3).
#[derive(Clone, PartialEq, Eq)]
pub struct FastToken {
    /// The mechanism it was made for, e.g. `HT-SHA-256-EXPR`.
    pub mechanism: String,
    /// The secret.
    pub token: Zeroizing<String>,
    /// How often it was used. It is raised before each use, which
    /// [`StreamEvent::FastCounter`](super::StreamEvent::FastCounter) reports.
    pub count: u32,
    /// When the server forgets it.
    pub expires: Timestamp,
}

impl fmt::Debug for FastToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FastToken")
            .field("mechanism", &self.mechanism)
            .field("count", &self.count)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

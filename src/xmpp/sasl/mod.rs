//! Proving who we are, and that the server is who it should be (RFC 4422).
//!
//! SCRAM with three hashes, with and without channel binding; the tokens of FAST; and, where a
//! person allows it, the password itself inside TLS. Small enough to be read at one sitting,
//! because the crate that exists checks no server signature where `tokio-xmpp` uses it, knows no
//! `tls-server-end-point` and prepares no strings.

mod fast;
mod scram;

pub use fast::{FastMechanism, fast_response, fast_server_is_proven};
pub use scram::{Offer, Scram};

use std::borrow::Cow;

use thiserror::Error;
use zeroize::Zeroizing;

/// The hash function of a SCRAM mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScramHash {
    /// RFC 5802.
    Sha1,
    /// RFC 7677.
    Sha256,
    /// The same with SHA-512.
    Sha512,
}

/// A mechanism that takes the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// RFC 4616: the password itself.
    Plain,
    /// RFC 5802 and RFC 7677.
    Scram {
        /// The hash function.
        hash: ScramHash,
        /// Whether it binds the TLS channel: `-PLUS`.
        plus: bool,
    },
}

impl Mechanism {
    /// All of them, the strongest first. Binding the channel counts for more than the hash: it
    /// keeps out whoever holds a wrong certificate, and none of the hashes is broken here.
    pub const ORDER: [Self; 7] = [
        Self::scram(ScramHash::Sha512, true),
        Self::scram(ScramHash::Sha256, true),
        Self::scram(ScramHash::Sha1, true),
        Self::scram(ScramHash::Sha512, false),
        Self::scram(ScramHash::Sha256, false),
        Self::scram(ScramHash::Sha1, false),
        Self::Plain,
    ];

    const fn scram(hash: ScramHash, plus: bool) -> Self {
        Self::Scram { hash, plus }
    }

    /// Its registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Scram { hash, plus } => match (hash, plus) {
                (ScramHash::Sha1, false) => "SCRAM-SHA-1",
                (ScramHash::Sha1, true) => "SCRAM-SHA-1-PLUS",
                (ScramHash::Sha256, false) => "SCRAM-SHA-256",
                (ScramHash::Sha256, true) => "SCRAM-SHA-256-PLUS",
                (ScramHash::Sha512, false) => "SCRAM-SHA-512",
                (ScramHash::Sha512, true) => "SCRAM-SHA-512-PLUS",
            },
        }
    }

    /// The mechanism of this name, if it is known here.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ORDER.into_iter().find(|known| known.name() == name)
    }

    /// The name without `-PLUS`.
    #[must_use]
    pub fn family(self) -> &'static str {
        let name = self.name();
        name.strip_suffix("-PLUS").unwrap_or(name)
    }

    /// Whether it binds the TLS channel.
    #[must_use]
    pub fn binds_channel(self) -> bool {
        matches!(self, Self::Scram { plus: true, .. })
    }

    /// A number that is larger for a stronger hash, whatever the channel binding.
    #[must_use]
    pub fn strength(self) -> u8 {
        match self {
            Self::Plain => 1,
            Self::Scram { hash, .. } => match hash {
                ScramHash::Sha1 => 2,
                ScramHash::Sha256 => 3,
                ScramHash::Sha512 => 4,
            },
        }
    }
}

/// What ties signing in to one TLS session.
#[derive(Clone, PartialEq, Eq)]
pub enum ChannelBinding {
    /// `tls-exporter` (RFC 9266).
    Exporter([u8; 32]),
    /// `tls-server-end-point` (RFC 5929 §4).
    ServerEndPoint(Vec<u8>),
}

impl ChannelBinding {
    /// Its registered name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Exporter(_) => "tls-exporter",
            Self::ServerEndPoint(_) => "tls-server-end-point",
        }
    }

    /// What is bound.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        match self {
            Self::Exporter(data) => data,
            Self::ServerEndPoint(data) => data,
        }
    }
}

impl std::fmt::Debug for ChannelBinding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What we tell the server about channel binding (RFC 5802 §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelBindingUse {
    /// We cannot: `n`.
    Unsupported,
    /// We could, but it seems that the server cannot: `y`. If somebody hid the server's offer, it
    /// notices.
    NotOffered,
    /// We do: `p=`.
    Used(ChannelBinding),
}

/// Why signing in cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SaslError {
    /// The server's message is none.
    #[error("malformed message")]
    Malformed,
    /// Answering would give the password away too cheaply, or take for ever.
    #[error("unacceptable iteration count")]
    IterationCount,
    /// The server says that it failed.
    #[error("the server reports an error")]
    Server,
    /// The server does not know the password (RFC 5802 §3).
    #[error("wrong server signature")]
    Signature,
    /// The offer that came is not the one that was sent (XEP-0474).
    #[error("forged offer")]
    OfferForged,
}

/// A password or name, prepared (RFC 4013). Where that is impossible, as with an emoji, it is
/// taken as it is: most servers do the same, and others could not have accepted it in the first
/// place.
#[must_use]
pub fn prepare(text: &str) -> Cow<'_, str> {
    stringprep::saslprep(text).unwrap_or(Cow::Borrowed(text))
}

/// The one message of PLAIN (RFC 4616 §2).
#[must_use]
pub fn plain(username: &str, password: &str) -> Zeroizing<Vec<u8>> {
    let mut message = Zeroizing::new(vec![0]);
    message.extend_from_slice(prepare(username).as_bytes());
    message.push(0);
    message.extend_from_slice(prepare(password).as_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mechanisms_have_names_and_an_order() {
        for mechanism in Mechanism::ORDER {
            assert_eq!(Mechanism::parse(mechanism.name()), Some(mechanism));
        }
        assert_eq!(Mechanism::parse("DIGEST-MD5"), None);
        assert_eq!(Mechanism::parse("SCRAM-SHA-256-PLUS").unwrap().family(), "SCRAM-SHA-256");
    }

    #[test]
    fn preparation_follows_rfc_4013() {
        // The examples of RFC 4013 §3 that succeed.
        assert_eq!(prepare("I\u{ad}X"), "IX");
        assert_eq!(prepare("user"), "user");
        assert_eq!(prepare("USER"), "USER");
        assert_eq!(prepare("\u{aa}"), "a");
        assert_eq!(prepare("\u{2168}"), "IX");
        // And what a person may well choose today.
        assert_eq!(prepare("🦆"), "🦆");
    }

    #[test]
    fn plain_is_three_parts() {
        assert_eq!(&*plain("tim", "tanstaaftanstaaf"), b"\0tim\0tanstaaftanstaaf");
    }
}

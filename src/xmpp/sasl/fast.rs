//! The mechanisms of tokens: HT-SHA-256 (draft-schmaus-kitten-sasl-ht, XEP-0484 §3).

use hmac::{Hmac, KeyInit};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::ChannelBinding;
use super::scram::hmac_with;

/// A mechanism for tokens that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FastMechanism {
    /// Bound to `tls-exporter`.
    Exporter,
    /// Bound to `tls-server-end-point`.
    ServerEndPoint,
    /// Bound to nothing but TLS itself.
    Unbound,
}

impl FastMechanism {
    /// All of them, the best first.
    pub const ORDER: [Self; 3] = [Self::Exporter, Self::ServerEndPoint, Self::Unbound];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exporter => "HT-SHA-256-EXPR",
            Self::ServerEndPoint => "HT-SHA-256-ENDP",
            Self::Unbound => "HT-SHA-256-NONE",
        }
    }

    /// The mechanism of this name, if it is known here.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ORDER.into_iter().find(|known| known.name() == name)
    }
}

/// The client's only message.
#[must_use]
pub fn fast_response(username: &str, token: &str, binding: Option<&ChannelBinding>) -> Vec<u8> {
    let mut message = username.as_bytes().to_vec();
    message.push(0);
    message.extend(keyed(token, b"Initiator", binding));
    message
}

/// Whether the server's answer shows that it knows the token too.
#[must_use]
pub fn fast_server_is_proven(
    token: &str,
    binding: Option<&ChannelBinding>,
    answer: &[u8],
) -> bool {
    keyed(token, b"Responder", binding).ct_eq(answer).into()
}

fn keyed(token: &str, role: &[u8], binding: Option<&ChannelBinding>) -> Vec<u8> {
    let mut data = role.to_vec();
    if let Some(binding) = binding {
        data.extend_from_slice(binding.data());
    }
    hmac_with(Hmac::<Sha256>::new_from_slice(token.as_bytes()), &data)
}

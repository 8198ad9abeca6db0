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
pub fn fast_server_is_proven(token: &str, binding: Option<&ChannelBinding>, answer: &[u8]) -> bool {
    keyed(token, b"Responder", binding).ct_eq(answer).into()
}

fn keyed(token: &str, role: &[u8], binding: Option<&ChannelBinding>) -> Vec<u8> {
    let mut data = role.to_vec();
    if let Some(binding) = binding {
        data.extend_from_slice(binding.data());
    }
    hmac_with(Hmac::<Sha256>::new_from_slice(token.as_bytes()), &data)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "secret-token:fast-abc";

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// Computed with Python's `hmac`.
    #[test]
    fn known_answers() {
        let mut exporter = [0; 32];
        exporter.iter_mut().zip(0..).for_each(|(byte, value)| *byte = value);
        let exporter = ChannelBinding::Exporter(exporter);
        let message = fast_response("alice", TOKEN, Some(&exporter));
        assert_eq!(&message[..6], b"alice\0");
        assert_eq!(message[6..], unhex("18ade4b5964609ea3b0c6afca1cbcdf45db48e0170743d45571808f19ca1d20e"));
        let answer = unhex("f3686c9880622e02ca67c42aada7cb49412c5f9f38681a6e7c8889d8b5ae7173");
        assert!(fast_server_is_proven(TOKEN, Some(&exporter), &answer));
        assert!(!fast_server_is_proven(TOKEN, None, &answer));
        assert!(!fast_server_is_proven(TOKEN, Some(&exporter), &[]));

        let unbound = fast_response("alice", TOKEN, None);
        assert_eq!(unbound[6..], unhex("31a40f95e222589afb8c28c212119413c99f1530ed11458f2ccd141988ee709e"));
        let end_point = ChannelBinding::ServerEndPoint(b"end point".to_vec());
        let answer = unhex("675e378586c737f8019f911dd7b3cbe2bf652ae5f564df9bec654cada1490a71");
        assert!(fast_server_is_proven(TOKEN, Some(&end_point), &answer));
    }

    #[test]
    fn names() {
        for mechanism in FastMechanism::ORDER {
            assert_eq!(FastMechanism::parse(mechanism.name()), Some(mechanism));
        }
        assert_eq!(FastMechanism::parse("HT-SHA-256-UNIQ"), None);
    }
}

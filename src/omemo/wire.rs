//! What travels inside a `<key/>`: the protobuf messages of both versions, and their framing.
//!
//! A [`RatchetMessage`] is one step of a session. A [`KeyExchange`] wraps one with all the receiver needs to
//! begin the session, and is sent until the first answer. Version 2 has its authentication code in a
//! protobuf message around; 0.3 has a version byte before and the code behind, as libsignal does.
//!
//! Reading checks the form and copies; it is the first thing that touches bytes of a stranger.

use prost::Message;

use crate::keys::PublicKey;
use crate::{Refusal, Version};

/// High half: the version of the protocol, 3. Low half: the highest its sender knows.
const LEGACY_VERSION: u8 = 0x33;

/// One step of a session, as it was read. Nothing in it is authenticated yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatchetMessage {
    /// The sender's ratchet key, which names the chain.
    pub ratchet_key: PublicKey,
    /// Which message of the chain, from zero.
    pub counter: u32,
    /// How long the sender's chain before this one was. What it means is not agreed upon: see
    /// `ratchet::Ratchet::turn`.
    pub previous_counter: u32,
    /// What the message key encrypts.
    pub ciphertext: Vec<u8>,
    /// The bytes the code is over, exactly as they came.
    pub authenticated: Vec<u8>,
    /// The authentication code, as long as it has to be.
    pub code: Vec<u8>,
}

/// The beginning of a session, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyExchange {
    /// Which of the receiver's prekeys was used.
    pub prekey_id: u32,
    /// Which of the receiver's signed prekeys was used.
    pub signed_prekey_id: u32,
    /// The sender's identity key, as its version writes it.
    pub identity: Vec<u8>,
    /// The sender's key pair for this one agreement.
    pub base_key: PublicKey,
    /// The first message, or a later one that went before an answer.
    pub message: RatchetMessage,
}

impl RatchetMessage {
    /// Reads the bytes of a `<key/>` that is no key exchange.
    pub fn read(version: Version, bytes: &[u8]) -> Result<Self, Refusal> {
        match version {
            Version::Legacy => {
                let (authenticated, code) = bytes
                    .split_at_checked(bytes.len().saturating_sub(version.code_length()))
                    .ok_or(Refusal::Malformed)?;
                let message = legacy::RatchetMessage::decode(strip_version(authenticated)?)
                    .map_err(|_| Refusal::Malformed)?;
                Self::assemble(version, message.into(), authenticated.to_vec(), code.to_vec())
            }
            Version::Two => Self::unwrap(two::Authenticated::decode(bytes).map_err(|_| Refusal::Malformed)?),
        }
    }

    fn unwrap(outer: two::Authenticated) -> Result<Self, Refusal> {
        let (Some(code), Some(authenticated)) = (outer.code, outer.message) else {
            return Err(Refusal::Malformed);
        };
        let message =
            two::RatchetMessage::decode(authenticated.as_slice()).map_err(|_| Refusal::Malformed)?;
        Self::assemble(Version::Two, message, authenticated, code)
    }

    fn assemble(
        version: Version,
        message: two::RatchetMessage,
        authenticated: Vec<u8>,
        code: Vec<u8>,
    ) -> Result<Self, Refusal> {
        let (Some(ratchet_key), Some(counter), Some(ciphertext)) =
            (message.ratchet_key, message.counter, message.ciphertext)
        else {
            return Err(Refusal::Malformed);
        };
        if code.len() != version.code_length() {
            return Err(Refusal::Malformed);
        }
        let ratchet_key = version.read_key(&ratchet_key)?;
        let previous_counter = message.previous_counter.unwrap_or(0);
        Ok(Self { ratchet_key, counter, previous_counter, ciphertext, authenticated, code })
    }
}

impl KeyExchange {
    /// Reads the bytes of a `<key/>` that is a key exchange.
    pub fn read(version: Version, bytes: &[u8]) -> Result<Self, Refusal> {
        let (prekey_id, signed_prekey_id, identity, base_key, message) = match version {
            Version::Legacy => {
                let exchange =
                    legacy::KeyExchange::decode(strip_version(bytes)?).map_err(|_| Refusal::Malformed)?;
                let message =
                    exchange.message.map(|message| RatchetMessage::read(version, &message)).transpose()?;
                (exchange.prekey_id, exchange.signed_prekey_id, exchange.identity, exchange.base_key, message)
            }
            Version::Two => {
                let exchange = two::KeyExchange::decode(bytes).map_err(|_| Refusal::Malformed)?;
                let message = exchange.message.map(RatchetMessage::unwrap).transpose()?;
                (exchange.prekey_id, exchange.signed_prekey_id, exchange.identity, exchange.base_key, message)
            }
        };
        // A session without a prekey is refused, as XEP-0384 §4.2 demands: it could be played again.
        match (prekey_id, signed_prekey_id, identity, base_key, message) {
            (Some(prekey_id), Some(signed_prekey_id), Some(identity), Some(base_key), Some(message)) => {
                let base_key = version.read_key(&base_key)?;
                Ok(Self { prekey_id, signed_prekey_id, identity, base_key, message })
            }
            _ => Err(Refusal::Malformed),
        }
    }
}

/// What is written before the message in a key exchange, and stays the same for each repetition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) prekey_id: u32,
    pub(crate) signed_prekey_id: u32,
    pub(crate) identity: Vec<u8>,
    pub(crate) base_key: PublicKey,
    /// The sender's device, which 0.3 repeats as its registration.
    pub(crate) device: u32,
}

/// The bytes that the authentication code is to be over.
pub(crate) fn write_authenticated(
    version: Version,
    ratchet_key: &PublicKey,
    counter: u32,
    previous_counter: u32,
    ciphertext: Vec<u8>,
) -> Vec<u8> {
    let ratchet_key = Some(version.write_key(ratchet_key));
    let (counter, previous_counter, ciphertext) = (Some(counter), Some(previous_counter), Some(ciphertext));
    match version {
        Version::Legacy => with_version(
            &legacy::RatchetMessage { ratchet_key, counter, previous_counter, ciphertext }.encode_to_vec(),
        ),
        Version::Two => {
            two::RatchetMessage { counter, previous_counter, ratchet_key, ciphertext }.encode_to_vec()
        }
    }
}

/// The bytes of a `<key/>`: a message with its code (which is cut here), after its opening if it has one.
pub(crate) fn write_key(
    version: Version,
    opening: Option<&Opening>,
    authenticated: Vec<u8>,
    code: &[u8; 32],
) -> Vec<u8> {
    let code = code.iter().copied().take(version.code_length());
    match version {
        Version::Legacy => {
            let mut message = authenticated;
            message.extend(code);
            let Some(opening) = opening else { return message };
            let exchange = legacy::KeyExchange {
                prekey_id: Some(opening.prekey_id),
                base_key: Some(version.write_key(&opening.base_key)),
                identity: Some(opening.identity.clone()),
                message: Some(message),
                registration_id: Some(opening.device),
                signed_prekey_id: Some(opening.signed_prekey_id),
            };
            with_version(&exchange.encode_to_vec())
        }
        Version::Two => {
            let message = two::Authenticated { code: Some(code.collect()), message: Some(authenticated) };
            let Some(opening) = opening else { return message.encode_to_vec() };
            let exchange = two::KeyExchange {
                prekey_id: Some(opening.prekey_id),
                signed_prekey_id: Some(opening.signed_prekey_id),
                identity: Some(opening.identity.clone()),
                base_key: Some(version.write_key(&opening.base_key)),
                message: Some(message),
            };
            exchange.encode_to_vec()
        }
    }
}

fn strip_version(bytes: &[u8]) -> Result<&[u8], Refusal> {
    match bytes {
        [version, rest @ ..] if version >> 4 == LEGACY_VERSION >> 4 => Ok(rest),
        _ => Err(Refusal::Malformed),
    }
}

fn with_version(bytes: &[u8]) -> Vec<u8> {
    [&[LEGACY_VERSION], bytes].concat()
}

/// libsignal's `WhisperTextProtocol.proto`.
mod legacy {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct RatchetMessage {
        #[prost(bytes = "vec", optional, tag = "1")]
        pub(super) ratchet_key: Option<Vec<u8>>,
        #[prost(uint32, optional, tag = "2")]
        pub(super) counter: Option<u32>,
        #[prost(uint32, optional, tag = "3")]
        pub(super) previous_counter: Option<u32>,
        #[prost(bytes = "vec", optional, tag = "4")]
        pub(super) ciphertext: Option<Vec<u8>>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct KeyExchange {
        #[prost(uint32, optional, tag = "1")]
        pub(super) prekey_id: Option<u32>,
        #[prost(bytes = "vec", optional, tag = "2")]
        pub(super) base_key: Option<Vec<u8>>,
        #[prost(bytes = "vec", optional, tag = "3")]
        pub(super) identity: Option<Vec<u8>>,
        #[prost(bytes = "vec", optional, tag = "4")]
        pub(super) message: Option<Vec<u8>>,
        #[prost(uint32, optional, tag = "5")]
        pub(super) registration_id: Option<u32>,
        #[prost(uint32, optional, tag = "6")]
        pub(super) signed_prekey_id: Option<u32>,
    }
}

/// The schemas of XEP-0384 §12.
mod two {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct RatchetMessage {
        #[prost(uint32, optional, tag = "1")]
        pub(super) counter: Option<u32>,
        #[prost(uint32, optional, tag = "2")]
        pub(super) previous_counter: Option<u32>,
        #[prost(bytes = "vec", optional, tag = "3")]
        pub(super) ratchet_key: Option<Vec<u8>>,
        #[prost(bytes = "vec", optional, tag = "4")]
        pub(super) ciphertext: Option<Vec<u8>>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Authenticated {
        #[prost(bytes = "vec", optional, tag = "1")]
        pub(super) code: Option<Vec<u8>>,
        #[prost(bytes = "vec", optional, tag = "2")]
        pub(super) message: Option<Vec<u8>>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct KeyExchange {
        #[prost(uint32, optional, tag = "1")]
        pub(super) prekey_id: Option<u32>,
        #[prost(uint32, optional, tag = "2")]
        pub(super) signed_prekey_id: Option<u32>,
        #[prost(bytes = "vec", optional, tag = "3")]
        pub(super) identity: Option<Vec<u8>>,
        #[prost(bytes = "vec", optional, tag = "4")]
        pub(super) base_key: Option<Vec<u8>>,
        #[prost(message, optional, tag = "5")]
        pub(super) message: Option<Authenticated>,
    }
}

/// The fields are the same, under other numbers.
impl From<legacy::RatchetMessage> for two::RatchetMessage {
    fn from(message: legacy::RatchetMessage) -> Self {
        let legacy::RatchetMessage { ratchet_key, counter, previous_counter, ciphertext } = message;
        Self { counter, previous_counter, ratchet_key, ciphertext }
    }
}

use std::fmt;
use std::num::NonZeroU32;

use crate::keys::PublicKey;
use crate::{IdentityKey, Refusal};

/// Which of the two wire formats.
///
/// They share their keys and their idea, not a byte of their messages. A session belongs to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// XEP-0384 0.3, `eu.siacs.conversations.axolotl`: what libsignal speaks. It encrypts the body only.
    Legacy,
    /// XEP-0384 0.4 and later, `urn:xmpp:omemo:2`. It encrypts an envelope of elements (XEP-0420).
    Two,
}

impl Version {
    /// Both, the better first.
    pub const ALL: [Self; 2] = [Self::Two, Self::Legacy];

    /// What the agreement's key derivation is told.
    pub(crate) const fn agreement_info(self) -> &'static [u8] {
        match self {
            Self::Legacy => b"WhisperText",
            Self::Two => b"OMEMO X3DH",
        }
    }

    /// What the derivation of root keys is told.
    pub(crate) const fn root_info(self) -> &'static [u8] {
        match self {
            Self::Legacy => b"WhisperRatchet",
            Self::Two => b"OMEMO Root Chain",
        }
    }

    /// What the derivation from message keys is told.
    pub(crate) const fn message_info(self) -> &'static [u8] {
        match self {
            Self::Legacy => b"WhisperMessageKeys",
            Self::Two => b"OMEMO Message Key Material",
        }
    }

    /// To how many bytes the authentication code of a ratchet message is cut.
    pub(crate) const fn code_length(self) -> usize {
        match self {
            Self::Legacy => 8,
            Self::Two => 16,
        }
    }

    /// A key of Curve25519 as it is written: 0.3 puts the type of the curve before it.
    pub(crate) fn write_key(self, key: &PublicKey) -> Vec<u8> {
        match self {
            Self::Legacy => [&[CURVE25519][..], key].concat(),
            Self::Two => key.to_vec(),
        }
    }

    /// Reads what [`Self::write_key`] writes.
    pub(crate) fn read_key(self, bytes: &[u8]) -> Result<PublicKey, Refusal> {
        let key = match self {
            Self::Legacy => bytes.strip_prefix(&[CURVE25519]).ok_or(Refusal::Malformed)?,
            Self::Two => bytes,
        };
        key.try_into().map_err(|_| Refusal::Malformed)
    }

    /// Reads an identity key: in 0.3 it is written like any key, in version 2 as a point of Ed25519.
    pub(crate) fn read_identity(self, bytes: &[u8]) -> Result<IdentityKey, Refusal> {
        match self {
            Self::Legacy => IdentityKey::from_bytes(&self.read_key(bytes)?),
            Self::Two => IdentityKey::from_ed25519(bytes),
        }
    }
}

/// What libsignal calls `DJB_TYPE`.
const CURVE25519: u8 = 5;

/// The number of a device, unique within its account, never zero.
///
/// We choose ours below 2³¹ as the XEP says (§5.1); a larger one from somebody else does no harm.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId(NonZeroU32);

impl DeviceId {
    /// The device with this number; `None` for zero, which no device has.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DeviceId({})", self.0)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

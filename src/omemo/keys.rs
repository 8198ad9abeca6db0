use std::fmt;
use std::str::FromStr;

use crate::Refusal;

/// The public identity of a device: the key that people compare and trust.
///
/// One key serves both versions. Version 2 writes it as a point of Ed25519, 0.3 as one of Curve25519; here
/// it is always the latter, so that the same device is the same in both.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdentityKey([u8; 32]);

impl IdentityKey {
    /// From the 32 bytes of Curve25519 that [`Self::to_bytes`] gives: from a database or a fingerprint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        todo!()
    }

    /// From the form that version 2 and trust messages (XEP-0434) write: 32 bytes of Ed25519.
    pub fn from_ed25519(bytes: &[u8]) -> Result<Self, Refusal> {
        todo!()
    }

    /// The 32 bytes of Curve25519.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// What people compare.
    #[must_use]
    pub const fn fingerprint(self) -> Fingerprint {
        Fingerprint(self)
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "IdentityKey({})", self.fingerprint())
    }
}

/// An identity key as people read it: eight groups of eight hexadecimal digits (XEP-0384 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub IdentityKey);

impl Fingerprint {
    /// The eight groups, each to be shown in one piece.
    #[must_use]
    pub fn groups(&self) -> [String; 8] {
        todo!()
    }
}

/// The groups with a space between.
impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

/// Reads 64 digits, with or without spaces, in either case: what people paste, and what `xmpp:` links hold.
impl FromStr for Fingerprint {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        todo!()
    }
}

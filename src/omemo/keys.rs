//! Key pairs, Diffie-Hellman, and the identity that people see.
//!
//! Everything is one curve in two dresses: Curve25519 for agreement, Ed25519 for signatures. A point of the
//! first has two of the second, which differ in a sign.

use std::fmt;
use std::str::FromStr;

use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::montgomery::MontgomeryPoint;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;

use crate::codec::{Reader, Writer};
use crate::secret::Secret;
use crate::signature::ed25519_of;
use crate::{Refusal, Version};

/// The bytes of a public key: of Curve25519 unless it is said to be of Ed25519.
pub(crate) type PublicKey = [u8; 32];

/// A key of Curve25519 with its public half.
pub(crate) struct KeyPair {
    pub(crate) secret: Secret,
    pub(crate) public: PublicKey,
}

impl KeyPair {
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_secret(Secret::random(rng))
    }

    pub(crate) fn from_secret(secret: Secret) -> Self {
        let public = public_of(&secret);
        Self { secret, public }
    }
}

pub(crate) fn public_of(secret: &Secret) -> PublicKey {
    MontgomeryPoint::mul_base_clamped(*secret.bytes()).to_bytes()
}

/// X25519 (RFC 7748 §6.1). A public key of low order is refused: the product would be known to all.
pub(crate) fn agree(secret: &Secret, public: &PublicKey) -> Result<Secret, Refusal> {
    let product = Secret::new(MontgomeryPoint(*public).mul_clamped(*secret.bytes()).to_bytes());
    if product.bytes().ct_eq(&[0; 32]).into() { Err(Refusal::WeakKey) } else { Ok(product) }
}

/// The point of Ed25519 with this sign that stands for a key of Curve25519.
pub(crate) fn to_ed25519(public: &PublicKey, sign: u8) -> Result<PublicKey, Refusal> {
    MontgomeryPoint(*public)
        .to_edwards(sign)
        .map(|point| point.compress().to_bytes())
        .ok_or(Refusal::Malformed)
}

/// The identity of the own device, in both dresses.
pub(crate) struct IdentityPair {
    pub(crate) pair: KeyPair,
    pub(crate) ed25519: PublicKey,
}

impl IdentityPair {
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        let pair = KeyPair::generate(rng);
        let ed25519 = ed25519_of(&pair.secret);
        Self { pair, ed25519 }
    }

    pub(crate) fn public(&self) -> IdentityKey {
        IdentityKey(self.pair.public)
    }

    /// As it is written in bundles and key exchanges.
    pub(crate) fn write(&self, version: Version) -> Vec<u8> {
        match version {
            Version::Legacy => version.write_key(&self.pair.public),
            Version::Two => self.ed25519.to_vec(),
        }
    }

    pub(crate) fn write_record(&self, writer: &mut Writer) {
        writer.secret(&self.pair.secret);
        writer.array(&self.pair.public);
        writer.array(&self.ed25519);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        let pair = KeyPair { secret: reader.secret()?, public: reader.array()? };
        Ok(Self { pair, ed25519: reader.array()? })
    }
}

/// The public identity of a device: the key that people compare and trust.
///
/// One key serves both versions. Version 2 writes it as a point of Ed25519, 0.3 as one of Curve25519; here
/// it is always the latter, so that the same device is the same in both.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdentityKey(PublicKey);

impl IdentityKey {
    /// From the 32 bytes of Curve25519 that [`Self::to_bytes`] gives: from a database or a fingerprint.
    ///
    /// A number that is not below 2²⁵⁵ − 19 is refused, or one key would have two fingerprints.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        let bytes: PublicKey = bytes.try_into().map_err(|_| Refusal::Malformed)?;
        let [first, middle @ .., last] = &bytes;
        let too_large =
            *last > 0x7f || *last == 0x7f && *first >= 0xed && middle.iter().all(|&byte| byte == 0xff);
        if too_large { Err(Refusal::Malformed) } else { Ok(Self(bytes)) }
    }

    /// From the form that version 2 and trust messages (XEP-0434) write: 32 bytes of Ed25519.
    pub fn from_ed25519(bytes: &[u8]) -> Result<Self, Refusal> {
        let bytes: PublicKey = bytes.try_into().map_err(|_| Refusal::Malformed)?;
        let point = CompressedEdwardsY(bytes).decompress().ok_or(Refusal::Malformed)?;
        if point.is_small_order() {
            Err(Refusal::WeakKey)
        } else {
            Ok(Self(point.to_montgomery().to_bytes()))
        }
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

/// An identity key as people read it: eight groups of eight hexadecimal digits (XEP-0384 §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub IdentityKey);

impl Fingerprint {
    /// The eight groups, each to be shown in one piece.
    #[must_use]
    pub fn groups(&self) -> [String; 8] {
        let mut groups = <[String; 8]>::default();
        for (group, bytes) in groups.iter_mut().zip(self.0.0.as_chunks::<4>().0) {
            *group = format!("{:08x}", u32::from_be_bytes(*bytes));
        }
        groups
    }
}

/// The groups with a space between.
impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.groups().join(" "))
    }
}

/// Reads 64 digits, with or without spaces, in either case: what people paste, and what `xmpp:` links hold.
impl FromStr for Fingerprint {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|letter| !letter.is_whitespace())
            .map(|letter| letter.to_digit(16).map(|digit| digit as u8))
            .collect::<Option<_>>()
            .ok_or(Refusal::Malformed)?;
        let (pairs, rest) = digits.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Refusal::Malformed);
        }
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        IdentityKey::from_bytes(&bytes).map(Self)
    }
}

//! Encryption from device to device, as people meet it: devices, their fingerprints, and how far they are trusted.

use std::{fmt, str::FromStr};

use crate::{BareJid, Timestamp};

/// Which wire format of OMEMO (XEP-0384).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OmemoVersion {
    /// 0.3, `eu.siacs.conversations.axolotl`: it encrypts the body only.
    Legacy,
    /// `urn:xmpp:omemo:2`: it encrypts an envelope with everything the user said.
    Two,
}

/// What the user wants of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConversationEncryption {
    /// Nothing was decided: encrypted as soon as the other side is known to have devices for it.
    #[default]
    Undecided,
    /// Not encrypted, because the user said so.
    Off,
    /// Encrypted. It stays so until the user says otherwise (DESIGN rule 8).
    Omemo,
}

/// A public key as people compare it: the 32 bytes of Curve25519.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Eight groups of eight hexadecimal digits, each to be shown in one piece (XEP-0384 §9).
    #[must_use]
    pub fn groups(&self) -> [String; 8] {
        let mut groups: [String; 8] = Default::default();
        for (group, bytes) in groups.iter_mut().zip(self.0.chunks(4)) {
            let number = bytes.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
            *group = format!("{number:08x}");
        }
        groups
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.groups().join(" "))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fingerprint({self})")
    }
}

/// Text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint")]
pub struct NotAFingerprint;

/// Reads 64 digits, with or without spaces, in either case.
impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: Vec<u32> = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_digit(16).ok_or(NotAFingerprint))
            .collect::<Result<_, _>>()?;
        if digits.len() != 64 {
            return Err(NotAFingerprint);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = pair.iter().fold(0, |byte, digit| byte << 4 | *digit as u8);
        }
        Ok(Self(bytes))
    }
}

/// How far a key is believed to be its owner's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// It is new, and waits for the user.
    #[default]
    Undecided,
    /// Trusted without a look, because no device of its owner was verified when it came.
    Blind,
    /// The user compared it, or a device that they verified did.
    Verified,
    /// The user does not trust it.
    Untrusted,
    /// The device shows another key than it is known by. Nothing is sent until the user decides.
    Changed,
}

/// A device of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Whose it is.
    pub owner: BareJid,
    /// Its number.
    pub id: u32,
    /// Whether it is this one.
    pub is_this: bool,
    /// The key it is known by; none until it was met or its keys were fetched.
    pub fingerprint: Option<Fingerprint>,
    /// The key it shows now, when that is another.
    pub shown: Option<Fingerprint>,
    /// How far the key is trusted.
    pub trust: Trust,
    /// What its owner calls it. Free of control and bidirectional characters.
    pub label: Option<String>,
    /// The versions its owner's lists name it in; none when it vanished from them.
    pub versions: Vec<OmemoVersion>,
    /// When it was first heard of.
    pub first_seen: Timestamp,
    /// When a message of it was last read.
    pub last_seen: Option<Timestamp>,
}

/// With which key a message was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageKey {
    /// The device, as it is now.
    pub device: Device,
    /// How far its key was trusted when the message came.
    pub trust_then: Trust,
}

/// What the user wants of encryption in general.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptionSettings {
    /// New devices of people of whom no device was verified are trusted without a look.
    pub blind_trust: bool,
    /// Only verified devices are written to.
    pub verified_only: bool,
    /// Reactions go to devices of version 0.3 too, which means that the servers see them.
    pub reactions_in_clear: bool,
}

/// Why a message is not on its way yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Keys are being fetched, or could not be had: it is tried again by itself.
    Keys,
    /// The other side has no device that can read it.
    NoDevice,
    /// None of the other side's devices is trusted: the user has to decide.
    NoTrustedDevice,
    /// A device of the other side shows another key than before: the user has to decide.
    KeyChanged,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_reads_what_it_writes() {
        let mut bytes = [0; 32];
        for (byte, number) in bytes.iter_mut().zip(0..) {
            *byte = number * 7;
        }
        let fingerprint = Fingerprint(bytes);
        let text = fingerprint.to_string();
        assert_eq!(text.len(), 71);
        assert_eq!(text.parse(), Ok(fingerprint));
        assert_eq!(text.replace(' ', "").to_uppercase().parse(), Ok(fingerprint));
        for text in ["", "00", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &"é".repeat(64)] {
            assert_eq!(text.parse::<Fingerprint>(), Err(NotAFingerprint), "{text}");
        }
    }
}

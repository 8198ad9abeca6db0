//! What goes in and out: plain values in the words of the XEP, for whoever turns them into XML.

use zeroize::Zeroizing;

use crate::{DeviceId, IdentityKey, Payload};

/// One device of one person: whom a session is with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Peer<'a> {
    /// The bare address, in its normal form: it is compared byte by byte.
    pub address: &'a str,
    /// Which of its devices.
    pub device: DeviceId,
}

/// A person to encrypt to, with the devices that are to read it.
///
/// The own account is one of them, with its other devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient<'a> {
    /// The bare address.
    pub address: &'a str,
    /// The devices the caller trusts, and no other.
    pub devices: &'a [DeviceId],
}

/// An `<encrypted/>` element in plain values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encrypted {
    /// The own device: `sid`.
    pub sender: DeviceId,
    /// The `<key/>` elements, by person and in the order that was asked for.
    pub recipients: Vec<RecipientKeys>,
    /// What was sealed, once for all.
    pub payload: Payload,
}

/// The keys for the devices of one person. Version 2 groups them so; 0.3 has them all in one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientKeys {
    /// The bare address: `jid` of `<keys/>`.
    pub address: String,
    /// A key for each device.
    pub keys: Vec<EncryptedKey>,
}

/// A `<key/>` element: the key of the payload, encrypted for one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedKey {
    /// For whom: `rid`.
    pub device: DeviceId,
    /// `kex` in version 2, `prekey` in 0.3: whether the bytes start a session.
    pub key_exchange: bool,
    /// What stands in the element, before base64.
    pub bytes: Vec<u8>,
}

/// A message that came: the one `<key/>` that is for the own device, and the payload.
///
/// In 0.3 two people may have devices of the same number, and the element does not say whose key is
/// whose. Where several carry the own number, the caller tries them in turn: a refusal changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming<'a> {
    /// Who sent it, as the server vouches for the address and `sid` says the device.
    pub sender: Peer<'a>,
    /// The bytes of the key.
    pub key: &'a [u8],
    /// Whether they start a session, as the element says.
    pub key_exchange: bool,
    /// What was sealed.
    pub payload: &'a Payload,
}

/// A message that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decrypted {
    /// What it says.
    pub content: Content,
    /// With which identity key it was said. Whether that is to be trusted is the caller's to judge.
    pub identity: IdentityKey,
    /// The device was not known before this message, and its key was now noted.
    pub first_contact: bool,
    /// The message began a session. It wants an answer, which may be empty, so that its sender stops
    /// repeating the key exchange (XEP-0384 §6).
    pub session_started: bool,
    /// The sender has written so much without hearing from us that the ratchet should move: an empty
    /// message is due (XEP-0384 §6).
    pub heartbeat_due: bool,
    /// The own prekey that began the session. It is marked as spent and stands in no bundle any more, so
    /// the bundle is to be published again. Call [`Omemo::delete_spent_prekeys`](crate::Omemo::delete_spent_prekeys)
    /// after a while, and not before the archive was read: until then another message that used it can still be read.
    pub spent_prekey: Option<u32>,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// 0.3: the body. Version 2: the bytes of an `<envelope/>`.
    Message(Zeroizing<Vec<u8>>),
    /// Nothing: it only moves the ratchet. In 0.3 the key it carried may serve for something else; in
    /// version 2 it is zeros.
    KeyTransport(Zeroizing<Vec<u8>>),
}

impl std::fmt::Debug for Content {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Message(_) => "Message([redacted])",
            Self::KeyTransport(_) => "KeyTransport([redacted])",
        })
    }
}

//! OMEMO (XEP-0384) in both of its versions: sessions, ratchets, payloads, and no XML.
//!
//! Every device of every person has one identity key for its life. It publishes a [`Bundle`]: that key,
//! a signed prekey that changes every few weeks, and a hundred prekeys for one use each. Whoever wants
//! to write to the device takes one of them and reckons a shared secret from four Diffie-Hellman
//! products (X3DH); the device finds the same secret when the first message comes, without having been
//! there. From then on the two *ratchet*: each message has a key of its own, which is forgotten once it
//! is used, and each change of turn mixes in a fresh key pair. A thief of today's keys reads nothing of
//! yesterday, and after one turn nothing of tomorrow.
//!
//! What a person writes is sealed once with a random key ([`Payload`]); that key then goes to every
//! device through its session ([`EncryptedKey`]). So [`Omemo::encrypt`] takes a list of people with
//! their devices, and a room is only a longer list.
//!
//! Two versions are alive, [`Version::Legacy`] (0.3, what most clients speak) and [`Version::Two`]. They
//! differ in names, framing and payload, not in the idea: one implementation serves both, and whatever
//! differs asks [`Version`].
//!
//! **Nothing lives in memory.** [`Omemo`] is a view over an [`OmemoStore`] for the time of one input:
//! it reads a record, steps the ratchet, writes the record. The store is the caller's transaction, so a
//! ratchet step and the message it belongs to reach the disk together or not at all. When bytes are
//! refused, nothing was written.
//!
//! **What this crate decides:** whether bytes are authentic, in what order keys are used, how long they
//! live. **What it leaves to the caller:** whom to trust (every answer says with which [`IdentityKey`]
//! it was said, and a device whose key changed is refused until the caller accepts it), when to publish,
//! when to answer.
//!
//! The files, from the ground up: `version` and `error`; `secret`, `symmetric`, `keys` and `signature`
//! are the primitives; `wire` is what travels; `bundle` and `own_device` are the two halves of a device;
//! `agreement` is X3DH; `ratchet` is the Double Ratchet; `session` is a ratchet with a beginning;
//! `record` keeps the sessions with one device; `payload` is what is sealed; `omemo` puts them together.
//!
//! This crate must never know: XML, SQL, sockets, a clock, a source of randomness, or who is trusted.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod agreement;
mod bundle;
mod codec;
mod error;
mod keys;
#[cfg(test)]
mod known_answers;
mod message;
mod omemo;
mod own_device;
mod padding;
mod payload;
mod ratchet;
mod record;
mod secret;
mod session;
mod signature;
mod store;
mod symmetric;
mod version;
pub mod wire;

pub use bundle::{Bundle, PublishedKey};
pub use error::{Error, Refusal};
pub use keys::{Fingerprint, IdentityKey};
pub use message::{Content, Decrypted, Encrypted, EncryptedKey, Incoming, Peer, Recipient, RecipientKeys};
pub use omemo::Omemo;
pub use own_device::OwnDevice;
pub use padding::padding;
pub use payload::Payload;
pub use record::check_sessions;
pub use signature::verify_label;
pub use store::OmemoStore;
pub use version::{DeviceId, Version};

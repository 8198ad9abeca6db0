use model::Timestamp;
use rand_core::CryptoRng;

use crate::{
    Bundle, Decrypted, DeviceId, Encrypted, Error, IdentityKey, Incoming, OmemoStore, OwnDevice, Peer,
    Recipient, Version,
};

type Result<T, S> = std::result::Result<T, Error<<S as OmemoStore>::Error>>;

/// Encrypts and decrypts for one account, over its store and for the time of one input.
pub struct Omemo<'store, S> {
    store: &'store mut S,
}

impl<'store, S: OmemoStore> Omemo<'store, S> {
    /// Over this store, which is usually a transaction.
    pub fn new(store: &'store mut S) -> Self {
        Self { store }
    }

    /// The own device, for its number, its fingerprint and its bundles. Refused
    /// ([`NoOwnDevice`](crate::Refusal::NoOwnDevice)) before one was made.
    pub fn own_device(&self) -> Result<OwnDevice, S> {
        todo!()
    }

    /// Makes the own device, with a number that is not among the `taken` ones of the account, and forgets
    /// all sessions of the one before: after a restored backup none of them may be used again.
    pub fn create_own_device(
        &mut self,
        taken: &[DeviceId],
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<OwnDevice, S> {
        todo!()
    }

    /// Looks after the own prekeys: see [`OwnDevice::maintain`]. To be called after a session was started by
    /// somebody, and daily. Says which bundles are to be published again.
    pub fn maintain(&mut self, now: Timestamp, rng: &mut impl CryptoRng) -> Result<Vec<Version>, S> {
        todo!()
    }

    /// Deletes the prekeys that began sessions. At once in live conversation; while an archive is read only
    /// after its end, because two people may have used the same one.
    pub fn delete_spent_prekeys(&mut self) -> Result<(), S> {
        todo!()
    }

    /// Whether [`Self::encrypt`] can write to this device without a bundle.
    pub fn has_session(&self, peer: Peer<'_>, version: Version) -> Result<bool, S> {
        todo!()
    }

    /// Starts a session from a bundle, which is checked first; the next message carries the key exchange. To
    /// be done only when something is to be sent. A session that was there is kept for what is on its way.
    ///
    /// Refused with [`IdentityChanged`](crate::Refusal::IdentityChanged) if the device was known by another
    /// key. A device that was not known is noted with its key, which is given back.
    pub fn start_session(
        &mut self,
        peer: Peer<'_>,
        bundle: &Bundle,
        rng: &mut impl CryptoRng,
    ) -> Result<IdentityKey, S> {
        todo!()
    }

    /// Puts the session with a device aside, because a person asked for a fresh start: the next message needs
    /// a bundle. What is still on its way can be read.
    pub fn reset_session(&mut self, peer: Peer<'_>, version: Version) -> Result<(), S> {
        todo!()
    }

    /// Takes another identity key for a device, because a person decided so, and forgets the sessions that
    /// the old key began.
    pub fn accept_identity(&mut self, peer: Peer<'_>, identity: IdentityKey) -> Result<(), S> {
        todo!()
    }

    /// Encrypts for all devices of all these people: in 0.3 a body, in version 2 an envelope.
    ///
    /// Refused with [`NoSession`](crate::Refusal::NoSession) if one of the devices has none: who is to read a
    /// message is not for this crate to shorten.
    pub fn encrypt(
        &mut self,
        version: Version,
        recipients: &[Recipient<'_>],
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Encrypted, S> {
        todo!()
    }

    /// Makes an empty message: the answer to a key exchange, or a heartbeat.
    pub fn encrypt_empty(
        &mut self,
        version: Version,
        recipients: &[Recipient<'_>],
        rng: &mut impl CryptoRng,
    ) -> Result<Encrypted, S> {
        todo!()
    }

    /// Opens a message. A refusal leaves everything as it was.
    pub fn decrypt(&mut self, incoming: &Incoming<'_>, rng: &mut impl CryptoRng) -> Result<Decrypted, S> {
        todo!()
    }
}

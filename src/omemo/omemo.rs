//! Encrypting and decrypting over a store: what the caller sees of all the rest.
//!
//! Each call reads the records it needs, works on them, and writes only at its end, when nothing can be
//! refused any more.

use model::Timestamp;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::record::Sessions;
use crate::session::Session;
use crate::wire::{KeyExchange, RatchetMessage};
use crate::{
    Bundle, Decrypted, DeviceId, Encrypted, EncryptedKey, Error, IdentityKey, Incoming, OmemoStore,
    OwnDevice, Payload, Peer, Recipient, RecipientKeys, Refusal, Version,
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
    /// ([`NoOwnDevice`](Refusal::NoOwnDevice)) before one was made.
    pub fn own_device(&self) -> Result<OwnDevice, S> {
        let record = self.store.own_device().map_err(Error::Store)?.map(Zeroizing::new);
        Ok(OwnDevice::from_record(&record.ok_or(Refusal::NoOwnDevice)?)?)
    }

    /// Makes the own device, with a number that is not among the `taken` ones of the account, and forgets
    /// all sessions of the one before: after a restored backup none of them may be used again.
    pub fn create_own_device(
        &mut self,
        taken: &[DeviceId],
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<OwnDevice, S> {
        let own = OwnDevice::generate(taken, now, rng);
        self.store.remove_all_sessions().map_err(Error::Store)?;
        self.save_own_device(&own)?;
        Ok(own)
    }

    /// Looks after the own prekeys: see [`OwnDevice::maintain`]. To be called after a session was started by
    /// somebody, and daily. Says which bundles are to be published again.
    pub fn maintain(&mut self, now: Timestamp, rng: &mut impl CryptoRng) -> Result<Vec<Version>, S> {
        let mut own = self.own_device()?;
        let before = own.to_record();
        let changed = own.maintain(now, rng);
        if own.to_record() != before {
            self.save_own_device(&own)?;
        }
        Ok(changed)
    }

    /// Deletes the prekeys that began sessions. At once in live conversation; while an archive is read only
    /// after its end, because two people may have used the same one.
    pub fn delete_spent_prekeys(&mut self) -> Result<(), S> {
        let mut own = self.own_device()?;
        if own.delete_spent() { self.save_own_device(&own) } else { Ok(()) }
    }

    /// Whether [`Self::encrypt`] can write to this device without a bundle.
    pub fn has_session(&self, peer: Peer<'_>, version: Version) -> Result<bool, S> {
        Ok(self.sessions_or_none(peer, version)?.is_active())
    }

    /// Starts a session from a bundle, which is checked first; the next message carries the key exchange. To
    /// be done only when something is to be sent. A session that was there is kept for what is on its way.
    ///
    /// Refused with [`IdentityChanged`](Refusal::IdentityChanged) if the device was known by another key. A
    /// device that was not known is noted with its key, which is given back.
    pub fn start_session(
        &mut self,
        peer: Peer<'_>,
        bundle: &Bundle,
        rng: &mut impl CryptoRng,
    ) -> Result<IdentityKey, S> {
        let session = Session::begin(&self.own_device()?, bundle, rng)?;
        let identity = session.identity();
        let first_contact = self.is_first_contact(peer, identity)?;
        let mut sessions = self.sessions_or_none(peer, bundle.version)?;
        sessions.add(&session);

        self.save_sessions(peer, bundle.version, &sessions)?;
        if first_contact {
            self.store.save_identity(peer, &identity).map_err(Error::Store)?;
        }
        Ok(identity)
    }

    /// Puts the session with a device aside, because a person asked for a fresh start: the next message needs
    /// a bundle. What is still on its way can be read.
    pub fn reset_session(&mut self, peer: Peer<'_>, version: Version) -> Result<(), S> {
        let mut sessions = self.sessions_or_none(peer, version)?;
        sessions.retire();
        self.save_sessions(peer, version, &sessions)
    }

    /// Takes another identity key for a device, because a person decided so, and forgets the sessions that
    /// the old key began.
    pub fn accept_identity(&mut self, peer: Peer<'_>, identity: IdentityKey) -> Result<(), S> {
        for version in Version::ALL {
            self.store.remove_sessions(peer, version).map_err(Error::Store)?;
        }
        self.store.save_identity(peer, &identity).map_err(Error::Store)
    }

    /// Encrypts for all devices of all these people: in 0.3 a body, in version 2 an envelope.
    ///
    /// Refused with [`NoSession`](Refusal::NoSession) if one of the devices has none: who is to read a
    /// message is not for this crate to shorten.
    pub fn encrypt(
        &mut self,
        version: Version,
        recipients: &[Recipient<'_>],
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Encrypted, S> {
        let (payload, key) = Payload::seal(version, plaintext, rng)?;
        self.encrypt_key(recipients, payload, &key)
    }

    /// Makes an empty message: the answer to a key exchange, or a heartbeat.
    pub fn encrypt_empty(
        &mut self,
        version: Version,
        recipients: &[Recipient<'_>],
        rng: &mut impl CryptoRng,
    ) -> Result<Encrypted, S> {
        let (payload, key) = Payload::empty(version, rng);
        self.encrypt_key(recipients, payload, &key)
    }

    fn encrypt_key(
        &mut self,
        recipients: &[Recipient<'_>],
        payload: Payload,
        key: &[u8],
    ) -> Result<Encrypted, S> {
        let version = payload.version();
        let sender = self.own_device()?.id();
        let mut moved = Vec::new();
        let mut all_keys = Vec::with_capacity(recipients.len());
        for recipient in recipients {
            let mut keys = Vec::with_capacity(recipient.devices.len());
            for &device in recipient.devices {
                let peer = Peer { address: recipient.address, device };
                let mut sessions = self.sessions(peer, version)?.ok_or(Refusal::NoSession)?;
                let (bytes, key_exchange) = sessions.encrypt(key)?;
                keys.push(EncryptedKey { device, key_exchange, bytes });
                moved.push((peer, sessions));
            }
            all_keys.push(RecipientKeys { address: recipient.address.to_owned(), keys });
        }

        for (peer, sessions) in moved {
            self.save_sessions(peer, version, &sessions)?;
        }
        Ok(Encrypted { sender, recipients: all_keys, payload })
    }

    /// Opens a message. A refusal leaves everything as it was.
    pub fn decrypt(&mut self, incoming: &Incoming<'_>, rng: &mut impl CryptoRng) -> Result<Decrypted, S> {
        let version = incoming.payload.version();
        if incoming.key_exchange {
            let exchange = KeyExchange::read(version, incoming.key)?;
            return self.decrypt_exchange(incoming, &exchange, rng);
        }
        let message = RatchetMessage::read(version, incoming.key)?;
        let mut sessions = self.sessions(incoming.sender, version)?.ok_or(Refusal::NoSession)?;
        let opened = sessions.decrypt(&message, rng)?;
        let content = incoming.payload.open(&opened.plaintext)?;

        self.save_sessions(incoming.sender, version, &sessions)?;
        Ok(Decrypted {
            content,
            identity: opened.identity,
            first_contact: false,
            session_started: false,
            heartbeat_due: opened.heartbeat_due,
            spent_prekey: None,
        })
    }

    fn decrypt_exchange(
        &mut self,
        incoming: &Incoming<'_>,
        exchange: &KeyExchange,
        rng: &mut impl CryptoRng,
    ) -> Result<Decrypted, S> {
        let version = incoming.payload.version();
        let identity = version.read_identity(&exchange.identity)?;
        let first_contact = self.is_first_contact(incoming.sender, identity)?;
        let mut sessions = self.sessions_or_none(incoming.sender, version)?;
        let mut followed = None;
        let repeated = sessions.decrypt_repeated(identity, exchange, rng);
        let (plaintext, heartbeat_due) = if let Some(opened) = repeated {
            let opened = opened?;
            (opened.plaintext, opened.heartbeat_due)
        } else {
            let mut own = self.own_device()?;
            let session = Session::follow(version, &own, identity, exchange)?;
            let (session, plaintext) = session.decrypt(&exchange.message, rng)?;
            sessions.add(&session);
            own.spend(version, exchange.prekey_id);
            followed = Some(own);
            (plaintext, session.is_heartbeat_due(&exchange.message))
        };
        let content = incoming.payload.open(&plaintext)?;

        self.save_sessions(incoming.sender, version, &sessions)?;
        if first_contact {
            self.store.save_identity(incoming.sender, &identity).map_err(Error::Store)?;
        }
        if let Some(own) = &followed {
            self.save_own_device(own)?;
        }
        Ok(Decrypted {
            content,
            identity,
            first_contact,
            session_started: followed.is_some(),
            heartbeat_due,
            spent_prekey: followed.map(|_| exchange.prekey_id),
        })
    }

    /// Whether the device is new; refused if it is known by another key.
    fn is_first_contact(&self, peer: Peer<'_>, shown: IdentityKey) -> Result<bool, S> {
        match self.store.identity(peer).map_err(Error::Store)? {
            None => Ok(true),
            Some(known) if known == shown => Ok(false),
            Some(known) => Err(Refusal::IdentityChanged { known, shown }.into()),
        }
    }

    fn sessions(&self, peer: Peer<'_>, version: Version) -> Result<Option<Sessions>, S> {
        let record = self.store.sessions(peer, version).map_err(Error::Store)?.map(Zeroizing::new);
        Ok(record.map(|record| Sessions::from_record(version, &record)).transpose()?)
    }

    /// As [`Self::sessions`] where a new one may follow: a damaged record is none, and will be overwritten.
    fn sessions_or_none(&self, peer: Peer<'_>, version: Version) -> Result<Sessions, S> {
        match self.sessions(peer, version) {
            Ok(sessions) => Ok(sessions.unwrap_or_else(|| Sessions::none(version))),
            Err(Error::Refused(_)) => Ok(Sessions::none(version)),
            Err(failed) => Err(failed),
        }
    }

    fn save_sessions(&mut self, peer: Peer<'_>, version: Version, sessions: &Sessions) -> Result<(), S> {
        self.store.save_sessions(peer, version, &sessions.to_record()).map_err(Error::Store)
    }

    fn save_own_device(&mut self, own: &OwnDevice) -> Result<(), S> {
        self.store.save_own_device(&own.to_record()).map_err(Error::Store)
    }
}

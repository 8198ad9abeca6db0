//! All sessions with one device in one version, as one record of the store.
//!
//! Usually there is one. A second comes when both sides begin at the same time, or when one of them lost
//! the first: then messages of the older ones may still be on their way. So the last few are kept, each is
//! tried, and the one that a message came in is the one that answers go out with: that is how two sides that
//! both began agree on one.
//!
//! The sessions stay bytes until one is needed: most inputs touch only the first.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::codec::{Reader, Writer};
use crate::session::Session;
use crate::wire::{KeyExchange, RatchetMessage};
use crate::{IdentityKey, Refusal, Version};

const EDITION: u8 = 1;
/// The present session and five older ones.
const MOST_SESSIONS: usize = 6;

/// What a message was found to be.
pub(crate) struct Opened {
    pub(crate) plaintext: Zeroizing<Vec<u8>>,
    pub(crate) identity: IdentityKey,
    pub(crate) heartbeat_due: bool,
}

/// The sessions with one device, the present one first.
pub(crate) struct Sessions {
    version: Version,
    /// Whether the first may be written to: not after a person asked for a fresh start.
    active: bool,
    records: Vec<Zeroizing<Vec<u8>>>,
}

impl Sessions {
    pub(crate) fn none(version: Version) -> Self {
        Self { version, active: false, records: Vec::new() }
    }

    /// Whether there is one to write to.
    pub(crate) fn is_active(&self) -> bool {
        self.active && !self.records.is_empty()
    }

    /// No session is to be written to before another begins.
    pub(crate) fn retire(&mut self) {
        self.active = false;
    }

    /// A session that begins, or that followed: it comes before the others.
    pub(crate) fn add(&mut self, session: &Session) {
        self.records.insert(0, session.to_record());
        self.records.truncate(MOST_SESSIONS);
        self.active = true;
    }

    /// Encrypts in the present session: the bytes of a `<key/>`, and whether they are a key exchange.
    pub(crate) fn encrypt(&mut self, plaintext: &[u8]) -> Result<(Vec<u8>, bool), Refusal> {
        let present = self.records.first_mut().filter(|_| self.active).ok_or(Refusal::NoSession)?;
        let mut session = Session::from_record(self.version, present)?;
        let encrypted = session.encrypt(plaintext)?;
        *present = session.to_record();
        Ok(encrypted)
    }

    /// Tries the sessions in turn. If none fits, the reason is the one of the present session.
    pub(crate) fn decrypt(
        &mut self,
        message: &RatchetMessage,
        rng: &mut impl CryptoRng,
    ) -> Result<Opened, Refusal> {
        let mut reason = None;
        for at in 0..self.records.len() {
            match self.decrypt_in(at, message, rng) {
                Err(Refusal::Duplicate) => return Err(Refusal::Duplicate),
                Err(refusal) => reason = reason.or(Some(refusal)),
                opened => return opened,
            }
        }
        Err(reason.unwrap_or(Refusal::NoSession))
    }

    /// If the key exchange is the one of a session that is here, opens its message in that.
    pub(crate) fn decrypt_repeated(
        &mut self,
        identity: IdentityKey,
        exchange: &KeyExchange,
        rng: &mut impl CryptoRng,
    ) -> Option<Result<Opened, Refusal>> {
        let at = self.records.iter().position(|record| {
            Session::from_record(self.version, record)
                .is_ok_and(|session| session.began_with(identity, exchange))
        })?;
        Some(self.decrypt_in(at, &exchange.message, rng))
    }

    fn decrypt_in(
        &mut self,
        at: usize,
        message: &RatchetMessage,
        rng: &mut impl CryptoRng,
    ) -> Result<Opened, Refusal> {
        let record = self.records.get(at).ok_or(Refusal::NoSession)?;
        let (session, plaintext) = Session::from_record(self.version, record)?.decrypt(message, rng)?;
        self.records.remove(at);
        self.records.insert(0, session.to_record());
        let heartbeat_due = session.is_heartbeat_due(message);
        Ok(Opened { plaintext, identity: session.identity(), heartbeat_due })
    }

    pub(crate) fn to_record(&self) -> Zeroizing<Vec<u8>> {
        let capacity = 8 + self.records.iter().map(|record| 4 + record.len()).sum::<usize>();
        let mut writer = Writer::new(EDITION, capacity);
        writer.flag(self.active);
        writer.length(self.records.len());
        for record in &self.records {
            writer.bytes(record);
        }
        writer.finish()
    }

    pub(crate) fn from_record(version: Version, record: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(EDITION, record)?;
        let active = reader.flag()?;
        let records = reader.list(MOST_SESSIONS, |reader| Ok(Zeroizing::new(reader.bytes()?.to_vec())))?;
        reader.finish()?;
        Ok(Self { version, active, records })
    }
}

/// Whether the store's record of the sessions with a device can be read to its end.
pub fn check_sessions(version: Version, record: &[u8]) -> Result<(), Refusal> {
    let sessions = Sessions::from_record(version, record)?;
    sessions.records.iter().try_for_each(|record| Session::from_record(version, record).map(drop))
}

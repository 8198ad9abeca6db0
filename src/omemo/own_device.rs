//! The own device: its secrets, how long they live, and what it publishes of them.
//!
//! The two versions share the identity and the number, and nothing else: a prekey that was used in one
//! cannot be used up by the other.

use model::Timestamp;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::codec::{Reader, Writer};
use crate::keys::{IdentityPair, public_of};
use crate::secret::Secret;
use crate::signature::sign;
use crate::{Bundle, DeviceId, IdentityKey, PublishedKey, Refusal, Version};

const EDITION: u8 = 1;
/// A bundle holds so many prekeys (XEP-0384 §4.2)…
const PREKEYS: usize = 100;
/// …and is filled up again when fewer than this are left.
const FEWEST_PREKEYS: usize = 80;
/// No more than this are kept, spent ones included: whoever uses them up during a catch-up loses the oldest.
const MOST_PREKEYS: usize = 500;
/// Ids go round below 2²⁴: libsignal's "medium" numbers.
const LARGEST_ID: u32 = 0x00ff_ffff;
/// A signed prekey is published for two weeks, and its secret kept for two more.
const ROTATION: u64 = 14 * 24 * 60 * 60 * 1000;
/// Those of the last period and the present one; more only if the clock jumps about.
const MOST_SIGNED_PREKEYS: usize = 4;

/// The own device: its secrets, and what it publishes of them.
pub struct OwnDevice {
    id: DeviceId,
    identity: IdentityPair,
    legacy: Prekeys,
    two: Prekeys,
}

/// The prekeys of one version.
#[derive(Default)]
struct Prekeys {
    next_id: u32,
    next_signed_id: u32,
    /// The present one last.
    signed: Vec<SignedPrekey>,
    /// The oldest first.
    once: Vec<Prekey>,
}

struct SignedPrekey {
    id: u32,
    secret: Secret,
    signature: [u8; 64],
    /// When it was made; for an old one, when it was replaced.
    since: Timestamp,
}

struct Prekey {
    id: u32,
    secret: Secret,
    /// It began a session. It is in no bundle, but may have been used twice before that was known.
    spent: bool,
}

impl OwnDevice {
    /// Makes a new device, with a number that is not among the `taken` ones of the account.
    pub fn generate(taken: &[DeviceId], now: Timestamp, rng: &mut impl CryptoRng) -> Self {
        let id = loop {
            if let Some(id) = DeviceId::new(rng.next_u32() >> 1)
                && !taken.contains(&id)
            {
                break id;
            }
        };
        let identity = IdentityPair::generate(rng);
        let mut device = Self { id, identity, legacy: Prekeys::default(), two: Prekeys::default() };
        device.maintain(now, rng);
        device
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> DeviceId {
        self.id
    }

    /// The public half of its identity.
    #[must_use]
    pub fn identity(&self) -> IdentityKey {
        self.identity.public()
    }

    /// The identity as version 2 and trust messages (XEP-0434) write it: 32 bytes of Ed25519.
    #[must_use]
    pub fn identity_ed25519(&self) -> [u8; 32] {
        self.identity.ed25519
    }

    /// The signature (`labelsig`) without which nobody believes the name of a device, in version 2 (XEP-0384 §5.3.1).
    #[must_use]
    pub fn sign_label(&self, label: &str, rng: &mut impl CryptoRng) -> [u8; 64] {
        sign(&self.identity.pair.secret, label.as_bytes(), rng)
    }

    /// What is to be published in one version.
    #[must_use]
    pub fn bundle(&self, version: Version) -> Bundle {
        let prekeys = self.prekeys(version);
        let published = |id, secret| PublishedKey { id, key: version.write_key(&public_of(secret)) };
        // There is always one, by construction and by `from_record`.
        let (signed_prekey, signature) = prekeys
            .signed
            .last()
            .map(|signed| (published(signed.id, &signed.secret), signed.signature.to_vec()))
            .unwrap_or_default();
        Bundle {
            version,
            identity: self.identity.write(version),
            signed_prekey,
            signature,
            prekeys: prekeys
                .once
                .iter()
                .filter(|prekey| !prekey.spent)
                .map(|prekey| published(prekey.id, &prekey.secret))
                .collect(),
        }
    }

    /// Makes prekeys up to 100 where fewer than 80 are left, and a new signed prekey where the present one
    /// is two weeks old; the old one is kept for two more. Says which bundles are to be published again.
    pub fn maintain(&mut self, now: Timestamp, rng: &mut impl CryptoRng) -> Vec<Version> {
        let mut changed = Vec::new();
        for version in Version::ALL {
            let (identity, prekeys) = match version {
                Version::Legacy => (&self.identity, &mut self.legacy),
                Version::Two => (&self.identity, &mut self.two),
            };
            // Both, not either: `|` does not stop early.
            if prekeys.refill(rng) | prekeys.rotate(version, identity, now, rng) {
                changed.push(version);
            }
        }
        changed
    }

    pub(crate) fn identity_pair(&self) -> &IdentityPair {
        &self.identity
    }

    fn prekeys(&self, version: Version) -> &Prekeys {
        match version {
            Version::Legacy => &self.legacy,
            Version::Two => &self.two,
        }
    }

    fn prekeys_mut(&mut self, version: Version) -> &mut Prekeys {
        match version {
            Version::Legacy => &mut self.legacy,
            Version::Two => &mut self.two,
        }
    }

    /// The secrets of a signed prekey and a prekey, if both are still here.
    pub(crate) fn find(&self, version: Version, signed: u32, once: u32) -> Option<(&Secret, &Secret)> {
        let prekeys = self.prekeys(version);
        let signed = prekeys.signed.iter().find(|signed_prekey| signed_prekey.id == signed)?;
        let once = prekeys.once.iter().find(|prekey| prekey.id == once)?;
        Some((&signed.secret, &once.secret))
    }

    /// Notes that a prekey began a session.
    pub(crate) fn spend(&mut self, version: Version, id: u32) {
        for prekey in self.prekeys_mut(version).once.iter_mut().filter(|prekey| prekey.id == id) {
            prekey.spent = true;
        }
    }

    /// Deletes what was spent. Says whether there was anything.
    pub(crate) fn delete_spent(&mut self) -> bool {
        let mut deleted = false;
        for version in Version::ALL {
            let once = &mut self.prekeys_mut(version).once;
            let before = once.len();
            once.retain(|prekey| !prekey.spent);
            deleted |= once.len() < before;
        }
        deleted
    }

    /// Reads a record that [`Self::to_record`] wrote.
    pub fn from_record(record: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(EDITION, record)?;
        let id = DeviceId::new(reader.u32()?).ok_or(Refusal::DamagedRecord)?;
        let identity = IdentityPair::read(&mut reader)?;
        let legacy = Prekeys::read(&mut reader)?;
        let two = Prekeys::read(&mut reader)?;
        reader.finish()?;
        Ok(Self { id, identity, legacy, two })
    }

    /// Everything as bytes, for the store.
    #[must_use]
    pub fn to_record(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(EDITION, 128 + self.legacy.capacity() + self.two.capacity());
        writer.u32(self.id.get());
        self.identity.write_record(&mut writer);
        self.legacy.write(&mut writer);
        self.two.write(&mut writer);
        writer.finish()
    }
}

impl Prekeys {
    fn refill(&mut self, rng: &mut impl CryptoRng) -> bool {
        let left = self.once.iter().filter(|prekey| !prekey.spent).count();
        if left >= FEWEST_PREKEYS {
            return false;
        }
        for _ in left..PREKEYS {
            self.next_id = after(self.next_id);
            self.once.push(Prekey { id: self.next_id, secret: Secret::random(rng), spent: false });
        }
        // Spent ones only: what is left is fewer than this.
        let surplus = self.once.len().saturating_sub(MOST_PREKEYS);
        let mut to_delete = surplus;
        self.once.retain(|prekey| {
            let delete = prekey.spent && to_delete > 0;
            to_delete -= usize::from(delete);
            !delete
        });
        true
    }

    fn rotate(
        &mut self,
        version: Version,
        identity: &IdentityPair,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> bool {
        // The clock may have been wrong either way when it was made.
        let old = |signed: &SignedPrekey| now.0.abs_diff(signed.since.0) >= ROTATION;
        if let Some((present, past)) = self.signed.split_last_mut() {
            if !old(present) {
                let expired = past.iter().filter(|signed| old(signed)).count();
                self.signed.drain(..expired);
                return false;
            }
            present.since = now;
        }
        self.next_signed_id = after(self.next_signed_id);
        let secret = Secret::random(rng);
        let signature = sign(&identity.pair.secret, &version.write_key(&public_of(&secret)), rng);
        self.signed.push(SignedPrekey { id: self.next_signed_id, secret, signature, since: now });
        let surplus = self.signed.len().saturating_sub(MOST_SIGNED_PREKEYS);
        self.signed.drain(..surplus);
        true
    }

    fn capacity(&self) -> usize {
        16 + self.signed.len() * 108 + self.once.len() * 37
    }

    fn write(&self, writer: &mut Writer) {
        writer.u32(self.next_id);
        writer.u32(self.next_signed_id);
        writer.length(self.signed.len());
        for signed in &self.signed {
            writer.u32(signed.id);
            writer.secret(&signed.secret);
            writer.array(&signed.signature);
            writer.i64(signed.since.0);
        }
        writer.length(self.once.len());
        for prekey in &self.once {
            writer.u32(prekey.id);
            writer.secret(&prekey.secret);
            writer.flag(prekey.spent);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        let next_id = reader.u32()?;
        let next_signed_id = reader.u32()?;
        let signed = reader.list(MOST_SIGNED_PREKEYS, |reader| {
            Ok(SignedPrekey {
                id: reader.u32()?,
                secret: reader.secret()?,
                signature: reader.array()?,
                since: Timestamp(reader.i64()?),
            })
        })?;
        let once = reader.list(MOST_PREKEYS + PREKEYS, |reader| {
            Ok(Prekey { id: reader.u32()?, secret: reader.secret()?, spent: reader.flag()? })
        })?;
        if signed.is_empty() {
            return Err(Refusal::DamagedRecord);
        }
        Ok(Self { next_id, next_signed_id, signed, once })
    }
}

/// The id after this one; zero is none.
fn after(id: u32) -> u32 {
    if id >= LARGEST_ID { 1 } else { id + 1 }
}

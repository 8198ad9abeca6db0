use model::Timestamp;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{Bundle, DeviceId, IdentityKey, Refusal, Version};

/// The own device: its secrets, and what it publishes of them.
pub struct OwnDevice {}

impl OwnDevice {
    /// Makes a new device, with a number that is not among the `taken` ones of the account.
    pub fn generate(taken: &[DeviceId], now: Timestamp, rng: &mut impl CryptoRng) -> Self {
        todo!()
    }

    /// Reads a record that [`Self::to_record`] wrote.
    pub fn from_record(record: &[u8]) -> Result<Self, Refusal> {
        todo!()
    }

    /// Everything as bytes, for the store.
    pub fn to_record(&self) -> Zeroizing<Vec<u8>> {
        todo!()
    }

    /// Its number.
    pub fn id(&self) -> DeviceId {
        todo!()
    }

    /// The public half of its identity.
    pub fn identity(&self) -> IdentityKey {
        todo!()
    }

    /// The identity as version 2 and trust messages (XEP-0434) write it: 32 bytes of Ed25519.
    pub fn identity_ed25519(&self) -> [u8; 32] {
        todo!()
    }

    /// What is to be published in one version.
    pub fn bundle(&self, version: Version) -> Bundle {
        todo!()
    }

    /// Makes prekeys up to 100 where fewer than 80 are left, and a new signed prekey where the present one
    /// is two weeks old; the old one is kept for two more. Says which bundles are to be published again.
    pub fn maintain(&mut self, now: Timestamp, rng: &mut impl CryptoRng) -> Vec<Version> {
        todo!()
    }
}

use crate::keys::to_ed25519;
use crate::signature::verify;
use crate::{IdentityKey, Refusal, Version};

/// What a device publishes so that others can start a session with it: bytes as they stand in its PEP
/// item, before base64. Nothing in it is believed before
/// [`Omemo::start_session`](crate::Omemo::start_session) has checked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// For which version. The keys are written differently.
    pub version: Version,
    /// The identity key: 33 bytes of Curve25519 in 0.3 (`identityKey`), 32 of Ed25519 in 2 (`ik`).
    pub identity: Vec<u8>,
    /// The key that stays for some weeks (`signedPreKeyPublic`, `spk`).
    pub signed_prekey: PublishedKey,
    /// The identity's signature of it, 64 bytes (`signedPreKeySignature`, `spks`).
    pub signature: Vec<u8>,
    /// The keys for one use each (`preKeyPublic`, `pk`).
    pub prekeys: Vec<PublishedKey>,
}

/// A public key and the number it goes by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishedKey {
    /// Unique among its kind within the bundle.
    pub id: u32,
    /// The key as its version writes it.
    pub key: Vec<u8>,
}

impl Bundle {
    /// Whose it is. The signature is checked, so the signed prekey is theirs; the prekeys are nobody's word.
    pub fn verify(&self) -> Result<IdentityKey, Refusal> {
        let identity = self.version.read_identity(&self.identity)?;
        let mut signature: [u8; 64] =
            self.signature.as_slice().try_into().map_err(|_| Refusal::BadSignature)?;
        let point = match self.version {
            // The Curve25519 form has lost its sign, so libsignal hides it where a signature has a zero bit.
            Version::Legacy => {
                let [.., last] = &mut signature;
                let sign = *last >> 7;
                *last &= 0x7f;
                to_ed25519(&identity.to_bytes(), sign)?
            }
            Version::Two => self.identity.as_slice().try_into().map_err(|_| Refusal::Malformed)?,
        };
        verify(&point, &self.signed_prekey.key, &signature)?;
        Ok(identity)
    }
}

//! A session: a ratchet with the agreement it began with.
//!
//! Until the other side has answered, every message of the one who began repeats the key exchange, since
//! any of them may be the first to arrive.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::codec::{Reader, Writer};
use crate::keys::PublicKey;
use crate::ratchet::{Parties, Ratchet};
use crate::wire::{KeyExchange, Opening, RatchetMessage, write_key};
use crate::{Bundle, IdentityKey, OwnDevice, Refusal, Version, agreement};

const EDITION: u8 = 1;
/// A message this far into its chain shows that its sender has not heard from us for long (XEP-0384 §6).
const HEARTBEAT: u32 = 53;

pub(crate) struct Session {
    version: Version,
    ratchet: Ratchet,
    identity: IdentityKey,
    /// The key pair of the agreement: two key exchanges with the same one begin the same session.
    base_key: PublicKey,
    /// We began, and had no answer yet.
    opening: Option<Opening>,
}

impl Session {
    /// Begins with a bundle, which is checked.
    pub(crate) fn begin(own: &OwnDevice, bundle: &Bundle, rng: &mut impl CryptoRng) -> Result<Self, Refusal> {
        let version = bundle.version;
        let begun = agreement::begin(own.identity_pair(), bundle, rng)?;
        let opening = Opening {
            prekey_id: begun.prekey_id,
            signed_prekey_id: bundle.signed_prekey.id,
            identity: own.identity_pair().write(version),
            base_key: begun.base_key,
            device: own.id().get(),
        };
        let parties = Parties { own: opening.identity.clone(), theirs: bundle.identity.clone(), began: true };
        Ok(Self {
            version,
            ratchet: Ratchet::begin(version, parties, &begun.secret, &begun.signed_prekey, rng)?,
            identity: begun.identity,
            base_key: begun.base_key,
            opening: Some(opening),
        })
    }

    /// Follows a key exchange. Nothing is proved before its message is decrypted.
    pub(crate) fn follow(
        version: Version,
        own: &OwnDevice,
        identity: IdentityKey,
        exchange: &KeyExchange,
    ) -> Result<Self, Refusal> {
        let (secret, signed_prekey) = agreement::follow(version, own, identity, exchange)?;
        let parties = Parties {
            own: own.identity_pair().write(version),
            theirs: exchange.identity.clone(),
            began: false,
        };
        Ok(Self {
            version,
            ratchet: Ratchet::follow(version, parties, secret, signed_prekey),
            identity,
            base_key: exchange.base_key,
            opening: None,
        })
    }

    /// Who it is with.
    pub(crate) fn identity(&self) -> IdentityKey {
        self.identity
    }

    /// Whether this key exchange began it.
    pub(crate) fn began_with(&self, identity: IdentityKey, exchange: &KeyExchange) -> bool {
        self.base_key == exchange.base_key && self.identity == identity
    }

    /// The bytes of a `<key/>`, and whether they are a key exchange.
    pub(crate) fn encrypt(&mut self, plaintext: &[u8]) -> Result<(Vec<u8>, bool), Refusal> {
        let (authenticated, code) = self.ratchet.encrypt(plaintext)?;
        let bytes = write_key(self.version, self.opening.as_ref(), authenticated, &code);
        Ok((bytes, self.opening.is_some()))
    }

    /// Decrypts, and moves on. As with the ratchet, a session is only given back by an authentic message.
    pub(crate) fn decrypt(
        self,
        message: &RatchetMessage,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Zeroizing<Vec<u8>>), Refusal> {
        let (ratchet, plaintext) = self.ratchet.decrypt(message, rng)?;
        Ok((Self { ratchet, opening: None, ..self }, plaintext))
    }

    /// Whether a message shows that its sender has not heard from us for long, and should (XEP-0384 §6). One answer does,
    /// for all that is still on its way before it arrives; should it be lost, there is another as much later.
    pub(crate) fn is_heartbeat_due(&self, message: &RatchetMessage) -> bool {
        message.counter >= HEARTBEAT
            && (self.ratchet.is_silent() || message.counter.is_multiple_of(HEARTBEAT))
    }

    pub(crate) fn to_record(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(EDITION, 160 + self.ratchet.capacity());
        writer.array(&self.identity.to_bytes());
        writer.array(&self.base_key);
        writer.flag(self.opening.is_some());
        if let Some(opening) = &self.opening {
            writer.u32(opening.prekey_id);
            writer.u32(opening.signed_prekey_id);
            writer.bytes(&opening.identity);
            writer.u32(opening.device);
        }
        self.ratchet.write(&mut writer);
        writer.finish()
    }

    pub(crate) fn from_record(version: Version, record: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(EDITION, record)?;
        let identity = IdentityKey::from_bytes(&reader.array::<32>()?).map_err(|_| Refusal::DamagedRecord)?;
        let base_key = reader.array()?;
        let opening = if reader.flag()? {
            Some(Opening {
                prekey_id: reader.u32()?,
                signed_prekey_id: reader.u32()?,
                identity: reader.bytes()?.to_vec(),
                base_key,
                device: reader.u32()?,
            })
        } else {
            None
        };
        let ratchet = Ratchet::read(version, &mut reader)?;
        reader.finish()?;
        Ok(Self { version, ratchet, identity, base_key, opening })
    }
}

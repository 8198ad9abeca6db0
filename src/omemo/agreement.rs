//! The agreement that begins a session (X3DH): four products of two identities, a signed prekey, a prekey
//! and a key pair made for the occasion. One side has the other's bundle; the other later finds the same
//! secret from the key exchange.

#[cfg(test)]
mod tests;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::keys::{IdentityPair, KeyPair, PublicKey, agree};
use crate::secret::Secret;
use crate::symmetric::{array, hkdf};
use crate::wire::KeyExchange;
use crate::{Bundle, IdentityKey, OwnDevice, PublishedKey, Refusal, Version};

/// What the one who begins has found.
pub(crate) struct Begun {
    pub(crate) secret: Secret,
    /// Whose bundle it was.
    pub(crate) identity: IdentityKey,
    /// Their signed prekey, which is their first ratchet key.
    pub(crate) signed_prekey: PublicKey,
    pub(crate) prekey_id: u32,
    pub(crate) base_key: PublicKey,
}

/// Begins with a bundle, which is checked, and one of its prekeys by lot.
pub(crate) fn begin(own: &IdentityPair, bundle: &Bundle, rng: &mut impl CryptoRng) -> Result<Begun, Refusal> {
    let version = bundle.version;
    let identity = bundle.verify()?;
    let signed_prekey = version.read_key(&bundle.signed_prekey.key)?;
    let PublishedKey { id: prekey_id, key } = choose(&bundle.prekeys, rng).ok_or(Refusal::Malformed)?;
    let prekey = version.read_key(key)?;

    let base = KeyPair::generate(rng);
    let secret = derive(
        version,
        &[
            agree(&own.pair.secret, &signed_prekey)?,
            agree(&base.secret, &identity.to_bytes())?,
            agree(&base.secret, &signed_prekey)?,
            agree(&base.secret, &prekey)?,
        ],
    );
    Ok(Begun { secret, identity, signed_prekey, prekey_id: *prekey_id, base_key: base.public })
}

/// Finds the secret of a key exchange, and the signed prekey that it was begun with.
pub(crate) fn follow(
    version: Version,
    own: &OwnDevice,
    identity: IdentityKey,
    exchange: &KeyExchange,
) -> Result<(Secret, Secret), Refusal> {
    let (signed_prekey, prekey) =
        own.find(version, exchange.signed_prekey_id, exchange.prekey_id).ok_or(Refusal::UnknownPreKey)?;
    let secret = derive(
        version,
        &[
            agree(signed_prekey, &identity.to_bytes())?,
            agree(&own.identity_pair().pair.secret, &exchange.base_key)?,
            agree(signed_prekey, &exchange.base_key)?,
            agree(prekey, &exchange.base_key)?,
        ],
    );
    Ok((secret, signed_prekey.clone()))
}

/// Thirty-two bytes of ones stand before the products, so that the input cannot be a point of the curve
/// (X3DH §2.2: `F`).
fn derive(version: Version, products: &[Secret; 4]) -> Secret {
    let products = products.iter().flat_map(Secret::bytes);
    let input: Zeroizing<[u8; 5 * 32]> = Zeroizing::new(array([0xff; 32].iter().chain(products)));
    Secret::new(*hkdf(&[0; 32], &*input, version.agreement_info()))
}

/// One of the keys by lot: two people who begin at the same time should not take the same.
fn choose<'a>(keys: &'a [PublishedKey], rng: &mut impl CryptoRng) -> Option<&'a PublishedKey> {
    let at = rng.next_u64().checked_rem(keys.len() as u64)?;
    keys.get(at as usize)
}

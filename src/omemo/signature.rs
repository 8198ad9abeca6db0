//! Signatures: Ed25519 (RFC 8032), made with a key of Curve25519 (XEdDSA).
//!
//! An identity is one scalar. As a point of Ed25519 it has a sign; ours is always made positive by negating
//! the scalar where needed, so that who knows only the Curve25519 form can still find the point.

use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use rand_core::CryptoRng;
use sha2::{Digest, Sha512};
use subtle::{Choice, ConditionallySelectable};
use zeroize::Zeroizing;

use crate::Refusal;
use crate::keys::PublicKey;
use crate::secret::Secret;
use crate::symmetric::array;

/// XEdDSA begins the hash of its nonce with 2²⁵⁶ − 2, which no scalar is (§2.5: `hash1`).
const NONCE_PREFIX: [u8; 32] = {
    let mut prefix = [0xff; 32];
    prefix[0] = 0xfe;
    prefix
};

/// The scalar that signs, and the positive point of Ed25519 it belongs to.
fn signing_key(secret: &Secret) -> (Zeroizing<Scalar>, PublicKey) {
    let scalar = Zeroizing::new(Scalar::from_bytes_mod_order(clamp_integer(*secret.bytes())));
    let mut public = EdwardsPoint::mul_base(&scalar).compress().to_bytes();
    let [.., last] = &mut public;
    let negative = Choice::from(*last >> 7);
    *last &= 0x7f;
    (Zeroizing::new(Scalar::conditional_select(&scalar, &-*scalar, negative)), public)
}

/// The Ed25519 form of the public half.
pub(crate) fn ed25519_of(secret: &Secret) -> PublicKey {
    signing_key(secret).1
}

/// Signs (XEdDSA §3). The randomness makes two signatures of one message differ, and saves the key
/// should the hash ever repeat.
pub(crate) fn sign(secret: &Secret, message: &[u8], rng: &mut impl CryptoRng) -> [u8; 64] {
    let (scalar, public) = signing_key(secret);
    let random = Zeroizing::new({
        let mut bytes = [0; 64];
        rng.fill_bytes(&mut bytes);
        bytes
    });
    let nonce = Zeroizing::new(hash(&[&NONCE_PREFIX, scalar.as_bytes(), message, &*random]));
    let commitment = EdwardsPoint::mul_base(&nonce).compress().to_bytes();
    let challenge = hash(&[&commitment, &public, message]);
    let response = *nonce + challenge * *scalar;

    array(commitment.iter().chain(response.as_bytes()))
}

/// Checks a signature with a public key of Ed25519 (RFC 8032 §5.1.7, without the cofactor).
pub(crate) fn verify(public: &PublicKey, message: &[u8], signature: &[u8; 64]) -> Result<(), Refusal> {
    let key = CompressedEdwardsY(*public).decompress().ok_or(Refusal::Malformed)?;
    if key.is_small_order() {
        return Err(Refusal::WeakKey);
    }
    let commitment: [u8; 32] = array(signature);
    let response = Option::<Scalar>::from(Scalar::from_canonical_bytes(array(signature.iter().skip(32))))
        .ok_or(Refusal::BadSignature)?;
    let challenge = hash(&[&commitment, public, message]);
    let expected = EdwardsPoint::vartime_double_scalar_mul_basepoint(&challenge, &-key, &response);
    if expected.compress().to_bytes() == commitment { Ok(()) } else { Err(Refusal::BadSignature) }
}

/// Whether a device gave itself this name (XEP-0384 §5.3.1, `labelsig`): version 2 signs them with its identity
/// key, here in its Ed25519 form.
pub fn verify_label(identity: &[u8; 32], label: &str, signature: &[u8]) -> Result<(), Refusal> {
    verify(identity, label.as_bytes(), signature.try_into().map_err(|_| Refusal::BadSignature)?)
}

fn hash(parts: &[&[u8]]) -> Scalar {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    let digest: Zeroizing<[u8; 64]> = Zeroizing::new(hash.finalize().into());
    Scalar::from_bytes_mod_order_wide(&digest)
}

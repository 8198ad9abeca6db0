//! HMAC, HKDF and AES as OMEMO uses them: keys of fixed length, so that nothing here can fail but a
//! decryption.

use aes::Aes256;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::Refusal;
use crate::secret::Secret;

/// The first bytes as an array, filled with zeros if they are too few.
pub(crate) fn array<'a, const LENGTH: usize>(bytes: impl IntoIterator<Item = &'a u8>) -> [u8; LENGTH] {
    let mut array = [0; LENGTH];
    array.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    array
}

/// HMAC-SHA-256 over the parts, one after the other.
pub(crate) fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A short key is filled with zeros to one block (RFC 2104 §2). Done here it is infallible.
    let block: Zeroizing<[u8; 64]> = Zeroizing::new(array(key));
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// HKDF-SHA-256 (RFC 5869) with a salt of 32 bytes, to a multiple of 16 bytes.
pub(crate) fn hkdf<const LENGTH: usize>(
    salt: &[u8; 32],
    input: &[u8],
    info: &[u8],
) -> Zeroizing<[u8; LENGTH]> {
    const { assert!(LENGTH <= 255 * 32, "RFC 5869 §2.3") }
    let extracted = Secret::new(hmac(salt, &[input]));
    let mut output = Zeroizing::new([0; LENGTH]);
    let mut previous: Zeroizing<Vec<u8>> = Zeroizing::default();
    for (chunk, counter) in output.chunks_mut(32).zip(1_u8..) {
        previous = Zeroizing::new(hmac(extracted.bytes(), &[&previous, info, &[counter]]).to_vec());
        chunk.iter_mut().zip(previous.iter()).for_each(|(to, from)| *to = *from);
    }
    output
}

/// The three keys that seal one thing: from a message key, or from the key of a payload.
pub(crate) struct SealingKeys(Zeroizing<[u8; 80]>);

impl SealingKeys {
    pub(crate) fn derive(key: &[u8; 32], info: &[u8]) -> Self {
        Self(hkdf(&[0; 32], key, info))
    }

    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: [u8; 80]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    fn part<const LENGTH: usize>(&self, from: usize) -> Zeroizing<[u8; LENGTH]> {
        Zeroizing::new(array(self.0.iter().skip(from)))
    }

    /// AES-256-CBC with PKCS #7.
    pub(crate) fn encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        cbc::Encryptor::<Aes256>::new((&*self.part::<32>(0)).into(), (&*self.part::<16>(64)).into())
            .encrypt_padded_vec::<Pkcs7>(plaintext)
    }

    /// To be called only after [`Self::check`]: what the padding says about unauthenticated bytes is an oracle.
    pub(crate) fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        cbc::Decryptor::<Aes256>::new((&*self.part::<32>(0)).into(), (&*self.part::<16>(64)).into())
            .decrypt_padded_vec::<Pkcs7>(ciphertext)
            .map(Zeroizing::new)
            .map_err(|_| Refusal::Malformed)
    }

    /// The authentication code over the parts; its users cut it short.
    pub(crate) fn authenticate(&self, parts: &[&[u8]]) -> [u8; 32] {
        hmac(&self.part::<32>(32), parts)
    }

    /// Whether the code, which was cut short to its length by whoever read it, is the right one.
    pub(crate) fn check(&self, parts: &[&[u8]], code: &[u8]) -> Result<(), Refusal> {
        let right = self.authenticate(parts);
        let same: bool = right.get(..code.len()).is_some_and(|right| right.ct_eq(code).into());
        if same { Ok(()) } else { Err(Refusal::Tampered) }
    }
}

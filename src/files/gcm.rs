//! AES in GCM as a stream: any length in constant memory, where ready-made ones want the whole file at once.
//!
//! It is put together from AES in counter mode and GHASH as NIST SP 800-38D §7 says, and compared with a
//! ready-made one in tests. What a stream decrypts is not to be believed before its tag was
//! [checked](GcmStream::verify): whoever reads has to keep it away from everybody until then.

use aes::{
    Aes128, Aes256,
    cipher::{BlockCipherEncrypt, KeyInit, KeyIvInit, StreamCipher},
};
use ctr::Ctr32BE;
use ghash::{GHash, universal_hash::UniversalHash};
use subtle::ConstantTimeEq;

/// The length of a tag in bytes. It stands at the end of an encrypted file.
pub const TAG_LENGTH: usize = 16;

const BLOCK: usize = 16;

/// Encrypts or decrypts one file from its first byte to its last.
pub struct GcmStream {
    counter: Counter,
    /// What the tag is hidden with.
    mask: [u8; BLOCK],
    hash: GHash,
    /// Bytes of a block that is not whole yet.
    rest: Vec<u8>,
    length: u64,
}

// There is one for a file: what the shorter leaves free is nothing.
#[allow(clippy::large_enum_variant)]
enum Counter {
    Short(Ctr32BE<Aes128>),
    Long(Ctr32BE<Aes256>),
}

impl std::fmt::Debug for GcmStream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("GcmStream").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Keys and IVs of other lengths, and files longer than the counter counts (64 GiB).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl GcmStream {
    /// A key of 16 or 32 bytes, and an IV of at least one; 12 is what it should have.
    pub fn new(key: &[u8], iv: &[u8]) -> Result<Self, OutOfRange> {
        let mut subkey = ghash::Key::default();
        match key.len() {
            16 => Aes128::new_from_slice(key).map_err(|_| OutOfRange)?.encrypt_block(&mut subkey),
            _ => Aes256::new_from_slice(key).map_err(|_| OutOfRange)?.encrypt_block(&mut subkey),
        }
        let start = first_counter(&subkey, iv).ok_or(OutOfRange)?;
        let mut counter = match key.len() {
            16 => Counter::Short(Ctr32BE::new_from_slices(key, &start).map_err(|_| OutOfRange)?),
            _ => Counter::Long(Ctr32BE::new_from_slices(key, &start).map_err(|_| OutOfRange)?),
        };
        let mut mask = [0; BLOCK];
        counter.apply(&mut mask)?;
        Ok(Self { counter, mask, hash: GHash::new(&subkey), rest: Vec::with_capacity(BLOCK), length: 0 })
    }

    /// Encrypts the next bytes where they stand.
    pub fn encrypt(&mut self, bytes: &mut [u8]) -> Result<(), OutOfRange> {
        self.counter.apply(bytes)?;
        self.take_in(bytes);
        Ok(())
    }

    /// Decrypts the next bytes where they stand.
    pub fn decrypt(&mut self, bytes: &mut [u8]) -> Result<(), OutOfRange> {
        self.take_in(bytes);
        self.counter.apply(bytes)
    }

    /// The tag of all that was encrypted.
    #[must_use]
    pub fn tag(mut self) -> [u8; TAG_LENGTH] {
        if !self.rest.is_empty() {
            self.hash.update_padded(&self.rest);
        }
        let mut lengths = ghash::Block::default();
        // Nothing is authenticated beside the file: the first half stays zero.
        lengths.iter_mut().skip(8).zip((self.length * 8).to_be_bytes()).for_each(|(to, from)| *to = from);
        self.hash.update(&[lengths]);
        let mut tag = self.mask;
        tag.iter_mut().zip(self.hash.finalize()).for_each(|(to, from)| *to ^= from);
        tag
    }

    /// Whether this is the tag of all that was decrypted.
    #[must_use]
    pub fn verify(self, tag: &[u8]) -> bool {
        self.tag().ct_eq(tag).into()
    }

    fn take_in(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if !self.rest.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.rest.len()));
            self.rest.extend_from_slice(now);
            bytes = later;
            if self.rest.len() < BLOCK {
                return;
            }
            self.hash.update_padded(&self.rest);
            self.rest.clear();
        }
        let (whole, rest) = bytes.split_at(bytes.len() - bytes.len() % BLOCK);
        self.hash.update_padded(whole);
        self.rest.extend_from_slice(rest);
    }
}

impl Counter {
    fn apply(&mut self, bytes: &mut [u8]) -> Result<(), OutOfRange> {
        match self {
            Self::Short(counter) => counter.try_apply_keystream(bytes),
            Self::Long(counter) => counter.try_apply_keystream(bytes),
        }
        .map_err(|_| OutOfRange)
    }
}

/// The first counter block (NIST SP 800-38D §7.1 step 2).
fn first_counter(subkey: &ghash::Key, iv: &[u8]) -> Option<[u8; BLOCK]> {
    let mut start = [0; BLOCK];
    if iv.is_empty() {
        return None;
    }
    if iv.len() == 12 {
        start.iter_mut().zip(iv.iter().chain(&[0, 0, 0, 1])).for_each(|(to, from)| *to = *from);
    } else {
        let mut hash = GHash::new(subkey);
        hash.update_padded(iv);
        let mut lengths = ghash::Block::default();
        lengths.iter_mut().skip(8).zip((iv.len() as u64 * 8).to_be_bytes()).for_each(|(to, from)| *to = from);
        hash.update(&[lengths]);
        start.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    }
    Some(start)
}

#[cfg(test)]
mod tests {
    use aes_gcm::{
        Aes128Gcm, Aes256Gcm, AesGcm,
        aead::{Aead, KeyInit as _, consts::U16},
    };
    use proptest::prelude::*;

    use super::*;

    fn streamed(key: &[u8], iv: &[u8], content: &[u8], pieces: &[usize]) -> Vec<u8> {
        let mut stream = GcmStream::new(key, iv).unwrap();
        let mut sealed = content.to_vec();
        let mut rest = sealed.as_mut_slice();
        for piece in pieces {
            let (now, later) = rest.split_at_mut(rest.len().min(*piece));
            stream.encrypt(now).unwrap();
            rest = later;
        }
        stream.encrypt(rest).unwrap();
        sealed.extend(stream.tag());
        sealed
    }

    proptest! {
        #[test]
        fn it_is_gcm(
            key: [u8; 32], iv: [u8; 16], content in prop::collection::vec(any::<u8>(), 0..300),
            pieces in prop::collection::vec(0..40_usize, 0..12),
        ) {
            let content = content.as_slice();
            let ready_made = Aes256Gcm::new(&key.into()).encrypt(iv[..12].try_into().unwrap(), content).unwrap();
            prop_assert_eq!(streamed(&key, &iv[..12], content, &pieces), ready_made);
            let ready_made = Aes128Gcm::new(key[..16].try_into().unwrap()).encrypt(iv[..12].try_into().unwrap(), content);
            prop_assert_eq!(streamed(&key[..16], &iv[..12], content, &pieces), ready_made.unwrap());
            let ready_made = AesGcm::<Aes256, U16>::new(&key.into()).encrypt(&iv.into(), content).unwrap();
            prop_assert_eq!(streamed(&key, &iv, content, &pieces), ready_made);
        }

        #[test]
        fn what_is_encrypted_is_decrypted(
            content in prop::collection::vec(any::<u8>(), 0..300), pieces in prop::collection::vec(0..40_usize, 0..12),
            flipped in 0..2400_usize,
        ) {
            let mut sealed = streamed(&[7; 32], &[9; 12], &content, &[]);
            let tag = sealed.split_off(content.len());
            let open = |mut bytes: Vec<u8>| {
                let mut stream = GcmStream::new(&[7; 32], &[9; 12]).unwrap();
                let mut rest = bytes.as_mut_slice();
                for piece in &pieces {
                    let (now, later) = rest.split_at_mut(rest.len().min(*piece));
                    stream.decrypt(now).unwrap();
                    rest = later;
                }
                stream.decrypt(rest).unwrap();
                (bytes, stream.verify(&tag))
            };
            prop_assert_eq!(open(sealed.clone()), (content.clone(), true));
            if let Some(byte) = sealed.get_mut(flipped / 8) {
                *byte ^= 1 << (flipped % 8);
                prop_assert!(!open(sealed.clone()).1);
                sealed.pop();
                prop_assert!(!open(sealed).1);
            }
        }
    }

    #[test]
    fn long_files_in_large_pieces_are_the_same() {
        let content: Vec<u8> =
            (0..3_000_001_u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let ready_made =
            Aes256Gcm::new(&[1; 32].into()).encrypt(&[2; 12].into(), content.as_slice()).unwrap();
        assert!(streamed(&[1; 32], &[2; 12], &content, &[65_536; 40]) == ready_made);
    }

    #[test]
    fn keys_of_odd_lengths_are_refused() {
        for length in [0, 15, 24, 33, 64] {
            assert_eq!(GcmStream::new(&vec![0; length], &[0; 12]).err(), Some(OutOfRange), "{length}");
        }
        assert!(GcmStream::new(&[0; 32], &[]).is_err());
    }
}

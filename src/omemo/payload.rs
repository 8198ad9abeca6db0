//! What is sealed once for all devices, with a key that then goes to each of them.

use aes::Aes128;
use aes_gcm::aead::consts::U16;
use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, AesGcm};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::symmetric::{SealingKeys, array};
use crate::{Content, Refusal, Version};

const PAYLOAD_INFO: &[u8] = b"OMEMO Payload";
/// How many bytes of the HMAC go with the key, in version 2. In 0.3 the tag of GCM is as long.
const TAG: usize = 16;
/// How long the key of AES-128 is, in 0.3.
const LEGACY_KEY: usize = 16;

/// What was sealed. Without a ciphertext it is an empty message, which only moves the ratchet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// 0.3: AES-128-GCM.
    Legacy {
        /// `<iv/>`: 12 bytes, from old clients 16. Empty messages have one too.
        iv: Vec<u8>,
        /// `<payload/>`. Its tag travels with the key.
        ciphertext: Option<Vec<u8>>,
    },
    /// Version 2: AES-256-CBC, with an HMAC that travels with the key.
    Two {
        /// `<payload/>`.
        ciphertext: Option<Vec<u8>>,
    },
}

impl Payload {
    /// Which version it belongs to.
    #[must_use]
    pub fn version(&self) -> Version {
        match self {
            Self::Legacy { .. } => Version::Legacy,
            Self::Two { .. } => Version::Two,
        }
    }

    /// Seals with a new key, which is given back with its tag: what every device is to get.
    pub(crate) fn seal(
        version: Version,
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Zeroizing<Vec<u8>>), Refusal> {
        let random = Secret::random(rng);
        match version {
            Version::Legacy => {
                let key: Zeroizing<[u8; LEGACY_KEY]> = Zeroizing::new(array(random.bytes()));
                let iv = legacy_iv(rng);
                // It fails beyond 64 GB only.
                let mut ciphertext = Aes128Gcm::new((&*key).into())
                    .encrypt((&iv).into(), plaintext)
                    .map_err(|_| Refusal::Malformed)?;
                let tag = ciphertext.split_off(ciphertext.len().saturating_sub(TAG));
                let key = Zeroizing::new([key.as_slice(), &tag].concat());
                Ok((Self::Legacy { iv: iv.to_vec(), ciphertext: Some(ciphertext) }, key))
            }
            Version::Two => {
                let keys = SealingKeys::derive(random.bytes(), PAYLOAD_INFO);
                let ciphertext = keys.encrypt(plaintext);
                let tag: [u8; TAG] = array(&keys.authenticate(&[&ciphertext]));
                let key = Zeroizing::new([random.bytes().as_slice(), &tag].concat());
                Ok((Self::Two { ciphertext: Some(ciphertext) }, key))
            }
        }
    }

    /// Nothing, and what every device is to get in place of a key: one of no use in 0.3, zeros in version 2.
    pub(crate) fn empty(version: Version, rng: &mut impl CryptoRng) -> (Self, Zeroizing<Vec<u8>>) {
        match version {
            Version::Legacy => {
                let iv = legacy_iv(rng).to_vec();
                let key = Secret::random(rng).bytes().iter().copied().take(LEGACY_KEY).collect();
                (Self::Legacy { iv, ciphertext: None }, Zeroizing::new(key))
            }
            Version::Two => (Self::Two { ciphertext: None }, Zeroizing::new(vec![0; 32])),
        }
    }

    /// Opens with what came through the session.
    pub fn open(&self, key: &[u8]) -> Result<Content, Refusal> {
        match self {
            Self::Legacy { iv, ciphertext: Some(ciphertext) } => {
                let (key, tag) = key.split_at_checked(LEGACY_KEY).ok_or(Refusal::Malformed)?;
                // The oldest clients left the tag behind the ciphertext, where it stands if none is here.
                if !tag.is_empty() && tag.len() != TAG {
                    return Err(Refusal::Malformed);
                }
                let sealed = [ciphertext.as_slice(), tag].concat();
                open_legacy(&Zeroizing::new(array(key)), iv, &sealed).map(Content::Message)
            }
            Self::Two { ciphertext: Some(ciphertext) } => {
                let (key, tag) = key.split_at_checked(32).ok_or(Refusal::Malformed)?;
                if tag.len() != TAG {
                    return Err(Refusal::Malformed);
                }
                let keys = SealingKeys::derive(&Zeroizing::new(array(key)), PAYLOAD_INFO);
                keys.check(&[ciphertext], tag)?;
                keys.decrypt(ciphertext).map(Content::Message)
            }
            // A key with a tag is the key of a payload, which somebody took off. The older version cannot tell.
            Self::Two { ciphertext: None } if key.len() == 32 + TAG => Err(Refusal::Tampered),
            Self::Legacy { ciphertext: None, .. } | Self::Two { ciphertext: None } => {
                Ok(Content::KeyTransport(Zeroizing::new(key.to_vec())))
            }
        }
    }
}

fn legacy_iv(rng: &mut impl CryptoRng) -> [u8; 12] {
    let mut iv = [0; 12];
    rng.fill_bytes(&mut iv);
    iv
}

fn open_legacy(key: &[u8; LEGACY_KEY], iv: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let opened = if let Ok(iv) = <&[u8; 12]>::try_from(iv) {
        Aes128Gcm::new(key.into()).decrypt(iv.into(), sealed)
    } else if let Ok(iv) = <&[u8; 16]>::try_from(iv) {
        AesGcm::<Aes128, U16>::new(key.into()).decrypt(iv.into(), sealed)
    } else {
        return Err(Refusal::Malformed);
    };
    opened.map(Zeroizing::new).map_err(|_| Refusal::Tampered)
}

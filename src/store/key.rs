use std::fmt;

use chacha20poly1305::{
    ChaCha20Poly1305,
    aead::{Generate, Key},
};
use zeroize::{Zeroize, Zeroizing};

/// The 32 bytes that open an account's database. They are wiped when dropped and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseKey(Zeroizing<[u8; 32]>);

impl DatabaseKey {
    /// A new key, from the system's randomness.
    pub fn generate() -> Self {
        let mut random = Key::<ChaCha20Poly1305>::generate();
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(random.as_ref());
        random.zeroize();
        Self(bytes)
    }

    /// The key made of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, to be handed to the Secret Service and nobody else.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The value SQLCipher takes as a raw key: `x'…'`, so that no password derivation runs.
    pub(crate) fn pragma(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(67));
        text.push_str("x'");
        for byte in self.0.iter() {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        text.push('\'');
        text
    }
}

impl fmt::Debug for DatabaseKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DatabaseKey")
    }
}

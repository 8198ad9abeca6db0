//! The key header: a small file beside the database that tells whether a key is the right one.
//!
//! SQLCipher answers a wrong key and a broken first page with the same words. A person must not be
//! told that their history is damaged when only the keyring gave an old key, nor be asked for keys
//! for ever when the disk is broken. So a salted hash of the key stands here: 32 random bytes cannot
//! be guessed from it, and a key that fits it is right whatever the database says.
//!
//! Where no Secret Service runs, a passphrase wraps the same key: Argon2id makes a second key of it,
//! ChaCha20-Poly1305 seals the first with that. Changing the passphrase rewrites this file only.
//!
//! It is text, a line each, so that a person with a broken disk can see what they have:
//! ```text
//! starling-key 1
//! check <salt> <sha-256>
//! argon2id <KiB> <passes> <lanes> <salt> <nonce> <sealed key>
//! ```

use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, Generate, Key, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use model::KeyFailure;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::folder::{database_exists, make, write_whole};
use crate::{DatabaseKey, Error};

const NAME: &str = "key";
const MAGIC: &str = "starling-key 1";
/// What Argon2id costs: 64 MiB, three passes. About a fifth of a second on a laptop.
const COST: (u32, u32, u32) = (64 * 1024, 3, 1);
/// A header that asks for more than this was not written by us.
const MOST_MEMORY: u32 = 1024 * 1024;

/// What the header file says.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyHeader {
    salt: [u8; 32],
    check: [u8; 32],
    wrapped: Option<Wrapped>,
}

#[derive(Clone, PartialEq, Eq)]
struct Wrapped {
    cost: (u32, u32, u32),
    salt: [u8; 32],
    nonce: [u8; 12],
    sealed: Vec<u8>,
}

impl KeyHeader {
    /// Writes the header of a new database, before the database is made. With a passphrase the key
    /// is wrapped in it. Refused while a database exists.
    pub fn create(folder: &Path, key: &DatabaseKey, passphrase: Option<&str>) -> Result<Self, Error> {
        if database_exists(folder) {
            return Err(Error::Exists);
        }
        Self::write(folder, key, passphrase)
    }

    /// Writes a header for a key that was proved right, in place of the one that is there: another
    /// passphrase, or none any more.
    pub(crate) fn write(folder: &Path, key: &DatabaseKey, passphrase: Option<&str>) -> Result<Self, Error> {
        make(folder)?;
        let salt = random();
        let check = check_value(&salt, key);
        let wrapped = passphrase.map(|passphrase| wrap(key, passphrase, &check)).transpose()?;
        let header = Self { salt, check, wrapped };
        write_whole(folder, NAME, header.to_text().as_bytes())?;
        Ok(header)
    }

    /// Reads the header of a folder. `None` if it has none, or one that says nothing.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        match std::fs::read_to_string(folder.join(NAME)) {
            Ok(text) => Ok(Self::from_text(&text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            // Not text: a broken disk. The database itself decides whether a key fits.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the key is wrapped in a passphrase.
    pub fn is_wrapped(&self) -> bool {
        self.wrapped.is_some()
    }

    /// Whether this is the key that the database was made with.
    pub fn check(&self, key: &DatabaseKey) -> Result<(), KeyFailure> {
        if check_value(&self.salt, key) == self.check { Ok(()) } else { Err(KeyFailure::WrongKey) }
    }

    /// The key that a passphrase opens. Takes a moment: not for a thread that somebody watches.
    pub fn unwrap_with(&self, passphrase: &str) -> Result<DatabaseKey, KeyFailure> {
        let wrapped = self.wrapped.as_ref().ok_or(KeyFailure::NoSuchItem)?;
        let cipher =
            stretch(passphrase, &wrapped.salt, wrapped.cost).map_err(|_| KeyFailure::WrongPassphrase)?;
        let payload = Payload { msg: &wrapped.sealed, aad: &self.check };
        let opened = cipher.decrypt(&Nonce::from(wrapped.nonce), payload).map(Zeroizing::new);
        let bytes = opened.ok().and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok());
        let key = DatabaseKey::from_bytes(bytes.ok_or(KeyFailure::WrongPassphrase)?);
        self.check(&key)?;
        Ok(key)
    }

    fn to_text(&self) -> String {
        let mut text = format!("{MAGIC}\ncheck {} {}\n", hex(&self.salt), hex(&self.check));
        if let Some(Wrapped { cost: (memory, passes, lanes), salt, nonce, sealed }) = &self.wrapped {
            let (salt, nonce, sealed) = (hex(salt), hex(nonce), hex(sealed));
            text = format!("{text}argon2id {memory} {passes} {lanes} {salt} {nonce} {sealed}\n");
        }
        text
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != MAGIC {
            return None;
        }
        let mut words = lines.next()?.split(' ');
        if words.next()? != "check" {
            return None;
        }
        let salt = bytes(words.next()?)?;
        let check = bytes(words.next()?)?;
        let wrapped = match lines.next() {
            None => None,
            Some(line) => Some(Wrapped::from_line(line)?),
        };
        Some(Self { salt, check, wrapped })
    }
}

impl std::fmt::Debug for KeyHeader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KeyHeader").field("wrapped", &self.is_wrapped()).finish_non_exhaustive()
    }
}

impl Wrapped {
    fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        if words.next()? != "argon2id" {
            return None;
        }
        let mut number = || words.next()?.parse::<u32>().ok();
        let cost = (number()?, number()?, number()?);
        if cost.0 > MOST_MEMORY || cost.1 > 100 || cost.2 > 16 {
            return None;
        }
        let salt = bytes(words.next()?)?;
        let nonce = bytes(words.next()?)?;
        let sealed = bytes::<48>(words.next()?)?.to_vec();
        Some(Self { cost, salt, nonce, sealed })
    }
}

fn wrap(key: &DatabaseKey, passphrase: &str, check: &[u8; 32]) -> Result<Wrapped, Error> {
    let salt = random();
    let nonce = Nonce::generate();
    let cipher = stretch(passphrase, &salt, COST)?;
    let payload = Payload { msg: key.as_bytes(), aad: check };
    let sealed = cipher.encrypt(&nonce, payload).map_err(|error| Error::Bug(error.to_string()))?;
    Ok(Wrapped { cost: COST, salt, nonce: nonce.into(), sealed })
}

/// The cipher that a passphrase opens. The same words typed on another keyboard are the same (NFKC).
fn stretch(passphrase: &str, salt: &[u8; 32], cost: (u32, u32, u32)) -> Result<ChaCha20Poly1305, Error> {
    let bug = |error: argon2::Error| Error::Bug(error.to_string());
    let passphrase = Zeroizing::new(passphrase.nfkc().collect::<String>());
    let params = Params::new(cost.0, cost.1, cost.2, Some(32)).map_err(bug)?;
    let mut stretched = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, stretched.as_mut())
        .map_err(bug)?;
    Ok(ChaCha20Poly1305::new(&Key::<ChaCha20Poly1305>::from(*stretched)))
}

fn check_value(salt: &[u8; 32], key: &DatabaseKey) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"starling key check")
        .chain_update(salt)
        .chain_update(key.as_bytes())
        .finalize()
        .into()
}

fn random() -> [u8; 32] {
    Key::<ChaCha20Poly1305>::generate().into()
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;

//! Where the key of each account's database is kept (DESIGN rule 7).
//!
//! The Secret Service holds one item per account, found by the account's random id: 32 bytes as
//! hexadecimal digits, because KWallet keeps only text. Every call blocks, perhaps for as long as
//! a person looks at a prompt: it is made from an account's own plain thread, never from elsewhere.
//!
//! The `keyring` crate is not used: it decides once per process whether there is a service, and
//! folds *locked*, *dismissed* and *not there* into one error. The crate beneath it does not.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use model::{AccountId, KeyFailure};
use secret_service::{
    EncryptionType, Error,
    blocking::{Collection, Item, SecretService as Service},
};
use store::DatabaseKey;
use zeroize::Zeroizing;

/// A place for secrets.
pub trait Secrets: Send + Sync + fmt::Debug {
    /// Keeps the key of an account, in place of any it kept before.
    fn keep(&self, account: AccountId, key: &DatabaseKey) -> Result<(), KeyFailure>;
    /// Gives the key back.
    fn fetch(&self, account: AccountId) -> Result<DatabaseKey, KeyFailure>;
    /// Forgets it. Forgetting what is not there is no failure.
    fn forget(&self, account: AccountId) -> Result<(), KeyFailure>;
}

/// The Secret Service of the desktop (GNOME Keyring, KWallet, KeePassXC).
#[derive(Clone, Copy, Debug, Default)]
pub struct SecretService;

/// What people see in their keyring program.
const LABEL: &str = "Starling: key of an account's history";

impl Secrets for SecretService {
    fn keep(&self, account: AccountId, key: &DatabaseKey) -> Result<(), KeyFailure> {
        let service = connect()?;
        let id = account.to_string();
        let collection = default_collection(&service)?;
        unlock(&collection)?;
        collection
            .create_item(LABEL, attributes(&id), to_digits(key).as_bytes(), true, "text/plain")
            .map_err(|error| explain(&error))?;
        Ok(())
    }

    fn fetch(&self, account: AccountId) -> Result<DatabaseKey, KeyFailure> {
        let service = connect()?;
        let id = account.to_string();
        let found = service.search_items(attributes(&id)).map_err(|error| explain(&error))?;
        let item: &Item<'_> =
            found.unlocked.first().or(found.locked.first()).ok_or(KeyFailure::NoSuchItem)?;
        if item.is_locked().map_err(|error| explain(&error))? {
            item.unlock().map_err(|error| explain(&error))?;
        }
        let secret = Zeroizing::new(item.get_secret().map_err(|error| explain(&error))?);
        from_digits(&secret).ok_or(KeyFailure::WrongKey)
    }

    fn forget(&self, account: AccountId) -> Result<(), KeyFailure> {
        let service = connect()?;
        let id = account.to_string();
        let found = service.search_items(attributes(&id)).map_err(|error| explain(&error))?;
        for item in found.unlocked.iter().chain(&found.locked) {
            if item.is_locked().map_err(|error| explain(&error))? {
                item.unlock().map_err(|error| explain(&error))?;
            }
            item.delete().map_err(|error| explain(&error))?;
        }
        Ok(())
    }
}

fn connect<'a>() -> Result<Service<'a>, KeyFailure> {
    Service::connect(EncryptionType::Dh).map_err(|error| {
        tracing::warn!(%error, "no Secret Service");
        KeyFailure::NoService
    })
}

fn default_collection<'a>(service: &'a Service<'a>) -> Result<Collection<'a>, KeyFailure> {
    match service.get_default_collection() {
        // A service that never had a keyring: making one asks the person for its password.
        Err(Error::NoResult) => {
            service.create_collection("Login", "default").map_err(|error| explain(&error))
        }
        found => found.map_err(|error| explain(&error)),
    }
}

fn unlock(collection: &Collection<'_>) -> Result<(), KeyFailure> {
    if collection.is_locked().map_err(|error| explain(&error))? {
        collection.unlock().map_err(|error| explain(&error))?;
    }
    Ok(())
}

fn attributes(id: &str) -> HashMap<&str, &str> {
    HashMap::from([("xdg:schema", "im.starling.Starling"), ("account", id)])
}

fn explain(error: &Error) -> KeyFailure {
    tracing::warn!(%error, "the Secret Service did not do as asked");
    match error {
        Error::Locked | Error::Prompt => KeyFailure::Locked,
        Error::NoResult => KeyFailure::NoSuchItem,
        _ => KeyFailure::NoService,
    }
}

fn to_digits(key: &DatabaseKey) -> Zeroizing<String> {
    let mut digits = Zeroizing::new(String::with_capacity(64));
    for byte in key.as_bytes() {
        for digit in [byte >> 4, byte & 15] {
            digits.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    digits
}

fn from_digits(digits: &[u8]) -> Option<DatabaseKey> {
    let digits = std::str::from_utf8(digits).ok()?;
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(DatabaseKey::from_bytes(key))
}

/// Keeps keys in memory, for tests, and can be told to fail in each of the ways a service does.
#[derive(Debug, Default)]
pub struct MemorySecrets {
    inner: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    keys: HashMap<AccountId, DatabaseKey>,
    failure: Option<KeyFailure>,
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Memory").field("failure", &self.failure).finish_non_exhaustive()
    }
}

impl MemorySecrets {
    /// From now on every call fails in this way, or with `None` works again.
    pub fn fail(&self, failure: Option<KeyFailure>) {
        self.lock().failure = failure;
    }

    /// How many keys it holds.
    pub fn count(&self) -> usize {
        self.lock().keys.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn working(&self) -> Result<std::sync::MutexGuard<'_, Memory>, KeyFailure> {
        let memory = self.lock();
        memory.failure.map_or(Ok(memory), Err)
    }
}

impl Secrets for MemorySecrets {
    fn keep(&self, account: AccountId, key: &DatabaseKey) -> Result<(), KeyFailure> {
        self.working()?.keys.insert(account, key.clone());
        Ok(())
    }

    fn fetch(&self, account: AccountId) -> Result<DatabaseKey, KeyFailure> {
        self.working()?.keys.get(&account).cloned().ok_or(KeyFailure::NoSuchItem)
    }

    fn forget(&self, account: AccountId) -> Result<(), KeyFailure> {
        self.working()?.keys.remove(&account);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_from_its_digits_and_nothing_else_does() {
        let key = DatabaseKey::from_bytes(std::array::from_fn(|index| index as u8 * 7));
        assert_eq!(from_digits(to_digits(&key).as_bytes()), Some(key.clone()));
        assert_eq!(from_digits(key.as_bytes()), None);
        assert_eq!(from_digits("+f".repeat(32).as_bytes()), None);
        assert_eq!(from_digits(b""), None);
    }

    #[test]
    fn locked_and_missing_are_different_answers() {
        assert_eq!(explain(&Error::Prompt), KeyFailure::Locked);
        assert_eq!(explain(&Error::Locked), KeyFailure::Locked);
        assert_eq!(explain(&Error::NoResult), KeyFailure::NoSuchItem);
        assert_eq!(explain(&Error::Unavailable), KeyFailure::NoService);
    }
}

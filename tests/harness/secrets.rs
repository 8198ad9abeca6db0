//! Keys in files: for a device that must find its key again after its process was killed.

use std::path::PathBuf;

use model::{AccountId, KeyFailure};
use session::Secrets;
use store::DatabaseKey;

/// Keeps each account's key in a file of its own.
#[derive(Debug)]
pub struct FileSecrets {
    folder: PathBuf,
}

impl FileSecrets {
    /// In this folder, which is made if need be.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn new(folder: PathBuf) -> Self {
        std::fs::create_dir_all(&folder).expect("a folder for secrets");
        Self { folder }
    }

    fn file(&self, account: AccountId) -> PathBuf {
        self.folder.join(account.to_string())
    }
}

impl Secrets for FileSecrets {
    fn keep(&self, account: AccountId, key: &DatabaseKey) -> Result<(), KeyFailure> {
        // A kill between the two steps leaves the file whole or absent, as a real service does.
        let unfinished = self.file(account).with_extension("new");
        std::fs::write(&unfinished, key.as_bytes())
            .and_then(|()| std::fs::rename(&unfinished, self.file(account)))
            .map_err(|_| KeyFailure::NoService)
    }

    fn fetch(&self, account: AccountId) -> Result<DatabaseKey, KeyFailure> {
        let bytes = std::fs::read(self.file(account)).map_err(|_| KeyFailure::NoSuchItem)?;
        bytes.try_into().map(DatabaseKey::from_bytes).map_err(|_| KeyFailure::WrongKey)
    }

    fn forget(&self, account: AccountId) -> Result<(), KeyFailure> {
        let _ = std::fs::remove_file(self.file(account));
        Ok(())
    }
}

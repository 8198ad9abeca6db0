use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use model::StorageFailure;
use rustix::fs::{FlockOperation, flock};

use crate::Error;

/// The database of an account's folder.
pub(crate) fn database_path(folder: &Path) -> PathBuf {
    folder.join("history.db")
}

/// Whether a folder has a database, which no new key may ever be made for (DESIGN rule 7).
pub fn database_exists(folder: &Path) -> bool {
    // A file that cannot be looked at counts as one: better no new key than a lost history.
    database_path(folder).try_exists().unwrap_or(true)
}

/// Where containers of files lie in an account's folder.
pub(crate) const FILES: &str = "files";

/// Makes the folder, for the eyes of its owner only.
pub(crate) fn make(folder: &Path) -> Result<(), Error> {
    Ok(DirBuilder::new().recursive(true).mode(0o700).create(folder)?)
}

/// Makes an empty database file that only its owner can read; the log beside it will be the same.
pub(crate) fn make_database_file(folder: &Path) -> Result<(), Error> {
    OpenOptions::new().create_new(true).write(true).mode(0o600).open(database_path(folder))?;
    Ok(())
}

/// Ownership of a folder: while it lives, no other process has it.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(crate) fn take(folder: &Path) -> Result<Self, Error> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(folder.join("lock"))?;
        // The system lets go of it when the process ends, however it ends.
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                Err(Error::storage(StorageFailure::InUse, "the folder is locked"))
            }
            Err(error) => Err(std::io::Error::from(error).into()),
        }
    }
}

/// Writes a small file whole or not at all.
pub(crate) fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let new = folder.join(format!("{name}.new"));
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    std::io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, folder.join(name))?;
    File::open(folder)?.sync_all()?;
    Ok(())
}

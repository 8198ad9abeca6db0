//! Opening a connection, and telling a wrong key from a damaged file.

use std::path::Path;
use std::time::Duration;

use model::{KeyFailure, StorageFailure};
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::folder::database_path;
use crate::{DatabaseKey, Error, KeyHeader};

/// Where a database is, and what opens it.
#[derive(Clone)]
pub(crate) enum Place {
    /// A file in an account's folder.
    Folder(std::path::PathBuf, DatabaseKey),
    /// In memory, under a name that connections of this process share.
    Memory(String),
}

/// Whether a connection may write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Writer,
    Reader,
}

impl Place {
    /// What tells the database file from a copy of it: where it stands and when it was made. A file that is written on
    /// keeps both; one that was copied, or came out of a backup, has others.
    pub(crate) fn stamp(&self) -> Option<String> {
        use std::os::unix::fs::MetadataExt as _;
        let Self::Folder(folder, _) = self else { return None };
        let facts = std::fs::metadata(database_path(folder)).ok()?;
        let made = facts.created().ok().and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
        Some(format!("{} {}", facts.ino(), made.map_or(0, |made| made.as_nanos())))
    }

    /// Opens a connection. The database file must exist.
    pub(crate) fn open(&self, role: Role) -> Result<Connection, Error> {
        let mut flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = match self {
            Self::Memory(name) => {
                flags |= OpenFlags::SQLITE_OPEN_CREATE;
                Connection::open_with_flags(format!("file:/{name}?vfs=memdb"), flags)?
            }
            Self::Folder(folder, key) => {
                flags.remove(OpenFlags::SQLITE_OPEN_URI);
                let connection = Connection::open_with_flags(database_path(folder), flags)?;
                unlock(&connection, folder, key)?;
                connection
            }
        };
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.set_prepared_statement_cache_capacity(160);
        // A plan never depends on what is asked for: else a statement with LIMIT ? is prepared anew each time it is used.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(
            "PRAGMA foreign_keys = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA trusted_schema = OFF;
             PRAGMA cache_size = -8000;",
        )?;
        match (self, role) {
            (Self::Folder(..), Role::Writer) => {
                // FULL: under NORMAL a power cut may undo a ratchet step whose stanza already left.
                connection.execute_batch(
                    "PRAGMA journal_mode = WAL;
                     PRAGMA synchronous = FULL;
                     PRAGMA journal_size_limit = 16777216;
                     PRAGMA secure_delete = FAST;",
                )?;
            }
            (Self::Memory(_), Role::Writer) => connection.execute_batch("PRAGMA journal_mode = MEMORY;")?,
            (_, Role::Reader) => connection.execute_batch("PRAGMA query_only = ON;")?,
        }
        Ok(connection)
    }
}

/// Hands over the key, and reads a first page with it.
fn unlock(connection: &Connection, folder: &Path, key: &DatabaseKey) -> Result<(), Error> {
    let known_right = match KeyHeader::read(folder)? {
        Some(header) => {
            header.check(key)?;
            true
        }
        None => false,
    };
    // SQLCipher would write about a wrong key to standard error; we say it ourselves.
    connection.pragma_update_and_check(None, "cipher_log_level", "NONE", |_| Ok(())).or_else(no_answer)?;
    connection.pragma_update_and_check(None, "key", key.pragma().as_str(), |_| Ok(())).or_else(no_answer)?;
    let read = connection.query_one("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    match read.map_err(Error::from) {
        Ok(()) if known_right => Ok(()),
        // The header was lost, or says nothing: the key has just proved itself.
        Ok(()) => KeyHeader::write(folder, key, None).map(drop),
        // Only a file whose key is right and whose pages are broken is damaged.
        Err(Error::Storage { failure: StorageFailure::Damaged, .. }) if !known_right => {
            Err(KeyFailure::WrongKey.into())
        }
        Err(error) => Err(error),
    }
}

fn no_answer(error: rusqlite::Error) -> Result<(), rusqlite::Error> {
    if error == rusqlite::Error::QueryReturnedNoRows { Ok(()) } else { Err(error) }
}

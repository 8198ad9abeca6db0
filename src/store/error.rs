use model::{Failure, KeyFailure, StorageFailure};
use rusqlite::ErrorCode;
use thiserror::Error;

/// What can go wrong with the database, sorted by what the caller can do next.
#[derive(Debug, Error)]
pub enum Error {
    /// The key, or the passphrase that wraps it.
    #[error(transparent)]
    Key(#[from] KeyFailure),
    /// The disk did not take or give something.
    #[error("{failure}")]
    Storage {
        /// What a person is told.
        failure: StorageFailure,
        /// What SQLite or the system said, for the log. It names no words of people.
        detail: String,
    },
    /// A database, or a key header, stands where a new one should be made (DESIGN rule 7).
    #[error("there is a database already")]
    Exists,
    /// The reader was closed.
    #[error("the reader is closed")]
    Closed,
    /// A statement that is wrong, or broke a rule of the schema: a fault of ours.
    #[error("{0}")]
    Bug(String),
}

impl Error {
    /// What a person is told.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Key(failure) => Failure::Key(*failure),
            Self::Closed => Failure::Gone,
            Self::Exists => Failure::AccountExists,
            Self::Storage { .. } | Self::Bug(_) => Failure::Storage(self.storage_failure()),
        }
    }

    /// What a person is told, when it can only be the disk.
    pub fn storage_failure(&self) -> StorageFailure {
        match self {
            Self::Storage { failure, .. } => *failure,
            _ => StorageFailure::Io,
        }
    }

    pub(crate) fn storage(failure: StorageFailure, detail: impl Into<String>) -> Self {
        Self::Storage { failure, detail: detail.into() }
    }

    /// A stored value that nothing of ours could have written.
    pub(crate) fn damaged(detail: impl Into<String>) -> Self {
        Self::storage(StorageFailure::Damaged, detail)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        error.failure()
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as Sql;
        let failure = match &error {
            Sql::SqliteFailure(cause, _) => match cause.code {
                ErrorCode::DiskFull => StorageFailure::Full,
                ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
                    StorageFailure::ReadOnly
                }
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StorageFailure::Damaged,
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed => StorageFailure::InUse,
                ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory | ErrorCode::NoLargeFileSupport => {
                    StorageFailure::Io
                }
                _ => return Self::Bug(error.to_string()),
            },
            Sql::FromSqlConversionFailure(..)
            | Sql::IntegralValueOutOfRange(..)
            | Sql::InvalidColumnType(..) => StorageFailure::Damaged,
            _ => return Self::Bug(error.to_string()),
        };
        Self::storage(failure, error.to_string())
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let failure = match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded => StorageFailure::Full,
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => StorageFailure::ReadOnly,
            Kind::WouldBlock => StorageFailure::InUse,
            _ => StorageFailure::Io,
        };
        Self::storage(failure, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: i32, failure: StorageFailure) {
        let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        assert_eq!(Error::from(error).storage_failure(), failure);
    }

    #[test]
    fn codes_of_sqlite_become_what_a_person_can_act_on() {
        use rusqlite::ffi;
        check(ffi::SQLITE_FULL, StorageFailure::Full);
        check(ffi::SQLITE_READONLY, StorageFailure::ReadOnly);
        check(ffi::SQLITE_READONLY_DIRECTORY, StorageFailure::ReadOnly);
        check(ffi::SQLITE_IOERR_FSYNC, StorageFailure::Io);
        check(ffi::SQLITE_IOERR_WRITE, StorageFailure::Io);
        check(ffi::SQLITE_CORRUPT, StorageFailure::Damaged);
        check(ffi::SQLITE_NOTADB, StorageFailure::Damaged);
        check(ffi::SQLITE_BUSY, StorageFailure::InUse);
        check(ffi::SQLITE_CANTOPEN, StorageFailure::ReadOnly);
    }

    #[test]
    fn a_fault_of_ours_is_no_fault_of_the_disk() {
        let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(19), None);
        assert!(matches!(Error::from(error), Error::Bug(_)));
    }
}

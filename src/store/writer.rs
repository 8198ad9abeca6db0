//! The one who writes: one per account, on the account's thread.
//!
//! Everything that one input changes happens in one [`Writer::write`]: either all of it is on the disk
//! when that returns, synced, or none of it is. Only then may anything be told to the network or the
//! screen. A transaction that changed nothing is not committed, so that reading costs no sync.
//!
//! When a commit fails, the caller throws away what it holds in memory and reads it anew: the writer
//! itself can go on, its transaction was rolled back.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use model::StorageFailure;
use rusqlite::{Connection, Params, Transaction, TransactionBehavior};

use crate::connection::{Place, Role};
use crate::folder::{FolderLock, database_exists, database_path, make, make_database_file};
use crate::migrations::migrate;
use crate::{DatabaseKey, Error, KeyHeader, ReaderHandle, Reads};

/// The connection that writes. While it lives, no other process has the folder.
pub struct Writer {
    // Dropped in this order: the log is folded in before the folder is given free.
    connection: Connection,
    commit: u64,
    failing: Option<(StorageFailure, u32)>,
    place: Place,
    /// Where the database file stands; see [`Tx::place`].
    stamp: Option<String>,
    _lock: Option<FolderLock>,
}

impl Writer {
    /// Makes the database of a new account, and its folder. Refused where there is a database.
    ///
    /// A key header that was written before, with a passphrase, is kept.
    pub fn create(folder: &Path, key: &DatabaseKey) -> Result<Self, Error> {
        make(folder)?;
        let lock = FolderLock::take(folder)?;
        if database_exists(folder) {
            return Err(Error::Exists);
        }
        if KeyHeader::read(folder)?.is_none_or(|header| header.check(key).is_err()) {
            KeyHeader::create(folder, key, None)?;
        }
        make_database_file(folder)?;
        Self::start(Place::Folder(folder.to_owned(), key.clone()), Some(lock))
    }

    /// Opens the database of an account, and brings its schema up to date.
    pub fn open(folder: &Path, key: &DatabaseKey) -> Result<Self, Error> {
        let lock = FolderLock::take(folder)?;
        if !database_path(folder).try_exists()? {
            return Err(Error::damaged("the database is missing"));
        }
        Self::start(Place::Folder(folder.to_owned(), key.clone()), Some(lock))
    }

    /// A database that is gone when the last of its connections is: for tests and simulations.
    pub fn in_memory() -> Result<Self, Error> {
        static NAMES: AtomicU64 = AtomicU64::new(0);
        let name = format!("starling-{}", NAMES.fetch_add(1, Ordering::Relaxed));
        Self::start(Place::Memory(name), None)
    }

    fn start(place: Place, lock: Option<FolderLock>) -> Result<Self, Error> {
        let mut connection = place.open(Role::Writer)?;
        migrate(&mut connection)?;
        let commit = Reads { connection: &connection }.commit_number()?;
        let stamp = place.stamp();
        Ok(Self { connection, commit, failing: None, place, stamp, _lock: lock })
    }

    /// A reader of the same database, on a thread of its own.
    pub fn reader(&self) -> Result<ReaderHandle, Error> {
        ReaderHandle::start(&self.place)
    }

    /// Wraps the key in a passphrase from now on, or in none. Takes a moment.
    pub fn set_passphrase(&mut self, passphrase: Option<&str>) -> Result<(), Error> {
        match &self.place {
            Place::Folder(folder, key) => KeyHeader::write(folder, key, passphrase).map(drop),
            Place::Memory(_) => Ok(()),
        }
    }

    /// One transaction. It is on the disk when this returns `Ok`, and as if it had never been when it
    /// returns `Err`, also when `work` panics.
    pub fn write<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // Deferred: reading alone takes no lock that a full or read-only disk could refuse, and
        // nobody else writes who could come in between.
        let transaction = Transaction::new(&mut self.connection, TransactionBehavior::Deferred)
            .map_err(|error| E::from(error.into()))?;
        let before = transaction.total_changes();
        let mut tx = Tx { transaction, commit: self.commit + 1, place: self.stamp.as_deref() };
        let result = work(&mut tx)?;
        if tx.transaction.total_changes() == before {
            return Ok(result);
        }
        tx.finish(&mut self.failing)?;
        self.commit += 1;
        Ok(result)
    }

    /// Every row and index agrees with every other: slow, for tests and for a person who doubts.
    pub fn check_integrity(&self) -> Result<(), Error> {
        let answer: String = self.connection.query_one("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if answer == "ok" { Ok(()) } else { Err(Error::damaged(answer)) }
    }

    /// Lets the next commits fail as if the disk had: for tests and simulations.
    pub fn fail_commits(&mut self, failure: StorageFailure, times: u32) {
        self.failing = Some((failure, times));
    }

    /// Lets the disk be full when the database has this many more pages: for tests.
    pub fn limit_growth(&mut self, pages: u32) -> Result<(), Error> {
        let count: u32 = self.connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        self.connection.pragma_update_and_check(
            None,
            "max_page_count",
            count.saturating_add(pages),
            |_| Ok(()),
        )?;
        Ok(())
    }
}

/// A transaction. What is changed here is changed together, or not at all.
pub struct Tx<'w> {
    transaction: Transaction<'w>,
    commit: u64,
    place: Option<&'w str>,
}

impl Tx<'_> {
    /// The number that this transaction has once it is committed, if it writes anything.
    pub fn commit_number(&self) -> u64 {
        self.commit
    }

    /// Everything that can be read, as this transaction left it.
    pub fn reads(&self) -> Reads<'_> {
        Reads { connection: &self.transaction }
    }

    /// Where the database file stands: another text for every copy of it, and none in memory.
    pub(crate) fn place(&self) -> Option<String> {
        self.place.map(str::to_owned)
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.transaction
    }

    /// Runs one statement. True if it changed a row.
    pub(crate) fn execute(&mut self, sql: &str, params: impl Params) -> Result<bool, Error> {
        self.expect_open()?;
        Ok(self.transaction.prepare_cached(sql)?.execute(params)? > 0)
    }

    pub(crate) fn last_id(&self) -> i64 {
        self.transaction.last_insert_rowid()
    }

    /// Some errors of the disk end a transaction on their own. Were the caller to go on, its next
    /// statement would be committed alone.
    fn expect_open(&self) -> Result<(), Error> {
        if self.transaction.is_autocommit() {
            return Err(Error::storage(StorageFailure::Io, "the transaction was rolled back"));
        }
        Ok(())
    }

    fn finish(mut self, failing: &mut Option<(StorageFailure, u32)>) -> Result<(), Error> {
        self.index_waiting()?;
        self.execute("UPDATE meta SET commit_number = ?", [self.commit as i64])?;
        if let Some((failure, times @ 1..)) = failing {
            *times -= 1;
            return Err(Error::storage(*failure, "as the test wished"));
        }
        Ok(self.transaction.commit()?)
    }
}

#[cfg(test)]
mod tests;

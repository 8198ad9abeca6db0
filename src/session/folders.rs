//! Where accounts live on disk: one folder each, named by the account's random id.
//!
//! ```text
//! <data>/accounts/3f…9a/            an account
//! <data>/accounts/3f…9a/half-made   its first sign-in has not worked yet
//! <data>/accounts/3f…9a.gone        being removed
//! ```
//!
//! A first sign-in that was killed leaves the mark `half-made`; a removal that was killed leaves a
//! folder called `.gone`. Both are cleaned at the next start. The process that signs in holds a
//! lock on its mark, so that another one does not clean what is only slow.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use model::{AccountId, StorageFailure};
use rustix::fs::{FlockOperation, flock};

const MARK: &str = "half-made";
const GONE: &str = ".gone";

/// The folders of all accounts.
#[derive(Debug)]
pub(crate) struct Folders {
    root: PathBuf,
}

/// What was found at the start.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Accounts.
    pub(crate) accounts: Vec<AccountId>,
    /// What interrupted sign-ins and removals left.
    pub(crate) leftovers: Vec<AccountId>,
}

/// A folder in the making. Its lock goes when this is dropped.
#[derive(Debug)]
pub(crate) struct HalfMade {
    folder: PathBuf,
    _lock: File,
}

impl Folders {
    pub(crate) fn open(data: &Path) -> Result<Self, StorageFailure> {
        let root = data.join("accounts");
        make_private(&root).map_err(|error| explain(&error, "the data folder cannot be made"))?;
        Ok(Self { root })
    }

    pub(crate) fn list(&self) -> Result<Found, StorageFailure> {
        let entries =
            fs::read_dir(&self.root).map_err(|error| explain(&error, "the data folder cannot be read"))?;
        let mut found = Found::default();
        for entry in entries {
            let entry = entry.map_err(|error| explain(&error, "the data folder cannot be read"))?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if let Some(id) = name.strip_suffix(GONE).and_then(AccountId::parse) {
                found.leftovers.push(id);
            } else if let Some(id) = AccountId::parse(name) {
                match state(&entry.path()) {
                    State::Whole => found.accounts.push(id),
                    State::Abandoned => found.leftovers.push(id),
                    State::InTheMaking => {}
                }
            }
        }
        Ok(found)
    }

    pub(crate) fn path(&self, id: AccountId) -> PathBuf {
        self.root.join(id.to_string())
    }

    /// Makes a folder that counts as half made until [`HalfMade::finish`].
    pub(crate) fn begin(&self, id: AccountId) -> Result<HalfMade, StorageFailure> {
        let folder = self.path(id);
        let begun = || -> io::Result<HalfMade> {
            DirBuilder::new().mode(0o700).create(&folder)?;
            let lock = File::create_new(folder.join(MARK))?;
            flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
            sync(&folder)?;
            sync(&self.root)?;
            Ok(HalfMade { folder: folder.clone(), _lock: lock })
        };
        begun().map_err(|error| explain(&error, "the folder of an account cannot be made"))
    }

    /// Removes an account, or what is left of one. Its database must be closed.
    pub(crate) fn remove(&self, id: AccountId) -> Result<(), StorageFailure> {
        let folder = self.path(id);
        let gone = self.root.join(format!("{id}{GONE}"));
        let removed = || -> io::Result<()> {
            unless_missing(fs::remove_dir_all(&gone))?;
            unless_missing(fs::rename(&folder, &gone))?;
            unless_missing(fs::remove_dir_all(&gone))?;
            sync(&self.root)
        };
        removed().map_err(|error| explain(&error, "the folder of an account cannot be removed"))
    }
}

impl HalfMade {
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// From now on it is an account.
    pub(crate) fn finish(self) -> Result<(), StorageFailure> {
        fs::remove_file(self.folder.join(MARK))
            .and_then(|()| sync(&self.folder))
            .map_err(|error| explain(&error, "the folder of an account cannot be finished"))
    }
}

enum State {
    Whole,
    InTheMaking,
    Abandoned,
}

fn state(folder: &Path) -> State {
    let Ok(mark) = File::open(folder.join(MARK)) else {
        // Killed between making the folder and its mark.
        let is_empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
        return if is_empty { State::Abandoned } else { State::Whole };
    };
    match flock(&mark, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => State::Abandoned,
        Err(_) => State::InTheMaking,
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn explain(error: &io::Error, what: &str) -> StorageFailure {
    // Not the error's own words alone: they may hold a path, which may hold a name.
    tracing::error!(kind = ?error.kind(), "{what}");
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StorageFailure::Full,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StorageFailure::ReadOnly,
        _ => StorageFailure::Io,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const FIRST: AccountId = AccountId([1; 16]);
    const SECOND: AccountId = AccountId([2; 16]);

    fn folders() -> (tempfile::TempDir, Folders) {
        let data = tempfile::tempdir().unwrap();
        let folders = Folders::open(&data.path().join("deep/profile")).unwrap();
        (data, folders)
    }

    #[test]
    fn a_finished_account_is_found_and_others_may_not_look_inside() {
        let (_data, folders) = folders();
        let half = folders.begin(FIRST).unwrap();
        fs::write(half.folder().join("database"), "rows").unwrap();
        half.finish().unwrap();
        assert_eq!(folders.list().unwrap(), Found { accounts: vec![FIRST], leftovers: vec![] });
        for folder in [folders.root.clone(), folders.path(FIRST)] {
            assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn a_sign_in_that_goes_on_is_left_alone_and_one_that_was_killed_is_a_leftover() {
        let (_data, folders) = folders();
        let half = folders.begin(FIRST).unwrap();
        assert_eq!(folders.list().unwrap(), Found::default());
        drop(half);
        assert_eq!(folders.list().unwrap().leftovers, [FIRST]);
        fs::create_dir(folders.path(SECOND)).unwrap();
        assert_eq!(folders.list().unwrap().leftovers.len(), 2);
        folders.remove(FIRST).unwrap();
        folders.remove(SECOND).unwrap();
        assert_eq!(folders.list().unwrap(), Found::default());
        assert!(!folders.path(FIRST).exists());
    }

    #[test]
    fn a_removal_that_was_killed_is_a_leftover() {
        let (_data, folders) = folders();
        let gone = folders.root.join(format!("{FIRST}{GONE}"));
        fs::create_dir(&gone).unwrap();
        fs::write(gone.join("database"), "rows").unwrap();
        assert_eq!(folders.list().unwrap().leftovers, [FIRST]);
        folders.remove(FIRST).unwrap();
        assert!(!gone.exists());
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let (_data, folders) = folders();
        fs::write(folders.root.join("notes.txt"), "mine").unwrap();
        fs::create_dir(folders.root.join("lost+found")).unwrap();
        assert_eq!(folders.list().unwrap(), Found::default());
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_an_answer_not_a_crash() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("profile"), "a file").unwrap();
        assert_eq!(Folders::open(&data.path().join("profile")).unwrap_err(), StorageFailure::Io);
    }
}

//! The header file beside a database: whatever a broken disk makes of it, no key fits one that was never made for it.

use std::cell::LazyCell;

use store::{DatabaseKey, KeyHeader};
use tempfile::TempDir;

thread_local! {
    // In memory, where there is such a place: a disk would be the slowest part by far.
    static FOLDER: LazyCell<TempDir> =
        LazyCell::new(|| TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a folder"));
}

/// The bytes are the file.
pub fn read(input: &[u8]) {
    FOLDER.with(|folder| {
        std::fs::write(folder.path().join("key"), input).expect("a file");
        // Nothing but a file that cannot be read at all is an error.
        if let Some(header) = KeyHeader::read(folder.path()).expect("readable") {
            assert!(header.check(&DatabaseKey::from_bytes([7; 32])).is_err(), "a strange key fits");
        }
    });
}

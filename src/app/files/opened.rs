//! Copies of files for other programs.
//!
//! Files rest encrypted, and another program cannot read that: "Open" writes a copy in the clear. It goes into a folder that
//! only this user can read, in the runtime folder of the session: that is memory, on every system with systemd, and never
//! a disk. The copies are removed when the program ends, and what a crash left behind when it starts.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::PathBuf,
};

use gtk::{gio, glib, prelude::*};
use model::{AccountId, AttachmentId};

/// Removes all copies. Called before the first is made and after the last was.
pub fn remove_copies() {
    let folder = root();
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "copies for other programs could not be removed");
        }
        _ => {}
    }
}

/// The folder for the copy of one file, and the copy if there is one already.
pub fn place(account: AccountId, file: AttachmentId) -> io::Result<(PathBuf, Option<PathBuf>)> {
    let folder = root().join(format!("{account}-{}", file.0));
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let copy = fs::read_dir(&folder)?.next().transpose()?.map(|entry| entry.path());
    Ok((folder, copy))
}

/// One folder for each profile: another one that runs keeps its copies.
fn root() -> PathBuf {
    let profile = gio::Application::default().and_then(|app| app.application_id());
    let profile = profile.unwrap_or_else(|| crate::APP_ID.into());
    glib::user_runtime_dir().join("starling-opened").join(profile.as_str())
}

use std::path::PathBuf;

use files::{Digest, FileAtRest, FileKey, Prepared, Wish};
use model::{AttachmentId, FileSource, TransferFailure};
use store::FileCipher;

/// Work on a file that is done elsewhere: by threads, and over the network.
#[derive(Clone, Debug)]
pub enum FileJob {
    /// Make an own file ready, and keep it in a container if it is not too large. Answered by [`FileReport::Prepared`].
    Prepare {
        /// Which.
        id: AttachmentId,
        /// Where it is.
        source: FileSource,
        /// What is to be done to it.
        wish: Wish,
        /// Where it is to be kept.
        container: PathBuf,
        /// With this key.
        key: FileKey,
    },
    /// Put a file onto the server (XEP-0363). Answered by [`FileReport::Uploaded`].
    Upload {
        /// Which.
        id: AttachmentId,
        /// Where its bytes are.
        source: FileAtRest,
        /// How it is to be encrypted on its way.
        cipher: FileCipher,
        /// Where to.
        address: String,
        /// What to say with it: a secret.
        headers: Vec<(&'static str, String)>,
        /// What to call its type.
        media_type: String,
    },
    /// Fetch a file into a container, and check it. Answered by [`FileReport::Downloaded`].
    Download {
        /// Which.
        id: AttachmentId,
        /// Where it can be had, by preference.
        addresses: Vec<String>,
        /// How it is encrypted there.
        cipher: FileCipher,
        /// What it has to be.
        hash: Option<Digest>,
        /// So many bytes it may have, of the file itself.
        limit: u64,
        /// What its sender says it is.
        declared: String,
        /// Where it is kept.
        container: PathBuf,
        /// With this key.
        key: FileKey,
    },
    /// Stop working on a file. What was under way is not reported any more.
    Cancel(AttachmentId),
    /// Delete a container. Answered by [`FileReport::Deleted`].
    Delete {
        /// Its name.
        container: String,
        /// Where it is.
        path: PathBuf,
    },
}

/// What became of a [`FileJob`].
#[derive(Clone, Debug)]
pub enum FileReport {
    /// It was made ready.
    Prepared(AttachmentId, Result<Prepared, TransferFailure>),
    /// The server has it: its hash in the clear.
    Uploaded(AttachmentId, Result<Digest, Trouble>),
    /// It is here and checked: its type, by its bytes, and its size.
    Downloaded(AttachmentId, Result<(String, u64), Trouble>),
    /// The container is gone.
    Deleted(String),
}

/// Why something did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It may work in a while: the network, a server that is busy.
    Passing,
    /// It would not.
    Lasting(TransferFailure),
}

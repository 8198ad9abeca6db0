use thiserror::Error;

/// A session that may be gone on with, as long as the process lives.
#[derive(Debug)]
pub struct Resumption {}

/// Why a stanza was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SendRefused {
    /// Not signed in.
    #[error("not online")]
    NotOnline,
    /// Too many wait already: try again when some are acknowledged.
    #[error("too many stanzas wait")]
    QueueFull,
    /// Larger than the server takes (XEP-0478): it would end the stream.
    #[error("larger than the server takes: {limit} bytes")]
    TooLarge {
        /// What it takes.
        limit: u32,
    },
}

//! What is done to the bytes of files.
//!
//! * At rest, files that were received or are kept lie in containers ([`ContainerWriter`], [`FileAtRest`]): sealed in
//!   chunks with a key of their own, so that windows read and seek in them without a copy in the clear.
//! * On their way they are encrypted as a stream ([`GcmStream`]), in constant memory, as XEP-0448 and XEP-0454 want it.
//! * What a file is, its bytes say ([`sniff`]), not its name.
//! * Before a picture is sent, what its camera wrote beside it is taken out, its size and a small picture of it are found,
//!   and it is made smaller if the user wants ([`prepare()`]).
//! * A file goes out under a name that is free, and never over what is there ([`export`]).
//!
//! All of it is plain work on bytes and files that blocks: for threads of a pool. This crate must never know: SQL, XML,
//! sockets, runtimes, clocks, widgets, whose file it is or why it is wanted. Bytes of others never panic here, and
//! never take more memory than their limits say.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod at_rest;
mod container;
mod digest;
mod export;
mod film;
mod gcm;
mod picture;
mod prepare;
mod sniff;
mod strip;

pub use at_rest::{FileAtRest, FileKey, FileReader};
pub use container::{ContainerReader, ContainerWriter};
pub use digest::{Digest, DigestStream};
pub use export::export;
pub use film::{FilmMaker, FilmPiece};
pub use gcm::{GcmStream, TAG_LENGTH};
pub use picture::PictureFacts;
pub use prepare::{Means, Prepared, Telling, Wish, prepare, telling};
pub use sniff::{HEAD as HEAD_LENGTH, believed, sniff};
pub use strip::{Stripped, strip};

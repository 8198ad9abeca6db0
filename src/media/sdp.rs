//! Between descriptions and the text the library wants (SDP, RFC 8866).
//!
//! Nothing of what others said is copied into that text as it came: it is written from values that were understood, names of
//! contents stand in it as numbers given here, and what could end a line is refused. Of the library's own text only what is
//! made up there is read back: who answers checks, and the keys. All else is known already.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{Described, read};
pub use write::{Section, write};

/// A description that nothing can be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a description that nothing can be made of")]
pub struct Unusable;

//! Read models: what a screen shows, kept in step with the disk.
//!
//! A [`Timeline`] is a window of about three hundred messages of one conversation; a
//! [`ConversationList`] is every conversation of every account in the order of the list. Both are
//! opened once and then fed with events. Each answers with the small differences that lead from
//! what was on the screen to what is true now, so that a widget changes in place and the eye, the
//! focus and the screen reader stay where they were.
//!
//! Events say only *what* changed (DESIGN rule 4). The truth is read from the disk, through the
//! account's reader thread; an event that was lost or came late can therefore never leave a wrong
//! line behind, only a late one.
//!
//! This crate must never know: a display, a runtime, a thread, a socket, SQL. Its functions are
//! `async` because readers answer later; anything that polls futures can drive them.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::panic
    )
)]

mod calls;
mod conversation_list;
mod diff;
mod people;
mod search;
mod timeline;

pub use calls::{CallKey, Calls, Farewell, Quality, QualityMeter, Rates, Sound, Stage, Told};
pub use conversation_list::{ConversationKey, ConversationList, ConversationRow, Filter};
pub use diff::{Diff, apply};
pub use files::{FileAtRest, FileReader, Telling, telling};
pub use people::{Person, people};
pub use search::{Scope, Search, SearchResult};
pub use store::{AccountProfile, Error, ReaderHandle, SharedFilesRequest};
pub use timeline::{At, DayOf, Timeline, TimelineItem};

//! The history of a conversation: our own list, in which what is read never moves by itself.
//!
//! From the outside: [`HistoryView`] shows a [`HistoryWindow`], asks with a [`Request`], and
//! tells and takes a [`Position`]. From the inside, bottom up:
//!
//! - `geometry.rs` decides where rows stand; it knows no GTK
//! - `window.rs`, `message_object.rs`: the messages that are in memory, as objects
//! - `text.rs`, `words.rs`, `when.rs`: what a message says, as words, links and times
//! - `row.rs` and its parts `prose.rs`, `files/`, `marks.rs`, `quote.rs`, `reactions.rs`: one message on the screen
//! - `list.rs`: rows that are made, placed, focused, selected; `row_pool.rs`, `selection.rs`
//! - `view.rs`: what the rest of the program sees; `toolbar.rs`
//!
//! `tests/` holds the promise: 0 pixels, on every frame, whatever happens.

mod context;
mod files;
mod geometry;
mod list;
mod lock_mark;
mod marks;
mod message_object;
mod position;
mod prose;
mod quote;
mod reactions;
mod request;
mod row;
mod row_pool;
mod selection;
mod text;
mod toolbar;
mod view;
mod when;
mod window;
mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
pub mod tests;
#[cfg(test)]
pub use sample::file as sample_file;

pub use position::{Position, Positions};
pub use request::{FileWish, Request, SoundWish};
pub use view::HistoryView;
pub use when::{Clock, day_number, local};
pub use window::{Edge, HistoryWindow};

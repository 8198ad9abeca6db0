//! Everything one account does with one input.
//!
//! An [`Account`] is fed: bytes from its server, a timer that ran out, a command of the user. For each
//! [`Input`] it is lent a transaction of its database and the time, writes rows, and collects
//! [`Output`]s: bytes to write, events to tell. The caller commits the transaction and only then takes the
//! outputs, so that a kill at any instant neither loses what was acknowledged nor sends what is not on
//! disk. If the commit fails the whole account is dropped and built again from the store, so memory
//! never runs ahead of disk (DESIGN rules 1 and 2).
//!
//! How an input travels:
//!
//! ```text
//! Bytes ─→ connection ─→ Stream ─→ inbound ─┬─→ messages: whose? seen before? what does it mean? → row
//!                                           ├─→ presence, pep, …
//!                                           └─→ answers (IQ) → the module that asked
//! Command ─→ commands ─→ outbox (final bytes, one row) ─→ Stream
//! ```
//!
//! * `connection` decides when to connect and what a failure means; `online` is the list of what is asked
//!   when a session is fresh.
//! * `inbound` sorts stanzas; whatever has no right to be said is counted in [`refused`] and dropped there or
//!   in the module it is for (DESIGN rule 10).
//! * `messages` turns live messages, carbons and archive results into rows by one path, so that the order in
//!   which the copies of a message come makes no difference.
//! * `archive` reads forward from one stored cursor; `outbox` holds everything of the user's until the server
//!   has it.
//! * `calls` moves calls on by one table, and tells an engine for their media what to do by plain data.
//!
//! This crate must never know: sockets, TLS, clocks, chance of its own, SQL, widgets. Two accounts and a model
//! of a server can therefore be played from one seed (`tests/simulation`), and a chat is a script with a golden
//! file (`tests/transcripts`).

#![forbid(unsafe_code)]
// The modules have faces alike, `fn(turn, asked, answer) -> Result`, whether one needs all of it or not.
#![allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps)]
// `|reads| reads.account()` holds for every lifetime, which the bare path does not.
#![cfg_attr(test, allow(clippy::redundant_closure_for_method_calls))]
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

mod account;
mod answers;
mod archive;
mod avatars;
mod blocking;
mod calls;
mod caps;
mod chat_states;
mod commands;
mod connection;
mod disco;
mod displayed_sync;
mod error;
mod files;
mod inbound;
mod intentions;
mod messages;
mod names;
mod nickname;
mod omemo;
mod online;
mod outbox;
mod pep;
mod presence;
pub mod refused;
mod registration;
mod roster;
#[cfg(test)]
mod testing;
mod turn;

pub use account::{Account, ConnectTarget, Input, Output, Question, Setup};
pub use error::Error;
pub use files::{FileJob, FileReport, Trouble};
pub use registration::{Place, Registered, Registration, RegistrationInput, RegistrationOutput, Wish};
pub use xmpp::TlsFacts;

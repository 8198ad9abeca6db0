//! The service: threads, sockets, TLS, DNS, keyring and timers that drive the accounts.
//!
//! [`Session::start`] looks for the accounts of a data folder and starts one plain thread for each.
//! Such a thread gets the key of its database (`open.rs`), opens it, and then drives an
//! [`account::Account`] on a small runtime of its own (`driver.rs`): whatever comes (bytes, a
//! command, a timer, a question) is one input, one transaction, one list of outputs, and the
//! outputs leave only after the commit. The account decides everything; this crate only carries:
//! it finds the server (`dns.rs`), races connections to it (`connect.rs`), secures them (`tls.rs`)
//! and moves bytes (`link.rs`).
//!
//! One more thread, the service (`service.rs`), knows which accounts there are: it adds one after
//! its first sign-in worked (`sign_in.rs`), asks servers for new accounts (`register.rs`), and
//! removes them. Neither it nor the caller of [`Session`] ever waits for a disk, a network or a
//! keyring prompt. What happened is told on a bounded bus (`events.rs`).
//!
//! Every channel is one that belongs to no runtime, so a front end may await them wherever it
//! likes. No socket is opened but to the user's own server, and to the DNS to find it.
//!
//! This crate must never know: widgets, glib, SQL, or what a stanza means.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod calls;
mod certificate;
mod clock;
mod connect;
mod dns;
mod driver;
mod events;
mod export;
mod folders;
mod handle;
mod keeper;
mod keyring;
mod link;
mod mail;
mod register;
mod service;
mod session;
mod sign_in;
mod table;
#[cfg(test)]
mod testing;
mod tls;
mod transfers;
mod trial;
mod way;

pub use calls::{CallConfig, PictureSink};
pub use files::{FileReader, FilmMaker, FilmPiece};
pub use media::{
    DeviceWatch, Devices, Meter, Network, Picture, Preview, Ringing, Tone, View, can_take_streams,
};

pub use events::{EventStream, Heard};
pub use keyring::{MemorySecrets, SecretService, Secrets};
pub use session::{AccountInfo, Condition, Config, Session};

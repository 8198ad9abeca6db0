//! One encrypted database per account: schema, migrations, typed queries.
//!
//! Every account has a folder. In it lie the database (SQLite under SQLCipher), a small key header
//! that tells whether a key is the right one ([`KeyHeader`]), and a lock that keeps a second process
//! out. One [`Writer`] per account changes it, one transaction ([`Tx`]) per input; one reader thread
//! ([`ReaderHandle`]) serves the windows from a connection of its own. Both read through [`Reads`],
//! so what a test sees inside a transaction is what a window sees after it.
//!
//! The methods stand in one file per subject: what is changed is an `impl Tx`, what is only read an
//! `impl Reads`. A commit that wrote something has a number, and a reader says which one it saw.
//!
//! This is the only crate that knows SQL. It must never know: XML and stanzas, sockets, clocks,
//! widgets, why a message came, or whether somebody may do something. It keeps what `account` decided.
//! Names and texts of others are stored as they are given: `account` cleans them before.

#![forbid(unsafe_code)]
// The lint does not see that `Reads::account` is no `for<'r> FnOnce(Reads<'r>)`.
#![cfg_attr(test, allow(clippy::redundant_closure_for_method_calls))]
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

mod account;
mod addresses;
mod archive;
mod attachments;
mod attachments_read;
mod availability;
mod avatars;
mod blocking;
mod calls;
mod caps;
mod connection;
mod conversations;
mod conversations_delete;
mod credentials;
mod devices;
mod edits;
mod error;
mod file_settings;
mod folder;
mod header;
mod key;
mod lookup;
mod messages;
mod migrations;
mod omemo;
mod outbox;
mod page;
mod pending;
mod reactions;
mod reader;
mod reads;
mod roster;
mod rows;
mod search;
#[cfg(test)]
mod testing;
mod told_trust;
mod unread;
mod writer;

pub use account::AccountProfile;
pub use archive::{ArchiveCursor, ArchiveFloors};
pub use attachments::{FileCipher, FileOrigin, NewAttachment, RemoteFile, StoredAttachment};
pub use attachments_read::SharedFilesRequest;
pub use availability::OwnPresence;
pub use calls::StoredCall;
pub use conversations::StoredConversation;
pub use credentials::{Credentials, FastToken, ScramKeys};
pub use devices::{NewDevice, UncheckedLabel};
pub use edits::{Applied, Correction};
pub use error::Error;
pub use folder::database_exists;
pub use header::KeyHeader;
pub use key::DatabaseKey;
pub use lookup::StoredMessage;
pub use messages::{ArchiveId, Insertion, MessageIds, NewMessage, NewReply};
pub use outbox::{NewOutboxRow, OutboxId, OutboxKind, OutboxRow, OutboxState};
pub use page::{Anchor, Page, PageRequest};
pub use pending::{PendingEdit, PendingKind};
pub use reactions::Reactor;
pub use reader::ReaderHandle;
pub use reads::Reads;
pub use roster::RosterItem;
pub use search::{SearchCursor, SearchHit, SearchRequest, SearchResults, fold};
pub use told_trust::ToldTrust;
pub use writer::{Tx, Writer};

//! XMPP: the stream as a state machine, and one file for each extension.
//!
//! A [`Stream`] is a conversation with one server. The caller hands it what happened
//! ([`StreamInput`]: the socket is open, bytes came, TLS is up, the socket is gone), the time
//! ([`model::Now`]) and what to send, and takes from it what to do ([`StreamEvent`]: write these
//! bytes, start TLS, here is a stanza, the server has those). It negotiates TLS (RFC 6120 or
//! direct), signs in (SASL2 with Bind 2 and FAST on one round trip where a server can, plain SASL
//! else), keeps the counters of stream management (XEP-0198) and says when it wants to be woken.
//! Nothing moves by itself: a test is a list of inputs, and a whole sign-in takes microseconds.
//!
//! What arrives is handed up as a [`Stanza`]: its kind, who sent it, its id, and the element it
//! holds, to be read piece by piece. One strange piece never costs the message around it. The
//! pieces are typed in the files named after their XEP (`xep_0184_receipts.rs`), or in
//! `xmpp-parsers` where that has them.
//!
//! Everything that comes from the network is hostile. Depth and size are checked before an
//! element is built ([`parser`]); nothing panics, nothing grows without bound; what is refused is
//! still counted, or the two sides would disagree about what was received.
//!
//! This crate must never know: sockets, TLS, DNS, an async runtime, a clock, a source of
//! randomness, a database, or what a conversation is. It belongs to `account`, which calls it
//! inside a transaction, and its writes reach the wire only after that transaction is committed.
//! That is why [`Stream::processed`] exists: an acknowledgement promises only what is on disk.

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

pub mod address;
pub mod iq;
pub mod parser;
pub mod payload;
pub mod sasl;
pub mod stanza;
pub mod stream;
pub mod xml;

pub mod rfc_6121_roster;
pub mod xep_0004_data_forms;
pub mod xep_0030_disco;
pub mod xep_0054_vcard;
pub mod xep_0059_result_sets;
pub mod xep_0060_pubsub;
pub mod xep_0066_oob;
pub mod xep_0077_registration;
pub mod xep_0082_date;
pub mod xep_0084_avatar;
pub mod xep_0085_chat_states;
pub mod xep_0092_version;
pub mod xep_0115_caps;
pub mod xep_0153_vcard_avatar;
pub mod xep_0166_jingle;
pub mod xep_0167_rtp;
pub mod xep_0172_nickname;
pub mod xep_0176_ice;
pub mod xep_0184_receipts;
pub mod xep_0191_blocking;
pub mod xep_0199_ping;
pub mod xep_0203_delay;
pub mod xep_0215_services;
pub mod xep_0264_thumbnails;
pub mod xep_0280_carbons;
pub mod xep_0293_feedback;
pub mod xep_0294_extensions;
pub mod xep_0297_forwarding;
pub mod xep_0300_hashes;
pub mod xep_0308_corrections;
pub mod xep_0313_mam;
pub mod xep_0319_idle;
pub mod xep_0320_dtls;
pub mod xep_0333_markers;
pub mod xep_0334_hints;
pub mod xep_0338_grouping;
pub mod xep_0339_sources;
pub mod xep_0353_invitations;
pub mod xep_0359_stanza_ids;
pub mod xep_0363_http_upload;
pub mod xep_0380_encryption;
pub mod xep_0384_omemo;
pub mod xep_0420_sce;
pub mod xep_0424_retractions;
pub mod xep_0428_fallback;
pub mod xep_0444_reactions;
pub mod xep_0446_file_metadata;
pub mod xep_0447_file_sharing;
pub mod xep_0448_file_encryption;
pub mod xep_0450_trust;
pub mod xep_0454_media_sharing;
pub mod xep_0461_replies;
pub mod xep_0482_call_invites;
pub mod xep_0490_displayed_sync;

pub use address::Address;
pub use iq::{IqOutcome, PendingIqs};
pub use stanza::{RefusalReason, RefusedStanza, Stanza, StanzaError, StanzaKind};
pub use stream::{
    ArchiveHint, Credentials, Downgrade, FastToken, NextStep, Online, Purpose, RegistrationRefusal,
    RememberedFeatures, Resumption, SecurityPin, SendRefused, StanzaToken, Step, Stream, StreamConfig,
    StreamEvent, StreamFailure, StreamFeaturesSummary, StreamInput, TlsFacts,
};

pub use jid;
pub use minidom;
pub use xmpp_parsers;

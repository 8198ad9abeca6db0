//! Everything that reads what others wrote (DESIGN rule 9), as functions of bytes. None may panic, whatever the bytes; and
//! each claims more than that, in its own file.
//!
//! A target for a conversation takes its input apart at bytes that XML cannot hold: see [`script`].

mod containers;
mod elements;
mod file_elements;
mod header;
mod media_words;
mod omemo_records;
mod omemo_session;
mod omemo_wire;
#[allow(dead_code)] // What the tests of the crate need beside.
#[path = "../../src/omemo/tests/support/mod.rs"]
mod people;
mod pictures;
mod sasl;
mod script;
mod sealed_elements;
mod sign_in;
mod signed_in;
mod texts;
mod wire;

/// A target: its name, which is also that of its corpus, and what it does with its input.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("containers", containers::read),
    ("elements", elements::read),
    ("file-elements", file_elements::read),
    ("header", header::read),
    ("media-candidates", media_words::candidate),
    ("media-descriptions", media_words::describe),
    ("media-packets", media_words::packets),
    ("omemo-records", omemo_records::read),
    ("omemo-session", omemo_session::play),
    ("omemo-wire", omemo_wire::read),
    ("pictures", pictures::read),
    ("sasl", sasl::answer),
    ("sealed-elements", sealed_elements::read),
    ("sign-in", sign_in::play),
    ("signed-in", signed_in::play),
    ("texts", texts::read),
    ("wire", wire::read),
];

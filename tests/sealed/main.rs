//! Encrypted conversations (OMEMO, both versions) of whole accounts, against a model server that relays, keeps and lies.
//!
//! Every device is a real `Account` with a database; the ciphertexts are real. A test is a short story: who is there, what
//! is said, what the server or the world does, and what stands on every screen in the end. `fates` kills processes at every instant, `lives` has the stories of devices
//! that are copied, restored and killed; `hostile` those of a server that cannot be trusted.

// `|reads| reads.devices(…)` holds for every lifetime, which the bare path does not.
#![allow(clippy::redundant_closure_for_method_calls)]

mod basics;
mod device;
mod edits;
mod fates;
mod hostile;
mod lives;
mod own_devices;
mod replays;
mod server;
mod trust;
mod weather;
mod world;

const ALICE: &str = "alice@example.org";
const BOB: &str = "bob@example.net";
const CAROL: &str = "carol@example.com";

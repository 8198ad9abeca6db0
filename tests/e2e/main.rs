//! The real session against a real Prosody, with links that break and peers that are not ours.

mod bad_days;
mod chat;
mod disk;
mod durability;
mod hostile;
mod independent;
mod peer;
mod sign_in;

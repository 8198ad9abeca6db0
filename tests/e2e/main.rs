//! The real session against a real Prosody, with links that break and peers that are not ours.

mod bad_days;
mod chat;
mod durability;
mod independent;
mod sign_in;

//! The real session against real servers, with links that break and peers that are not ours.

// A story owns its server, which ends with it.
#![allow(clippy::needless_pass_by_value)]

/// Makes each of these stories a test on every server there is.
macro_rules! on_every_server {
    ($($story:ident)*) => {
        mod prosody {
            $(#[test] fn $story() { super::$story(<tests::Prosody as tests::Server>::start()); })*
        }
        mod ejabberd {
            $(#[test] fn $story() { super::$story(<tests::Ejabberd as tests::Server>::start()); })*
        }
    };
}

mod bad_days;
mod calls;
mod chat;
mod dino;
mod disk;
mod durability;
mod ejabberd;
mod files;
mod files_cut;
mod hostile;
mod independent;
mod marks;
mod networks;
mod omemo;
mod people;
mod profanity;
mod sign_in;

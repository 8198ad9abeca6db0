//! Two people, their devices and a server, in virtual time, from one seed.
//!
//! Each seed is an evening: `weather` draws how bad the networks are, what the server does and does not do, and
//! how the clocks go wrong; then people write numbered messages at random while links are cut in the middle of a
//! byte stream, stall or swallow everything, the server restarts and forgets its sessions, commits fail and
//! processes are killed between a commit and what should follow it. Then it is calm for a while, and `oracles`
//! look at every device: nothing lost, nothing twice, each device's words in the order they were written, no
//! acknowledgement of what is not on disk, no message that is not at least sent, unread counts that are right.
//!
//! * `world` is the queue of what happens next, and what may go wrong.
//! * `device` is an `Account` with its database, driven as `session` does it.
//! * `link` is two pipes of bytes that can be cut anywhere.
//! * `server` is a model of a server: archive, carbons, stream management, offline storage.
//!
//! `STARLING_SEEDS=100000` plays more of them, `STARLING_FIRST_SEED=5000` others, and `STARLING_SEED=17` plays one
//! and tells what happens in it. A seed is a different evening as soon as anything draws otherwise, so what a
//! seed found is kept as a transcript.

mod chance;
mod device;
mod link;
mod oracles;
mod people;
mod server;
mod weather;
mod world;

use std::{
    io::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

/// How many are played where nobody asks for more.
const SEEDS: u64 = 2000;
/// How many tests share them, so that they run side by side.
const SHARES: u64 = 4;
/// Faults after which a share is given up.
const ENOUGH: usize = 3;

#[test]
fn evenings_1_of_4() {
    evenings(0);
}

#[test]
fn evenings_2_of_4() {
    evenings(1);
}

#[test]
fn evenings_3_of_4() {
    evenings(2);
}

#[test]
fn evenings_4_of_4() {
    evenings(3);
}

/// Plays every fourth seed.
fn evenings(share: u64) {
    if let Some(seed) = number("STARLING_SEED") {
        if seed % SHARES == share {
            told(seed);
        }
        return;
    }
    let first = number("STARLING_FIRST_SEED").unwrap_or(0);
    let end = first + number("STARLING_SEEDS").unwrap_or(SEEDS);
    let began = Instant::now();
    let (mut played, mut faults) = (0, Vec::new());
    for seed in (first..end).filter(|seed| seed % SHARES == share) {
        played += 1;
        if let (Err(fault), _) = play(seed, false) {
            say(&format!("seed {seed}: {fault}"));
            faults.push((seed, fault));
        }
        if faults.len() == ENOUGH {
            break;
        }
    }
    say(&format!("{played} seeds in {:.0} s", began.elapsed().as_secs_f64()));
    if let Some((seed, _)) = faults.first() {
        // The same seed does the same again, so only now is it worth telling.
        let (_, trace) = play(*seed, true);
        let tail = trace.len().saturating_sub(150);
        eprintln!("the end of seed {seed}:\n{}", trace[tail..].join("\n"));
        let list: Vec<String> = faults.iter().map(|(seed, fault)| format!("seed {seed}: {fault}")).collect();
        panic!(
            "{}\nagain, with all that happened: STARLING_SEED={seed} cargo test -p tests --test simulation",
            list.join("\n")
        );
    }
}

/// Plays one seed and tells all of it.
fn told(seed: u64) {
    let (outcome, trace) = play(seed, true);
    eprintln!("{}", trace.join("\n"));
    if let Err(fault) = outcome {
        panic!("seed {seed}: {fault}");
    }
}

/// Not by a macro, or it would be told only when something is wrong.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Plays one seed: what was wrong, and what happened.
fn play(seed: u64, tell: bool) -> (Result<(), String>, Vec<String>) {
    let mut world = world::World::new(seed, tell);
    let outcome = catch_unwind(AssertUnwindSafe(|| world.play())).unwrap_or_else(|fault| {
        let text = fault.downcast_ref::<String>().cloned();
        Err(text.or_else(|| fault.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
    });
    (outcome, std::mem::take(&mut world.trace))
}

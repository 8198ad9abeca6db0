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
//! `STARLING_SEEDS=100000` plays more of them, `STARLING_SEED=17` plays one and tells what happens in it.

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
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// What CI plays, if it has the time.
const SEEDS: u64 = 3000;
/// Whatever the machine, this is as long as it takes, unless a number of seeds was asked for.
const PATIENCE: Duration = Duration::from_secs(50);

#[test]
fn an_evening_from_each_seed() {
    if let Some(seed) = number("STARLING_SEED") {
        let (outcome, trace) = play(seed, true);
        eprintln!("{}", trace.join("\n"));
        if let Err(fault) = outcome {
            panic!("seed {seed}: {fault}");
        }
        return;
    }
    let seeds = number("STARLING_SEEDS");
    let first = number("STARLING_FIRST_SEED").unwrap_or(0);
    let end = first + seeds.unwrap_or(SEEDS);
    let next = AtomicU64::new(first);
    let faults = Mutex::new(Vec::new());
    let began = Instant::now();
    let workers = thread::available_parallelism().map_or(2, usize::from).min(8);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let late = seeds.is_none() && began.elapsed() > PATIENCE;
                    if seed >= end || late || faults.lock().unwrap().len() >= 5 {
                        return;
                    }
                    if let (Err(fault), _) = play(seed, false) {
                        let _ = writeln!(std::io::stderr(), "seed {seed}: {fault}");
                        faults.lock().unwrap().push((seed, fault));
                    }
                }
            });
        }
    });
    let played = next.load(Ordering::Relaxed).min(end) - first;
    // Not by a macro, or it would be told only when something is wrong.
    let _ = writeln!(std::io::stderr(), "{played} seeds in {:.1} s", began.elapsed().as_secs_f64());
    let mut faults = faults.into_inner().unwrap();
    faults.sort();
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

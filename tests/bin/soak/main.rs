//! The soak: a device in the middle of a busy conversation is killed at random instants, and its link is cut at random.
//!
//! `soak [KILLS [SEED]]`. Each round starts the device (this same program, in a process of its own), lets it talk for a
//! random while, and ends it with SIGKILL. Bob, who is never killed, talks to it all the time. At the end everything is
//! allowed to settle, and then must be true: each message that the device ever saw as sent is with Bob; nothing is there
//! twice on either side; and what each said stands in the order in which it was said.
//!
//! A device that never came to talk would prove nothing. So in most rounds the while begins, and the links break, only when
//! it saw something new as sent, however slow the machine; in the others it may be killed while it starts or signs in.
//!
//! `soak sealed [COUNT]` is another: see `sealed.rs`.

mod calls;
mod device;
mod files;
mod sealed;
mod verdict;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use model::{BareJid, Delivery};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::{LinkCutter, Person, Prosody, befriend};

/// How long a device lives at most before it is killed: enough to sign in, sync and talk.
const LIFE: Duration = Duration::from_millis(1500);
/// How long it may take to come to talk: where signing in takes too long, it waits before it tries again.
const PATIENCE: Duration = Duration::from_secs(300);
/// In one round of so many the device need not have talked when it is killed.
const IMPATIENT: u64 = 4;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((word, rest)) if word == device::WORD => return device::live(rest),
        Some((word, rest)) if word == device::MARKED => return device::live_marked(rest),
        Some((word, rest)) if word == calls::WORD => return calls::live(rest),
        Some((word, rest)) if word == files::WORD => return files::live(rest),
        Some((word, rest)) if word == device::JUDGED => return device::judge(rest),
        Some((word, rest)) if word == sealed::WORD => {
            let count = rest.first().map_or(10_000, |word| word.parse().expect("a number"));
            return if sealed::soak(count) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        _ => {}
    }
    let mut numbers = arguments.iter().map(|word| word.parse().expect("a number"));
    let kills = numbers.next().unwrap_or(200);
    let seed = numbers.next().unwrap_or_else(rand::random);
    println!("soak: {kills} kills, seed {seed}");
    let start = Instant::now();
    let talk = soak(kills, seed);
    println!("soak: {talk} after {} s", start.elapsed().as_secs());
    ExitCode::SUCCESS
}

fn soak(kills: u64, seed: u64) -> verdict::Talk {
    let mut random = StdRng::seed_from_u64(seed);
    let server = Prosody::start();
    let bob = Person::new(&server, "bob");
    let password = server.register(device::NAME);
    let cutter = LinkCutter::start(server.direct_tls_port());
    let folder = tempfile::tempdir().expect("a folder");
    introduce(&server, &bob, &password);

    let mut confirmed = verdict::Seen::default();
    let mut said_by_bob = 0;
    let place = device::Place {
        folder: folder.path(),
        server: &server,
        port: cutter.port(),
        password: &password,
        peer: &bob,
    };
    // Where the disk is slow, signing in may take longer than a device lives: that is done before.
    let mut device = place.start();
    confirmed.note(&[device.first_sent()]);
    device.kill();
    confirmed.note(&device.told());
    for round in 0..kills {
        let mut device = place.start();
        let mut talks = round % IMPATIENT == 0;
        let life = Duration::from_millis(random.random_range(50..LIFE.as_millis() as u64));
        let start = Instant::now();
        let mut end = start + life;
        while !talks || Instant::now() < end {
            if waiting(&bob, &place.address()) < device::IN_FLIGHT {
                bob.say(&place.address(), &format!("bob {said_by_bob}"));
                said_by_bob += 1;
            }
            if talks && random.random_ratio(1, 25) {
                cutter.cut();
            }
            std::thread::sleep(Duration::from_millis(random.random_range(5..40)));
            if confirmed.note(&device.told_so_far()) && !talks {
                talks = true;
                end = Instant::now() + life;
            }
            let silent = !talks && start.elapsed() > PATIENCE;
            assert!(!silent, "the device does not come to talk: {:#?}", device.words());
        }
        device.kill();
        confirmed.note(&device.told());
        if round % 20 == 19 {
            println!("  {} kills, {} confirmed so far", round + 1, confirmed.confirmed());
        }
    }
    verdict::settle(&place, &bob, said_by_bob, &confirmed)
}

/// How many of the newest messages to somebody wait for the server: nobody talks faster than the disk and the server write.
fn waiting(who: &Person, to: &BareJid) -> u64 {
    let newest = who.messages(to, 2 * device::IN_FLIGHT as u32);
    newest.iter().filter(|message| message.delivery == Delivery::Queued).count() as u64
}

/// Makes the two contacts, so that receipts flow as between friends.
fn introduce(server: &Prosody, bob: &Person, password: &str) {
    let alice = Person::sign_in(server, device::NAME, password, server.direct_tls_port());
    befriend(&alice, bob);
    alice.session.end(Duration::from_secs(5));
}

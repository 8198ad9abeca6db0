//! What a database gives back of OMEMO, damaged: it is refused or used, and makes no message say anything else.

use std::sync::LazyLock;

use model::Timestamp;
use omemo::{Error, Omemo, OwnDevice, Recipient, Version, check_sessions};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::people::{DAY, Letter, Person, START, acquainted, alice_and_bob, text};

const ALICE: &str = "alice@example.org";

/// What Bob had on disk, and what Alice wrote to him then.
struct World {
    alice: Person,
    stranger: Person,
    first: Letter,
    friend: Person,
    /// One that is next, one that was jumped over, one after a turn.
    letters: Vec<Letter>,
}

static WORLDS: LazyLock<[World; 2]> = LazyLock::new(|| Version::ALL.map(world));

fn world(version: Version) -> World {
    let (mut alice, mut bob) = alice_and_bob();
    let stranger = bob.clone();
    alice.start(&mut bob, version);
    let first = alice.write(&bob, version, "hello");

    let (mut alice, mut bob) = acquainted(version);
    let late = alice.write(&bob, version, "hello");
    let read = alice.write(&bob, version, "hello");
    bob.read(&read);
    let next = alice.write(&bob, version, "hello");
    let friend = bob.clone();
    let answer = bob.write_nothing(&alice, version);
    alice.read(&answer);
    let turned = alice.write(&bob, version, "hello");
    World { alice, stranger, first, friend, letters: vec![next, late, turned] }
}

/// The first byte says which record the rest is.
pub fn read(input: &[u8]) {
    let Some((choice, record)) = input.split_first() else { return };
    let at = usize::from(choice & 1);
    match choice >> 1 {
        0 => sessions(Version::ALL[at], &WORLDS[at], record),
        _ => own_device(Version::ALL[at], &WORLDS[at], record),
    }
}

fn sessions(version: Version, world: &World, record: &[u8]) {
    let is_whole = check_sessions(version, record).is_ok();
    let with_record = || {
        let mut bob = world.friend.clone();
        bob.store.sessions.insert(((ALICE.to_owned(), world.alice.device), version), record.to_vec());
        bob
    };
    let check = |bob: &Person| {
        for record in bob.store.sessions.values().filter(|_| is_whole) {
            assert_eq!(check_sessions(version, record), Ok(()), "it writes what it cannot read");
        }
    };
    for letter in &world.letters {
        let mut bob = with_record();
        not_fooled(&mut bob, letter);
        check(&bob);
    }
    let mut bob = with_record();
    let recipients = [Recipient { address: ALICE, devices: &[world.alice.device] }];
    let _ = Omemo::new(&mut bob.store).encrypt(version, &recipients, b"hello", &mut bob.rng);
    check(&bob);
}

fn own_device(version: Version, world: &World, record: &[u8]) {
    let Ok(mut own) = OwnDevice::from_record(record) else { return };
    assert_eq!(*own.to_record(), record, "it is read otherwise than it is written");
    // Public halves are not stored, and take long to find.
    if record.len() < 1000 {
        let _ = own.bundle(version).verify();
    }
    own.maintain(Timestamp(START.0 + 30 * DAY), &mut ChaCha20Rng::seed_from_u64(1));
    assert!(OwnDevice::from_record(&own.to_record()).is_ok(), "it writes what it cannot read");

    let mut bob = world.stranger.clone();
    bob.store.own = Some(record.to_vec());
    not_fooled(&mut bob, &world.first);
}

fn not_fooled(bob: &mut Person, letter: &Letter) {
    match bob.try_read(letter) {
        Ok(read) => assert_eq!(text(&read), "hello"),
        Err(Error::Refused(_)) => {}
        Err(Error::Store(_)) => panic!("the store did not fail"),
    }
}

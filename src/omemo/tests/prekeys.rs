//! How long the own prekeys live.

#[allow(dead_code)] // Each test file uses its part.
mod support;

use std::collections::BTreeSet;

use model::Timestamp;
use omemo::{Bundle, DeviceId, Omemo, OwnDevice, Refusal, Version};
use support::{DAY, Person, START, alice_and_bob, text};

fn days_later(days: i64) -> Timestamp {
    START.plus_millis(days * DAY)
}

fn maintain(person: &mut Person, days: i64) -> Vec<Version> {
    Omemo::new(&mut person.store).maintain(days_later(days), &mut person.rng).unwrap()
}

/// Strangers who begin a session with a bundle: one implementation under many numbers.
struct Strangers {
    person: Person,
    number: u32,
}

impl Strangers {
    fn new() -> Self {
        Self { person: Person::new("stranger@example.org", 3), number: 0 }
    }

    /// The next one writes.
    fn write(&mut self, to: &mut Person, bundle: &Bundle) -> support::Answer {
        self.number += 1;
        self.person.start_with(to.peer(), bundle).unwrap();
        let mut letter = self.person.write(to, bundle.version, "hello");
        letter.from.1 = DeviceId::new(self.number).unwrap();
        to.try_read(&letter)
    }
}

#[test]
fn a_bundle_holds_a_hundred_prekeys_and_is_filled_up() {
    for version in Version::ALL {
        let other = Version::ALL.into_iter().find(|&other| other != version).unwrap();
        let (_, mut bob) = alice_and_bob();
        let mut strangers = Strangers::new();
        let untouched = bob.bundle(other);
        let first: BTreeSet<u32> = bob.bundle(version).prekeys.iter().map(|prekey| prekey.id).collect();
        assert_eq!(first.len(), 100);

        for _ in 0..20 {
            let bundle = bob.bundle(version);
            assert!(strangers.write(&mut bob, &bundle).unwrap().session_started);
        }
        assert_eq!(bob.bundle(version).prekeys.len(), 80);
        let before = bob.store.clone();
        assert_eq!(maintain(&mut bob, 0), []);
        assert_eq!(bob.store, before);

        let bundle = bob.bundle(version);
        let spent = strangers.write(&mut bob, &bundle).unwrap().spent_prekey.unwrap();
        assert_eq!(maintain(&mut bob, 0), [version]);
        let full: BTreeSet<u32> = bob.bundle(version).prekeys.iter().map(|prekey| prekey.id).collect();
        assert_eq!(full.len(), 100);
        assert!(!full.contains(&spent), "no number is given twice");
        assert_eq!(bob.bundle(other), untouched);
    }
}

#[test]
fn a_spent_prekey_works_until_it_is_deleted() {
    for version in Version::ALL {
        let (_, mut bob) = alice_and_bob();
        let mut strangers = Strangers::new();
        let mut bundle = bob.bundle(version);
        bundle.prekeys.truncate(1);
        // Two who had the same bundle; Bob was away, and reads the archive.
        strangers.write(&mut bob, &bundle).unwrap();
        strangers.write(&mut bob, &bundle).unwrap();
        Omemo::new(&mut bob.store).delete_spent_prekeys().unwrap();
        assert_eq!(strangers.write(&mut bob, &bundle), Err(Refusal::UnknownPreKey.into()));
        // The others are still there.
        let bundle = bob.bundle(version);
        assert_eq!(bundle.prekeys.len(), 99);
        strangers.write(&mut bob, &bundle).unwrap();
    }
}

#[test]
fn a_signed_prekey_is_replaced_after_two_weeks_and_forgotten_after_two_more() {
    let (mut alice, mut bob) = alice_and_bob();
    let mut strangers = Strangers::new();
    let old = bob.bundle(Version::Two);
    assert_eq!(maintain(&mut bob, 13), []);
    assert_eq!(maintain(&mut bob, 14), Version::ALL);
    let new = bob.bundle(Version::Two);
    assert_ne!(old.signed_prekey, new.signed_prekey);
    assert_eq!(old.identity, new.identity);
    new.verify().unwrap();

    alice.start_with(bob.peer(), &old).unwrap();
    let with_old = alice.write(&bob, Version::Two, "with the old one");
    assert_eq!(maintain(&mut bob, 27), []);
    assert_eq!(text(&bob.read(&with_old)), "with the old one");

    // After 28 days the second one is old, and the first is gone with the next look.
    assert_eq!(maintain(&mut bob, 28), Version::ALL);
    maintain(&mut bob, 28);
    assert_eq!(strangers.write(&mut bob, &old), Err(Refusal::UnknownPreKey.into()));
    strangers.write(&mut bob, &new).unwrap();
}

#[test]
fn a_device_that_was_away_for_long_still_reads_what_was_said_meanwhile() {
    let (mut alice, mut bob) = alice_and_bob();
    alice.start(&mut bob, Version::Two);
    let letter = alice.write(&bob, Version::Two, "where are you?");
    assert_eq!(maintain(&mut bob, 365), Version::ALL);
    assert_eq!(maintain(&mut bob, 365), []);
    assert_eq!(text(&bob.read(&letter)), "where are you?");
}

#[test]
fn a_clock_that_jumps_about_neither_stops_nor_multiplies_them() {
    let mut bob = Person::new("bob@example.net", 2);
    assert_eq!(maintain(&mut bob, 10_000), Version::ALL);
    assert_eq!(maintain(&mut bob, 0), Version::ALL);
    for days in [9_000, 5, 8_000, 3, i64::MAX / DAY, i64::MIN / DAY / 2] {
        maintain(&mut bob, days);
        let record = bob.store.own.clone().unwrap();
        assert_eq!(*OwnDevice::from_record(&record).unwrap().to_record(), record);
    }
    bob.bundle(Version::Two).verify().unwrap();
}

#[test]
fn who_spends_prekeys_without_end_costs_a_bounded_record() {
    let mut bob = Person::new("bob@example.net", 2);
    let mut strangers = Strangers::new();
    let mut bundle = bob.bundle(Version::Two);
    for number in 0..700 {
        if number % 10 == 0 {
            bundle = bob.bundle(Version::Two);
        }
        strangers.write(&mut bob, &bundle).unwrap();
        maintain(&mut bob, 0);
    }
    assert!(bob.store.own.as_ref().unwrap().len() < 30_000);
    let bundle = bob.bundle(Version::Two);
    assert!(bundle.prekeys.len() >= 80);
    strangers.write(&mut bob, &bundle).unwrap();
}

#[test]
fn a_number_that_is_taken_is_not_chosen() {
    let first = Person::new("bob@example.net", 7).device;
    let mut again = Person::new("bob@example.net", 7);
    assert_eq!(again.device, first);
    again.rng = rand_core::SeedableRng::seed_from_u64(7);
    let second = OwnDevice::generate(&[first], START, &mut again.rng).id();
    assert_ne!(second, first);
    assert!(second.get() < 1 << 31);
}

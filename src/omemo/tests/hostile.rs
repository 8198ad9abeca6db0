//! Bytes from strangers and from damaged disks: refused, never a panic, and nothing is changed by them.

#[path = "support/cases.rs"]
mod cases;
#[allow(dead_code)] // Each test file uses its part.
mod support;

use cases::cases;
use omemo::wire::{KeyExchange, RatchetMessage};
use omemo::{
    Bundle, Content, Error, Fingerprint, IdentityKey, Omemo, OwnDevice, Payload, PublishedKey, Refusal,
    Version, check_sessions,
};
use proptest::prelude::*;
use support::{Letter, Person, acquainted, alice_and_bob, text};

fn parts(payload: &mut Payload) -> (Option<&mut Vec<u8>>, &mut Vec<u8>) {
    match payload {
        Payload::Legacy { iv, ciphertext } => (Some(iv), ciphertext.as_mut().unwrap()),
        Payload::Two { ciphertext } => (None, ciphertext.as_mut().unwrap()),
    }
}

/// What came of a changed letter is what was said, or nothing.
#[track_caller]
fn not_fooled(answer: &support::Answer, words: &str) {
    match answer {
        Ok(read) => assert_eq!(text(read), words),
        Err(Error::Refused(_)) => {}
        Err(Error::Store(_)) => panic!("the store did not fail"),
    }
}

#[test]
fn no_changed_bit_changes_a_word() {
    for version in Version::ALL {
        let (mut alice, bob) = alice_and_bob();
        let mut bob = bob;
        alice.start(&mut bob, version);
        let first = alice.write(&bob, version, "to be or not to be");
        let fresh = bob.store.clone();
        bob.read(&first);
        let answer = bob.write_nothing(&alice, version);
        alice.read(&answer);
        let second = alice.write(&bob, version, "that is the question");
        let settled = bob.store.clone();

        for (letter, store, words) in
            [(first, fresh, "to be or not to be"), (second, settled, "that is the question")]
        {
            for at in 0..letter.key.bytes.len() {
                for bit in [0, 3, 7] {
                    let mut changed = letter.clone();
                    changed.key.bytes[at] ^= 1 << bit;
                    bob.store = store.clone();
                    let answer = bob.try_read(&changed);
                    not_fooled(&answer, words);
                    // Outside the key exchange every byte is authenticated.
                    assert!(letter.key.key_exchange || answer.is_err(), "byte {at}");
                }
            }
            let mut payload = letter.payload.clone();
            let (iv, ciphertext) = parts(&mut payload);
            let lengths = (iv.map_or(0, |iv| iv.len()), ciphertext.len());
            bob.store = store.clone();
            for at in 0..lengths.0 {
                let mut changed = letter.clone();
                parts(&mut changed.payload).0.unwrap()[at] ^= 1;
                assert_eq!(bob.refuse(&changed), Refusal::Tampered);
            }
            for at in 0..lengths.1 {
                let mut changed = letter.clone();
                parts(&mut changed.payload).1[at] ^= 1;
                assert_eq!(bob.refuse(&changed), Refusal::Tampered);
            }
            assert_eq!(text(&bob.read(&letter)), words);
        }
    }
}

#[test]
fn a_payload_that_was_taken_off_is_missed_in_version_2() {
    let (mut alice, mut bob) = acquainted(Version::Two);
    let letter = alice.write(&bob, Version::Two, "to be or not to be");
    let mut stripped = letter.clone();
    stripped.payload = Payload::Two { ciphertext: None };
    assert!(matches!(bob.try_read(&stripped), Err(Error::Refused(Refusal::Tampered))));
    assert_eq!(text(&bob.read(&letter)), "to be or not to be");
}

#[test]
fn a_key_exchange_is_not_taken_for_a_message_nor_a_version_for_the_other() {
    for version in Version::ALL {
        let (mut alice, mut bob) = acquainted(version);
        alice.start(&mut bob, version);
        let exchange = alice.write(&bob, version, "hello");
        let mut as_message = exchange.clone();
        as_message.key.key_exchange = false;
        bob.refuse(&as_message);
        let mut in_other = exchange.clone();
        in_other.payload = match version {
            Version::Legacy => Payload::Two { ciphertext: None },
            Version::Two => Payload::Legacy { iv: vec![0; 12], ciphertext: None },
        };
        bob.refuse(&in_other);
        assert_eq!(text(&bob.read(&exchange)), "hello");
    }
}

#[test]
fn a_record_that_was_cut_or_changed_is_refused() {
    for version in Version::ALL {
        let (mut alice, mut bob) = acquainted(version);
        // With several sessions, an opening, closed and open chains, and keys that wait.
        for number in 0..3 {
            alice.write(&bob, version, "lost");
            let letter = alice.write(&bob, version, &number.to_string());
            bob.read(&letter);
            let letter = bob.write(&alice, version, "yes");
            alice.read(&letter);
        }
        bob.start(&mut alice, version);
        let letter = alice.write(&bob, version, "hello");
        let place = bob.store.sessions.keys().next().unwrap().clone();
        let record = bob.store.sessions[&place].clone();
        check_sessions(version, &record).unwrap();
        let own = bob.store.own.clone().unwrap();
        OwnDevice::from_record(&own).unwrap();

        for length in 0..record.len() {
            assert_eq!(check_sessions(version, &record[..length]), Err(Refusal::DamagedRecord));
        }
        for length in (0..own.len()).step_by(7) {
            assert_eq!(OwnDevice::from_record(&own[..length]).err(), Some(Refusal::DamagedRecord));
        }
        for at in 0..record.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = record.clone();
                damaged[at] = value;
                bob.store.sessions.insert(place.clone(), damaged);
                not_fooled(&bob.try_read(&letter), "hello");
                let recipients = [omemo::Recipient { address: alice.address, devices: &[alice.device] }];
                let _ = Omemo::new(&mut bob.store).encrypt(version, &recipients, b"hello", &mut bob.rng);
            }
        }
        // A record that nobody can read does not stand in the way of a fresh start.
        bob.store.sessions.insert(place, vec![0xff; 100]);
        assert_eq!(bob.refuse(&letter), Refusal::DamagedRecord);
        bob.start(&mut alice, version);
        let letter = bob.write(&alice, version, "again");
        assert_eq!(text(&alice.read(&letter)), "again");
    }
}

#[test]
fn a_record_of_the_other_version_is_refused() {
    let (_, bob) = acquainted(Version::Two);
    let record = bob.store.sessions.values().next().unwrap();
    assert_eq!(check_sessions(Version::Legacy, record), Err(Refusal::DamagedRecord));
}

#[test]
fn a_thief_of_the_records_reads_neither_the_past_nor_what_comes_after_a_turn() {
    for version in Version::ALL {
        let (mut alice, mut bob) = acquainted(version);
        let past = bob.write(&alice, version, "the past");
        alice.read(&past);
        let mut thief = Person::new("alice@example.org", 5);
        thief.store = alice.store.clone();
        assert_eq!(thief.refuse(&past), Refusal::Duplicate);

        let turn: Letter = alice.write(&bob, version, "a turn");
        bob.read(&turn);
        let turn = bob.write(&alice, version, "and back");
        alice.read(&turn);
        let turn = alice.write(&bob, version, "a turn");
        bob.read(&turn);
        let future = bob.write(&alice, version, "the future");
        assert_eq!(thief.refuse(&future), Refusal::Tampered);
        assert_eq!(text(&alice.read(&future)), "the future");
    }
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..200)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn no_parser_minds_random_bytes(bytes in bytes(), more in bytes(), text in ".{0,100}") {
        for version in Version::ALL {
            let _ = RatchetMessage::read(version, &bytes);
            let _ = KeyExchange::read(version, &bytes);
            let _ = check_sessions(version, &bytes);
            let bundle = Bundle {
                version,
                identity: bytes.clone(),
                signed_prekey: PublishedKey { id: 1, key: more.clone() },
                signature: more.clone(),
                prekeys: Vec::new(),
            };
            prop_assert!(bundle.verify().is_err());
        }
        prop_assert!(OwnDevice::from_record(&bytes).is_err());
        let _ = IdentityKey::from_bytes(&bytes);
        let _ = IdentityKey::from_ed25519(&bytes);
        let _ = text.parse::<Fingerprint>();
        for ciphertext in [None, Some(more)] {
            let _ = Payload::Two { ciphertext: ciphertext.clone() }.open(&bytes);
            let _ = Payload::Legacy { iv: bytes.clone(), ciphertext }.open(&bytes);
        }
    }

    #[test]
    fn keys_of_any_bytes_are_read_or_refused(bytes in prop::array::uniform32(any::<u8>())) {
        if let Ok(identity) = IdentityKey::from_bytes(&bytes) {
            prop_assert_eq!(identity.to_bytes(), bytes);
            prop_assert_eq!(identity.fingerprint().to_string().parse(), Ok(identity.fingerprint()));
        }
        let _ = IdentityKey::from_ed25519(&bytes);
    }
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn a_payload_is_opened_by_its_key_only(words in bytes(), at in 0_usize..32, bit in 0_u32..8) {
        for version in Version::ALL {
            let (mut alice, mut bob) = acquainted(version);
            let recipients = [omemo::Recipient { address: bob.address, devices: &[bob.device] }];
            let mut encrypted =
                Omemo::new(&mut alice.store).encrypt(version, &recipients, &words, &mut alice.rng).unwrap();
            let letter = Letter {
                from: (alice.address, alice.device),
                key: encrypted.recipients.remove(0).keys.remove(0),
                payload: encrypted.payload.clone(),
            };
            prop_assert_eq!(bob.read(&letter).content, Content::Message(words.clone().into()));
            let mut key = vec![0; if version == Version::Two { 48 } else { 32 }];
            key[at] ^= 1_u8 << bit;
            prop_assert_eq!(encrypted.payload.open(&key), Err(Refusal::Tampered));
        }
    }
}

//! Two people who write to each other, in both versions: beginnings, losses, fresh starts.

#[allow(dead_code)] // Each test file uses its part.
mod support;

use omemo::{Content, Omemo, Refusal, Version};
use support::{Person, acquainted, alice_and_bob, text};

#[test]
fn a_first_message_begins_a_session_and_an_answer_confirms_it() {
    for version in Version::ALL {
        let (mut alice, mut bob) = alice_and_bob();
        assert!(!alice.has_session(&bob, version));
        alice.start(&mut bob, version);
        assert!(alice.has_session(&bob, version));

        let first = alice.write(&bob, version, "one");
        let second = alice.write(&bob, version, "two");
        let third = alice.write(&bob, version, "three");
        assert!(first.key.key_exchange && second.key.key_exchange && third.key.key_exchange);

        // Bob was away, and the messages come in another order.
        let read = bob.read(&third);
        assert_eq!(text(&read), "three");
        assert!(read.session_started && read.first_contact);
        assert_eq!(read.identity, alice.identity());
        let spent = read.spent_prekey.unwrap();
        assert!(bob.bundle(version).prekeys.iter().all(|prekey| prekey.id != spent));
        let read = bob.read(&first);
        assert_eq!(text(&read), "one");
        assert!(!read.session_started && !read.first_contact && read.spent_prekey.is_none());
        assert_eq!(text(&bob.read(&second)), "two");

        let answer = bob.write_nothing(&alice, version);
        assert!(!answer.key.key_exchange);
        assert!(matches!(alice.read(&answer).content, Content::KeyTransport(_)));
        assert!(!alice.write(&bob, version, "four").key.key_exchange);
    }
}

#[test]
fn a_second_copy_is_a_duplicate() {
    for version in Version::ALL {
        let (mut alice, mut bob) = alice_and_bob();
        alice.start(&mut bob, version);
        let first = alice.write(&bob, version, "hello");
        bob.read(&first);
        assert_eq!(bob.refuse(&first), Refusal::Duplicate);
        // It stays one when the prekey is gone, when the conversation has moved on, and when it was late.
        Omemo::new(&mut bob.store).delete_spent_prekeys().unwrap();
        assert_eq!(bob.refuse(&first), Refusal::Duplicate);
        let late = alice.write(&bob, version, "late");
        for turn in 0..2 {
            let there = alice.write(&bob, version, &format!("there {turn}"));
            bob.read(&there);
            let back = bob.write(&alice, version, &format!("back {turn}"));
            alice.read(&back);
        }
        bob.read(&late);
        for letter in [&first, &late] {
            assert_eq!(bob.refuse(letter), Refusal::Duplicate);
        }
    }
}

#[test]
fn late_messages_are_read_however_many_turns_have_passed() {
    for version in Version::ALL {
        let (mut alice, mut bob) = acquainted(version);
        let mut late = Vec::new();
        for turn in 0..20 {
            late.push((alice.write(&bob, version, &format!("before {turn}")), format!("before {turn}")));
            let there = alice.write(&bob, version, "there");
            late.push((alice.write(&bob, version, &format!("after {turn}")), format!("after {turn}")));
            bob.read(&there);
            let back = bob.write(&alice, version, "back");
            alice.read(&back);
        }
        for (letter, words) in &late {
            assert_eq!(text(&bob.read(letter)), words);
        }
    }
}

#[test]
fn both_may_begin_at_once_and_agree_on_a_session() {
    for version in Version::ALL {
        let (mut alice, mut bob) = alice_and_bob();
        alice.start(&mut bob, version);
        bob.start(&mut alice, version);
        let from_alice = alice.write(&bob, version, "I was first");
        let from_bob = bob.write(&alice, version, "no, I was");
        assert_eq!(text(&alice.read(&from_bob)), "no, I was");
        assert_eq!(text(&bob.read(&from_alice)), "I was first");

        for turn in 0..4 {
            let there = alice.write(&bob, version, "well");
            bob.read(&there);
            let back = bob.write(&alice, version, "well");
            alice.read(&back);
            assert!(!back.key.key_exchange, "turn {turn}");
        }
        // They ratchet in one session: its counters begin anew with every turn.
        let there = alice.write(&bob, version, "good");
        let message = omemo::wire::RatchetMessage::read(version, &there.key.bytes).unwrap();
        assert_eq!((message.counter, message.previous_counter), (0, 1));
    }
}

#[test]
fn who_lost_everything_can_begin_again() {
    for version in Version::ALL {
        let (mut alice, mut bob) = acquainted(version);
        let under_way = bob.write(&alice, version, "under way");
        // Bob's sessions are lost, his device is not.
        bob.store.sessions.clear();
        let unreadable = alice.write(&bob, version, "can you read this?");
        assert_eq!(bob.refuse(&unreadable), Refusal::NoSession);

        Omemo::new(&mut alice.store).reset_session(bob.peer(), version).unwrap();
        assert!(!alice.has_session(&bob, version));
        alice.start(&mut bob, version);
        let again = alice.write(&bob, version, "and this?");
        assert!(bob.read(&again).session_started);
        assert_eq!(text(&alice.read(&under_way)), "under way");
        let answer = bob.write(&alice, version, "yes");
        assert_eq!(text(&alice.read(&answer)), "yes");
    }
}

#[test]
fn older_sessions_are_kept_but_not_for_ever() {
    for version in Version::ALL {
        let (mut alice, mut bob) = acquainted(version);
        let mut under_way = vec![alice.write(&bob, version, "0")];
        for number in 1..=6 {
            alice.start(&mut bob, version);
            under_way.push(alice.write(&bob, version, &number.to_string()));
        }
        // Six sessions after the first one, in the order they began.
        for (number, letter) in under_way.iter().enumerate().skip(1) {
            assert_eq!(text(&bob.read(letter)), number.to_string());
        }
        // The first is gone; what it said is refused, not taken for anything else.
        assert_eq!(bob.refuse(&under_way[0]), Refusal::Tampered);
        for number in 7..40 {
            alice.start(&mut bob, version);
            let letter = alice.write(&bob, version, &number.to_string());
            bob.read(&letter);
        }
        let sizes: Vec<usize> = bob.store.sessions.values().map(Vec::len).collect();
        assert!(sizes[0] < 6_000, "{sizes:?}");
    }
}

#[test]
fn a_heartbeat_is_due_when_only_one_side_speaks() {
    for version in Version::ALL {
        let (mut alice, mut bob) = acquainted(version);
        for number in 0..60 {
            let letter = alice.write(&bob, version, "still there?");
            assert_eq!(bob.read(&letter).heartbeat_due, number >= 53, "{number}");
        }
        let heartbeat = bob.write_nothing(&alice, version);
        alice.read(&heartbeat);
        let letter = alice.write(&bob, version, "you are!");
        assert!(!bob.read(&letter).heartbeat_due);
    }
}

#[test]
fn one_heartbeat_answers_all_that_is_on_its_way() {
    for version in Version::ALL {
        let (mut alice, mut bob) = acquainted(version);
        let letters: Vec<_> = (0..120).map(|_| alice.write(&bob, version, "and another thing")).collect();
        let mut due = Vec::new();
        for (number, letter) in letters.iter().enumerate() {
            if bob.read(letter).heartbeat_due {
                due.push(number);
                bob.write_nothing(&alice, version);
            }
        }
        // The second is for the case that the first was lost.
        assert_eq!(due, [53, 106]);
    }
}

#[test]
fn the_two_versions_live_side_by_side() {
    let (mut alice, mut bob) = acquainted(Version::Legacy);
    assert!(!alice.has_session(&bob, Version::Two));
    alice.start(&mut bob, Version::Two);
    let new = alice.write(&bob, Version::Two, "new");
    let old = alice.write(&bob, Version::Legacy, "old");
    let read = bob.read(&new);
    assert!(!read.first_contact, "one identity serves both");
    assert_eq!(text(&read), "new");
    assert_eq!(text(&bob.read(&old)), "old");
}

#[test]
fn everybody_in_a_room_reads_the_same_payload() {
    for version in Version::ALL {
        let mut alice = Person::new("alice@example.org", 1);
        let mut others = [
            Person::new("alice@example.org", 10),
            Person::new("bob@example.net", 2),
            Person::new("bob@example.net", 20),
            Person::new("carol@example.com", 3),
        ];
        for other in &mut others {
            alice.start(other, version);
        }
        let devices: Vec<_> = others.iter().map(|other| other.device).collect();
        let recipients = [
            omemo::Recipient { address: "alice@example.org", devices: &devices[..1] },
            omemo::Recipient { address: "bob@example.net", devices: &devices[1..3] },
            omemo::Recipient { address: "carol@example.com", devices: &devices[3..] },
        ];
        let encrypted =
            Omemo::new(&mut alice.store).encrypt(version, &recipients, b"hello all", &mut alice.rng).unwrap();
        assert_eq!(encrypted.recipients.iter().map(|to| to.keys.len()).collect::<Vec<_>>(), [1, 2, 1]);
        let keys = encrypted.recipients.iter().flat_map(|to| &to.keys);
        for (other, key) in others.iter_mut().zip(keys) {
            assert_eq!(key.device, other.device);
            let letter = support::Letter {
                from: (alice.address, encrypted.sender),
                key: key.clone(),
                payload: encrypted.payload.clone(),
            };
            assert_eq!(text(&other.read(&letter)), "hello all");
        }

        // One device without a session: nobody is left out in silence, and nobody's ratchet moves.
        let before = alice.store.clone();
        let stranger = Person::new("dave@example.org", 4);
        let with_stranger =
            [recipients[1], omemo::Recipient { address: stranger.address, devices: &[stranger.device] }];
        let refused = Omemo::new(&mut alice.store).encrypt(version, &with_stranger, b"hello", &mut alice.rng);
        assert_eq!(refused, Err(Refusal::NoSession.into()));
        assert_eq!(alice.store, before);
    }
}

#[test]
fn a_new_own_device_forgets_the_sessions_of_the_old_one() {
    let (mut alice, bob) = acquainted(Version::Two);
    let taken = [alice.device];
    let new = Omemo::new(&mut alice.store).create_own_device(&taken, support::START, &mut alice.rng).unwrap();
    assert_ne!(new.id(), alice.device);
    assert!(!alice.has_session(&bob, Version::Two));
    assert_ne!(alice.identity(), bob.store.identities[&(alice.address.to_owned(), alice.device)]);
}

#[test]
fn what_goes_wrong_in_the_store_is_said_as_such() {
    let (mut alice, bob) = acquainted(Version::Two);
    alice.store.writes_left = Some(0);
    let recipients = [omemo::Recipient { address: bob.address, devices: &[bob.device] }];
    let failed = Omemo::new(&mut alice.store).encrypt(Version::Two, &recipients, b"hello", &mut alice.rng);
    assert_eq!(failed, Err(omemo::Error::Store(support::DiskFull)));

    let mut nobody = support::MemoryStore::default();
    assert!(matches!(
        Omemo::new(&mut nobody).own_device().map(|_| ()),
        Err(omemo::Error::Refused(Refusal::NoOwnDevice))
    ));
}

//! The ratchet on its own: steps lost, doubled and out of order, and how much of the past is kept.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::codec::{Reader, Writer};
use crate::wire::write_key;

/// One side, which is written and read again with every step.
struct Side {
    version: Version,
    record: Vec<u8>,
    rng: ChaCha20Rng,
}

impl Side {
    fn new(version: Version, ratchet: &Ratchet, seed: u64) -> Self {
        Self { version, record: record(ratchet), rng: ChaCha20Rng::seed_from_u64(seed) }
    }

    fn ratchet(&self) -> Ratchet {
        let mut reader = Reader::new(1, &self.record).unwrap();
        let ratchet = Ratchet::read(self.version, &mut reader).unwrap();
        reader.finish().unwrap();
        assert_eq!(record(&ratchet), self.record, "what is written is what was read");
        ratchet
    }

    fn change(&mut self, change: impl Fn(&mut Ratchet)) {
        let mut ratchet = self.ratchet();
        change(&mut ratchet);
        self.record = record(&ratchet);
    }

    fn say(&mut self, words: &str) -> RatchetMessage {
        let mut ratchet = self.ratchet();
        let (authenticated, code) = ratchet.encrypt(words.as_bytes()).unwrap();
        self.record = record(&ratchet);
        let bytes = write_key(self.version, None, authenticated, &code);
        RatchetMessage::read(self.version, &bytes).unwrap()
    }

    fn hear(&mut self, message: &RatchetMessage) -> Result<String, Refusal> {
        let (ratchet, plaintext) = self.ratchet().decrypt(message, &mut self.rng)?;
        self.record = record(&ratchet);
        Ok(String::from_utf8(plaintext.to_vec()).unwrap())
    }
}

fn record(ratchet: &Ratchet) -> Vec<u8> {
    let mut writer = Writer::new(1, ratchet.capacity());
    ratchet.write(&mut writer);
    let record = writer.finish();
    assert!(record.len() <= ratchet.capacity());
    record.to_vec()
}

/// Who have not said a word.
fn strangers(version: Version) -> (Side, Side) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let shared = Secret::random(&mut rng);
    let signed_prekey = KeyPair::generate(&mut rng);
    let (first, second) = (version.write_key(&[1; 32]), version.write_key(&[2; 32]));
    let parties = Parties { own: first.clone(), theirs: second.clone(), began: true };
    let alice = Ratchet::begin(version, parties, &shared, &signed_prekey.public, &mut rng).unwrap();
    let parties = Parties { own: second, theirs: first, began: false };
    let bob = Ratchet::follow(version, parties, shared, signed_prekey.secret);
    (Side::new(version, &alice, 2), Side::new(version, &bob, 3))
}

/// Who have heard each other.
fn sides(version: Version) -> (Side, Side) {
    let (mut alice, mut bob) = strangers(version);
    turn(&mut alice, &mut bob);
    (alice, bob)
}

/// Each says something and is heard.
fn turn(first: &mut Side, second: &mut Side) {
    for words in ["well", "you see"] {
        let message = first.say(words);
        assert_eq!(second.hear(&message).unwrap(), words);
        let message = second.say(words);
        assert_eq!(first.hear(&message).unwrap(), words);
    }
}

#[test]
fn the_last_two_thousand_keys_are_kept() {
    for version in Version::ALL {
        let (mut alice, mut bob) = sides(version);
        let messages: Vec<_> = (0..2_500).map(|number| alice.say(&number.to_string())).collect();
        let (last, others) = messages.split_last().unwrap();
        assert_eq!(bob.hear(last).unwrap(), "2499");
        assert_eq!(bob.ratchet().skipped.len(), MOST_SKIPPED);
        assert!(bob.record.len() < 150_000);
        assert_eq!(bob.hear(&others[498]), Err(Refusal::Duplicate), "its key was given up");
        for number in [499, 2_498, 1_000] {
            assert_eq!(bob.hear(&others[number]).unwrap(), number.to_string());
            assert_eq!(bob.hear(&others[number]), Err(Refusal::Duplicate));
        }
    }
}

#[test]
fn a_jump_has_a_limit() {
    for version in Version::ALL {
        let (alice, mut bob) = sides(version);
        let mut ahead = alice.ratchet();
        let chain = ahead.sending.as_mut().unwrap();
        for _ in 0..LONGEST_JUMP {
            step(&mut chain.key);
        }
        chain.next = LONGEST_JUMP;
        let mut at_limit = Side::new(version, &ahead, 4);
        let message = at_limit.say("at the limit");
        let beyond = at_limit.say("beyond it");
        assert_eq!(bob.hear(&beyond), Err(Refusal::TooFarAhead));
        assert_eq!(bob.hear(&message).unwrap(), "at the limit");
        assert_eq!(bob.hear(&beyond).unwrap(), "beyond it");

        let mut last = at_limit.ratchet();
        last.sending.as_mut().unwrap().next = u32::MAX;
        assert_eq!(last.encrypt(b"one too many").err(), Some(Refusal::NoSession));
    }
}

#[test]
fn a_wrong_length_of_the_last_chain_loses_nothing_for_five_turns() {
    for version in Version::ALL {
        for wrong in [0, 1, 7, u32::MAX] {
            let (mut alice, mut bob) = sides(version);
            let late: Vec<_> = (0..3).map(|number| alice.say(&number.to_string())).collect();
            for _ in 0..2 {
                let message = alice.say("here");
                bob.hear(&message).unwrap();
                let message = bob.say("there");
                alice.hear(&message).unwrap();
                alice.change(|ratchet| ratchet.previous_length = wrong);
            }
            for (number, message) in late.iter().enumerate() {
                assert_eq!(bob.hear(message).unwrap(), number.to_string());
            }
        }
    }
}

/// Some count from zero and say the last counter, others say how many there were.
#[test]
fn after_five_turns_either_meaning_of_the_length_will_do() {
    for version in Version::ALL {
        for meant in [|length: u32| length, |length: u32| length.saturating_sub(1)] {
            let (mut alice, mut bob) = strangers(version);
            let first = alice.say("first");
            let late: Vec<_> = (0..3).map(|number| alice.say(&number.to_string())).collect();
            bob.hear(&first).unwrap();
            for _ in 0..10 {
                let message = bob.say("there");
                alice.hear(&message).unwrap();
                alice.change(|ratchet| ratchet.previous_length = meant(ratchet.previous_length));
                let message = alice.say("here");
                bob.hear(&message).unwrap();
            }
            assert_eq!(bob.ratchet().receiving.len(), OPEN_CHAINS);
            for (number, message) in late.iter().enumerate() {
                assert_eq!(bob.hear(message).unwrap(), number.to_string());
            }
            assert!(bob.ratchet().skipped.is_empty(), "no key waits for a message that never was");
        }
    }
}

#[test]
fn a_key_waits_for_a_thousand_turns() {
    let (mut alice, mut bob) = sides(Version::Two);
    let (early, later) = (alice.say("early"), alice.say("later"));
    let next = alice.say("next");
    bob.hear(&next).unwrap();
    let turns_until = |turns: u32, alice: &mut Side, bob: &mut Side| {
        while bob.ratchet().turns < turns {
            let message = bob.say("there");
            alice.hear(&message).unwrap();
            let message = alice.say("here");
            bob.hear(&message).unwrap();
        }
    };
    let skipped_in = bob.ratchet().turns;
    turns_until(skipped_in + LONGEST_WAIT, &mut alice, &mut bob);
    assert_eq!(bob.hear(&early).unwrap(), "early");
    turns_until(skipped_in + LONGEST_WAIT + 1, &mut alice, &mut bob);
    assert!(bob.ratchet().skipped.is_empty());
    assert_eq!(bob.hear(&later), Err(Refusal::Tampered));
    assert!(bob.record.len() < 1_000, "{}", bob.record.len());
}

#[test]
fn a_length_that_is_a_lie_costs_no_more_than_the_keys_that_are_kept() {
    let (mut alice, mut bob) = sides(Version::Two);
    for _ in 0..12 {
        let message = bob.say("there");
        alice.hear(&message).unwrap();
        alice.change(|ratchet| ratchet.previous_length = u32::MAX - 1);
        let message = alice.say("here");
        bob.hear(&message).unwrap();
        assert!(bob.ratchet().skipped.len() <= MOST_SKIPPED);
    }
    assert_eq!(bob.ratchet().skipped.len(), MOST_SKIPPED);
}

#[test]
fn the_authentication_covers_both_identities_and_who_says_it() {
    for version in Version::ALL {
        let (mut alice, bob) = sides(version);
        let message = alice.say("to Bob");
        for change in [
            |parties: &mut Parties| *parties.theirs.last_mut().unwrap() ^= 1,
            |parties: &mut Parties| *parties.own.last_mut().unwrap() ^= 1,
            |parties: &mut Parties| std::mem::swap(&mut parties.own, &mut parties.theirs),
        ] {
            let mut ratchet = bob.ratchet();
            change(&mut ratchet.parties);
            let mut wrong = Side::new(version, &ratchet, 6);
            assert_eq!(wrong.hear(&message), Err(Refusal::Tampered));
        }
    }
}

#[test]
fn a_ratchet_key_of_low_order_is_refused() {
    let (mut alice, mut bob) = sides(Version::Two);
    let mut message = alice.say("hello");
    message.ratchet_key = [0; 32];
    assert_eq!(bob.hear(&message), Err(Refusal::WeakKey));
}

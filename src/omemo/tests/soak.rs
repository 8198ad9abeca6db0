//! Long conversations over a bad network: whatever is delivered is read, once.

#[path = "support/cases.rs"]
mod cases;
#[allow(dead_code)] // Each test file uses its part.
mod support;

use cases::cases;
use omemo::{Refusal, Version, check_sessions};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use support::{Letter, Person, acquainted, alice_and_bob, text};

/// A letter and what it says.
type Posted = (Letter, String);

/// Alice and Bob, with what is on its way to each.
struct Network {
    version: Version,
    people: [Person; 2],
    under_way: [Vec<Posted>; 2],
    read: [Vec<Posted>; 2],
    said: usize,
}

impl Network {
    fn new(version: Version, people: (Person, Person)) -> Self {
        Self {
            version,
            people: people.into(),
            under_way: Default::default(),
            read: Default::default(),
            said: 0,
        }
    }

    /// One of them says something to the other.
    fn say(&mut self, from: usize) {
        let [alice, bob] = &mut self.people;
        let (from_person, to) = if from == 0 { (alice, bob) } else { (bob, alice) };
        if !from_person.has_session(to, self.version) {
            from_person.start(to, self.version);
        }
        let words = format!("word {}", self.said);
        self.said += 1;
        let letter = from_person.write(to, self.version, &words);
        self.under_way[1 - from].push((letter, words));
    }

    /// One of the letters to somebody arrives.
    fn deliver(&mut self, to: usize, which: usize) {
        if self.under_way[to].is_empty() {
            return;
        }
        let at = which % self.under_way[to].len();
        let (letter, words) = self.under_way[to].remove(at);
        assert_eq!(text(&self.people[to].read(&letter)), words);
        self.read[to].push((letter, words));
        for record in self.people[to].store.sessions.values() {
            check_sessions(self.version, record).unwrap();
        }
    }

    /// One of the letters that somebody has read arrives again.
    fn deliver_again(&mut self, to: usize, which: usize) {
        if self.read[to].is_empty() {
            return;
        }
        let at = which % self.read[to].len();
        let refusal = self.people[to].refuse(&self.read[to][at].0);
        // A chain that is long closed is not remembered as such.
        assert!(matches!(refusal, Refusal::Duplicate | Refusal::Tampered), "{refusal:?}");
    }

    fn lose(&mut self, to: usize, which: usize) {
        if !self.under_way[to].is_empty() {
            let at = which % self.under_way[to].len();
            self.under_way[to].remove(at);
        }
    }

    fn deliver_all(&mut self) {
        for to in [0, 1] {
            while !self.under_way[to].is_empty() {
                self.deliver(to, 0);
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Event {
    Say(usize),
    Deliver(usize, usize),
    DeliverAgain(usize, usize),
    Lose(usize, usize),
}

fn event() -> impl Strategy<Value = Event> {
    let letter = || (0_usize..2, 0_usize..64);
    prop_oneof![
        4 => (0_usize..2).prop_map(Event::Say),
        4 => letter().prop_map(|(to, which)| Event::Deliver(to, which)),
        1 => letter().prop_map(|(to, which)| Event::DeliverAgain(to, which)),
        1 => letter().prop_map(|(to, which)| Event::Lose(to, which)),
    ]
}

fn live(network: &mut Network, events: &[Event]) {
    for event in events {
        match *event {
            Event::Say(from) => network.say(from),
            Event::Deliver(to, which) => network.deliver(to, which),
            Event::DeliverAgain(to, which) => network.deliver_again(to, which),
            Event::Lose(to, which) => network.lose(to, which),
        }
    }
    network.deliver_all();
    for from in [0, 1, 0, 1] {
        network.say(from);
        network.deliver_all();
    }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn two_people_keep_talking(events in prop::collection::vec(event(), 1..150)) {
        for version in Version::ALL {
            live(&mut Network::new(version, acquainted(version)), &events);
        }
    }

    /// Both may begin, at once or one after the other, and the first letters may be lost.
    #[test]
    fn two_strangers_find_together(events in prop::collection::vec(event(), 1..60)) {
        for version in Version::ALL {
            let mut network = Network::new(version, alice_and_bob());
            live(&mut network, &events);
            prop_assert!(network.people.iter().all(|person| person.store.sessions.len() == 1));
        }
    }
}

#[test]
fn ten_thousand_messages() {
    for version in Version::ALL {
        let mut network = Network::new(version, acquainted(version));
        let mut rng = ChaCha20Rng::seed_from_u64(10_000);
        let mut largest = 0;
        let mut lost = 0;
        while network.said < 10_000 {
            let (chance, who) = (rng.next_u32() % 100, (rng.next_u32() % 2) as usize);
            // Mostly in order: letters overtake each other by a few.
            let which = (rng.next_u32() % 4) as usize * usize::from(chance % 5 == 0);
            match chance {
                0..48 => network.say(who),
                48..96 => network.deliver(who, which),
                96..98 => network.deliver_again(who, which),
                _ => {
                    lost += network.under_way[who].len();
                    network.lose(who, which);
                    lost -= network.under_way[who].len();
                }
            }
            network.read.iter_mut().for_each(|read| {
                read.drain(..read.len().saturating_sub(50));
            });
            let records = network.people.iter().flat_map(|person| person.store.sessions.values());
            largest = largest.max(records.map(Vec::len).max().unwrap_or(0));
        }
        network.deliver_all();
        assert!(lost > 50, "{lost} were lost");
        // A session, and a key for each message that is missing: nothing else grows.
        assert!(largest < 2_000 + 72 * lost, "a record grew to {largest} bytes, {lost} were lost");
    }
}

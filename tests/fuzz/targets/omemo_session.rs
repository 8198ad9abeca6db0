//! Two devices that talk while somebody between them changes, doubles, keeps and loses what they write. A bad message is
//! refused and changes nothing, or says what was written; every good one is read once; in the end they still talk.

use std::sync::LazyLock;

use omemo::{Bundle, Content, DeviceId, Error, Omemo, Payload, Version};

use super::people::{Letter, Person, acquainted, alice_and_bob};

/// More steps than this repeat what was tried.
const MOST_STEPS: usize = 40;
/// Of the six sessions that are kept, so many are begun by each beside the first.
const MOST_STARTS: usize = 2;

/// Where a conversation begins.
struct Beginning {
    people: [Person; 2],
    bundles: [Bundle; 2],
}

/// For each version, before they ever wrote and after.
static BEGINNINGS: LazyLock<[[Beginning; 2]; 2]> = LazyLock::new(|| {
    Version::ALL.map(|version| [alice_and_bob(), acquainted(version)].map(|pair| beginning(pair, version)))
});

fn beginning((mut alice, mut bob): (Person, Person), version: Version) -> Beginning {
    let bundles = [alice.bundle(version), bob.bundle(version)];
    Beginning { people: [alice, bob], bundles }
}

/// A letter under way and what it says; `None` is nothing.
type Posted = (Letter, Option<String>);

struct Talk<'b> {
    version: Version,
    people: [Person; 2],
    bundles: &'b [Bundle; 2],
    starts: [usize; 2],
    /// To each of them.
    under_way: [Vec<Posted>; 2],
    read: [Vec<Letter>; 2],
    said: usize,
}

/// The first byte says where it begins, each that follows is a step, some with more bytes behind.
pub fn play(input: &[u8]) {
    let Some((choice, steps)) = input.split_first() else { return };
    let (version, met) = (usize::from(choice & 1), usize::from(choice >> 1 & 1));
    let beginning = &BEGINNINGS[version][met];
    let mut talk = Talk {
        version: Version::ALL[version],
        people: beginning.people.clone(),
        bundles: &beginning.bundles,
        starts: [0, 0],
        under_way: Default::default(),
        read: Default::default(),
        said: 0,
    };
    let mut steps = steps.iter().copied();
    for _ in 0..MOST_STEPS {
        let Some(step) = steps.next() else { break };
        let (who, which) = (usize::from(step >> 3 & 1), usize::from(step >> 4));
        match step & 7 {
            0 => talk.say(who, true),
            1 => talk.say(who, false),
            2 => talk.deliver(who, which),
            3 => talk.deliver_again(who, which),
            4 | 5 => talk.deliver_changed(who, which, &mut steps),
            6 => talk.lose(who, which),
            _ => talk.begin_anew(who),
        }
    }
    talk.end();
}

impl Talk<'_> {
    fn say(&mut self, from: usize, something: bool) {
        let [alice, bob] = &mut self.people;
        let (person, to) = if from == 0 { (alice, bob) } else { (bob, alice) };
        if !person.has_session(to, self.version) {
            person.start_with(to.peer(), &self.bundles[1 - from]).expect("a good bundle");
        }
        let words = something.then(|| format!("word {}", self.said));
        self.said += 1;
        let letter = match &words {
            Some(words) => person.write(to, self.version, words),
            None => person.write_nothing(to, self.version),
        };
        self.under_way[1 - from].push((letter, words));
    }

    fn begin_anew(&mut self, who: usize) {
        if self.starts[who] < MOST_STARTS {
            self.starts[who] += 1;
            let with = self.people[1 - who].peer();
            let person = &mut self.people[who];
            Omemo::new(&mut person.store).reset_session(with, self.version).expect("a reset");
            person.start_with(with, &self.bundles[1 - who]).expect("a good bundle");
        }
    }

    fn take(&mut self, to: usize, which: usize) -> Option<Posted> {
        let at = which.checked_rem(self.under_way[to].len())?;
        Some(self.under_way[to].remove(at))
    }

    fn deliver(&mut self, to: usize, which: usize) {
        let Some((letter, words)) = self.take(to, which) else { return };
        let read = self.people[to].read(&letter);
        assert_eq!(said(&read.content), words.as_deref());
        self.read[to].push(letter);
    }

    fn deliver_again(&mut self, to: usize, which: usize) {
        if let Some(at) = which.checked_rem(self.read[to].len()) {
            self.people[to].refuse(&self.read[to][at]);
        }
    }

    fn lose(&mut self, to: usize, which: usize) {
        self.take(to, which);
    }

    fn deliver_changed(&mut self, to: usize, which: usize, bytes: &mut impl Iterator<Item = u8>) {
        let Some((letter, words)) = self.take(to, which) else { return };
        let mut changed = letter.clone();
        change(&mut changed, bytes);
        // Who sent it is the server's word, and a key under another number is another device.
        let is_of_another = changed.from != letter.from;
        match self.people[to].try_read(&changed) {
            Ok(read) => {
                // Without its payload a message is an empty one: that is how both versions write those.
                let is_stripped = changed.payload != letter.payload && said(&read.content).is_none();
                assert!(is_stripped || said(&read.content) == words.as_deref(), "{:?}", read.content);
                if is_of_another {
                    self.under_way[to].push((letter, words));
                } else {
                    self.read[to].push(letter);
                }
            }
            Err(Error::Refused(_)) => self.under_way[to].push((letter, words)),
            Err(Error::Store(_)) => panic!("the store did not fail"),
        }
    }

    /// Whatever is still under way arrives, and both say something more.
    fn end(&mut self) {
        for to in [0, 1] {
            while !self.under_way[to].is_empty() {
                self.deliver(to, 0);
            }
        }
        for from in [0, 1, 0] {
            self.say(from, true);
            self.deliver(1 - from, 0);
        }
    }
}

fn said(content: &Content) -> Option<&str> {
    match content {
        Content::Message(words) => Some(std::str::from_utf8(words).expect("we wrote text")),
        Content::KeyTransport(_) => None,
    }
}

/// Changes a letter as the next bytes say.
fn change(letter: &mut Letter, bytes: &mut impl Iterator<Item = u8>) {
    let mut next = || bytes.next().unwrap_or_default();
    let (kind, at, value) = (next(), next(), next());
    let key = &mut letter.key.bytes;
    let place = (usize::from(kind >> 4 & 1) << 8 | usize::from(at)).min(key.len().saturating_sub(1));
    match kind & 15 {
        0..=3 => key[place] ^= value.max(1),
        4 => key[place] = value,
        5 => key.truncate(place),
        6 => key.insert(place, value),
        7 => drop(key.remove(place)),
        8 => key.extend(std::iter::repeat_n(value, usize::from(at))),
        9 => letter.key.key_exchange = !letter.key.key_exchange,
        // Each of the bytes that follow, until the length is reached.
        10 => *key = std::iter::repeat_with(next).take(usize::from(at)).collect(),
        11 => letter.from.1 = DeviceId::new(u32::from(value) + 1).expect("not zero"),
        12 => change_iv(&mut letter.payload, at, value),
        13 => *ciphertext(&mut letter.payload) = None,
        14 => *ciphertext(&mut letter.payload) = Some(vec![value; usize::from(at)]),
        _ => change_ciphertext(ciphertext(&mut letter.payload), at, value),
    }
}

fn ciphertext(payload: &mut Payload) -> &mut Option<Vec<u8>> {
    match payload {
        Payload::Legacy { ciphertext, .. } | Payload::Two { ciphertext } => ciphertext,
    }
}

fn change_iv(payload: &mut Payload, at: u8, value: u8) {
    if let Payload::Legacy { iv, .. } = payload {
        iv.resize(usize::from(at % 17), value);
    }
}

fn change_ciphertext(ciphertext: &mut Option<Vec<u8>>, at: u8, value: u8) {
    if let Some(byte) = ciphertext.as_mut().and_then(|ciphertext| ciphertext.get_mut(usize::from(at))) {
        *byte ^= value;
    }
}

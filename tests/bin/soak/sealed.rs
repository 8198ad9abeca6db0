//! The soak of encryption: a great many sealed messages with slixmpp-omemo, both ways at once, in each version of OMEMO.
//!
//! `soak sealed [COUNT]`. Half of the messages go in each version, and half of those each way; each version has a server of its
//! own, and both go on at the same time. Each side says its next while
//! the last ones of the other are on their way, so that the ratchets turn at the same time. Each message says its number,
//! so at the end it is known of each whether it was read once, twice or never; and each side says whether it came sealed.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use model::{BareJid, Content, Direction, EncryptionKind};
use store::{Anchor, PageRequest};
use tests::peer::Versions;
use tests::person::block_on;
use tests::{Peer, Person, Prosody, befriend_peer};

/// The first argument of this soak.
pub const WORD: &str = "sealed";
/// How many messages of each side may be on their way.
const IN_FLIGHT: usize = 32;
/// How long is listened at a time.
const LISTENING: Duration = Duration::from_millis(50);
/// How often nothing new may be heard before what is missing counts as lost. Not a time: a machine may hold all of this still.
const SILENCES: usize = 2400;
/// What each side begins its messages with.
const OURS: &str = "alice";
const THEIRS: &str = "peer";

/// How everybody names a version.
struct Named {
    name: &'static str,
    versions: Versions,
    /// The peer's word.
    word: &'static str,
    kind: EncryptionKind,
}

const LEGACY: Named = Named {
    name: "OMEMO 0.3",
    versions: Versions::Legacy,
    word: "legacy",
    kind: EncryptionKind::OmemoLegacy,
};
const TWO: Named =
    Named { name: "OMEMO 2", versions: Versions::Two, word: "two", kind: EncryptionKind::Omemo };

/// Says `count` messages, prints what became of them, and tells whether each was read once and sealed.
pub fn soak(count: usize) -> bool {
    println!("soak: {count} sealed messages with slixmpp-omemo");
    let half = count.div_ceil(2);
    let (legacy, two) = std::thread::scope(|scope| {
        let two = scope.spawn(|| in_version(&TWO, count - half));
        (in_version(&LEGACY, half), two.join().expect("told by its own panic"))
    });
    println!("  {}: {legacy}", LEGACY.name);
    println!("  {}: {two}", TWO.name);
    legacy.is_well() && two.is_well()
}

fn in_version(named: &'static Named, count: usize) -> Outcome {
    let start = Instant::now();
    let server = Prosody::start();
    let alice = Person::new(&server, "alice");
    server.register("peer");
    let peer = Peer::sealed(&server, "peer", "desk", named.versions);
    let address: BareJid = "peer@localhost".parse().expect("an address");
    befriend_peer(&alice, &address);
    // One after the other: who has one session for a device, as slixmpp-omemo, loses what is said when both begin at once.
    alice.say(&address, "hello");
    peer.expect(&format!("{} message hello", named.word));
    peer.hush();

    let mut talk = Talk { alice, peer, address, named, by_us: Count::default(), by_them: Count::default() };
    let (ours, theirs) = (count.div_ceil(2), count / 2);
    let (mut known, mut silences) = (0, 0);
    while talk.by_us.read() < ours || talk.by_them.read() < theirs {
        talk.say_more(ours, theirs);
        talk.listen();
        let read = talk.by_us.read() + talk.by_them.read();
        if read / 1000 > known / 1000 {
            println!("    {}: {read} of {count} after {} s", named.name, start.elapsed().as_secs());
        }
        silences = if read > known { 0 } else { silences + 1 };
        if silences > SILENCES {
            break;
        }
        known = read;
    }
    talk.outcome(start)
}

struct Talk {
    alice: Person,
    peer: Peer,
    address: BareJid,
    named: &'static Named,
    by_us: Count,
    by_them: Count,
}

/// What became of the messages of one side.
#[derive(Default)]
struct Count {
    said: usize,
    /// How often each was read, by its number.
    times: BTreeMap<usize, usize>,
    unreadable: usize,
    clear: usize,
}

impl Count {
    fn read(&self) -> usize {
        self.times.len()
    }

    fn may_say(&self, all: usize) -> bool {
        self.said < all && self.said < self.read() + IN_FLIGHT
    }
}

impl Talk {
    fn say_more(&mut self, ours: usize, theirs: usize) {
        while self.by_us.may_say(ours) || self.by_them.may_say(theirs) {
            if self.by_us.may_say(ours) {
                self.alice.say(&self.address, &format!("{OURS} {}", self.by_us.said));
                self.by_us.said += 1;
            }
            if self.by_them.may_say(theirs) {
                self.peer.tell(&format!("say alice@localhost {THEIRS} {}", self.by_them.said));
                self.by_them.said += 1;
            }
        }
    }

    /// Takes in what both heard since.
    fn listen(&mut self) {
        for line in self.peer.heard(LISTENING) {
            note(&mut self.by_us, &line, self.named.word);
        }
        // Only for how far they are: what was read how often is counted when all is said.
        for message in self.alice.messages(&self.address, 4 * IN_FLIGHT as u32) {
            if let (Direction::Incoming, Content::Text(text)) = (message.direction, &message.content)
                && let Some(number) = number(text, THEIRS)
            {
                self.by_them.times.entry(number).or_insert(1);
            }
        }
    }

    fn outcome(mut self, start: Instant) -> Outcome {
        // What would come twice comes late.
        self.listen();
        self.by_them = self.count_rows();
        Outcome { by_us: self.by_us, by_them: self.by_them, seconds: start.elapsed().as_secs() }
    }

    /// What Starling keeps of the other side's messages.
    fn count_rows(&self) -> Count {
        let mut count = Count { said: self.by_them.said, ..Count::default() };
        let reader = self.alice.reader();
        let conversation = self.alice.conversation(&self.address);
        let mut anchor = Anchor::Oldest;
        loop {
            let request = PageRequest { conversation, anchor, limit: 500 };
            let page = block_on(reader.page(request)).expect("a page");
            for message in page.messages.iter().filter(|message| message.direction == Direction::Incoming) {
                match &message.content {
                    Content::Text(text) => {
                        if let Some(number) = number(text, THEIRS) {
                            *count.times.entry(number).or_default() += 1;
                        }
                        count.clear += usize::from(message.encryption != self.named.kind);
                    }
                    Content::Unreadable(_) => count.unreadable += 1,
                    Content::Retracted | Content::Call(_) => {}
                }
            }
            match page.messages.last() {
                Some(last) if !page.reaches_end => anchor = Anchor::After(last.sort_time, last.id),
                _ => return count,
            }
        }
    }
}

/// What a line of the peer says about our messages.
fn note(count: &mut Count, line: &str, word: &str) {
    if line.starts_with("unreadable") {
        count.unreadable += 1;
        eprintln!("    {line}");
    } else if let Some((how, text)) = line.split_once("message ")
        && let Some(number) = number(text, OURS)
    {
        *count.times.entry(number).or_default() += 1;
        count.clear += usize::from(how.trim() != word);
    }
}

fn number(text: &str, whose: &str) -> Option<usize> {
    text.strip_prefix(whose)?.trim().parse().ok()
}

/// What became of all messages in one version.
struct Outcome {
    by_us: Count,
    by_them: Count,
    seconds: u64,
}

impl Outcome {
    fn sum(&self, of: impl Fn(&Count) -> usize) -> usize {
        of(&self.by_us) + of(&self.by_them)
    }

    fn lost(&self) -> usize {
        self.sum(|count| count.said - count.read())
    }

    fn doubled(&self) -> usize {
        self.sum(|count| count.times.values().filter(|times| **times > 1).count())
    }

    fn is_well(&self) -> bool {
        self.lost() + self.doubled() + self.sum(|count| count.unreadable + count.clear) == 0
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} sent by us and {} by them, {} read, {} lost, {} doubled, {} unreadable, {} in the clear, in {} s",
            self.by_us.said,
            self.by_them.said,
            self.sum(Count::read),
            self.lost(),
            self.doubled(),
            self.sum(|count| count.unreadable),
            self.sum(|count| count.clear),
            self.seconds
        )
    }
}

//! What must be true when everything has settled.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use model::{BareJid, Content, Direction};
use tests::Person;
use tests::person::block_on;
use tests::wait::{self, LONG_PATIENCE};

use crate::device::{self, Place};

/// What the device saw as sent, over all its lives.
#[derive(Default)]
pub struct Seen {
    sent: BTreeSet<u64>,
}

impl Seen {
    /// Takes in what it told, and says whether something of that is new.
    pub fn note(&mut self, told: &[u64]) -> bool {
        let known = self.sent.len();
        self.sent.extend(told);
        self.sent.len() > known
    }

    pub fn confirmed(&self) -> usize {
        self.sent.len()
    }
}

/// How much was said.
pub struct Talk {
    by_alice: usize,
    by_bob: usize,
    confirmed: usize,
}

impl fmt::Display for Talk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by_alice, by_bob, confirmed } = self;
        write!(
            formatter,
            "{by_alice} messages of the killed device ({confirmed} seen as sent), {by_bob} of the other side: none lost, none doubled, all in order"
        )
    }
}

/// Starts the device once more, lets everything arrive, and judges.
pub fn settle(place: &Place<'_>, bob: &Person, said_by_bob: u64, seen: &Seen) -> Talk {
    let session = device::open(place.folder);
    let account = session.accounts().first().expect("the account is there").id;
    wait::until("the account to open", || session.reader(account));
    let reader = || session.reader(account).expect("open");
    // The newest come live while older ones are still on their way from the archive: all are waited for.
    wait::within(LONG_PATIENCE, "all that the other side said", || {
        (heard(&reader(), &bob.address).len() as u64 >= said_by_bob).then_some(())
    });
    wait::within(LONG_PATIENCE, "the outbox to empty", || {
        let own = texts(&reader(), &bob.address, Direction::Outgoing, false);
        let all = texts(&reader(), &bob.address, Direction::Outgoing, true);
        (own.len() == all.len()).then_some(())
    });
    let written = texts(&reader(), &bob.address, Direction::Outgoing, true);
    wait::within(LONG_PATIENCE, "the other side to have them", || {
        let there = texts(&bob.reader(), &place.address(), Direction::Incoming, true);
        (there.len() >= written.len()).then_some(())
    });

    let with_bob = texts(&bob.reader(), &place.address(), Direction::Incoming, true);
    assert_eq!(with_bob, written, "what Bob has is not what the device wrote, in its order");
    for number in &seen.sent {
        assert!(
            with_bob.contains(&format!("alice {number}")),
            "“alice {number}” was seen as sent and is lost"
        );
    }
    let numbers: Vec<String> = (0..with_bob.len()).map(|number| format!("alice {number}")).collect();
    assert_eq!(with_bob, numbers, "a message is doubled, lost or out of order");
    let from_bob: Vec<String> = (0..said_by_bob).map(|number| format!("bob {number}")).collect();
    assert_eq!(heard(&reader(), &bob.address), from_bob, "what Bob said is doubled, lost or out of order");
    session.end(Duration::from_secs(5));
    Talk { by_alice: with_bob.len(), by_bob: from_bob.len(), confirmed: seen.confirmed() }
}

fn heard(reader: &store::ReaderHandle, from: &BareJid) -> Vec<String> {
    texts(reader, from, Direction::Incoming, true)
}

/// All texts of one direction, oldest first; with `queued` false only those that left.
fn texts(reader: &store::ReaderHandle, with: &BareJid, direction: Direction, queued: bool) -> Vec<String> {
    block_on(async {
        let summaries = reader.conversations().await.expect("readable");
        let Some(summary) = summaries.into_iter().find(|summary| summary.conversation.address == *with)
        else {
            return Vec::new();
        };
        let mut anchor = store::Anchor::Oldest;
        let mut found = Vec::new();
        loop {
            let request = store::PageRequest { conversation: summary.conversation.id, anchor, limit: 500 };
            let page = reader.page(request).await.expect("readable");
            let Some(last) = page.messages.last() else { return found };
            anchor = store::Anchor::After(last.sort_time, last.id);
            for message in page.messages {
                let counts = queued || message.delivery != model::Delivery::Queued;
                if let (true, Content::Text(text)) =
                    (counts && message.direction == direction, message.content)
                {
                    found.push(text);
                }
            }
            if page.reaches_end {
                return found;
            }
        }
    })
}

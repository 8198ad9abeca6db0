//! What must be true when everything has settled.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

use model::{BareJid, Content, Delivery, Direction, Message};
use session::Session;
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
    let patient = Instant::now();
    while (heard(&reader(), &bob.address).len() as u64) < said_by_bob {
        assert!(patient.elapsed() < LONG_PATIENCE, "{}", missing(&session, place, bob, said_by_bob));
        std::thread::sleep(Duration::from_millis(50));
    }
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

/// What of Bob's never came, and what is known of where it stayed.
fn missing(session: &Session, place: &Place<'_>, bob: &Person, said_by_bob: u64) -> String {
    let account = session.accounts().first().expect("the account is there").id;
    let reader = session.reader(account).expect("open");
    let there = heard(&reader, &bob.address);
    let missing: Vec<String> =
        (0..said_by_bob).map(|number| format!("bob {number}")).filter(|text| !there.contains(text)).collect();
    let unreadable =
        messages(&reader, &bob.address).into_iter().filter_map(|message| match message.content {
            Content::Unreadable(reason) => Some((message.sort_time, reason)),
            _ => None,
        });
    let at_bob = messages(&bob.reader(), &place.address())
        .into_iter()
        .filter(|message| matches!(&message.content, Content::Text(text) if missing.contains(text)))
        .map(|message| message.delivery);
    format!(
        "missing of Bob: {missing:?}; at Bob they are {:?}; unreadable here: {:?}; the connection is {:?}",
        at_bob.collect::<Vec<_>>(),
        unreadable.collect::<Vec<_>>(),
        session.accounts().first().map(|account| account.condition.clone()),
    )
}

fn heard(reader: &store::ReaderHandle, from: &BareJid) -> Vec<String> {
    texts(reader, from, Direction::Incoming, true)
}

/// All texts of one direction, oldest first; with `queued` false only those that left.
fn texts(reader: &store::ReaderHandle, with: &BareJid, direction: Direction, queued: bool) -> Vec<String> {
    let counts = |message: &Message| queued || message.delivery != Delivery::Queued;
    let ours = messages(reader, with)
        .into_iter()
        .filter(|message| message.direction == direction && counts(message));
    ours.filter_map(|message| match message.content {
        Content::Text(text) => Some(text),
        _ => None,
    })
    .collect()
}

/// The whole conversation with somebody, oldest first.
fn messages(reader: &store::ReaderHandle, with: &BareJid) -> Vec<Message> {
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
            found.extend(page.messages);
            if page.reaches_end {
                return found;
            }
        }
    })
}

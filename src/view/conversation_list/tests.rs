//! Against real databases of two accounts: the order of the list, its filters, and that its steps lead to what it holds.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use model::{Direction, EncryptionKind, Show};
use store::{MessageIds, NewMessage, Tx, Writer};

use super::*;
use crate::diff::apply;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}

fn address(text: &str) -> BareJid {
    text.parse().expect("an address")
}

struct Device {
    account: AccountId,
    writer: Writer,
}

impl Device {
    fn new(number: u8, people: &[&str]) -> Self {
        let mut writer = Writer::in_memory().expect("a database");
        writer
            .write(|tx: &mut Tx<'_>| {
                for person in people {
                    tx.create_conversation(&address(person), ConversationKind::Direct, false, Timestamp(0))?;
                }
                Ok::<_, Error>(())
            })
            .expect("conversations");
        Self { account: AccountId([number; 16]), writer }
    }

    fn id(&self, person: &str) -> ConversationId {
        let reader = self.writer.reader().expect("a reader");
        block_on(reader.conversation_with(address(person))).expect("readable").expect("a conversation")
    }

    /// Writes something about a conversation and returns the event that tells of it.
    fn change(
        &mut self,
        person: &str,
        write: impl FnOnce(&mut Tx<'_>, ConversationId) -> Result<(), Error>,
    ) -> Event {
        let id = self.id(person);
        let commit = self
            .writer
            .write(|tx: &mut Tx<'_>| {
                write(tx, id)?;
                Ok::<_, Error>(tx.commit_number())
            })
            .expect("written");
        Event { account: self.account, kind: EventKind::Changed { change: Change::Conversation(id), commit } }
    }

    fn hears(&mut self, person: &str, time: i64) -> Event {
        self.change(person, |tx, conversation| {
            tx.insert_message(&NewMessage {
                conversation,
                direction: Direction::Incoming,
                sender: address(person),
                occupant: None,
                nickname: None,
                time: Timestamp(time),
                sort_time: Timestamp(time),
                content: model::Content::Text("hello".to_owned()),
                encryption: EncryptionKind::None,
                delivery: model::Delivery::Received,
                ids: MessageIds::default(),
                reply: None,
                unread: true,
            })
            .map(|_| ())
        })
    }
}

/// A list on a screen, changed only by the steps that it is told.
struct Screen {
    list: ConversationList,
    shown: Vec<ConversationRow>,
}

impl Screen {
    fn of(devices: &[&Device]) -> Self {
        let mut screen = Self { list: ConversationList::new(), shown: Vec::new() };
        for device in devices {
            let reader = device.writer.reader().expect("a reader");
            let diffs = block_on(screen.list.add_account(device.account, reader)).expect("readable");
            apply(&mut screen.shown, diffs);
        }
        screen
    }

    fn hear(&mut self, events: &[Event]) {
        let diffs = block_on(self.list.handle_events(events)).expect("readable");
        apply(&mut self.shown, diffs);
        assert_eq!(self.shown, self.list.rows());
    }

    fn filter(&mut self, filter: Filter) {
        let diffs = self.list.set_filter(filter);
        apply(&mut self.shown, diffs);
    }

    fn people(&self) -> Vec<String> {
        self.shown.iter().map(|row| row.summary.conversation.address.to_string()).collect()
    }
}

const BOB: &str = "bob@example.org";
const CAROL: &str = "carol@example.org";
const DAVE: &str = "dave@example.com";

#[test]
fn what_is_newest_stands_first_over_all_accounts_and_pinned_ones_before_that() {
    let mut home = Device::new(1, &[BOB, CAROL]);
    let mut work = Device::new(2, &[DAVE]);
    let mut screen = Screen::of(&[&home, &work]);
    screen.hear(&[home.hears(BOB, 10), work.hears(DAVE, 20), home.hears(CAROL, 30)]);
    assert_eq!(screen.people(), [CAROL, DAVE, BOB]);
    screen.hear(&[home.hears(BOB, 40)]);
    assert_eq!(screen.people(), [BOB, CAROL, DAVE]);
    screen.hear(&[work.change(DAVE, |tx, id| tx.set_pinned(id, true).map(|_| ()))]);
    assert_eq!(screen.people(), [DAVE, BOB, CAROL]);
    assert_eq!(screen.list.unread(), 4);
}

#[test]
fn filters_let_through_what_they_say() {
    let mut home = Device::new(1, &[BOB, CAROL]);
    let mut screen = Screen::of(&[&home]);
    screen.hear(&[home.hears(BOB, 10)]);
    screen.filter(Filter::Unread);
    assert_eq!(screen.people(), [BOB]);
    screen.hear(&[home.hears(CAROL, 20)]);
    assert_eq!(screen.people(), [CAROL, BOB]);
    screen.hear(&[home.change(CAROL, |tx, id| tx.set_archived(id, true).map(|_| ()))]);
    assert_eq!(screen.people(), [BOB]);
    screen.filter(Filter::Archived);
    assert_eq!(screen.people(), [CAROL]);
}

#[test]
fn presence_and_typing_change_the_row_in_place_and_outlive_a_reading() {
    let mut home = Device::new(1, &[BOB, CAROL]);
    let mut screen = Screen::of(&[&home]);
    let about = |kind| Event { account: AccountId([1; 16]), kind };
    let presence = ContactPresence { show: Show::Available, ..ContactPresence::default() };
    screen.hear(&[about(EventKind::Presence(address(BOB), presence.clone()))]);
    screen.hear(&[about(EventKind::ChatState(address(BOB), ChatState::Composing))]);
    screen.hear(&[home.hears(BOB, 10)]);
    let row = screen.shown.first().expect("a row");
    assert_eq!((&row.summary.presence, row.summary.chat_state), (&presence, ChatState::Composing));
}

#[test]
fn without_a_connection_nobody_is_shown_as_here() {
    let home = Device::new(1, &[BOB]);
    let mut screen = Screen::of(&[&home]);
    let about = |kind| Event { account: AccountId([1; 16]), kind };
    let presence = ContactPresence { show: Show::Available, ..ContactPresence::default() };
    screen.hear(&[about(EventKind::Presence(address(BOB), presence))]);
    let shown = |screen: &Screen| screen.shown.first().map(|row| row.summary.presence.show);
    assert_eq!(shown(&screen), Some(Show::Available));
    screen.hear(&[about(EventKind::Connection(ConnectionState::Offline))]);
    assert_eq!(shown(&screen), Some(Show::Offline));
    // A session that is resumed tells only what changed.
    screen.hear(&[about(EventKind::Connection(ConnectionState::Online))]);
    assert_eq!(shown(&screen), Some(Show::Available));
}

#[test]
fn an_account_that_goes_takes_its_rows_along() {
    let home = Device::new(1, &[BOB]);
    let work = Device::new(2, &[DAVE]);
    let mut screen = Screen::of(&[&home, &work]);
    let diffs = screen.list.remove_account(home.account);
    apply(&mut screen.shown, diffs);
    assert_eq!(screen.people(), [DAVE]);
}

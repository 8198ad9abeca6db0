//! Against a real database: whatever happens to a conversation, the steps a window tells lead to what the disk says.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use model::{
    BareJid, Change, Content, ConversationKind, Delivery, Direction, EncryptionKind, EventKind, Timestamp,
};
use proptest::prelude::*;
use store::{MessageIds, NewMessage, Tx, Writer};

use super::*;
use crate::diff::apply;

const DAY: i64 = 24 * 60 * 60 * 1000;

fn day_of(time: Timestamp) -> i64 {
    time.0.div_euclid(DAY)
}

/// Polls until done: the answers come from the reader's thread, so there is nothing else to drive.
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

struct Device {
    writer: Writer,
    reader: ReaderHandle,
    conversation: ConversationId,
    bob: BareJid,
}

impl Device {
    fn new() -> Self {
        let mut writer = Writer::in_memory().expect("a database");
        let bob: BareJid = "bob@example.org".parse().expect("an address");
        let conversation = writer
            .write(|tx: &mut Tx<'_>| {
                tx.create_conversation(&bob, ConversationKind::Direct, false, Timestamp(0))
            })
            .expect("a conversation");
        let reader = writer.reader().expect("a reader");
        Self { writer, reader, conversation, bob }
    }

    fn add(&mut self, time: i64, direction: Direction) -> EventKind {
        let message = NewMessage {
            conversation: self.conversation,
            direction,
            sender: self.bob.clone(),
            occupant: None,
            nickname: None,
            time: Timestamp(time),
            sort_time: Timestamp(time),
            content: Content::Text(format!("at {time}")),
            encryption: EncryptionKind::None,
            delivery: Delivery::Received,
            ids: MessageIds::default(),
            reply: None,
            unread: direction == Direction::Incoming,
        };
        let (id, commit) = self
            .writer
            .write(|tx: &mut Tx<'_>| Ok::<_, Error>((tx.insert_message(&message)?.id(), tx.commit_number())))
            .expect("a message");
        EventKind::Changed { change: Change::MessageAdded(self.conversation, id), commit }
    }

    fn delete(&mut self, id: MessageId) -> EventKind {
        let commit = self
            .writer
            .write(|tx: &mut Tx<'_>| tx.delete_message(id).map(|_| tx.commit_number()))
            .expect("deleted");
        EventKind::Changed { change: Change::MessageRemoved(self.conversation, id), commit }
    }

    fn open(&self, at: At) -> Timeline {
        block_on(Timeline::open(self.reader.clone(), self.conversation, at, day_of)).expect("a timeline")
    }

    fn all(&self) -> Vec<MessageId> {
        let request = PageRequest { conversation: self.conversation, anchor: Anchor::Oldest, limit: 5000 };
        block_on(self.reader.page(request))
            .expect("a page")
            .messages
            .iter()
            .map(|message| message.id)
            .collect()
    }
}

fn ids(items: &[TimelineItem]) -> Vec<MessageId> {
    items.iter().map(|item| item.message.id).collect()
}

/// What is in the window is what the disk has between its ends, without a hole.
fn assert_true(device: &Device, timeline: &Timeline) {
    let all = device.all();
    let shown = ids(timeline.items());
    let Some(first) = shown.first() else {
        assert!(all.is_empty());
        return;
    };
    let start = all.iter().position(|id| id == first).expect("a message that exists");
    assert_eq!(shown, all[start..start + shown.len()]);
    assert!(shown.len() <= WINDOW);
    if timeline.reaches_start() {
        assert_eq!(start, 0);
    }
    if timeline.reaches_end() {
        assert_eq!(start + shown.len(), all.len());
    }
}

#[derive(Clone, Debug)]
enum Step {
    Add { time: i64, incoming: bool },
    Flood(usize),
    Delete(prop::sample::Index),
    Older,
    Newer,
    Jump(prop::sample::Index),
    Newest,
    Read(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0i64..400, any::<bool>()).prop_map(|(time, incoming)| Step::Add { time: time * 60_000, incoming }),
        2 => (1usize..120).prop_map(Step::Flood),
        2 => any::<prop::sample::Index>().prop_map(Step::Delete),
        2 => Just(Step::Older),
        2 => Just(Step::Newer),
        1 => any::<prop::sample::Index>().prop_map(Step::Jump),
        1 => Just(Step::Newest),
        1 => any::<prop::sample::Index>().prop_map(Step::Read),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_steps_lead_to_the_truth(steps in prop::collection::vec(step(), 1..25)) {
        let mut device = Device::new();
        let mut clock = 400 * 60_000;
        for _ in 0..180 {
            clock += 30_000;
            device.add(clock, Direction::Incoming);
        }
        let mut timeline = device.open(At::Newest);
        let mut screen = timeline.items().to_vec();
        for step in steps {
            let all = device.all();
            let diffs = match step {
                Step::Add { time, incoming } => {
                    let direction = if incoming { Direction::Incoming } else { Direction::Outgoing };
                    let event = device.add(time, direction);
                    block_on(timeline.handle_events([&event]))
                }
                Step::Flood(count) => {
                    let events: Vec<_> = (0..count).map(|_| { clock += 1000; device.add(clock, Direction::Incoming) }).collect();
                    block_on(timeline.handle_events(&events))
                }
                Step::Delete(index) if !all.is_empty() => {
                    let event = device.delete(*index.get(&all));
                    block_on(timeline.handle_events([&event]))
                }
                Step::Delete(_) | Step::Newest => block_on(timeline.jump(At::Newest)),
                Step::Older => block_on(timeline.older()),
                Step::Newer => block_on(timeline.newer()),
                Step::Jump(index) if !all.is_empty() => block_on(timeline.jump(At::Message(*index.get(&all)))),
                Step::Read(index) => {
                    timeline.set_reading(timeline.items().get(index.index(WINDOW)).map(|item| item.message.id));
                    Ok(Vec::new())
                }
                Step::Jump(_) => block_on(timeline.reread()),
            };
            apply(&mut screen, diffs.expect("readable"));
            prop_assert_eq!(&screen, timeline.items());
            assert_true(&device, &timeline);
        }
    }
}

#[test]
fn the_window_follows_the_newest_and_lets_go_of_the_oldest() {
    let mut device = Device::new();
    let mut timeline = device.open(At::Newest);
    for round in 0..8 {
        let events: Vec<_> =
            (0..50).map(|n| device.add(round * 1_000_000 + n * 1000, Direction::Incoming)).collect();
        block_on(timeline.handle_events(&events)).expect("readable");
    }
    assert_eq!(timeline.items().len(), WINDOW);
    assert!(timeline.reaches_end() && !timeline.reaches_start());
}

#[test]
fn what_a_person_reads_is_never_let_go_of_for_what_arrives() {
    let mut device = Device::new();
    for minute in 0..400 {
        device.add(minute * 60_000, Direction::Incoming);
    }
    let mut timeline = device.open(At::Newest);
    while timeline.items().len() < WINDOW {
        block_on(timeline.older()).expect("readable");
    }
    let reading = timeline.items()[3].message.id;
    timeline.set_reading(Some(reading));
    let events: Vec<_> =
        (0..40).map(|second| device.add(500 * 60_000 + second * 1000, Direction::Incoming)).collect();
    block_on(timeline.handle_events(&events)).expect("readable");
    assert_eq!(timeline.items()[3].message.id, reading);
    assert!(!timeline.reaches_end() && timeline.items().len() == WINDOW);
}

#[test]
fn days_groups_and_the_line_of_new_messages_are_where_people_expect_them() {
    let mut device = Device::new();
    device.add(DAY - 2 * 60_000, Direction::Incoming);
    let EventKind::Changed { change: Change::MessageAdded(_, read), .. } =
        device.add(DAY - 60_000, Direction::Incoming)
    else {
        unreachable!()
    };
    device.writer.write(|tx: &mut Tx<'_>| tx.mark_read(device.conversation, read).map(|_| ())).expect("read");
    device.add(DAY + 60_000, Direction::Incoming);
    device.add(DAY + 2 * 60_000, Direction::Incoming);
    device.add(DAY + 20 * 60_000, Direction::Incoming);
    device.add(DAY + 21 * 60_000, Direction::Outgoing);
    let timeline = device.open(At::Newest);
    let flags: Vec<String> = timeline
        .items()
        .iter()
        .map(|item| {
            [
                (item.day_starts, 'd'),
                (item.group_starts, '('),
                (item.group_ends, ')'),
                (item.first_unread, 'n'),
            ]
            .iter()
            .filter_map(|(set, mark)| set.then_some(*mark))
            .collect()
        })
        .collect();
    assert_eq!(flags, ["d(", ")", "d(n", ")", "()", "()"]);
}

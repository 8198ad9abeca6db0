//! Devices, a server, and what lies between them: links with latency that break at any moment, disks that fail,
//! processes that are killed.

use std::{
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    time::Duration,
};

use account::{Input, Output, Question};
use model::{AccountCommand, BareJid, Content, ConversationId, Direction, Message, Outgoing, RequestId};
use store::{Anchor, PageRequest};
use xmpp::TlsFacts;

use crate::{
    chance::Chance,
    device::Device,
    server::{Act, LinkId, Server},
    wire::Reader,
};

/// Milliseconds since the world began.
type Millis = u64;

/// A device, and the end of its link.
pub struct Person {
    pub name: &'static str,
    pub device: Device,
    peer: BareJid,
    link: Option<LinkId>,
    reader: Reader,
    /// What its user said, in order.
    pub said: Vec<String>,
}

struct Wire {
    person: usize,
    /// When the last byte written so far arrives, each way: bytes do not overtake each other.
    to_server: Millis,
    to_client: Millis,
    /// When each side notices that the link is cut: what arrives later is lost.
    server_until: Millis,
    client_until: Millis,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Opened(LinkId),
    ToServer(LinkId, Vec<u8>),
    ToClient(LinkId, Vec<u8>),
    ServerNotices(LinkId),
    ClientNotices(LinkId),
    /// Nothing but the time.
    Tick,
}

/// All of it.
pub struct World {
    pub people: Vec<Person>,
    server: Server,
    server_readers: BTreeMap<LinkId, Reader>,
    wires: BTreeMap<LinkId, Wire>,
    queue: BinaryHeap<std::cmp::Reverse<(Millis, u64, Happening)>>,
    now: Millis,
    serial: u64,
    chance: Chance,
    /// Words that somebody wanted to take back, whether or not the disk agreed.
    pub taken_back: BTreeSet<String>,
}

impl World {
    /// Two devices of alice, one of bob.
    pub fn new(seed: u64) -> Self {
        let person = |name: &'static str, own: &str, peer: &str, seed: u64| Person {
            name,
            device: Device::new(own, seed),
            peer: BareJid::new(peer).unwrap(),
            link: None,
            reader: Reader::new(),
            said: Vec::new(),
        };
        let (alice, bob) = ("alice@example.org", "bob@example.org");
        let people = vec![
            person("desk", alice, bob, seed ^ 1),
            person("phone", alice, bob, seed ^ 2),
            person("bob", bob, alice, seed ^ 3),
        ];
        let mut world = Self {
            people,
            server: Server::default(),
            server_readers: BTreeMap::new(),
            wires: BTreeMap::new(),
            queue: BinaryHeap::new(),
            now: 0,
            serial: 0,
            chance: Chance::new(seed),
            taken_back: BTreeSet::new(),
        };
        world.server.keeps_offline = world.chance.one_in(2);
        for person in 0..world.people.len() {
            let peer = world.people[person].peer.clone();
            world.give(person, Input::Ask(RequestId(0), Question::OpenConversation(peer)));
        }
        world
    }

    /// Lets so much time pass, with all that happens in it.
    pub fn run(&mut self, time: Millis) {
        let end = self.now + time;
        self.at(end, Happening::Tick);
        while let Some(std::cmp::Reverse((due, ..))) = self.queue.peek() {
            if *due > end {
                break;
            }
            let due = *due;
            // Timers of the devices run out in between.
            let next = (0..self.people.len()).filter_map(|person| self.timer(person)).min();
            match next {
                Some((timer, person)) if timer < due => {
                    self.now = timer.max(self.now);
                    self.pass(person);
                    self.outputs(person);
                }
                _ => {
                    let std::cmp::Reverse((due, _, happening)) = self.queue.pop().unwrap();
                    self.now = due;
                    self.happen(happening);
                }
            }
        }
    }

    /// Something one of the people, or the world, does.
    pub fn act(&mut self) {
        let person = self.chance.below(self.people.len() as u64) as usize;
        match self.chance.below(100) {
            0..45 => self.say(person),
            // Edits are a second apart: which of two is later, the clocks of two machines cannot tell more exactly.
            45..50 => {
                self.run(1000);
                self.correct(person);
            }
            50..53 => self.retract(person),
            53..60 if self.people[person].name != "phone" => {
                self.run(1000);
                self.react(person);
            }
            60..66 => self.read(person),
            66..78 => self.cut(person),
            78..84 => self.restart(person),
            84..89 => {
                let times = 1 + self.chance.below(2) as u32;
                self.people[person].device.fail_commits(times);
            }
            89..92 => self.restart_server(),
            92..95 => {
                let command =
                    if self.chance.one_in(3) { AccountCommand::Disconnect } else { AccountCommand::Connect };
                self.give(person, Input::Command(command));
            }
            95..97 => {
                self.give(person, Input::Resumed);
            }
            _ => {
                let time = self.chance.below(60_000);
                self.run(time);
            }
        }
        let time = self.chance.below(400);
        self.run(time);
    }

    /// No more faults: everybody comes online, and everything settles.
    pub fn settle(&mut self) {
        for person in 0..self.people.len() {
            self.people[person].device.fail_commits(0);
            self.give(person, Input::Command(AccountCommand::Connect));
        }
        for _ in 0..20 {
            self.run(30_000);
        }
    }

    fn say(&mut self, person: usize) {
        let text = format!("{}-{}", self.people[person].name, self.people[person].said.len());
        let outgoing = Outgoing { text: text.clone(), reply_to: None, corrects: None };
        let conversation = self.conversation(person);
        // A failed commit takes the words back before anybody saw them: the user types them again.
        for _ in 0..5 {
            self.give(person, Input::Command(AccountCommand::Send(conversation, outgoing.clone())));
            if self.people[person].has(&text) {
                self.people[person].said.push(text);
                return;
            }
        }
        panic!("the disk does not recover");
    }

    fn correct(&mut self, person: usize) {
        let Some(message) = self.own(person) else { return };
        let Content::Text(text) = &message.content else { return };
        let text = format!("{text}!");
        let outgoing = Outgoing { text, reply_to: None, corrects: Some(message.id) };
        self.give(person, Input::Command(AccountCommand::Send(message.conversation, outgoing)));
    }

    fn retract(&mut self, person: usize) {
        if let Some(message) = self.own(person) {
            if let Content::Text(text) = &message.content {
                self.taken_back.insert(text.trim_end_matches('!').to_owned());
            }
            self.give(person, Input::Command(AccountCommand::Retract(message.id)));
        }
    }

    fn react(&mut self, person: usize) {
        let messages = self.people[person].history();
        if let Some(message) = self.pick(&messages) {
            let emoji = ["👍", "❤", "🎉"][self.chance.below(3) as usize].to_owned();
            self.give(person, Input::Command(AccountCommand::React(message.id, vec![emoji])));
        }
    }

    fn read(&mut self, person: usize) {
        let conversation = self.conversation(person);
        if let Some(last) = self.people[person].history().last() {
            self.give(person, Input::Command(AccountCommand::MarkRead(conversation, last.id)));
        }
    }

    /// A message that was said on this device: only that one corrects and retracts it here, so that there is one
    /// order of edits.
    fn own(&mut self, person: usize) -> Option<Message> {
        let name = self.people[person].name;
        let mine: Vec<Message> = self.people[person]
            .history()
            .into_iter()
            .filter(|message| message.direction == Direction::Outgoing)
            .filter(|message| matches!(&message.content, Content::Text(text) if text.starts_with(name)))
            .collect();
        self.pick(&mine)
    }

    fn pick(&mut self, messages: &[Message]) -> Option<Message> {
        (!messages.is_empty()).then(|| messages[self.chance.below(messages.len() as u64) as usize].clone())
    }

    /// The link breaks. Each side notices when it does, and until then still gets what was on the way.
    fn cut(&mut self, person: usize) {
        let Some(link) = self.people[person].link else { return };
        let (server, client) = (self.now + self.chance.below(300), self.now + self.chance.below(300));
        let wire = self.wires.get_mut(&link).unwrap();
        wire.server_until = wire.server_until.min(server);
        wire.client_until = wire.client_until.min(client);
        self.at(server, Happening::ServerNotices(link));
        self.at(client, Happening::ClientNotices(link));
    }

    /// The process is killed, and started again.
    fn restart(&mut self, person: usize) {
        self.drop_link(person);
        self.pass(person);
        self.people[person].device.start();
        self.outputs(person);
    }

    fn restart_server(&mut self) {
        for link in self.server.restart() {
            self.server_readers.remove(&link);
            let client = self.now + self.chance.below(300);
            if let Some(wire) = self.wires.get_mut(&link) {
                wire.server_until = wire.server_until.min(self.now);
                wire.client_until = wire.client_until.min(client);
                self.at(client, Happening::ClientNotices(link));
            }
        }
    }

    /// The client is done with its link; the server notices later.
    fn drop_link(&mut self, person: usize) {
        let Some(link) = self.people[person].link.take() else { return };
        let server = self.now + self.chance.below(300);
        if let Some(wire) = self.wires.get_mut(&link) {
            wire.client_until = 0;
            wire.server_until = wire.server_until.min(server);
            self.at(server, Happening::ServerNotices(link));
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Tick => {}
            Happening::Opened(link) => {
                let person = self.wires[&link].person;
                if self.people[person].link == Some(link) {
                    self.server.opened(link);
                    self.server_readers.insert(link, Reader::new());
                    self.people[person].reader = Reader::new();
                    let tls = Some(TlsFacts { exporter: Some([1; 32]), ..TlsFacts::default() });
                    self.give(person, Input::Connected { tls });
                }
            }
            Happening::ToServer(link, bytes) => {
                if self.wires[&link].server_until < self.now {
                    return;
                }
                let Some(reader) = self.server_readers.get_mut(&link) else { return };
                let person = self.wires[&link].person;
                let wall = self.people[person].device.now().wall;
                for element in reader.read(&bytes) {
                    let acts = self.server.receive(link, &element, wall, &mut self.chance);
                    self.server_acts(acts);
                }
            }
            Happening::ToClient(link, bytes) => {
                let wire = &self.wires[&link];
                let person = wire.person;
                if wire.client_until >= self.now && self.people[person].link == Some(link) {
                    self.give(person, Input::Bytes(bytes));
                }
            }
            Happening::ServerNotices(link) => {
                self.server_readers.remove(&link);
                self.server.closed(link);
            }
            Happening::ClientNotices(link) => {
                let person = self.wires[&link].person;
                if self.people[person].link == Some(link) {
                    self.people[person].link = None;
                    self.give(person, Input::Closed(None));
                }
            }
        }
    }

    fn server_acts(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Write(link, text) => {
                    let latency = 1 + self.chance.below(120);
                    let Some(wire) = self.wires.get_mut(&link) else { continue };
                    wire.to_client = wire.to_client.max(self.now + latency);
                    let due = wire.to_client;
                    // Bytes come in pieces of any size.
                    let bytes = text.into_bytes();
                    let middle = self.chance.below(bytes.len() as u64 + 1) as usize;
                    let (one, two) = bytes.split_at(middle);
                    self.at(due, Happening::ToClient(link, one.to_vec()));
                    self.at(due, Happening::ToClient(link, two.to_vec()));
                }
                Act::Close(link) => {
                    let Some(wire) = self.wires.get_mut(&link) else { continue };
                    let due = wire.to_client.max(self.now);
                    self.at(due, Happening::ClientNotices(link));
                    self.at(due, Happening::ServerNotices(link));
                }
                Act::Acknowledged(link, words) => {
                    let person = self.wires[&link].person;
                    for text in words {
                        assert!(
                            self.taken_back.contains(&text) || self.people[person].has(&text),
                            "{} acknowledged {text} without having it on disk",
                            self.people[person].name
                        );
                    }
                }
            }
        }
    }

    fn at(&mut self, due: Millis, happening: Happening) {
        self.serial += 1;
        self.queue.push(std::cmp::Reverse((due, self.serial, happening)));
    }

    fn give(&mut self, person: usize, input: Input) {
        self.pass(person);
        self.people[person].device.give(input);
        self.outputs(person);
    }

    /// Brings a device's clock up to the world's.
    fn pass(&mut self, person: usize) {
        let device = &mut self.people[person].device;
        let behind =
            (Device::BEGINNING + Duration::from_millis(self.now)).saturating_sub(device.now().monotonic);
        device.wait(behind);
        self.outputs(person);
    }

    fn timer(&self, person: usize) -> Option<(Millis, usize)> {
        let due = self.people[person].device.timeout()?.saturating_sub(Device::BEGINNING);
        // Up to a whole millisecond, or the timer is not due yet when it is served.
        Some((due.as_micros().div_ceil(1000) as Millis, person))
    }

    /// Does what a device wants done.
    fn outputs(&mut self, person: usize) {
        for output in std::mem::take(&mut self.people[person].device.outputs) {
            match output {
                Output::Connect(_) => {
                    self.drop_link(person);
                    self.serial += 1;
                    let link = LinkId(self.serial);
                    let wire = Wire {
                        person,
                        to_server: self.now,
                        to_client: self.now,
                        server_until: Millis::MAX,
                        client_until: Millis::MAX,
                    };
                    self.wires.insert(link, wire);
                    self.people[person].link = Some(link);
                    let due = self.now + 1 + self.chance.below(50);
                    self.at(due, Happening::Opened(link));
                }
                Output::Write(bytes) => {
                    let Some(link) = self.people[person].link else { continue };
                    let latency = 1 + self.chance.below(120);
                    let Some(wire) = self.wires.get_mut(&link) else { continue };
                    wire.to_server = wire.to_server.max(self.now + latency);
                    let due = wire.to_server;
                    self.at(due, Happening::ToServer(link, bytes));
                }
                Output::Close => {
                    if let Some(link) = self.people[person].link {
                        let due = self.wires[&link].to_server;
                        self.people[person].link = None;
                        self.at(due, Happening::ServerNotices(link));
                    }
                }
                Output::StartTls | Output::Answer(..) | Output::Event(_) => {}
            }
        }
    }

    fn conversation(&mut self, person: usize) -> ConversationId {
        let person = &mut self.people[person];
        let peer = person.peer.clone();
        person.device.read(|reads| reads.conversation_with(&peer)).expect("a conversation")
    }
}

impl Person {
    /// The whole history with the other side.
    pub fn history(&mut self) -> Vec<Message> {
        let peer = self.peer.clone();
        let Some(conversation) = self.device.read(|reads| reads.conversation_with(&peer)) else {
            return Vec::new();
        };
        let request = PageRequest { conversation, anchor: Anchor::Newest, limit: 10_000 };
        self.device.read(|reads| reads.page(&request)).messages
    }

    /// Whether words are on the disk, corrected since or not.
    fn has(&mut self, text: &str) -> bool {
        self.history().iter().any(
            |message| matches!(&message.content, Content::Text(words) if words.trim_end_matches('!') == text),
        )
    }
}

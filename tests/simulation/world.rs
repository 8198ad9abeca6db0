//! What happens next, in virtual time, and what may go wrong.

use std::collections::BTreeMap;

use account::Input;
use model::AccountCommand;

use crate::{
    chance::Chance,
    device::Device,
    link::{End, Link},
    server::Server,
    weather::{Second, Weather},
};

/// 2026-01-01T12:00:00Z, by the server's clock, when an evening begins.
pub const MORNING: i64 = 1_767_268_800_000;
/// How long everything may take to be right again once it is calm: the longest pause between two attempts, the
/// longest patience with an archive, and some.
const CALM: u64 = 1_200_000;
/// More than this happens in no evening: something goes round in circles.
const MOST: u64 = 200_000;

/// What is due.
#[derive(Debug)]
pub enum Happening {
    Opened(usize),
    Refused(usize),
    Arrive(usize, End),
    Gone(usize, End),
    Wake(usize),
    Start(usize),
    Say(usize),
    Look(usize),
    /// The next stanza that was routed to a session.
    Routed(usize),
    /// These go to a session, in one go.
    Results(usize, Vec<(String, Vec<crate::server::Promise>)>),
    /// The server says what it has of a session.
    Acknowledge(usize),
    /// A session that lost its link so often is given up.
    Expire(usize, u64),
    Fault,
    ServerBack,
}

/// Everything there is.
pub struct World {
    pub now: u64,
    pub chance: Chance,
    pub weather: Weather,
    pub devices: Vec<Device>,
    pub links: Vec<Link>,
    pub server: Server,
    /// What was said, by whom and its number: `alice1 7`.
    pub said: Vec<String>,
    /// Nothing goes wrong any more.
    pub calm: bool,
    pub end_of_talk: u64,
    /// What happened, if that is to be told.
    pub trace: Vec<String>,
    telling: bool,
    queue: BTreeMap<(u64, u64), Happening>,
    planned: u64,
    happened: u64,
}

impl World {
    pub fn new(seed: u64, telling: bool) -> Self {
        let mut chance = Chance::new(seed);
        let weather = Weather::draw(&mut chance);
        let now = 1_000_000;
        let mut world = Self {
            now,
            end_of_talk: now + weather.length,
            weather,
            devices: Vec::new(),
            links: Vec::new(),
            server: Server::new(["alice@example.org", "bob@example.org"]),
            said: Vec::new(),
            calm: false,
            trace: Vec::new(),
            telling,
            queue: BTreeMap::new(),
            planned: 0,
            happened: 0,
            chance,
        };
        world.tell(|| "the evening begins".to_owned());
        world
    }

    /// Plays it all.
    pub fn play(&mut self) -> Result<(), String> {
        if self.telling {
            self.trace.push(format!("{:#?}", self.weather));
        }
        for (of, (own, peer)) in [("alice", "bob"), ("bob", "alice")].into_iter().enumerate() {
            self.settle_in(of, own, peer);
        }
        if self.weather.fault_every > 0 {
            self.after(self.weather.fault_every, Happening::Fault);
        }
        self.run(self.end_of_talk);
        self.tell(|| "it is calm".to_owned());
        self.calm = true;
        self.server.down = false;
        for device in 0..self.devices.len() {
            self.start(device);
            self.give(device, Input::Command(AccountCommand::TryNow));
        }
        self.run(self.now + CALM);
        self.read_everything();
        self.check().map_err(|fault| format!("after the evening: {fault}"))?;
        // What is on disk must be enough, and what is read again must change nothing.
        self.tell(|| "everybody starts again".to_owned());
        for device in 0..self.devices.len() {
            self.kill(device);
        }
        self.run(self.now + CALM);
        self.check().map_err(|fault| format!("after starting again: {fault}"))
    }

    fn settle_in(&mut self, of: usize, own: &str, peer: &str) {
        for (name, when) in [("1", Second::AtOnce), ("2", self.weather.second[of])] {
            let begin = match when {
                Second::None => continue,
                Second::AtOnce => 0,
                Second::Later => self.chance.below(self.weather.length),
            };
            let (own, peer, name) =
                (format!("{own}@example.org"), format!("{peer}@example.org"), format!("{own}{name}"));
            let skew = i64::try_from(self.chance.below(self.weather.skew * 2 + 1)).unwrap()
                - i64::try_from(self.weather.skew).unwrap();
            let seed = self.chance.below(u64::MAX);
            let device = self.devices.len();
            self.devices.push(Device::new(&name, of, &own, &peer, seed, skew));
            self.after(begin, Happening::Start(device));
            let (say, look) = (begin + self.chance.below(2000), begin + self.chance.below(5000));
            self.after(say, Happening::Say(device));
            self.after(look, Happening::Look(device));
        }
    }

    fn read_everything(&mut self) {
        for device in 0..self.devices.len() {
            for _ in 0..1000 {
                if !self.scroll_up(device) {
                    break;
                }
                self.run(self.now + 20_000);
            }
        }
    }

    fn run(&mut self, until: u64) {
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > until {
                break;
            }
            self.now = self.now.max(entry.key().0);
            let happening = entry.remove();
            self.happened += 1;
            assert!(self.happened < MOST, "it never ends");
            self.happen(happening);
        }
        self.now = until;
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Opened(link) => self.opened(link),
            Happening::Refused(link) => self.refused(link),
            Happening::Arrive(link, end) => self.arrive(link, end),
            Happening::Gone(link, end) => self.gone(link, end),
            Happening::Wake(device) => self.wake(device),
            Happening::Start(device) => self.start(device),
            Happening::Say(device) => self.say(device),
            Happening::Look(device) => self.look(device),
            Happening::Routed(session) => self.routed(session),
            Happening::Results(session, stanzas) => self.send_all(session, stanzas),
            Happening::Acknowledge(session) => self.acknowledge(session),
            Happening::Expire(session, links) => self.expire(session, links),
            Happening::Fault => self.fault(),
            Happening::ServerBack => {
                self.tell(|| "the server is back".to_owned());
                self.server.down = false;
            }
        }
    }

    fn fault(&mut self) {
        if self.calm {
            return;
        }
        let pause = 1 + self.chance.below(self.weather.fault_every * 2);
        self.after(pause, Happening::Fault);
        let device = self.chance.index(self.devices.len());
        let link = self.devices[device].link;
        match (self.chance.below(12), link) {
            (0..=4, Some(link)) => {
                self.tell(|| format!("link {link} of {device} is cut"));
                self.cut(link);
            }
            (5, Some(link)) => {
                self.tell(|| format!("link {link} of {device} swallows"));
                self.swallow(link);
            }
            (6..=7, Some(link)) => {
                let pause = self.chance.pick(&[500, 5_000, 40_000]);
                self.tell(|| format!("link {link} of {device} stalls for {pause} ms"));
                self.links[link].stalled_until = self.now + pause;
            }
            (8, _) => {
                self.tell(|| "the server restarts".to_owned());
                self.restart_server();
                let pause = self.chance.pick(&[10, 3_000, 20_000]);
                self.after(pause, Happening::ServerBack);
            }
            (9, _) => {
                self.tell(|| format!("{device} is killed"));
                self.kill(device);
            }
            (10, _) => self.give(device, Input::NetworkChanged { available: true }),
            (11, _) => self.give(device, Input::Resumed),
            // Somebody gets impatient.
            _ => self.give(device, Input::Command(AccountCommand::TryNow)),
        }
    }

    /// Something is to happen at a time.
    pub fn at(&mut self, time: u64, happening: Happening) {
        self.planned += 1;
        self.queue.insert((time.max(self.now), self.planned), happening);
    }

    /// Something is to happen in a while.
    pub fn after(&mut self, pause: u64, happening: Happening) {
        self.at(self.now + pause, happening);
    }

    /// Takes down what happened, if somebody wants to know.
    pub fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.telling {
            let time = self.now - 1_000_000;
            self.trace.push(format!("{:>5}.{:03} {}", time / 1000, time % 1000, what()));
        }
    }
}

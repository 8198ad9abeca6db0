//! Devices around a server, and the time that passes.

use std::time::Duration;

use account::Input;
use model::{AccountCommand, BareJid, Now};
use xmpp::{minidom::Element, xml};

use crate::{
    device::{Device, Wish, clock},
    server::Server,
};

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' from='example.org' id='s' version='1.0'>";

/// After this time nobody is read who begins with a prekey that was used before.
pub const PREKEYS_ARE_GONE: Duration = Duration::from_secs(6 * 60);

/// Everything there is.
pub struct World {
    /// The server.
    pub server: Server,
    /// The devices.
    pub devices: Vec<Device>,
    links: Vec<Link>,
    since: Duration,
    sessions: u64,
}

/// How far a device's link is.
#[derive(Clone, PartialEq)]
enum Link {
    None,
    /// The stream began so many times.
    Open(u32),
    /// A session with this resource.
    Bound(String),
}

impl World {
    /// Devices of these accounts, none of them on.
    pub fn new(owners: &[&str]) -> Self {
        let mut world = Self {
            server: Server::default(),
            devices: Vec::new(),
            links: Vec::new(),
            since: Duration::ZERO,
            sessions: 0,
        };
        for owner in owners {
            world.add(Device::new(owner, world.devices.len() as u64 + 1, false));
        }
        world
    }

    /// Everybody is on, and has published what they publish.
    pub fn settled(owners: &[&str]) -> Self {
        let mut world = Self::new(owners);
        for device in 0..world.devices.len() {
            world.start(device);
        }
        world
    }

    /// Another device.
    pub fn add(&mut self, device: Device) -> usize {
        self.server.home(&device.own);
        self.devices.push(device);
        self.links.push(Link::None);
        self.devices.len() - 1
    }

    /// What the clocks say.
    pub fn now(&self) -> Now {
        clock(self.since)
    }

    /// Switches a device on, and lets everything happen that follows.
    pub fn start(&mut self, device: usize) {
        self.cut(device);
        let now = self.now();
        self.devices[device].start(now);
        self.run();
    }

    /// A device loses power.
    pub fn kill(&mut self, device: usize) {
        self.devices[device].kill();
        self.cut(device);
    }

    /// A link breaks; the device is told.
    pub fn cut(&mut self, device: usize) {
        let had = std::mem::replace(&mut self.links[device], Link::None);
        let own = self.devices[device].own.clone();
        self.server.home(&own).sessions.retain(|_, other| *other != device);
        if had != Link::None {
            let now = self.now();
            self.devices[device].give(Input::Closed(None), now);
        }
    }

    /// The user says something, and all that follows happens.
    pub fn say(&mut self, device: usize, peer: &str, text: &str) {
        let now = self.now();
        self.devices[device].say(peer, text, now);
        self.run();
    }

    /// The user wants something, and all that follows happens.
    pub fn command(&mut self, device: usize, command: AccountCommand) {
        let now = self.now();
        self.devices[device].command(command, now);
        self.run();
    }

    /// Time passes, and timers run out as it does.
    pub fn wait(&mut self, time: Duration) {
        let end = self.since + time;
        loop {
            let due = self.devices.iter().filter_map(Device::timeout).min();
            let due = due.map(|due| due.saturating_sub(Duration::from_secs(1000))).filter(|due| *due <= end);
            let Some(due) = due else { break };
            self.since = self.since.max(due) + Duration::from_millis(1);
            let now = self.now();
            for device in &mut self.devices {
                if device.timeout().is_some_and(|due| due <= now.monotonic) {
                    device.give(Input::Timer, now);
                }
            }
            self.run();
        }
        self.since = self.since.max(end);
    }

    /// What the server wants to be delivered is delivered, until nobody has anything to say.
    pub fn run(&mut self) {
        for _ in 0..10_000 {
            self.since += Duration::from_millis(1);
            let millis = i64::try_from(self.since.as_millis()).unwrap();
            self.server.set_time(millis);
            let wishes: Vec<(usize, Wish)> = self
                .devices
                .iter_mut()
                .enumerate()
                .flat_map(|(device, each)| {
                    each.wishes.drain(..).map(move |wish| (device, wish)).collect::<Vec<_>>()
                })
                .collect();
            let died: Vec<usize> =
                (0..self.devices.len()).filter(|device| self.devices[*device].has_died).collect();
            if wishes.is_empty() && died.is_empty() {
                return;
            }
            for (device, wish) in wishes {
                self.wish(device, wish);
            }
            // Whoever died of their fate is started again, when the server has heard their last words.
            for device in died {
                self.cut(device);
                let now = self.now();
                self.devices[device].start(now);
            }
        }
        panic!("they go on talking for ever");
    }

    fn wish(&mut self, device: usize, wish: Wish) {
        let now = self.now();
        match wish {
            Wish::Connect if self.devices[device].is_on => {
                self.links[device] = Link::Open(0);
                self.devices[device].connected(now);
            }
            Wish::Connect => self.devices[device].give(Input::Closed(None), now),
            Wish::Close => self.cut(device),
            Wish::Header => {
                let Link::Open(times) = &mut self.links[device] else { return };
                *times += 1;
                let features = if *times == 1 {
                    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
                } else {
                    "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><ver xmlns='urn:xmpp:features:rosterver'/>"
                };
                self.bytes(device, &format!("{HEADER}<stream:features>{features}</stream:features>"));
            }
            Wish::Say(element) => self.hear(device, &element),
        }
    }

    fn hear(&mut self, device: usize, element: &Element) {
        if element.name() == "auth" {
            self.bytes(device, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
            return;
        }
        let own = self.devices[device].own.clone();
        match self.links[device].clone() {
            Link::Open(_) if element.has_child("bind", "urn:ietf:params:xml:ns:xmpp-bind") => {
                self.sessions += 1;
                let resource = format!("r{}", self.sessions);
                let id = element.attr("id").unwrap();
                self.links[device] = Link::Bound(resource.clone());
                self.server.home(&own).sessions.insert(resource.clone(), device);
                self.bytes(
                    device,
                    &format!(
                        "<iq type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
                         <jid>{own}/{resource}</jid></bind></iq>"
                    ),
                );
            }
            Link::Bound(resource) => {
                for (to, stanza) in self.server.handle(device, &own, &resource, element) {
                    self.deliver(to, &stanza);
                }
            }
            Link::None | Link::Open(_) => {}
        }
    }

    /// Gives a stanza to a device, if it has a session.
    pub fn deliver(&mut self, device: usize, stanza: &Element) {
        if matches!(self.links[device], Link::Bound(_)) {
            let bytes = String::from_utf8(xml::serialise(stanza)).unwrap();
            self.bytes(device, &bytes);
        }
    }

    fn bytes(&mut self, device: usize, bytes: &str) {
        let now = self.now();
        self.devices[device].give(Input::Bytes(bytes.as_bytes().to_vec()), now);
    }

    /// The server, or whoever has a hand in it, puts an item into a node of somebody's and tells everybody.
    pub fn publish(&mut self, who: &str, node: &str, id: &str, payload: Element) {
        let who = BareJid::new(who).unwrap();
        for (device, stanza) in self.server.publish(&who, node, id, payload) {
            self.deliver(device, &stanza);
        }
        self.run();
    }

    /// What a device would say of a conversation aloud.
    pub fn aloud(&mut self, device: usize, peer: &str) -> Vec<String> {
        self.devices[device].aloud(peer)
    }
}

//! A link: two pipes of bytes, each in order, that can be cut anywhere.

use std::collections::VecDeque;

use crate::world::{Happening, World};

/// Which end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Device,
    Server,
}

/// One link.
pub struct Link {
    pub device: usize,
    /// Whether the device, and the server, still hold their end.
    pub device_holds: bool,
    pub server_holds: bool,
    /// Nothing written from now on arrives.
    pub cut: bool,
    pub stalled_until: u64,
    to_device: Pipe,
    to_server: Pipe,
}

#[derive(Default)]
struct Pipe {
    chunks: VecDeque<Vec<u8>>,
    last_due: u64,
}

impl Link {
    pub fn new(device: usize) -> Self {
        Self {
            device,
            device_holds: true,
            server_holds: false,
            cut: false,
            stalled_until: 0,
            to_device: Pipe::default(),
            to_server: Pipe::default(),
        }
    }

    fn pipe(&mut self, to: End) -> &mut Pipe {
        match to {
            End::Device => &mut self.to_device,
            End::Server => &mut self.to_server,
        }
    }
}

impl World {
    /// Bytes go into a link, in pieces that have nothing to do with what they say.
    pub fn transmit(&mut self, link: usize, to: End, bytes: &[u8]) {
        if self.links[link].cut || bytes.is_empty() {
            return;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let size = if self.chance.once_in(3) { 1 + self.chance.index(rest.len()) } else { rest.len() };
            let (piece, after) = rest.split_at(size);
            rest = after;
            let due = self.now + self.weather.latency / 2 + self.chance.below(self.weather.latency + 1);
            let pipe = self.links[link].pipe(to);
            pipe.last_due = due.max(pipe.last_due);
            pipe.chunks.push_back(piece.to_vec());
            let due = pipe.last_due;
            self.at(due, Happening::Arrive(link, to));
        }
    }

    /// The next piece is due.
    pub fn arrive(&mut self, link: usize, to: End) {
        let stalled_until = self.links[link].stalled_until;
        if stalled_until > self.now {
            // Whatever comes after it is due no earlier, so the order stands.
            self.links[link].pipe(to).last_due = stalled_until;
            self.at(stalled_until, Happening::Arrive(link, to));
            return;
        }
        let Some(bytes) = self.links[link].pipe(to).chunks.pop_front() else { return };
        match to {
            End::Device if self.links[link].device_holds => {
                let device = self.links[link].device;
                self.give(device, account::Input::Bytes(bytes));
            }
            End::Server if self.links[link].server_holds => self.server_bytes(link, &bytes),
            _ => {}
        }
    }

    /// Cuts a link at any byte: something of what is under way still arrives.
    pub fn cut(&mut self, link: usize) {
        if self.links[link].cut {
            return;
        }
        self.links[link].cut = true;
        for end in [End::Device, End::Server] {
            let waiting = self.links[link].pipe(end).chunks.len();
            let keep = self.chance.index(waiting + 1);
            let part = self.chance.below(1 << 20);
            let pipe = self.links[link].pipe(end);
            pipe.chunks.truncate(keep + 1);
            if let Some(last) = pipe.chunks.get_mut(keep) {
                let length = usize::try_from(part % (last.len() as u64 + 1)).unwrap();
                last.truncate(length);
            }
            let noticed = pipe.last_due.max(self.now)
                + match end {
                    End::Device => self.chance.pick(&[0, 0, 100, 3000]),
                    End::Server => self.chance.pick(&[0, 50, 2000, 30_000]),
                };
            self.at(noticed, Happening::Gone(link, end));
        }
    }

    /// From now on a link swallows everything and nobody is told.
    pub fn swallow(&mut self, link: usize) {
        self.links[link].cut = true;
        self.links[link].to_device.chunks.clear();
        self.links[link].to_server.chunks.clear();
        let noticed = self.now + self.chance.between(60_000, 120_000);
        self.at(noticed, Happening::Gone(link, End::Server));
        // The device has to find out by itself, but not for ever: the network tells it at last.
        self.at(noticed + 400_000, Happening::Gone(link, End::Device));
    }

    /// One end lets go: what it wrote still arrives, then the other hears of it.
    pub fn hang_up(&mut self, link: usize, end: End) {
        let (held, other) = match end {
            End::Device => (&mut self.links[link].device_holds, End::Server),
            End::Server => (&mut self.links[link].server_holds, End::Device),
        };
        if !std::mem::take(held) {
            return;
        }
        let due = self.links[link].pipe(other).last_due.max(self.now) + self.weather.latency;
        self.at(due, Happening::Gone(link, other));
    }

    /// One end hears that the link is gone.
    pub fn gone(&mut self, link: usize, end: End) {
        if self.links[link].stalled_until > self.now {
            let until = self.links[link].stalled_until;
            self.at(until, Happening::Gone(link, end));
            return;
        }
        match end {
            End::Device if self.links[link].device_holds => {
                let device = self.links[link].device;
                self.links[link].device_holds = false;
                self.devices[device].link = None;
                self.tell(|| format!("{device} hears that link {link} is gone"));
                self.give(device, account::Input::Closed(None));
            }
            End::Server if self.links[link].server_holds => {
                self.links[link].server_holds = false;
                self.server_link_gone(link);
            }
            _ => {}
        }
    }
}

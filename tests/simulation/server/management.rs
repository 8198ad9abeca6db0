//! Stream management (XEP-0198), the server's side.

use std::collections::VecDeque;

use model::Timestamp;
use xmpp::{minidom::Element, xep_0082_date as date};

use super::{Promise, Server};
use crate::{
    link::End,
    world::{Happening, MORNING, World},
};

const NS_SM: &str = "urn:xmpp:sm:3";

/// The counters of one session.
pub struct Management {
    pub id: String,
    /// Stanzas from the client.
    pub received: u32,
    /// Stanzas to the client, and how many of them it has.
    sent: u32,
    acknowledged: u32,
    unacknowledged: VecDeque<(String, i64)>,
    /// What each stanza sent promises to be on disk once it is acknowledged.
    promises: Vec<Vec<Promise>>,
    /// The highest number the client let out.
    let_out: u32,
}

impl Management {
    pub fn new(id: String) -> Self {
        Self {
            id,
            received: 0,
            sent: 0,
            acknowledged: 0,
            unacknowledged: VecDeque::new(),
            promises: Vec::new(),
            let_out: 0,
        }
    }

    fn acknowledge(&mut self, h: u32) {
        assert!(h <= self.sent, "{h} acknowledged, {} sent", self.sent);
        assert!(h >= self.acknowledged, "{} acknowledged, then {h}", self.acknowledged);
        for _ in self.acknowledged..h {
            self.unacknowledged.pop_front();
        }
        self.acknowledged = h;
    }
}

impl Server {
    /// The session of that name, gone or not.
    pub fn session_by_id(&self, id: &str) -> Option<usize> {
        self.sessions.iter().position(|session| session.management.as_ref().is_some_and(|it| it.id == id))
    }

    /// A device lets out that it has `h`: the number it let out before, and what must be on its disk now.
    pub fn acknowledged(&mut self, session: usize, h: u32) -> (u32, Vec<Promise>) {
        let Some(management) = &mut self.sessions[session].management else { return (0, Vec::new()) };
        let before = management.let_out;
        management.let_out = h.max(before);
        let range = before as usize..(h as usize).min(management.promises.len()).max(before as usize);
        (before, management.promises[range].concat())
    }
}

impl World {
    /// Sends a stanza to a session, whether it has a link or waits for one.
    pub fn send(&mut self, session: usize, stanza: String, promises: Vec<Promise>) {
        let stamp = self.server_time();
        let this = &mut self.server.sessions[session];
        if this.gone {
            return;
        }
        let mut text = stanza;
        let link = this.link;
        if let Some(management) = &mut this.management {
            management.sent += 1;
            management.unacknowledged.push_back((text.clone(), stamp));
            management.promises.push(promises);
            if self.chance.once_in(3) {
                text.push_str("<r xmlns='urn:xmpp:sm:3'/>");
            }
        }
        if let Some(link) = link {
            self.transmit(link, End::Device, text.as_bytes());
        }
    }

    /// Sends several in one go.
    pub fn send_all(&mut self, session: usize, stanzas: Vec<(String, Vec<Promise>)>) {
        for (stanza, promises) in stanzas {
            self.send(session, stanza, promises);
        }
    }

    pub(super) fn management_element(&mut self, session: usize, element: &Element) {
        match element.name() {
            "a" => {
                let h =
                    element.attr("h").and_then(|h| h.parse().ok()).expect("an acknowledgement has a number");
                if let Some(management) = &mut self.server.sessions[session].management {
                    management.acknowledge(h);
                }
            }
            "r" => {
                if self.chance.once_in(self.weather.odd_acks) {
                    let pause = self.chance.pick(&[10, 1000, 8000]);
                    self.after(pause, Happening::Acknowledge(session));
                    if self.chance.once_in(2) {
                        return;
                    }
                    self.acknowledge(session);
                }
                self.acknowledge(session);
            }
            _ => {}
        }
    }

    /// Says what the server has of a session.
    pub fn acknowledge(&mut self, session: usize) {
        let this = &self.server.sessions[session];
        let (Some(link), Some(management)) = (this.link, &this.management) else { return };
        let text = format!("<a xmlns='{NS_SM}' h='{}'/>", management.received);
        self.transmit(link, End::Device, text.as_bytes());
    }

    /// A session goes on with another link.
    pub(super) fn resume(&mut self, link: usize, session: usize, h: u32) {
        self.tell(|| format!("link {link} resumes session {session} at {h}"));
        let told =
            self.server.sessions[session].management.as_ref().map(|management| management.acknowledged);
        if told.is_some_and(|told| h < told) {
            // From a link that the device gave up long ago, whose bytes were stuck somewhere.
            self.hang_up(link, End::Server);
            return;
        }
        let this = &mut self.server.sessions[session];
        let before = this.link.replace(link);
        this.links += 1;
        let full = this.full.clone();
        let management = this.management.as_mut().expect("only such sessions are resumed");
        management.acknowledge(h);
        let (id, received) = (management.id.clone(), management.received);
        let again: Vec<_> = management.unacknowledged.iter().cloned().collect();
        if let Some(before) = before {
            self.hang_up(before, End::Server);
        }
        self.server.connection(link).session = Some(session);
        let mut text = format!(
            "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>{full}</authorization-identifier>\
             <resumed xmlns='{NS_SM}' previd='{id}' h='{received}'/></success><stream:features/>"
        );
        for (stanza, stamp) in again {
            text.push_str(&if self.weather.stamps_resent { stamped(&stanza, stamp) } else { stanza });
        }
        self.transmit(link, End::Device, text.as_bytes());
    }

    pub(super) fn server_time(&self) -> i64 {
        MORNING + i64::try_from(self.now).unwrap()
    }
}

/// A message that was kept back says since when, unless it says already.
fn stamped(stanza: &str, stamp: i64) -> String {
    match stanza.strip_suffix("</message>") {
        Some(rest) if !stanza.contains("urn:xmpp:delay") => format!("{rest}{}</message>", delay(stamp)),
        _ => stanza.to_owned(),
    }
}

/// When the server kept something back.
pub(super) fn delay(stamp: i64) -> String {
    format!("<delay xmlns='urn:xmpp:delay' from='example.org' stamp='{}'/>", date::write(Timestamp(stamp)))
}

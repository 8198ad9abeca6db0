//! Where a message goes: two archives, and the sessions of both sides.

use model::{BareJid, Direction};
use xmpp::{minidom::Element, payload, xml};

use super::{Promise, archive::Entry, management::delay};
use crate::world::{Happening, World};

impl World {
    /// A session sent a message.
    pub(super) fn message(&mut self, session: usize, element: &Element) {
        let (of, full) = (self.server.sessions[session].of, self.server.sessions[session].full.clone());
        let element = from(element, &full);
        let to = element.attr("to").unwrap_or_default().to_owned();
        let to_bare = to.split('/').next().unwrap_or_default().to_owned();
        let Some(other) = self.server.accounts.iter().position(|home| home.bare == to_bare) else { return };
        let kept = element.has_child("body", "jabber:client") || element.has_child("store", "urn:xmpp:hints");
        self.tell(|| format!("the server has {} from {full} to {to}", say(&element)));
        let own_id = kept.then(|| self.archive(of, &to_bare, &element));
        let copy = if self.weather.carbon_ids {
            with_id(&element, own_id.as_deref(), &self.server.accounts[of].bare)
        } else {
            element.clone()
        };
        self.carbons(of, &[session], "sent", &copy);
        let own_bare = self.server.accounts[of].bare.clone();
        let their_id = kept.then(|| self.archive(other, &own_bare, &element));
        let element = with_id(&element, their_id.as_deref(), &to_bare);
        self.deliver(other, &to, &element, kept);
    }

    fn archive(&mut self, of: usize, with: &str, element: &Element) -> String {
        // Ids that tell nothing of the order.
        let number = self.server.number();
        let id = format!("{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let stamp = self.server_time();
        self.server.accounts[of].archive.push(Entry {
            id: id.clone(),
            stamp,
            with: with.to_owned(),
            message: element.clone(),
        });
        id
    }

    fn deliver(&mut self, of: usize, to: &str, element: &Element, kept: bool) {
        let sessions: Vec<usize> = (0..self.server.sessions.len())
            .filter(|&session| {
                let this = &self.server.sessions[session];
                this.of == of && this.available && !this.gone
            })
            .collect();
        let named = sessions.iter().copied().find(|&session| self.server.sessions[session].full == to);
        let live = match (named, sessions.as_slice()) {
            (Some(named), _) => vec![named],
            (None, []) => {
                if kept && self.weather.offline {
                    let stamp = self.server_time();
                    self.server.accounts[of].offline.push((element.clone(), stamp));
                }
                return;
            }
            (None, all) if self.weather.forks => all.to_vec(),
            (None, all) => vec![self.chance.pick(all)],
        };
        for &session in &live {
            let promises = promise(element, Direction::Incoming);
            self.route(session, text(element), promises);
        }
        self.carbons(of, &live, "received", element);
    }

    fn carbons(&mut self, of: usize, not: &[usize], kind: &str, element: &Element) {
        if element.has_child("private", "urn:xmpp:carbons:2") || element.attr("type") != Some("chat") {
            return;
        }
        let side = if kind == "sent" { Direction::Outgoing } else { Direction::Incoming };
        let bare = self.server.accounts[of].bare.clone();
        for session in 0..self.server.sessions.len() {
            let this = &self.server.sessions[session];
            if this.of != of || this.gone || !this.carbons || !this.available || not.contains(&session) {
                continue;
            }
            let stanza = format!(
                "<message from='{bare}' to='{}' type='chat'><{kind} xmlns='urn:xmpp:carbons:2'>\
                 <forwarded xmlns='urn:xmpp:forward:0'>{}</forwarded></{kind}></message>",
                this.full,
                forwarded(element)
            );
            self.route(session, stanza, promise(element, side));
        }
    }

    /// A stanza is on its way to a session.
    fn route(&mut self, session: usize, stanza: String, promises: Vec<Promise>) {
        let lag = if self.calm { 0 } else { self.weather.lag };
        let due = self.now + self.chance.below(lag + 1);
        let this = &mut self.server.sessions[session];
        this.routed_due = this.routed_due.max(due);
        this.routed.push_back((stanza, promises));
        let due = this.routed_due;
        self.at(due, Happening::Routed(session));
    }

    /// The next stanza comes to its session.
    pub fn routed(&mut self, session: usize) {
        if let Some((stanza, promises)) = self.server.sessions[session].routed.pop_front() {
            self.send(session, stanza, promises);
        }
    }

    /// Somebody is there again: what came meanwhile goes out before anything else does.
    pub(super) fn deliver_offline(&mut self, session: usize) {
        let of = self.server.sessions[session].of;
        for (element, stamp) in std::mem::take(&mut self.server.accounts[of].offline) {
            let promises = promise(&element, Direction::Incoming);
            let stanza = text(&element);
            let body = stanza.strip_suffix("</message>").unwrap_or(&stanza);
            self.send(session, format!("{body}{}</message>", delay(stamp)), promises);
        }
    }
}

/// What must be on disk once this is acknowledged.
pub fn promise(element: &Element, side: Direction) -> Vec<Promise> {
    let peer = element.attr(if side == Direction::Incoming { "from" } else { "to" }).unwrap_or_default();
    let peer = peer.split('/').next().unwrap_or_default();
    match (element.get_child("body", "jabber:client"), element.attr("id"), BareJid::new(peer)) {
        (Some(_), Some(id), Ok(peer)) => vec![Promise { peer, side, id: id.to_owned() }],
        _ => Vec::new(),
    }
}

/// A message inside another stanza says its namespace.
pub fn forwarded(element: &Element) -> String {
    text(element).replacen("<message", "<message xmlns='jabber:client'", 1)
}

fn with_id(element: &Element, id: Option<&str>, by: &str) -> Element {
    let mut element = element.clone();
    if let Some(id) = id {
        element.append_child(payload::tag("stanza-id", "urn:xmpp:sid:0", &[("id", id), ("by", by)]));
    }
    element
}

/// The server says who sent it.
fn from(element: &Element, full: &str) -> Element {
    let attributes: Vec<(&str, &str)> = [("from", full)]
        .into_iter()
        .chain(["to", "type", "id"].into_iter().filter_map(|name| Some((name, element.attr(name)?))))
        .collect();
    payload::parent_tag("message", "jabber:client", &attributes, element.children().cloned())
}

fn text(element: &Element) -> String {
    String::from_utf8(xml::serialise(element)).unwrap()
}

fn say(element: &Element) -> String {
    match element.get_child("body", "jabber:client") {
        Some(body) => format!("\"{}\"", body.text()),
        None => element.children().map(Element::name).collect::<Vec<_>>().join("+"),
    }
}

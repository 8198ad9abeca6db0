//! A server that keeps nodes, archives and rosters, and can be as hostile as a test wishes.
//!
//! One server serves every domain. It knows as little of OMEMO as a real one: nodes with items, messages to be relayed,
//! copied and kept. What a test may bend is public.

use std::collections::BTreeMap;

use model::BareJid;
use xmpp::{
    Address,
    minidom::Element,
    payload::{parent_tag, tag},
    stanza::set_attribute,
    xep_0082_date as date, xml,
};

use crate::device::MORNING;

const NS_PUBSUB: &str = "http://jabber.org/protocol/pubsub";
const NS_EVENT: &str = "http://jabber.org/protocol/pubsub#event";
const NS_MAM: &str = "urn:xmpp:mam:2";
const NS_RSM: &str = "http://jabber.org/protocol/rsm";

/// Items of a node, in the order in which they were published.
pub type Items = Vec<(String, Element)>;

/// An account.
#[derive(Default)]
pub struct Home {
    /// Its nodes.
    pub nodes: BTreeMap<String, Items>,
    /// Its archive: id, time, message.
    pub archive: Vec<(String, i64, Element)>,
    /// Sessions by resource, each of a device.
    pub sessions: BTreeMap<String, usize>,
}

/// The server.
#[derive(Default)]
pub struct Server {
    /// Accounts.
    pub homes: BTreeMap<BareJid, Home>,
    next_id: u64,
    now: i64,
    /// Live messages are thrown away, and only archived: the link breaks at every message.
    pub withholds: bool,
    /// Accounts whose programs know only the older version: nodes of the newer are refused to them.
    pub legacy_only: Vec<String>,
    /// Nodes whose publishing is refused because their options are others, until they are configured.
    pub wrong_options: Vec<String>,
    /// Nothing can be published: its own database is in trouble.
    pub is_troubled: bool,
    /// Nodes that were asked for, with who asked.
    pub asked: Vec<(BareJid, String)>,
    /// Nodes that were published, with who did.
    pub published: Vec<(BareJid, String)>,
}

/// What is to be given to which device.
pub type Deliveries = Vec<(usize, Element)>;

impl Server {
    fn id(&mut self) -> String {
        self.next_id += 1;
        format!("s{}", self.next_id)
    }

    /// The time, in milliseconds since the morning.
    pub fn set_time(&mut self, millis: i64) {
        self.now = MORNING + millis;
    }

    /// An account, made if there is none.
    pub fn home(&mut self, who: &BareJid) -> &mut Home {
        self.homes.entry(who.clone()).or_default()
    }

    /// The items of a node.
    pub fn node(&mut self, who: &str, node: &str) -> Items {
        self.home(&BareJid::new(who).unwrap()).nodes.get(node).cloned().unwrap_or_default()
    }

    /// Handles one stanza of a session.
    pub fn handle(&mut self, device: usize, who: &BareJid, resource: &str, stanza: &Element) -> Deliveries {
        match stanza.name() {
            "iq" => self.iq(device, who, resource, stanza),
            "message" => self.message(who, resource, stanza),
            "presence" if stanza.attr("type").is_none() => self.last_items(device, who),
            _ => Vec::new(),
        }
    }

    fn iq(&mut self, device: usize, who: &BareJid, resource: &str, iq: &Element) -> Deliveries {
        let mut out = Vec::new();
        if !matches!(iq.attr("type"), Some("get" | "set")) {
            return out;
        }
        let to = iq.attr("to").map_or_else(|| who.clone(), |to| Address::parse(to).unwrap().to_bare());
        let Some(payload) = iq.children().next() else { return out };
        let full = format!("{who}/{resource}");
        let answer = |payload: Result<Option<Element>, &str>| {
            let kind = if payload.is_ok() { "result" } else { "error" };
            let mut attributes = vec![("type", kind), ("id", iq.attr("id").unwrap()), ("to", &full)];
            attributes.extend(iq.attr("to").map(|to| ("from", to)));
            let child = match payload {
                Ok(payload) => payload,
                Err(condition) => {
                    let condition = tag(condition, "urn:ietf:params:xml:ns:xmpp-stanzas", &[]);
                    let condition = [condition].into_iter();
                    let specific = (iq.has_child("pubsub", NS_PUBSUB) && kind == "error").then(|| {
                        tag("precondition-not-met", "http://jabber.org/protocol/pubsub#errors", &[])
                    });
                    let is_conflict = condition.clone().any(|child| child.name() == "conflict");
                    let children = condition.chain(specific.filter(|_| is_conflict));
                    Some(parent_tag("error", xml::NS_CLIENT, &[("type", "cancel")], children))
                }
            };
            (device, parent_tag("iq", xml::NS_CLIENT, &attributes, child))
        };
        let namespace = payload.ns();
        match (payload.name(), namespace.as_str()) {
            ("query", "jabber:iq:roster") => {
                let items = self.homes.keys().filter(|other| *other != who).map(|other| {
                    let attributes = [("jid", other.as_str()), ("subscription", "both")];
                    tag("item", "jabber:iq:roster", &attributes)
                });
                let roster = parent_tag("query", "jabber:iq:roster", &[], items);
                out.push(answer(Ok(Some(roster))));
            }
            ("query", "http://jabber.org/protocol/disco#info") => {
                let features =
                    ["urn:xmpp:mam:2", "urn:xmpp:sid:0", "http://jabber.org/protocol/pubsub#publish-options"];
                let features = features.map(|var| tag("feature", &namespace, &[("var", var)]));
                let is_account = to == *who;
                let features = features.into_iter().filter(|_| is_account);
                out.push(answer(Ok(Some(parent_tag("query", &namespace, &[], features)))));
            }
            ("blocklist", _) => out.push(answer(Ok(Some(tag("blocklist", &namespace, &[]))))),
            ("enable" | "ping", _) => out.push(answer(Ok(None))),
            ("query", NS_MAM) => {
                let (results, fin) = self.archive(who, payload);
                out.extend(results.into_iter().map(|result| (device, result)));
                out.push(answer(Ok(Some(fin))));
            }
            ("pubsub", NS_PUBSUB) if payload.has_child("items", NS_PUBSUB) => {
                let node = payload.get_child("items", NS_PUBSUB).unwrap().attr("node").unwrap().to_owned();
                self.asked.push((to.clone(), node.clone()));
                let wanted = payload.get_child("items", NS_PUBSUB).unwrap().get_child("item", NS_PUBSUB);
                let wanted = wanted.and_then(|item| item.attr("id")).map(str::to_owned);
                let items = self.homes.get(&to).and_then(|home| home.nodes.get(&node));
                out.push(answer(match items {
                    None => Err("item-not-found"),
                    Some(items) => {
                        let items =
                            items.iter().filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == id));
                        let items = items.map(|(id, payload)| {
                            parent_tag("item", NS_PUBSUB, &[("id", id)], [payload.clone()])
                        });
                        let items = parent_tag("items", NS_PUBSUB, &[("node", &node)], items);
                        Ok(Some(parent_tag("pubsub", NS_PUBSUB, &[], [items])))
                    }
                }));
            }
            ("pubsub", NS_PUBSUB) if payload.has_child("publish", NS_PUBSUB) => {
                let publish = payload.get_child("publish", NS_PUBSUB).unwrap();
                let node = publish.attr("node").unwrap().to_owned();
                if node.starts_with("urn:xmpp:omemo:2")
                    && self.legacy_only.iter().any(|only| who.as_str() == only)
                {
                    out.push(answer(Err("not-allowed")));
                    return out;
                }
                if self.is_troubled {
                    out.push(answer(Err("internal-server-error")));
                    return out;
                }
                if self.wrong_options.contains(&node) {
                    out.push(answer(Err("conflict")));
                    return out;
                }
                let item = publish.get_child("item", NS_PUBSUB).unwrap();
                let id = item.attr("id").unwrap().to_owned();
                out.push(answer(Ok(None)));
                self.published.push((who.clone(), node.clone()));
                out.extend(self.publish(who, &node, &id, item.children().next().unwrap().clone()));
            }
            ("pubsub", "http://jabber.org/protocol/pubsub#owner") => {
                let node = payload.children().next().and_then(|child| child.attr("node"));
                self.wrong_options.retain(|wrong| Some(wrong.as_str()) != node);
                out.push(answer(Ok(None)));
            }
            _ => out.push(answer(Err("service-unavailable"))),
        }
        out
    }

    /// Publishes an item and tells everybody.
    pub fn publish(&mut self, who: &BareJid, node: &str, id: &str, payload: Element) -> Deliveries {
        let items = self.home(who).nodes.entry(node.to_owned()).or_default();
        items.retain(|(other, _)| other != id);
        items.push((id.to_owned(), payload.clone()));
        if !is_list(node) {
            return Vec::new();
        }
        let event = event(who, node, id, payload);
        self.everybody().into_iter().map(|device| (device, event.clone())).collect()
    }

    fn everybody(&self) -> Vec<usize> {
        self.homes.values().flat_map(|home| home.sessions.values().copied()).collect()
    }

    /// Who has just come is told of every list (XEP-0163 §4.3.2).
    fn last_items(&mut self, device: usize, _who: &BareJid) -> Deliveries {
        let mut out = Vec::new();
        for (owner, home) in &self.homes {
            for (node, items) in home.nodes.iter().filter(|(node, _)| is_list(node)) {
                if let Some((id, payload)) = items.last() {
                    out.push((device, event(owner, node, id, payload.clone())));
                }
            }
        }
        out
    }

    fn archive(&mut self, who: &BareJid, query: &Element) -> (Vec<Element>, Element) {
        let text = |name: &str| {
            query.get_child("set", NS_RSM).and_then(|set| set.get_child(name, NS_RSM)).map(Element::text)
        };
        let (after, before) = (text("after"), text("before"));
        let max: usize = text("max").and_then(|max| max.parse().ok()).unwrap_or(50);
        let archive = &self.home(who).archive;
        let place = |id: &str| archive.iter().position(|(known, ..)| known == id);
        let from = after.as_deref().and_then(place).map_or(0, |place| place + 1);
        let to = before.as_deref().filter(|id| !id.is_empty()).and_then(place).unwrap_or(archive.len());
        let range = archive.get(from..to).unwrap_or_default();
        let page = match &before {
            Some(_) => range.get(range.len().saturating_sub(max)..).unwrap_or_default(),
            None => range.get(..max.min(range.len())).unwrap_or_default(),
        };
        let complete = page.len() == range.len();
        let id = query.attr("queryid").unwrap_or_default();
        let results = page.iter().map(|(archive_id, time, message)| {
            let delay = tag("delay", "urn:xmpp:delay", &[("stamp", &date::write(model::Timestamp(*time)))]);
            let forwarded = parent_tag("forwarded", "urn:xmpp:forward:0", &[], [delay, message.clone()]);
            let result = parent_tag("result", NS_MAM, &[("queryid", id), ("id", archive_id)], [forwarded]);
            let attributes = [("from", who.as_str()), ("to", who.as_str())];
            parent_tag("message", xml::NS_CLIENT, &attributes, [result])
        });
        let results = results.collect();
        let edge = |name: &str, entry: Option<&(String, i64, Element)>| {
            entry.map(|(id, ..)| xmpp::payload::text_tag(name, NS_RSM, id))
        };
        let set = [edge("first", page.first()), edge("last", page.last())].into_iter().flatten();
        let set = parent_tag("set", NS_RSM, &[], set);
        let complete = if complete { "true" } else { "false" };
        (results, parent_tag("fin", NS_MAM, &[("complete", complete)], [set]))
    }

    fn message(&mut self, who: &BareJid, resource: &str, message: &Element) -> Deliveries {
        let mut message = message.clone();
        set_attribute(&mut message, "from", &format!("{who}/{resource}"));
        let to = Address::parse(message.attr("to").unwrap()).unwrap();
        let stored = !message.has_child("no-store", "urn:xmpp:hints");
        let mut out = Vec::new();
        let mut copies = BTreeMap::new();
        for owner in [who.clone(), to.to_bare()] {
            if copies.contains_key(&owner) {
                continue;
            }
            let mut copy = message.clone();
            if stored {
                let id = self.id();
                let now = self.now;
                copy.append_child(tag("stanza-id", "urn:xmpp:sid:0", &[("by", owner.as_str()), ("id", &id)]));
                self.home(&owner).archive.push((id, now, message.clone()));
            }
            copies.insert(owner, copy);
        }
        if self.withholds {
            return out;
        }
        for (name, device) in self.home(&to.to_bare()).sessions.clone() {
            if to.resource().is_none_or(|resource| resource == name) {
                out.push((device, copies[&to.to_bare()].clone()));
            }
        }
        // To the other devices of whoever sent it (XEP-0280).
        for (name, device) in self.home(who).sessions.clone() {
            if name != resource && to.to_bare() != *who {
                let forwarded = parent_tag("forwarded", "urn:xmpp:forward:0", &[], [copies[who].clone()]);
                let sent = parent_tag("sent", "urn:xmpp:carbons:2", &[], [forwarded]);
                let full = format!("{who}/{name}");
                let attributes = [("from", who.as_str()), ("to", full.as_str())];
                out.push((device, parent_tag("message", xml::NS_CLIENT, &attributes, [sent])));
            }
        }
        out
    }
}

fn is_list(node: &str) -> bool {
    node.ends_with("devicelist") || node.ends_with(":devices")
}

fn event(who: &BareJid, node: &str, id: &str, payload: Element) -> Element {
    let item = parent_tag("item", NS_EVENT, &[("id", id)], [payload]);
    let items = parent_tag("items", NS_EVENT, &[("node", node)], [item]);
    let event = parent_tag("event", NS_EVENT, &[], [items]);
    parent_tag("message", xml::NS_CLIENT, &[("from", who.as_str()), ("type", "headline")], [event])
}

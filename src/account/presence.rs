//! Presence (RFC 6121 §4), ours and theirs.
//!
//! Theirs is kept per device while the session lasts, and told as one answer per person: the most available of
//! their devices. It is never stored, and only of people whose presence we asked to see; before the roster of
//! a session is here nobody knows who that is, so until then it is kept of everybody, and sorted out when it comes.
//! Everything is bounded: a contact with a thousand devices has thirty-two.

use std::collections::BTreeMap;

use model::{Availability, BareJid, Change, ContactPresence, EventKind, Show, Timestamp};
use store::OwnPresence;
use xmpp::{
    Address,
    minidom::Element,
    payload::{parent_tag, tag, text_tag},
    xep_0115_caps::Caps,
    xep_0153_vcard_avatar, xep_0319_idle,
};

use crate::{Error, avatars, caps, names, refused::Kind, roster, turn::Turn};

const NS: &str = "jabber:client";
/// Devices of one person, and people, beyond these are not followed.
const MAX_DEVICES: usize = 32;
const MAX_PEOPLE: usize = 20_000;

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    people: BTreeMap<BareJid, Person>,
}

#[derive(Default)]
struct Person {
    devices: BTreeMap<String, Device>,
    told: ContactPresence,
}

#[derive(Clone)]
struct Device {
    show: Show,
    status: Option<String>,
    priority: i8,
    last_seen: Option<Timestamp>,
    /// Under which key what it can do is remembered (XEP-0115).
    caps: Option<String>,
}

impl Person {
    /// The best of the devices; none means offline.
    fn sum(&self) -> ContactPresence {
        let best = self
            .devices
            .values()
            .max_by_key(|device| (device.show, device.priority, device.status.is_some()));
        let Some(best) = best else { return ContactPresence::default() };
        // Idle on the laptop is not idle while the phone is in the hand.
        let here = best.show >= Show::DoNotDisturb && best.last_seen.is_none();
        let last_seen = self.devices.values().filter_map(|device| device.last_seen).max().filter(|_| !here);
        ContactPresence { show: best.show, status: best.status.clone(), last_seen }
    }
}

/// Announces the own presence in a fresh session.
pub fn announce(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let own = turn.tx.reads().own_presence()?;
    let stanza = element(turn, &own, &[]);
    turn.send(&stanza);
    Ok(())
}

/// Tells a new mutual contact of ours once more, now that both may see each other: ejabberd reads what we want to be told
/// of (caps) from a presence that comes after that, and from none before.
pub fn introduce(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    let own = turn.tx.reads().own_presence()?;
    let stanza = element(turn, &own, &[("to", who.as_str())]);
    if own.availability.show != Show::Offline {
        turn.send(&stanza);
    }
    Ok(())
}

/// What we can do has changed with a setting: tells it again.
pub fn refresh(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if turn.is_online() { announce(turn) } else { Ok(()) }
}

fn element(turn: &Turn<'_, '_>, own: &OwnPresence, attributes: &[(&str, &str)]) -> Element {
    let show = match own.availability.show {
        Show::FreeForChat => Some("chat"),
        Show::Away => Some("away"),
        Show::ExtendedAway => Some("xa"),
        Show::DoNotDisturb => Some("dnd"),
        Show::Available | Show::Offline => None,
    };
    // Where nobody sits, messages to the bare address need not go first (RFC 6121 §4.7.2.3).
    let priority = if own.idle_since.is_some() { "0" } else { "5" };
    let status = own.availability.status.as_deref();
    let children = show
        .map(|show| text_tag("show", NS, show))
        .into_iter()
        .chain(status.map(|status| text_tag("status", NS, status)))
        .chain([text_tag("priority", NS, priority)])
        .chain(caps::own(turn).map(|caps| caps.element()))
        .chain(own.idle_since.map(xep_0319_idle::element));
    parent_tag("presence", NS, attributes, children)
}

/// A presence stanza of any type; `unavailable` from ourselves included.
pub fn handle(turn: &mut Turn<'_, '_>, from: &Address, stanza: &Element) -> Result<(), Error> {
    match stanza.attr("type") {
        None => available(turn, from, stanza),
        Some("unavailable") => {
            unavailable(turn, from);
            Ok(())
        }
        Some("subscribe") => roster::asked(turn, from, stanza),
        Some("unsubscribe") => roster::asks_no_more(turn, from),
        // What comes of subscriptions is told by roster pushes, which cannot be forged.
        Some(_) => Ok(()),
    }
}

fn available(turn: &mut Turn<'_, '_>, from: &Address, stanza: &Element) -> Result<(), Error> {
    let who = from.to_bare();
    if who == *turn.own_bare() {
        return Ok(());
    }
    let sorted = roster::is_loaded(turn);
    if sorted && !roster::we_see(turn, &who)? {
        // Directed presence of a stranger: nothing of it is for us to keep (DESIGN rule 12).
        return Ok(());
    }
    let caps = Caps::read(stanza);
    let device = Device {
        show: match stanza.get_child("show", NS).map(Element::text).as_deref().map(str::trim) {
            Some("away") => Show::Away,
            Some("xa") => Show::ExtendedAway,
            Some("dnd") => Show::DoNotDisturb,
            Some("chat") => Show::FreeForChat,
            _ => Show::Available,
        },
        status: stanza.get_child("status", NS).and_then(|status| names::clean_status(&status.text())),
        priority: stanza
            .get_child("priority", NS)
            .and_then(|text| text.text().trim().parse().ok())
            .unwrap_or(0),
        last_seen: xep_0319_idle::since(stanza).filter(|since| *since <= turn.wall()),
        caps: caps.as_ref().map(Caps::key),
    };
    if !keep(turn, &who, from.resource().unwrap_or_default(), device) {
        turn.refuse(Kind::Limit);
        return Ok(());
    }
    tell(turn, &who);
    if sorted {
        if let Some(caps) = caps {
            caps::heard(turn, from, &caps)?;
        }
        if let Some(photo) = xep_0153_vcard_avatar::photo(stanza) {
            avatars::photo_announced(turn, &who, &photo)?;
        }
    }
    Ok(())
}

fn keep(turn: &mut Turn<'_, '_>, who: &BareJid, resource: &str, device: Device) -> bool {
    let people = &mut turn.state.presence.people;
    if people.len() >= MAX_PEOPLE && !people.contains_key(who) {
        return false;
    }
    let person = people.entry(who.clone()).or_default();
    if person.devices.len() >= MAX_DEVICES && !person.devices.contains_key(resource) {
        return false;
    }
    person.devices.insert(resource.to_owned(), device);
    true
}

fn unavailable(turn: &mut Turn<'_, '_>, from: &Address) {
    let who = from.to_bare();
    if let Some(person) = turn.state.presence.people.get_mut(&who) {
        match from.resource() {
            Some(resource) => {
                person.devices.remove(resource);
            }
            // From the bare address: all of them.
            None => person.devices.clear(),
        }
    }
    tell(turn, &who);
}

/// Tells what changed, once the roster says who is who.
fn tell(turn: &mut Turn<'_, '_>, who: &BareJid) {
    if !roster::is_loaded(turn) {
        return;
    }
    let Some(person) = turn.state.presence.people.get_mut(who) else { return };
    let sum = person.sum();
    let changed = person.told != sum;
    person.told = sum.clone();
    if person.devices.is_empty() {
        turn.state.presence.people.remove(who);
    }
    if changed {
        turn.event(EventKind::Presence(who.clone(), sum));
    }
}

/// Somebody's presence is not ours to see any more.
pub fn forget(turn: &mut Turn<'_, '_>, who: &BareJid) {
    if let Some(person) = turn.state.presence.people.remove(who)
        && person.told != ContactPresence::default()
    {
        turn.event(EventKind::Presence(who.clone(), ContactPresence::default()));
    }
}

/// The roster is here: keeps those it names, tells of them, and forgets the rest.
pub fn forget_strangers(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let people: Vec<BareJid> = turn.state.presence.people.keys().cloned().collect();
    for who in people {
        if roster::we_see(turn, &who)? {
            tell(turn, &who);
        } else {
            forget(turn, &who);
        }
    }
    Ok(())
}

/// The session is over: nobody's presence is known any more.
pub fn end(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let people: Vec<BareJid> = turn.state.presence.people.keys().cloned().collect();
    for who in people {
        forget(turn, &who);
    }
    Ok(())
}

/// The keys under which is remembered what somebody's devices can do (XEP-0115).
pub fn caps_keys(turn: &Turn<'_, '_>, who: &BareJid) -> Vec<String> {
    let person = turn.state.presence.people.get(who);
    person
        .into_iter()
        .flat_map(|person| person.devices.values())
        .filter_map(|device| device.caps.clone())
        .collect()
}

/// The devices of somebody, each with the key under which is remembered what it can do.
pub fn devices(turn: &Turn<'_, '_>, who: &BareJid) -> Vec<(String, String)> {
    let person = turn.state.presence.people.get(who);
    person
        .into_iter()
        .flat_map(|person| &person.devices)
        .filter_map(|(resource, device)| Some((resource.clone(), device.caps.clone()?)))
        .collect()
}

/// `Command::SetAvailability`, while online; `Show::Offline` never comes here.
pub fn set_availability(turn: &mut Turn<'_, '_>, availability: &Availability) -> Result<(), Error> {
    let away = matches!(availability.show, Show::Away | Show::ExtendedAway);
    let earlier = turn.tx.reads().own_presence()?.idle_since;
    let own = OwnPresence {
        availability: Availability {
            show: availability.show,
            status: availability.status.as_deref().and_then(names::clean_status),
        },
        // Away becomes long away, not later away.
        idle_since: if away { earlier.or(Some(turn.wall())) } else { None },
    };
    if turn.tx.set_own_presence(&own)? {
        turn.changed(Change::Account);
    }
    if turn.is_online() {
        let stanza = element(turn, &own, &[]);
        turn.send(&stanza);
    }
    Ok(())
}

/// Before signing out: the last presence (RFC 6121 §4.5).
pub fn say_goodbye(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.send(&tag("presence", NS, &[("type", "unavailable")]));
    Ok(())
}

#[cfg(test)]
mod tests;

//! The roster (RFC 6121 §2) and who sees whose presence (§3).
//!
//! The server's roster is the truth, and what is here a copy with a version (§2.6). A whole roster is compared
//! with the copy, so that a server without versions does not make every contact look changed at each sign-in.
//! What the user did meanwhile ([`intentions`]) stands until the server has it.
//!
//! Being on the roster is what makes somebody known: strangers are asked nothing and told nothing (DESIGN rule 12).
//! Approval in advance (§3.4) is not used: it would tell the server whom one expects.

use std::collections::BTreeSet;

use model::{BareJid, Change, Contact, Subscription};
use store::RosterItem;
use xmpp::{
    Address, IqOutcome,
    minidom::Element,
    payload::tag,
    rfc_6121_roster::{self as wire, Item},
    xep_0172_nickname,
};

use crate::{
    Error,
    inbound::Reply,
    intentions::{self, Intention},
    names, nickname, pep, presence,
    refused::Kind,
    turn::{IqKind, PendingIq, Turn},
};

/// When more contacts than this changed at once, readers read everything again.
const MANY: usize = 50;
/// More requests than this are not kept: somebody is playing.
const MAX_REQUESTS: usize = 200;

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    /// Whether the roster of this session is here.
    loaded: bool,
}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// The roster.
    List,
    /// A change.
    Change(Intention),
}

/// Asks for the roster, or what changed in it since the version on disk (§2.6).
pub fn request(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.state.roster.loaded = false;
    let version = if turn.state.own.stream.roster_versioning {
        Some(turn.tx.reads().roster_version()?.unwrap_or_default())
    } else {
        None
    };
    turn.send_iq(IqKind::Get, None, wire::request(version.as_deref()), PendingIq::Roster(Asked::List));
    Ok(())
}

/// Whether the roster of this session is here: before, it is not known who is a stranger.
pub fn is_loaded(turn: &Turn<'_, '_>) -> bool {
    turn.state.roster.loaded
}

/// A push (§2.1.6): an IQ `set`.
pub fn handle_push(turn: &mut Turn<'_, '_>, from: Option<&Address>, query: &Element) -> Result<Reply, Error> {
    if !turn.is_own_server(from) {
        turn.refuse(Kind::RosterPush);
        return Ok(Reply::Silence);
    }
    let Some(roster) = wire::roster(query) else { return Ok(Reply::BAD_REQUEST) };
    let [item] = roster.items.as_slice() else { return Ok(Reply::BAD_REQUEST) };
    let who = &item.address;
    let before = (we_see(turn, who)?, sees_us(turn, who)?);
    if take(turn, item)? {
        contact_changed(turn, who)?;
        let now = (we_see(turn, who)?, sees_us(turn, who)?);
        let is_mutual = now == (true, true) && before != now;
        if is_mutual {
            presence::introduce(turn, who)?;
        }
        // What they published between the first answer and the introduction was told to nobody.
        if is_mutual || now.0 && !before.0 {
            pep::contact_seen(turn, who)?;
        }
    }
    if roster.version.is_some() {
        turn.tx.set_roster_version(roster.version.as_deref())?;
    }
    Ok(Reply::Result(None))
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: Asked, answer: IqOutcome) -> Result<(), Error> {
    match (asked, answer) {
        (_, IqOutcome::Lost) | (Asked::Change(_), IqOutcome::TimedOut) => Ok(()),
        (Asked::List, answer) => {
            // An empty answer says that what is here still stands (§2.6.3).
            if let IqOutcome::Result(stanza) = answer
                && let Some(roster) = stanza.child("query", wire::NS).and_then(wire::roster)
            {
                take_all(turn, &roster)?;
            }
            turn.state.roster.loaded = true;
            presence::forget_strangers(turn)?;
            intentions::begin(turn)
        }
        (Asked::Change(intention), IqOutcome::Result(_)) => intentions::done(turn, &intention),
        (Asked::Change(intention), IqOutcome::Error(error)) => {
            tracing::warn!(condition = error.condition, "the server refused a change of the roster");
            intentions::done(turn, &intention)
        }
    }
}

fn take_all(turn: &mut Turn<'_, '_>, roster: &wire::Roster) -> Result<(), Error> {
    let mut changed = Vec::new();
    let mut listed = BTreeSet::new();
    for item in &roster.items {
        listed.insert(item.address.clone());
        if take(turn, item)? {
            changed.push(item.address.clone());
        }
    }
    for contact in turn.tx.reads().contacts()? {
        if contact.in_roster
            && !listed.contains(&contact.address)
            && !intentions::waits(turn, &Intention::PutContact(contact.address.clone()))?
        {
            drop_item(turn, &contact)?;
            changed.push(contact.address);
        }
    }
    turn.tx.set_roster_version(roster.version.as_deref())?;
    if changed.len() > MANY {
        turn.changed(Change::Everything);
    } else {
        for who in &changed {
            contact_changed(turn, who)?;
        }
    }
    Ok(())
}

/// Takes one entry of the server's. True if anything changed.
fn take(turn: &mut Turn<'_, '_>, item: &Item) -> Result<bool, Error> {
    let present = turn.tx.reads().contact(&item.address)?;
    let Some(subscription) = item.subscription else {
        let Some(present) = present.filter(|present| present.in_roster) else { return Ok(false) };
        drop_item(turn, &present)?;
        return Ok(true);
    };
    if item.address == *turn.own_bare()
        || intentions::waits(turn, &Intention::RemoveContact(item.address.clone()))?
    {
        return Ok(false);
    }
    let mut groups: Vec<String> = item.groups.iter().filter_map(|group| names::clean(group)).collect();
    groups.sort();
    groups.dedup();
    let mut new = RosterItem {
        address: item.address.clone(),
        name: item.name.as_deref().and_then(names::clean),
        groups,
        subscription,
        asked: item.asked,
        approved: item.approved,
    };
    if let Some(present) = &present
        && intentions::waits(turn, &Intention::PutContact(item.address.clone()))?
    {
        // The user's own word about name and groups is younger.
        new.name.clone_from(&present.given_name);
        new.groups.clone_from(&present.groups);
    }
    if present.as_ref().is_some_and(|present| is_same(present, &new)) {
        return Ok(false);
    }
    turn.tx.put_roster_item(&new)?;
    let sees_us = matches!(subscription, Subscription::From | Subscription::Both);
    if sees_us {
        turn.tx.set_asks_subscription(&item.address, false)?;
    }
    if !matches!(subscription, Subscription::To | Subscription::Both) {
        presence::forget(turn, &item.address);
    }
    Ok(true)
}

fn is_same(present: &Contact, new: &RosterItem) -> bool {
    let mut groups = present.groups.clone();
    groups.sort();
    present.in_roster
        && present.given_name == new.name
        && groups == new.groups
        && present.subscription == new.subscription
        && present.asked_subscription == new.asked
}

fn drop_item(turn: &mut Turn<'_, '_>, contact: &Contact) -> Result<(), Error> {
    turn.tx.remove_roster_item(&contact.address)?;
    if contact.asks_subscription {
        turn.tx.set_asks_subscription(&contact.address, true)?;
    }
    presence::forget(turn, &contact.address);
    Ok(())
}

/// Says that a contact changed, and with it the conversation that bears their name.
pub fn contact_changed(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    turn.changed(Change::Contact(who.clone()));
    if let Some(conversation) = turn.tx.reads().conversation_with(who)? {
        turn.changed(Change::Conversation(conversation));
    }
    Ok(())
}

/// Whether somebody sees our presence (subscription `from` or `both`): they know that we are here.
pub fn sees_us(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<bool, Error> {
    let contact = turn.tx.reads().contact(who)?;
    Ok(contact.is_some_and(|contact| {
        matches!(contact.subscription, Subscription::From | Subscription::Both) && !contact.blocked
    }))
}

/// Whether we see somebody's presence: what they publish is for us, and may be fetched.
pub fn we_see(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<bool, Error> {
    let contact = turn.tx.reads().contact(who)?;
    Ok(contact.is_some_and(|contact| {
        contact.in_roster
            && matches!(contact.subscription, Subscription::To | Subscription::Both)
            && !contact.blocked
    }))
}

/// `Command::AddContact`
pub fn add(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    name: Option<String>,
    groups: Vec<String>,
) -> Result<(), Error> {
    if who == turn.own_bare() {
        return Ok(());
    }
    let subscription = put(turn, who, name, groups, true)?;
    if !matches!(subscription, Subscription::To | Subscription::Both) {
        intentions::add(turn, Intention::Subscribe(who.clone()))?;
    }
    Ok(())
}

/// `Command::ChangeContact`
pub fn change(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    name: Option<String>,
    groups: Vec<String>,
) -> Result<(), Error> {
    if turn.tx.reads().contact(who)?.is_some_and(|contact| contact.in_roster) {
        put(turn, who, name, groups, false)?;
    }
    Ok(())
}

fn put(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    name: Option<String>,
    groups: Vec<String>,
    asks: bool,
) -> Result<Subscription, Error> {
    let present = turn.tx.reads().contact(who)?;
    let subscription = present.as_ref().map(|present| present.subscription).unwrap_or_default();
    let sees = matches!(subscription, Subscription::To | Subscription::Both);
    turn.tx.put_roster_item(&RosterItem {
        address: who.clone(),
        name: name.as_deref().and_then(names::clean),
        groups: groups.iter().filter_map(|group| names::clean(group)).collect(),
        subscription,
        asked: (asks && !sees) || present.is_some_and(|present| present.asked_subscription),
        approved: false,
    })?;
    if let Some(conversation) = turn.tx.reads().conversation_with(who)? {
        turn.tx.set_stranger(conversation, false)?;
    }
    contact_changed(turn, who)?;
    intentions::add(turn, Intention::PutContact(who.clone()))?;
    Ok(subscription)
}

/// `Command::RemoveContact`
pub fn remove(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    turn.tx.remove_roster_item(who)?;
    presence::forget(turn, who);
    contact_changed(turn, who)?;
    // The server ends both subscriptions with it (§2.5.1).
    intentions::add(turn, Intention::RemoveContact(who.clone()))
}

/// `Command::AnswerSubscription`
pub fn answer_subscription(turn: &mut Turn<'_, '_>, who: &BareJid, yes: bool) -> Result<(), Error> {
    if turn.tx.set_asks_subscription(who, false)? {
        contact_changed(turn, who)?;
    }
    let who = who.clone();
    intentions::add(turn, if yes { Intention::Approve(who) } else { Intention::Deny(who) })
}

/// The user took a stranger in (`Command::AcceptStranger`): approve a waiting request and ask for theirs.
pub fn stranger_accepted(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    let present = turn.tx.reads().contact(who)?;
    if present.as_ref().is_some_and(|contact| contact.asks_subscription) {
        answer_subscription(turn, who, true)?;
    }
    let (name, groups) = match present.filter(|contact| contact.in_roster) {
        Some(contact) => (contact.given_name, contact.groups),
        None => (None, Vec::new()),
    };
    add(turn, who, name, groups)
}

/// Somebody asks to see our presence (§3.1.3). It waits for the user; nothing is answered before.
pub fn asked(turn: &mut Turn<'_, '_>, from: &Address, stanza: &Element) -> Result<(), Error> {
    let who = from.to_bare();
    let reads = turn.tx.reads();
    if who == turn.state.own.bare || reads.is_blocked(&who)? || sees_us(turn, &who)? {
        return Ok(());
    }
    let waiting = turn.tx.reads().contacts()?.iter().filter(|contact| contact.asks_subscription).count();
    if waiting >= MAX_REQUESTS {
        turn.refuse(Kind::Limit);
        return Ok(());
    }
    if turn.tx.set_asks_subscription(&who, true)? {
        names::examine(turn, &who)?;
        contact_changed(turn, &who)?;
    }
    match xep_0172_nickname::nickname(stanza) {
        Some(name) => nickname::heard(turn, &who, &name),
        None => Ok(()),
    }
}

/// Somebody asks no more (§3.3.3).
pub fn asks_no_more(turn: &mut Turn<'_, '_>, from: &Address) -> Result<(), Error> {
    let who = from.to_bare();
    let asks = turn.tx.reads().contact(&who)?.is_some_and(|contact| contact.asks_subscription);
    if asks && turn.tx.set_asks_subscription(&who, false)? {
        contact_changed(turn, &who)?;
    }
    Ok(())
}

/// Sends name and groups as they are here.
pub fn send_put(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    let intention = Intention::PutContact(who.clone());
    let Some(contact) = turn.tx.reads().contact(who)?.filter(|contact| contact.in_roster) else {
        return intentions::done(turn, &intention);
    };
    let payload = wire::set(who, contact.given_name.as_deref(), &contact.groups);
    turn.send_iq(IqKind::Set, None, payload, PendingIq::Roster(Asked::Change(intention)));
    Ok(())
}

/// Sends that somebody is off the roster.
pub fn send_remove(turn: &mut Turn<'_, '_>, who: &BareJid) {
    let pending = PendingIq::Roster(Asked::Change(Intention::RemoveContact(who.clone())));
    turn.send_iq(IqKind::Set, None, wire::remove(who), pending);
}

/// Sends a presence about subscriptions (§3). The server tells what came of it by a push, or asks again.
pub fn send_subscription(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    kind: &str,
    intention: &Intention,
) -> Result<(), Error> {
    let mut stanza = tag("presence", "jabber:client", &[("to", who.as_str()), ("type", kind)]);
    if kind == "subscribe"
        && let Some(name) = turn.tx.reads().account()?.and_then(|account| account.nickname)
    {
        stanza.append_child(xep_0172_nickname::element(&name));
    }
    turn.send(&stanza);
    intentions::done(turn, intention)
}

#[cfg(test)]
mod tests;

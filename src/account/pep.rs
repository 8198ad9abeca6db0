//! Personal eventing (XEP-0163): sorts events by node.
//!
//! Everybody publishes at their own bare address, so the sender of an event is the one it is about, whatever
//! the event says. It counts from ourselves, and from contacts whose presence we see: they chose to tell us.
//!
//! Somebody whom we see from now on is asked what they published before, for not every server tells that by itself; and
//! once more when they see us too, for only then will their server tell what comes after.

use model::BareJid;
use xmpp::{
    Address, IqOutcome,
    minidom::Element,
    xep_0060_pubsub::{self as pubsub, Event, Item},
    xep_0084_avatar as avatar, xep_0172_nickname as nick, xep_0384_omemo as omemo_wire,
    xep_0490_displayed_sync as mds,
};

use crate::{
    Error, avatars, displayed_sync, nickname, omemo,
    refused::Kind,
    roster,
    turn::{IqKind, PendingIq, Turn},
};

/// What was asked: the newest item of somebody's node.
#[derive(Clone, Debug)]
pub struct Asked {
    who: BareJid,
    node: &'static str,
}

/// We see somebody from now on, or they see us too.
pub fn contact_seen(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    for node in [nick::NS, avatar::NS_METADATA] {
        let query = pubsub::items_query(node, Some(1), None);
        let asked = Asked { who: who.clone(), node };
        turn.send_iq(IqKind::Get, Some(who.as_str()), query, PendingIq::Pep(asked));
    }
    omemo::contact_seen(turn, who)
}

/// An answer to something asked with [`Asked`]. Where there is nothing, or we may not look, nothing is learnt.
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: &Asked, answer: &IqOutcome) -> Result<(), Error> {
    let Asked { who, node } = asked;
    let IqOutcome::Result(stanza) = answer else { return Ok(()) };
    let items = stanza.child("pubsub", pubsub::NS).and_then(|pubsub| pubsub::items(pubsub, node));
    match items.unwrap_or_default().last() {
        Some(item) if roster::we_see(turn, who)? => published(turn, who, node, Some(item)),
        _ => Ok(()),
    }
}

/// An `<event/>` in a message from `from`, `None` being the own account.
pub fn handle_event(turn: &mut Turn<'_, '_>, from: Option<&Address>, event: &Element) -> Result<(), Error> {
    let Some(event) = pubsub::event(event) else { return Ok(()) };
    let is_own = turn.is_own_account(from);
    let who = match from {
        _ if is_own => turn.own_bare().clone(),
        // Accounts publish at their bare address; anything else is somebody pretending, or a service that
        // we never subscribed to.
        Some(from) if from.is_bare() && roster::we_see(turn, &from.to_bare())? => from.to_bare(),
        _ => {
            turn.refuse(Kind::PepEvent);
            return Ok(());
        }
    };
    let (node, item) = match &event {
        Event::Items { node, items, .. } => (node.as_str(), items.last()),
        Event::Emptied { node } => (node.as_str(), None),
    };
    for version in omemo_wire::VERSIONS {
        if node == omemo_wire::device_list_node(version) {
            return omemo::published(turn, &who, version, item.and_then(|item| item.payload));
        }
    }
    match node {
        mds::NS if is_own => match &event {
            Event::Items { items, .. } => displayed_sync::handle_items(turn, items),
            Event::Emptied { .. } => Ok(()),
        },
        mds::NS => {
            turn.refuse(Kind::DisplayedSync);
            Ok(())
        }
        _ => published(turn, &who, node, item),
    }
}

/// What somebody tells of themselves.
fn published(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    node: &str,
    item: Option<&Item<'_>>,
) -> Result<(), Error> {
    match node {
        avatar::NS_METADATA => metadata(turn, who, item),
        nick::NS => {
            let name = item.and_then(|item| item.payload).and_then(nick::read);
            nickname::published(turn, who, name.as_deref())
        }
        _ => Ok(()),
    }
}

fn metadata(turn: &mut Turn<'_, '_>, who: &BareJid, item: Option<&Item<'_>>) -> Result<(), Error> {
    match item.and_then(|item| item.payload).map(avatar::metadata) {
        // Nothing was published, or nothing that can be had: a picture that is here stays.
        Some(None) => Ok(()),
        Some(Some(picture)) => avatars::announced(turn, who, picture.as_ref()),
        // The item was taken back.
        None => avatars::announced(turn, who, None),
    }
}

#[cfg(test)]
mod tests;

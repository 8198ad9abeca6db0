//! Personal eventing (XEP-0163): sorts events by node.
//!
//! Everybody publishes at their own bare address, so the sender of an event is the one it is about, whatever
//! the event says. It counts from ourselves, and from contacts whose presence we see: they chose to tell us.

use model::BareJid;
use xmpp::{
    Address,
    minidom::Element,
    xep_0060_pubsub::{self as pubsub, Event, Item},
    xep_0084_avatar as avatar, xep_0172_nickname as nick, xep_0384_omemo as omemo_wire,
    xep_0490_displayed_sync as mds,
};

use crate::{Error, avatars, displayed_sync, nickname, omemo, refused::Kind, roster, turn::Turn};

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
        avatar::NS_METADATA => metadata(turn, &who, item),
        nick::NS => {
            let name = item.and_then(|item| item.payload).and_then(nick::read);
            nickname::published(turn, &who, name.as_deref())
        }
        mds::NS if is_own => match &event {
            Event::Items { items, .. } => displayed_sync::handle_items(turn, items),
            Event::Emptied { .. } => Ok(()),
        },
        mds::NS => {
            turn.refuse(Kind::DisplayedSync);
            Ok(())
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

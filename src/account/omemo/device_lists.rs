//! Which devices somebody has, as their server tells.
//!
//! A list is a hint, and of the server's making: it says whom to encrypt to and is believed about nothing else. What
//! vanishes from it is not written to any more, and neither its key nor its session is forgotten.

use model::{BareJid, Change, OmemoVersion};
use store::NewDevice;
use xmpp::{
    IqOutcome,
    minidom::Element,
    xep_0060_pubsub as pubsub,
    xep_0384_omemo::{self as wire, ListedDevice},
};

use super::{Asked, bundles, own_device, trust};
use crate::{
    Error, files, outbox,
    turn::{IqKind, PendingIq, Turn},
};

/// How far it is with a list in this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Asked for.
    Asked,
    /// As it is on disk.
    Known,
    /// It could not be had: what is on disk may be old.
    Failed,
}

/// Asks for the lists of somebody that were not asked for in this session.
pub fn request(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    for version in wire::VERSIONS {
        if turn.is_online() && !turn.state.omemo.lists.contains_key(&(who.clone(), version)) {
            ask(turn, who, version);
        }
    }
    Ok(())
}

/// Asks for the lists of somebody, also while an older question is on its way: its answer may be too old.
pub fn request_anew(turn: &mut Turn<'_, '_>, who: &BareJid) {
    for version in wire::VERSIONS {
        if turn.is_online() {
            ask(turn, who, version);
        }
    }
}

fn ask(turn: &mut Turn<'_, '_>, who: &BareJid, version: OmemoVersion) {
    turn.state.omemo.lists.insert((who.clone(), version), State::Asked);
    let query = pubsub::items_query(wire::device_list_node(version), None, None);
    let asked = PendingIq::Omemo(Asked::List(who.clone(), version));
    turn.send_iq(IqKind::Get, Some(who.as_str()), query, asked);
}

/// `AccountCommand::LookUpDevices`: fetches the lists anew, and the keys that are not known.
pub fn look_up(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    if super::availability(turn) != super::Availability::Yes {
        return Ok(());
    }
    forget(turn, who);
    turn.state.omemo.bundles.forget_failures(who);
    turn.state.omemo.bundles.look_at(who);
    request(turn, who)
}

/// Lets the lists of somebody be asked for again: a device wrote that stands on none.
pub fn doubt(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    forget(turn, who);
    request(turn, who)
}

fn forget(turn: &mut Turn<'_, '_>, who: &BareJid) {
    turn.state.omemo.lists.retain(|(owner, _), state| owner != who || *state == State::Asked);
}

/// Whether both lists of somebody were answered in this session; `Failed` if one could not be had.
pub fn state(turn: &Turn<'_, '_>, who: &BareJid) -> State {
    let of = |version| turn.state.omemo.lists.get(&(who.clone(), version)).copied().unwrap_or(State::Asked);
    let states = wire::VERSIONS.map(of);
    [State::Asked, State::Failed].into_iter().find(|state| states.contains(state)).unwrap_or(State::Known)
}

/// The server answered.
pub fn handle_answer(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    version: OmemoVersion,
    outcome: IqOutcome,
) -> Result<(), Error> {
    let key = (who.clone(), version);
    match outcome {
        IqOutcome::Lost => {
            turn.state.omemo.lists.remove(&key);
            return Ok(());
        }
        IqOutcome::Result(stanza) => {
            let node = wire::device_list_node(version);
            let items = stanza.child("pubsub", pubsub::NS).and_then(|answer| pubsub::items(answer, node));
            let list = items.iter().flatten().filter_map(|item| item.payload).next_back();
            turn.state.omemo.lists.insert(key, State::Known);
            keep(turn, who, version, list)?;
        }
        IqOutcome::Error(error) if error.condition == "item-not-found" => {
            turn.state.omemo.lists.insert(key, State::Known);
            keep(turn, who, version, None)?;
        }
        // Whoever may not look, or cannot, learns nothing new.
        IqOutcome::Error(error) if error.type_ != "wait" => {
            turn.state.omemo.lists.insert(key, State::Known);
        }
        IqOutcome::Error(_) | IqOutcome::TimedOut => {
            turn.state.omemo.lists.insert(key, State::Failed);
        }
    }
    went_on(turn, who)
}

/// Somebody whose presence we see, or another device of ours, published a list; `None` took it back.
pub fn published(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    version: OmemoVersion,
    list: Option<&Element>,
) -> Result<(), Error> {
    let key = (who.clone(), version);
    // What we asked for is younger than an event that came before its answer.
    if turn.state.omemo.lists.get(&key) != Some(&State::Asked) && turn.state.omemo.lists.contains_key(&key) {
        turn.state.omemo.lists.insert(key, State::Known);
    }
    keep(turn, who, version, list)?;
    went_on(turn, who)
}

fn keep(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    version: OmemoVersion,
    list: Option<&Element>,
) -> Result<(), Error> {
    let devices: Vec<ListedDevice> =
        list.and_then(|list| wire::device_list(version, list)).unwrap_or_default();
    let new = |device: &ListedDevice| NewDevice {
        id: device.id,
        label: device.label.clone(),
        label_signature: device.label_signature.clone(),
    };
    let kept: Vec<_> = devices.iter().map(new).collect();
    if turn.tx.list_devices(who, version, &kept, turn.now.wall)? {
        turn.changed(Change::Devices(who.clone()));
        turn.state.omemo.bundles.forget_failures(who);
        trust::check_labels(turn, who)?;
    }
    if who == turn.own_bare() {
        own_device::listed(turn, version, devices);
    } else if let Some(conversation) = turn.tx.reads().conversation_with(who)? {
        turn.changed(Change::Conversation(conversation));
        if !kept.is_empty() && super::availability(turn) == super::Availability::Yes {
            super::decide(turn, conversation)?;
        }
    }
    Ok(())
}

fn went_on(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    if who == turn.own_bare() && state(turn, who) != State::Asked {
        own_device::lists_known(turn)?;
    }
    bundles::look(turn, who)?;
    files::wake(turn);
    outbox::pump(turn)
}

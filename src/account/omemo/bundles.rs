//! The keys with which sessions are begun, fetched when something is to be said and not before (XEP-0384 §6).
//!
//! All that one message needs is asked for together, a few at a time. A bundle is used once, for a prekey in it is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ::omemo::{Bundle, PublishedKey};
use model::BareJid;
use xmpp::{IqOutcome, minidom::Element, xep_0060_pubsub as pubsub, xep_0384_omemo as wire};

use super::{Asked, Key, crypto_version, reset, trust};
use crate::{
    Error, outbox,
    refused::Kind,
    turn::{IqKind, PendingIq, Turn},
};

/// How many are under way at once.
const PACE: usize = 8;
/// How many wait, are here, or could not be had.
const MOST: usize = 1024;

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    waiting: VecDeque<Key>,
    under_way: BTreeSet<Key>,
    here: BTreeMap<Key, Bundle>,
    /// Not to be had, or not what they should be; asked for again when the list of their owner changes.
    failed: BTreeSet<Key>,
    /// People whose keys a person wants to look at.
    looked_at: BTreeSet<BareJid>,
    /// Bundles that are only looked at: kept for later, their prekeys would be somebody else's by then.
    only_looks: BTreeSet<Key>,
}

impl Memory {
    /// Whether a bundle could not be had.
    pub fn has_failed(&self, key: &Key) -> bool {
        self.failed.contains(key)
    }

    /// A bundle, to be used.
    pub fn take(&mut self, key: &Key) -> Option<Bundle> {
        self.here.remove(key)
    }

    /// Whether a bundle is here.
    pub fn has(&self, key: &Key) -> bool {
        self.here.contains_key(key)
    }

    /// It turned out to be of no use.
    pub fn fail(&mut self, key: &Key) {
        self.here.remove(key);
        if self.failed.len() < MOST {
            self.failed.insert(key.clone());
        }
    }

    /// Lets a bundle be asked for again.
    pub fn retry(&mut self, key: &Key) {
        self.failed.remove(key);
        self.here.remove(key);
    }

    /// Lets the bundles of somebody be asked for again.
    pub fn forget_failures(&mut self, who: &BareJid) {
        self.failed.retain(|(owner, ..)| owner != who);
    }

    /// Lets everything be asked for again.
    pub fn forget_all_failures(&mut self) {
        self.failed.clear();
    }

    /// A person wants to see somebody's keys.
    pub fn look_at(&mut self, who: &BareJid) {
        if self.looked_at.len() < MOST {
            self.looked_at.insert(who.clone());
        }
    }
}

/// Wants the keys of a device.
pub fn want(turn: &mut Turn<'_, '_>, key: &Key) {
    let memory = &mut turn.state.omemo.bundles;
    let is_known = memory.failed.contains(key)
        || memory.here.contains_key(key)
        || memory.under_way.contains(key)
        || memory.waiting.contains(key);
    if !is_known && memory.waiting.len() < MOST {
        memory.waiting.push_back(key.clone());
        next(turn);
    }
}

fn next(turn: &mut Turn<'_, '_>) {
    while turn.is_online() && turn.state.omemo.bundles.under_way.len() < PACE {
        let Some(key) = turn.state.omemo.bundles.waiting.pop_front() else { break };
        let (who, device, version) = &key;
        let node = wire::bundle_node(*version, *device);
        let query = match version {
            // Its node has one item, which not everybody names alike.
            model::OmemoVersion::Legacy => pubsub::items_query(&node, Some(1), None),
            model::OmemoVersion::Two => {
                pubsub::items_query(&node, None, Some(&wire::bundle_item(*version, *device)))
            }
        };
        let to = who.to_string();
        turn.state.omemo.bundles.under_way.insert(key.clone());
        turn.send_iq(IqKind::Get, Some(&to), query, PendingIq::Omemo(Asked::Bundle(key)));
    }
}

/// The server answered.
pub fn handle_answer(turn: &mut Turn<'_, '_>, key: &Key, outcome: IqOutcome) -> Result<(), Error> {
    turn.state.omemo.bundles.under_way.remove(key);
    match outcome {
        IqOutcome::Lost => {
            turn.state.omemo.bundles.only_looks.remove(key);
            return Ok(());
        }
        IqOutcome::Error(_) | IqOutcome::TimedOut => {
            turn.state.omemo.bundles.only_looks.remove(key);
            turn.state.omemo.bundles.fail(key);
        }
        IqOutcome::Result(stanza) => {
            let items = stanza
                .child("pubsub", pubsub::NS)
                .and_then(|answer| pubsub::items(answer, &wire::bundle_node(key.2, key.1)));
            let payload = items.iter().flatten().filter_map(|item| item.payload).next_back();
            came(turn, key, payload)?;
        }
    }
    next(turn);
    reset::go_on(turn)?;
    outbox::pump(turn)
}

fn came(turn: &mut Turn<'_, '_>, key: &Key, payload: Option<&Element>) -> Result<(), Error> {
    let (who, device, version) = key;
    let bundle = payload.and_then(|payload| wire::bundle(*version, payload)).map(|bundle| Bundle {
        version: crypto_version(*version),
        identity: bundle.identity_key,
        signed_prekey: PublishedKey { id: bundle.signed_prekey_id, key: bundle.signed_prekey },
        signature: bundle.signature,
        prekeys: bundle.prekeys.into_iter().map(|(id, key)| PublishedKey { id, key }).collect(),
    });
    let Some((bundle, identity)) = bundle.and_then(|bundle| bundle.verify().ok().map(|key| (bundle, key)))
    else {
        // Nothing there, or nothing that its owner could have signed.
        if payload.is_some() {
            turn.refuse(Kind::Bundle);
        }
        turn.state.omemo.bundles.fail(key);
        return Ok(());
    };
    let ed25519 = match version {
        model::OmemoVersion::Two => <[u8; 32]>::try_from(bundle.identity.as_slice()).ok(),
        model::OmemoVersion::Legacy => None,
    };
    trust::learn(turn, who, *device, identity, ed25519)?;
    let memory = &mut turn.state.omemo.bundles;
    if !memory.only_looks.remove(key) && memory.here.len() < MOST {
        memory.here.insert(key.clone(), bundle);
    }
    Ok(())
}

/// Fetches the keys of somebody's devices that are not known, if a person wants to look at them.
pub fn look(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    if !turn.state.omemo.bundles.looked_at.contains(who) {
        return Ok(());
    }
    for device in turn.tx.reads().devices(who)? {
        // A key that came with a message checks no names: the one for that stands in the bundle of version 2.
        let has_two = device.versions.contains(&model::OmemoVersion::Two);
        let lacks_name_key = has_two && turn.tx.reads().ed25519_key(who, device.id)?.is_none();
        let version = if has_two { Some(model::OmemoVersion::Two) } else { device.versions.first().copied() };
        if let Some(version) = version.filter(|_| device.fingerprint.is_none() || lacks_name_key) {
            let key = (who.clone(), device.id, version);
            if turn.state.omemo.bundles.only_looks.len() < MOST {
                turn.state.omemo.bundles.only_looks.insert(key.clone());
            }
            want(turn, &key);
        }
    }
    Ok(())
}

//! Automatic trust management (XEP-0450): what the user verified on one device holds on their others.
//!
//! A trust message is an outbox row like any other, sealed in version 2 for verified devices alone (`sending`). What comes is
//! believed from devices that are verified: from our own about anybody's keys, from a contact's about that contact's. From
//! others it is kept, and counts if they are verified one day.

use ::omemo::IdentityKey;
use model::{BareJid, Fingerprint, Trust};
use store::{NewOutboxRow, ToldTrust};
use xmpp::{
    payload,
    xep_0334_hints::Hint,
    xep_0450_trust::{self as wire, KeyTrust},
    xml,
};

use super::trust;
use crate::{Error, outbox, turn::Turn};

/// How many people are told of a key of ours at once.
const MOST_PEOPLE: usize = 200;

/// The user decided about keys of somebody: tells our own devices, and theirs.
pub fn tell(turn: &mut Turn<'_, '_>, who: &BareJid, keys: &[(Fingerprint, bool)]) -> Result<(), Error> {
    let own = turn.own_bare().clone();
    let mut said = Vec::new();
    for (fingerprint, trusted) in keys {
        if let Some(key) = ed25519(turn, who, *fingerprint)? {
            said.push(KeyTrust { owner: who.clone(), key, trusted: *trusted });
        }
    }
    if said.is_empty() {
        return Ok(());
    }
    if *who != own {
        // Our devices hear of their key, their devices of ours.
        push(turn, &own, &said)?;
        let ours = verified(turn, &own)?;
        return push(turn, who, &ours);
    }
    // A device of ours: it hears of everybody who is verified, and they of it.
    let mut people = turn.tx.reads().people_with_verified_devices()?;
    people.truncate(MOST_PEOPLE);
    let mut all = said.clone();
    for person in &people {
        all.extend(verified(turn, person)?.into_iter().filter(|key| !said.contains(key)));
    }
    push(turn, &own, &all)?;
    for person in people.iter().filter(|person| **person != own) {
        push(turn, person, &said)?;
    }
    Ok(())
}

/// The verified keys of somebody, as they are told; of ourselves with that of this device.
fn verified(turn: &Turn<'_, '_>, who: &BareJid) -> Result<Vec<KeyTrust>, Error> {
    let mut keys = Vec::new();
    for device in turn.tx.reads().devices(who)? {
        // This device speaks for itself by writing at all.
        if device.trust == Trust::Verified
            && !device.is_this
            && let Some(key) = turn.tx.reads().ed25519_key(who, device.id)?
        {
            keys.push(KeyTrust { owner: who.clone(), key, trusted: true });
        }
    }
    Ok(keys)
}

fn ed25519(turn: &Turn<'_, '_>, who: &BareJid, fingerprint: Fingerprint) -> Result<Option<[u8; 32]>, Error> {
    for device in turn.tx.reads().devices(who)? {
        if device.fingerprint == Some(fingerprint) {
            return Ok(turn.tx.reads().ed25519_key(who, device.id)?);
        }
    }
    Ok(None)
}

fn push(turn: &mut Turn<'_, '_>, to: &BareJid, keys: &[KeyTrust]) -> Result<(), Error> {
    let verified = turn.tx.reads().devices(to)?;
    let anybody = verified.iter().any(|device| device.trust == Trust::Verified && !device.is_this);
    if keys.is_empty() || !anybody {
        return Ok(());
    }
    let id = turn.new_id();
    let attributes = [("to", to.as_str()), ("type", "chat"), ("id", &id)];
    let children = [wire::trust_message_element(keys), Hint::Store.element()];
    let bytes = xml::serialise(&payload::parent_tag("message", xml::NS_CLIENT, &attributes, children));
    let row = NewOutboxRow::apart(&id, &bytes, turn.now.wall);
    outbox::push_unsealed(turn, &row)
}

/// A trust message came from a device, sealed.
pub fn receive(
    turn: &mut Turn<'_, '_>,
    teller: &BareJid,
    teller_device: u32,
    keys: Vec<KeyTrust>,
) -> Result<(), Error> {
    let is_own = teller == turn.own_bare();
    for key in keys {
        // Nobody has a say about the keys of third parties but our own devices.
        if !is_own && key.owner != *teller {
            turn.refuse(crate::refused::Kind::TrustMessage);
            continue;
        }
        let Ok(identity) = IdentityKey::from_ed25519(&key.key) else { continue };
        turn.tx.put_told_trust(&ToldTrust {
            teller: teller.clone(),
            teller_device,
            owner: key.owner,
            key: identity.to_bytes(),
            trusted: key.trusted,
        })?;
    }
    heed(turn, teller)
}

/// Lets count what verified devices said: what somebody's devices told, and what was told of them. One verification may let
/// another device speak, so it goes on until nothing is new.
pub fn heed(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    let mut people = vec![who.clone()];
    while let Some(person) = people.pop() {
        for told in turn.tx.reads().told_trust(&person)? {
            let teller = turn.tx.reads().device(&told.teller, told.teller_device)?;
            if teller.is_none_or(|teller| teller.trust != Trust::Verified) {
                continue;
            }
            let key = Fingerprint(told.key);
            let decided = if told.trusted { Trust::Verified } else { Trust::Untrusted };
            let devices = turn.tx.reads().devices(&told.owner)?;
            let about = devices.iter().find(|device| device.fingerprint == Some(key));
            let Some(device) = about else { continue };
            turn.tx.remove_told_trust(&told)?;
            // The user's own word stands above what a device says.
            let is_open = matches!(device.trust, Trust::Undecided | Trust::Blind)
                || (device.trust == Trust::Verified && decided == Trust::Untrusted);
            if is_open && !device.is_this && device.trust != decided {
                trust::decide(turn, device, key, decided)?;
                if decided == Trust::Verified {
                    people.push(told.owner.clone());
                }
            }
        }
    }
    Ok(())
}

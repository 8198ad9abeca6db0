//! Empty messages: the answer to a key exchange, a sign of life to a device that writes without end (XEP-0384 §6), and help
//! for one that writes in a session that is not here, as happens when two begin with the same prekey.
//!
//! They tell their receiver that we are here and read, so strangers and devices that are not trusted get none.

use ::omemo::{DeviceId, Recipient};
use model::BareJid;
use store::NewOutboxRow;
use xmpp::{payload, xep_0334_hints::Hint, xep_0380_encryption as encryption, xml};

use super::{Key, crypto_version, kind, ratchets, reset, sending, trust};
use crate::{Error, outbox, turn::Turn};

/// So many wait. Beyond, devices are made up to keep us busy.
const MOST: usize = 256;

/// An empty message is due to a device.
pub fn add(turn: &mut Turn<'_, '_>, key: Key) {
    if turn.state.omemo.answers.len() < MOST {
        turn.state.omemo.answers.insert(key);
    }
}

/// As [`add`], once while the stream lives: nobody should keep us busy with what cannot be opened. No session is given up
/// for it; the device hears from us in the one that is here, or in one that begins.
pub fn add_once(turn: &mut Turn<'_, '_>, key: Key) {
    if turn.state.omemo.helped.len() < MOST && turn.state.omemo.helped.insert(key.clone()) {
        add(turn, key);
    }
}

/// Sends what is due.
pub fn send(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    for key in std::mem::take(&mut turn.state.omemo.answers) {
        let (who, device, version) = &key;
        let reads = turn.tx.reads();
        let Some(known) = reads.device(who, *device)? else { continue };
        if !may_know(turn, who)? || !trust::may_be_written_to(&known, reads.encryption_settings()?) {
            continue;
        }
        if sending::has_session(turn, &key)? {
            empty(turn, who, *device, *version)?;
        } else {
            turn.state.omemo.restarts.insert((who.clone(), *device));
        }
    }
    reset::go_on(turn)
}

fn may_know(turn: &Turn<'_, '_>, who: &BareJid) -> Result<bool, Error> {
    let reads = turn.tx.reads();
    if who == turn.own_bare() {
        return Ok(true);
    }
    let Some(conversation) = reads.conversation_with(who)? else { return Ok(false) };
    let stored = reads.stored_conversation(conversation)?;
    Ok(stored.is_some_and(|stored| !stored.stranger) && !reads.is_blocked(who)?)
}

/// Writes an empty message to one device, through the outbox: a ratchet moved for it. Nothing if there is no session.
pub fn empty(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    device: u32,
    version: model::OmemoVersion,
) -> Result<(), Error> {
    let Some(number) = DeviceId::new(device) else { return Ok(()) };
    let devices = [number];
    let recipients = [Recipient { address: who.as_str(), devices: &devices }];
    let sealed =
        ratchets(turn, |omemo, mut rng| omemo.encrypt_empty(crypto_version(version), &recipients, &mut rng))?;
    let Ok(sealed) = sealed else { return Ok(()) };
    let children = [Some(super::sending::element(&sealed)), encryption::declaration(kind(version))];
    let children = children.into_iter().flatten().chain([Hint::Store.element()]);
    let id = turn.new_id();
    let attributes = [("to", who.as_str()), ("type", "chat"), ("id", &id)];
    let bytes = xml::serialise(&payload::parent_tag("message", xml::NS_CLIENT, &attributes, children));
    turn.tx.note_sealed(super::receiving::own_mark(&id), None)?;
    let row = NewOutboxRow::apart(&id, &bytes, turn.now.wall);
    outbox::push(turn, &row)
}

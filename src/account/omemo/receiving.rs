//! What came sealed is opened, once.
//!
//! The same message may come live, as a carbon and from the archive. Its sealed key is told by a mark, a hash, which is on
//! disk since the first copy was opened, together with the row it became: a second copy is known before any ratchet is
//! touched, whatever ids it carries. What cannot be opened is told as such and why; should a later copy open, `messages`
//! puts the words in its place.
//!
//! What an envelope says of itself is compared with the stanza it came in, and nothing that stood beside it in the clear is
//! taken for the user's.

use ::omemo::{Content, Decrypted, DeviceId, Incoming, Payload, Peer, Refusal};
use model::{BareJid, Direction, EncryptionKind, MessageId, OmemoVersion, Trust, UnreadableReason};
use sha2::{Digest as _, Sha256};
use xmpp::{
    Address,
    minidom::Element,
    payload,
    xep_0384_omemo::{self as wire, Encrypted, SealedKey},
    xep_0420_sce::Envelope,
    xep_0450_trust as trust_wire, xml,
};

use super::{Key, answers, carriage, device_lists, kind, own_device, ratchets, trust, trust_messages};
use crate::{
    Error,
    archive::Run,
    messages::{Copy, Parties},
    refused::Kind,
    turn::Turn,
};

/// An envelope that was written so much earlier or later than its stanza says is noticed.
const MARGIN: i64 = 24 * 60 * 60 * 1000;

/// What became of a message.
pub enum Opened {
    /// It was not sealed.
    Clear,
    /// It was opened, and this is what it says.
    Words(Box<Element>, Sealed),
    /// It cannot be opened.
    Unreadable(UnreadableReason, EncryptionKind),
    /// Another copy of it was opened before, or we sent it: the row it became, if it became one.
    Seen(Option<MessageId>),
    /// It says nothing: it moved a ratchet, or was to move one of another device.
    Empty,
}

/// With what a message was sealed.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed {
    /// The version.
    pub kind: EncryptionKind,
    /// Whose device wrote it.
    pub sender: BareJid,
    /// The device.
    pub device: u32,
    /// How far its key is trusted.
    pub trust: Trust,
    /// By which another copy is known.
    pub mark: i64,
}

/// Opens a copy of a message, if it is sealed.
pub fn open(turn: &mut Turn<'_, '_>, copy: &Copy<'_>, parties: &Parties) -> Result<Opened, Error> {
    let versions = wire::VERSIONS.into_iter().filter(|version| wire::is_encrypted(copy.message, *version));
    let versions: Vec<OmemoVersion> = versions.collect();
    if versions.is_empty() {
        return Ok(Opened::Clear);
    }
    let own = turn.own_bare().clone();
    let device = turn.tx.reads().own_device_number()?;
    let sender = if parties.direction == Direction::Outgoing { own.clone() } else { parties.peer.clone() };
    let has_note = copy.message.has_child("body", xml::NS_CLIENT);
    let mut worst = None;
    let mut says_something = false;
    for version in versions {
        let read = wire::encrypted(copy.message, version, &own, device.unwrap_or_default());
        let Some(encrypted) = read else {
            worst.get_or_insert((UnreadableReason::Damaged, kind(version)));
            continue;
        };
        says_something |= encrypted.payload.is_some();
        if sender == own && Some(encrypted.sender_device) == device {
            return ours(turn, copy);
        }
        match open_version(turn, copy, parties, &sender, &encrypted)? {
            Opened::Unreadable(reason, kind) => {
                // Being sealed for others says least.
                if worst.is_none_or(|(worst, _)| worst == UnreadableReason::NotForThisDevice) {
                    worst = Some((reason, kind));
                }
            }
            opened => return Ok(opened),
        }
    }
    Ok(match worst {
        // Version 2 seals receipts and the like too, and beside words there is a note. That others were told that a
        // message came is not worth a line.
        Some((UnreadableReason::NotForThisDevice, EncryptionKind::Omemo)) if !has_note => Opened::Empty,
        Some((reason, kind)) if says_something || reason == UnreadableReason::Damaged => {
            Opened::Unreadable(reason, kind)
        }
        _ => Opened::Empty,
    })
}

/// A copy of what this very device sent. If this database knows nothing of it, another life of it did.
fn ours(turn: &mut Turn<'_, '_>, copy: &Copy<'_>) -> Result<Opened, Error> {
    let id = payload::id_attr(copy.message, "id").unwrap_or_default();
    if let Some(message) = turn.tx.reads().seen_sealed(own_mark(&id))? {
        return Ok(Opened::Seen(message));
    }
    if copy.run == Some(Run::Forward) {
        own_device::rotate(turn)?;
    }
    Ok(Opened::Unreadable(UnreadableReason::NotForThisDevice, EncryptionKind::Other))
}

fn open_version(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    sender: &BareJid,
    encrypted: &Encrypted,
) -> Result<Opened, Error> {
    let unreadable = |reason| Opened::Unreadable(reason, kind(encrypted.version));
    let Some(device) = DeviceId::new(encrypted.sender_device) else {
        return Ok(unreadable(UnreadableReason::Damaged));
    };
    for key in &encrypted.keys {
        if let Some(message) = turn.tx.reads().seen_sealed(mark(sender, encrypted, key))? {
            return Ok(Opened::Seen(message));
        }
    }
    let payload = match encrypted.version {
        OmemoVersion::Legacy => Payload::Legacy {
            iv: encrypted.iv.clone().unwrap_or_default(),
            ciphertext: encrypted.payload.clone(),
        },
        OmemoVersion::Two => Payload::Two { ciphertext: encrypted.payload.clone() },
    };
    let mut reason = UnreadableReason::NotForThisDevice;
    for key in &encrypted.keys {
        let incoming = Incoming {
            sender: Peer { address: sender.as_str(), device },
            key: &key.bytes,
            key_exchange: key.key_exchange,
            payload: &payload,
        };
        match ratchets(turn, |omemo, mut rng| omemo.decrypt(&incoming, &mut rng))? {
            Ok(decrypted) => {
                let mark = mark(sender, encrypted, key);
                turn.tx.note_sealed(mark, None)?;
                let sealed = after(turn, parties, sender, encrypted, &decrypted, mark)?;
                return unpack(turn, copy, parties, sender, &decrypted, sealed);
            }
            Err(refusal) => {
                if let Refusal::IdentityChanged { shown, .. } = refusal {
                    trust::changed(turn, sender, encrypted.sender_device, shown)?;
                }
                reason = why(&refusal);
            }
        }
    }
    if reason == UnreadableReason::NoSession {
        doubt(turn, parties, sender, encrypted.sender_device)?;
        if matches!(copy.run, None | Some(Run::Forward)) {
            answers::add_once(turn, (sender.clone(), encrypted.sender_device, encrypted.version));
        }
    }
    Ok(unreadable(reason))
}

fn why(refusal: &Refusal) -> UnreadableReason {
    match refusal {
        Refusal::NoSession | Refusal::UnknownPreKey => UnreadableReason::NoSession,
        Refusal::IdentityChanged { .. } => UnreadableReason::KeyChanged,
        Refusal::NoOwnDevice => UnreadableReason::NotForThisDevice,
        _ => UnreadableReason::Damaged,
    }
}

/// A message was opened: what follows for its device.
fn after(
    turn: &mut Turn<'_, '_>,
    parties: &Parties,
    sender: &BareJid,
    encrypted: &Encrypted,
    decrypted: &Decrypted,
    mark: i64,
) -> Result<Sealed, Error> {
    let device = encrypted.sender_device;
    if decrypted.first_contact {
        trust::first_met(turn, sender, device)?;
    }
    turn.tx.note_device(sender, device, turn.now.wall)?;
    if decrypted.spent_prekey.is_some() {
        turn.state.omemo.spent = true;
    }
    if decrypted.session_started || decrypted.heartbeat_due {
        let key: Key = (sender.clone(), device, encrypted.version);
        answers::add(turn, key);
    }
    doubt(turn, parties, sender, device)?;
    let known = turn.tx.reads().device(sender, device)?;
    Ok(Sealed {
        kind: kind(encrypted.version),
        sender: sender.clone(),
        device,
        trust: known.map_or(Trust::Undecided, |known| known.trust),
        mark,
    })
}

/// A device that stands on no list wrote: the list may be old. For strangers nothing is asked.
fn doubt(turn: &mut Turn<'_, '_>, parties: &Parties, sender: &BareJid, device: u32) -> Result<(), Error> {
    let is_listed = turn.tx.reads().device(sender, device)?.is_some_and(|device| !device.versions.is_empty());
    if is_listed || !turn.state.omemo.caught_up {
        return Ok(());
    }
    let reads = turn.tx.reads();
    let accepted = match reads.conversation_with(&parties.peer)? {
        Some(conversation) => reads.stored_conversation(conversation)?.is_some_and(|stored| !stored.stranger),
        None => false,
    };
    if accepted { device_lists::doubt(turn, sender) } else { Ok(()) }
}

/// What an opened message says.
fn unpack(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    sender: &BareJid,
    decrypted: &Decrypted,
    sealed: Sealed,
) -> Result<Opened, Error> {
    let Content::Message(bytes) = &decrypted.content else { return Ok(Opened::Empty) };
    if sealed.kind == EncryptionKind::OmemoLegacy {
        let Ok(body) = std::str::from_utf8(bytes) else {
            return Ok(Opened::Unreadable(UnreadableReason::Damaged, sealed.kind));
        };
        let body = payload::text_tag("body", xml::NS_CLIENT, body);
        let message = carriage::load(copy.message, carriage::counts_beside_legacy, vec![body]);
        return Ok(Opened::Words(Box::new(message), sealed));
    }
    let Some(envelope) = Envelope::read(bytes) else {
        return Ok(Opened::Unreadable(UnreadableReason::Damaged, sealed.kind));
    };
    let own = turn.own_bare().clone();
    let to = match parties.direction {
        Direction::Incoming => own,
        Direction::Outgoing => {
            let to = copy.message.attr("to").and_then(Address::parse);
            to.map_or(own, |to| to.to_bare())
        }
    };
    if envelope.check(sender, &to).is_err() {
        turn.refuse(Kind::Envelope);
        return Ok(Opened::Unreadable(UnreadableReason::Forged, sealed.kind));
    }
    let told = copy.stamp.unwrap_or(turn.now.wall);
    if envelope.time.is_some_and(|time| (time.0 - told.0).abs() > MARGIN) {
        turn.refuse(Kind::EnvelopeTime);
    }
    let keys = envelope.content.iter().filter_map(trust_wire::trust_message).flatten().collect::<Vec<_>>();
    if !keys.is_empty() {
        trust_messages::receive(turn, sender, sealed.device, keys)?;
    }
    let message = carriage::load(copy.message, carriage::counts_outside, envelope.content);
    Ok(Opened::Words(Box::new(message), sealed))
}

/// The mark of a sealed key: who sealed it, and its bytes.
fn mark(sender: &BareJid, encrypted: &Encrypted, key: &SealedKey) -> i64 {
    let device = encrypted.sender_device.to_be_bytes();
    hash(&[b"from", sender.as_str().as_bytes(), &device, &key.bytes])
}

/// The mark of what this device sent, by the id of its stanza.
pub fn own_mark(id: &str) -> i64 {
    hash(&[b"own", id.as_bytes()])
}

fn hash(parts: &[&[u8]]) -> i64 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let digest = hasher.finalize();
    digest.iter().take(8).fold(0_i64, |mark, byte| mark << 8 | i64::from(*byte))
}

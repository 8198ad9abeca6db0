//! From a row that waits to its final bytes, by one step of every ratchet it needs.
//!
//! A row begins with the words as they are (`OutboxState::Unsealed`). Each time the outbox comes to it, it is asked here
//! whether it can be sealed: are the lists of both sides known, is there a session or a bundle for each device, is the key
//! trusted? What is missing is asked for, and the row waits, and with it all later ones of its conversation. When nothing
//! is missing the ratchets turn and the row gets its bytes in one transaction. From then on it is a row like any other: it
//! is resent as it is, and no ratchet turns for it again.

use ::omemo::{DeviceId, Encrypted, Payload, Recipient as CryptoRecipient, Refusal};
use model::{BareJid, ConversationEncryption, ConversationId, EncryptionKind, OmemoVersion, Trust, Wait};
use store::{OutboxId, OutboxKind, OutboxRow, OutboxState};
use xmpp::{
    minidom::Element,
    parser, payload,
    xep_0334_hints::Hint,
    xep_0380_encryption as encryption,
    xep_0384_omemo::{self as wire, NewEncrypted, Recipient, SealedKey},
    xep_0420_sce::Envelope,
    xml,
};

use super::{
    Availability, Key, availability, bundles,
    carriage::{self, Cargo},
    crypto_version, device_lists, kind, model_version, own_device, peer, ratchets, receiving, trust,
};
use crate::{Error, files, outbox, turn::Turn};

/// What became of a row.
#[derive(Debug)]
pub enum Sealing {
    /// Its final bytes, whether sealed or, where nothing was ever encrypted, as they were.
    Done(Vec<u8>),
    /// Something is missing.
    Waits(Wait),
    /// Something else is to be done before it, and it was put behind that.
    Postponed,
    /// There is nobody it may be told to.
    Dropped,
}

/// Tries to give a row its final bytes.
pub fn seal(turn: &mut Turn<'_, '_>, row: &OutboxRow) -> Result<Sealing, Error> {
    let Some(stanza) = parser::fragment(&row.bytes) else { return Ok(Sealing::Dropped) };
    let Some(to) = carriage::recipient(&stanza) else { return Ok(Sealing::Dropped) };
    let stored = match row.conversation {
        Some(conversation) => turn.tx.reads().stored_conversation(conversation)?,
        None => None,
    };
    let wanted = stored.as_ref().map_or(ConversationEncryption::Omemo, |stored| stored.encryption);
    match can_be_sealed(turn, &to, wanted)? {
        None => return Ok(Sealing::Waits(Wait::Keys)),
        Some(false) => return Ok(Sealing::Done(row.bytes.clone())),
        Some(true) => {}
    }
    if let Some(stored) = &stored {
        super::decide(turn, stored.id)?;
    }
    if files::goes_round_again(turn, row)? {
        return Ok(Sealing::Postponed);
    }
    if !turn.state.omemo.caught_up || own_device::ready(turn)?.is_none() {
        return Ok(Sealing::Waits(Wait::Keys));
    }
    let cargo = carriage::unload(&stanza);
    let keys = match recipients(turn, &to, &cargo)? {
        Ok(keys) => keys,
        Err(wait) if cargo.is_trust_message && wait != Wait::Keys => return Ok(Sealing::Dropped),
        Err(wait) => return Ok(Sealing::Waits(wait)),
    };
    pack(turn, row, &stanza, &to, &cargo, &keys)
}

/// Whether what is said to somebody can be sealed, and has to be. `None` while that is not known. `Some(false)` only where
/// nothing was decided yet: there it is sealed if they are known to have devices.
pub fn can_be_sealed(
    turn: &mut Turn<'_, '_>,
    to: &BareJid,
    wanted: ConversationEncryption,
) -> Result<Option<bool>, Error> {
    let is_open = wanted == ConversationEncryption::Undecided;
    match availability(turn) {
        Availability::No if is_open => return Ok(Some(false)),
        Availability::No | Availability::Unknown => return Ok(None),
        Availability::Yes => {}
    }
    let own = turn.own_bare().clone();
    device_lists::request(turn, &own)?;
    device_lists::request(turn, to)?;
    let lists = device_lists::state(turn, to);
    let has_devices =
        turn.tx.reads().devices(to)?.iter().any(|device| !device.is_this && !device.versions.is_empty());
    if lists == device_lists::State::Asked || (lists == device_lists::State::Failed && !has_devices) {
        return Ok(None);
    }
    Ok(Some(has_devices || !is_open))
}

/// Seals what is about a moment, and sends it: if that cannot be done at once, it is not worth doing.
pub fn send_now(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    token: &str,
    stanza: &Element,
) -> Result<(), Error> {
    let row = OutboxRow {
        id: OutboxId(0),
        kind: OutboxKind::Edit,
        message: None,
        conversation: Some(conversation),
        state: OutboxState::Unsealed,
        token: token.to_owned(),
        bytes: xml::serialise(stanza),
        after: None,
        attempts: 0,
        time: turn.now.wall,
    };
    if let Sealing::Done(bytes) = seal(turn, &row)? {
        outbox::send_bytes_now(turn, bytes);
    }
    Ok(())
}

/// The devices that are to read it, each with a session; or what is missing.
fn recipients(turn: &mut Turn<'_, '_>, to: &BareJid, cargo: &Cargo) -> Result<Result<Vec<Key>, Wait>, Error> {
    // A bundle that turns out to be of no use changes the choice, once for each device and version.
    loop {
        let own = turn.own_bare().clone();
        let theirs = choose(turn, to, cargo)?;
        let ours = if *to == own { Choice::default() } else { choose(turn, &own, cargo)? };
        if theirs.is_changed && *to != own {
            return Ok(Err(Wait::KeyChanged));
        }
        if theirs.is_missing || ours.is_missing {
            return Ok(Err(Wait::Keys));
        }
        if theirs.keys.is_empty() {
            return Ok(Err(match (theirs.any, theirs.is_doubted) {
                (false, _) => Wait::NoDevice,
                (true, true) => Wait::NoTrustedDevice,
                (true, false) => Wait::Keys,
            }));
        }
        let keys: Vec<Key> = theirs.keys.into_iter().chain(ours.keys).collect();
        let mut all = true;
        for key in &keys {
            all &= has_session(turn, key)? || begin_session(turn, key)?;
        }
        if all {
            return Ok(Ok(keys));
        }
    }
}

#[derive(Default)]
struct Choice {
    keys: Vec<Key>,
    /// There are devices at all.
    any: bool,
    /// One shows another key than before.
    is_changed: bool,
    /// One is not trusted.
    is_doubted: bool,
    /// Keys of one are on their way.
    is_missing: bool,
}

/// Which devices of somebody are written to, and in which version: the better one of those whose keys can be had.
fn choose(turn: &mut Turn<'_, '_>, who: &BareJid, cargo: &Cargo) -> Result<Choice, Error> {
    let settings = turn.tx.reads().encryption_settings()?;
    let mut choice = Choice::default();
    for device in turn.tx.reads().devices(who)? {
        if device.is_this || device.versions.is_empty() {
            continue;
        }
        choice.any = true;
        choice.is_changed |= device.trust == Trust::Changed;
        let is_trusted = if cargo.is_trust_message {
            device.trust == Trust::Verified
        } else {
            trust::may_be_written_to(&device, settings)
        };
        if !is_trusted {
            choice.is_doubted = true;
            continue;
        }
        for version in device.versions.iter().copied() {
            let key = (who.clone(), device.id, version);
            if turn.state.omemo.bundles.has(&key) || has_session(turn, &key)? {
                choice.keys.push(key);
                break;
            }
            if !turn.state.omemo.bundles.has_failed(&key) {
                bundles::want(turn, &key);
                choice.is_missing = true;
                break;
            }
        }
    }
    if cargo.is_trust_message {
        choice.keys.retain(|(_, _, version)| *version == OmemoVersion::Two);
    }
    Ok(choice)
}

/// Whether there is a session to write in.
pub fn has_session(turn: &mut Turn<'_, '_>, (who, device, version): &Key) -> Result<bool, Error> {
    let Some(peer) = peer(who, *device) else { return Ok(false) };
    let has = ratchets(turn, |omemo, _| omemo.has_session(peer, crypto_version(*version)))?;
    Ok(has.unwrap_or(false))
}

/// Begins a session with the bundle that is here. False if it is of no use.
pub fn begin_session(turn: &mut Turn<'_, '_>, key: &Key) -> Result<bool, Error> {
    let (who, device, _) = key;
    let Some(bundle) = turn.state.omemo.bundles.take(key) else { return Ok(false) };
    let Some(peer) = peer(who, *device) else { return Ok(false) };
    match ratchets(turn, |omemo, mut rng| omemo.start_session(peer, &bundle, &mut rng))? {
        Ok(_) => Ok(true),
        Err(refusal) => {
            turn.state.omemo.bundles.fail(key);
            if let Refusal::IdentityChanged { shown, .. } = refusal {
                trust::changed(turn, who, *device, shown)?;
            }
            Ok(false)
        }
    }
}

/// Turns the ratchets and makes the stanza.
fn pack(
    turn: &mut Turn<'_, '_>,
    row: &OutboxRow,
    stanza: &Element,
    to: &BareJid,
    cargo: &Cargo,
    keys: &[Key],
) -> Result<Sealing, Error> {
    let of = |version| keys.iter().filter(move |key| key.2 == version).cloned().collect::<Vec<Key>>();
    let (two, mut legacy) = (of(OmemoVersion::Two), of(OmemoVersion::Legacy));
    let reads_two = two.iter().any(|(who, ..)| who == to);
    let settings = turn.tx.reads().encryption_settings()?;
    let mut children = Vec::new();
    if let Some(reactions) = &cargo.reactions {
        if settings.reactions_in_clear && !legacy.is_empty() {
            children.push(reactions.clone());
        } else if !reads_two {
            return Ok(Sealing::Dropped);
        } else {
            // What is not for servers to see is not for legacy devices either.
            legacy.clear();
        }
    }
    let mut sealed_legacy = false;
    if !two.is_empty() {
        let envelope = Envelope {
            content: cargo.inside.clone(),
            from: Some(turn.own_bare().clone()),
            to: Some(to.clone()),
            time: Some(turn.now.wall),
        };
        let length = envelope.write("").len();
        let bytes = envelope.write(&::omemo::padding(length, &mut &mut *turn.state.rng));
        let Some(sealed) = encrypt(turn, OmemoVersion::Two, &two, &bytes)? else {
            return Ok(Sealing::Waits(Wait::Keys));
        };
        children.push(element(&sealed));
    }
    if !legacy.is_empty() {
        if let Some(body) = &cargo.body {
            let Some(sealed) = encrypt(turn, OmemoVersion::Legacy, &legacy, body.as_bytes())? else {
                return Ok(Sealing::Waits(Wait::Keys));
            };
            children.push(element(&sealed));
            sealed_legacy = true;
        }
        children.extend(cargo.marks.iter().cloned());
    }
    // Who reads along in the older version decides how well it is protected.
    let version = if sealed_legacy || two.is_empty() { OmemoVersion::Legacy } else { OmemoVersion::Two };
    if sealed_legacy || !two.is_empty() {
        let declared = if reads_two { OmemoVersion::Two } else { version };
        children.extend(encryption::declaration(kind(declared)));
    }
    if cargo.body.is_some() {
        children.push(payload::text_tag("body", xml::NS_CLIENT, carriage::NOTE));
    }
    children.extend(cargo.outside.iter().cloned());
    if !cargo.outside.iter().any(|child| child.has_ns(xmpp::xep_0334_hints::NS)) {
        children.push(Hint::Store.element());
    }
    let sealed = carriage::load(stanza, |_| false, children);
    note(turn, row, cargo, kind(version))?;
    Ok(Sealing::Done(xml::serialise(&sealed)))
}

/// Keeps what the row became: how it travels, with which key, and that it was ours.
fn note(
    turn: &mut Turn<'_, '_>,
    row: &OutboxRow,
    cargo: &Cargo,
    encryption: EncryptionKind,
) -> Result<(), Error> {
    turn.tx.note_sealed(receiving::own_mark(&row.token), row.message)?;
    if let (Some(message), true) = (row.message, row.kind == OutboxKind::Message || cargo.body.is_some()) {
        turn.tx.set_message_encryption(message, encryption)?;
        let own = turn.own_bare().clone();
        if let Some(device) = turn.tx.reads().own_device_number()? {
            turn.tx.set_message_key(message, &own, device, Trust::Verified)?;
        }
    }
    Ok(())
}

/// Turns the ratchets.
pub fn encrypt(
    turn: &mut Turn<'_, '_>,
    version: OmemoVersion,
    keys: &[Key],
    bytes: &[u8],
) -> Result<Option<Encrypted>, Error> {
    let mut people: Vec<(&BareJid, Vec<DeviceId>)> = Vec::new();
    for (who, device, _) in keys {
        let Some(device) = DeviceId::new(*device) else { continue };
        match people.iter_mut().find(|(known, _)| *known == who) {
            Some((_, devices)) => devices.push(device),
            None => people.push((who, vec![device])),
        }
    }
    let recipients: Vec<CryptoRecipient<'_>> =
        people.iter().map(|(who, devices)| CryptoRecipient { address: who.as_str(), devices }).collect();
    let sealed = ratchets(turn, |omemo, mut rng| {
        omemo.encrypt(crypto_version(version), &recipients, bytes, &mut rng)
    })?;
    Ok(sealed.ok())
}

/// What was sealed, as an element.
pub fn element(sealed: &Encrypted) -> Element {
    let (iv, ciphertext) = match &sealed.payload {
        Payload::Legacy { iv, ciphertext } => (Some(iv.clone()), ciphertext.clone()),
        Payload::Two { ciphertext } => (None, ciphertext.clone()),
    };
    let mut recipients = Vec::new();
    for person in &sealed.recipients {
        let Ok(owner) = BareJid::new(&person.address) else { continue };
        recipients.extend(person.keys.iter().map(|key| Recipient {
            owner: owner.clone(),
            device: key.device.get(),
            key: SealedKey { key_exchange: key.key_exchange, bytes: key.bytes.clone() },
        }));
    }
    wire::encrypted_element(&NewEncrypted {
        version: model_version(sealed.payload.version()),
        sender_device: sealed.sender.get(),
        recipients,
        iv,
        payload: ciphertext,
    })
}

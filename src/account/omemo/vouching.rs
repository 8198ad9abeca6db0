//! Words sealed for one device, outside of messages: the fingerprints of a call (XEP-0320).
//!
//! Conversations and Dino know this in the legacy version only; two of ours may have sessions of version 2 alone, and then
//! use those. A ratchet turns for it in the transaction of the input, as
//! for everything else; what is sealed is sent in a request, and if that is lost the other side skips a key.

use ::omemo::{Content, DeviceId, Incoming, Payload, Peer, Refusal};
use model::{BareJid, OmemoVersion, Trust};
use xmpp::{minidom::Element, payload, xep_0384_omemo as wire};

use super::{Availability, Key, answers, availability, own_device, ratchets, sending, trust};
use crate::{Error, turn::Turn};

/// What a device said.
pub struct Opened {
    /// The words.
    pub text: String,
    /// The device.
    pub device: u32,
    /// How far its key is trusted.
    pub trust: Trust,
}

/// Which device of ours others may seal for.
pub fn vouching_device(turn: &Turn<'_, '_>) -> Result<Option<u32>, Error> {
    if availability(turn) != Availability::Yes || !turn.state.omemo.caught_up {
        return Ok(None);
    }
    own_device::ready(turn)
}

/// Seals words for a device, if there is a session with it and its key is good enough.
pub fn seal_words_for(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    device: u32,
    text: &str,
) -> Result<Option<Element>, Error> {
    if vouching_device(turn)?.is_none() || !trust::is_written_to(turn, who, device)? {
        return Ok(None);
    }
    for version in [OmemoVersion::Legacy, OmemoVersion::Two] {
        let key: Key = (who.clone(), device, version);
        if sending::has_session(turn, &key)? {
            let sealed = sending::encrypt(turn, version, &[key], text.as_bytes())?;
            return Ok(sealed.map(|sealed| sending::element(&sealed)));
        }
    }
    Ok(None)
}

/// Opens words that a device of somebody sealed for this one.
pub fn open_words_of(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    encrypted: &Element,
) -> Result<Option<Opened>, Error> {
    let Some(own_number) = turn.tx.reads().own_device_number()? else { return Ok(None) };
    let own = turn.own_bare().clone();
    let holder = payload::parent_tag("message", xmpp::xml::NS_CLIENT, &[], [encrypted.clone()]);
    let mut versions = wire::VERSIONS.into_iter();
    let read = versions.find_map(|version| wire::encrypted(&holder, version, &own, own_number));
    let Some(read) = read else { return Ok(None) };
    let Some(device) = DeviceId::new(read.sender_device) else { return Ok(None) };
    let ciphertext = read.payload.clone();
    let sealed = match read.version {
        OmemoVersion::Legacy => Payload::Legacy { iv: read.iv.clone().unwrap_or_default(), ciphertext },
        OmemoVersion::Two => Payload::Two { ciphertext },
    };
    for key in &read.keys {
        let incoming = Incoming {
            sender: Peer { address: who.as_str(), device },
            key: &key.bytes,
            key_exchange: key.key_exchange,
            payload: &sealed,
        };
        match ratchets(turn, |omemo, mut rng| omemo.decrypt(&incoming, &mut rng))? {
            Ok(decrypted) => {
                if decrypted.first_contact {
                    trust::first_met(turn, who, read.sender_device)?;
                }
                turn.tx.note_device(who, read.sender_device, turn.now.wall)?;
                turn.state.omemo.spent |= decrypted.spent_prekey.is_some();
                if decrypted.session_started || decrypted.heartbeat_due {
                    answers::add(turn, (who.clone(), read.sender_device, read.version));
                }
                let Content::Message(bytes) = &decrypted.content else { return Ok(None) };
                let Ok(text) = std::str::from_utf8(bytes) else { return Ok(None) };
                let known = turn.tx.reads().device(who, read.sender_device)?;
                let trust = known.map_or(Trust::Undecided, |known| known.trust);
                return Ok(Some(Opened { text: text.to_owned(), device: read.sender_device, trust }));
            }
            Err(Refusal::IdentityChanged { shown, .. }) => {
                trust::changed(turn, who, read.sender_device, shown)?;
            }
            Err(_) => {}
        }
    }
    Ok(None)
}

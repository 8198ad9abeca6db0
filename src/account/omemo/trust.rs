//! Whose keys are believed.
//!
//! ```text
//!             the key is met                                the user decides
//!   (unknown) ──────────────→ Blind ───────────────────────→ Verified, Untrusted
//!       │                       ↑ taken without a look        ↑
//!       └─────────────────→ Undecided ────────────────────────┤
//!                                                             │
//!   any but Untrusted ── shows another key ──→ Changed ───────┘
//! ```
//!
//! A new key is trusted blindly as long as nothing of its owner was verified (and the user did not turn that off): who never
//! compares is not asked. Once something was, nothing more comes in without the user. Trust belongs to a key: a device
//! that shows another one is written to no more until the user has decided about that one.

use ::omemo::{IdentityKey, OmemoStore as _};
use model::{BareJid, Change, Device, EncryptionSettings, Fingerprint, Trust};

use super::{peer, ratchets, trust_messages};
use crate::{Error, names, outbox, turn::Turn};

/// Whether a key is good enough to be written to.
pub fn is_enough(trust: Trust, settings: EncryptionSettings) -> bool {
    match trust {
        Trust::Verified => true,
        Trust::Blind => !settings.verified_only,
        Trust::Undecided | Trust::Untrusted | Trust::Changed => false,
    }
}

/// Whether a device is written to.
pub fn is_written_to(turn: &Turn<'_, '_>, who: &BareJid, device: u32) -> Result<bool, Error> {
    let reads = turn.tx.reads();
    let settings = reads.encryption_settings()?;
    Ok(reads.device(who, device)?.is_some_and(|device| is_enough(device.trust, settings)))
}

/// Whether keys are asked for to write to a device: one that nobody has seen yet is judged when it comes.
pub fn may_be_written_to(device: &Device, settings: EncryptionSettings) -> bool {
    device.fingerprint.is_none() || is_enough(device.trust, settings)
}

/// A new key of somebody: trusted or not?
fn of_new_key(turn: &Turn<'_, '_>, who: &BareJid) -> Result<Trust, Error> {
    let reads = turn.tx.reads();
    let settings = reads.encryption_settings()?;
    let verified =
        reads.devices(who)?.iter().any(|device| device.trust == Trust::Verified && !device.is_this);
    Ok(if settings.blind_trust && !verified { Trust::Blind } else { Trust::Undecided })
}

/// The key of a device was met, in its bundle or in a message.
pub fn learn(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    device: u32,
    identity: IdentityKey,
    ed25519: Option<[u8; 32]>,
) -> Result<(), Error> {
    let Some(peer) = peer(who, device) else { return Ok(()) };
    match turn.tx.identity(peer)? {
        Some(known) if known != identity => return changed(turn, who, device, identity),
        Some(_) => {}
        None => {
            turn.tx.save_identity(peer, &identity)?;
            first_met(turn, who, device)?;
        }
    }
    if let Some(key) = ed25519 {
        turn.tx.set_ed25519_key(who, device, key)?;
        check_labels(turn, who)?;
    }
    Ok(())
}

/// What devices are called counts if they signed it (XEP-0384 §5.3.1), and if it can be shown as it is.
pub fn check_labels(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    for unchecked in turn.tx.reads().unchecked_labels(who)? {
        let is_its_own = ::omemo::verify_label(&unchecked.key, &unchecked.label, &unchecked.signature)
            .is_ok()
            && names::clean(&unchecked.label).as_ref() == Some(&unchecked.label);
        turn.tx.set_label_checked(who, unchecked.device, is_its_own)?;
    }
    Ok(())
}

/// A key was met for the first time, and is noted.
pub fn first_met(turn: &mut Turn<'_, '_>, who: &BareJid, device: u32) -> Result<(), Error> {
    let trust = of_new_key(turn, who)?;
    turn.tx.note_device(who, device, turn.now.wall)?;
    turn.tx.set_trust(who, device, trust)?;
    tell(turn, who)?;
    // Somebody who is verified may have spoken of it.
    trust_messages::heed(turn, who)
}

/// A device shows another key than it is known by.
pub fn changed(turn: &mut Turn<'_, '_>, who: &BareJid, device: u32, shown: IdentityKey) -> Result<(), Error> {
    let key = turn.tx.set_shown_key(who, device, Some(shown.to_bytes()))?;
    let trust = turn.tx.set_trust(who, device, Trust::Changed)?;
    if key || trust {
        tracing::warn!("a device shows another key than before");
        tell(turn, who)?;
    }
    Ok(())
}

/// `AccountCommand::SetTrust`: the user decided about a key. About one that is not here there is nothing to decide.
pub fn set(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    fingerprint: Fingerprint,
    trust: Trust,
) -> Result<(), Error> {
    if matches!(trust, Trust::Undecided | Trust::Changed) {
        return Ok(());
    }
    let devices = turn.tx.reads().devices(who)?;
    let has = |device: &&Device| device.fingerprint == Some(fingerprint) || device.shown == Some(fingerprint);
    for device in devices.iter().filter(|device| !device.is_this).filter(has) {
        decide(turn, device, fingerprint, trust)?;
    }
    if trust == Trust::Verified {
        trust_messages::tell(turn, who, &[(fingerprint, true)])?;
        trust_messages::heed(turn, who)?;
    } else if trust == Trust::Untrusted {
        trust_messages::tell(turn, who, &[(fingerprint, false)])?;
    }
    outbox::pump(turn)
}

/// Makes a decision about a key hold for a device.
pub fn decide(
    turn: &mut Turn<'_, '_>,
    device: &Device,
    fingerprint: Fingerprint,
    trust: Trust,
) -> Result<(), Error> {
    let Some(peer) = peer(&device.owner, device.id) else { return Ok(()) };
    let is_shown = device.shown == Some(fingerprint);
    match (is_shown, trust) {
        // The new key is not the device's: the one it was known by stays, and is not written to while it shows another.
        (true, Trust::Untrusted) => {
            turn.tx.set_trust(&device.owner, device.id, Trust::Untrusted)?;
        }
        (true, _) => {
            let Ok(identity) = IdentityKey::from_bytes(&fingerprint.0) else { return Ok(()) };
            let _ = ratchets(turn, |omemo, _| omemo.accept_identity(peer, identity))?;
            turn.tx.set_shown_key(&device.owner, device.id, None)?;
            turn.tx.set_trust(&device.owner, device.id, trust)?;
            turn.state.omemo.bundles.forget_failures(&device.owner);
        }
        (false, _) => {
            turn.tx.set_shown_key(&device.owner, device.id, None)?;
            turn.tx.set_trust(&device.owner, device.id, trust)?;
        }
    }
    tell(turn, &device.owner)
}

fn tell(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    turn.changed(Change::Devices(who.clone()));
    if let Some(conversation) = turn.tx.reads().conversation_with(who)? {
        turn.changed(Change::Conversation(conversation));
    }
    Ok(())
}

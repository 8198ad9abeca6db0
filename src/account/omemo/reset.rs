//! Beginning anew with a device, because a person asked: sessions are never put aside by themselves, for a server that breaks
//! messages could make us throw away good ones.

use model::BareJid;
use xmpp::xep_0384_omemo::VERSIONS;

use super::{answers, bundles, crypto_version, peer, ratchets, trust};
use crate::{Error, turn::Turn};

/// `AccountCommand::ResetSession`: puts the sessions aside, and begins one as soon as the device's keys are here.
pub fn reset(turn: &mut Turn<'_, '_>, who: &BareJid, device: u32) -> Result<(), Error> {
    let Some(peer) = peer(who, device) else { return Ok(()) };
    if turn.tx.reads().device(who, device)?.is_none_or(|device| device.is_this) {
        return Ok(());
    }
    for version in VERSIONS {
        // What cannot be put aside, because it is damaged, is not used either.
        let _ = ratchets(turn, |omemo, _| omemo.reset_session(peer, crypto_version(version)))?;
        turn.state.omemo.bundles.retry(&(who.clone(), device, version));
    }
    turn.state.omemo.restarts.insert((who.clone(), device));
    go_on(turn)
}

/// Begins what can be begun.
pub fn go_on(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    for (who, device) in turn.state.omemo.restarts.clone() {
        let Some(known) = turn.tx.reads().device(&who, device)? else { continue };
        let version = known
            .versions
            .iter()
            .copied()
            .find(|version| !turn.state.omemo.bundles.has_failed(&(who.clone(), device, *version)));
        let Some(version) = version else {
            // Its keys are not to be had: the next message tries again.
            turn.state.omemo.restarts.remove(&(who, device));
            continue;
        };
        let key = (who.clone(), device, version);
        if !turn.state.omemo.bundles.has(&key) {
            bundles::want(turn, &key);
            continue;
        }
        turn.state.omemo.restarts.remove(&(who.clone(), device));
        if super::sending::begin_session(turn, &key)? && trust::is_written_to(turn, &who, device)? {
            answers::empty(turn, &who, device, version)?;
        }
    }
    Ok(())
}

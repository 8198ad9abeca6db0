//! Who vouches for the keys of a call's media.
//!
//! DTLS makes sure that media comes from whoever has the certificate; whose that is, the fingerprint in the session says,
//! and every server on the way could put its own there. So a device seals its fingerprints with the OMEMO session it has
//! with the other device, as Conversations and Dino do, in the version they know. Each side tells in its `proceed` which
//! of its devices that is. Once a fingerprint came sealed, all of that call must, and from the same device.

use model::{CallSecurity, Trust};
use xmpp::{
    xep_0166_jingle::{Jingle, Transport},
    xep_0320_dtls::{self as dtls, SealedFingerprint},
};

use super::call::Live;
use crate::{Error, omemo, turn::Turn};

/// What is known of the keys of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vouching {
    /// Who vouches.
    pub security: CallSecurity,
    /// The device of theirs for which ours are sealed.
    pub device: Option<u32>,
    /// Theirs must come sealed.
    pub is_required: bool,
}

/// The keys are not vouched for as they must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insecure;

/// Which of our devices seals, to be told in a `proceed`.
pub fn own_device(turn: &Turn<'_, '_>) -> Result<Option<u32>, Error> {
    omemo::vouching_device(turn)
}

/// Seals the fingerprints of what we are about to say, if there is a device to seal them for.
pub fn seal(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    jingle: &mut Jingle,
) -> Result<Result<(), Insecure>, Error> {
    let Some(device) = call.vouching.device else { return Ok(Ok(())) };
    let mut all = Vec::new();
    for content in &jingle.contents {
        let mut sealed = Vec::new();
        if let Some(Transport::Ice { ice, .. }) = &content.transport {
            for fingerprint in &ice.fingerprints {
                let text = dtls::text(fingerprint);
                let Some(encrypted) = omemo::seal_words_for(turn, &call.peer, device, &text)? else {
                    // Nothing was sealed yet: then nothing is, and nothing sealed is expected.
                    if call.vouching.is_required || !all.is_empty() {
                        return Ok(Err(Insecure));
                    }
                    call.vouching.device = None;
                    return Ok(Ok(()));
                };
                let hash = fingerprint.hash.clone();
                sealed.push(SealedFingerprint { hash, setup: fingerprint.setup, encrypted });
            }
        }
        all.push(sealed);
    }
    for (content, mine) in jingle.contents.iter_mut().zip(all) {
        if let Some(Transport::Ice { ice, sealed }) = &mut content.transport {
            ice.fingerprints.clear();
            *sealed = mine;
        }
    }
    call.vouching.is_required = true;
    Ok(Ok(()))
}

/// Opens the fingerprints of what they said: they stand in the clear after that.
pub fn open(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    jingle: &mut Jingle,
) -> Result<Result<(), Insecure>, Error> {
    let mut least = None;
    for content in &mut jingle.contents {
        let Some(Transport::Ice { ice, sealed }) = &mut content.transport else { continue };
        let sealed = std::mem::take(sealed);
        if sealed.is_empty() {
            if call.vouching.is_required && !ice.fingerprints.is_empty() {
                return Ok(Err(Insecure));
            }
            continue;
        }
        // What stands beside it in the clear is anybody's.
        ice.fingerprints.clear();
        for sealed in sealed {
            let Some(opened) = omemo::open_words_of(turn, &call.peer, &sealed.encrypted)? else {
                return Ok(Err(Insecure));
            };
            let is_other = call.vouching.device.is_some_and(|device| device != opened.device);
            let security = match opened.trust {
                Trust::Verified => CallSecurity::Verified,
                Trust::Blind | Trust::Undecided => CallSecurity::Device,
                Trust::Untrusted | Trust::Changed => return Ok(Err(Insecure)),
            };
            let Some(fingerprint) = dtls::fingerprint(&sealed.hash, sealed.setup, &opened.text) else {
                return Ok(Err(Insecure));
            };
            if is_other {
                return Ok(Err(Insecure));
            }
            call.vouching.device = Some(opened.device);
            call.vouching.is_required = true;
            ice.fingerprints.push(fingerprint);
            least = Some(least.map_or(security, |least: CallSecurity| least.min(security)));
        }
    }
    if let Some(security) = least {
        call.vouching.security = security;
    }
    Ok(Ok(()))
}

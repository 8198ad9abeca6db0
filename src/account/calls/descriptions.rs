//! Descriptions: as a session says them, and as media takes them.
//!
//! A session knows an initiator and a responder, media knows this device and the other. What lacks something that media
//! cannot do without is refused here, so that nothing behind this file has to look.

use model::{ContentCandidates, MediaContent, MediaDescription, MediaKind, RtpDescription};
use xmpp::xep_0166_jingle::{self as wire, Action, Description, Jingle, Side, Transport};

use super::{
    call::{Content, ContentState, Live},
    ending,
    table::Trigger,
};
use crate::{Error, turn::Turn};

/// The kinds of media of a session, each once.
pub fn media_of(jingle: &Jingle) -> Vec<MediaKind> {
    let mut kinds = Vec::new();
    for content in &jingle.contents {
        if let Some(Description::Rtp(rtp)) = &content.description
            && !kinds.contains(&rtp.media)
        {
            kinds.push(rtp.media);
        }
    }
    kinds
}

/// Keeps what they offer. False if that ended the call.
pub fn describe_theirs(turn: &mut Turn<'_, '_>, call: &mut Live, jingle: &Jingle) -> Result<bool, Error> {
    let description = match describe(call, jingle) {
        Ok(description) => description,
        Err(trigger) => {
            ending::advance(turn, call, trigger)?;
            return Ok(false);
        }
    };
    call.bundle = !description.bundle.is_empty();
    call.contents = description
        .contents
        .iter()
        .map(|content| Content {
            name: content.name.clone(),
            creator: Side::Initiator,
            media: content.rtp.media,
            senders: call.senders(content.flow),
            state: ContentState::Wanted,
            credentials: content.transport.credentials.clone(),
        })
        .collect();
    call.engine.their_offer = Some(description);
    Ok(true)
}

/// What a `<jingle/>` describes, as media takes it.
pub fn describe(call: &Live, jingle: &Jingle) -> Result<MediaDescription, Trigger> {
    let mut contents = Vec::new();
    for content in &jingle.contents {
        let Some(Description::Rtp(rtp)) = &content.description else { return Err(Trigger::Incompatible) };
        let Some(Transport::Ice { ice, .. }) = &content.transport else { return Err(Trigger::Incompatible) };
        if ice.credentials.is_none() || rtp.payloads.is_empty() {
            return Err(Trigger::Nonsense);
        }
        // Media that is not secured is not carried.
        if ice.fingerprints.is_empty() {
            return Err(Trigger::Insecure);
        }
        contents.push(MediaContent {
            name: content.name.clone(),
            flow: call.flow(content.senders),
            rtp: rtp.clone(),
            transport: ice.clone(),
        });
    }
    if contents.is_empty() {
        return Err(Trigger::Nonsense);
    }
    let bundle =
        if jingle.bundle.len() > 1 || contents.len() == 1 { jingle.bundle.clone() } else { Vec::new() };
    let bundle =
        bundle.into_iter().filter(|name| contents.iter().any(|content| content.name == *name)).collect();
    Ok(MediaDescription { contents, bundle })
}

/// What media describes, as a `<jingle/>` says it.
pub fn jingle_of(call: &Live, action: Action, description: &MediaDescription) -> Jingle {
    let contents = description.contents.iter().map(|content| {
        let known = call.contents.iter().find(|known| known.name == content.name);
        wire::Content {
            creator: known.map_or(call.side(), |known| known.creator),
            name: content.name.clone(),
            senders: known.map_or_else(|| call.senders(content.flow), |known| known.senders),
            description: Some(Description::Rtp(RtpDescription::clone(&content.rtp))),
            transport: Some(Transport::Ice { ice: content.transport.clone(), sealed: Vec::new() }),
        }
    });
    Jingle {
        contents: contents.collect(),
        bundle: description.bundle.clone(),
        ..Jingle::new(action, &call.session)
    }
}

/// Candidates that stand in a description are part of it.
pub fn candidates_of(content: &wire::Content) -> Option<ContentCandidates> {
    let Some(Transport::Ice { ice, .. }) = &content.transport else { return None };
    Some(ContentCandidates {
        content: content.name.clone(),
        credentials: ice.credentials.clone(),
        candidates: ice.candidates.clone(),
    })
}

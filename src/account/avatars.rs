//! Pictures (XEP-0084; XEP-0153 read only).
//!
//! Only contacts whose presence we see can show us a picture, and only their own account is asked for it: never
//! an address on the web. Two are fetched at a time. The bytes must be those whose hash was announced, and
//! small; what they show is decided later, by a decoder off the window's thread (DESIGN rule 9).

use std::collections::{BTreeMap, BTreeSet};

use model::{BareJid, Change};
use xmpp::{
    IqOutcome, xep_0054_vcard as vcard, xep_0060_pubsub as pubsub,
    xep_0084_avatar::{self as wire, PictureInfo},
    xep_0153_vcard_avatar::Photo,
};

use crate::{
    Error,
    intentions::{self, Intention},
    refused::Kind,
    roster,
    turn::{IqKind, PendingIq, Turn},
};

/// How many are fetched at once, and how many wait.
const PACE: usize = 2;
const MAX_WAITING: usize = 2000;
/// How many hashes that nobody could show are remembered.
const MAX_FAILED: usize = 1000;
/// The fact that keeps the size of the own picture, in pixels.
const FACT_SIZE: &str = "avatar size";

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    /// What is to be fetched: the newest picture of each.
    waiting: BTreeMap<BareJid, Wanted>,
    under_way: usize,
    /// Those who told of a picture in the new way: the old way does not count for them.
    modern: BTreeSet<BareJid>,
    /// Fetched and not to be had; not asked for again.
    failed: BTreeSet<(BareJid, String)>,
}

/// A picture that is to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    hash: String,
    from_vcard: bool,
}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// The bytes of a picture.
    Picture(BareJid, Wanted),
    /// To keep the bytes of our own.
    Data,
    /// To announce our own.
    Metadata,
}

/// Somebody whose presence we see, or another device of ours, announced a picture, or that there is none.
pub fn announced(turn: &mut Turn<'_, '_>, who: &BareJid, picture: Option<&PictureInfo>) -> Result<(), Error> {
    if who == turn.own_bare() && intentions::waits(turn, &Intention::Avatar)? {
        // What was set here and is not there yet is younger.
        return Ok(());
    }
    if turn.state.avatars.modern.len() < MAX_WAITING {
        turn.state.avatars.modern.insert(who.clone());
    }
    match picture {
        None => {
            turn.state.avatars.waiting.remove(who);
            wear(turn, who, None)
        }
        Some(picture) => want(turn, who, Wanted { hash: picture.id.clone(), from_vcard: false }),
    }
}

/// A presence told of the picture in a vCard (XEP-0153). That there is none is not believed: many programs say
/// so of those who have one in the new way.
pub fn photo_announced(turn: &mut Turn<'_, '_>, who: &BareJid, photo: &Photo) -> Result<(), Error> {
    match photo {
        Photo::Hash(hash) if !turn.state.avatars.modern.contains(who) => {
            want(turn, who, Wanted { hash: hash.clone(), from_vcard: true })
        }
        _ => Ok(()),
    }
}

fn want(turn: &mut Turn<'_, '_>, who: &BareJid, wanted: Wanted) -> Result<(), Error> {
    if turn.tx.reads().has_avatar(&wanted.hash)? {
        turn.state.avatars.waiting.remove(who);
        return wear(turn, who, Some(&wanted.hash));
    }
    let memory = &mut turn.state.avatars;
    if memory.failed.contains(&(who.clone(), wanted.hash.clone())) {
        return Ok(());
    }
    if memory.waiting.len() >= MAX_WAITING && !memory.waiting.contains_key(who) {
        turn.refuse(Kind::Limit);
        return Ok(());
    }
    memory.waiting.insert(who.clone(), wanted);
    fetch_next(turn)
}

fn fetch_next(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    while turn.state.avatars.under_way < PACE && turn.is_online() {
        let Some((who, wanted)) = turn.state.avatars.waiting.pop_first() else { break };
        if !may_fetch(turn, &who)? {
            continue;
        }
        turn.state.avatars.under_way += 1;
        let payload = if wanted.from_vcard {
            vcard::query()
        } else {
            pubsub::items_query(wire::NS_DATA, None, Some(&wanted.hash))
        };
        let pending = PendingIq::Avatars(Asked::Picture(who.clone(), wanted));
        turn.send_iq(IqKind::Get, Some(who.as_str()), payload, pending);
    }
    Ok(())
}

fn may_fetch(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<bool, Error> {
    Ok(who == turn.own_bare() || roster::we_see(turn, who)?)
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: Asked, answer: IqOutcome) -> Result<(), Error> {
    match asked {
        Asked::Picture(who, wanted) => {
            turn.state.avatars.under_way = turn.state.avatars.under_way.saturating_sub(1);
            picture_came(turn, &who, wanted, answer)?;
            fetch_next(turn)
        }
        Asked::Data => match answer {
            IqOutcome::Result(_) => announce_own(turn),
            IqOutcome::Error(_) => intentions::done(turn, &Intention::Avatar),
            IqOutcome::TimedOut | IqOutcome::Lost => Ok(()),
        },
        Asked::Metadata => match answer {
            IqOutcome::Result(_) | IqOutcome::Error(_) => intentions::done(turn, &Intention::Avatar),
            IqOutcome::TimedOut | IqOutcome::Lost => Ok(()),
        },
    }
}

fn picture_came(
    turn: &mut Turn<'_, '_>,
    who: &BareJid,
    wanted: Wanted,
    answer: IqOutcome,
) -> Result<(), Error> {
    let stanza = match answer {
        IqOutcome::Lost => return Ok(()),
        IqOutcome::Error(_) | IqOutcome::TimedOut => None,
        IqOutcome::Result(stanza) => Some(stanza),
    };
    let bytes = stanza.as_ref().and_then(|stanza| {
        if wanted.from_vcard {
            return vcard::photo(stanza.child("vCard", vcard::NS)?, &wanted.hash);
        }
        let items = pubsub::items(stanza.child("pubsub", pubsub::NS)?, wire::NS_DATA)?;
        items.iter().filter_map(|item| item.payload).find_map(|data| wire::data(data, &wanted.hash))
    });
    match bytes {
        Some(bytes) if may_fetch(turn, who)? => {
            turn.tx.put_avatar(&wanted.hash, &bytes)?;
            wear(turn, who, Some(&wanted.hash))
        }
        Some(_) => Ok(()),
        None => {
            if stanza.is_some() {
                turn.refuse(Kind::Avatar);
            }
            if turn.state.avatars.failed.len() < MAX_FAILED {
                turn.state.avatars.failed.insert((who.clone(), wanted.hash));
            }
            Ok(())
        }
    }
}

fn wear(turn: &mut Turn<'_, '_>, who: &BareJid, hash: Option<&str>) -> Result<(), Error> {
    if who == turn.own_bare() && turn.tx.set_own_avatar(hash)? {
        turn.changed(Change::Account);
    }
    if turn.tx.set_avatar(who, hash)? {
        roster::contact_changed(turn, who)?;
    }
    Ok(())
}

/// The session is over: what was under way will not come.
pub fn end(turn: &mut Turn<'_, '_>) {
    turn.state.avatars.under_way = 0;
    turn.state.avatars.waiting.clear();
    turn.state.avatars.modern.clear();
}

/// `Command::SetAvatar`: PNG bytes with width and height.
pub fn set(turn: &mut Turn<'_, '_>, picture: Option<(Vec<u8>, u32, u32)>) -> Result<(), Error> {
    let own = turn.own_bare().clone();
    match picture {
        Some((bytes, ..)) if bytes.is_empty() || bytes.len() > wire::MAX_BYTES => {
            tracing::warn!("a picture that is too large was not published");
            return Ok(());
        }
        Some((bytes, width, height)) => {
            let hash = wire::id_of(&bytes);
            turn.tx.put_avatar(&hash, &bytes)?;
            turn.tx.set_fact(FACT_SIZE, Some(format!("{width} {height}").as_bytes()))?;
            wear(turn, &own, Some(&hash))?;
        }
        None => wear(turn, &own, None)?,
    }
    intentions::add(turn, Intention::Avatar)
}

/// Publishes the picture as it is here: first its bytes, then, when the server has them, that it is there (§3.1).
pub fn publish(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let own = own_picture(turn)?;
    let Some((hash, bytes, ..)) = own else { return announce_own(turn) };
    let payload = pubsub::publish(wire::NS_DATA, &hash, wire::data_element(&bytes), &[]);
    turn.send_iq(IqKind::Set, None, payload, PendingIq::Avatars(Asked::Data));
    Ok(())
}

fn announce_own(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let own = own_picture(turn)?;
    let (id, picture) = match &own {
        Some((hash, bytes, width, height)) => (hash.as_str(), Some((bytes.as_slice(), *width, *height))),
        None => ("none", None),
    };
    let payload = pubsub::publish(wire::NS_METADATA, id, wire::metadata_element(picture), &[]);
    turn.send_iq(IqKind::Set, None, payload, PendingIq::Avatars(Asked::Metadata));
    Ok(())
}

type OwnPicture = (String, Vec<u8>, u32, u32);

fn own_picture(turn: &mut Turn<'_, '_>) -> Result<Option<OwnPicture>, Error> {
    let reads = turn.tx.reads();
    let Some(hash) = reads.account()?.and_then(|account| account.avatar) else { return Ok(None) };
    let Some(bytes) = reads.avatar(&hash)? else { return Ok(None) };
    let size = reads.fact(FACT_SIZE)?.unwrap_or_default();
    let size = String::from_utf8_lossy(&size);
    let mut sides = size.split(' ').map(|side| side.parse().unwrap_or(0));
    Ok(Some((hash, bytes, sides.next().unwrap_or(0), sides.next().unwrap_or(0))))
}

#[cfg(test)]
mod tests;

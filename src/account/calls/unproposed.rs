//! A session that somebody offers without having proposed it: as programs do that know nothing of XEP-0353.

use model::{CallOutcome, Direction, EventKind, MediaKind};
use xmpp::{Address, xep_0166_jingle::Jingle, xep_0167_rtp::Info};

use super::{
    MAX_LIVE,
    call::{Begun, Live},
    commands,
    descriptions::{describe_theirs, media_of},
    ending, history, on, security,
    session::{refusal, tie_break},
    table::{Phase, Trigger},
};
use crate::{Error, inbound::Reply, messages, turn::Turn};

/// Somebody offers a session without having proposed it.
pub fn offered(turn: &mut Turn<'_, '_>, from: &Address, jingle: Jingle) -> Result<Reply, Error> {
    let peer = from.to_bare();
    let media = media_of(&jingle);
    if media.is_empty() {
        return Ok(refusal("cancel", "feature-not-implemented", "unsupported-info"));
    }
    if messages::is_stranger(turn, &peer)? || turn.state.calls.live.len() >= MAX_LIVE {
        return Ok(Reply::UNAVAILABLE);
    }
    let conversation = messages::ensure_called(turn, &peer)?;
    if turn.tx.reads().call(conversation, &jingle.session)?.is_some() {
        // It is over.
        return Ok(refusal("cancel", "item-not-found", "unknown-session"));
    }
    // Both offered one (XEP-0166 §7.2.16).
    let ours = turn.state.calls.find(|call| {
        call.peer == peer
            && call.begun == Begun::Session
            && call.is_initiator
            && call.phase == Phase::Initiated
    });
    let mut camera = None;
    if let Some(ours) = ours {
        let own = turn.own_bare().to_string();
        let is_ours = on(turn, ours, |turn, call| {
            let order = call.session.as_bytes().cmp(jingle.session.as_bytes());
            if order.then_with(|| own.as_str().cmp(peer.as_str())).is_lt() {
                return Ok(true);
            }
            camera = Some(call.sends.camera);
            // They refuse ours, and ours is told so by that.
            ending::end(turn, call, CallOutcome::Cancelled, None)?;
            Ok(false)
        })?;
        if is_ours == Some(true) {
            return Ok(tie_break());
        }
    }
    let id =
        history::rings_unproposed(turn, conversation, &jingle.session, media.contains(&MediaKind::Video))?;
    let is_busy = turn.state.calls.is_busy();
    let mut call = Live {
        session: jingle.session.clone(),
        device: Some(from.clone()),
        proposed: media,
        ..Live::new(id, conversation, Direction::Incoming, &peer, Phase::Offered)
    };
    call.deadline = Some(turn.now.monotonic.saturating_add(ending::RINGING_HERE));
    turn.event(EventKind::Call(Box::new(call.snapshot())));
    turn.state.calls.live.insert(id, call);
    let mut jingle = jingle;
    on(turn, id, |turn, call| {
        if is_busy {
            ending::advance(turn, call, Trigger::Busy)?;
            return Ok(());
        }
        if security::open(turn, call, &mut jingle)?.is_err() {
            ending::advance(turn, call, Trigger::Insecure)?;
            return Ok(());
        }
        if !describe_theirs(turn, call, &jingle)? {
            return Ok(());
        }
        if let Some(camera) = camera {
            return commands::take(turn, call, camera);
        }
        commands::say(turn, call, Info::Ringing);
        Ok(())
    })?;
    Ok(Reply::Result(None))
}

//! Messages that propose, take, refuse and end calls (XEP-0353), and invitations that lead to the same (XEP-0482).
//!
//! They reach every device of both sides, live, as carbons and from the archive. A call this device takes part in is moved
//! on by them; of all others the history is told. When both sides propose at once, the proposal with the lower id goes on
//! (XEP-0353 §4.1), and since both wanted to talk, it is taken without asking again.

use std::cmp::Ordering;

use model::{CallId, CallOutcome, ConversationId, Direction, EventKind, MediaKind, Timestamp};
use xmpp::{
    Address,
    minidom::Element,
    xep_0166_jingle::{Condition, Reason},
    xep_0353_invitations::{self as proposals, Act},
    xep_0482_call_invites as invites,
};

use super::{
    MAX_LIVE,
    call::{Begun, Live},
    commands, ending, engine, history, on, sending,
    table::{Phase, Trigger, condition},
};
use crate::{
    Error,
    messages::{self, Copy, Parties, Route},
    turn::Turn,
};

/// A proposal that comes later than this, in milliseconds, is a missed call.
const FRESH: i64 = 60_000;
/// More proposals than this are not kept while the archive is read.
const MAX_LATE: usize = 16;

/// What is remembered.
#[derive(Default)]
pub struct Memory {
    /// What was proposed while we were away, and may still be wanted.
    late: Vec<Late>,
}

struct Late {
    parties: Parties,
    proposal: Proposal,
    time: Timestamp,
}

/// A call that is proposed.
#[derive(Clone)]
struct Proposal {
    session: String,
    media: Vec<MediaKind>,
    begun: Begun,
}

/// What a message says of a call, whichever words it uses.
struct Said {
    session: String,
    act: Act,
    begun: Begun,
}

/// Hears what a message says of a call. True if it was about one.
pub fn hear(turn: &mut Turn<'_, '_>, copy: &Copy<'_>, parties: &Parties) -> Result<bool, Error> {
    if !turn.state.setup.calls {
        return Ok(false);
    }
    let Some(said) = read(turn, copy.message, parties) else { return Ok(false) };
    let is_echo = turn.state.own.full.as_ref().is_some_and(|own| parties.from == *own);
    if is_echo && copy.route != Route::Archive {
        return Ok(true);
    }
    if let Act::Propose(media) = said.act {
        let proposal = Proposal { session: said.session, media, begun: said.begun };
        proposed(turn, copy, parties, proposal)?;
        return Ok(true);
    }
    turn.state.calls.invitations.late.retain(|late| late.proposal.session != said.session);
    let to_ourselves = parties.peer == *turn.own_bare();
    let live = turn
        .state
        .calls
        .find(|call| call.session == said.session && (to_ourselves || call.peer == parties.peer));
    match live {
        Some(_) if is_echo => {}
        Some(id) => {
            on(turn, id, |turn, call| told(turn, call, copy, parties, said.act))?;
        }
        None if to_ourselves => {}
        None => history::note(turn, copy, parties, &said.session, &said.act)?,
    }
    Ok(true)
}

fn read(turn: &Turn<'_, '_>, message: &Element, parties: &Parties) -> Option<Said> {
    if let Some(invitation) = proposals::read(message) {
        let id = message.attr("id").unwrap_or_default().to_owned();
        return Some(Said { session: invitation.session, act: invitation.act, begun: Begun::Proposal(id) });
    }
    let invite = invites::read(message)?;
    let begun = Begun::Invite(invite.id);
    let known = || {
        let call =
            turn.state.calls.live.values().find(|call| call.begun == begun && call.peer == parties.peer);
        call.map(|call| call.session.clone())
    };
    let (session, act) = match invite.act {
        invites::Act::Invite { video, session } => {
            // A session that somebody else begins is a conference, which is not known here.
            let session = session
                .filter(|session| session.from.as_ref().is_none_or(|from| from.to_bare() == parties.peer))?;
            let video = video.then_some(MediaKind::Video);
            (session.id, Act::Propose([MediaKind::Audio].into_iter().chain(video).collect()))
        }
        invites::Act::Accept(_) => (known()?, Act::Proceed { device: None }),
        invites::Act::Retract => (known()?, Act::Retract { reason: None, tie_break: false }),
        invites::Act::Reject => (known()?, Act::Reject { reason: None, tie_break: false }),
        invites::Act::Left => (known()?, Act::Finish { reason: None, migrated: None }),
    };
    Some(Said { session, act, begun })
}

/// Something was said of a call that is here.
fn told(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    copy: &Copy<'_>,
    parties: &Parties,
    act: Act,
) -> Result<(), Error> {
    if parties.direction == Direction::Outgoing {
        // Another device of ours; whatever else it says is of no use here.
        match act {
            Act::Accept | Act::Proceed { .. } => {
                turn.tx.set_call_answered(call.id.0, copy.stamp.unwrap_or(turn.now.wall))?;
                ending::advance(turn, call, Trigger::TakenElsewhere)?;
            }
            Act::Reject { .. } => {
                ending::advance(turn, call, Trigger::RejectedElsewhere)?;
            }
            _ => {}
        }
        return Ok(());
    }
    match act {
        Act::Ringing if call.phase == Phase::Proposed => call.rings = true,
        Act::Proceed { device } => proceeds(turn, call, copy, parties, device)?,
        Act::Reject { reason, .. } => {
            let condition = condition(reason.as_ref(), Condition::Decline);
            ending::advance(turn, call, Trigger::Rejects(condition))?;
        }
        Act::Retract { .. } => {
            ending::advance(turn, call, Trigger::Retracts)?;
        }
        Act::Finish { reason, .. } => {
            let condition = condition(reason.as_ref(), Condition::Success);
            ending::advance(turn, call, Trigger::Finishes(condition))?;
        }
        Act::Ringing | Act::Accept | Act::Propose(_) => {}
    }
    Ok(())
}

/// A device of theirs takes our call.
fn proceeds(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    copy: &Copy<'_>,
    parties: &Parties,
    device: Option<u32>,
) -> Result<(), Error> {
    // A copy for another device of ours is not for us to act on, and without a resource nobody can be called.
    if copy.route != Route::Live || parties.from.is_bare() {
        return Ok(());
    }
    if ending::advance(turn, call, Trigger::Proceeds)? == ending::Advanced::Yes {
        call.device = Some(parties.from.clone());
        call.vouching.device = device;
        engine::begin(turn, call)?;
    }
    Ok(())
}

/// Somebody, or another device of ours, proposes a call.
fn proposed(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    proposal: Proposal,
) -> Result<(), Error> {
    let is_known =
        turn.state.calls.find(|call| call.session == proposal.session && call.peer == parties.peer).is_some();
    if proposal.media.is_empty() || is_known {
        return Ok(());
    }
    let time = copy.stamp.unwrap_or(turn.now.wall);
    let is_fresh = turn.now.wall.0.saturating_sub(time.0).abs() < FRESH;
    if parties.direction == Direction::Outgoing || copy.route == Route::CarbonReceived {
        return history::note(turn, copy, parties, &proposal.session, &Act::Propose(proposal.media));
    }
    if copy.route == Route::Archive || copy.stamp.is_some() {
        let act = Act::Propose(proposal.media.clone());
        history::note(turn, copy, parties, &proposal.session, &act)?;
        if is_fresh && turn.state.calls.invitations.late.len() < MAX_LATE {
            turn.state.calls.invitations.late.push(Late { parties: parties.clone(), proposal, time });
        }
        // What was kept back and sent live is judged when the archive was read, or at once if it was.
        return if copy.route == Route::Live && !crate::archive::is_reading(turn.state) {
            ring_late(turn)
        } else {
            Ok(())
        };
    }
    // What has a line is known already: a session is proposed once.
    if history::has_line(turn, &parties.peer, &proposal.session)? {
        return Ok(());
    }
    let rings = |turn: &mut Turn<'_, '_>| {
        let video = proposal.media.contains(&MediaKind::Video);
        history::rings(turn, copy, parties, &proposal.session, video)
    };
    judge(turn, parties, &proposal, rings)
}

/// Decides what a proposal means at this moment.
fn judge(
    turn: &mut Turn<'_, '_>,
    parties: &Parties,
    proposal: &Proposal,
    line: impl FnOnce(&mut Turn<'_, '_>) -> Result<(ConversationId, CallId), Error>,
) -> Result<(), Error> {
    let ours = turn.state.calls.find(|call| call.phase == Phase::Proposed && call.peer == parties.peer);
    if let Some(id) = ours {
        on(turn, id, |turn, call| crossed(turn, call, parties, proposal))?;
        return Ok(());
    }
    if turn.state.calls.live.len() >= MAX_LIVE {
        turn.refuse(crate::refused::Kind::Limit);
        return Ok(());
    }
    let (conversation, id) = line(turn)?;
    let mut call = incoming(parties, proposal, conversation, id);
    let stranger = messages::is_stranger(turn, &parties.peer)?;
    let old = turn.state.calls.find(|call| {
        call.phase == Phase::Active && call.peer == parties.peer && matches!(call.begun, Begun::Proposal(_))
    });
    if let Some(old) = old.filter(|_| matches!(proposal.begun, Begun::Proposal(_))) {
        // They are in a call with us, and propose another: it goes on in place of that one (XEP-0353 §4.2).
        on(turn, old, |turn, old| {
            call.sends = old.sends;
            old.succeeded_by = Some(proposal.session.clone());
            ending::advance(turn, old, Trigger::Superseded)
        })?;
        turn.state.calls.live.insert(id, call);
        on(turn, id, |turn, call| {
            let camera = call.sends.camera;
            commands::take(turn, call, camera)
        })?;
        return Ok(());
    }
    let is_busy = turn.state.calls.is_busy();
    call.deadline = Some(turn.now.monotonic.saturating_add(ending::RINGING_HERE));
    turn.event(EventKind::Call(Box::new(call.snapshot())));
    turn.state.calls.live.insert(id, call);
    if is_busy {
        on(turn, id, |turn, call| {
            if stranger {
                // They are not told even that.
                return ending::end(turn, call, CallOutcome::Busy, None);
            }
            ending::advance(turn, call, Trigger::Busy).map(|_| ())
        })?;
    } else if !stranger && matches!(proposal.begun, Begun::Proposal(_)) {
        sending::answer(turn, parties.peer.as_str(), &proposal.session, Act::Ringing);
    }
    Ok(())
}

fn incoming(parties: &Parties, proposal: &Proposal, conversation: ConversationId, id: CallId) -> Live {
    let device = Some(parties.from.clone()).filter(|from| !from.is_bare());
    Live {
        session: proposal.session.clone(),
        begun: proposal.begun.clone(),
        device,
        proposed: proposal.media.clone(),
        is_initiator: false,
        ..Live::new(id, conversation, Direction::Incoming, &parties.peer, Phase::Invited)
    }
}

/// Both sides proposed.
fn crossed(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    parties: &Parties,
    proposal: &Proposal,
) -> Result<(), Error> {
    let reason = || Some(Reason { condition: Condition::Expired, text: Some("Tie-Break".to_owned()) });
    let own = turn.own_bare().to_string();
    let order = call.session.as_bytes().cmp(proposal.session.as_bytes());
    let order = order.then_with(|| own.as_str().cmp(parties.peer.as_str()));
    if order == Ordering::Less {
        let act = Act::Reject { reason: reason(), tie_break: true };
        sending::answer(turn, &parties.from.to_string(), &proposal.session, act);
        return Ok(());
    }
    sending::to_them(turn, call, Act::Retract { reason: reason(), tie_break: true });
    turn.tx.set_call_session(call.id.0, &proposal.session)?;
    call.session.clone_from(&proposal.session);
    call.begun = proposal.begun.clone();
    call.proposed.clone_from(&proposal.media);
    call.device = Some(parties.from.clone()).filter(|from: &Address| !from.is_bare());
    call.is_initiator = false;
    call.phase = Phase::Invited;
    let camera = call.sends.camera;
    commands::take(turn, call, camera)
}

/// What was proposed while we were away, and not taken back, rings if it is fresh.
pub fn ring_late(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    for late in std::mem::take(&mut turn.state.calls.invitations.late) {
        let Late { parties, proposal, time } = late;
        if turn.now.wall.0.saturating_sub(time.0).abs() >= FRESH {
            continue;
        }
        let Some(conversation) = turn.tx.reads().conversation_with(&parties.peer)? else { continue };
        let Some(stored) = turn.tx.reads().call(conversation, &proposal.session)? else { continue };
        if stored.is_here || turn.tx.reads().is_blocked(&parties.peer)? {
            continue;
        }
        judge(turn, &parties, &proposal, |turn| {
            turn.tx.set_call_here(stored.message)?;
            history::rings_again(turn, conversation, &stored)
        })?;
    }
    Ok(())
}

/// The message that proposed a call of ours was refused: by its recipient, or a server on the way.
pub fn bounced(turn: &mut Turn<'_, '_>, from: &Address, id: &str) -> Result<bool, Error> {
    let proposal = Begun::Proposal(id.to_owned());
    let Some(call) = turn.state.calls.find(|call| call.begun == proposal && call.is_initiator) else {
        return Ok(false);
    };
    on(turn, call, |turn, call| {
        let is_theirs = from.is_at(&call.peer) || from.to_string() == call.peer.domain().as_str();
        if is_theirs || turn.is_own_server(Some(from)) {
            ending::advance(turn, call, Trigger::Unreachable)?;
        }
        Ok(())
    })?;
    Ok(true)
}

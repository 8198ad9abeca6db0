//! The requests of a session (XEP-0166): sorted, and those that begin, take and end it.
//!
//! A request counts if it comes from the device the call is with and names its session. What cannot be read ends the call
//! with a reason: half of a description would be another description.

use model::{MediaDescription, MediaKind, Participant};
use xmpp::{
    Address, IqOutcome, StanzaError,
    minidom::Element,
    payload,
    xep_0166_jingle::{self as wire, Action, Condition, Jingle, Side, Unreadable},
    xep_0167_rtp::Info,
};

use super::{
    call::{Content, ContentState, Live},
    contents,
    descriptions::{describe, describe_theirs, jingle_of, media_of},
    ending::{self, Advanced},
    engine, history, on, security, sending,
    table::{Phase, Step, Trigger, step},
    their_contents, transport, unproposed,
};
use crate::{
    Error,
    inbound::{self, Reply},
    messages,
    turn::Turn,
};

/// The error conditions of Jingle (XEP-0166 §10).
pub fn refusal(kind: &'static str, condition: &'static str, specific: &str) -> Reply {
    Reply::Specific { kind, condition, specific: Box::new(payload::tag(specific, wire::NS_ERRORS, &[])) }
}

/// It must not come now.
pub fn out_of_order() -> Reply {
    refusal("wait", "unexpected-request", "out-of-order")
}

/// Both sides want the same at once, and ours goes on.
pub fn tie_break() -> Reply {
    refusal("cancel", "conflict", "tie-break")
}

/// A `<jingle/>` from somebody.
pub fn handle_request(
    turn: &mut Turn<'_, '_>,
    from: Option<&Address>,
    payload: &Element,
) -> Result<Reply, Error> {
    let Some(from) = from.filter(|from| !from.is_bare() && turn.state.setup.calls) else {
        return Ok(Reply::UNAVAILABLE);
    };
    let peer = from.to_bare();
    let session = payload.attr("sid").unwrap_or_default().to_owned();
    // While a stranger's call rings, nothing is here.
    let is_hidden = messages::is_stranger(turn, &peer)?;
    let live = turn.state.calls.find(|call| {
        call.session == session
            && call.peer == peer
            && call.device.as_ref().is_none_or(|device| device == from)
            && !(is_hidden && call.phase == Phase::Invited)
    });
    let jingle = match (Jingle::read(payload), live) {
        (Ok(jingle), _) => jingle,
        (Err(Unreadable::Malformed), Some(id)) => {
            on(turn, id, |turn, call| ending::advance(turn, call, Trigger::Nonsense))?;
            return Ok(Reply::BAD_REQUEST);
        }
        (Err(_), _) if inbound::known(turn, Some(from))? => return Ok(Reply::BAD_REQUEST),
        (Err(_), _) => return Ok(Reply::UNAVAILABLE),
    };
    if let Some(id) = live {
        let reply = on(turn, id, |turn, call| dispatch(turn, call, from, jingle))?;
        return Ok(reply.unwrap_or(Reply::UNAVAILABLE));
    }
    if !inbound::known(turn, Some(from))? || turn.tx.reads().is_blocked(&peer)? {
        return Ok(Reply::UNAVAILABLE);
    }
    match jingle.action {
        Action::SessionInitiate => unproposed::offered(turn, from, jingle),
        _ => Ok(refusal("cancel", "item-not-found", "unknown-session")),
    }
}

fn dispatch(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    from: &Address,
    mut jingle: Jingle,
) -> Result<Reply, Error> {
    // A call that rings knows from where it was proposed, and nothing of a session yet.
    let expected = match jingle.action {
        Action::SessionInitiate => matches!(step(call.phase, Trigger::Initiates), Step::Go(_)),
        Action::SessionAccept => matches!(step(call.phase, Trigger::Accepts), Step::Go(_)),
        _ => call.phase.has_session(),
    };
    if !expected {
        return Ok(out_of_order());
    }
    if call.device.is_none() {
        call.device = Some(from.clone());
    }
    if let Err(security::Insecure) = security::open(turn, call, &mut jingle)? {
        if jingle.action == Action::SessionInitiate {
            ending::advance(turn, call, Trigger::Initiates)?;
        }
        ending::advance(turn, call, Trigger::Insecure)?;
        return Ok(Reply::Result(None));
    }
    match jingle.action {
        Action::SessionInitiate => initiated(turn, call, &jingle),
        Action::SessionAccept => accepted(turn, call, &jingle),
        Action::SessionTerminate => {
            let condition = jingle.reason.map_or(Condition::Success, |reason| reason.condition);
            ending::advance(turn, call, Trigger::Terminates(condition))?;
            Ok(Reply::Result(None))
        }
        Action::SessionInfo => Ok(told(call, jingle.info.unwrap_or(Info::Ping))),
        Action::ContentAdd => their_contents::add(turn, call, &jingle),
        Action::ContentAccept => contents::accepted(turn, call, &jingle),
        Action::ContentReject => Ok(contents::rejected(turn, call, &jingle)),
        Action::ContentRemove => their_contents::remove(turn, call, &jingle),
        Action::ContentModify => Ok(their_contents::modify(turn, call, &jingle)),
        Action::TransportInfo => Ok(transport::info(turn, call, &jingle)),
        Action::TransportReplace => Ok(transport::replace(turn, call, &jingle)),
        // We put no transport in place of another.
        Action::TransportAccept | Action::TransportReject => Ok(out_of_order()),
        // It tells of settings that may be used, never of ones that must.
        Action::DescriptionInfo => Ok(Reply::Result(None)),
        Action::SecurityInfo => Ok(refusal("modify", "feature-not-implemented", "unsupported-info")),
    }
}

/// What somebody tells of the session.
fn told(call: &mut Live, info: Info) -> Reply {
    let media = |name: Option<&String>| {
        let named = call.contents.iter().find(|content| Some(&content.name) == name);
        named.map(|content| content.media)
    };
    match &info {
        Info::Ping => {}
        Info::Ringing => call.rings = true,
        Info::Hold => call.them.on_hold = true,
        Info::Unhold => call.them.on_hold = false,
        Info::Active => {
            call.them = Participant { muted: false, video: true, on_hold: false, ..call.them.clone() }
        }
        Info::Mute(name) | Info::Unmute(name) => {
            let off = matches!(info, Info::Mute(_));
            match (name, media(name.as_ref())) {
                (Some(_), None) => {}
                (None, _) => {
                    call.them.muted = off;
                    call.them.video = !off;
                }
                (_, Some(MediaKind::Audio)) => call.them.muted = off,
                (_, Some(_)) => call.them.video = !off,
            }
        }
        Info::Unknown => return refusal("modify", "feature-not-implemented", "unsupported-info"),
    }
    Reply::Result(None)
}

/// The session that was proposed and taken is offered.
fn initiated(turn: &mut Turn<'_, '_>, call: &mut Live, jingle: &Jingle) -> Result<Reply, Error> {
    ending::advance(turn, call, Trigger::Initiates)?;
    // More than was proposed was not agreed to.
    if media_of(jingle).iter().any(|media| !call.proposed.contains(media)) {
        ending::advance(turn, call, Trigger::Insecure)?;
        return Ok(Reply::Result(None));
    }
    if describe_theirs(turn, call, jingle)? {
        engine::begin(turn, call)?;
    }
    Ok(Reply::Result(None))
}

/// Says what media described, sealed if it is to be. False if that ended the call.
pub fn say(turn: &mut Turn<'_, '_>, call: &mut Live, mut jingle: Jingle) -> Result<bool, Error> {
    if security::seal(turn, call, &mut jingle)?.is_err() {
        ending::advance(turn, call, Trigger::Insecure)?;
        return Ok(false);
    }
    sending::request(turn, call, jingle);
    Ok(true)
}

/// Media has an offer for the session.
pub fn offer_ready(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    description: MediaDescription,
) -> Result<(), Error> {
    if engine::is_empty(&description) {
        let trigger = Trigger::MediaFails(model::MediaFailure::Machinery);
        ending::advance(turn, call, trigger)?;
        return Ok(());
    }
    if ending::advance(turn, call, Trigger::OfferReady)? != Advanced::Yes {
        return Ok(());
    }
    call.contents = description
        .contents
        .iter()
        .map(|content| Content {
            name: content.name.clone(),
            creator: Side::Initiator,
            media: content.rtp.media,
            senders: call.senders(content.flow),
            state: ContentState::Offered,
            credentials: None,
        })
        .collect();
    let jingle = jingle_of(call, Action::SessionInitiate, &description);
    if say(turn, call, jingle)? {
        engine::our_description_is_known(turn, call);
    }
    Ok(())
}

/// They take our session.
fn accepted(turn: &mut Turn<'_, '_>, call: &mut Live, jingle: &Jingle) -> Result<Reply, Error> {
    let description = describe(call, jingle).and_then(|description| {
        let fits = description.contents.iter().all(|content| {
            call.contents.iter().any(|ours| ours.name == content.name && ours.media == content.rtp.media)
        });
        if fits { Ok(description) } else { Err(Trigger::Nonsense) }
    });
    let description = match description {
        Ok(description) => description,
        Err(trigger) => {
            ending::advance(turn, call, trigger)?;
            return Ok(Reply::Result(None));
        }
    };
    ending::advance(turn, call, Trigger::Accepts)?;
    history::taken(turn, call)?;
    contents::took(turn, call, &description);
    engine::tell(turn, call.id, model::MediaCommand::Apply(description));
    engine::their_description_is_known(turn, call);
    contents::add_wanted(turn, call);
    Ok(Reply::Result(None))
}

/// Media has an answer to their session.
pub fn answer_ready(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    description: MediaDescription,
) -> Result<(), Error> {
    if engine::is_empty(&description) {
        ending::advance(turn, call, Trigger::Incompatible)?;
        return Ok(());
    }
    if ending::advance(turn, call, Trigger::AnswerReady)? != Advanced::Yes {
        return Ok(());
    }
    call.contents.retain(|content| description.contents.iter().any(|taken| taken.name == content.name));
    for content in &mut call.contents {
        content.state = ContentState::Accepted;
    }
    let jingle = jingle_of(call, Action::SessionAccept, &description);
    if say(turn, call, jingle)? {
        engine::our_description_is_known(turn, call);
        // They cannot know that the camera is off, or the microphone was before it began.
        if !call.sends.pictures() {
            contents::tell_muted(turn, call, MediaKind::Video, true);
        }
        if !call.sends.microphone {
            contents::tell_muted(turn, call, MediaKind::Audio, true);
        }
        contents::add_wanted(turn, call);
    }
    Ok(())
}

/// An answer to something we said of the session.
pub fn answered(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    action: Action,
    outcome: &IqOutcome,
) -> Result<(), Error> {
    let error = match outcome {
        IqOutcome::TimedOut if action == Action::SessionInitiate => None,
        // That our own session is over is told elsewhere.
        IqOutcome::Result(_) | IqOutcome::Lost | IqOutcome::TimedOut => return Ok(()),
        IqOutcome::Error(error) => Some(error),
    };
    let specific = |name: &str| {
        error.is_some_and(|error: &StanzaError| {
            error
                .specific
                .iter()
                .any(|(namespace, specific)| namespace == wire::NS_ERRORS && specific == name)
        })
    };
    if specific("tie-break") {
        match action {
            Action::ContentAdd => contents::lost_tie(turn, call),
            Action::SessionInitiate => {
                ending::end(turn, call, model::CallOutcome::Cancelled, None)?;
            }
            _ => {}
        }
        return Ok(());
    }
    match action {
        // Who accepted it has got it, whatever became of the answer.
        Action::SessionInitiate if call.phase == Phase::Initiated => {
            ending::advance(turn, call, Trigger::Unreachable)?;
        }
        Action::ContentAdd => contents::lost_tie(turn, call),
        _ if specific("unknown-session") => {
            ending::advance(turn, call, Trigger::Terminates(Condition::Gone))?;
        }
        Action::SessionAccept => {
            ending::advance(turn, call, Trigger::Terminates(Condition::GeneralError))?;
        }
        _ => {}
    }
    Ok(())
}

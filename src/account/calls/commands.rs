//! What the user wants of calls.

use model::{
    BareJid, CallCommand, CallFailure, CallId, CallOutcome, CallSettings, Callable, Change, ConversationId,
    ConversationKind, Direction, MediaCommand, MediaKind,
};
use xmpp::{
    Address,
    xep_0166_jingle::{Action, Jingle},
    xep_0167_rtp::{self as rtp, Info},
    xep_0353_invitations::{self as proposals, Act},
};

use super::{
    call::{Begun, Live},
    contents, ending, engine, history, on, security, sending,
    table::{Phase, Trigger},
};
use crate::{Error, caps, presence, turn::Turn};

/// `AccountCommand::StartCall`
pub fn start(turn: &mut Turn<'_, '_>, conversation: ConversationId, video: bool) -> Result<(), Error> {
    let Some(stored) = turn.tx.reads().stored_conversation(conversation)? else { return Ok(()) };
    let is_possible = turn.state.setup.calls
        && stored.kind == ConversationKind::Direct
        && stored.address != *turn.own_bare()
        && !turn.state.calls.is_busy();
    if !is_possible {
        return Ok(());
    }
    let session = turn.new_uuid();
    let id = history::begin(turn, conversation, &session, video)?;
    let mut call = Live {
        session,
        ..Live::new(id, conversation, Direction::Outgoing, &stored.address, Phase::Proposed)
    };
    call.sends.camera = video;
    if video {
        call.proposed.push(MediaKind::Video);
    }
    call.bundle = caps::supports(turn, &stored.address, xmpp::xep_0338_grouping::NS)?.unwrap_or(false);
    let before = call.snapshot();
    turn.event(model::EventKind::Call(Box::new(before)));
    let direct = device_without_proposals(turn, &call)?;
    if direct.is_none() {
        call.begun = Begun::Proposal(turn.new_id());
    }
    turn.state.calls.live.insert(id, call);
    on(turn, id, |turn, call| {
        if !turn.is_online() {
            return ending::end(turn, call, CallOutcome::Failed(CallFailure::SessionLost), None);
        }
        let Some(device) = direct else {
            call.deadline = Some(turn.now.monotonic.saturating_add(ending::RINGING));
            sending::propose(turn, call);
            // So that they are known when somebody takes it.
            super::services::servers(turn);
            return Ok(());
        };
        call.device = Some(device);
        ending::advance(turn, call, Trigger::Proceeds)?;
        engine::begin(turn, call)
    })?;
    Ok(())
}

/// Whether somebody can be called: not if all of their devices that are here are known to be unable to. Where none is here, or
/// nothing is known of those that are, a call may still ring on one that is away.
pub fn callable(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<Callable, Error> {
    if !turn.state.setup.calls || !turn.is_online() || who == turn.own_bare() {
        return Ok(Callable::default());
    }
    let [voice, video] =
        [rtp::FEATURE_AUDIO, rtp::FEATURE_VIDEO].map(|media| caps::supports(turn, who, media));
    Ok(Callable { voice: voice?.unwrap_or(true), video: video?.unwrap_or(true) })
}

/// The device to call without proposing, if all of theirs that are known can be called only so.
fn device_without_proposals(turn: &mut Turn<'_, '_>, call: &Live) -> Result<Option<Address>, Error> {
    if caps::supports(turn, &call.peer, proposals::NS)? != Some(false) {
        return Ok(None);
    }
    let media = if call.is_video() { rtp::FEATURE_VIDEO } else { rtp::FEATURE_AUDIO };
    for (resource, key) in presence::devices(turn, &call.peer) {
        let features = turn.tx.reads().caps(&key)?.unwrap_or_default();
        if features.iter().any(|feature| feature == media) {
            return Ok(Address::parse(&format!("{}/{resource}", call.peer)));
        }
    }
    Ok(None)
}

/// `AccountCommand::Call`
pub fn command(turn: &mut Turn<'_, '_>, id: CallId, command: CallCommand) -> Result<(), Error> {
    on(turn, id, |turn, call| match command {
        CallCommand::Answer { video } => take(turn, call, video),
        CallCommand::HangUp => ending::advance(turn, call, Trigger::HangsUp).map(|_| ()),
        CallCommand::Send(MediaKind::Audio, on) => {
            set_microphone(turn, call, on);
            Ok(())
        }
        CallCommand::Send(media, on) => contents::send(turn, call, media, on),
        CallCommand::Hold(on) => {
            hold(turn, call, on);
            Ok(())
        }
    })?;
    Ok(())
}

/// Takes a call that rings.
pub fn take(turn: &mut Turn<'_, '_>, call: &mut Live, video: bool) -> Result<(), Error> {
    if ending::advance(turn, call, Trigger::Answers)? != ending::Advanced::Yes {
        return Ok(());
    }
    call.sends.camera = video;
    history::taken(turn, call)?;
    if call.phase == Phase::Answering {
        return engine::begin(turn, call);
    }
    let device = security::own_device(turn)?;
    sending::to_them(turn, call, Act::Proceed { device });
    sending::to_own_devices(turn, call, Act::Accept);
    // So that they are known when the session comes.
    super::services::servers(turn);
    Ok(())
}

fn set_microphone(turn: &mut Turn<'_, '_>, call: &mut Live, on: bool) {
    if call.sends.microphone == on {
        return;
    }
    call.sends.microphone = on;
    if call.engine.has_begun {
        engine::tell(turn, call.id, MediaCommand::Capture { media: MediaKind::Audio, on });
        contents::tell_muted(turn, call, MediaKind::Audio, !on);
    }
}

fn hold(turn: &mut Turn<'_, '_>, call: &mut Live, on: bool) {
    if call.sends.on_hold == on || call.phase != Phase::Active {
        return;
    }
    call.sends.on_hold = on;
    engine::tell(turn, call.id, MediaCommand::Hold(on));
    let info = if on { Info::Hold } else { Info::Unhold };
    say(turn, call, info);
}

/// Tells something about a session.
pub fn say(turn: &mut Turn<'_, '_>, call: &Live, info: Info) {
    let jingle = Jingle { info: Some(info), ..Jingle::new(Action::SessionInfo, &call.session) };
    sending::request(turn, call, jingle);
}

/// `AccountCommand::SetBusy`
pub fn set_busy(turn: &mut Turn<'_, '_>, busy: bool) {
    turn.state.calls.busy = busy;
}

/// `AccountCommand::SetCallSettings`
pub fn set_settings(turn: &mut Turn<'_, '_>, settings: CallSettings) -> Result<(), Error> {
    if !turn.tx.set_call_settings(settings)? {
        return Ok(());
    }
    turn.changed(Change::Account);
    let with_media = turn.state.calls.live.values().filter(|call| call.engine.has_begun);
    let with_media: Vec<CallId> = with_media.map(|call| call.id).collect();
    for call in with_media {
        engine::tell(turn, call, MediaCommand::SaveBandwidth(settings.low_bandwidth));
    }
    Ok(())
}

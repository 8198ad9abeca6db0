//! What media is asked for and told, and what it answers.
//!
//! Media answers questions in their order. What it tells unasked (candidates, that it is connected) may come at any time,
//! also when nobody is interested any more.

use model::{
    CallId, ContentCandidates, Flow, MediaCommand, MediaDescription, MediaEvent, MediaKind, MediaSetup,
    Timestamp, WantedContent,
};

use super::{
    call::{Live, Question, Restart, Since, Way},
    contents, ending, services, session,
    table::{Phase, Trigger},
    their_contents, transport,
};
use crate::{Error, Output, messages, turn::Turn};

/// Candidates that come before they can be used, ours or theirs: more are not kept.
const MAX_EARLY: usize = 128;

/// Tells media something.
pub fn tell(turn: &mut Turn<'_, '_>, call: CallId, command: MediaCommand) {
    turn.state.outputs.push_back(Output::Media(call, command));
}

/// Asks media something that it answers.
pub fn ask(turn: &mut Turn<'_, '_>, call: &mut Live, question: Question, command: MediaCommand) {
    call.engine.asked.push_back(question);
    tell(turn, call.id, command);
}

/// The call is to have media, as soon as it is known which servers help.
pub fn begin(turn: &mut Turn<'_, '_>, call: &mut Live) -> Result<(), Error> {
    call.engine.waits_for_servers = true;
    servers_changed(turn, call)
}

/// Something was learnt of servers.
pub fn servers_changed(turn: &mut Turn<'_, '_>, call: &mut Live) -> Result<(), Error> {
    if call.engine.has_begun {
        if let Some(servers) = services::servers(turn) {
            tell(turn, call.id, MediaCommand::SetServers(servers));
        }
        return Ok(());
    }
    if !call.engine.waits_for_servers {
        return Ok(());
    }
    let Some(servers) = services::servers(turn) else { return Ok(()) };
    call.engine.waits_for_servers = false;
    call.engine.has_begun = true;
    let settings = turn.tx.reads().call_settings()?;
    let relay_only = settings.relay_only || is_stranger(turn, call)?;
    tell(turn, call.id, MediaCommand::Begin(MediaSetup { servers, relay_only, bundle: call.bundle }));
    if settings.low_bandwidth {
        tell(turn, call.id, MediaCommand::SaveBandwidth(true));
    }
    capture(turn, call);
    if let Some(offer) = call.engine.their_offer.take() {
        ask(turn, call, Question::Accept, MediaCommand::Answer(offer));
        their_description_is_known(turn, call);
        return Ok(());
    }
    let wanted = call.proposed.iter().map(|media| WantedContent {
        name: contents::name_of(*media).to_owned(),
        media: *media,
        flow: Flow::BOTH,
    });
    let wanted = wanted.collect();
    ask(turn, call, Question::Initiate, MediaCommand::Offer(wanted));
    Ok(())
}

/// Tells media what the user wants to be sent.
fn capture(turn: &mut Turn<'_, '_>, call: &Live) {
    let sends = call.sends;
    tell(turn, call.id, MediaCommand::Capture { media: MediaKind::Audio, on: sends.microphone });
    tell(turn, call.id, MediaCommand::Capture { media: MediaKind::Video, on: sends.camera });
    if sends.screen {
        tell(turn, call.id, MediaCommand::Capture { media: MediaKind::Screen, on: true });
    }
}

/// Whether the other side was not accepted: they must not learn where this device is.
pub fn is_stranger(turn: &Turn<'_, '_>, call: &Live) -> Result<bool, Error> {
    messages::is_stranger(turn, &call.peer)
}

/// Candidates of theirs go to media from now on.
pub fn their_description_is_known(turn: &mut Turn<'_, '_>, call: &mut Live) {
    call.engine.knows_theirs = true;
    for candidates in std::mem::take(&mut call.engine.early) {
        tell(turn, call.id, MediaCommand::AddCandidates(candidates));
    }
}

/// Candidates of ours go to them from now on.
pub fn our_description_is_known(turn: &mut Turn<'_, '_>, call: &mut Live) {
    call.engine.they_know_ours = true;
    for candidates in std::mem::take(&mut call.engine.ours_early) {
        transport::tell_candidates(turn, call, candidates);
    }
}

/// Candidates of theirs came.
pub fn add_candidates(turn: &mut Turn<'_, '_>, call: &mut Live, candidates: ContentCandidates) {
    if candidates.candidates.is_empty() {
        return;
    }
    if call.engine.knows_theirs {
        tell(turn, call.id, MediaCommand::AddCandidates(candidates));
    } else {
        keep(&mut call.engine.early, candidates);
    }
}

fn keep(list: &mut Vec<ContentCandidates>, candidates: ContentCandidates) {
    let kept: usize = list.iter().map(|candidates| candidates.candidates.len()).sum();
    if kept + candidates.candidates.len() <= MAX_EARLY {
        list.push(candidates);
    }
}

/// Media tells something.
pub fn event(turn: &mut Turn<'_, '_>, call: &mut Live, event: MediaEvent) -> Result<(), Error> {
    match event {
        MediaEvent::Offer(description) => match call.engine.asked.pop_front() {
            Some(Question::Initiate) => session::offer_ready(turn, call, description),
            Some(Question::Add(names)) => contents::added_ready(turn, call, &names, description),
            _ => machinery_failed(turn, call),
        },
        MediaEvent::Answer(description) => match call.engine.asked.pop_front() {
            Some(Question::Accept) => session::answer_ready(turn, call, description),
            Some(Question::TakeAdded(names)) => their_contents::taken_ready(turn, call, &names, description),
            _ => machinery_failed(turn, call),
        },
        MediaEvent::Restarted(credentials) => match call.engine.asked.pop_front() {
            Some(Question::Restart(restart)) => {
                transport::restarted(turn, call, restart, &credentials);
                Ok(())
            }
            _ => machinery_failed(turn, call),
        },
        MediaEvent::Candidates(candidates) => {
            if call.engine.they_know_ours {
                transport::tell_candidates(turn, call, candidates);
            } else {
                keep(&mut call.engine.ours_early, candidates);
            }
            Ok(())
        }
        MediaEvent::Connected => {
            if call.phase == Phase::Active {
                let since = call.since().unwrap_or_else(|| now(turn));
                call.engine.way = Way::Found(since);
                call.deadline = None;
                call.restart_at = None;
            }
            Ok(())
        }
        MediaEvent::Broken => {
            transport::broken(turn, call);
            Ok(())
        }
        MediaEvent::CaptureFailed(media) => contents::send(turn, call, media, false),
        MediaEvent::Failed(failure) => {
            ending::advance(turn, call, Trigger::MediaFails(failure))?;
            Ok(())
        }
    }
}

fn now(turn: &Turn<'_, '_>) -> Since {
    let wall: Timestamp = turn.now.wall;
    Since { wall, monotonic: turn.now.monotonic }
}

/// An answer to nothing: media and signalling have come apart.
fn machinery_failed(turn: &mut Turn<'_, '_>, call: &mut Live) -> Result<(), Error> {
    ending::advance(turn, call, Trigger::MediaFails(model::MediaFailure::Machinery))?;
    Ok(())
}

/// Whether media is being asked for new credentials.
pub fn is_restarting(call: &Live) -> bool {
    call.engine.asked.iter().any(|question| matches!(question, Question::Restart(Restart::Ours)))
}

/// A description without contents is none.
pub fn is_empty(description: &MediaDescription) -> bool {
    description.contents.is_empty()
}

//! How the contents of a session travel: candidates both ways, and new ways when the old ones are lost (XEP-0176).
//!
//! Candidates may overtake the description they belong to; then they wait. A restart is told by new credentials. Clients in
//! use send them in a `transport-info`: without candidates they ask for ours, with candidates they answer (Conversations);
//! that is what we do too. A `transport-replace` with new credentials is answered as the text has it.
//!
//! ```text
//!   way is lost ──→ we began the session: restart at once
//!                   they did: they will; after some seconds we do, since theirs may not know how (Dino)
//! ```

use std::time::Duration;

use model::{ContentCandidates, ContentCredentials, IceTransport, MediaCommand};
use xmpp::xep_0166_jingle::{self as wire, Action, Condition, Jingle, Transport};

use super::{
    call::{Live, Question, Restart, Way},
    contents, descriptions, ending, engine, sending, session,
    table::Phase,
};
use crate::{Error, inbound::Reply, turn::Turn};

/// How long the side that did not begin the session waits for the other to look for new ways.
const COURTESY: Duration = Duration::from_secs(5);

/// Tells them candidates of ours.
pub fn tell_candidates(turn: &mut Turn<'_, '_>, call: &Live, candidates: ContentCandidates) {
    if call.phase == Phase::Ended || candidates.candidates.is_empty() {
        return;
    }
    let ice = IceTransport {
        credentials: candidates.credentials,
        fingerprints: Vec::new(),
        candidates: candidates.candidates,
    };
    let content = content_with(call, &candidates.content, ice);
    let jingle = Jingle { contents: vec![content], ..Jingle::new(Action::TransportInfo, &call.session) };
    sending::request(turn, call, jingle);
}

fn content_with(call: &Live, name: &str, ice: IceTransport) -> wire::Content {
    let known = call.contents.iter().find(|content| content.name == name);
    let creator = known.map_or(wire::Side::Initiator, |content| content.creator);
    let senders = known.map_or(wire::Senders::Both, |content| content.senders);
    let transport = Some(Transport::Ice { ice, sealed: Vec::new() });
    wire::Content { transport, ..wire::Content::stub(creator, name, senders) }
}

/// They tell candidates, or new credentials.
pub fn info(turn: &mut Turn<'_, '_>, call: &mut Live, jingle: &Jingle) -> Reply {
    let told: Vec<ContentCandidates> =
        jingle.contents.iter().filter_map(descriptions::candidates_of).collect();
    if told.len() != jingle.contents.len() || told.is_empty() {
        return Reply::BAD_REQUEST;
    }
    if !told.iter().all(|told| contents::knows(call, &told.content)) {
        return Reply::Error { kind: "cancel", condition: "item-not-found" };
    }
    let changed = new_credentials(call, &told);
    if call.phase == Phase::Active && !changed.is_empty() {
        let is_offer = told.iter().all(|told| told.candidates.is_empty());
        // Both sides began at once: the one who began the session goes on.
        if is_offer && engine::is_restarting(call) && call.is_initiator {
            return session::tie_break();
        }
        apply(turn, call, changed, is_offer.then_some(Restart::Theirs));
    }
    for candidates in told {
        engine::add_candidates(turn, call, candidates);
    }
    Reply::Result(None)
}

/// Credentials that are others than those we know.
fn new_credentials(call: &Live, told: &[ContentCandidates]) -> Vec<ContentCredentials> {
    let changed = told.iter().filter_map(|told| {
        let known = contents::credentials(call, &told.content)?;
        let credentials = told.credentials.clone().filter(|credentials| credentials != known)?;
        Some(ContentCredentials { content: told.content.clone(), credentials })
    });
    changed.collect()
}

fn apply(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    mut credentials: Vec<ContentCredentials>,
    restart: Option<Restart>,
) {
    if call.bundle
        && let Some(first) = credentials.first().map(|first| first.credentials.clone())
    {
        // They share one transport: what was said of one is true of all.
        let others = call.contents.iter().filter(|content| content.credentials.is_some());
        credentials = others
            .map(|content| ContentCredentials { content: content.name.clone(), credentials: first.clone() })
            .collect();
    }
    for new in &credentials {
        if let Some(content) = call.content(&new.content) {
            content.credentials = Some(new.credentials.clone());
        }
    }
    call.restart_at = None;
    let command = MediaCommand::ApplyRestart { credentials, is_offer: restart.is_some() };
    match restart {
        Some(restart) => {
            // Ours, if one is under way, yields: what media has for it is not told.
            for question in &mut call.engine.asked {
                if *question == Question::Restart(Restart::Ours) {
                    *question = Question::Restart(Restart::Yielded);
                }
            }
            engine::ask(turn, call, Question::Restart(restart), command);
        }
        None => engine::tell(turn, call.id, command),
    }
}

/// They put a transport in place of another: one of the same kind is a restart, another kind is not known here.
pub fn replace(turn: &mut Turn<'_, '_>, call: &mut Live, jingle: &Jingle) -> Reply {
    let told: Vec<ContentCandidates> =
        jingle.contents.iter().filter_map(descriptions::candidates_of).collect();
    let all_known = told.len() == jingle.contents.len()
        && !told.is_empty()
        && told.iter().all(|told| told.credentials.is_some() && contents::knows(call, &told.content));
    if call.phase != Phase::Active {
        return session::out_of_order();
    }
    if !all_known {
        let stubs = jingle.contents.iter();
        let contents =
            stubs.map(|content| wire::Content::stub(content.creator, &content.name, content.senders));
        let reason = Some(Condition::UnsupportedTransports.into());
        let contents = contents.collect();
        let reject = Jingle { contents, reason, ..Jingle::new(Action::TransportReject, &call.session) };
        sending::request(turn, call, reject);
        return Reply::Result(None);
    }
    let changed = new_credentials(call, &told);
    if !changed.is_empty() {
        apply(turn, call, changed, Some(Restart::TheirsByReplacing));
    }
    for candidates in told {
        engine::add_candidates(turn, call, candidates);
    }
    Reply::Result(None)
}

/// A way was lost.
pub fn broken(turn: &mut Turn<'_, '_>, call: &mut Live) {
    if call.phase != Phase::Active {
        return;
    }
    if let Some(since) = call.since() {
        call.engine.way = Way::Broken(since);
    }
    let now = turn.now.monotonic;
    call.deadline = call.deadline.or(Some(now.saturating_add(ending::STEP)));
    if call.is_initiator {
        restart(turn, call);
    } else {
        call.restart_at = Some(now.saturating_add(COURTESY));
    }
}

/// Looks for new ways.
pub fn restart(turn: &mut Turn<'_, '_>, call: &mut Live) {
    call.restart_at = None;
    if call.phase == Phase::Active && !engine::is_restarting(call) {
        engine::ask(turn, call, Question::Restart(Restart::Ours), MediaCommand::Restart);
    }
}

/// The network of this device changed: whoever began the session, only we know that.
pub fn network_changed(turn: &mut Turn<'_, '_>, call: &mut Live) -> Result<(), Error> {
    if call.since().is_some() {
        restart(turn, call);
    }
    Ok(())
}

/// Media has new credentials.
pub fn restarted(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    restart: Restart,
    credentials: &[ContentCredentials],
) {
    let action = match restart {
        Restart::Ours => Action::TransportInfo,
        // The candidates that follow say them.
        Restart::Theirs | Restart::Yielded => return,
        Restart::TheirsByReplacing => Action::TransportAccept,
    };
    let contents: Vec<wire::Content> = credentials
        .iter()
        .map(|new| {
            let ice = IceTransport { credentials: Some(new.credentials.clone()), ..IceTransport::default() };
            content_with(call, &new.content, ice)
        })
        .collect();
    // Who shares a transport is told at once, who does not takes one content at a time (Dino).
    let each = if call.bundle { contents.len().max(1) } else { 1 };
    for contents in contents.chunks(each) {
        let jingle = Jingle { contents: contents.to_vec(), ..Jingle::new(action, &call.session) };
        sending::request(turn, call, jingle);
    }
}

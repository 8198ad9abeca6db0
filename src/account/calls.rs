//! Calls: voice and video between two people, as far as messages and requests go.
//!
//! A call is one [`Live`] with a [`Phase`]; `table` says what may happen in each phase and what becomes of it, on one
//! screen. What travels in a call is not seen here: the engine of its media is told what to do by
//! [`MediaCommand`](model::MediaCommand)s and answers with [`MediaEvent`]s, plain data both.
//!
//! ```text
//!   command ──→ commands ─┐                                ┌─→ sending ──→ messages, requests
//!   message ──→ invitations (XEP-0353, 0482) ─┐            ├─→ engine ───→ Output::Media
//!   request ──→ session, contents, transport ─┼─→ table ───┤
//!   engine  ──→ engine ───────────────────────┤            ├─→ history ──→ the line in the history
//!   time    ──→ here ─────────────────────────┘            └─→ Event::Call
//! ```
//!
//! * A call is proposed to all devices of somebody and taken by one of them; only with that one a session is made, and
//!   only its requests count (DESIGN rule 10).
//! * Somebody the user has not accepted hears nothing before the user answers, not even that it rings, and never learns
//!   the address of this device: with them media goes through relays only.
//! * Where a device of the other side has an OMEMO session with this one, it vouches for the keys of the media
//!   (`security`). A call that began so is not continued otherwise.
//! * A link that breaks is no end of a call: what is said meanwhile waits, and goes out when the session is resumed. Is it
//!   not resumed, the call ends and says so.
//! * Nothing is announced, answered or asked as long as the program has no engine for media ([`Setup::calls`]).
//!
//! [`Setup::calls`]: crate::Setup::calls

mod call;
mod commands;
mod contents;
mod descriptions;
mod ending;
mod engine;
mod history;
mod invitations;
mod security;
mod sending;
mod services;
mod session;
mod table;
mod their_contents;
mod transport;
mod unproposed;

use std::{collections::BTreeMap, time::Duration};

use model::{CallId, EventKind, MediaEvent};
use xmpp::{IqOutcome, xep_0166_jingle as jingle, xep_0167_rtp as rtp};

use self::{
    call::Live,
    table::{Phase, Trigger},
};
use crate::{
    Error,
    turn::{State, Turn},
};

pub use commands::{callable, command, set_busy, set_settings, start};
pub use invitations::{bounced, hear};
pub use sending::Asked;
pub use session::handle_request;

/// What we say that we can do.
pub const FEATURES: [&str; 14] = [
    jingle::NS,
    rtp::NS,
    rtp::FEATURE_AUDIO,
    rtp::FEATURE_VIDEO,
    rtp::NS_INFO,
    xmpp::xep_0176_ice::NS,
    xmpp::xep_0293_feedback::NS,
    xmpp::xep_0294_extensions::NS,
    xmpp::xep_0320_dtls::NS,
    xmpp::xep_0320_dtls::NS_SEALED,
    xmpp::xep_0338_grouping::NS,
    xmpp::xep_0339_sources::NS,
    xmpp::xep_0353_invitations::NS,
    xmpp::xep_0482_call_invites::NS,
];

/// More calls than this at once are flooding: one is talked in, the others ring.
const MAX_LIVE: usize = 8;

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    live: BTreeMap<CallId, Live>,
    /// Another account is in a call.
    busy: bool,
    services: services::Memory,
    sending: sending::Memory,
    invitations: invitations::Memory,
}

impl Memory {
    /// The call that is known by this session and is with somebody.
    fn find(&self, wanted: impl Fn(&Live) -> bool) -> Option<CallId> {
        self.live.values().find(|call| wanted(call)).map(|call| call.id)
    }

    /// Whether the user is in a call, or calls.
    fn is_busy(&self) -> bool {
        self.busy || self.live.values().any(|call| call.phase.occupies())
    }
}

/// Works on a call, then keeps it and tells of it, or forgets it if it ended.
fn on<T>(
    turn: &mut Turn<'_, '_>,
    id: CallId,
    work: impl FnOnce(&mut Turn<'_, '_>, &mut Live) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let Some(mut call) = turn.state.calls.live.remove(&id) else { return Ok(None) };
    let before = call.snapshot();
    let done = work(turn, &mut call)?;
    let now = call.snapshot();
    if now != before {
        turn.event(EventKind::Call(Box::new(now)));
    }
    if call.phase != Phase::Ended {
        turn.state.calls.live.insert(id, call);
    }
    Ok(Some(done))
}

/// The engine of a call tells something.
pub fn media(turn: &mut Turn<'_, '_>, id: CallId, event: MediaEvent) -> Result<(), Error> {
    on(turn, id, |turn, call| engine::event(turn, call, event))?;
    Ok(())
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: Asked, outcome: IqOutcome) -> Result<(), Error> {
    match asked {
        Asked::Services => {
            services::answered(turn, outcome);
            go_on(turn)
        }
        Asked::Said(id, action) => {
            on(turn, id, |turn, call| session::answered(turn, call, action, &outcome))?;
            Ok(())
        }
    }
}

/// Which servers help is known, or known anew: calls that waited for it go on.
fn go_on(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let ids: Vec<CallId> = turn.state.calls.live.keys().copied().collect();
    for id in ids {
        on(turn, id, engine::servers_changed)?;
    }
    Ok(())
}

/// The server pushes services (XEP-0215 §3.2).
pub fn handle_push(turn: &mut Turn<'_, '_>) {
    services::pushed(turn);
}

/// A session began: what it takes to call is asked for.
pub fn begin(turn: &mut Turn<'_, '_>) {
    services::begin(turn);
}

/// The earlier session goes on: what waited for the link is sent.
pub fn resumed(turn: &mut Turn<'_, '_>) {
    sending::resumed(turn);
}

/// The archive was read to its end, or there is none: what was proposed while we were away rings if it is not too late,
/// and what nobody ever ended is over.
pub fn caught_up(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    invitations::ring_late(turn)?;
    history::settle(turn)
}

/// The session is over for good, and every call with it.
pub fn end(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let ids: Vec<CallId> = turn.state.calls.live.keys().copied().collect();
    for id in ids {
        on(turn, id, |turn, call| ending::advance(turn, call, Trigger::SessionLost))?;
    }
    let busy = turn.state.calls.busy;
    turn.state.calls = Memory { busy, ..Memory::default() };
    Ok(())
}

/// The network came or changed: ways that led through the old one are of no use.
pub fn network_changed(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let ids: Vec<CallId> = turn.state.calls.live.keys().copied().collect();
    for id in ids {
        on(turn, id, transport::network_changed)?;
    }
    Ok(())
}

/// When something is due.
pub fn timeout(state: &State) -> Option<Duration> {
    let calls = state.calls.live.values().flat_map(|call| [call.deadline, call.restart_at]);
    calls.flatten().chain(services::timeout(state)).min()
}

/// Does what is due.
pub fn timer(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let now = turn.now.monotonic;
    if services::timer(turn) {
        go_on(turn)?;
    }
    let ids: Vec<CallId> = turn.state.calls.live.keys().copied().collect();
    for id in ids {
        on(turn, id, |turn, call| {
            if call.restart_at.is_some_and(|at| at <= now) {
                transport::restart(turn, call);
            }
            if call.deadline.is_some_and(|at| at <= now) {
                call.deadline = None;
                ending::advance(turn, call, Trigger::TimeIsUp)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

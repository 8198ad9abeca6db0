//! Which servers help media to find a way (XEP-0215).
//!
//! Our server names them, with credentials made for us that end after a while. They are asked for when a session begins, so
//! that a call need not wait, again when one begins and they have ended, and shortly before they end while one lasts.

use std::time::Duration;

use model::{IceServer, IceServerKind};
use xmpp::{
    IqOutcome,
    xep_0215_services::{self as wire, Service},
};

use super::sending::Asked;
use crate::turn::{IqKind, PendingIq, State, Turn};

/// A call waits so long to learn of servers; then it goes without.
const PATIENCE: Duration = Duration::from_secs(3);
/// Credentials that end sooner than this are asked for anew.
const MARGIN: Duration = Duration::from_secs(60);
/// They are not asked for more often than this, however soon they end.
const PAUSE: Duration = Duration::from_secs(30);

/// What is known.
#[derive(Default)]
pub struct Memory {
    servers: Vec<IceServer>,
    /// When the first credentials end.
    expires: Option<Duration>,
    /// When they were asked for last.
    asked_at: Option<Duration>,
    is_asked: bool,
    is_known: bool,
}

/// A session began.
pub fn begin(turn: &mut Turn<'_, '_>) {
    if turn.state.setup.calls {
        ask(turn);
    }
}

fn ask(turn: &mut Turn<'_, '_>) {
    let memory = &mut turn.state.calls.services;
    if memory.is_asked {
        return;
    }
    memory.is_asked = true;
    memory.asked_at = Some(turn.now.monotonic);
    let server = turn.own_bare().domain().to_string();
    turn.send_iq(IqKind::Get, Some(&server), wire::query(), PendingIq::Calls(Asked::Services));
}

/// The server answered, or will not.
pub fn answered(turn: &mut Turn<'_, '_>, outcome: IqOutcome) {
    let memory = &mut turn.state.calls.services;
    memory.is_asked = false;
    memory.is_known |= !matches!(outcome, IqOutcome::Lost);
    if let IqOutcome::Result(stanza) = outcome
        && let Some(services) = stanza.child("services", wire::NS)
    {
        keep(turn, wire::read(services));
    }
}

/// The server tells what has changed: all is asked for again.
pub fn pushed(turn: &mut Turn<'_, '_>) {
    if turn.state.setup.calls {
        ask(turn);
    }
}

fn keep(turn: &mut Turn<'_, '_>, services: Vec<Service>) {
    let (wall, now) = (turn.now.wall, turn.now.monotonic);
    let ends = services.iter().filter_map(|service| service.expires).min();
    let memory = &mut turn.state.calls.services;
    memory.expires = ends.map(|ends| {
        let left = u64::try_from(ends.0.saturating_sub(wall.0)).unwrap_or(0);
        now.saturating_add(Duration::from_millis(left))
    });
    memory.servers = services.into_iter().map(|service| service.server).collect();
}

/// The servers, if they are known and hold; else they are asked for, and `None` says to wait for [`answered`].
pub fn servers(turn: &mut Turn<'_, '_>) -> Option<Vec<IceServer>> {
    let now = turn.now.monotonic;
    let memory = &turn.state.calls.services;
    let holds = memory.expires.is_none_or(|ends| ends > now.saturating_add(MARGIN));
    let asked_lately = memory.asked_at.is_some_and(|at| at.saturating_add(PAUSE) > now);
    let is_overdue = memory.asked_at.is_some_and(|at| at.saturating_add(PATIENCE) <= now);
    if memory.is_known && (holds || (asked_lately && !memory.is_asked)) {
        return Some(memory.servers.clone());
    }
    if memory.is_asked && is_overdue {
        return Some(memory.servers.clone());
    }
    if turn.is_online() {
        ask(turn);
    }
    None
}

/// Whether our server offers a relay.
pub fn has_relay(turn: &Turn<'_, '_>) -> bool {
    turn.state.calls.services.servers.iter().any(|server| server.kind == IceServerKind::Turn)
}

/// When servers are to be asked for, or waited for no longer, while there are calls.
pub fn timeout(state: &State) -> Option<Duration> {
    let memory = &state.calls.services;
    if state.own.full.is_none() || !state.calls.live.values().any(|call| call.phase.occupies()) {
        return None;
    }
    let waits = state.calls.live.values().any(|call| call.engine.waits_for_servers);
    if memory.is_asked {
        return memory.asked_at.filter(|_| waits).map(|at| at.saturating_add(PATIENCE));
    }
    let soonest = memory.asked_at.map_or(Duration::ZERO, |at| at.saturating_add(PAUSE));
    memory.expires.map(|ends| ends.saturating_sub(MARGIN).max(soonest))
}

/// Asks for what is about to end. True if calls that wait may go on without.
pub fn timer(turn: &mut Turn<'_, '_>) -> bool {
    if timeout(turn.state).is_none_or(|at| at > turn.now.monotonic) {
        return false;
    }
    if turn.state.calls.services.is_asked {
        return true;
    }
    ask(turn);
    false
}

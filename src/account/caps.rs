//! Entity capabilities (XEP-0115): what the programs of contacts can do, asked once for each program.
//!
//! A hash that is on disk was verified. An unknown one is asked of a device that announced it, two at a time; an
//! answer that does not fit is thrown away and counted, and the next device is asked. So nobody can say what
//! somebody else's program can do, and a contact who lies harms only themselves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use model::BareJid;
use xmpp::{Address, IqOutcome, xep_0030_disco as disco_wire, xep_0115_caps::Caps};

use crate::{
    Error, disco, presence,
    refused::Kind,
    roster,
    turn::{IqKind, PendingIq, Turn},
};

/// Names our program in hashes.
pub const NODE: &str = "https://starling.im";

/// How many questions are under way at once.
const PACE: usize = 2;
/// How many hashes wait, how many devices are kept for one, and how many hashes are given up on in a session.
const MAX_WAITING: usize = 256;
const MAX_DEVICES: usize = 4;
const MAX_FAILED: usize = 1024;

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    /// Whom to ask, by key.
    waiting: BTreeMap<String, Waiting>,
    /// Keys, in the order in which they are asked.
    queue: VecDeque<String>,
    under_way: usize,
    /// Nobody's answer fitted.
    failed: BTreeSet<String>,
}

struct Waiting {
    caps: Caps,
    devices: VecDeque<String>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// What this hash stands for.
    Info(Caps),
}

/// Our own hash.
pub fn own(turn: &Turn<'_, '_>) -> Option<Caps> {
    Caps::of(NODE, &disco::own_info(turn))
}

/// The device of somebody whose presence we see announced a hash.
pub fn heard(turn: &mut Turn<'_, '_>, from: &Address, caps: &Caps) -> Result<(), Error> {
    let key = caps.key();
    // A device whose address the request could not carry is not asked.
    let Some(device) = from.as_jid().map(ToString::to_string) else { return Ok(()) };
    if turn.state.caps.failed.contains(&key) || turn.tx.reads().caps(&key)?.is_some() {
        return Ok(());
    }
    let memory = &mut turn.state.caps;
    if let Some(waiting) = memory.waiting.get_mut(&key) {
        if waiting.devices.len() < MAX_DEVICES && !waiting.devices.contains(&device) {
            waiting.devices.push_back(device);
        }
        return Ok(());
    }
    if memory.waiting.len() >= MAX_WAITING {
        turn.refuse(Kind::Limit);
        return Ok(());
    }
    memory.waiting.insert(key.clone(), Waiting { caps: caps.clone(), devices: VecDeque::from([device]) });
    memory.queue.push_back(key);
    ask_next(turn)
}

fn ask_next(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    while turn.state.caps.under_way < PACE {
        let memory = &mut turn.state.caps;
        let Some(key) = memory.queue.pop_front() else { break };
        let Some(waiting) = memory.waiting.get_mut(&key) else { continue };
        let Some(device) = waiting.devices.pop_front() else {
            memory.waiting.remove(&key);
            if memory.failed.len() < MAX_FAILED {
                memory.failed.insert(key);
            }
            continue;
        };
        let caps = waiting.caps.clone();
        // They may have left the roster since.
        let still = Address::parse(&device).map(|device| device.to_bare());
        if !still.map_or(Ok(false), |who| roster::we_see(turn, &who))? {
            turn.state.caps.queue.push_back(key);
            continue;
        }
        turn.state.caps.under_way += 1;
        let query = disco_wire::query(Some(&caps.query_node()));
        turn.send_iq(IqKind::Get, Some(&device), query, PendingIq::Caps(Asked::Info(caps)));
    }
    Ok(())
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: Asked, answer: IqOutcome) -> Result<(), Error> {
    let Asked::Info(caps) = asked;
    let key = caps.key();
    turn.state.caps.under_way = turn.state.caps.under_way.saturating_sub(1);
    match answer {
        IqOutcome::Lost => return Ok(()),
        IqOutcome::Result(stanza) => {
            let info = stanza.child("query", disco_wire::NS).and_then(disco_wire::Info::read);
            if let Some(info) = info.filter(|info| caps.fits(info)) {
                turn.tx.put_caps(&key, &info.features)?;
                turn.state.caps.waiting.remove(&key);
            } else {
                turn.refuse(Kind::Caps);
                turn.state.caps.queue.push_back(key);
            }
        }
        IqOutcome::Error(_) | IqOutcome::TimedOut => turn.state.caps.queue.push_back(key),
    }
    ask_next(turn)
}

/// The session is over: whoever waits is asked when they announce themselves again.
pub fn end(turn: &mut Turn<'_, '_>) {
    turn.state.caps = Memory::default();
}

/// Whether one of somebody's devices can do something; `None` when it is not known of any.
pub fn supports(turn: &mut Turn<'_, '_>, who: &BareJid, feature: &str) -> Result<Option<bool>, Error> {
    let mut answer = None;
    for key in presence::caps_keys(turn, who) {
        if let Some(features) = turn.tx.reads().caps(&key)? {
            let can = features.iter().any(|known| known == feature);
            answer = Some(can || answer == Some(true));
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests;

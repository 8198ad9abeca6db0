//! Chat states (XEP-0085): who is writing. Never stored, and never sent to somebody who did not ask.
//!
//! The XEP has the two sides find out whether the other one cares: a state goes along with words, and states of
//! their own are only sent to whoever sent one back (§5.1). Somebody who began to write and vanished is not
//! writing for ever.

use std::{collections::HashMap, time::Duration};

use model::{BareJid, ChatState, ConversationEncryption, ConversationId, EventKind};
use xmpp::{payload, xep_0085_chat_states as chat_states, xep_0334_hints::Hint};

use crate::{
    Error, caps, omemo,
    turn::{State, Turn},
};

/// A client that writes repeats nothing; after so long without a word it went away.
const LONGEST_WRITING: Duration = Duration::from_secs(60);
/// So many others are remembered. Beyond, somebody floods us with names.
const MOST: usize = 1000;

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    others: HashMap<BareJid, Other>,
    own: HashMap<ConversationId, ChatState>,
}

struct Other {
    state: ChatState,
    since: Duration,
    /// They send states, so they want them.
    cares: bool,
}

/// Somebody told a state, or spoke, which ends their writing.
pub fn heard(turn: &mut Turn<'_, '_>, peer: &BareJid, state: ChatState, explicit: bool) {
    let memory = &mut turn.state.chat_states.others;
    if memory.len() >= MOST && !memory.contains_key(peer) {
        memory.clear();
    }
    let now = turn.now.monotonic;
    let before = memory.get(peer);
    let changed = before.map_or(ChatState::Active, |other| other.state) != state;
    let cares = explicit || before.is_some_and(|other| other.cares);
    memory.insert(peer.clone(), Other { state, since: now, cares });
    if changed {
        turn.event(EventKind::ChatState(peer.clone(), state));
    }
}

/// `AccountCommand::SetChatState`: what the user does. Told only when it changed, to whoever cares.
pub fn set(turn: &mut Turn<'_, '_>, conversation: ConversationId, state: ChatState) -> Result<(), Error> {
    let before = turn.state.chat_states.own.insert(conversation, state).unwrap_or_default();
    if before == state || !turn.state.own.sends_typing || !turn.is_online() {
        return Ok(());
    }
    let Some(stored) = turn.tx.reads().stored_conversation(conversation)? else { return Ok(()) };
    let told = turn.state.chat_states.others.get(&stored.address).is_some_and(|other| other.cares);
    // Or one of their devices announced it: then they see our presence, and we theirs.
    let cares = told || caps::supports(turn, &stored.address, chat_states::NS)? == Some(true);
    if stored.stranger || !cares || turn.tx.reads().is_blocked(&stored.address)? {
        return Ok(());
    }
    let id = turn.new_id();
    let attributes = [("to", stored.address.as_str()), ("type", "chat"), ("id", &id)];
    let children = [chat_states::element(state), Hint::NoStore.element()];
    let stanza = payload::parent_tag("message", "jabber:client", &attributes, children);
    if stored.encryption == ConversationEncryption::Omemo {
        return omemo::send_now(turn, conversation, &id, &stanza);
    }
    turn.send(&stanza);
    Ok(())
}

/// Words went out with `active` beside them.
pub fn spoke(turn: &mut Turn<'_, '_>, conversation: ConversationId) {
    turn.state.chat_states.own.remove(&conversation);
}

/// When somebody has been writing for too long.
pub fn timeout(state: &State) -> Option<Duration> {
    let writing = state.chat_states.others.values().filter(|other| other.state == ChatState::Composing);
    writing.map(|other| other.since.saturating_add(LONGEST_WRITING)).min()
}

/// Ends writing that went on for too long.
pub fn expire(turn: &mut Turn<'_, '_>) {
    let now = turn.now.monotonic;
    let mut ended = Vec::new();
    for (peer, other) in &mut turn.state.chat_states.others {
        if other.state == ChatState::Composing && other.since.saturating_add(LONGEST_WRITING) <= now {
            other.state = ChatState::Paused;
            ended.push(peer.clone());
        }
    }
    ended.sort();
    for peer in ended {
        turn.event(EventKind::ChatState(peer, ChatState::Paused));
    }
}

/// The session is over: nobody is known to write.
pub fn end(turn: &mut Turn<'_, '_>) {
    let mut writing: Vec<_> = turn
        .state
        .chat_states
        .others
        .drain()
        .filter(|(_, other)| other.state == ChatState::Composing)
        .map(|(peer, _)| peer)
        .collect();
    writing.sort();
    turn.state.chat_states.own.clear();
    for peer in writing {
        turn.event(EventKind::ChatState(peer, ChatState::Active));
    }
}

//! Calls as windows show them: which there are, what each says and offers, what is heard of them, how well they go.
//!
//! [`Calls`] is fed with the calls that events tell of. A call that ended stays as long as its window has something to say, which
//! [`Farewell`] decides; the window says when it is done.

mod quality;

use std::{collections::BTreeMap, time::Duration};

use model::{AccountId, Call, CallId, CallOutcome, CallState, Direction, Timestamp};

pub use quality::{Quality, QualityMeter, Rates};

/// A call, over all accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey {
    /// Whose it is.
    pub account: AccountId,
    /// Which.
    pub call: CallId,
}

/// How far a call is, as a window sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It rings here.
    Incoming,
    /// It goes out, and rings nowhere yet.
    Calling,
    /// It rings there.
    Ringing,
    /// It was taken, and has no way yet.
    Connecting,
    /// They talk, since then.
    Talking(Timestamp),
    /// They talk since then, and look for another way.
    Reconnecting(Timestamp),
    /// It is over.
    Over(CallOutcome),
}

impl Stage {
    /// Of a call.
    pub fn of(call: &Call) -> Self {
        match call.state {
            CallState::Ringing if call.direction == Direction::Incoming => Self::Incoming,
            CallState::Ringing => Self::Ringing,
            CallState::Calling => Self::Calling,
            CallState::Connecting => Self::Connecting,
            CallState::Connected { since } => Self::Talking(since),
            CallState::Reconnecting { since } => Self::Reconnecting(since),
            CallState::Ended(outcome) => Self::Over(outcome),
        }
    }

    /// Whether the user is in it: a call that only rings here leaves the user free.
    pub fn is_in(self) -> bool {
        !matches!(self, Self::Incoming | Self::Over(_))
    }

    /// How long they have talked, if they do.
    pub fn talked(self, now: Timestamp) -> Option<Duration> {
        match self {
            Self::Talking(since) | Self::Reconnecting(since) => {
                // A clock that was put back makes no call negative.
                Some(Duration::from_millis(u64::try_from(now.0.saturating_sub(since.0)).unwrap_or(0)))
            }
            _ => None,
        }
    }
}

/// How a window takes leave of a call that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// It closes: the user knows.
    AtOnce,
    /// It says so for a moment.
    Soon,
    /// It stays until the user closes it: there is something to read, and perhaps to do.
    Stays,
}

impl Farewell {
    /// For a call that ended like this.
    pub fn of(direction: Direction, outcome: CallOutcome) -> Self {
        let is_incoming = direction == Direction::Incoming;
        match outcome {
            CallOutcome::Answered { .. } => Self::Soon,
            CallOutcome::Cancelled if is_incoming => Self::Soon,
            CallOutcome::Unanswered | CallOutcome::Declined | CallOutcome::Busy if !is_incoming => {
                Self::Stays
            }
            CallOutcome::Failed(_) => Self::Stays,
            CallOutcome::Unanswered
            | CallOutcome::Declined
            | CallOutcome::Busy
            | CallOutcome::Cancelled
            | CallOutcome::OnOtherDevice
            | CallOutcome::UnderWay => Self::AtOnce,
        }
    }
}

/// What is to be heard of calls while nobody talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// Somebody calls.
    Incoming,
    /// It rings on the other side.
    Outgoing,
}

/// What a call that was told of means for those that show calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is new.
    Began,
    /// It is known, and changed.
    Changed,
    /// It is over.
    Ended,
    /// It was over before it was known.
    Nothing,
}

/// A call that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    call: Call,
    /// It may not be heard: a stranger calls, or the user wants quiet.
    is_quiet: bool,
}

/// The calls that are not over.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    known: BTreeMap<CallKey, Known>,
}

impl Calls {
    /// A call is as it is now.
    pub fn hear(&mut self, account: AccountId, call: &Call) -> Told {
        let key = CallKey { account, call: call.id };
        if matches!(call.state, CallState::Ended(_)) {
            return if self.known.remove(&key).is_some() { Told::Ended } else { Told::Nothing };
        }
        if let Some(known) = self.known.get_mut(&key) {
            known.call = call.clone();
            return Told::Changed;
        }
        // Nothing is heard of a call before it is known who calls.
        self.known.insert(key, Known { call: call.clone(), is_quiet: call.direction == Direction::Incoming });
        Told::Began
    }

    /// Whether a call that rings here may be heard.
    pub fn set_quiet(&mut self, key: CallKey, is_quiet: bool) {
        if let Some(known) = self.known.get_mut(&key) {
            known.is_quiet = is_quiet;
        }
    }

    /// An account is gone, and its calls with it: which they were.
    pub fn forget(&mut self, account: AccountId) -> Vec<CallKey> {
        let gone: Vec<CallKey> = self.known.keys().copied().filter(|key| key.account == account).collect();
        self.known.retain(|key, _| key.account != account);
        gone
    }

    /// A call, as it was told of last.
    pub fn call(&self, key: CallKey) -> Option<&Call> {
        self.known.get(&key).map(|known| &known.call)
    }

    /// The call the user is in.
    pub fn current(&self) -> Option<CallKey> {
        self.known.iter().find(|(_, known)| Stage::of(&known.call).is_in()).map(|(key, _)| *key)
    }

    /// Every call, the one the user is in first.
    pub fn all(&self) -> Vec<CallKey> {
        let mut keys: Vec<CallKey> = self.known.keys().copied().collect();
        keys.sort_by_key(|key| Some(*key) != self.current());
        keys
    }

    /// What is heard now. Who talks is not rung at.
    pub fn sound(&self) -> Option<Sound> {
        if let Some(current) = self.current() {
            let stage = self.call(current).map(Stage::of);
            return (stage == Some(Stage::Ringing)).then_some(Sound::Outgoing);
        }
        self.ringing().map(|_| Sound::Incoming)
    }

    /// A call that rings here, and may be heard.
    pub fn ringing(&self) -> Option<CallKey> {
        let rings = |known: &Known| !known.is_quiet && Stage::of(&known.call) == Stage::Incoming;
        self.known.iter().find(|(_, known)| rings(known)).map(|(key, _)| *key)
    }
}

#[cfg(test)]
mod tests;

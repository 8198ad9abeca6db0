//! Who has which stanza: the counters and queues of stream management (XEP-0198).
//!
//! Outgoing stanzas wait until fewer than a window are under way, then are written and kept until
//! the server says that it has them. Where a server knows no stream management, the answer to a
//! ping says the same: it handles what we send in order. Incoming stanzas are counted when the
//! caller has dealt with them, not when they arrive.
//!
//! Counters wrap at 2³² (§4). A number that acknowledges what was never sent, or takes back what
//! was acknowledged, cannot be trusted: the session is given up.

use std::collections::VecDeque;
use std::fmt;

use jid::FullJid;
use thiserror::Error;

use super::event::StanzaToken;
use super::features::StreamFeaturesSummary;

/// Stanzas under way at once. Servers keep as many until they hear of them; Prosody gives up a
/// session at 500.
const WINDOW: usize = 100;
/// Bytes under way at once, unless one stanza alone is more.
const WINDOW_BYTES: usize = 512 << 10;
/// Stanzas that wait for the window.
const QUEUE: usize = 2000;
/// Bytes that wait for the window.
const QUEUE_BYTES: usize = 16 << 20;
/// After this many stanzas the server is asked again, though it has not answered yet.
const ASK_EVERY: u32 = 10;
/// After this many handled stanzas the server is told without being asked.
const TELL_EVERY: u32 = 100;

/// Why a stanza was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SendRefused {
    /// Not signed in.
    #[error("not online")]
    NotOnline,
    /// Too many wait already: try again when some are acknowledged.
    #[error("too many stanzas wait")]
    QueueFull,
    /// Larger than the server takes (XEP-0478): it would end the stream.
    #[error("larger than the server takes: {limit} bytes")]
    TooLarge {
        /// What it takes.
        limit: u32,
    },
}

/// An acknowledgement that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ImpossibleAck;

#[derive(Clone)]
struct Outgoing {
    token: StanzaToken,
    bytes: Vec<u8>,
}

/// The state of both directions.
#[derive(Default)]
pub(super) struct Management {
    enabled: bool,
    id: Option<String>,
    location: Option<String>,
    /// Stanzas the server has.
    acked: u32,
    under_way: VecDeque<Outgoing>,
    under_way_bytes: usize,
    waiting: VecDeque<Outgoing>,
    waiting_bytes: usize,
    since_asked: u32,
    /// Stanzas we have dealt with, and how many of them the server was told of.
    handled: u32,
    told: u32,
    /// Stanzas that came before counting began and are not dealt with yet.
    uncounted: u32,
}

impl fmt::Debug for Management {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Management")
            .field("enabled", &self.enabled)
            .field("resumable", &self.id.is_some())
            .field("acked", &self.acked)
            .field("under_way", &self.under_way.len())
            .field("waiting", &self.waiting.len())
            .field("handled", &self.handled)
            .finish_non_exhaustive()
    }
}

impl Management {
    /// Counting begins (XEP-0198 §3). With an id the session can be resumed.
    pub(super) fn enable(&mut self, id: Option<String>, location: Option<String>) {
        self.enabled = true;
        self.id = id;
        self.location = location;
        self.acked = 0;
        self.handled = 0;
        self.told = 0;
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.enabled
    }

    pub(super) fn is_resumable(&self) -> bool {
        self.enabled && self.id.is_some()
    }

    /// From now on the session is not to be resumed.
    pub(super) fn forget_session(&mut self) {
        self.id = None;
    }

    pub(super) fn handled(&self) -> u32 {
        self.handled
    }

    /// Takes a stanza to be sent.
    pub(super) fn push(&mut self, bytes: Vec<u8>, token: StanzaToken) -> Result<(), SendRefused> {
        if self.waiting.len() >= QUEUE || self.waiting_bytes.saturating_add(bytes.len()) > QUEUE_BYTES {
            return Err(SendRefused::QueueFull);
        }
        self.waiting_bytes += bytes.len();
        self.waiting.push_back(Outgoing { token, bytes });
        Ok(())
    }

    /// Moves the next stanza out of the queue, if the window has room, and gives its bytes.
    pub(super) fn next_to_write(&mut self) -> Option<&[u8]> {
        let next = self.waiting.front()?;
        let fits = self.under_way.is_empty()
            || (self.under_way.len() < WINDOW && self.under_way_bytes + next.bytes.len() <= WINDOW_BYTES);
        if !fits {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.waiting_bytes -= next.bytes.len();
        self.under_way_bytes += next.bytes.len();
        self.since_asked = self.since_asked.saturating_add(1);
        self.under_way.push_back(next);
        self.under_way.back().map(|written| written.bytes.as_slice())
    }

    /// Whether something was sent that the server was not asked about.
    pub(super) fn has_unasked(&self) -> bool {
        self.since_asked > 0
    }

    pub(super) fn has_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Whether to ask even though an answer is still out.
    pub(super) fn should_ask_again(&self) -> bool {
        self.enabled && self.since_asked >= ASK_EVERY
    }

    /// The server is being asked. Gives how many stanzas the answer to a ping will settle.
    pub(super) fn asked(&mut self) -> usize {
        self.since_asked = 0;
        self.under_way.len()
    }

    /// `<a h=''/>`: gives what the server has now.
    pub(super) fn acknowledge(&mut self, h: u32) -> Result<Vec<StanzaToken>, ImpossibleAck> {
        let newly = h.wrapping_sub(self.acked) as usize;
        if newly > self.under_way.len() {
            return Err(ImpossibleAck);
        }
        self.acked = h;
        Ok(self.settle(newly))
    }

    /// Takes the oldest `count` stanzas as arrived.
    pub(super) fn settle(&mut self, count: usize) -> Vec<StanzaToken> {
        let count = count.min(self.under_way.len());
        let settled: Vec<Outgoing> = self.under_way.drain(..count).collect();
        for outgoing in &settled {
            self.under_way_bytes -= outgoing.bytes.len();
        }
        settled.into_iter().map(|outgoing| outgoing.token).collect()
    }

    /// Takes out everything whose fate is unknown, and what was never written.
    pub(super) fn give_up(&mut self) -> Vec<StanzaToken> {
        self.under_way_bytes = 0;
        self.waiting_bytes = 0;
        self.since_asked = 0;
        let under_way = std::mem::take(&mut self.under_way);
        let waiting = std::mem::take(&mut self.waiting);
        under_way.into_iter().chain(waiting).map(|outgoing| outgoing.token).collect()
    }

    /// A stanza came while nothing was counted yet.
    pub(super) fn received_uncounted(&mut self) {
        self.uncounted = self.uncounted.saturating_add(1);
    }

    /// The next stanza was dealt with. Whether the server should be told now.
    pub(super) fn processed(&mut self) -> bool {
        if self.uncounted > 0 {
            self.uncounted -= 1;
            return false;
        }
        if !self.enabled {
            return false;
        }
        self.handled = self.handled.wrapping_add(1);
        self.handled.wrapping_sub(self.told) >= TELL_EVERY
    }

    /// The server is being told: gives the number.
    pub(super) fn tell(&mut self) -> u32 {
        self.told = self.handled;
        self.handled
    }

    pub(super) fn has_untold(&self) -> bool {
        self.enabled && self.told != self.handled
    }

    /// The session goes on: `h` is what the server has. What it has not goes back into the queue,
    /// before what never left it.
    pub(super) fn resumed(&mut self, h: u32) -> Result<Vec<StanzaToken>, ImpossibleAck> {
        let settled = self.acknowledge(h)?;
        self.waiting_bytes += self.under_way_bytes;
        self.under_way_bytes = 0;
        while let Some(outgoing) = self.under_way.pop_back() {
            self.waiting.push_front(outgoing);
        }
        self.since_asked = 0;
        self.uncounted = 0;
        // `<resume h=''/>` told it.
        self.told = self.handled;
        Ok(settled)
    }

    /// Keeps the session for the next stream.
    pub(super) fn into_resumption(
        self,
        bound: FullJid,
        features: StreamFeaturesSummary,
        carbons: bool,
    ) -> Option<Resumption> {
        let id = self.id.clone()?;
        self.enabled.then_some(Resumption { id, bound, features, carbons, management: self })
    }
}

/// A session that may be gone on with, as long as the process lives (XEP-0198 §5). It holds what
/// the server may not have, and the count of what we dealt with.
#[derive(Debug)]
pub struct Resumption {
    pub(super) id: String,
    pub(super) bound: FullJid,
    pub(super) features: StreamFeaturesSummary,
    pub(super) carbons: bool,
    pub(super) management: Management,
}

impl Resumption {
    /// What is unsettled, oldest first: if the resumption is thrown away, this is what nobody will
    /// ever acknowledge.
    #[must_use]
    pub fn unsettled(&self) -> Vec<StanzaToken> {
        let management = &self.management;
        management.under_way.iter().chain(&management.waiting).map(|outgoing| outgoing.token).collect()
    }

    /// Where the server would like us to come back to (XEP-0198 §5): a host and perhaps a port.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.management.location.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_under_way(count: u64) -> Management {
        let mut management = Management::default();
        management.enable(Some("id".to_owned()), None);
        for token in 0..count {
            management.push(vec![b'x'], StanzaToken(token)).unwrap();
            management.next_to_write().unwrap();
        }
        management
    }

    #[test]
    fn counters_wrap() {
        let mut management = with_under_way(3);
        management.acked = u32::MAX - 1;
        assert_eq!(management.acknowledge(u32::MAX), Ok(vec![StanzaToken(0)]));
        assert_eq!(management.acknowledge(1), Ok(vec![StanzaToken(1), StanzaToken(2)]));
        management.handled = u32::MAX;
        management.told = u32::MAX;
        assert!(!management.processed());
        assert_eq!(management.tell(), 0);
    }

    #[test]
    fn impossible_numbers_are_refused() {
        let mut management = with_under_way(2);
        assert_eq!(management.acknowledge(3), Err(ImpossibleAck));
        assert_eq!(management.acknowledge(2).unwrap().len(), 2);
        assert_eq!(management.acknowledge(1), Err(ImpossibleAck));
    }

    #[test]
    fn the_window_holds_back_and_the_queue_ends() {
        let mut management = Management::default();
        for token in 0..QUEUE as u64 {
            management.push(vec![0], StanzaToken(token)).unwrap();
        }
        assert_eq!(management.push(vec![0], StanzaToken(0)), Err(SendRefused::QueueFull));
        let mut written = 0;
        while management.next_to_write().is_some() {
            written += 1;
        }
        assert_eq!(written, WINDOW);
        assert_eq!(management.settle(10).len(), 10);
        assert!(management.next_to_write().is_some());
        assert_eq!(management.give_up().len(), QUEUE - 10);
    }

    #[test]
    fn a_large_stanza_goes_alone() {
        let mut management = Management::default();
        for token in 0..2 {
            management.push(vec![0; WINDOW_BYTES + 1], StanzaToken(token)).unwrap();
        }
        assert!(management.next_to_write().is_some());
        assert!(management.next_to_write().is_none());
        management.settle(1);
        assert!(management.next_to_write().is_some());
    }

    #[test]
    fn resuming_sends_again_in_order() {
        let mut management = with_under_way(3);
        management.push(b"last".to_vec(), StanzaToken(9)).unwrap();
        assert_eq!(management.resumed(1), Ok(vec![StanzaToken(0)]));
        assert!(management.under_way.is_empty());
        let order: Vec<u64> = management.waiting.iter().map(|out| out.token.0).collect();
        assert_eq!(order, [1, 2, 9]);
        while management.next_to_write().is_some() {}
        assert_eq!(management.acknowledge(4).unwrap().len(), 3);
    }

    #[test]
    fn the_server_is_told_every_hundred() {
        let mut management = with_under_way(0);
        management.received_uncounted();
        assert!(!management.processed());
        let due = (0..250).filter(|_| management.processed() && management.tell() > 0).count();
        assert_eq!(due, 2);
        assert!(management.has_untold());
    }
}

//! The bus: bounded, and honest when someone could not keep up (DESIGN rule 4).

use async_broadcast::{InactiveReceiver, Receiver, RecvError, Sender, TrySendError};
use model::{AccountId, Event, EventKind};

/// How many events wait for the slowest listener before it loses the oldest.
const CAPACITY: usize = 1024;

/// Where events are told. Cheap to clone; telling never waits.
#[derive(Clone, Debug)]
pub(crate) struct Bus {
    sender: Sender<Event>,
    // Keeps the channel open while nobody listens.
    idle: InactiveReceiver<Event>,
}

impl Bus {
    pub(crate) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        let (mut sender, receiver) = async_broadcast::broadcast(capacity);
        sender.set_overflow(true);
        Self { sender, idle: receiver.deactivate() }
    }

    pub(crate) fn tell(&self, account: AccountId, kind: EventKind) {
        match self.sender.try_broadcast(Event { account, kind }) {
            Ok(_) | Err(TrySendError::Inactive(_) | TrySendError::Closed(_)) => {}
            // Never, because the channel overflows instead of filling up.
            Err(TrySendError::Full(_)) => tracing::error!("the bus of events is full"),
        }
    }

    pub(crate) fn listen(&self) -> EventStream {
        EventStream { receiver: self.idle.activate_cloned() }
    }

    pub(crate) fn close(&self) {
        self.sender.close();
    }
}

/// What a listener heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Something happened.
    Event(Event),
    /// This many events were lost because they were not taken in time: read again whatever is shown.
    Lagged(u64),
}

/// Everything that happens from the moment it was asked for ([`Session::events`](crate::Session::events)).
#[derive(Debug)]
pub struct EventStream {
    receiver: Receiver<Event>,
}

impl EventStream {
    /// Waits for the next. `None` when the service has ended.
    pub async fn next(&mut self) -> Option<Heard> {
        heard(self.receiver.recv_direct().await)
    }

    /// As [`next`](Self::next), for a plain thread.
    pub fn next_blocking(&mut self) -> Option<Heard> {
        heard(self.receiver.recv_blocking())
    }
}

fn heard(received: Result<Event, RecvError>) -> Option<Heard> {
    match received {
        Ok(event) => Some(Heard::Event(event)),
        Err(RecvError::Overflowed(lost)) => Some(Heard::Lagged(lost)),
        Err(RecvError::Closed) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: AccountId = AccountId([7; 16]);

    fn syncing(on: bool) -> Heard {
        Heard::Event(Event { account: ACCOUNT, kind: EventKind::Syncing(on) })
    }

    #[test]
    fn a_slow_listener_is_told_how_much_it_lost() {
        let bus = Bus::with_capacity(2);
        let mut slow = bus.listen();
        let mut quick = bus.listen();
        bus.tell(ACCOUNT, EventKind::Syncing(true));
        assert_eq!(quick.next_blocking(), Some(syncing(true)));
        for _ in 0..4 {
            bus.tell(ACCOUNT, EventKind::Syncing(false));
        }
        assert_eq!(slow.next_blocking(), Some(Heard::Lagged(3)));
        assert_eq!(slow.next_blocking(), Some(syncing(false)));
        assert_eq!(slow.next_blocking(), Some(syncing(false)));
        assert_eq!(quick.next_blocking(), Some(Heard::Lagged(2)));
    }

    #[test]
    fn nobody_listening_is_no_harm_and_a_late_listener_hears_only_what_is_new() {
        let bus = Bus::new();
        bus.tell(ACCOUNT, EventKind::AccountAdded);
        let mut late = bus.listen();
        bus.tell(ACCOUNT, EventKind::Syncing(true));
        bus.close();
        assert_eq!(late.next_blocking(), Some(syncing(true)));
        assert_eq!(late.next_blocking(), None);
    }
}

//! The way to the server as the driver sees it: not there, being made, open, being secured.
//!
//! There is one at a time. A link that was closed lives on until its last words are written, but
//! nothing it says is heard any more.

use std::{future::pending, net::SocketAddr};

use account::{ConnectTarget, TlsFacts};
use async_channel::Receiver;
use futures_util::{FutureExt as _, StreamExt as _, future::LocalBoxFuture, stream::FuturesUnordered};
use model::{ConnectionStep, Failure};
use rand::{
    SeedableRng as _,
    rngs::{StdRng, SysRng},
};

use crate::{
    connect::{self, Connected},
    link::{Link, LinkEvent},
};

/// The way to the server.
pub(crate) struct Way {
    dns_server: Option<SocketAddr>,
    state: State,
    number: u64,
    leaving: FuturesUnordered<LocalBoxFuture<'static, ()>>,
}

enum State {
    None,
    Connecting {
        steps: Receiver<ConnectionStep>,
        connecting: LocalBoxFuture<'static, Result<Connected, Failure>>,
    },
    Open(Link),
    Securing(LocalBoxFuture<'static, Result<(Link, TlsFacts), Failure>>),
}

/// What happened on the way.
pub(crate) enum WayEvent {
    /// Connecting came this far.
    Step(ConnectionStep),
    /// The link is open.
    Connected(Option<TlsFacts>),
    /// The link is secure.
    TlsStarted(TlsFacts),
    /// These bytes came.
    Bytes(Vec<u8>),
    /// The link is gone, or could not be made.
    Closed(Option<Failure>),
}

impl Way {
    pub(crate) fn new(dns_server: Option<SocketAddr>) -> Self {
        Self { dns_server, state: State::None, number: 0, leaving: FuturesUnordered::new() }
    }

    /// Makes a new way, in place of any other.
    pub(crate) fn connect(&mut self, target: ConnectTarget) {
        self.close();
        self.number += 1;
        let (sender, steps) = async_channel::unbounded();
        let dns_server = self.dns_server;
        let connecting = async move {
            let mut rng = StdRng::try_from_rng(&mut SysRng).map_err(|_| Failure::Unreachable)?;
            connect::connect(target, dns_server, sender, &mut rng).await
        };
        self.state = State::Connecting { steps, connecting: connecting.boxed_local() };
    }

    /// Secures the link.
    pub(crate) fn start_tls(&mut self) {
        match std::mem::replace(&mut self.state, State::None) {
            State::Open(link) => self.state = State::Securing(link.start_tls().boxed_local()),
            other => self.state = other,
        }
    }

    /// Queues bytes. Where there is no link they are lost, as they would be on one that breaks.
    pub(crate) fn write(&mut self, bytes: Vec<u8>) {
        if let State::Open(link) = &mut self.state {
            link.write(bytes);
        }
    }

    /// Writes what the socket takes at once.
    pub(crate) async fn flush(&mut self) {
        if let State::Open(link) = &mut self.state {
            link.flush().await;
        }
    }

    /// Gives the way up, once everything queued was written. Whether there was one.
    pub(crate) fn close(&mut self) -> bool {
        match std::mem::replace(&mut self.state, State::None) {
            State::None => return false,
            State::Open(mut link) => {
                link.close();
                let leaving = async move { while !matches!(link.next().await, LinkEvent::Closed(_)) {} };
                self.leaving.push(leaving.boxed_local());
            }
            State::Connecting { .. } | State::Securing(_) => {}
        }
        true
    }

    /// Which of the ways that were made this is. What was heard on another means nothing any more.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether there is a way, however far it is.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.state, State::None)
    }

    /// Waits until the last words of closed links are written.
    pub(crate) async fn finish(&mut self) {
        while self.leaving.next().await.is_some() {}
    }

    /// Waits for what happens next. May be dropped at any time.
    pub(crate) async fn next(&mut self) -> WayEvent {
        loop {
            tokio::select! {
                event = self.state.next() => return event,
                // Its last words are written; there is nothing to tell.
                Some(()) = self.leaving.next() => {}
            }
        }
    }
}

impl State {
    async fn next(&mut self) -> WayEvent {
        match self {
            Self::None => pending().await,
            Self::Connecting { steps, connecting } => {
                let connected = tokio::select! {
                    biased;
                    Ok(step) = steps.recv() => return WayEvent::Step(step),
                    connected = connecting => connected,
                };
                self.settle(connected.map(|(link, tls)| (link, WayEvent::Connected(tls))))
            }
            Self::Securing(securing) => {
                let secured = securing.await;
                self.settle(secured.map(|(link, facts)| (link, WayEvent::TlsStarted(facts))))
            }
            Self::Open(link) => match link.next().await {
                LinkEvent::Bytes(bytes) => WayEvent::Bytes(bytes),
                LinkEvent::Closed(failure) => {
                    *self = Self::None;
                    WayEvent::Closed(failure)
                }
            },
        }
    }

    fn settle(&mut self, made: Result<(Link, WayEvent), Failure>) -> WayEvent {
        match made {
            Ok((link, event)) => {
                *self = Self::Open(link);
                event
            }
            Err(failure) => {
                *self = Self::None;
                WayEvent::Closed(Some(failure))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Authority, nobody, run};

    #[test]
    fn what_a_way_says_last_is_its_own_and_not_of_the_one_that_replaced_it() {
        let authority = Authority::usual();
        run(async {
            let address = nobody().await;
            let target = || ConnectTarget {
                domain: "127.0.0.1".to_owned(),
                server: Some(model::ServerAddress {
                    host: "127.0.0.1".to_owned(),
                    port: Some(address.port()),
                }),
                extra_authorities: Some(authority.file()),
            };
            let mut way = Way::new(None);
            way.connect(target());
            let first = way.number();
            while !matches!(way.next().await, WayEvent::Closed(Some(_))) {}
            assert_eq!(way.number(), first);
            way.connect(target());
            assert_ne!(way.number(), first);
        });
    }
}

//! Connecting: a race between every place where the server may be (RFC 8305).
//!
//! Places are tried in their order, each a quarter of a second after the one before, or at once
//! when that one failed. A host's IPv6 and IPv4 addresses take turns. The first connection that
//! stands wins and all others are dropped; with direct TLS it stands when the handshake is done.

use std::{collections::VecDeque, net::SocketAddr, path::PathBuf, time::Duration};

use account::{ConnectTarget, TlsFacts};
use async_channel::Sender;
use futures_util::{FutureExt as _, StreamExt as _, future::LocalBoxFuture, stream::FuturesUnordered};
use model::{ConnectionStep, Failure};
use rand::Rng;
use tokio::{
    net::{TcpStream, lookup_host},
    task::spawn_blocking,
    time::{sleep, timeout},
};

use crate::{
    dns::{self, Candidate, Kind},
    link::Link,
    tls::{NotSecure, Trust},
};

/// Between one attempt and the next (RFC 8305 §5).
const STAGGER: Duration = Duration::from_millis(250);
/// How long one socket may take to open.
const SOCKET: Duration = Duration::from_secs(15);
/// How long names may take to become addresses.
const NAMES: Duration = Duration::from_secs(8);
/// How long all of it may take.
const OVERALL: Duration = Duration::from_secs(45);
/// As many addresses as one host is tried at.
const ADDRESSES: usize = 6;

/// A link that stands, and what is known of TLS if it began with it.
pub(crate) type Connected = (Link, Option<TlsFacts>);

/// Connects to the server of a domain. Tells how far it came.
pub(crate) async fn connect(
    target: ConnectTarget,
    dns_server: Option<SocketAddr>,
    steps: Sender<ConnectionStep>,
    rng: &mut (impl Rng + ?Sized),
) -> Result<Connected, Failure> {
    timeout(OVERALL, try_to_connect(target, dns_server, steps, rng)).await.unwrap_or(Err(Failure::TimedOut))
}

async fn try_to_connect(
    target: ConnectTarget,
    dns_server: Option<SocketAddr>,
    steps: Sender<ConnectionStep>,
    rng: &mut (impl Rng + ?Sized),
) -> Result<Connected, Failure> {
    let ConnectTarget { domain, server, extra_authorities } = target;
    let domain = dns::ascii(&domain)?;
    tell(&steps, ConnectionStep::Finding);
    // The files of authorities are read while the DNS thinks.
    let trust = load_trust(domain.clone(), extra_authorities);
    let candidates = async {
        match &server {
            Some(server) => dns::named(server),
            None => {
                timeout(NAMES, dns::find(&domain, dns_server, rng)).await.unwrap_or(Err(Failure::Unreachable))
            }
        }
    };
    let (trust, candidates) = futures_util::join!(trust, candidates);
    let (trust, candidates) = (trust?, candidates?);
    tracing::debug!(places = candidates.len(), "found where the server may be");
    tell(&steps, ConnectionStep::Connecting);
    let first = candidates.first().map(|first| first.host.clone()).unwrap_or_default();
    match Race::new(candidates, trust, steps).run().await {
        Ok(connected) => Ok(connected),
        Err(Lost::NoAddress) if dns::does_not_exist(&first, dns_server).await => Err(Failure::NoSuchServer),
        Err(Lost::NoAddress) => Err(Failure::Unreachable),
        Err(Lost::Failed(failure)) => Err(failure),
    }
}

async fn load_trust(domain: String, extra_authorities: Option<PathBuf>) -> Result<Trust, Failure> {
    spawn_blocking(move || Trust::load(&domain, extra_authorities.as_deref()))
        .await
        .unwrap_or(Err(Failure::Tls))
}

fn tell(steps: &Sender<ConnectionStep>, step: ConnectionStep) {
    let _ = steps.try_send(step);
}

/// Why nobody won.
enum Lost {
    /// No host has an address.
    NoAddress,
    /// What the most telling attempt said.
    Failed(Failure),
}

struct Race {
    places: Vec<Place>,
    trust: Trust,
    steps: Sender<ConnectionStep>,
    running: FuturesUnordered<LocalBoxFuture<'static, Heat>>,
    /// How many of the running are attempts, not questions for names.
    attempts: usize,
    failure: Option<Failure>,
    /// Whether places of last resort are passed over.
    no_last_resort: bool,
}

struct Place {
    candidate: Candidate,
    /// What is left to try; `None` while the name is being resolved.
    addresses: Option<VecDeque<SocketAddr>>,
}

enum Heat {
    Resolved(usize, VecDeque<SocketAddr>),
    Finished(Box<Result<Connected, NotSecure>>),
}

impl Race {
    fn new(candidates: Vec<Candidate>, trust: Trust, steps: Sender<ConnectionStep>) -> Self {
        let running = FuturesUnordered::new();
        for (index, candidate) in candidates.iter().enumerate() {
            let (host, port) = (candidate.host.clone(), candidate.port);
            running.push(async move { Heat::Resolved(index, resolve(&host, port).await) }.boxed_local());
        }
        let places = candidates.into_iter().map(|candidate| Place { candidate, addresses: None }).collect();
        Self { places, trust, steps, running, attempts: 0, failure: None, no_last_resort: false }
    }

    async fn run(mut self) -> Result<Connected, Lost> {
        let mut stagger = Box::pin(sleep(STAGGER));
        loop {
            // A place whose name takes long is passed over only when its turn is over.
            let patient = tokio::select! {
                heat = self.running.next() => match heat {
                    None => return Err(self.failure.map_or(Lost::NoAddress, Lost::Failed)),
                    Some(Heat::Finished(result)) => match *result {
                        Ok(connected) => return Ok(connected),
                        Err(refused) => {
                            self.attempts -= 1;
                            // Where TLS is spoken, STARTTLS on the same port would only wait for ever.
                            self.no_last_resort |= refused.is_tls;
                            self.note(refused.failure);
                            true
                        }
                    },
                    Some(Heat::Resolved(index, addresses)) => {
                        if let Some(place) = self.places.get_mut(index) {
                            place.addresses = Some(addresses);
                        }
                        if self.attempts > 0 {
                            continue;
                        }
                        true
                    }
                },
                () = &mut stagger => false,
            };
            self.start_next(patient);
            stagger.as_mut().reset(tokio::time::Instant::now() + STAGGER);
        }
    }

    /// Starts the next attempt, if there is one to start.
    fn start_next(&mut self, patient: bool) {
        for place in &mut self.places {
            if place.candidate.last_resort && self.no_last_resort {
                continue;
            }
            match &mut place.addresses {
                None if patient => return,
                None => {}
                Some(addresses) => {
                    let Some(&address) = addresses.front() else { continue };
                    if place.candidate.last_resort && self.attempts > 0 {
                        return;
                    }
                    addresses.pop_front();
                    let attempt =
                        attempt(address, place.candidate.kind, self.trust.clone(), self.steps.clone());
                    self.running.push(attempt.map(|result| Heat::Finished(Box::new(result))).boxed_local());
                    self.attempts += 1;
                    return;
                }
            }
        }
    }

    fn note(&mut self, failure: Failure) {
        if self.failure.as_ref().is_none_or(|known| tells(&failure) > tells(known)) {
            self.failure = Some(failure);
        }
    }
}

/// How much a failure helps a person.
fn tells(failure: &Failure) -> u8 {
    match failure {
        Failure::Certificate(_) => 4,
        Failure::Tls | Failure::NoSuchServer => 3,
        Failure::TimedOut => 2,
        _ => 1,
    }
}

/// The system's answer, IPv6 and IPv4 in turns, beginning with what the system prefers (RFC 8305 §4).
async fn resolve(host: &str, port: u16) -> VecDeque<SocketAddr> {
    let found: Vec<SocketAddr> = match timeout(NAMES, lookup_host((host, port))).await {
        Ok(Ok(addresses)) => addresses.collect(),
        _ => Vec::new(),
    };
    take_turns(found)
}

fn take_turns(found: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, other): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let mut turns = VecDeque::new();
    while turns.len() < ADDRESSES {
        let pair = [preferred.next(), other.next()];
        if pair == [None, None] {
            break;
        }
        turns.extend(pair.into_iter().flatten());
    }
    turns
}

async fn attempt(
    address: SocketAddr,
    kind: Kind,
    trust: Trust,
    steps: Sender<ConnectionStep>,
) -> Result<Connected, NotSecure> {
    let unreachable = || NotSecure { failure: Failure::Unreachable, is_tls: false };
    let socket = match timeout(SOCKET, TcpStream::connect(address)).await {
        Ok(Ok(socket)) => socket,
        Ok(Err(error)) => {
            tracing::debug!(kind = ?error.kind(), "no connection");
            return Err(unreachable());
        }
        Err(_) => return Err(unreachable()),
    };
    // Without it the answer to a small write may wait 40 ms.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "small writes may be slow");
    }
    match kind {
        Kind::StartTls => Ok((Link::plain(socket, trust), None)),
        Kind::DirectTls => {
            tell(&steps, ConnectionStep::Securing);
            let (socket, facts) = trust.secure(socket, true).await?;
            Ok((Link::secured(socket, trust), Some(facts)))
        }
    }
}

#[cfg(test)]
mod tests;

//! Where the server of a domain is: asked of the DNS anew on every attempt (RFC 6120 §3.2, XEP-0368).
//!
//! Service records for direct TLS and for STARTTLS are one list, ordered by priority and, within
//! one, by chance in proportion to their weight (RFC 2782). A domain without such records is asked
//! at port 5222 itself; one whose only record is the target `.` says that it has no service.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::{Name, RData, RecordType},
};
use model::{Failure, ServerAddress};
use rand::{Rng, RngExt as _};
use tokio::time::timeout;

/// How long a question may take whose answer only makes a failure clearer.
const PATIENCE: Duration = Duration::from_secs(3);

/// How a link begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// With TLS.
    DirectTls,
    /// In the clear, until the stream asks for TLS.
    StartTls,
}

/// A place to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) kind: Kind,
    /// Tried only after all before it have failed: the same port, in the other way.
    pub(crate) last_resort: bool,
}

impl Candidate {
    fn new(host: &str, port: u16, kind: Kind) -> Self {
        Self { host: host.to_owned(), port, kind, last_resort: false }
    }
}

/// A domain as the DNS and certificates spell it.
pub(crate) fn ascii(domain: &str) -> Result<String, Failure> {
    if let Some(address) = literal(domain) {
        return Ok(address.to_string());
    }
    let name = Name::from_utf8(domain).map_err(|_| Failure::BadAddress)?;
    let name = name.to_ascii();
    Ok(name.trim_end_matches('.').to_owned())
}

fn literal(domain: &str) -> Option<IpAddr> {
    domain.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Where to try a server that was named by hand.
pub(crate) fn named(server: &ServerAddress) -> Result<Vec<Candidate>, Failure> {
    let host = ascii(&server.host)?;
    let candidate = |port, kind| Candidate::new(&host, port, kind);
    Ok(match server.port {
        None => vec![candidate(5223, Kind::DirectTls), candidate(5222, Kind::StartTls)],
        Some(5222) => vec![candidate(5222, Kind::StartTls)],
        // A server that waits for STARTTLS refuses a handshake at once; one that waits for a
        // handshake would let a stream header wait for ever. So the handshake comes first.
        Some(port) => vec![
            candidate(port, Kind::DirectTls),
            Candidate { last_resort: true, ..candidate(port, Kind::StartTls) },
        ],
    })
}

/// Asks where the server of a domain is.
pub(crate) async fn find(
    domain: &str,
    dns_server: Option<SocketAddr>,
    rng: &mut (impl Rng + ?Sized),
) -> Result<Vec<Candidate>, Failure> {
    let itself = || vec![Candidate::new(domain, 5222, Kind::StartTls)];
    if literal(domain).is_some() {
        return Ok(itself());
    }
    let Ok(resolver) = resolver(dns_server) else { return Ok(itself()) };
    let (direct, starttls) = futures_util::join!(
        lookup(&resolver, "_xmpps-client", domain, Kind::DirectTls),
        lookup(&resolver, "_xmpp-client", domain, Kind::StartTls),
    );
    if direct.is_none() && starttls.is_none() {
        return Ok(itself());
    }
    let mut records = direct.unwrap_or_default();
    records.extend(starttls.unwrap_or_default());
    records.retain(|record| !record.target.is_empty());
    if records.is_empty() {
        return Err(Failure::ServiceNotOffered);
    }
    Ok(order(records, rng))
}

/// Whether the DNS says for certain that there is no such host.
pub(crate) async fn does_not_exist(host: &str, dns_server: Option<SocketAddr>) -> bool {
    let (Ok(resolver), Ok(name)) = (resolver(dns_server), absolute(host)) else { return false };
    let nothing = |answer: Result<_, NetError>| answer.is_err_and(|error| error.is_no_records_found());
    let asked = async {
        let (v4, v6) = futures_util::join!(
            resolver.lookup(name.clone(), RecordType::A),
            resolver.lookup(name.clone(), RecordType::AAAA),
        );
        nothing(v4) && nothing(v6)
    };
    timeout(PATIENCE, asked).await.unwrap_or(false)
}

/// A new one for every attempt: the system's servers may have changed, and nothing is to be remembered.
fn resolver(dns_server: Option<SocketAddr>) -> Result<TokioResolver, NetError> {
    let mut builder = match dns_server {
        None => TokioResolver::builder_tokio()?,
        Some(server) => {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()]
                .into_iter()
                .map(|mut connection| {
                    connection.port = server.port();
                    connection
                })
                .collect();
            let config = NameServerConfig::new(server.ip(), true, connections);
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![config]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let options = builder.options_mut();
    options.cache_size = 0;
    options.attempts = options.attempts.min(2);
    options.timeout = options.timeout.min(Duration::from_secs(4));
    builder.build()
}

fn absolute(name: &str) -> Result<Name, Failure> {
    let mut name = Name::from_ascii(name).map_err(|_| Failure::BadAddress)?;
    name.set_fqdn(true);
    Ok(name)
}

/// One service record. An empty target means that the service is not offered.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Record {
    priority: u16,
    weight: u16,
    port: u16,
    target: String,
    kind: Kind,
}

/// `None` where there are none, or nobody could say.
async fn lookup(resolver: &TokioResolver, service: &str, domain: &str, kind: Kind) -> Option<Vec<Record>> {
    let name = absolute(&format!("{service}._tcp.{domain}")).ok()?;
    let answer = match resolver.lookup(name, RecordType::SRV).await {
        Ok(answer) => answer,
        Err(error) => {
            if !error.is_no_records_found() {
                tracing::info!(service, "the DNS could not be asked");
            }
            return None;
        }
    };
    let records: Vec<Record> = answer
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::SRV(srv) => Some(Record {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                target: srv.target.to_ascii().trim_end_matches('.').to_owned(),
                kind,
            }),
            _ => None,
        })
        // Nobody has that many servers: more is somebody wasting our time.
        .take(20)
        .collect();
    (!records.is_empty()).then_some(records)
}

/// RFC 2782: by priority; within one by drawing lots, where weight is the number of lots.
fn order(mut records: Vec<Record>, rng: &mut (impl Rng + ?Sized)) -> Vec<Candidate> {
    // Those without weight first, as the RFC wants it, so that they have a small chance.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(priority) = records.first().map(|record| record.priority) {
        let group = records.iter().take_while(|record| record.priority == priority);
        let total: u64 = group.clone().map(|record| u64::from(record.weight)).sum();
        let lot = rng.random_range(0..=total);
        let mut sum = 0;
        let drawn = group
            .enumerate()
            .find(|(_, record)| {
                sum += u64::from(record.weight);
                sum >= lot
            })
            .map_or(0, |(index, _)| index);
        let record = records.remove(drawn);
        ordered.push(Candidate::new(&record.target, record.port, record.kind));
    }
    ordered
}

#[cfg(test)]
mod tests;

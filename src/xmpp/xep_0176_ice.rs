//! XEP-0176: ICE over UDP, how a content of a Jingle session travels.

use std::net::IpAddr;

use minidom::Element;
use model::{CandidateKind, IceCandidate, IceCredentials, IceProtocol, IceTransport};

use crate::{
    payload::{number_attr, tag, word_attr},
    xep_0320_dtls::{self as dtls, SealedFingerprint},
};

/// The namespace.
pub const NS: &str = "urn:xmpp:jingle:transports:ice-udp:1";

/// More candidates than this in one element nobody has.
pub const MAX_CANDIDATES: usize = 64;
/// The longest user fragment and password (RFC 8445 §5.3).
const MAX_CREDENTIAL: usize = 256;
/// The longest foundation (RFC 8839 §5.1), with some air for those that count otherwise.
const MAX_FOUNDATION: usize = 64;

/// Reads a `<transport/>`. A candidate that cannot be used, such as one with a name in place of an address, is left out;
/// too many of them make no sense at all.
#[must_use]
pub fn read(element: &Element) -> Option<IceTransport> {
    let candidates = || element.children().filter(|child| child.is("candidate", NS));
    if candidates().count() > MAX_CANDIDATES {
        return None;
    }
    let credential = |name| word_attr(element, name, MAX_CREDENTIAL);
    let credentials = match (credential("ufrag"), credential("pwd")) {
        (Some(fragment), Some(password)) => Some(IceCredentials { fragment, password }),
        _ => None,
    };
    Some(IceTransport {
        credentials,
        fingerprints: dtls::read(element),
        candidates: candidates().filter_map(read_candidate).collect(),
    })
}

fn read_candidate(element: &Element) -> Option<IceCandidate> {
    let address = |name: &str| element.attr(name)?.trim().parse::<IpAddr>().ok();
    let related = match (address("rel-addr"), number_attr(element, "rel-port")) {
        (Some(address), Some(port)) => Some((address, port)),
        _ => None,
    };
    Some(IceCandidate {
        component: number_attr(element, "component").filter(|component| (1..=2).contains(component))?,
        foundation: word_attr(element, "foundation", MAX_FOUNDATION)?,
        generation: number_attr(element, "generation").unwrap_or(0),
        id: word_attr(element, "id", MAX_CREDENTIAL).unwrap_or_default(),
        address: address("ip")?,
        port: number_attr(element, "port").filter(|port| *port > 0)?,
        priority: number_attr(element, "priority").filter(|priority| *priority > 0)?,
        protocol: match element.attr("protocol")?.to_ascii_lowercase().as_str() {
            "udp" => IceProtocol::Udp,
            "tcp" => IceProtocol::Tcp,
            _ => return None,
        },
        kind: kind_named(element.attr("type")?)?,
        related,
    })
}

fn kind_named(name: &str) -> Option<CandidateKind> {
    Some(match name {
        "host" => CandidateKind::Host,
        "srflx" => CandidateKind::ServerReflexive,
        "prflx" => CandidateKind::PeerReflexive,
        "relay" => CandidateKind::Relay,
        _ => return None,
    })
}

fn kind_name(kind: CandidateKind) -> &'static str {
    match kind {
        CandidateKind::Host => "host",
        CandidateKind::ServerReflexive => "srflx",
        CandidateKind::PeerReflexive => "prflx",
        CandidateKind::Relay => "relay",
    }
}

/// The `<transport/>`.
#[must_use]
pub fn element(transport: &IceTransport, sealed: &[SealedFingerprint]) -> Element {
    let credentials = transport.credentials.as_ref();
    let attributes: Vec<_> = credentials
        .into_iter()
        .flat_map(|credentials| [("ufrag", &*credentials.fragment), ("pwd", &*credentials.password)])
        .collect();
    let mut element = tag("transport", NS, &attributes);
    let children = transport
        .fingerprints
        .iter()
        .map(dtls::element)
        .chain(sealed.iter().map(SealedFingerprint::element))
        .chain(transport.candidates.iter().map(candidate_element));
    for child in children {
        element.append_child(child);
    }
    element
}

fn candidate_element(candidate: &IceCandidate) -> Element {
    let mut texts = vec![
        ("component", candidate.component.to_string()),
        ("foundation", candidate.foundation.clone()),
        ("generation", candidate.generation.to_string()),
        ("id", candidate.id.clone()),
        ("ip", candidate.address.to_string()),
        ("network", "0".to_owned()),
        ("port", candidate.port.to_string()),
        ("priority", candidate.priority.to_string()),
        (
            "protocol",
            match candidate.protocol {
                IceProtocol::Udp => "udp".to_owned(),
                IceProtocol::Tcp => "tcp".to_owned(),
            },
        ),
        ("type", kind_name(candidate.kind).to_owned()),
    ];
    if let Some((address, port)) = &candidate.related {
        texts.push(("rel-addr", address.to_string()));
        texts.push(("rel-port", port.to_string()));
    }
    let attributes: Vec<_> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    tag("candidate", NS, &attributes)
}

//! Candidates as lines (RFC 8839 §5.1) and as the library has them.

use std::net::IpAddr;

use model::{CandidateKind, IceCandidate, IceProtocol};
use webrtc::peer_connection::{RTCIceCandidate, RTCIceCandidateType, RTCIceProtocol};

/// A candidate of ours, if it is one that others can be told. With `relay_only` nothing but relays is, and not from where
/// they see us.
pub fn ours(candidate: &RTCIceCandidate, relay_only: bool) -> Option<IceCandidate> {
    // RTP and RTCP share a port: the second component is a copy of the first.
    if candidate.component > 1 || candidate.protocol != RTCIceProtocol::Udp {
        return None;
    }
    let kind = match candidate.typ {
        RTCIceCandidateType::Host => CandidateKind::Host,
        RTCIceCandidateType::Srflx => CandidateKind::ServerReflexive,
        RTCIceCandidateType::Prflx => CandidateKind::PeerReflexive,
        RTCIceCandidateType::Relay => CandidateKind::Relay,
        _ => return None,
    };
    if relay_only && kind != CandidateKind::Relay {
        return None;
    }
    // Where the library finds no address of a family, it tells the one that stands for all of them.
    let address = candidate.address.parse().ok().filter(|address| can_be_reached(*address))?;
    let related = || Some((candidate.related_address.parse().ok()?, candidate.related_port));
    Some(IceCandidate {
        component: 1,
        foundation: candidate.foundation.clone(),
        generation: 0,
        id: candidate.id.clone(),
        address,
        port: candidate.port,
        priority: candidate.priority,
        protocol: IceProtocol::Udp,
        kind,
        related: if relay_only { None } else { related() },
    })
}

/// A candidate of theirs as a line; `None` for one that is of no use here.
pub fn line(candidate: &IceCandidate) -> Option<String> {
    let is_word =
        |text: &str| !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if candidate.component != 1
        || candidate.protocol != IceProtocol::Udp
        || !is_word(&candidate.foundation)
        || candidate.port == 0
        || !can_be_reached(candidate.address)
    {
        return None;
    }
    let kind = match candidate.kind {
        CandidateKind::Host => "host",
        CandidateKind::ServerReflexive => "srflx",
        CandidateKind::PeerReflexive => "prflx",
        CandidateKind::Relay => "relay",
    };
    let related = match (candidate.kind, candidate.related) {
        (CandidateKind::Host, _) => String::new(),
        (_, Some((address, port))) => format!(" raddr {address} rport {port}"),
        (_, None) => " raddr 0.0.0.0 rport 9".to_owned(),
    };
    let IceCandidate { foundation, priority, address, port, .. } = candidate;
    Some(format!("candidate:{foundation} 1 udp {priority} {address} {port} typ {kind}{related}"))
}

/// A candidate of ours as it stands in a description of the library's.
pub fn read(line: &str) -> Option<RTCIceCandidate> {
    let mut words = line.split_whitespace();
    let mut word = || words.next();
    let foundation = word()?.to_owned();
    let component = word()?.parse().ok()?;
    let protocol = word()?.eq_ignore_ascii_case("udp").then_some(RTCIceProtocol::Udp)?;
    let (priority, address, port) = (word()?.parse().ok()?, word()?.to_owned(), word()?.parse().ok()?);
    let typ = match (word()?, word()?) {
        ("typ", "host") => RTCIceCandidateType::Host,
        ("typ", "srflx") => RTCIceCandidateType::Srflx,
        ("typ", "relay") => RTCIceCandidateType::Relay,
        _ => return None,
    };
    let (related_address, related_port) = match (word(), word(), word(), word()) {
        (Some("raddr"), Some(address), Some("rport"), Some(port)) => (address.to_owned(), port.parse().ok()?),
        _ => (String::new(), 0),
    };
    let id = format!("{foundation}-{port}");
    let candidate = RTCIceCandidate {
        id,
        foundation,
        component,
        protocol,
        priority,
        address,
        port,
        typ,
        ..RTCIceCandidate::default()
    };
    Some(RTCIceCandidate { related_address, related_port, ..candidate })
}

/// Nobody's packets are sent to everybody, or nowhere.
fn can_be_reached(address: IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !address.is_multicast() && !address.is_unspecified() && !is_broadcast
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate() -> IceCandidate {
        IceCandidate {
            component: 1,
            foundation: "1".into(),
            generation: 0,
            id: "a".into(),
            address: "192.0.2.1".parse().unwrap(),
            port: 5000,
            priority: 7,
            protocol: IceProtocol::Udp,
            kind: CandidateKind::ServerReflexive,
            related: Some(("198.51.100.1".parse().unwrap(), 4000)),
        }
    }

    #[test]
    fn a_line_says_everything() {
        let line = line(&candidate()).unwrap();
        assert_eq!(line, "candidate:1 1 udp 7 192.0.2.1 5000 typ srflx raddr 198.51.100.1 rport 4000");
    }

    #[test]
    fn a_line_is_read_back() {
        let read = read("1 1 udp 7 192.0.2.1 5000 typ srflx raddr 198.51.100.1 rport 4000").unwrap();
        let wanted = IceCandidate { id: "1-5000".into(), ..candidate() };
        assert_eq!(ours(&read, false), Some(wanted));
        for bad in ["", "1 1 tcp 7 192.0.2.1 9 typ host", "1 1 udp 7 192.0.2.1 9 typ else", "1 1 udp x y z"] {
            assert_eq!(super::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_of_no_use_has_no_line() {
        let of_no_use = [
            IceCandidate { component: 2, ..candidate() },
            IceCandidate { protocol: IceProtocol::Tcp, ..candidate() },
            IceCandidate { foundation: "1\r\na=x".into(), ..candidate() },
            IceCandidate { port: 0, ..candidate() },
            IceCandidate { address: "224.0.0.1".parse().unwrap(), ..candidate() },
            IceCandidate { address: "255.255.255.255".parse().unwrap(), ..candidate() },
            IceCandidate { address: "::".parse().unwrap(), ..candidate() },
        ];
        for candidate in of_no_use {
            assert_eq!(line(&candidate), None, "{candidate:?}");
        }
    }

    #[test]
    fn relays_only_tell_of_nothing_else() {
        let seen = RTCIceCandidate {
            component: 1,
            protocol: RTCIceProtocol::Udp,
            address: "192.0.2.1".into(),
            port: 1,
            related_address: "198.51.100.1".into(),
            related_port: 2,
            typ: RTCIceCandidateType::Srflx,
            ..RTCIceCandidate::default()
        };
        assert!(ours(&seen, false).unwrap().related.is_some());
        assert_eq!(ours(&seen, true), None);
        let relay = RTCIceCandidate { typ: RTCIceCandidateType::Relay, ..seen.clone() };
        assert_eq!(ours(&relay, true).unwrap().related, None, "it tells how a relay sees us");
        assert_eq!(ours(&RTCIceCandidate { component: 2, ..seen.clone() }, false), None);
        assert_eq!(ours(&RTCIceCandidate { address: "::".into(), ..seen }, false), None, "it leads nowhere");
    }
}

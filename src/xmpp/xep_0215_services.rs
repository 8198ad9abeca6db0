//! XEP-0215: services outside of XMPP that the server names, with credentials where they want any. Here: STUN and TURN.

use minidom::Element;
use model::{IceServer, IceServerKind, IceServerTransport, Timestamp};

use crate::{
    payload::{flag_attr, number_attr, tag},
    xep_0082_date,
};

/// The namespace.
pub const NS: &str = "urn:xmpp:extdisco:2";

/// More services than this are not looked at.
pub const MAX_SERVICES: usize = 32;
const MAX_HOST: usize = 255;
const MAX_CREDENTIAL: usize = 1024;

/// A service that helps media to find a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The server.
    pub server: IceServer,
    /// Until when its credentials hold, if they end.
    pub expires: Option<Timestamp>,
}

/// Asks for all services, with credentials that the server makes for us (§3.1).
#[must_use]
pub fn query() -> Element {
    tag("services", NS, &[])
}

/// The services of an answer that help media to find a way. One that cannot be used is left out: one that wants
/// credentials and gives none, say.
#[must_use]
pub fn read(services: &Element) -> Vec<Service> {
    services
        .children()
        .filter(|child| child.is("service", NS))
        .take(MAX_SERVICES)
        .filter_map(service)
        .collect()
}

fn service(element: &Element) -> Option<Service> {
    if matches!(element.attr("action"), Some("delete" | "remove")) {
        return None;
    }
    let (kind, is_secure) = match element.attr("type")? {
        "stun" => (IceServerKind::Stun, false),
        "stuns" => (IceServerKind::Stun, true),
        "turn" => (IceServerKind::Turn, false),
        "turns" => (IceServerKind::Turn, true),
        _ => return None,
    };
    let transport = match (element.attr("transport"), is_secure) {
        (None | Some("udp"), false) => IceServerTransport::Udp,
        (Some("tcp"), false) => IceServerTransport::Tcp,
        (None | Some("tcp"), true) => IceServerTransport::Tls,
        _ => return None,
    };
    let host = element.attr("host").filter(|host| is_host(host))?.to_owned();
    let credential = |name: &str| {
        element
            .attr(name)
            .filter(|text| {
                !text.is_empty() && text.len() <= MAX_CREDENTIAL && !text.chars().any(char::is_control)
            })
            .map(str::to_owned)
    };
    let credentials = credential("username").zip(credential("password"));
    let wants_credentials = kind == IceServerKind::Turn || flag_attr(element, "restricted") == Some(true);
    if wants_credentials && credentials.is_none() {
        return None;
    }
    let port = match (element.attr("port"), is_secure) {
        (Some(_), _) => number_attr(element, "port").filter(|port| *port > 0)?,
        (None, false) => 3478,
        (None, true) => 5349,
    };
    Some(Service {
        server: IceServer { host, port, kind, transport, credentials },
        expires: element.attr("expires").and_then(xep_0082_date::read),
    })
}

/// A name or an address; anything that could be more than that in a URI is neither.
fn is_host(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    !text.is_empty() && text.len() <= MAX_HOST && text.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services(children: &str) -> Vec<Service> {
        read(&format!("<services xmlns='{NS}'>{children}</services>").parse().unwrap())
    }

    #[test]
    fn stun_and_turn_are_read() {
        let read = services(
            "<service type='stun' host='stun.example.org' port='3478' transport='udp'/>\
             <service type='turn' host='192.0.2.1' port='3478' transport='udp' username='u' password='p' \
               expires='2027-01-15T08:00:00Z' restricted='1'/>\
             <service type='turn' host='turn.example.org' port='3478' transport='tcp' username='u' password='p'/>\
             <service type='turns' host='turn.example.org' transport='tcp' username='u' password='p'/>",
        );
        let kinds: Vec<_> = read
            .iter()
            .map(|service| (service.server.kind, service.server.transport, service.server.port))
            .collect();
        assert_eq!(
            kinds,
            [
                (IceServerKind::Stun, IceServerTransport::Udp, 3478),
                (IceServerKind::Turn, IceServerTransport::Udp, 3478),
                (IceServerKind::Turn, IceServerTransport::Tcp, 3478),
                (IceServerKind::Turn, IceServerTransport::Tls, 5349),
            ]
        );
        assert_eq!(read[1].expires, Some(Timestamp(1_800_000_000_000)));
        assert_eq!(read[1].server.credentials, Some(("u".to_owned(), "p".to_owned())));
        let shown = format!("{:?}", read[1].server);
        assert_eq!(shown, "IceServer(Turn by Udp)", "neither addresses nor credentials in a log");
    }

    #[test]
    fn what_cannot_be_used_is_left_out() {
        assert_eq!(
            services(
                "<service type='turn' host='turn.example.org' port='3478'/>\
                 <service type='turn' host='turn.example.org' port='0' username='u' password='p'/>\
                 <service type='turn' host='turn.example.org' port='99999' username='u' password='p'/>\
                 <service type='stun' host='stun.example.org?transport=x' port='1'/>\
                 <service type='stun' host='' port='1'/>\
                 <service type='ftp' host='ftp.example.org' port='1'/>\
                 <service type='stun' host='stun.example.org' action='delete'/>\
                 <service type='stun' port='1'/><other/>"
            ),
            []
        );
        let many = "<service type='stun' host='stun.example.org'/>".repeat(MAX_SERVICES + 5);
        assert_eq!(services(&many).len(), MAX_SERVICES);
    }
}

//! The bare reader: signs in with the least there is, asks for page after page of the archive, and throws it away.
//!
//! It looks for three words in the bytes and builds nothing of them. What it reaches is what the server can give.
//!
//! Before that it is present for a moment. So the server hands it, and forgets, what it had also kept as offline
//! messages: whoever comes after it gets the archive and nothing else, as the bare reader itself.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};

use crate::stage::Stage;

/// Drains the archive of somebody; returns messages per second. There must be at least `expected`.
pub fn drain(stage: &Stage, name: &str, expected: usize) -> f64 {
    let mut link = Link::open(stage);
    link.open_stream("PLAIN");
    let who = BASE64_STANDARD.encode(format!("\0{name}\0pw-{name}"));
    link.say(&format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{who}</auth>"));
    link.hear("<success");
    link.open_stream("bind");
    link.say("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    link.hear("</iq>");
    link.say("<presence/><iq type='get' id='after' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
    link.hear("id='after'");
    let start = Instant::now();
    let (mut count, mut after) = (0, String::new());
    loop {
        link.say(&format!(
            "<iq type='set' id='page'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'>\
             <max>250</max>{after}</set></query></iq>"
        ));
        let page = link.hear("</fin></iq>");
        count += page.matches("<forwarded").count();
        let last = page.rsplit_once("<last>").and_then(|(_, rest)| rest.split_once("</last>"));
        match last {
            Some((id, _)) if !page.contains("complete='true'") => after = format!("<after>{id}</after>"),
            _ => break,
        }
    }
    assert!(count >= expected, "the archive has only {count} messages");
    count as f64 / start.elapsed().as_secs_f64()
}

struct Link {
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Link {
    fn open(stage: &Stage) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in
            CertificateDer::pem_file_iter(stage.server.authority()).expect("the authority").flatten()
        {
            roots.add(certificate).expect("a certificate");
        }
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        let connection = ClientConnection::new(Arc::new(config), name).expect("TLS");
        let socket = TcpStream::connect(("127.0.0.1", stage.server.direct_tls_port())).expect("the server");
        socket.set_nodelay(true).expect("a socket");
        Self { stream: StreamOwned::new(connection, socket) }
    }

    fn open_stream(&mut self, feature: &str) {
        self.say(
            "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams'>",
        );
        let features = self.hear("</stream:features>");
        assert!(features.contains(feature), "the server does not offer {feature}");
    }

    fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("the server takes it");
    }

    /// Everything up to and with the first `end`.
    fn hear(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = self.stream.read(&mut buffer).expect("the server answers");
            assert!(count > 0, "the server ended the stream");
            let searched = heard.len().saturating_sub(end.len());
            heard.extend_from_slice(&buffer[..count]);
            if heard[searched..].windows(end.len()).any(|window| window == end.as_bytes()) {
                return String::from_utf8_lossy(&heard).into_owned();
            }
        }
    }
}

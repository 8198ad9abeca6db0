//! Certificates and little servers on loopback, for the tests of this crate.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    SignatureAlgorithm, date_time_ymd,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig, SupportedProtocolVersion,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer},
        version::{TLS12, TLS13},
    },
    server::TlsStream,
};

/// The domain of all tests. Nothing asks the DNS for it.
pub(crate) const DOMAIN: &str = "chat.example";

/// A certificate with its key.
pub(crate) struct Leaf {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) pem: String,
    key: Vec<u8>,
}

/// An authority whose certificate lies in a file.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new(algorithm: &'static SignatureAlgorithm) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "Test Authority");
        let key = KeyPair::generate_for(algorithm).unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    pub(crate) fn usual() -> Self {
        Self::new(&rcgen::PKCS_ECDSA_P256_SHA256)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Another file beside its own.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    /// Vouches for a name in these years.
    pub(crate) fn vouch(&self, name: &str, years: (i32, i32)) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let certificate = params(name, years).signed_by(&key, &self.issuer).unwrap();
        Leaf { certificate: certificate.der().clone(), pem: certificate.pem(), key: key.serialize_der() }
    }

    /// A good certificate.
    pub(crate) fn good(&self) -> Leaf {
        self.vouch(DOMAIN, (2020, 4000))
    }
}

/// A certificate that vouches for itself.
pub(crate) fn self_made(name: &str, years: (i32, i32), is_ca: bool) -> Leaf {
    let key = KeyPair::generate().unwrap();
    let mut params = params(name, years);
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let certificate = params.self_signed(&key).unwrap();
    Leaf { certificate: certificate.der().clone(), pem: certificate.pem(), key: key.serialize_der() }
}

fn params(name: &str, (from, to): (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params
}

/// Accepts connections, and gives each to `serve` on a task of its own.
pub(crate) async fn server<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket));
        }
    });
    address
}

/// A server that speaks TLS at once and then waits.
pub(crate) async fn tls_server(leaf: &Leaf) -> SocketAddr {
    let acceptor = acceptor(leaf, &[&TLS12, &TLS13]);
    server(move |socket| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(socket).await {
                let _ = stream.read_u8().await;
            }
        }
    })
    .await
}

/// A server that waits for a stream header, and hangs up on anything else, as Prosody does.
pub(crate) async fn starttls_server() -> SocketAddr {
    server(|mut socket| async move {
        if socket.read_u8().await.is_ok_and(|first| first != b'<') {
            let _ =
                socket.write_all(b"<stream:error><not-well-formed/></stream:error></stream:stream>").await;
            return;
        }
        let _ = socket.read_to_end(&mut Vec::new()).await;
    })
    .await
}

/// A server that accepts and never says a word.
pub(crate) async fn silent_server() -> SocketAddr {
    server(|mut socket| async move {
        let _ = socket.read_to_end(&mut Vec::new()).await;
        std::future::pending::<()>().await;
    })
    .await
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

pub(crate) fn acceptor(leaf: &Leaf, versions: &[&'static SupportedProtocolVersion]) -> TlsAcceptor {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.certificate.clone()], PrivateKeyDer::try_from(leaf.key.clone()).unwrap())
        .unwrap();
    config.alpn_protocols = vec![b"xmpp-client".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// Two ends of one connection.
pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (ours, theirs) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    (ours.unwrap(), theirs.unwrap().0)
}

/// What the server's end of a TLS connection knows.
pub(crate) struct ServerEnd {
    pub(crate) exporter: Option<[u8; 32]>,
    pub(crate) alpn: Option<Vec<u8>>,
}

pub(crate) fn server_end(stream: &TlsStream<TcpStream>) -> ServerEnd {
    let connection = stream.get_ref().1;
    ServerEnd {
        exporter: connection.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", None).ok(),
        alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
    }
}

/// Runs a test's future on a runtime like the accounts'.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    crate::service::small_runtime().unwrap().block_on(test)
}

//! TLS: rustls with the ring provider, 1.2 or newer (RFC 7590), and no way around a bad certificate.
//!
//! The certificate must be for the XMPP domain, whatever host the DNS pointed to (RFC 6120 §13.7.1.2).
//! Trusted are the authorities of the system and those in a file that the person chose. If that file
//! holds the server's own certificate, as private servers make them, then that very certificate is
//! trusted too, as long as its name and time are right.
//!
//! Sessions are not resumed: a certificate is looked at on every connection.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use account::TlsFacts;
use model::{CertificateFacts, CertificateProblem, Failure, Timestamp};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        self, AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, ProtocolVersion,
        RootCertStore, SignatureScheme,
        client::{
            Resumption, WebPkiServerVerifier,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
            verify_server_name,
        },
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
        server::ParsedCertificate,
    },
};

use crate::certificate;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// How long the system's authorities are remembered.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// Why a connection could not be secured.
#[derive(Debug)]
pub(crate) struct NotSecure {
    pub(crate) failure: Failure,
    /// Whether the other side speaks TLS at all, as far as could be seen.
    pub(crate) is_tls: bool,
}

impl From<NotSecure> for Failure {
    fn from(refused: NotSecure) -> Self {
        refused.failure
    }
}

/// Whom to trust when talking to one domain.
#[derive(Clone)]
pub(crate) struct Trust {
    domain: String,
    name: ServerName<'static>,
    verifier: Arc<WebPkiServerVerifier>,
    /// Certificates the person chose: authorities, or the server's own.
    chosen: Arc<[CertificateDer<'static>]>,
    provider: Arc<CryptoProvider>,
}

impl Trust {
    /// `domain` in the DNS's spelling. Reads files: not for the thread that must answer.
    pub(crate) fn load(domain: &str, extra_authorities: Option<&Path>) -> Result<Self, Failure> {
        let name = ServerName::try_from(domain.to_owned()).map_err(|_| Failure::BadAddress)?;
        let chosen = extra_authorities.map_or(Ok(Vec::new()), read_authorities)?;
        let mut roots = system_authorities();
        if !chosen.is_empty() {
            let mut more = RootCertStore::clone(&roots);
            more.add_parsable_certificates(chosen.iter().cloned());
            roots = Arc::new(more);
        }
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .map_err(|error| {
                tracing::error!(%error, "no authorities to trust");
                Failure::BadAuthorities
            })?;
        Ok(Self { domain: domain.to_owned(), name, verifier, chosen: chosen.into(), provider })
    }

    /// Secures a connection. `direct` when nothing was said in the clear before (XEP-0368).
    pub(crate) async fn secure(
        &self,
        socket: TcpStream,
        direct: bool,
    ) -> Result<(TlsStream<TcpStream>, TlsFacts), NotSecure> {
        let judge = Arc::new(Judge { trust: self.clone(), verdict: Mutex::default() });
        let mut config = self.config(&judge).map_err(|failure| NotSecure { failure, is_tls: true })?;
        if direct {
            config.alpn_protocols = vec![b"xmpp-client".to_vec()];
        }
        let connecting = TlsConnector::from(Arc::new(config)).connect(self.name.clone(), socket);
        match timeout(HANDSHAKE, connecting).await {
            Err(_) => Err(NotSecure { failure: Failure::TimedOut, is_tls: false }),
            Ok(Err(error)) => {
                tracing::info!(%error, "the handshake failed");
                let error = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                let failure = match error {
                    // It has no certificate for this domain: it does not serve it.
                    Some(rustls::Error::AlertReceived(AlertDescription::UnrecognisedName)) => {
                        Failure::NoSuchServer
                    }
                    _ => judge.verdict().unwrap_or(Failure::Tls),
                };
                let is_tls = error.is_some_and(|error| !matches!(error, rustls::Error::InvalidMessage(_)));
                Err(NotSecure { failure, is_tls })
            }
            Ok(Ok(stream)) => {
                let facts = facts(&stream);
                Ok((stream, facts))
            }
        }
    }
}

impl Trust {
    /// For files: the same trust, whatever host they are on.
    pub(crate) fn for_files(&self) -> Result<ClientConfig, Failure> {
        self.config(&Arc::new(Judge { trust: self.clone(), verdict: Mutex::default() }))
    }

    fn config(&self, judge: &Arc<Judge>) -> Result<ClientConfig, Failure> {
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|_| Failure::Tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(judge) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

/// Where the chain of trust ends: in a file that the person chose.
fn read_authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|_| Failure::BadAuthorities)?;
    if certificates.is_empty() { Err(Failure::BadAuthorities) } else { Ok(certificates) }
}

/// Where the chain of trust ends: in the system's files.
fn system_authorities() -> Arc<RootCertStore> {
    static KNOWN: Mutex<Option<(Instant, Arc<RootCertStore>)>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((read, roots)) = known.as_ref()
        && read.elapsed() < REMEMBERED
    {
        return Arc::clone(roots);
    }
    let mut roots = RootCertStore::empty();
    let (added, ignored) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    tracing::debug!(added, ignored, "the system's authorities");
    let roots = Arc::new(roots);
    *known = Some((Instant::now(), Arc::clone(&roots)));
    roots
}

/// What signing in needs to know (RFC 9266, RFC 5929).
fn facts(stream: &TlsStream<TcpStream>) -> TlsFacts {
    let (_, connection) = stream.get_ref();
    let version = connection.protocol_version();
    // Before TLS 1.3 the exporter is safe only with the extended master secret, which cannot be
    // asked for here.
    let exporter = (version == Some(ProtocolVersion::TLSv1_3))
        .then(|| connection.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", None).ok())
        .flatten();
    let certificate = connection.peer_certificates().and_then(|chain| chain.first());
    TlsFacts {
        exporter,
        server_end_point: certificate.and_then(certificate::server_end_point),
        version: version.and_then(|version| version.as_str()).unwrap_or("TLS").to_owned(),
        cipher: connection
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or_default()
            .to_owned(),
    }
}

/// Decides as webpki does, and remembers why it said no.
struct Judge {
    trust: Trust,
    verdict: Mutex<Option<Failure>>,
}

impl std::fmt::Debug for Judge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Judge").finish_non_exhaustive()
    }
}

impl Judge {
    fn verdict(&self) -> Option<Failure> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn refuse(&self, certificate: &CertificateDer<'_>, problem: CertificateProblem) {
        let facts: CertificateFacts = certificate::describe(certificate, &self.trust.domain, problem);
        tracing::info!(?problem, "the certificate was refused");
        let mut verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        *verdict = Some(Failure::Certificate(Box::new(facts)));
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let answer = self.trust.verifier.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let Err(error) = &answer else { return answer };
        let problem = if self.trust.chosen.iter().any(|chosen| chosen == end_entity) {
            match judge_chosen(end_entity, server_name, now) {
                Ok(()) => return Ok(ServerCertVerified::assertion()),
                Err(problem) => problem,
            }
        } else {
            match error {
                rustls::Error::InvalidCertificate(error) => certificate::problem(error),
                _ => CertificateProblem::Other,
            }
        };
        self.refuse(end_entity, problem);
        match error {
            rustls::Error::InvalidCertificate(_) => answer,
            _ => Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.trust.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.trust.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.verifier.supported_verify_schemes()
    }
}

/// A certificate that the person chose needs nobody to vouch for it. Its name and time still count.
fn judge_chosen(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<(), CertificateProblem> {
    let now = Timestamp(i64::try_from(now.as_secs()).unwrap_or(i64::MAX).saturating_mul(1000));
    let named = ParsedCertificate::try_from(certificate).and_then(|parsed| verify_server_name(&parsed, name));
    match named {
        Ok(()) => certificate::time_problem(certificate, now).map_or(Ok(()), Err),
        Err(rustls::Error::InvalidCertificate(error)) => Err(certificate::problem(&error)),
        Err(_) => Err(CertificateProblem::Other),
    }
}

#[cfg(test)]
mod tests;

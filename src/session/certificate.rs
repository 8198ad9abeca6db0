//! What a person needs to know of a certificate that was refused, and what channel binding needs of
//! one that was not.

use model::{CertificateFacts, CertificateProblem, Timestamp};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use tokio_rustls::rustls::{CertificateError, pki_types::CertificateDer};
use x509_cert::{
    Certificate,
    der::{
        Decode as _, Reader as _, SliceReader, TagNumber,
        asn1::{ContextSpecific, ObjectIdentifier},
    },
    ext::pkix::{SubjectAltName, name::GeneralName},
    spki::AlgorithmIdentifierRef,
    time::Time,
};

/// Describes a refused certificate. Names are cut and stripped of control characters: a stranger wrote them.
pub(crate) fn describe(
    certificate: &CertificateDer<'_>,
    expected: &str,
    problem: CertificateProblem,
) -> CertificateFacts {
    let mut facts = CertificateFacts {
        expected: expected.to_owned(),
        names: Vec::new(),
        issuer: String::new(),
        not_before: None,
        not_after: None,
        fingerprint: fingerprint(certificate),
        problem,
    };
    let Ok(parsed) = Certificate::from_der(certificate) else { return facts };
    let certificate = &parsed.tbs_certificate;
    facts.names = names(&parsed);
    if facts.names.is_empty() {
        facts.names = vec![clean(&certificate.subject.to_string())];
    }
    facts.issuer = clean(&certificate.issuer.to_string());
    facts.not_before = Some(timestamp(certificate.validity.not_before));
    facts.not_after = Some(timestamp(certificate.validity.not_after));
    facts
}

/// What is wrong, in the words of the model.
pub(crate) fn problem(error: &CertificateError) -> CertificateProblem {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateProblem::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateProblem::WrongName
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => CertificateProblem::UnknownIssuer,
        CertificateError::Revoked => CertificateProblem::Revoked,
        // A certificate that signed itself: nobody else vouches for it.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            CertificateProblem::UnknownIssuer
        }
        _ => CertificateProblem::Other,
    }
}

/// Whether a certificate's time has come and is not over.
pub(crate) fn time_problem(certificate: &CertificateDer<'_>, now: Timestamp) -> Option<CertificateProblem> {
    let Ok(certificate) = Certificate::from_der(certificate) else { return Some(CertificateProblem::Other) };
    let validity = certificate.tbs_certificate.validity;
    if now < timestamp(validity.not_before) {
        Some(CertificateProblem::NotYetValid)
    } else if now > timestamp(validity.not_after) {
        Some(CertificateProblem::Expired)
    } else {
        None
    }
}

/// `tls-server-end-point` (RFC 5929 §4): the certificate, hashed as its signature was, but never
/// with anything weaker than SHA-256. Undefined for signatures that use no hash of their own.
pub(crate) fn server_end_point(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let parsed = Certificate::from_der(certificate).ok()?;
    let algorithm = &parsed.signature_algorithm;
    let hash = match algorithm.oid.to_string().as_str() {
        // MD5 and SHA-1, with RSA, DSA or ECDSA.
        "1.2.840.113549.1.1.4" | "1.2.840.113549.1.1.5" | "1.2.840.10040.4.3" | "1.2.840.10045.4.1" => {
            Hash::Sha256
        }
        "1.2.840.113549.1.1.11" | "1.2.840.10045.4.3.2" => Hash::Sha256,
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Hash::Sha384,
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Hash::Sha512,
        RSA_PSS => {
            let parameters = algorithm.parameters.as_ref()?;
            pss_hash(parameters.value())?
        }
        _ => return None,
    };
    Some(match hash {
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

const RSA_PSS: &str = "1.2.840.113549.1.1.10";

enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// The hash of RSASSA-PSS (RFC 4055 §3.1): the first field of its parameters, SHA-1 if it is left out.
fn pss_hash(parameters: &[u8]) -> Option<Hash> {
    let mut reader = SliceReader::new(parameters).ok()?;
    if reader.is_finished() {
        return Some(Hash::Sha256);
    }
    let hash =
        ContextSpecific::<AlgorithmIdentifierRef<'_>>::decode_explicit(&mut reader, TagNumber::N0).ok()?;
    let Some(hash) = hash else { return Some(Hash::Sha256) };
    let oid: ObjectIdentifier = hash.value.oid;
    match oid.to_string().as_str() {
        "1.3.14.3.2.26" | "2.16.840.1.101.3.4.2.1" => Some(Hash::Sha256),
        "2.16.840.1.101.3.4.2.2" => Some(Hash::Sha384),
        "2.16.840.1.101.3.4.2.3" => Some(Hash::Sha512),
        _ => None,
    }
}

fn names(certificate: &Certificate) -> Vec<String> {
    let Ok(Some((_, names))) = certificate.tbs_certificate.get::<SubjectAltName>() else { return Vec::new() };
    names
        .0
        .iter()
        .filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(clean(name.as_str())),
            GeneralName::IpAddress(bytes) => address(bytes.as_bytes()),
            _ => None,
        })
        .take(20)
        .collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| std::net::Ipv6Addr::from(sixteen).to_string())
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let pairs: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn timestamp(time: Time) -> Timestamp {
    Timestamp(i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX))
}

fn clean(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control() && !is_bidirectional(*character))
        .take(200)
        .collect()
}

/// Characters that turn the direction of text, and could make one name look like another.
fn is_bidirectional(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

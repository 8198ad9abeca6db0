//! Handshakes with local servers: good ones, and each way a certificate can be bad.

use sha2::{Digest as _, Sha256, Sha384};
use tokio_rustls::rustls::{
    SupportedProtocolVersion,
    version::{TLS12, TLS13},
};

use super::*;
use crate::testing::{Authority, DOMAIN, Leaf, ServerEnd, acceptor, pair, run, self_made, server_end};

/// Both ends of a handshake.
async fn shake_hands(
    trust: &Trust,
    leaf: &Leaf,
    versions: &[&'static SupportedProtocolVersion],
    direct: bool,
) -> (Result<TlsFacts, Failure>, Option<ServerEnd>) {
    let (ours, theirs) = pair().await;
    let acceptor = acceptor(leaf, versions);
    let (client, server) = tokio::join!(trust.secure(ours, direct), acceptor.accept(theirs));
    (client.map(|(_, facts)| facts).map_err(Failure::from), server.ok().map(|stream| server_end(&stream)))
}

fn facts_of(trust: &Trust, leaf: &Leaf) -> CertificateFacts {
    let (client, _) = run(shake_hands(trust, leaf, &[&TLS13], true));
    match client {
        Err(Failure::Certificate(facts)) => *facts,
        other => panic!("not refused: {other:?}"),
    }
}

fn trusting(authority: &Authority) -> Trust {
    Trust::load(DOMAIN, Some(&authority.file())).unwrap()
}

#[test]
fn both_ends_agree_on_the_channel() {
    let authority = Authority::usual();
    let leaf = authority.good();
    let (client, server) = run(shake_hands(&trusting(&authority), &leaf, &[&TLS13], true));
    let (client, server) = (client.unwrap(), server.unwrap());
    assert!(client.exporter.is_some());
    assert_eq!(client.exporter, server.exporter);
    assert_eq!(client.server_end_point, Some(Sha256::digest(&leaf.certificate).to_vec()));
    assert_eq!(client.version, "TLSv1_3");
    assert_eq!(server.alpn.as_deref(), Some(&b"xmpp-client"[..]));
}

#[test]
fn before_tls_1_3_only_the_certificate_binds_the_channel_and_starttls_says_nothing_of_alpn() {
    let authority = Authority::usual();
    let (client, server) = run(shake_hands(&trusting(&authority), &authority.good(), &[&TLS12], false));
    let client = client.unwrap();
    assert_eq!(client.exporter, None);
    assert!(client.server_end_point.is_some());
    assert_eq!(client.version, "TLSv1_2");
    assert_eq!(server.unwrap().alpn, None);
}

#[test]
fn the_end_point_is_hashed_as_the_certificate_was_signed() {
    let end_point = |algorithm| {
        let leaf = Authority::new(algorithm).good();
        (crate::certificate::server_end_point(&leaf.certificate), leaf)
    };
    let (hash, leaf) = end_point(&rcgen::PKCS_ECDSA_P384_SHA384);
    assert_eq!(hash, Some(Sha384::digest(&leaf.certificate).to_vec()));
    let (hash, _) = end_point(&rcgen::PKCS_ED25519);
    assert_eq!(hash, None);
}

#[test]
fn a_certificate_of_an_unknown_authority_is_described() {
    let leaf = Authority::usual().good();
    let facts = facts_of(&trusting(&Authority::usual()), &leaf);
    assert_eq!(facts.problem, CertificateProblem::UnknownIssuer);
    assert_eq!(facts.expected, DOMAIN);
    assert_eq!(facts.names, [DOMAIN]);
    assert!(facts.issuer.contains("Test Authority"), "{}", facts.issuer);
    assert_eq!(facts.not_before, Some(Timestamp(1_577_836_800_000)));
    assert!(facts.not_after > facts.not_before);
    let hash = Sha256::digest(&leaf.certificate);
    assert_eq!(facts.fingerprint.len(), 32 * 3 - 1);
    assert!(facts.fingerprint.starts_with(&format!("{:02X}:{:02X}:", hash[0], hash[1])));
}

#[test]
fn time_and_name_are_told_apart() {
    let authority = Authority::usual();
    let trust = trusting(&authority);
    let problem = |name, years| facts_of(&trust, &authority.vouch(name, years)).problem;
    assert_eq!(problem(DOMAIN, (2010, 2020)), CertificateProblem::Expired);
    assert_eq!(problem(DOMAIN, (3900, 4000)), CertificateProblem::NotYetValid);
    assert_eq!(problem("other.example", (2020, 4000)), CertificateProblem::WrongName);
    assert_eq!(problem("xmpp.chat.example", (2020, 4000)), CertificateProblem::WrongName);
}

#[test]
fn the_servers_own_certificate_may_be_chosen_but_its_name_and_time_still_count() {
    let folder = Authority::usual();
    for is_ca in [false, true] {
        let problem = |leaf: &Leaf, chosen: &Leaf| {
            let file = folder.write("chosen.pem", &chosen.pem);
            let trust = Trust::load(DOMAIN, Some(&file)).unwrap();
            match run(shake_hands(&trust, leaf, &[&TLS13], true)).0 {
                Ok(_) => None,
                Err(Failure::Certificate(facts)) => Some(facts.problem),
                Err(other) => panic!("{other:?}"),
            }
        };
        let good = self_made(DOMAIN, (2020, 4000), is_ca);
        assert_eq!(problem(&good, &good), None);
        let other = self_made(DOMAIN, (2020, 4000), is_ca);
        assert_eq!(problem(&good, &other), Some(CertificateProblem::UnknownIssuer), "CA: {is_ca}");
        let expired = self_made(DOMAIN, (2010, 2020), is_ca);
        assert_eq!(problem(&expired, &expired), Some(CertificateProblem::Expired));
        let misnamed = self_made("other.example", (2020, 4000), is_ca);
        assert_eq!(problem(&misnamed, &misnamed), Some(CertificateProblem::WrongName));
    }
}

#[test]
fn a_file_without_certificates_is_told_at_once() {
    let folder = Authority::usual();
    for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAA=\n"] {
        let file = folder.write("bad.pem", text);
        assert_eq!(Trust::load(DOMAIN, Some(&file)).err(), Some(Failure::BadAuthorities), "{text}");
    }
    let missing = folder.file().with_file_name("missing.pem");
    assert_eq!(Trust::load(DOMAIN, Some(&missing)).err(), Some(Failure::BadAuthorities));
}

#[test]
fn somebody_who_does_not_speak_tls_is_no_certificate_problem() {
    let authority = Authority::usual();
    let refused = run(async {
        let address = crate::testing::starttls_server().await;
        let socket = TcpStream::connect(address).await.unwrap();
        trusting(&authority).secure(socket, true).await.err()
    });
    let refused = refused.unwrap();
    assert_eq!(refused.failure, Failure::Tls);
    assert!(!refused.is_tls);
}

#[test]
fn an_address_may_stand_for_a_domain() {
    let authority = Authority::usual();
    let trust = Trust::load("127.0.0.1", Some(&authority.file())).unwrap();
    let leaf = authority.vouch("127.0.0.1", (2020, 4000));
    assert!(run(shake_hands(&trust, &leaf, &[&TLS13], true)).0.is_ok());
    assert_eq!(facts_of(&trust, &authority.good()).problem, CertificateProblem::WrongName);
}

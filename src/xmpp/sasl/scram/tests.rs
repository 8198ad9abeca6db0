use super::super::ChannelBinding;
use super::*;

const NO_OFFER: Offer<'static> = Offer { mechanisms: &[], channel_bindings: &[] };

/// One run against known messages, from either RFC or computed with Python's `hashlib`.
fn check(scram: &mut Scram, initial: &str, server_first: &str, client_final: &str, server_final: &str) {
    assert_eq!(scram.initial(), initial.as_bytes());
    let response = scram.respond(server_first.as_bytes(), NO_OFFER).unwrap();
    assert_eq!(String::from_utf8(response).unwrap(), client_final);
    assert!(!scram.server_is_proven());
    scram.verify(server_final.as_bytes()).unwrap();
    assert!(scram.server_is_proven());
}

#[test]
fn rfc_5802_section_5() {
    let nonce = "fyko+d2lbbFgONRv9qkxdawL".to_owned();
    check(
        &mut Scram::new(ScramHash::Sha1, "user", "pencil", nonce, ChannelBindingUse::Unsupported),
        "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    );
}

#[test]
fn rfc_7677_section_3() {
    let nonce = "rOprNGfwEbeRWgbNEkqO".to_owned();
    check(
        &mut Scram::new(ScramHash::Sha256, "user", "pencil", nonce, ChannelBindingUse::Unsupported),
        "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
         p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    );
}

#[test]
fn the_other_hash_with_channel_binding_and_a_strange_name() {
    let binding = ChannelBindingUse::Used(ChannelBinding::Exporter([7; 32]));
    check(
        &mut Scram::new(ScramHash::Sha512, "us=er,", "p\u{e4}ss", "nonce".to_owned(), binding),
        "p=tls-exporter,,n=us=3Der=2C,r=nonce",
        "r=nonceSERVER,s=c2FsdHNhbHQ=,i=5000",
        "c=cD10bHMtZXhwb3J0ZXIsLAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH,r=nonceSERVER,p=a9xcYYJDo7rRhcb8++MdZe8nWFTN7r9fgTTFVaTQZoKDZq38CtZS1HtgLk8KmR62b9/YVqv8D0+F8T9EWXX+DA==",
        "v=JR00E3qv2qxzkvq5jkAUxTwmbOkG3oajXHaA1i6eeK6xyxtJeTjzP4PMlz2CtYWYabllnpeF1QOtxlrHYLsvEA==",
    );
}

fn fresh() -> Scram {
    Scram::new(ScramHash::Sha1, "user", "pencil", "abc".to_owned(), ChannelBindingUse::NotOffered)
}

#[test]
fn a_server_that_cannot_prove_itself_is_not_believed() {
    let mut scram = fresh();
    assert_eq!(scram.verify(b"v=AAAA"), Err(SaslError::Malformed));
    scram.respond(b"r=abcd,s=AAAA,i=4096", NO_OFFER).unwrap();
    assert_eq!(scram.verify(b"v=AAAA"), Err(SaslError::Signature));
    assert_eq!(scram.verify(b"e=invalid-proof"), Err(SaslError::Server));
    assert_eq!(scram.verify(b""), Err(SaslError::Malformed));
    assert!(!scram.server_is_proven());
}

#[test]
fn bad_first_messages_are_refused() {
    for (message, error) in [
        ("r=abc,s=AAAA,i=4096", SaslError::Malformed),
        ("r=xyz1,s=AAAA,i=4096", SaslError::Malformed),
        ("m=x,r=abcd,s=AAAA,i=4096", SaslError::Malformed),
        ("r=abcd,s=*,i=4096", SaslError::Malformed),
        ("r=abcd,s=AAAA,i=-1", SaslError::Malformed),
        ("r=abcd,s=AAAA", SaslError::Malformed),
        ("", SaslError::Malformed),
        ("r=abcd,s=AAAA,i=1", SaslError::IterationCount),
        ("r=abcd,s=AAAA,i=4000000000", SaslError::IterationCount),
    ] {
        assert_eq!(fresh().respond(message.as_bytes(), NO_OFFER), Err(error), "{message}");
    }
    assert_eq!(fresh().respond(b"r=abcd\xff", NO_OFFER), Err(SaslError::Malformed));
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

/// The example of XEP-0474 §6.
#[test]
fn the_hash_of_an_offer() {
    let mechanisms = names(&["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"]);
    let channel_bindings = names(&["tls-server-end-point", "tls-exporter"]);
    let offer = Offer { mechanisms: &mechanisms, channel_bindings: &channel_bindings };
    assert_eq!(BASE64.encode(offer_hash(ScramHash::Sha1, offer)), "G6k/rBLDqgOhRRaCuuatSDFkJ08=");

    let first = b"r=abcd,s=AAAA,i=4096,h=G6k/rBLDqgOhRRaCuuatSDFkJ08=";
    assert!(fresh().respond(first, offer).is_ok());
    let fewer = Offer { mechanisms: &mechanisms[1..], channel_bindings: &channel_bindings };
    assert_eq!(fresh().respond(first, fewer), Err(SaslError::OfferForged));
}

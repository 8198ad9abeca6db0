//! What OMEMO reads from strangers before anything in it is proved: messages, key exchanges, bundles, payloads, keys.
//! Whatever is read says no more than its bytes, and nothing that was not signed or sealed by its owner is believed.

use std::sync::LazyLock;

use omemo::wire::{KeyExchange, RatchetMessage};
use omemo::{
    Bundle, Content, Fingerprint, IdentityKey, Payload, PublishedKey, Version, padding, verify_label,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::people::{Person, alice_and_bob};

/// What Bob signed, so that anything else in his name is a forgery.
struct Signed {
    bundles: [Bundle; 2],
    identity: [u8; 32],
    bob: Person,
    /// Who wants to write to him.
    alice: Person,
}

const LABEL: &str = "desk";

static SIGNED: LazyLock<Signed> = LazyLock::new(|| {
    let (alice, mut bob) = alice_and_bob();
    let bundles = Version::ALL.map(|version| bob.bundle(version));
    let [Bundle { identity, .. }, _] = &bundles;
    Signed { identity: identity.as_slice().try_into().expect("32 bytes"), bundles, bob, alice }
});

/// The first byte says which version and what the rest is.
pub fn read(input: &[u8]) {
    let Some((choice, bytes)) = input.split_first() else { return };
    let version = Version::ALL[usize::from(choice & 1)];
    match choice >> 1 {
        0 => message(version, bytes),
        1 => exchange(version, bytes),
        2 => bundle(version, bytes),
        3 => payload(version, bytes),
        4 => keys(bytes),
        5 => label(bytes),
        6 => fingerprint(&String::from_utf8_lossy(bytes)),
        _ => lengths(bytes),
    }
}

fn message(version: Version, bytes: &[u8]) {
    let Ok(read) = RatchetMessage::read(version, bytes) else { return };
    assert!(read.ciphertext.len() <= bytes.len());
    assert_eq!(RatchetMessage::read(version, &framed(version, &read)), Ok(read), "it hangs on its framing");
}

fn exchange(version: Version, bytes: &[u8]) {
    let Ok(KeyExchange { identity, message, .. }) = KeyExchange::read(version, bytes) else { return };
    assert!(identity.len() + message.authenticated.len() <= bytes.len());
    assert_eq!(RatchetMessage::read(version, &framed(version, &message)), Ok(message));
}

/// What is authenticated and its code, as they travel.
fn framed(version: Version, message: &RatchetMessage) -> Vec<u8> {
    match version {
        Version::Legacy => [message.authenticated.as_slice(), &message.code].concat(),
        Version::Two => {
            let mut framed = vec![0x0a, message.code.len() as u8];
            framed.extend(&message.code);
            framed.push(0x12);
            let mut length = message.authenticated.len();
            while length >= 0x80 {
                framed.push(length as u8 | 0x80);
                length >>= 7;
            }
            framed.push(length as u8);
            framed.extend(&message.authenticated);
            framed
        }
    }
}

fn bundle(version: Version, bytes: &[u8]) {
    let mut fields = fields(bytes);
    let mut key = || fields.next().unwrap_or_default().to_vec();
    let bundle = Bundle {
        version,
        identity: key(),
        signature: key(),
        signed_prekey: PublishedKey { id: 1, key: key() },
        prekeys: vec![PublishedKey { id: 1, key: key() }],
    };
    let Ok(identity) = bundle.verify() else { return };
    let signed = SIGNED.bundles.iter().find(|signed| signed.version == version).expect("both versions");
    if signed.verify() == Ok(identity) {
        assert_eq!(bundle.signed_prekey.key, signed.signed_prekey.key, "a forged bundle is believed");
    }
    let (mut alice, bob) = (SIGNED.alice.clone(), &SIGNED.bob);
    let started = alice.start_with(bob.peer(), &bundle);
    assert_eq!(alice.has_session(bob, version), started.is_ok());
    if started.is_ok() {
        assert!(alice.write(bob, version, "hello").key.key_exchange);
    }
}

fn payload(version: Version, bytes: &[u8]) {
    let mut fields = fields(bytes);
    let mut field = || fields.next().map(<[u8]>::to_vec);
    let (key, iv, ciphertext) = (field().unwrap_or_default(), field().unwrap_or_default(), field());
    let sealed = ciphertext.as_ref().map(Vec::len);
    let payload = match version {
        Version::Legacy => Payload::Legacy { iv, ciphertext },
        Version::Two => Payload::Two { ciphertext },
    };
    match (payload.open(&key), sealed) {
        (Ok(Content::Message(words)), Some(sealed)) => assert!(words.len() <= sealed),
        (Ok(Content::KeyTransport(carried)), None) => assert_eq!(*carried, key),
        (Ok(content), _) => panic!("{content:?} of {payload:?}"),
        (Err(_), _) => {}
    }
}

fn keys(bytes: &[u8]) {
    if let Ok(identity) = IdentityKey::from_bytes(bytes) {
        assert_eq!(identity.to_bytes(), bytes);
        fingerprint(&identity.fingerprint().to_string());
    }
    if let Ok(identity) = IdentityKey::from_ed25519(bytes) {
        assert_eq!(IdentityKey::from_bytes(&identity.to_bytes()), Ok(identity));
    }
}

/// A signature and a name.
fn label(bytes: &[u8]) {
    let mut fields = fields(bytes);
    let signature = fields.next().unwrap_or_default();
    let label = String::from_utf8_lossy(fields.next().unwrap_or_default());
    if verify_label(&SIGNED.identity, &label, signature).is_ok() {
        assert_eq!(label, LABEL, "a forged name is believed");
    }
}

fn fingerprint(text: &str) {
    let read = text.parse::<Fingerprint>();
    if let Ok(fingerprint) = read {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
    // The same words again, for who knows nothing of keys. It takes any 32 bytes for one.
    match (read, text.parse::<model::Fingerprint>()) {
        (Ok(here), Ok(there)) => assert_eq!(here.to_string(), there.to_string()),
        (Ok(_), Err(_)) => panic!("{text:?} is a fingerprint and is none"),
        (Err(_), _) => {}
    }
}

fn lengths(bytes: &[u8]) {
    let length = bytes.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    let padding = padding(length, &mut ChaCha8Rng::seed_from_u64(length as u64));
    let least = 256_usize.saturating_sub(length);
    assert!((least..=least + 200).contains(&padding.len()));
}

/// Each after a byte that is its length.
fn fields(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first()?;
        let (field, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        Some(field)
    })
}

use model::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::signature::sign;
use crate::wire::RatchetMessage;

/// Points whose order divides eight, as Curve25519 writes them: the product with any of them is zero.
const LOW_ORDER: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn low_order() -> impl Iterator<Item = PublicKey> {
    LOW_ORDER.iter().map(|text| {
        let mut key = [0; 32];
        for (at, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
        }
        key
    })
}

fn device(seed: u64) -> (OwnDevice, ChaCha20Rng) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    (OwnDevice::generate(&[], Timestamp(0), &mut rng), rng)
}

fn exchange(begun: &Begun, signed_prekey_id: u32) -> KeyExchange {
    let message = RatchetMessage {
        ratchet_key: [0; 32],
        counter: 0,
        previous_counter: 0,
        ciphertext: Vec::new(),
        authenticated: Vec::new(),
        code: Vec::new(),
    };
    KeyExchange {
        prekey_id: begun.prekey_id,
        signed_prekey_id,
        identity: Vec::new(),
        base_key: begun.base_key,
        message,
    }
}

#[test]
fn both_find_the_same_secret_and_nobody_else_does() {
    let ((alice, mut rng), (bob, _), (mallory, _)) = (device(1), device(2), device(3));
    let mut secrets = Vec::new();
    for version in Version::ALL {
        let bundle = bob.bundle(version);
        let begun = begin(alice.identity_pair(), &bundle, &mut rng).unwrap();
        assert_eq!(begun.identity, bob.identity());
        let exchange = exchange(&begun, bundle.signed_prekey.id);
        let (found, _) = follow(version, &bob, alice.identity(), &exchange).unwrap();
        assert_eq!(found.bytes(), begun.secret.bytes());
        // With another's identity it is another secret.
        let (other, _) = follow(version, &bob, mallory.identity(), &exchange).unwrap();
        assert_ne!(other.bytes(), begun.secret.bytes());
        let (other, _) = follow(version, &mallory, alice.identity(), &exchange).unwrap();
        assert_ne!(other.bytes(), begun.secret.bytes());
        secrets.push(begun.secret.bytes().to_owned());
    }
    assert_ne!(secrets[0], secrets[1]);
}

#[test]
fn every_prekey_is_drawn_some_time() {
    let ((alice, mut rng), (bob, _)) = (device(1), device(2));
    let mut bundle = bob.bundle(Version::Two);
    bundle.prekeys.truncate(4);
    let drawn: std::collections::BTreeSet<u32> =
        (0..60).map(|_| begin(alice.identity_pair(), &bundle, &mut rng).unwrap().prekey_id).collect();
    assert_eq!(drawn.len(), 4);
}

#[test]
fn keys_of_low_order_are_refused_wherever_they_stand() {
    let ((alice, mut rng), (bob, _)) = (device(1), device(2));
    for version in Version::ALL {
        let honest = bob.bundle(version);
        let begun = begin(alice.identity_pair(), &honest, &mut rng).unwrap();
        for weak in low_order() {
            let mut bundle = honest.clone();
            bundle.prekeys.iter_mut().for_each(|prekey| prekey.key = version.write_key(&weak));
            assert_eq!(begin(alice.identity_pair(), &bundle, &mut rng).err(), Some(Refusal::WeakKey));

            // Even with a good signature.
            let mut bundle = honest.clone();
            bundle.signed_prekey.key = version.write_key(&weak);
            bundle.signature =
                sign(&bob.identity_pair().pair.secret, &bundle.signed_prekey.key, &mut rng).to_vec();
            assert_eq!(bundle.verify(), Ok(bob.identity()));
            assert_eq!(begin(alice.identity_pair(), &bundle, &mut rng).err(), Some(Refusal::WeakKey));

            let mut exchange = exchange(&begun, honest.signed_prekey.id);
            let identity = IdentityKey::from_bytes(&weak).unwrap();
            assert_eq!(follow(version, &bob, identity, &exchange).err(), Some(Refusal::WeakKey));
            exchange.base_key = weak;
            assert_eq!(follow(version, &bob, alice.identity(), &exchange).err(), Some(Refusal::WeakKey));
        }
    }
    // As identities in bundles: of Ed25519 every point of small order, of Curve25519 those that have one.
    let mut bundle = bob.bundle(Version::Two);
    for first in [0, 1] {
        bundle.identity = vec![0; 32];
        bundle.identity[0] = first;
        assert_eq!(bundle.verify(), Err(Refusal::WeakKey));
    }
    let mut bundle = bob.bundle(Version::Legacy);
    for weak in low_order() {
        bundle.identity = Version::Legacy.write_key(&weak);
        assert!(matches!(bundle.verify(), Err(Refusal::WeakKey | Refusal::Malformed)));
    }
}

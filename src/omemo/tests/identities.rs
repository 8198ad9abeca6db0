//! Keys that change, bundles that lie.

#[allow(dead_code)] // Each test file uses its part.
mod support;

use Refusal::{BadSignature, Malformed};
use omemo::{Bundle, DeviceId, Error, Fingerprint, IdentityKey, Omemo, Refusal, Version, verify_label};
use support::{DiskFull, Person, acquainted, alice_and_bob, text};

/// Somebody else who says that they are Bob, with Bob's device number.
fn impostor(bob: &Person) -> Person {
    let mut mallory = Person::new("bob@example.net", 66);
    mallory.device = bob.device;
    mallory
}

#[test]
fn another_key_of_a_known_device_is_refused_until_a_person_accepts_it() {
    for version in Version::ALL {
        let (mut alice, mut bob) = acquainted(version);
        let mut mallory = impostor(&bob);
        let changed = Refusal::IdentityChanged { known: bob.identity(), shown: mallory.identity() };

        // In the bundle…
        let bundle = mallory.bundle(version);
        let before = alice.store.clone();
        assert_eq!(alice.start_with(bob.peer(), &bundle), Err(changed.clone().into()));
        assert_eq!(alice.store, before);
        // …in a key exchange…
        mallory.start(&mut alice, version);
        let mut letter = mallory.write(&alice, version, "it is me, Bob");
        letter.from = (bob.address, bob.device);
        assert_eq!(alice.refuse(&letter), changed);
        // …and in the other version.
        let other = Version::ALL.into_iter().find(|&other| other != version).unwrap();
        assert_eq!(alice.start_with(bob.peer(), &mallory.bundle(other)), Err(changed.into()));

        // Bob really has a new device under the old number, and Alice compared the keys.
        Omemo::new(&mut alice.store).accept_identity(bob.peer(), mallory.identity()).unwrap();
        assert!(!alice.has_session(&bob, version));
        let read = alice.read(&letter);
        assert_eq!(text(&read), "it is me, Bob");
        assert_eq!(read.identity, mallory.identity());
    }
}

#[test]
fn a_message_does_not_pass_for_one_of_another_session() {
    for version in Version::ALL {
        let (mut alice, mut bob) = acquainted(version);
        let mut carol = Person::new("carol@example.com", 3);
        carol.start(&mut alice, version);
        let hello = carol.write(&alice, version, "hello");
        alice.read(&hello);

        let mut letter = bob.write(&alice, version, "yes");
        letter.from = (carol.address, carol.device);
        assert_eq!(alice.refuse(&letter), Refusal::Tampered);
        letter.from = (bob.address, DeviceId::new(4711).unwrap());
        assert_eq!(alice.refuse(&letter), Refusal::NoSession);
        letter.from = (bob.address, bob.device);
        assert_eq!(text(&alice.read(&letter)), "yes");
    }
}

#[test]
fn a_bundle_that_lies_is_refused() {
    for version in Version::ALL {
        let (mut alice, mut bob) = alice_and_bob();
        let honest = bob.bundle(version);
        let refused = |alice: &mut Person, change: &dyn Fn(&mut Bundle)| {
            let mut bundle = honest.clone();
            change(&mut bundle);
            let before = alice.store.clone();
            match alice.start_with(bob.peer(), &bundle) {
                Err(Error::<DiskFull>::Refused(refusal)) => {
                    assert_eq!(alice.store, before);
                    refusal
                }
                other => panic!("not refused: {other:?}"),
            }
        };
        let mallory = Person::new("mallory@example.org", 66).bundle(version);
        // Another's signed prekey, another's identity, another's signature.
        let foreign_key = mallory.signed_prekey.key.clone();
        assert_eq!(
            refused(&mut alice, &|bundle| bundle.signed_prekey.key = foreign_key.clone()),
            BadSignature
        );
        assert_eq!(refused(&mut alice, &|bundle| bundle.identity = mallory.identity.clone()), BadSignature);
        assert_eq!(refused(&mut alice, &|bundle| bundle.signature = mallory.signature.clone()), BadSignature);
        for at in 0..64 {
            let refusal = refused(&mut alice, &|bundle| bundle.signature[at] ^= 1);
            assert_eq!(refusal, BadSignature, "{at}");
        }
        // Lengths and types.
        assert_eq!(refused(&mut alice, &|bundle| bundle.signature.truncate(63)), BadSignature);
        assert_eq!(refused(&mut alice, &|bundle| bundle.identity.truncate(31)), Malformed);
        assert_eq!(refused(&mut alice, &|bundle| bundle.identity.push(0)), Malformed);
        assert_eq!(refused(&mut alice, &|bundle| bundle.prekeys.clear()), Malformed);
        let truncate = |bundle: &mut Bundle| {
            bundle.prekeys.iter_mut().for_each(|prekey| prekey.key.truncate(31));
        };
        assert_eq!(refused(&mut alice, &truncate), Malformed);
        alice.start_with(bob.peer(), &honest).unwrap();
    }
}

#[test]
fn one_identity_has_one_fingerprint_in_both_versions() {
    let mut bob = Person::new("bob@example.net", 2);
    let identity = bob.identity();
    assert_eq!(bob.bundle(Version::Legacy).verify(), Ok(identity));
    assert_eq!(bob.bundle(Version::Two).verify(), Ok(identity));
    let own = Omemo::new(&mut bob.store).own_device().unwrap();
    assert_eq!(IdentityKey::from_ed25519(&own.identity_ed25519()), Ok(identity));

    let shown = identity.fingerprint().to_string();
    assert_eq!(shown.len(), 8 * 8 + 7);
    assert_eq!(shown.split(' ').collect::<Vec<_>>(), identity.fingerprint().groups());
    assert_eq!(shown.parse(), Ok(identity.fingerprint()));
    assert_eq!(shown.replace(' ', "").to_uppercase().parse(), Ok(identity.fingerprint()));
    assert!(format!("{identity:?}").contains(&shown));
    for wrong in ["", "0", &shown[1..], &format!("{shown}00"), &shown.replace(' ', ":")] {
        assert_eq!(wrong.parse::<Fingerprint>(), Err(Refusal::Malformed), "{wrong}");
    }
}

#[test]
fn a_key_has_one_form_only() {
    let prime_and = |more: u8| {
        let mut bytes = [0xff; 32];
        bytes[0] = 0xed + more;
        bytes[31] = 0x7f;
        bytes
    };
    assert_eq!(IdentityKey::from_bytes(&prime_and(0)), Err(Refusal::Malformed));
    assert_eq!(IdentityKey::from_bytes(&prime_and(9)), Err(Refusal::Malformed));
    let mut high_bit = [1; 32];
    high_bit[31] = 0x80;
    assert_eq!(IdentityKey::from_bytes(&high_bit), Err(Refusal::Malformed));
    let mut just_below = prime_and(0);
    just_below[0] = 0xec;
    assert_eq!(IdentityKey::from_bytes(&just_below).unwrap().to_bytes(), just_below);
}

#[test]
fn the_name_of_a_device_is_signed() {
    let mut bob = Person::new("bob@example.net", 2);
    let own = Omemo::new(&mut bob.store).own_device().unwrap();
    let signature = own.sign_label("kitchen table", &mut bob.rng);
    assert_eq!(verify_label(&own.identity_ed25519(), "kitchen table", &signature), Ok(()));
    assert_eq!(verify_label(&own.identity_ed25519(), "cellar", &signature), Err(Refusal::BadSignature));
    assert_eq!(
        verify_label(&own.identity_ed25519(), "kitchen table", &signature[1..]),
        Err(Refusal::BadSignature)
    );
}

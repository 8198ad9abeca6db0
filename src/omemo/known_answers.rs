//! What others have computed: the primitives against vectors in `tests/vectors`, each an excerpt that says
//! where it is from.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use crate::keys::{agree, public_of, to_ed25519};
use crate::secret::Secret;
use crate::signature::{ed25519_of, sign, verify};
use crate::symmetric::{SealingKeys, array, hkdf, hmac};
use crate::{Content, IdentityKey, Payload, Refusal};

/// One line: its number, what is expected, and the bytes that follow.
struct Vector {
    id: u32,
    expected: String,
    fields: Vec<Vec<u8>>,
}

fn vectors(text: &str) -> impl Iterator<Item = Vector> {
    assert!(text.lines().count() > 10, "the vectors are missing");
    text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut words = line.split(' ');
        Vector {
            id: words.next().unwrap().parse().unwrap(),
            expected: words.next().unwrap().to_owned(),
            fields: words.map(unhex).collect(),
        }
    })
}

fn unhex(text: &str) -> Vec<u8> {
    if text == "-" {
        return Vec::new();
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn secret(bytes: &[u8]) -> Secret {
    Secret::new(bytes.try_into().unwrap())
}

#[test]
fn x25519() {
    let mut weak = 0;
    for Vector { id, expected, fields } in vectors(include_str!("tests/vectors/x25519.txt")) {
        let [public, private, shared] = &fields[..] else { panic!("{id}") };
        let agreed = agree(&secret(private), &public[..].try_into().unwrap());
        // The product of a point of low order is zero, which is refused.
        if shared.iter().all(|&byte| byte == 0) {
            assert_eq!(expected, "acceptable");
            assert_eq!(agreed.err(), Some(Refusal::WeakKey), "{id}");
            weak += 1;
        } else {
            assert_eq!(agreed.unwrap().bytes(), &shared[..], "{id}");
        }
    }
    assert!(weak > 5);
}

#[test]
fn ed25519() {
    for Vector { id, expected, fields } in vectors(include_str!("tests/vectors/ed25519.txt")) {
        let [public, message, signature] = &fields[..] else { panic!("{id}") };
        let public = public[..].try_into().unwrap();
        let valid = <&[u8; 64]>::try_from(&signature[..])
            .is_ok_and(|signature| verify(&public, message, signature).is_ok());
        assert_eq!(valid, expected == "valid", "{id}");
    }
}

#[test]
fn xeddsa() {
    /// Draws the nonce of the vector.
    struct Nonce(Vec<u8>);
    impl TryRng for Nonce {
        type Error = Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            unreachable!("a nonce is drawn in one piece")
        }
        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            unreachable!("a nonce is drawn in one piece")
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            bytes.copy_from_slice(&self.0);
            Ok(())
        }
    }
    impl TryCryptoRng for Nonce {}

    for Vector { id, expected, fields } in vectors(include_str!("tests/vectors/xeddsa.txt")) {
        let private = secret(&unhex(&expected));
        let [curve25519, ed25519, message, nonce, signature] = &fields[..] else { panic!("{id}") };
        assert_eq!(public_of(&private), curve25519[..], "{id}");
        assert_eq!(ed25519_of(&private), ed25519[..], "{id}");
        assert_eq!(to_ed25519(&public_of(&private), 0).unwrap(), ed25519[..], "{id}");
        assert_eq!(IdentityKey::from_ed25519(ed25519).unwrap().to_bytes(), curve25519[..], "{id}");
        let signed = sign(&private, message, &mut Nonce(nonce.clone()));
        assert_eq!(signed, signature[..], "{id}");
        verify(&ed25519_of(&private), message, &signed).unwrap();
    }
}

#[test]
fn hmac_sha256() {
    for Vector { id, expected, fields } in vectors(include_str!("tests/vectors/hmac_sha256.txt")) {
        let [key, message, tag] = &fields[..] else { panic!("{id}") };
        let computed = hmac(&key[..].try_into().unwrap(), &[message]);
        assert_eq!(computed[..tag.len()] == tag[..], expected == "valid", "{id}");
    }
}

#[test]
fn hkdf_sha256() {
    for Vector { id, fields, .. } in vectors(include_str!("tests/vectors/hkdf_sha256.txt")) {
        let [input, salt, info, output] = &fields[..] else { panic!("{id}") };
        // A short salt is the same as one filled with zeros, and a short output the beginning of a longer one.
        let computed = hkdf::<80>(&array(salt), input, info);
        assert_eq!(computed[..output.len()], output[..], "{id}");
    }
}

#[test]
fn aes_256_cbc() {
    for Vector { id, expected, fields } in vectors(include_str!("tests/vectors/aes_cbc_pkcs5.txt")) {
        let [key, iv, plaintext, ciphertext] = &fields[..] else { panic!("{id}") };
        let keys = SealingKeys::from_bytes(array(key.iter().chain(&[0; 32]).chain(iv)));
        if expected == "valid" {
            assert_eq!(&keys.encrypt(plaintext), ciphertext, "{id}");
            assert_eq!(**keys.decrypt(ciphertext).unwrap(), plaintext[..], "{id}");
        } else {
            assert_eq!(keys.decrypt(ciphertext), Err(Refusal::Malformed), "{id}");
        }
    }
}

/// As 0.3 has it: the tag with the key, or, from the oldest clients, behind the ciphertext.
#[test]
fn aes_128_gcm() {
    let mut long_ivs = 0;
    for Vector { id, expected, fields } in vectors(include_str!("tests/vectors/aes_gcm.txt")) {
        let [key, iv, plaintext, ciphertext, tag] = &fields[..] else { panic!("{id}") };
        let payload = |ciphertext| Payload::Legacy { iv: iv.clone(), ciphertext: Some(ciphertext) };
        let right = if expected == "valid" {
            Ok(Content::Message(Zeroizing::new(plaintext.clone())))
        } else {
            Err(Refusal::Tampered)
        };
        assert_eq!(payload(ciphertext.clone()).open(&[&key[..], tag].concat()), right, "{id}");
        assert_eq!(payload([&ciphertext[..], tag].concat()).open(key), right, "{id}");
        long_ivs += usize::from(iv.len() == 16);
    }
    assert!(long_ivs > 0);
}

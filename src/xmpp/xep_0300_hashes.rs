//! XEP-0300: hashes, by the algorithms that are computed here.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use minidom::Element;

use crate::payload::tag;

/// The namespace.
pub const NS: &str = "urn:xmpp:hashes:2";

/// A hash of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256([u8; 32]),
    /// SHA-512.
    Sha512([u8; 64]),
}

/// The strongest hash among the children of an element that is known here. A value of the wrong length is none.
#[must_use]
pub fn hash(element: &Element) -> Option<Hash> {
    let value = |algorithm: &str| {
        element
            .children()
            .filter(|child| child.is("hash", NS) && child.attr("algo") == Some(algorithm))
            .find_map(|child| decoded(&child.text()))
    };
    let sha_256 = || value("sha-256")?.try_into().ok().map(Hash::Sha256);
    let sha_512 = || value("sha-512")?.try_into().ok().map(Hash::Sha512);
    sha_512().or_else(sha_256)
}

/// Writes a hash.
#[must_use]
pub fn element(hash: &Hash) -> Element {
    let (algorithm, value) = match hash {
        Hash::Sha256(value) => ("sha-256", STANDARD.encode(value)),
        Hash::Sha512(value) => ("sha-512", STANDARD.encode(value)),
    };
    let mut hash = tag("hash", NS, &[("algo", algorithm)]);
    hash.append_text(value);
    hash
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    (text.len() <= 128).then(|| STANDARD.decode(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    fn file(hashes: impl IntoIterator<Item = Element>) -> Element {
        parent_tag("file", "urn:xmpp:file:metadata:0", &[], hashes)
    }

    #[test]
    fn the_strongest_hash_counts() {
        let (weak, strong) = (Hash::Sha256([7; 32]), Hash::Sha512([9; 64]));
        assert_eq!(hash(&file([element(&weak)])), Some(weak));
        assert_eq!(hash(&file([element(&weak), element(&strong)])), Some(strong));
    }

    #[test]
    fn what_is_no_hash_is_none() {
        let odd = |algorithm: &str, text: &str| {
            let mut hash = tag("hash", NS, &[("algo", algorithm)]);
            hash.append_text(text);
            hash
        };
        for bad in [
            odd("sha-256", ""),
            odd("sha-256", "AAAA"),
            odd("sha-256", "not base64!"),
            odd("md5", "AAAAAAAAAAAAAAAAAAAAAA=="),
            odd("sha-512", &"A".repeat(1_000_000)),
            tag("hash", NS, &[]),
        ] {
            assert_eq!(hash(&file([bad.clone()])), None, "{bad:?}");
        }
    }
}

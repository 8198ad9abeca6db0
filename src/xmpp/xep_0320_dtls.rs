//! XEP-0320: the hash of the certificate with which DTLS-SRTP is secured; and the same sealed for a device.
//!
//! A fingerprint in the clear is only as good as the servers it passes. So Conversations and Dino seal it with OMEMO, in
//! an element of its own that takes the place of the clear one
//! (<https://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification>; the misspelt namespace is the real one).

use minidom::Element;
use model::{DtlsFingerprint, DtlsSetup};

use crate::payload::{is_word, number_attr, tag, text_tag};

/// The namespace.
pub const NS: &str = "urn:xmpp:jingle:apps:dtls:0";
/// The namespace of what is sealed with OMEMO.
pub const NS_SEALED: &str = "http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification";

/// More fingerprints than this for one transport nobody has.
pub const MAX_FINGERPRINTS: usize = 4;
const MAX_HASH: usize = 16;

/// Hash functions that still hold, and how many bytes they give.
const HASHES: [(&str, usize); 3] = [("sha-256", 32), ("sha-384", 48), ("sha-512", 64)];

/// A fingerprint that was sealed for a device.
#[derive(Clone, Debug, PartialEq)]
pub struct SealedFingerprint {
    /// The hash function.
    pub hash: String,
    /// Who begins.
    pub setup: DtlsSetup,
    /// The `<encrypted/>` of OMEMO.
    pub encrypted: Element,
}

/// The fingerprints of a transport. One with a broken or weak hash function is none.
#[must_use]
pub fn read(transport: &Element) -> Vec<DtlsFingerprint> {
    let read = |child: &Element| fingerprint(child.attr("hash")?, setup(child)?, &child.text());
    transport
        .children()
        .filter(|child| child.is("fingerprint", NS))
        .filter_map(read)
        .take(MAX_FINGERPRINTS)
        .collect()
}

/// A fingerprint, if its text fits its hash function: pairs of hexadecimal digits with colons between them.
#[must_use]
pub fn fingerprint(hash: &str, setup: DtlsSetup, text: &str) -> Option<DtlsFingerprint> {
    let hash = hash.trim().to_ascii_lowercase();
    let (_, length) = HASHES.iter().find(|(name, _)| *name == hash)?;
    let byte = |pair: &str| {
        let is_pair = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_pair.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
    };
    let text = text.trim();
    // So long a text is none, whatever it says.
    if text.len() > 3 * length {
        return None;
    }
    let value: Vec<u8> = text.split(':').map(byte).collect::<Option<_>>()?;
    (value.len() == *length).then_some(DtlsFingerprint { hash, value, setup })
}

/// A fingerprint as it is written.
#[must_use]
pub fn text(fingerprint: &DtlsFingerprint) -> String {
    fingerprint.value.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// The element of a fingerprint.
#[must_use]
pub fn element(fingerprint: &DtlsFingerprint) -> Element {
    let mut element = text_tag("fingerprint", NS, &text(fingerprint));
    for (name, value) in [("hash", fingerprint.hash.as_str()), ("setup", setup_name(fingerprint.setup))] {
        crate::stanza::set_attribute(&mut element, name, value);
    }
    element
}

/// The sealed fingerprints of a transport.
#[must_use]
pub fn read_sealed(transport: &Element) -> Vec<SealedFingerprint> {
    let read = |child: &Element| {
        let hash = child.attr("hash").filter(|hash| is_word(hash, MAX_HASH))?.to_owned();
        let encrypted = child.children().find(|child| child.name() == "encrypted")?.clone();
        Some(SealedFingerprint { hash, setup: setup(child)?, encrypted })
    };
    transport
        .children()
        .filter(|child| child.is("fingerprint", NS_SEALED))
        .filter_map(read)
        .take(MAX_FINGERPRINTS)
        .collect()
}

impl SealedFingerprint {
    /// The element.
    #[must_use]
    pub fn element(&self) -> Element {
        let attributes = [("hash", self.hash.as_str()), ("setup", setup_name(self.setup))];
        let mut element = tag("fingerprint", NS_SEALED, &attributes);
        element.append_child(self.encrypted.clone());
        element
    }
}

/// Which of the sender's devices seals, as it is told beside an answer (XEP-0353).
#[must_use]
pub fn device_element(device: u32) -> Element {
    tag("device", NS_SEALED, &[("id", &device.to_string())])
}

/// Which of the sender's devices seals.
#[must_use]
pub fn device(parent: &Element) -> Option<u32> {
    number_attr(parent.get_child("device", NS_SEALED)?, "id").filter(|device| *device > 0)
}

fn setup(element: &Element) -> Option<DtlsSetup> {
    match element.attr("setup") {
        Some("actpass") => Some(DtlsSetup::ActPass),
        Some("active") => Some(DtlsSetup::Active),
        Some("passive") => Some(DtlsSetup::Passive),
        _ => None,
    }
}

fn setup_name(setup: DtlsSetup) -> &'static str {
    match setup {
        DtlsSetup::ActPass => "actpass",
        DtlsSetup::Active => "active",
        DtlsSetup::Passive => "passive",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_fingerprint_of_a_good_hash_counts() {
        let text = vec!["0a"; 32].join(":");
        let read = fingerprint("SHA-256", DtlsSetup::ActPass, &format!(" {text}\n")).unwrap();
        assert_eq!((read.hash.as_str(), &*read.value), ("sha-256", &[10; 32][..]));
        assert_eq!(super::text(&read), text.to_uppercase());
        let long = format!("{text}:00");
        let short = vec!["0a"; 31].join(":");
        let odd = text.replacen("0a", "+a", 1);
        for text in [long.as_str(), &short, &odd, "", &"0a".repeat(32)] {
            assert_eq!(fingerprint("sha-256", DtlsSetup::ActPass, text), None, "{text}");
        }
        for hash in ["sha-1", "md5", "sha-512", ""] {
            assert_eq!(fingerprint(hash, DtlsSetup::ActPass, &text), None, "{hash}");
        }
    }
}

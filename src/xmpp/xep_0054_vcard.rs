//! XEP-0054: vcard-temp, only for the picture in it (XEP-0153).

use minidom::Element;

use crate::{payload::tag, xep_0084_avatar};

/// The namespace.
pub const NS: &str = "vcard-temp";

/// Asks for a vCard, in an IQ of type `get` (§3.1).
#[must_use]
pub fn query() -> Element {
    tag("vCard", NS, &[])
}

/// The picture in a vCard, if its bytes have the hash that was announced.
#[must_use]
pub fn photo(vcard: &Element, hash: &str) -> Option<Vec<u8>> {
    if !vcard.is("vCard", NS) {
        return None;
    }
    let photos = vcard.children().filter(|child| child.is("PHOTO", NS)).take(4);
    let mut found = photos
        .filter_map(|photo| photo.get_child("BINVAL", NS))
        .filter_map(|bytes| xep_0084_avatar::decode(&bytes.text()));
    found.find(|bytes| xep_0084_avatar::id_of(bytes) == hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vcard(inner: &str) -> Element {
        format!("<vCard xmlns='vcard-temp'><FN>x</FN>{inner}</vCard>").parse().unwrap()
    }

    #[test]
    fn only_the_announced_picture_is_taken() {
        let hash = xep_0084_avatar::id_of(b"one");
        let card = vcard("<PHOTO><TYPE>image/png</TYPE><BINVAL>b2\n5l</BINVAL></PHOTO>");
        assert_eq!(photo(&card, &hash).as_deref(), Some(b"one".as_slice()));
        assert_eq!(photo(&card, &xep_0084_avatar::id_of(b"two")), None);
        for inner in [
            "",
            "<PHOTO/>",
            "<PHOTO><EXTVAL>http://evil.example</EXTVAL></PHOTO>",
            "<PHOTO><BINVAL>%</BINVAL></PHOTO>",
        ] {
            assert_eq!(photo(&vcard(inner), &hash), None, "{inner}");
        }
        assert_eq!(photo(&Element::bare("vCard", "urn:x"), &hash), None);
        assert!(query().is("vCard", NS));
    }
}

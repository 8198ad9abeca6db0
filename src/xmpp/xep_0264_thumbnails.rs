//! XEP-0264: thumbnails, of which only those are read that come within the message: a ThumbHash in a `data:` address.
//! Any other would have to be fetched, which tells somebody that a message was looked at.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use minidom::Element;

use crate::payload::tag;

/// The namespace.
pub const NS: &str = "urn:xmpp:thumbs:1";

const MEDIA_TYPE: &str = "image/thumbhash";
/// No ThumbHash is longer.
const LONGEST: usize = 40;
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The ThumbHash among the thumbnails of a file.
#[must_use]
pub fn thumbhash(file: &Element) -> Option<Vec<u8>> {
    file.children().filter(|child| child.is("thumbnail", NS)).find_map(|thumbnail| {
        let data = thumbnail.attr("uri")?.strip_prefix("data:")?.strip_prefix(MEDIA_TYPE)?;
        let text = data.strip_prefix(";base64,").or_else(|| data.strip_prefix(','))?;
        if text.len() > LONGEST * 4 {
            return None;
        }
        let hash = LENIENT.decode(unescaped(text)).ok()?;
        (5..=LONGEST).contains(&hash.len()).then_some(hash)
    })
}

/// Writes a ThumbHash of a picture with so many pixels.
#[must_use]
pub fn element(thumbhash: &[u8], dimensions: Option<(u32, u32)>) -> Element {
    let base64 = general_purpose::STANDARD.encode(thumbhash);
    let escaped = base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let uri = format!("data:{MEDIA_TYPE};base64,{escaped}");
    let (width, height) = dimensions.unwrap_or_default();
    let (width, height) = (width.to_string(), height.to_string());
    let mut attributes = vec![("uri", uri.as_str()), ("media-type", MEDIA_TYPE)];
    if dimensions.is_some() {
        attributes.extend([("width", width.as_str()), ("height", height.as_str())]);
    }
    tag("thumbnail", NS, &attributes)
}

/// Text with its percent escapes resolved, as far as base64 has any.
fn unescaped(text: &str) -> String {
    let mut plain = text.to_owned();
    for (escape, c) in [("%2B", "+"), ("%2F", "/"), ("%3D", "=")] {
        plain = plain.replace(escape, c).replace(&escape.to_ascii_lowercase(), c);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    const NS_FILE: &str = "urn:xmpp:file:metadata:0";

    #[test]
    fn a_thumbhash_reads_what_it_writes() {
        let hash: Vec<u8> = (231..=255).collect();
        let file = parent_tag("file", NS_FILE, &[], [element(&hash, Some((4, 3)))]);
        assert_eq!(thumbhash(&file), Some(hash));
    }

    #[test]
    fn nothing_is_fetched_and_nothing_long_is_read() {
        let read = |uri: &str| {
            let thumbnail = tag("thumbnail", NS, &[("uri", uri), ("media-type", MEDIA_TYPE)]);
            thumbhash(&parent_tag("file", NS_FILE, &[], [thumbnail]))
        };
        assert_eq!(read("data:image/thumbhash;base64,AAECAwQF"), Some(vec![0, 1, 2, 3, 4, 5]));
        assert_eq!(read("data:image/thumbhash,AAECAwQ%3d"), Some(vec![0, 1, 2, 3, 4]));
        for uri in [
            "cid:sha1+ffd7c8d28e9c5e82afea41f97108c6b4@bob.xmpp.org",
            "https://example.org/thumb",
            "data:image/png;base64,AAECAwQF",
            "data:image/thumbhash;base64,",
            "data:image/thumbhash;base64,!",
            "data:image/thumbhash;base64,AAAA",
            &format!("data:image/thumbhash;base64,{}", "A".repeat(64)),
            &format!("data:image/thumbhash;base64,{}", "%2B".repeat(100_000)),
        ] {
            assert_eq!(read(uri), None, "{uri}");
        }
    }
}

//! XEP-0294: header extensions of RTP (RFC 8285).

use minidom::Element;
use model::RtpExtension;

use crate::payload::{number_attr, tag, word_attr};

/// The namespace.
pub const NS: &str = "urn:xmpp:jingle:apps:rtp:rtp-hdrext:0";

/// More extensions than this nobody knows.
pub const MAX_EXTENSIONS: usize = 64;
const MAX_URI: usize = 256;

/// The extensions of a description; `None` if there are too many. One with an impossible number is left out.
#[must_use]
pub fn read(description: &Element) -> Option<Vec<RtpExtension>> {
    let extensions = || description.children().filter(|child| child.is("rtp-hdrext", NS));
    let read = |child: &Element| {
        let id = number_attr(child, "id").filter(|id| matches!(id, 1..=255 | 4096..=4351))?;
        Some(RtpExtension { id, uri: word_attr(child, "uri", MAX_URI)? })
    };
    (extensions().count() <= MAX_EXTENSIONS).then(|| extensions().filter_map(read).collect())
}

/// Whether identifiers of both lengths may be mixed.
#[must_use]
pub fn are_mixed(description: &Element) -> bool {
    description.has_child("extmap-allow-mixed", NS)
}

/// The element of an extension.
#[must_use]
pub fn element(extension: &RtpExtension) -> Element {
    tag("rtp-hdrext", NS, &[("id", &extension.id.to_string()), ("uri", &extension.uri)])
}

/// Says that identifiers of both lengths may be mixed.
#[must_use]
pub fn mixed_element() -> Element {
    tag("extmap-allow-mixed", NS, &[])
}

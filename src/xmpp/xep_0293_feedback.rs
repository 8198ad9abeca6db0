//! XEP-0293: which RTCP feedback (RFC 4585) may be sent about media.

use minidom::Element;
use model::RtcpFeedback;

use crate::payload::{number_attr, tag, word_attr};

/// The namespace.
pub const NS: &str = "urn:xmpp:jingle:apps:rtp:rtcp-fb:0";

/// More kinds than this nobody knows.
pub const MAX_KINDS: usize = 32;
const MAX_WORD: usize = 64;

/// The kinds that stand in a description or a payload type; `None` if there are too many. What is no word is left out.
#[must_use]
pub fn read(parent: &Element) -> Option<Vec<RtcpFeedback>> {
    let kinds = || parent.children().filter(|child| child.is("rtcp-fb", NS));
    let read = |child: &Element| {
        let subtype = word_attr(child, "subtype", MAX_WORD);
        // One that is there and cannot be read would make it another kind.
        if child.attr("subtype").is_some_and(|text| !text.is_empty()) && subtype.is_none() {
            return None;
        }
        Some(RtcpFeedback { kind: word_attr(child, "type", MAX_WORD)?, subtype })
    };
    (kinds().count() <= MAX_KINDS).then(|| kinds().filter_map(read).collect())
}

/// The shortest interval between two packets of feedback, in milliseconds.
#[must_use]
pub fn read_interval(parent: &Element) -> Option<u32> {
    parent.get_child("rtcp-fb-trr-int", NS).and_then(|child| number_attr(child, "value"))
}

/// The element of a kind.
#[must_use]
pub fn element(feedback: &RtcpFeedback) -> Element {
    let subtype = feedback.subtype.as_deref().map(|subtype| ("subtype", subtype));
    let attributes: Vec<_> = [("type", feedback.kind.as_str())].into_iter().chain(subtype).collect();
    tag("rtcp-fb", NS, &attributes)
}

/// The element of an interval.
#[must_use]
pub fn interval_element(milliseconds: u32) -> Element {
    tag("rtcp-fb-trr-int", NS, &[("value", &milliseconds.to_string())])
}

//! XEP-0339: sources of RTP packets, and how they belong together (RFC 5576).

use minidom::Element;
use model::{RtpSource, RtpSourceGroup};

use crate::payload::{is_word, number_attr, parent_tag, tag, word_attr};

/// The namespace.
pub const NS: &str = "urn:xmpp:jingle:apps:rtp:ssma:0";

/// More sources, or groups, than this one content does not have.
pub const MAX_SOURCES: usize = 64;
const MAX_PARAMETERS: usize = 32;
const MAX_WORD: usize = 64;
const MAX_VALUE: usize = 256;

/// The sources of a description; `None` if there are too many, or one makes no sense.
#[must_use]
pub fn read(description: &Element) -> Option<Vec<RtpSource>> {
    let sources = || description.children().filter(|child| child.is("source", NS));
    if sources().count() > MAX_SOURCES {
        return None;
    }
    sources().map(source).collect()
}

fn source(element: &Element) -> Option<RtpSource> {
    let parameters = || element.children().filter(|child| child.is("parameter", NS));
    if parameters().count() > MAX_PARAMETERS {
        return None;
    }
    let read = |child: &Element| {
        let value = child.attr("value").map(str::to_owned);
        let is_printable = value
            .as_ref()
            .is_none_or(|value| value.len() <= MAX_VALUE && !value.chars().any(char::is_control));
        let name = child.attr("name").filter(|name| is_word(name, MAX_WORD) && !name.contains(':'))?;
        is_printable.then(|| (name.to_owned(), value))
    };
    Some(RtpSource {
        ssrc: number_attr(element, "ssrc")?,
        parameters: parameters().map(read).collect::<Option<_>>()?,
    })
}

/// The groups of a description; `None` if there are too many, or one makes no sense.
#[must_use]
pub fn read_groups(description: &Element) -> Option<Vec<RtpSourceGroup>> {
    let groups = || description.children().filter(|child| child.is("ssrc-group", NS));
    if groups().count() > MAX_SOURCES {
        return None;
    }
    let read = |group: &Element| {
        let sources = || group.children().filter(|child| child.is("source", NS));
        if sources().count() > MAX_SOURCES {
            return None;
        }
        let sources = sources().map(|child| number_attr(child, "ssrc")).collect::<Option<_>>()?;
        Some(RtpSourceGroup { semantics: word_attr(group, "semantics", MAX_WORD)?, sources })
    };
    groups().map(read).collect()
}

/// The element of a source.
#[must_use]
pub fn element(source: &RtpSource) -> Element {
    let parameters = source.parameters.iter().map(|(name, value)| {
        let value = value.as_deref().map(|value| ("value", value));
        let attributes: Vec<_> = [("name", name.as_str())].into_iter().chain(value).collect();
        tag("parameter", NS, &attributes)
    });
    parent_tag("source", NS, &[("ssrc", &source.ssrc.to_string())], parameters)
}

/// The element of a group.
#[must_use]
pub fn group_element(group: &RtpSourceGroup) -> Element {
    let sources = group.sources.iter().map(|ssrc| tag("source", NS, &[("ssrc", &ssrc.to_string())]));
    parent_tag("ssrc-group", NS, &[("semantics", &group.semantics)], sources)
}

//! Stream errors, theirs and ours (RFC 6120 §4.9).

use minidom::Element;

use super::failure::StreamFailure;
use crate::stanza::words_for_people;
use crate::xml::{NS_STREAM, NS_STREAM_ERRORS};

/// Whether this is a stream error.
pub(super) fn is_stream_error(element: &Element) -> bool {
    element.is("error", NS_STREAM)
}

/// The condition of a stream error, `undefined-condition` if there is none.
pub(super) fn condition(error: &Element) -> String {
    error
        .children()
        .find(|child| child.has_ns(NS_STREAM_ERRORS) && child.name() != "text")
        .map_or("undefined-condition", Element::name)
        .chars()
        .take(64)
        .collect()
}

/// What a stream error means. Where to go instead is believed only of a server that TLS vouches
/// for.
pub(super) fn read(error: &Element, secured: bool) -> StreamFailure {
    let condition = condition(error);
    let text = error.get_child("text", NS_STREAM_ERRORS).and_then(|text| words_for_people(&text.text()));
    match condition.as_str() {
        "conflict" => StreamFailure::Conflict,
        "host-unknown" | "host-gone" => StreamFailure::HostUnknown,
        "system-shutdown" => StreamFailure::SystemShutdown,
        "resource-constraint" => StreamFailure::ResourceConstraint(text),
        "policy-violation" => StreamFailure::PolicyViolation(text),
        "see-other-host" if secured => match other_host(error) {
            Some(host) => StreamFailure::SeeOtherHost(host),
            None => StreamFailure::StreamError { condition, text },
        },
        _ => StreamFailure::StreamError { condition, text },
    }
}

fn other_host(error: &Element) -> Option<String> {
    let host = error.get_child("see-other-host", NS_STREAM_ERRORS)?.text();
    let host = host.trim();
    let acceptable = !host.is_empty()
        && host.len() <= 260
        && host.chars().all(|character| !character.is_control() && !character.is_whitespace());
    acceptable.then(|| host.to_owned())
}

/// What to tell the server when we end the stream for this reason.
pub(super) fn condition_for(failure: &StreamFailure) -> Option<&'static str> {
    match failure {
        StreamFailure::Malformed(_) => Some("not-well-formed"),
        StreamFailure::TooLarge => Some("policy-violation"),
        StreamFailure::AcknowledgementInvalid => Some("undefined-condition"),
        _ => None,
    }
}

/// A stream error of ours.
pub(super) fn write(condition: &str) -> String {
    format!("<stream:error><{condition} xmlns='{NS_STREAM_ERRORS}'/></stream:error>")
}

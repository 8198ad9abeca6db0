//! XEP-0428: fallback indication, the parts of a body that are there only for programs that know less.
//!
//! Places are counted in code points (XEP-0426 §3), from `start` up to but without `end`.

use minidom::Element;

use crate::payload::{parent_tag, tag};

/// The namespace.
pub const NS: &str = "urn:xmpp:fallback:0";

/// More marked places than this are not looked at.
const MAX_RANGES: usize = 32;

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Code points from the first up to, but without, the second.
    Range(usize, usize),
}

/// The parts of the body that stand in for the feature `for_namespace` (§3).
///
/// A part whose ends make no sense is left out: better a quote too many than a word of the answer lost.
#[must_use]
pub fn body_fallback(message: &Element, for_namespace: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for fallback in message.children().filter(|child| child.is("fallback", NS)) {
        if fallback.attr("for") != Some(for_namespace) {
            continue;
        }
        let bodies: Vec<_> = fallback.children().filter(|child| child.is("body", NS)).collect();
        if bodies.is_empty() && !fallback.has_child("subject", NS) {
            // Neither named: the whole message is a fallback (§3).
            parts.push(Part::Whole);
        }
        parts.extend(bodies.into_iter().filter_map(part).take(MAX_RANGES));
    }
    parts.truncate(MAX_RANGES);
    parts
}

fn part(element: &Element) -> Option<Part> {
    match (element.attr("start"), element.attr("end")) {
        (None, None) => Some(Part::Whole),
        (Some(start), Some(end)) => {
            let (start, end) = (start.trim().parse().ok()?, end.trim().parse().ok()?);
            (start <= end).then_some(Part::Range(start, end))
        }
        _ => None,
    }
}

/// `text` without the given parts.
#[must_use]
pub fn without(text: &str, parts: &[Part]) -> String {
    let covered = |place: usize| {
        parts.iter().any(|part| match part {
            Part::Whole => true,
            Part::Range(start, end) => (*start..*end).contains(&place),
        })
    };
    if parts.is_empty() {
        return text.to_owned();
    }
    text.chars().enumerate().filter(|(place, _)| !covered(*place)).map(|(_, c)| c).collect()
}

/// Only the given parts of `text`: what a quote said.
#[must_use]
pub fn only(text: &str, parts: &[Part]) -> String {
    let mut kept = String::new();
    for part in parts {
        match part {
            Part::Whole => return text.to_owned(),
            Part::Range(start, end) => {
                kept.extend(text.chars().skip(*start).take(end.saturating_sub(*start)));
            }
        }
    }
    kept
}

/// Marks a part of the body.
#[must_use]
pub fn fallback(for_namespace: &str, part: Part) -> Element {
    let body = match part {
        Part::Whole => tag("body", NS, &[]),
        Part::Range(start, end) => {
            tag("body", NS, &[("start", &start.to_string()), ("end", &end.to_string())])
        }
    };
    parent_tag("fallback", NS, &[("for", for_namespace)], [body])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(inner: &str) -> Vec<Part> {
        let message: Element = format!("<message xmlns='jabber:client'>{inner}</message>").parse().unwrap();
        body_fallback(&message, "urn:reply")
    }

    #[test]
    fn a_marked_part_is_taken_out() {
        let text = "> 🦆 quack\nhello";
        let part = Part::Range(0, 10);
        let message = parent_tag("message", "jabber:client", &[], [fallback("urn:reply", part)]);
        let parts = body_fallback(&message, "urn:reply");
        assert_eq!(parts, [part]);
        assert_eq!(without(text, &parts), "hello");
        assert_eq!(only(text, &parts), "> 🦆 quack\n");
        assert_eq!(body_fallback(&message, "urn:other"), []);
    }

    #[test]
    fn nothing_named_is_everything() {
        assert_eq!(parts("<fallback xmlns='urn:xmpp:fallback:0' for='urn:reply'/>"), [Part::Whole]);
        assert_eq!(
            parts("<fallback xmlns='urn:xmpp:fallback:0' for='urn:reply'><body/></fallback>"),
            [Part::Whole]
        );
        assert_eq!(parts("<fallback xmlns='urn:xmpp:fallback:0' for='urn:reply'><subject/></fallback>"), []);
        assert_eq!(without("words", &[Part::Whole]), "");
    }

    #[test]
    fn senseless_ends_take_nothing() {
        for ends in ["start='5' end='2'", "start='-1' end='2'", "start='1'", "end='x' start='0'"] {
            let inner = format!("<fallback xmlns='{NS}' for='urn:reply'><body {ends}/></fallback>");
            assert_eq!(parts(&inner), [], "{ends}");
        }
        let beyond = [Part::Range(3, usize::MAX)];
        assert_eq!(without("words", &beyond), "wor");
        assert_eq!(only("words", &beyond), "ds");
        assert_eq!(only("words", &[Part::Range(900, 901)]), "");
    }

    #[test]
    fn many_marks_are_bounded() {
        let body = "<body start='0' end='1'/>".repeat(10_000);
        let inner = format!("<fallback xmlns='{NS}' for='urn:reply'>{body}</fallback>").repeat(3);
        assert_eq!(parts(&inner).len(), MAX_RANGES);
    }
}

//! XEP-0092: software version. We tell name and version, never the system: it is nobody's business (§6).

use minidom::Element;

use crate::payload::{parent_tag, text_tag};

/// The namespace.
pub const NS: &str = "jabber:iq:version";

/// Whether an IQ of type `get` asks for it.
#[must_use]
pub fn is_query(payload: &Element) -> bool {
    payload.is("query", NS)
}

/// Writes the answer (§3).
#[must_use]
pub fn answer(name: &str, version: &str) -> Element {
    parent_tag("query", NS, &[], [text_tag("name", NS, name), text_tag("version", NS, version)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_tells_name_and_version_only() {
        let answer = answer("Starling", "1.0");
        assert!(is_query(&answer));
        let names: Vec<_> = answer.children().map(|child| (child.name().to_owned(), child.text())).collect();
        assert_eq!(
            names,
            [("name".to_owned(), "Starling".to_owned()), ("version".to_owned(), "1.0".to_owned())]
        );
        assert!(!is_query(&Element::bare("query", "urn:x")));
    }
}

//! Small help for writing and reading payloads piece by piece.
//!
//! A message is read one child at a time, each by the file of its XEP, and every reader answers
//! `None` to what it cannot make sense of. So one strange payload never drops the message it came with:
//! that is why the derived types of `xmpp-parsers`, which refuse a whole stanza for one bad value,
//! are used here only where refusing is right.

use minidom::Element;
use rxml::NcName;

/// The longest identifier that is believed. Identifiers are stored and compared; nobody needs long ones.
pub const MAX_ID: usize = 1024;

/// The longest address of the web that is believed.
pub const MAX_WEB_ADDRESS: usize = 4096;

/// An element with attributes. A name that XML does not allow is left out.
#[must_use]
pub fn tag(name: &str, namespace: &str, attributes: &[(&str, &str)]) -> Element {
    let builder = Element::builder(name, namespace);
    attributes
        .iter()
        .fold(builder, |builder, (name, value)| match NcName::try_from(*name) {
            Ok(name) => builder.attr(name, *value),
            Err(_) => builder,
        })
        .build()
}

/// An element with text in it. Characters that XML cannot carry are left out: one of them would end the stream.
#[must_use]
pub fn text_tag(name: &str, namespace: &str, text: &str) -> Element {
    Element::builder(name, namespace).append(xml_text(text)).build()
}

/// An element with children.
#[must_use]
pub fn parent_tag(
    name: &str,
    namespace: &str,
    attributes: &[(&str, &str)],
    children: impl IntoIterator<Item = Element>,
) -> Element {
    let mut element = tag(name, namespace, attributes);
    for child in children {
        element.append_child(child);
    }
    element
}

/// `text` without the characters that XML 1.0 cannot carry (§2.2).
#[must_use]
pub fn xml_text(text: &str) -> String {
    text.chars().filter(|c| is_xml_char(*c)).collect()
}

fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// An identifier in an attribute: not empty and of bearable length.
#[must_use]
pub fn id_attr(element: &Element, name: &str) -> Option<String> {
    element.attr(name).filter(|id| is_id(id)).map(str::to_owned)
}

/// An identifier as text.
#[must_use]
pub fn id_text(element: &Element) -> Option<String> {
    Some(element.text()).filter(|id| is_id(id))
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= MAX_ID
}

/// A flag as XML Schema writes it; anything else is `None`.
#[must_use]
pub fn flag_attr(element: &Element, name: &str) -> Option<bool> {
    match element.attr(name)?.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A number; anything else, or one that is too large, is `None`.
#[must_use]
pub fn number_attr<T: std::str::FromStr>(element: &Element, name: &str) -> Option<T> {
    element.attr(name)?.trim().parse().ok()
}

/// A word of at most `max` bytes: not empty, and of printable ASCII without spaces. Such a value can stand in a line of
/// another format without ending it.
#[must_use]
pub fn word_attr(element: &Element, name: &str, max: usize) -> Option<String> {
    element.attr(name).filter(|word| is_word(word, max)).map(str::to_owned)
}

/// Whether this is a word, as [`word_attr`] takes it.
#[must_use]
pub fn is_word(text: &str, max: usize) -> bool {
    !text.is_empty() && text.len() <= max && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// An address of the web that can be gone to: by TLS only, and of bearable length.
#[must_use]
pub fn web_address(text: &str) -> Option<String> {
    let text = text.trim();
    let is_secure = text.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
    let is_one = text.len() > 8 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    (is_secure && is_one && text.len() <= MAX_WEB_ADDRESS).then(|| text.to_owned())
}

/// `text` cut to at most `max` bytes, at a character boundary.
#[must_use]
pub fn clamp(mut text: String, max: usize) -> String {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_carries_its_attributes() {
        let element = tag("a", "urn:x", &[("id", "1<2"), ("not a name", "x")]);
        assert_eq!(element.attr("id"), Some("1<2"));
        assert_eq!(element.attrs().len(), 1);
    }

    #[test]
    fn text_that_xml_cannot_carry_is_left_out() {
        assert_eq!(text_tag("a", "urn:x", "a\u{0}b\u{c}c\u{ffff}d\n").text(), "abcd\n");
    }

    #[test]
    fn identifiers_are_bounded() {
        assert_eq!(id_attr(&tag("a", "urn:x", &[("id", "")]), "id"), None);
        assert_eq!(id_attr(&tag("a", "urn:x", &[("id", &"x".repeat(MAX_ID + 1))]), "id"), None);
        assert_eq!(id_attr(&tag("a", "urn:x", &[("id", "x")]), "id").as_deref(), Some("x"));
    }

    #[test]
    fn only_secure_addresses_are_gone_to() {
        assert_eq!(web_address(" https://a.example/ä?b#c\n").as_deref(), Some("https://a.example/ä?b#c"));
        assert_eq!(web_address("HTTPS://a").as_deref(), Some("HTTPS://a"));
        let long = format!("https://{}", "a".repeat(MAX_WEB_ADDRESS));
        for bad in ["", "https://", "http://a.example", "éééé", "https:/a", "https://a\u{1b}b", long.as_str()]
        {
            assert_eq!(web_address(bad), None, "{bad}");
        }
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(clamp("aé".to_owned(), 2), "a");
        assert_eq!(clamp("aé".to_owned(), 9), "aé");
    }
}

//! From elements to bytes, and the few names that everything shares.
//!
//! `minidom` writes too, but it panics on a character that XML forbids, and what people type or
//! paste may hold one. Here such characters become U+FFFD. Elements of `jabber:client` carry no
//! `xmlns`, since the stream declares it (RFC 6120 §4.8.2), so the bytes can be kept in the
//! outbox and sent as they are, on any stream.

use minidom::{Element, Node};
use rxml::Namespace;

/// The namespace of stanzas (RFC 6120 §4.8.2).
pub const NS_CLIENT: &str = "jabber:client";
/// The namespace of the stream itself (RFC 6120 §4.8.1).
pub const NS_STREAM: &str = "http://etherx.jabber.org/streams";
/// Conditions of stream errors (RFC 6120 §4.9.2).
pub const NS_STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// Conditions of stanza errors (RFC 6120 §8.3.2).
pub const NS_STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";

/// Deeper than this nothing of ours is; what is, is left out.
const DEPTH_LIMIT: usize = 128;

/// The bytes of one stanza, as they go into a stream.
#[must_use]
pub fn serialise(element: &Element) -> Vec<u8> {
    let mut out = String::with_capacity(256);
    write_element(&mut out, element, NS_CLIENT, 0);
    out.into_bytes()
}

/// Text as it may stand between tags or, in either kind of quotes, in an attribute.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    escape_into(&mut out, text);
    out
}

fn write_element(out: &mut String, element: &Element, inherited: &str, depth: usize) {
    if depth > DEPTH_LIMIT {
        return;
    }
    let namespace = element.ns();
    out.push('<');
    out.push_str(element.name());
    if namespace != inherited {
        attribute(out, "xmlns", &namespace);
    }
    let mut foreign = 0_u32;
    for ((namespace, name), value) in element.attrs() {
        if *namespace == Namespace::NONE {
            attribute(out, name.as_str(), value);
        } else if namespace == Namespace::xml() {
            attribute(out, &format!("xml:{name}"), value);
        } else {
            attribute(out, &format!("xmlns:a{foreign}"), namespace.as_str());
            attribute(out, &format!("a{foreign}:{name}"), value);
            foreign += 1;
        }
    }
    if element.nodes().len() == 0 {
        out.push_str("/>");
        return;
    }
    out.push('>');
    for node in element.nodes() {
        match node {
            Node::Element(child) => write_element(out, child, &namespace, depth + 1),
            Node::Text(text) => escape_into(out, text),
        }
    }
    out.push_str("</");
    out.push_str(element.name());
    out.push('>');
}

fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("='");
    for character in value.chars() {
        match character {
            // Written plainly, a reader takes them for spaces (XML 1.0 §3.3.3).
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            _ => escape_character(out, character),
        }
    }
    out.push('\'');
}

fn escape_into(out: &mut String, text: &str) {
    for character in text.chars() {
        escape_character(out, character);
    }
}

fn escape_character(out: &mut String, character: char) {
    match character {
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '&' => out.push_str("&amp;"),
        '\'' => out.push_str("&apos;"),
        '"' => out.push_str("&quot;"),
        // Written plainly, a reader takes it for the end of a line (XML 1.0 §2.11).
        '\r' => out.push_str("&#13;"),
        '\t' | '\n' => out.push(character),
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
        _ => out.push(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(text: &str) -> Element {
        text.parse().unwrap()
    }

    #[test]
    fn no_kind_of_space_is_lost() {
        let mut written = Element::bare("a", NS_CLIENT);
        crate::stanza::set_attribute(&mut written, "name", "a\tb\nc\rd");
        written.append_text("a\tb\nc\rd");
        let text =
            format!("<all xmlns='{NS_CLIENT}'>{}</all>", String::from_utf8(serialise(&written)).unwrap());
        assert_eq!(element(&text).children().next(), Some(&written));
    }

    #[test]
    fn stanzas_carry_no_namespace() {
        let message = "<message to='a@b' type='chat'><body>hi &lt;3 &amp; &apos;x&apos;</body>\
                       <active xmlns='http://jabber.org/protocol/chatstates'/></message>";
        let read = element(&message.replacen("<message", "<message xmlns='jabber:client'", 1));
        assert_eq!(String::from_utf8(serialise(&read)).unwrap(), message);
    }

    #[test]
    fn namespaces_are_declared_where_they_change() {
        let text = "<iq xmlns='jabber:client'><a xmlns='one'><b/><c xmlns='jabber:client'/></a></iq>";
        let written = String::from_utf8(serialise(&element(text))).unwrap();
        assert_eq!(written, "<iq><a xmlns='one'><b/><c xmlns='jabber:client'/></a></iq>");
    }

    #[test]
    fn prefixed_attributes_survive() {
        let text = "<m xmlns='jabber:client' xml:lang='de' xmlns:x='urn:x' x:y='1'/>";
        let written = String::from_utf8(serialise(&element(text))).unwrap();
        assert!(written.contains("xml:lang='de'"), "{written}");
        let again = element(&written.replacen("<m", "<m xmlns='jabber:client'", 1));
        assert_eq!(again, element(text));
    }

    #[test]
    fn forbidden_characters_do_not_panic() {
        let mut message = Element::bare("body", NS_CLIENT);
        message.append_text_node("a\u{0}b\u{b}c\u{ffff}\r\n");
        assert_eq!(
            String::from_utf8(serialise(&message)).unwrap(),
            "<body>a\u{fffd}b\u{fffd}c\u{fffd}&#13;\n</body>"
        );
    }
}

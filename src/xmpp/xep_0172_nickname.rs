//! XEP-0172: user nickname. It is as its owner wrote it: who shows it cleans it.

use minidom::Element;

use crate::payload::{clamp, text_tag};

/// The namespace, and the node of XEP-0163.
pub const NS: &str = "http://jabber.org/protocol/nick";

const MAX: usize = 1024;

/// The nickname in a message, a subscription request or an item (§4).
#[must_use]
pub fn nickname(parent: &Element) -> Option<String> {
    read(parent.get_child("nick", NS)?)
}

/// The nickname in a `<nick/>`; `None` when it is empty.
#[must_use]
pub fn read(nick: &Element) -> Option<String> {
    let text = nick.is("nick", NS).then(|| clamp(nick.text(), MAX))?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Writes a nickname; the empty one takes it back.
#[must_use]
pub fn element(nickname: &str) -> Element {
    text_tag("nick", NS, nickname)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    #[test]
    fn a_nickname_reads_what_it_writes() {
        let message = parent_tag("message", "jabber:client", &[], [element("Ishmael")]);
        assert_eq!(nickname(&message).as_deref(), Some("Ishmael"));
    }

    #[test]
    fn empty_and_endless_names() {
        assert_eq!(read(&element("  ")), None);
        assert_eq!(read(&text_tag("nick", "urn:x", "a")), None);
        assert_eq!(read(&element(&"é".repeat(5000))).unwrap().len(), MAX);
    }
}

//! XEP-0184: message delivery receipts.

use minidom::Element;

use crate::payload::{id_attr, tag};

/// The namespace.
pub const NS: &str = "urn:xmpp:receipts";

/// Whether a message asks to be told that it came (§5.1).
#[must_use]
pub fn is_requested(message: &Element) -> bool {
    message.has_child("request", NS)
}

/// The id of the message that came, when this says so (§5.2). Receipts of the year 2007 have none and say nothing.
#[must_use]
pub fn received(message: &Element) -> Option<String> {
    id_attr(message.get_child("received", NS)?, "id")
}

/// Asks to be told.
#[must_use]
pub fn request() -> Element {
    tag("request", NS, &[])
}

/// Tells that a message came. Its own message must not ask for a receipt, or two clients talk for ever (§5.3).
#[must_use]
pub fn receipt(id: &str) -> Element {
    tag("received", NS, &[("id", id)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    #[test]
    fn receipts_read_what_they_write() {
        let message = parent_tag("message", "jabber:client", &[], [request(), receipt("7")]);
        assert!(is_requested(&message));
        assert_eq!(received(&message).as_deref(), Some("7"));
    }

    #[test]
    fn strange_receipts_say_nothing() {
        let nothing = Element::bare("message", "jabber:client");
        assert!(!is_requested(&nothing));
        let bare = parent_tag("message", "jabber:client", &[], [tag("received", NS, &[])]);
        assert_eq!(received(&bare), None);
        let other = parent_tag(
            "message",
            "jabber:client",
            &[],
            [tag("received", "urn:xmpp:carbons:2", &[("id", "7")])],
        );
        assert_eq!(received(&other), None);
    }
}

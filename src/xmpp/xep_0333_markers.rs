//! XEP-0333: displayed markers.

use minidom::Element;

use crate::payload::{id_attr, tag};

/// The namespace.
pub const NS: &str = "urn:xmpp:chat-markers:0";

/// Whether the sender wants to know when it is displayed (§4.1).
#[must_use]
pub fn is_markable(message: &Element) -> bool {
    message.has_child("markable", NS)
}

/// The id of the newest message that was displayed, when this says so (§4.2).
///
/// Before its version 1.0 the XEP had `acknowledged`, which said as much and more.
#[must_use]
pub fn displayed(message: &Element) -> Option<String> {
    let marker = message.get_child("displayed", NS).or_else(|| message.get_child("acknowledged", NS))?;
    id_attr(marker, "id")
}

/// Asks to be told.
#[must_use]
pub fn markable() -> Element {
    tag("markable", NS, &[])
}

/// Tells that everything up to a message was displayed.
#[must_use]
pub fn displayed_marker(id: &str) -> Element {
    tag("displayed", NS, &[("id", id)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    #[test]
    fn markers_read_what_they_write() {
        let message = parent_tag("message", "jabber:client", &[], [markable(), displayed_marker("7")]);
        assert!(is_markable(&message));
        assert_eq!(displayed(&message).as_deref(), Some("7"));
    }

    #[test]
    fn old_and_strange_markers() {
        let old = parent_tag("message", "jabber:client", &[], [tag("acknowledged", NS, &[("id", "8")])]);
        assert_eq!(displayed(&old).as_deref(), Some("8"));
        let received = parent_tag("message", "jabber:client", &[], [tag("received", NS, &[("id", "8")])]);
        assert_eq!(displayed(&received), None);
        let empty = parent_tag("message", "jabber:client", &[], [displayed_marker("")]);
        assert_eq!(displayed(&empty), None);
    }
}

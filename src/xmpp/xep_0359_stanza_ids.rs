//! XEP-0359: unique and stable stanza ids.
//!
//! A `stanza-id` is worth what its `by` is worth: only the own account's, or a room's, and only if that
//! entity announces this XEP, for then it strips what others forged (§6, DESIGN rule 10).

use minidom::Element;
use model::BareJid;

use crate::{
    Address,
    payload::{id_attr, tag},
};

/// The namespace, announced in disco#info by whoever assigns ids.
pub const NS: &str = "urn:xmpp:sid:0";

/// The id that `by` gave to a message. `None` when there are two: then somebody forged one.
#[must_use]
pub fn stanza_id(message: &Element, by: &BareJid) -> Option<String> {
    let mut ids = message
        .children()
        .filter(|child| child.is("stanza-id", NS))
        .filter(|child| child.attr("by").and_then(Address::parse).is_some_and(|address| address == *by));
    let id = ids.next()?;
    if ids.next().is_some() {
        return None;
    }
    id_attr(id, "id")
}

/// The id that the sender's program gave to a message.
#[must_use]
pub fn origin_id(message: &Element) -> Option<String> {
    id_attr(message.get_child("origin-id", NS)?, "id")
}

/// Names an own message.
#[must_use]
pub fn origin(id: &str) -> Element {
    tag("origin-id", NS, &[("id", id)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    fn stanza(by: &str, id: &str) -> Element {
        tag("stanza-id", NS, &[("by", by), ("id", id)])
    }

    #[test]
    fn only_the_id_of_the_asked_entity_counts() {
        let me = BareJid::new("me@example.org").unwrap();
        let message = parent_tag(
            "message",
            "jabber:client",
            &[],
            [stanza("room@example.org", "1"), stanza("me@example.org", "2"), stanza("@", "3"), origin("4")],
        );
        assert_eq!(stanza_id(&message, &me).as_deref(), Some("2"));
        assert_eq!(origin_id(&message).as_deref(), Some("4"));
        assert_eq!(stanza_id(&message, &BareJid::new("example.org").unwrap()), None);
    }

    #[test]
    fn forged_doubles_and_resources_are_not_believed() {
        let me = BareJid::new("me@example.org").unwrap();
        let doubled = parent_tag(
            "message",
            "jabber:client",
            &[],
            [stanza("me@example.org", "1"), stanza("ME@example.org", "2")],
        );
        assert_eq!(stanza_id(&doubled, &me), None);
        let resource = parent_tag("message", "jabber:client", &[], [stanza("me@example.org/x", "1")]);
        assert_eq!(stanza_id(&resource, &me), None);
    }
}

//! XEP-0308: last message correction. Whose message it was is checked by the caller (§5).

use minidom::Element;

use crate::payload::{id_attr, tag};

/// The namespace.
pub const NS: &str = "urn:xmpp:message-correct:0";

/// The id of the message that this one replaces: of the first version, however often it was corrected (§4).
#[must_use]
pub fn replaces(message: &Element) -> Option<String> {
    id_attr(message.get_child("replace", NS)?, "id")
}

/// Replaces a message.
#[must_use]
pub fn replace(id: &str) -> Element {
    tag("replace", NS, &[("id", id)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    #[test]
    fn a_correction_reads_what_it_writes() {
        let message = parent_tag("message", "jabber:client", &[], [replace("7")]);
        assert_eq!(replaces(&message).as_deref(), Some("7"));
    }

    #[test]
    fn a_correction_of_nothing_is_none() {
        assert_eq!(replaces(&parent_tag("message", "jabber:client", &[], [tag("replace", NS, &[])])), None);
        assert_eq!(replaces(&Element::bare("message", "jabber:client")), None);
    }
}

//! XEP-0424: message retraction. Whose message it was is checked by the caller (§7).

use minidom::Element;
use model::Timestamp;

use crate::{
    payload::{id_attr, tag},
    xep_0082_date as date,
    xep_0428_fallback::{self as fallback, Part},
};

/// The namespace.
pub const NS: &str = "urn:xmpp:message-retract:1";

/// What programs that know no retraction show (§5); the same words everywhere, since it is not ours to translate.
pub const FALLBACK_TEXT: &str =
    "This person attempted to retract a previous message, but it's unsupported by your client.";

/// The id of the message that this one takes back: its origin or message id in a direct chat,
/// the room's stanza id in a room (§3).
#[must_use]
pub fn retracts(message: &Element) -> Option<String> {
    id_attr(message.get_child("retract", NS)?, "id")
}

/// What an archive keeps of a message that was taken back (§4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The id of the message that took it back, if told.
    pub retraction: Option<String>,
    /// When.
    pub time: Option<Timestamp>,
}

/// Whether a message from an archive is only the place where one stood.
#[must_use]
pub fn tombstone(message: &Element) -> Option<Tombstone> {
    let retracted = message.get_child("retracted", NS)?;
    Some(Tombstone {
        retraction: id_attr(retracted, "id"),
        time: retracted.attr("stamp").and_then(date::read),
    })
}

/// Takes a message back. With it go the body [`FALLBACK_TEXT`], its mark, and the hint to store (XEP-0334).
#[must_use]
pub fn retract(id: &str) -> Element {
    tag("retract", NS, &[("id", id)])
}

/// Marks the whole body as there for older programs only.
#[must_use]
pub fn fallback_mark() -> Element {
    fallback::fallback(NS, Part::Whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    #[test]
    fn a_retraction_reads_what_it_writes() {
        let message = parent_tag("message", "jabber:client", &[], [retract("7"), fallback_mark()]);
        assert_eq!(retracts(&message).as_deref(), Some("7"));
        assert_eq!(fallback::body_fallback(&message, NS), [Part::Whole]);
        assert_eq!(tombstone(&message), None);
    }

    #[test]
    fn a_tombstone_is_read_as_far_as_it_makes_sense() {
        let message: Element = format!(
            "<message xmlns='jabber:client'><retracted xmlns='{NS}' id='8' stamp='never'/></message>"
        )
        .parse()
        .unwrap();
        assert_eq!(tombstone(&message), Some(Tombstone { retraction: Some("8".to_owned()), time: None }));
        assert_eq!(retracts(&message), None);
    }

    #[test]
    fn a_retraction_of_nothing_is_none() {
        assert_eq!(retracts(&parent_tag("message", "jabber:client", &[], [retract("")])), None);
    }
}

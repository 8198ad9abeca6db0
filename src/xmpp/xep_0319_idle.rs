//! XEP-0319: last user interaction in presence.

use minidom::Element;
use model::Timestamp;

use crate::{payload::tag, xep_0082_date as date};

/// The namespace.
pub const NS: &str = "urn:xmpp:idle:1";

/// Since when the sender of a presence has not touched their device (§3).
#[must_use]
pub fn since(presence: &Element) -> Option<Timestamp> {
    date::read(presence.get_child("idle", NS)?.attr("since")?)
}

/// Tells since when.
#[must_use]
pub fn element(since: Timestamp) -> Element {
    tag("idle", NS, &[("since", &date::write(since))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    #[test]
    fn a_time_reads_what_it_writes() {
        let presence = parent_tag("presence", "jabber:client", &[], [element(Timestamp(1_000))]);
        assert_eq!(since(&presence), Some(Timestamp(1_000)));
        let strange =
            parent_tag("presence", "jabber:client", &[], [tag("idle", NS, &[("since", "long ago")])]);
        assert_eq!(since(&strange), None);
    }
}

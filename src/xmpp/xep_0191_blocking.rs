//! XEP-0191: blocking command. Who may push is checked by the caller.

use minidom::Element;

use crate::{
    Address,
    payload::{parent_tag, tag},
};

/// The namespace, announced in disco#info by a server that blocks.
pub const NS: &str = "urn:xmpp:blocking";

/// More addresses than this at once are not looked at.
const MAX: usize = 10_000;

/// The addresses in a `<blocklist/>`, `<block/>` or `<unblock/>` (§3.2–§3.5): bare, full, or of a whole domain.
#[must_use]
pub fn addresses(element: &Element) -> Vec<Address> {
    element
        .children()
        .filter(|child| child.is("item", NS))
        .take(MAX)
        .filter_map(|child| child.attr("jid").and_then(Address::parse))
        .collect()
}

/// Whether an `<unblock/>` takes everything off the list (§3.5). Items that cannot be read are not nothing.
#[must_use]
pub fn unblocks_all(unblock: &Element) -> bool {
    unblock.is("unblock", NS) && unblock.children().next().is_none()
}

/// Asks for the list, in an IQ of type `get` (§3.2).
#[must_use]
pub fn list() -> Element {
    tag("blocklist", NS, &[])
}

/// Blocks an address, in an IQ of type `set` (§3.3).
#[must_use]
pub fn block(address: &str) -> Element {
    parent_tag("block", NS, &[], [tag("item", NS, &[("jid", address)])])
}

/// Unblocks an address, in an IQ of type `set` (§3.4).
#[must_use]
pub fn unblock(address: &str) -> Element {
    parent_tag("unblock", NS, &[], [tag("item", NS, &[("jid", address)])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_what_is_written() {
        for element in [block("romeo@example.net"), unblock("romeo@example.net")] {
            assert_eq!(addresses(&element), [Address::parse("romeo@example.net").unwrap()]);
            assert!(!unblocks_all(&element));
        }
        assert!(list().is("blocklist", NS));
    }

    #[test]
    fn unreadable_items_are_passed_over_and_are_not_everything() {
        let unblock: Element =
            format!("<unblock xmlns='{NS}'><item/><item jid='@'/></unblock>").parse().unwrap();
        assert!(addresses(&unblock).is_empty());
        assert!(!unblocks_all(&unblock));
        assert!(unblocks_all(&tag("unblock", NS, &[])));
    }
}

//! XEP-0280: message carbons, copies of what the user's other devices send and get.
//!
//! Only copies from the own bare address may be believed (§11); the caller checks that, for it knows the address.

use minidom::Element;

use crate::{
    payload::tag,
    xep_0297_forwarding::{self, Forwarded},
};

/// The namespace.
pub const NS: &str = "urn:xmpp:carbons:2";

/// A copy (§7, §8).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Carbon<'a> {
    /// Somebody sent it to another device of the user.
    Received(Forwarded<'a>),
    /// Another device of the user sent it.
    Sent(Forwarded<'a>),
}

impl<'a> Carbon<'a> {
    /// The copied message.
    #[must_use]
    pub fn forwarded(&self) -> Forwarded<'a> {
        match self {
            Self::Received(forwarded) | Self::Sent(forwarded) => *forwarded,
        }
    }
}

/// Whether a message claims to be a carbon, readable or not: if so, nothing else in it counts.
#[must_use]
pub fn is_carbon(message: &Element) -> bool {
    message.has_child("received", NS) || message.has_child("sent", NS)
}

/// The copy in a message; `None` when there is none that makes sense.
#[must_use]
pub fn carbon(message: &Element) -> Option<Carbon<'_>> {
    match (message.get_child("received", NS), message.get_child("sent", NS)) {
        (Some(received), None) => xep_0297_forwarding::forwarded(received).map(Carbon::Received),
        (None, Some(sent)) => xep_0297_forwarding::forwarded(sent).map(Carbon::Sent),
        _ => None,
    }
}

/// Asks for copies (§4), in an IQ of type `set`.
#[must_use]
pub fn enable() -> Element {
    tag("enable", NS, &[])
}

/// Keeps a message from being copied (§9); a `no-copy` hint (XEP-0334) goes with it.
#[must_use]
pub fn private() -> Element {
    tag("private", NS, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(inner: &str) -> Element {
        format!("<message xmlns='jabber:client'>{inner}</message>").parse().unwrap()
    }

    const FORWARDED: &str =
        "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='1'/></forwarded>";

    #[test]
    fn both_kinds_are_told_apart() {
        let sent = message(&format!("<sent xmlns='{NS}'>{FORWARDED}</sent>"));
        assert!(matches!(carbon(&sent), Some(Carbon::Sent(copy)) if copy.message.attr("id") == Some("1")));
        let received = message(&format!("<received xmlns='{NS}'>{FORWARDED}</received>"));
        assert!(matches!(carbon(&received), Some(Carbon::Received(_))));
    }

    #[test]
    fn an_unreadable_carbon_is_still_one() {
        for inner in [
            format!("<sent xmlns='{NS}'/>"),
            format!("<sent xmlns='{NS}'>{FORWARDED}</sent><received xmlns='{NS}'>{FORWARDED}</received>"),
        ] {
            let message = message(&inner);
            assert!(is_carbon(&message));
            assert_eq!(carbon(&message), None);
        }
        assert!(!is_carbon(&message(FORWARDED)));
        assert!(!is_carbon(&message("<received xmlns='urn:xmpp:receipts' id='1'/>")));
    }

    #[test]
    fn requests_are_as_the_xep_has_them() {
        assert!(enable().is("enable", NS) && private().is("private", NS));
    }
}

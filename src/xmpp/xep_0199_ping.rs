//! XEP-0199: XMPP ping.

use minidom::Element;

use crate::payload::tag;

/// The namespace.
pub const NS: &str = "urn:xmpp:ping";

/// Asks for a sign of life, in an IQ of type `get` (§4). Any answer is one, an error too.
#[must_use]
pub fn ping() -> Element {
    tag("ping", NS, &[])
}

/// Whether an IQ of type `get` asks for one.
#[must_use]
pub fn is_ping(payload: &Element) -> bool {
    payload.is("ping", NS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_one() {
        assert!(is_ping(&ping()));
        assert!(!is_ping(&tag("ping", "urn:x", &[])));
        assert!(!is_ping(&tag("pong", NS, &[])));
    }
}

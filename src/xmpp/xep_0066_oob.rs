//! XEP-0066: out of band data, the way of programs that know no other to say that a message is a file.

use minidom::Element;

use crate::payload::{parent_tag, text_tag, web_address};

/// The namespace of the element in messages.
pub const NS: &str = "jabber:x:oob";

/// The address that a message points to (§3), if it is one that can be gone to.
#[must_use]
pub fn url(message: &Element) -> Option<String> {
    web_address(&message.get_child("x", NS)?.get_child("url", NS)?.text())
}

/// Points to an address.
#[must_use]
pub fn element(url: &str) -> Element {
    parent_tag("x", NS, &[], [text_tag("url", NS, url)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_read() {
        let message = |url: &str| parent_tag("message", "jabber:client", &[], [element(url)]);
        assert_eq!(url(&message("https://a.example/f ")).as_deref(), Some("https://a.example/f"));
        for bad in ["", "http://a.example/", "file:///etc/passwd", "javascript:alert(1)", "https://a b"] {
            assert_eq!(url(&message(bad)), None, "{bad}");
        }
    }
}

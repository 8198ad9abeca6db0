//! XEP-0297: stanza forwarding, the wrapper of carbons and archive results.

use minidom::Element;
use model::Timestamp;

use crate::xep_0203_delay;

/// The namespace.
pub const NS: &str = "urn:xmpp:forward:0";

/// A forwarded message (§3.1), still in the element that carried it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forwarded<'a> {
    /// The message.
    pub message: &'a Element,
    /// When whoever forwards it first saw it: as trustworthy as they are.
    pub stamp: Option<Timestamp>,
}

/// The one message forwarded in `parent`; `None` when there is none, or more than one.
#[must_use]
pub fn forwarded(parent: &Element) -> Option<Forwarded<'_>> {
    let wrapper = only(parent, "forwarded", NS)?;
    let message = only(wrapper, "message", "jabber:client")?;
    let stamp = xep_0203_delay::delays(wrapper).map(|delay| delay.stamp).next();
    Some(Forwarded { message, stamp })
}

fn only<'a>(parent: &'a Element, name: &str, namespace: &str) -> Option<&'a Element> {
    let mut found = parent.children().filter(|child| child.is(name, namespace));
    let first = found.next()?;
    // Two where one belongs is an attempt to have one checked and the other shown.
    found.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(inner: &str) -> Element {
        format!("<result xmlns='urn:x'>{inner}</result>").parse().unwrap()
    }

    #[test]
    fn the_message_and_its_stamp_are_found() {
        let parent = parse(
            "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>\
             <message xmlns='jabber:client' from='romeo@example.org'><body>hi</body></message></forwarded>",
        );
        let forwarded = forwarded(&parent).unwrap();
        assert_eq!(forwarded.message.attr("from"), Some("romeo@example.org"));
        assert_eq!(forwarded.stamp, Some(Timestamp(1_278_803_305_000)));
    }

    #[test]
    fn doubles_and_strangers_are_refused() {
        let message = "<message xmlns='jabber:client'/>";
        for inner in [
            String::new(),
            "<forwarded xmlns='urn:xmpp:forward:0'/>".to_owned(),
            format!("<forwarded xmlns='urn:xmpp:forward:0'>{message}{message}</forwarded>"),
            format!("<forwarded xmlns='urn:xmpp:forward:0'>{message}</forwarded>").repeat(2),
            "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='urn:other'/></forwarded>".to_owned(),
            "<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client'/></forwarded>".to_owned(),
        ] {
            assert_eq!(forwarded(&parse(&inner)), None, "{inner}");
        }
    }
}

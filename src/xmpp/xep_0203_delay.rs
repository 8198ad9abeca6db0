//! XEP-0203: delayed delivery. Who stamped is for the caller to judge, and so is whether that can be: anybody may
//! write a stamp in anybody's name.

use minidom::Element;
use model::Timestamp;

use crate::{Address, payload::tag, xep_0082_date as date};

/// The namespace.
pub const NS: &str = "urn:xmpp:delay";

/// A stamp (§3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delay {
    /// Who says that it was delayed. A stamp whose `from` is no address has none.
    pub from: Option<Address>,
    /// When it was sent first.
    pub stamp: Timestamp,
}

/// The stamps that can be read, in order.
pub fn delays(stanza: &Element) -> impl Iterator<Item = Delay> + '_ {
    stanza.children().filter(|child| child.is("delay", NS)).filter_map(|child| {
        let from = match child.attr("from") {
            // A forged or broken address must not look like a stamp without one.
            Some(from) => Some(Address::parse(from)?),
            None => None,
        };
        Some(Delay { from, stamp: date::read(child.attr("stamp")?)? })
    })
}

/// The latest stamp in the name of one of `those`: an earlier one beside it may be the sender's own.
pub fn latest_by(stanza: &Element, those: impl Fn(&Address) -> bool) -> Option<Timestamp> {
    delays(stanza).filter(|delay| delay.from.as_ref().is_some_and(&those)).map(|delay| delay.stamp).max()
}

/// Writes a stamp.
#[must_use]
pub fn delay(from: &Address, stamp: Timestamp) -> Element {
    tag("delay", NS, &[("from", &from.to_string()), ("stamp", &date::write(stamp))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    #[test]
    fn a_stamp_reads_what_it_writes() {
        let from = Address::parse("example.org").unwrap();
        let stanza = parent_tag("message", "jabber:client", &[], [delay(&from, Timestamp(1_000))]);
        assert_eq!(
            delays(&stanza).collect::<Vec<_>>(),
            [Delay { from: Some(from), stamp: Timestamp(1_000) }]
        );
    }

    #[test]
    fn strange_stamps_are_passed_over() {
        let stanza: Element = "<message xmlns='jabber:client'>\
            <delay xmlns='urn:xmpp:delay' from='@@' stamp='2002-09-10T23:08:25Z'/>\
            <delay xmlns='urn:xmpp:delay' from='evil.example' stamp='2001-09-10T23:08:25Z'/>\
            <delay xmlns='urn:xmpp:delay' stamp='2000-09-10T23:08:25Z'/>\
            <delay xmlns='urn:xmpp:delay' from='example.org' stamp='soon'/>\
            <delay xmlns='urn:xmpp:delay' from='example.org' stamp='2002-09-10T23:08:26Z'>Offline</delay>\
            <delay xmlns='urn:xmpp:delay' from='example.org' stamp='1999-09-10T23:08:26Z'/>\
            </message>"
            .parse()
            .unwrap();
        assert_eq!(delays(&stanza).count(), 4);
        let time = latest_by(&stanza, |from| from.to_string() == "example.org");
        assert_eq!(time, date::read("2002-09-10T23:08:26Z"));
    }
}

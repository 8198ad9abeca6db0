//! XEP-0420: the envelope that is encrypted in place of a body, so that everything the user says is inside.
//!
//! Beside its content it carries who wrote it to whom and when, and letters that mean nothing, so that the length says
//! little. Those are checked against the stanza around it: whoever relays it could have put it into another.

use minidom::Element;
use model::{BareJid, Timestamp};

use crate::{
    parser,
    payload::{parent_tag, tag, text_tag},
    xep_0082_date as date, xml,
};

/// The namespace.
pub const NS: &str = "urn:xmpp:sce:1";

/// What must not be inside: what servers are to see or to set (§7).
const FORBIDDEN: [(&str, &str); 4] = [
    ("stanza-id", "urn:xmpp:sid:0"),
    ("addresses", "http://jabber.org/protocol/address"),
    ("delay", "urn:xmpp:delay"),
    ("encrypted", "urn:xmpp:omemo:2"),
];

/// An envelope.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// What the user said.
    pub content: Vec<Element>,
    /// Who wrote it.
    pub from: Option<BareJid>,
    /// To whom.
    pub to: Option<BareJid>,
    /// When.
    pub time: Option<Timestamp>,
}

/// Why an envelope is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// It says that somebody else wrote it, or nobody.
    Sender,
    /// It was for somebody else.
    Recipient,
}

impl Envelope {
    /// Reads what was decrypted.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let envelope = parser::fragment(bytes)?;
        if !envelope.is("envelope", NS) {
            return None;
        }
        let who = |name: &str| {
            let jid = envelope.get_child(name, NS)?.attr("jid")?;
            // Some write the device too; it is the account that is compared.
            crate::Address::parse(jid).map(|address| address.to_bare())
        };
        let content = envelope.get_child("content", NS)?;
        let is_allowed =
            |child: &&Element| !FORBIDDEN.iter().any(|(name, namespace)| child.is(*name, *namespace));
        Some(Self {
            content: content.children().filter(is_allowed).cloned().collect(),
            from: who("from"),
            to: who("to"),
            time: envelope.get_child("time", NS).and_then(|time| date::read(time.attr("stamp")?)),
        })
    }

    /// Writes it, with letters that mean nothing.
    #[must_use]
    pub fn write(&self, padding: &str) -> Vec<u8> {
        let who = |name: &str, who: &Option<BareJid>| {
            who.as_ref().map(|who| tag(name, NS, &[("jid", who.as_str())]))
        };
        let time = self.time.map(|time| tag("time", NS, &[("stamp", &date::write(time))]));
        let content = parent_tag("content", NS, &[], self.content.iter().cloned());
        let children = [content, text_tag("rpad", NS, padding)]
            .into_iter()
            .chain(time)
            .chain(who("from", &self.from))
            .chain(who("to", &self.to));
        xml::serialise(&parent_tag("envelope", NS, &[], children))
    }

    /// Compares it with the stanza around it (§3): `from` must be there, `to` is compared if it is (XEP-0384 §5.5.1).
    pub fn check(&self, from: &BareJid, to: &BareJid) -> Result<(), Misfit> {
        if self.from.as_ref() != Some(from) {
            return Err(Misfit::Sender);
        }
        if self.to.as_ref().is_some_and(|named| named != to) {
            return Err(Misfit::Recipient);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid(text: &str) -> BareJid {
        BareJid::new(text).unwrap()
    }

    fn envelope() -> Envelope {
        Envelope {
            content: vec![text_tag("body", "jabber:client", "hello <& there"), tag("x", "urn:x", &[])],
            from: Some(jid("alice@example.org")),
            to: Some(jid("bob@example.net")),
            time: Some(Timestamp(1_767_268_800_000)),
        }
    }

    #[test]
    fn an_envelope_reads_what_it_writes() {
        assert_eq!(Envelope::read(&envelope().write("abc")), Some(envelope()));
        let long = "x".repeat(5000);
        assert_eq!(Envelope::read(&envelope().write(&long)), Some(envelope()));
    }

    #[test]
    fn it_is_believed_only_in_its_own_stanza() {
        let (alice, bob, eve) = (jid("alice@example.org"), jid("bob@example.net"), jid("eve@example.com"));
        assert_eq!(envelope().check(&alice, &bob), Ok(()));
        assert_eq!(envelope().check(&eve, &bob), Err(Misfit::Sender));
        assert_eq!(envelope().check(&alice, &eve), Err(Misfit::Recipient));
        assert_eq!(Envelope { from: None, ..envelope() }.check(&alice, &bob), Err(Misfit::Sender));
        assert_eq!(Envelope { to: None, ..envelope() }.check(&alice, &bob), Ok(()));
    }

    #[test]
    fn strange_bytes_are_no_envelope_and_servers_say_nothing_inside() {
        for text in ["", "hello", "<envelope/>", "<envelope xmlns='urn:xmpp:sce:1'/>", "<body>x</body>"] {
            assert_eq!(Envelope::read(text.as_bytes()), None, "{text}");
        }
        let text = "<envelope xmlns='urn:xmpp:sce:1'><content><body xmlns='jabber:client'>x</body>\
                    <stanza-id xmlns='urn:xmpp:sid:0' id='1' by='a@b.example'/></content>\
                    <from jid='alice@example.org/phone'/><to jid='@'/></envelope>";
        let read = Envelope::read(text.as_bytes()).unwrap();
        assert_eq!((read.content.len(), read.from, read.to), (1, Some(jid("alice@example.org")), None));
    }
}

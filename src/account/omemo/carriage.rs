//! What of a stanza goes where when it is sealed: the table of ARCHITECTURE §4 in code.
//!
//! Version 2 seals everything the user said or did. The legacy version seals the body alone, so what stands beside it would
//! be read by every server: ids and marks may, words and emoji may not. A quote is words.

use model::BareJid;
use xmpp::{
    minidom::Element, xep_0085_chat_states as chat_states, xep_0184_receipts as receipts,
    xep_0308_corrections as corrections, xep_0333_markers as markers, xep_0334_hints as hints,
    xep_0359_stanza_ids as stanza_ids, xep_0424_retractions as retractions, xep_0444_reactions as reactions,
    xep_0450_trust as trust_wire, xep_0461_replies as replies, xml::NS_CLIENT,
};

/// What is read by those who cannot open a message. It says nothing about it.
pub const NOTE: &str = "This message is encrypted with OMEMO, and this program cannot read it.";

/// A stanza taken apart.
#[derive(Debug)]
pub struct Cargo {
    /// What servers need: clear in either version.
    pub outside: Vec<Element>,
    /// All that the user said or did: what version 2 seals.
    pub inside: Vec<Element>,
    /// The body without its quote: what the legacy version seals.
    pub body: Option<String>,
    /// Ids and marks: clear where a legacy device reads along.
    pub marks: Vec<Element>,
    /// Emoji: to legacy devices only if the user allows that servers see them.
    pub reactions: Option<Element>,
    /// Only for verified devices, and only in version 2.
    pub is_trust_message: bool,
}

/// Takes a stanza apart.
pub fn unload(stanza: &Element) -> Cargo {
    let mut cargo = Cargo {
        outside: Vec::new(),
        inside: Vec::new(),
        body: None,
        marks: Vec::new(),
        reactions: None,
        is_trust_message: false,
    };
    // The body of a retraction is a note for old programs, not words.
    if retractions::retracts(stanza).is_none() {
        cargo.body = stanza.get_child("body", NS_CLIENT).map(Element::text).map(|body| {
            if replies::reply(stanza).is_some() { replies::split_body(stanza, &body).0 } else { body }
        });
    }
    for child in stanza.children() {
        if is_for_servers(child) {
            cargo.outside.push(child.clone());
            continue;
        }
        cargo.inside.push(child.clone());
        if child.is("reactions", reactions::NS) {
            cargo.reactions = Some(child.clone());
        } else if child.is("trust-message", trust_wire::NS) {
            cargo.is_trust_message = true;
        } else if is_mark(child) {
            cargo.marks.push(child.clone());
        }
    }
    cargo
}

fn is_for_servers(child: &Element) -> bool {
    child.has_ns(hints::NS) || child.is("origin-id", stanza_ids::NS)
}

fn is_mark(child: &Element) -> bool {
    [receipts::NS, markers::NS, chat_states::NS, corrections::NS, retractions::NS, replies::NS]
        .iter()
        .any(|namespace| child.has_ns(*namespace))
}

/// What of the clear part of a message counts beside what was sealed in version 2: what servers and senders must say there.
pub fn counts_outside(child: &Element) -> bool {
    is_for_servers(child)
        || child.is("stanza-id", stanza_ids::NS)
        || child.is("delay", "urn:xmpp:delay")
        || child.is("x", "http://jabber.org/protocol/muc#user")
}

/// What counts beside what was sealed in the legacy version: ids and marks, never words.
pub fn counts_beside_legacy(child: &Element) -> bool {
    counts_outside(child) || is_mark(child)
}

/// A message put together again: what its stanza says for all to see, and what was sealed.
pub fn load(stanza: &Element, counts: fn(&Element) -> bool, sealed: Vec<Element>) -> Element {
    let mut message = stanza.clone();
    for node in message.take_nodes() {
        if let xmpp::minidom::Node::Element(child) = node
            && counts(&child)
        {
            message.append_child(child);
        }
    }
    for child in sealed {
        message.append_child(child);
    }
    message
}

/// To whom a stanza goes.
pub fn recipient(stanza: &Element) -> Option<BareJid> {
    BareJid::new(stanza.attr("to")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(children: &str) -> Element {
        format!("<message xmlns='jabber:client' to='bob@example.net' type='chat' id='1'>{children}</message>")
            .parse()
            .unwrap()
    }

    fn names(elements: &[Element]) -> Vec<&str> {
        elements.iter().map(Element::name).collect()
    }

    #[test]
    fn beside_a_legacy_body_there_are_no_words() {
        let cargo = unload(&message(
            "<body>&gt; secret\nyes</body><reply xmlns='urn:xmpp:reply:0' id='7'/>\
             <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='9'/></fallback>\
             <replace xmlns='urn:xmpp:message-correct:0' id='6'/><origin-id xmlns='urn:xmpp:sid:0' id='1'/>\
             <request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>\
             <active xmlns='http://jabber.org/protocol/chatstates'/><store xmlns='urn:xmpp:hints'/>",
        ));
        assert_eq!(cargo.body.as_deref(), Some("yes"));
        assert_eq!(names(&cargo.marks), ["reply", "replace", "request", "markable", "active"]);
        assert_eq!(names(&cargo.outside), ["origin-id", "store"]);
        assert_eq!(cargo.inside.len(), 7);
        assert!(cargo.marks.iter().all(|mark| mark.text().is_empty()));
    }

    #[test]
    fn reactions_and_retractions_have_no_body_to_seal() {
        let cargo = unload(&message(
            "<reactions xmlns='urn:xmpp:reactions:0' id='7'><reaction>👍</reaction></reactions>",
        ));
        assert!(cargo.reactions.is_some() && cargo.marks.is_empty() && cargo.body.is_none());
        let cargo = unload(&message(
            "<retract xmlns='urn:xmpp:message-retract:1' id='7'/><body>I took something back</body>",
        ));
        assert_eq!((names(&cargo.marks), cargo.body), (vec!["retract"], None));
        assert_eq!(cargo.inside.len(), 2);
    }

    #[test]
    fn what_stands_beside_a_sealed_envelope_is_not_the_users() {
        let stanza = message(
            "<body>note</body><replace xmlns='urn:xmpp:message-correct:0' id='6'/>\
             <origin-id xmlns='urn:xmpp:sid:0' id='1'/><encrypted xmlns='urn:xmpp:omemo:2'/>",
        );
        let sealed = vec![xmpp::payload::text_tag("body", NS_CLIENT, "words")];
        let two = load(&stanza, counts_outside, sealed.clone());
        assert_eq!(two.children().map(Element::name).collect::<Vec<_>>(), ["origin-id", "body"]);
        assert_eq!(
            (two.attr("id"), two.get_child("body", NS_CLIENT).unwrap().text()),
            (Some("1"), "words".into())
        );
        let legacy = load(&stanza, counts_beside_legacy, sealed);
        assert_eq!(
            legacy.children().map(Element::name).collect::<Vec<_>>(),
            ["replace", "origin-id", "body"]
        );
    }
}

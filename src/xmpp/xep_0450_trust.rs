//! XEP-0450 over XEP-0434: one device tells the others which keys it verified, and which it does not trust.
//!
//! Such a message is worth what the device is worth that sent it; it only ever stands inside an encrypted envelope.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use minidom::Element;
use model::BareJid;

use crate::{
    payload::{parent_tag, text_tag},
    xep_0384_omemo,
};

/// The namespace of trust messages.
pub const NS: &str = "urn:xmpp:tm:1";
/// The namespace of what they are used for.
pub const NS_ATM: &str = "urn:xmpp:atm:1";

/// More keys than this in one message are not looked at.
const MAX_KEYS: usize = 512;

/// What is said of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTrust {
    /// Whose key.
    pub owner: BareJid,
    /// The key as published in bundles of version 2: 32 bytes.
    pub key: [u8; 32],
    /// Whether it is trusted.
    pub trusted: bool,
}

/// Reads a trust message about keys of OMEMO 2; `None` if it is for something else.
#[must_use]
pub fn trust_message(element: &Element) -> Option<Vec<KeyTrust>> {
    let is_ours = element.is("trust-message", NS)
        && element.attr("usage") == Some(NS_ATM)
        && element.attr("encryption") == Some(xep_0384_omemo::NS);
    if !is_ours {
        return None;
    }
    let owners = element.children().filter(|child| child.is("key-owner", NS));
    let keys = owners.flat_map(|owner| {
        let jid = owner.attr("jid").and_then(|jid| BareJid::new(jid).ok());
        owner.children().filter_map(move |child| {
            let trusted = match child.name() {
                "trust" if child.has_ns(NS) => true,
                "distrust" if child.has_ns(NS) => false,
                _ => return None,
            };
            Some(KeyTrust { owner: jid.clone()?, key: key(&child.text())?, trusted })
        })
    });
    Some(keys.take(MAX_KEYS).collect())
}

/// Base64 (XEP-0434 §4), or hexadecimal as earlier versions had it.
fn key(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if text.len() == 64 {
        let mut key = [0; 32];
        for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        return Some(key);
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// Writes a trust message.
#[must_use]
pub fn trust_message_element(keys: &[KeyTrust]) -> Element {
    let mut owners: Vec<&BareJid> = keys.iter().map(|key| &key.owner).collect();
    owners.sort();
    owners.dedup();
    let owner = |owner: &BareJid| {
        let of_owner = keys.iter().filter(|key| key.owner == *owner);
        let of_owner = of_owner.map(|key| {
            let name = if key.trusted { "trust" } else { "distrust" };
            text_tag(name, NS, &STANDARD.encode(key.key))
        });
        parent_tag("key-owner", NS, &[("jid", owner.as_str())], of_owner)
    };
    let attributes = [("usage", NS_ATM), ("encryption", xep_0384_omemo::NS)];
    parent_tag("trust-message", NS, &attributes, owners.into_iter().map(owner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::tag;

    #[test]
    fn a_trust_message_reads_what_it_writes() {
        let (alice, bob) =
            (BareJid::new("alice@example.org").unwrap(), BareJid::new("bob@example.net").unwrap());
        let keys = vec![
            KeyTrust { owner: alice, key: [1; 32], trusted: true },
            KeyTrust { owner: bob.clone(), key: [2; 32], trusted: true },
            KeyTrust { owner: bob, key: [3; 32], trusted: false },
        ];
        assert_eq!(trust_message(&trust_message_element(&keys)), Some(keys));
    }

    #[test]
    fn what_is_about_something_else_or_makes_no_sense_is_left_out() {
        assert_eq!(trust_message(&tag("trust-message", NS, &[("usage", NS_ATM)])), None);
        let text = "<trust-message xmlns='urn:xmpp:tm:1' usage='urn:xmpp:atm:1' encryption='urn:xmpp:omemo:2'>\
            <key-owner jid='@'><trust>AAAA</trust></key-owner><key-owner jid='bob@example.net'><trust>AAAA</trust>\
            <distrust>0101010101010101010101010101010101010101010101010101010101010101</distrust>\
            <trust>éééééééééééééééééééééééééééééééé</trust></key-owner></trust-message>";
        let keys = trust_message(&text.parse().unwrap()).unwrap();
        assert_eq!(keys.len(), 1);
        assert!(!keys[0].trusted && keys[0].key == [1; 32]);
    }
}

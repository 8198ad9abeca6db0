//! XEP-0380: explicit message encryption, so that a message that cannot be read says why.

use minidom::Element;
use model::EncryptionKind;

use crate::payload::tag;

/// The namespace.
pub const NS: &str = "urn:xmpp:eme:0";

/// Namespaces by which encrypted payloads are named or recognised, and the names to write beside them (§4).
const KINDS: [(&str, EncryptionKind, Option<&str>); 6] = [
    ("urn:xmpp:omemo:2", EncryptionKind::Omemo, Some("OMEMO")),
    ("urn:xmpp:omemo:1", EncryptionKind::Other, Some("OMEMO")),
    ("eu.siacs.conversations.axolotl", EncryptionKind::OmemoLegacy, Some("OMEMO")),
    ("urn:xmpp:openpgp:0", EncryptionKind::Ox, None),
    ("jabber:x:encrypted", EncryptionKind::LegacyOpenPgp, None),
    ("urn:xmpp:otr:0", EncryptionKind::Otr, None),
];

/// How a message is encrypted: as it says, else as its payload shows. `EncryptionKind::None` when it is not.
///
/// The `body` beside an encrypted payload is a note for old programs, never the message.
#[must_use]
pub fn encryption(message: &Element) -> EncryptionKind {
    let by_namespace =
        |namespace: &str| KINDS.iter().find(|(known, ..)| *known == namespace).map(|kind| kind.1);
    if let Some(declared) = message.get_child("encryption", NS).and_then(|child| child.attr("namespace")) {
        return by_namespace(declared).unwrap_or(EncryptionKind::Other);
    }
    let recognised = message.children().find_map(|child| match child.name() {
        "encrypted" | "openpgp" => by_namespace(&child.ns()),
        "x" if child.has_ns("jabber:x:encrypted") => Some(EncryptionKind::LegacyOpenPgp),
        _ => None,
    });
    // OTR has no element of its own: its messages begin with these five characters.
    let otr =
        || message.get_child("body", "jabber:client").is_some_and(|body| body.text().starts_with("?OTR"));
    recognised.unwrap_or_else(|| if otr() { EncryptionKind::Otr } else { EncryptionKind::None })
}

/// Says how a message is encrypted; `None` for a kind that has no name.
#[must_use]
pub fn declaration(kind: EncryptionKind) -> Option<Element> {
    let (namespace, _, name) =
        KINDS.iter().find(|(_, known, _)| *known == kind && kind != EncryptionKind::Other)?;
    let name = name.map(|name| ("name", name));
    let attributes: Vec<_> = [("namespace", *namespace)].into_iter().chain(name).collect();
    Some(tag("encryption", NS, &attributes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::{parent_tag, text_tag};

    fn kind_of(child: Element) -> EncryptionKind {
        encryption(&parent_tag("message", "jabber:client", &[], [child]))
    }

    #[test]
    fn declarations_read_what_they_write() {
        for kind in
            [EncryptionKind::Omemo, EncryptionKind::OmemoLegacy, EncryptionKind::Ox, EncryptionKind::Otr]
        {
            assert_eq!(kind_of(declaration(kind).unwrap()), kind);
        }
        assert_eq!(declaration(EncryptionKind::None), None);
        assert_eq!(declaration(EncryptionKind::Other), None);
    }

    #[test]
    fn undeclared_payloads_are_recognised() {
        assert_eq!(
            kind_of(tag("encrypted", "eu.siacs.conversations.axolotl", &[])),
            EncryptionKind::OmemoLegacy
        );
        assert_eq!(kind_of(tag("openpgp", "urn:xmpp:openpgp:0", &[])), EncryptionKind::Ox);
        assert_eq!(kind_of(tag("x", "jabber:x:encrypted", &[])), EncryptionKind::LegacyOpenPgp);
        assert_eq!(kind_of(text_tag("body", "jabber:client", "?OTRv23?")), EncryptionKind::Otr);
        assert_eq!(kind_of(text_tag("body", "jabber:client", "hello")), EncryptionKind::None);
    }

    #[test]
    fn unknown_declarations_are_still_encryption() {
        assert_eq!(kind_of(tag("encryption", NS, &[("namespace", "urn:secret")])), EncryptionKind::Other);
        assert_eq!(kind_of(tag("encryption", NS, &[])), EncryptionKind::None);
    }
}

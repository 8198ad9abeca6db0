//! The elements that OMEMO stands in: lists, bundles, sealed messages, envelopes, what is said of trust, and by which way
//! a message says it is sealed. What was read can be written, and is read again as the same.

use model::{BareJid, OmemoVersion};
use xmpp::minidom::Element;
use xmpp::xep_0384_omemo::{NewEncrypted, Recipient, VERSIONS};
use xmpp::xep_0420_sce::{self, Envelope};
use xmpp::{parser, xep_0380_encryption, xep_0384_omemo as omemo, xep_0450_trust, xml};

use super::elements;

const DEVICE: u32 = 1;

/// After a zero the bytes are an envelope as it was opened, otherwise stanzas.
pub fn read(input: &[u8]) {
    match input.split_first() {
        Some((0, bytes)) => envelope(bytes),
        _ => elements::all(input, |element| everywhere(&element)),
    }
}

fn everywhere(element: &Element) {
    for version in VERSIONS {
        list(version, element);
        bundle(version, element);
        sealed(version, element);
    }
    trust(element);
    declaration(element);
    if element.is("envelope", xep_0420_sce::NS) {
        envelope(&xml::serialise(element));
    }
    element.children().for_each(everywhere);
}

fn list(version: OmemoVersion, element: &Element) {
    let Some(devices) = omemo::device_list(version, element) else { return };
    assert!(devices.len() <= omemo::MAX_DEVICES);
    let written = omemo::device_list_element(version, &devices);
    let again = omemo::device_list(version, &reread(&written)).expect("a list");
    let kept = |device: &omemo::ListedDevice| match version {
        OmemoVersion::Two => device.clone(),
        // It knows no names.
        OmemoVersion::Legacy => omemo::ListedDevice { label: None, label_signature: None, ..device.clone() },
    };
    assert_eq!(again, devices.iter().map(kept).collect::<Vec<_>>());
}

fn bundle(version: OmemoVersion, element: &Element) {
    if let Some(bundle) = omemo::bundle(version, element) {
        let written = omemo::bundle_element(version, &bundle);
        assert_eq!(omemo::bundle(version, &reread(&written)), Some(bundle));
    }
}

fn sealed(version: OmemoVersion, element: &Element) {
    let Some(read) = omemo::encrypted(element, version, &own(), DEVICE) else { return };
    let recipient = |key: &omemo::SealedKey| Recipient { owner: own(), device: DEVICE, key: key.clone() };
    let written = omemo::encrypted_element(&NewEncrypted {
        version,
        sender_device: read.sender_device,
        recipients: read.keys.iter().map(recipient).collect(),
        iv: read.iv.clone(),
        payload: read.payload.clone(),
    });
    let mut message = Element::bare("message", xml::NS_CLIENT);
    message.append_child(written);
    assert_eq!(omemo::encrypted(&reread(&message), version, &own(), DEVICE), Some(read));
    assert!(omemo::is_encrypted(element, version));
}

fn trust(element: &Element) {
    if let Some(mut keys) = xep_0450_trust::trust_message(element) {
        // Written by owner, and read so.
        keys.sort_by(|one, other| one.owner.cmp(&other.owner));
        let written = xep_0450_trust::trust_message_element(&keys);
        assert_eq!(xep_0450_trust::trust_message(&reread(&written)), Some(keys));
    }
}

fn declaration(element: &Element) {
    let kind = xep_0380_encryption::encryption(element);
    if let Some(declaration) = xep_0380_encryption::declaration(kind) {
        let mut message = Element::bare("message", xml::NS_CLIENT);
        message.append_child(declaration);
        assert_eq!(xep_0380_encryption::encryption(&reread(&message)), kind);
    }
}

fn envelope(bytes: &[u8]) {
    let Some(envelope) = Envelope::read(bytes) else { return };
    let written = envelope.write("letters");
    let again = Envelope::read(&written).expect("an envelope");
    assert_eq!(again, envelope);
    if envelope.check(&own(), &own()).is_ok() {
        assert_eq!(envelope.from, Some(own()));
    }
}

/// An element as it arrives.
fn reread(element: &Element) -> Element {
    parser::fragment(&xml::serialise(element)).expect("what we write is well-formed")
}

fn own() -> BareJid {
    BareJid::new("alice@example.org").expect("an address")
}

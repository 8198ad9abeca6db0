//! Bundles: the public keys with which a session with a device is begun (§5.3.2).

use minidom::Element;
use model::OmemoVersion;

use super::{NS, NS_LEGACY, decode, encode, number};
use crate::payload::{parent_tag, tag, text_tag};

/// More prekeys than this are not looked at: one is enough.
const MAX_PREKEYS: usize = 256;
/// No key or signature is longer.
const MAX_KEY: usize = 128;

/// The public keys of a device, as bytes of the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The identity key.
    pub identity_key: Vec<u8>,
    /// The number of the signed prekey.
    pub signed_prekey_id: u32,
    /// The signed prekey.
    pub signed_prekey: Vec<u8>,
    /// Its signature.
    pub signature: Vec<u8>,
    /// The prekeys by number.
    pub prekeys: Vec<(u32, Vec<u8>)>,
}

/// The node that holds the bundle of a device.
#[must_use]
pub fn bundle_node(version: OmemoVersion, device: u32) -> String {
    match version {
        OmemoVersion::Legacy => format!("{NS_LEGACY}.bundles:{device}"),
        OmemoVersion::Two => "urn:xmpp:omemo:2:bundles".to_owned(),
    }
}

/// The name of its item: one node for each device in the legacy version, one item for each in version 2.
#[must_use]
pub fn bundle_item(version: OmemoVersion, device: u32) -> String {
    match version {
        OmemoVersion::Legacy => "current".to_owned(),
        OmemoVersion::Two => device.to_string(),
    }
}

/// Reads a bundle; `None` if a part is missing or there is no prekey.
#[must_use]
pub fn bundle(version: OmemoVersion, element: &Element) -> Option<Bundle> {
    let bundle = match version {
        OmemoVersion::Legacy => legacy(element)?,
        OmemoVersion::Two => two(element)?,
    };
    (!bundle.prekeys.is_empty()).then_some(bundle)
}

fn two(element: &Element) -> Option<Bundle> {
    if !element.is("bundle", NS) {
        return None;
    }
    let key = |name: &str| decode(&element.get_child(name, NS)?.text(), MAX_KEY);
    Some(Bundle {
        identity_key: key("ik")?,
        signed_prekey_id: number(element.get_child("spk", NS)?, "id")?,
        signed_prekey: key("spk")?,
        signature: key("spks")?,
        prekeys: prekeys(element.get_child("prekeys", NS)?, "pk", "id", NS),
    })
}

fn legacy(element: &Element) -> Option<Bundle> {
    if !element.is("bundle", NS_LEGACY) {
        return None;
    }
    let key = |name: &str| decode(&element.get_child(name, NS_LEGACY)?.text(), MAX_KEY);
    Some(Bundle {
        identity_key: key("identityKey")?,
        signed_prekey_id: number(element.get_child("signedPreKeyPublic", NS_LEGACY)?, "signedPreKeyId")?,
        signed_prekey: key("signedPreKeyPublic")?,
        signature: key("signedPreKeySignature")?,
        prekeys: prekeys(element.get_child("prekeys", NS_LEGACY)?, "preKeyPublic", "preKeyId", NS_LEGACY),
    })
}

fn prekeys(parent: &Element, name: &str, id: &str, namespace: &str) -> Vec<(u32, Vec<u8>)> {
    parent
        .children()
        .filter(|child| child.is(name, namespace))
        .take(MAX_PREKEYS)
        .filter_map(|child| Some((number(child, id)?, decode(&child.text(), MAX_KEY)?)))
        .collect()
}

/// Writes a bundle.
#[must_use]
pub fn bundle_element(version: OmemoVersion, bundle: &Bundle) -> Element {
    match version {
        OmemoVersion::Two => {
            let prekeys = bundle.prekeys.iter().map(|(id, key)| numbered("pk", NS, "id", *id, key));
            let children = [
                numbered("spk", NS, "id", bundle.signed_prekey_id, &bundle.signed_prekey),
                text_tag("spks", NS, &encode(&bundle.signature)),
                text_tag("ik", NS, &encode(&bundle.identity_key)),
                parent_tag("prekeys", NS, &[], prekeys),
            ];
            parent_tag("bundle", NS, &[], children)
        }
        OmemoVersion::Legacy => {
            let signed = numbered(
                "signedPreKeyPublic",
                NS_LEGACY,
                "signedPreKeyId",
                bundle.signed_prekey_id,
                &bundle.signed_prekey,
            );
            let prekeys = bundle
                .prekeys
                .iter()
                .map(|(id, key)| numbered("preKeyPublic", NS_LEGACY, "preKeyId", *id, key));
            let children = [
                signed,
                text_tag("signedPreKeySignature", NS_LEGACY, &encode(&bundle.signature)),
                text_tag("identityKey", NS_LEGACY, &encode(&bundle.identity_key)),
                parent_tag("prekeys", NS_LEGACY, &[], prekeys),
            ];
            parent_tag("bundle", NS_LEGACY, &[], children)
        }
    }
}

fn numbered(name: &str, namespace: &str, attribute: &str, id: u32, key: &[u8]) -> Element {
    let mut element = tag(name, namespace, &[(attribute, &id.to_string())]);
    element.append_text(encode(key));
    element
}

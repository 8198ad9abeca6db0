//! XEP-0384: OMEMO, the elements of both versions that are in use.
//!
//! *Legacy* is version 0.3 with the namespace `eu.siacs.conversations.axolotl`: it encrypts the body alone. *Two* is
//! `urn:xmpp:omemo:2`, which encrypts a whole envelope (XEP-0420). A device may speak either or both, so a message may
//! carry an `<encrypted/>` of each. Here are only elements and bytes: what they mean to a ratchet is not for this crate.
//!
//! Everything here comes from strangers: lists, bundles and headers are cut at limits that no honest device meets.

mod bundle;
mod devices;
mod encrypted;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use minidom::Element;

pub use bundle::{Bundle, bundle, bundle_element, bundle_item, bundle_node};
pub use devices::{ListedDevice, MAX_DEVICES, device_list, device_list_element, device_list_node};
pub use encrypted::{
    Encrypted, NewEncrypted, Recipient, SealedKey, encrypted, encrypted_element, is_encrypted,
};
use model::OmemoVersion;

/// The namespace of version 0.3.
pub const NS_LEGACY: &str = "eu.siacs.conversations.axolotl";
/// The namespace of version 2.
pub const NS: &str = "urn:xmpp:omemo:2";

/// Both versions, the better one first.
pub const VERSIONS: [OmemoVersion; 2] = [OmemoVersion::Two, OmemoVersion::Legacy];

/// The options that nodes of OMEMO must have: everybody may read them, also who does not see our presence (§5.3).
pub const OPTIONS: [(&str, &str); 2] = [("pubsub#persist_items", "true"), ("pubsub#access_model", "open")];
/// The options of the node that holds one item for each of our devices (version 2, §5.3.2).
pub const BUNDLES_OPTIONS: [(&str, &str); 3] =
    [("pubsub#persist_items", "true"), ("pubsub#access_model", "open"), ("pubsub#max_items", "max")];

/// The namespace of a version.
#[must_use]
pub fn namespace(version: OmemoVersion) -> &'static str {
    match version {
        OmemoVersion::Legacy => NS_LEGACY,
        OmemoVersion::Two => NS,
    }
}

/// A device id: never zero. Ours have 31 bits; larger ones of others do no harm.
fn device_id(element: &Element, name: &str) -> Option<u32> {
    let id: u32 = element.attr(name)?.trim().parse().ok()?;
    (id > 0).then_some(id)
}

fn number(element: &Element, name: &str) -> Option<u32> {
    element.attr(name)?.trim().parse().ok()
}

/// Base64 as people write it, with spaces and line breaks; `None` when it is none, or more than `max` bytes.
fn decode(text: &str, max: usize) -> Option<Vec<u8>> {
    if text.len() > max.saturating_mul(2).saturating_add(64) {
        return None;
    }
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(text).ok().filter(|bytes| bytes.len() <= max)
}

fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests;

//! Device lists: which devices of an account want to be encrypted to (§5.3.1).

use minidom::Element;
use model::OmemoVersion;

use super::{decode, device_id, encode, namespace};
use crate::payload::{parent_tag, tag};

/// More devices than this nobody has; what is further down the list is not looked at.
pub const MAX_DEVICES: usize = 128;
/// The longest label, in bytes; a longer one is none, for cut off its signature would not fit.
const MAX_LABEL: usize = 256;

/// A device on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDevice {
    /// Its id.
    pub id: u32,
    /// What its owner calls it. As it came: who shows it cleans it. Only version 2 has it.
    pub label: Option<String>,
    /// The signature of the label by the device's key, without which nobody believes it.
    pub label_signature: Option<Vec<u8>>,
}

/// The node of a list.
#[must_use]
pub fn device_list_node(version: OmemoVersion) -> &'static str {
    match version {
        OmemoVersion::Legacy => "eu.siacs.conversations.axolotl.devicelist",
        OmemoVersion::Two => "urn:xmpp:omemo:2:devices",
    }
}

/// Reads a list. Ids that stand there twice count once.
#[must_use]
pub fn device_list(version: OmemoVersion, list: &Element) -> Option<Vec<ListedDevice>> {
    let name = list_name(version);
    if !list.is(name, namespace(version)) {
        return None;
    }
    let mut devices: Vec<ListedDevice> = Vec::new();
    for child in list.children().filter(|child| child.is("device", namespace(version))) {
        if devices.len() >= MAX_DEVICES {
            break;
        }
        let Some(id) = device_id(child, "id") else { continue };
        if devices.iter().any(|device| device.id == id) {
            continue;
        }
        let label = child.attr("label").filter(|label| !label.is_empty() && label.len() <= MAX_LABEL);
        let signature = child.attr("labelsig").and_then(|signature| decode(signature, 64));
        devices.push(ListedDevice { id, label: label.map(str::to_owned), label_signature: signature });
    }
    Some(devices)
}

/// Writes a list.
#[must_use]
pub fn device_list_element(version: OmemoVersion, devices: &[ListedDevice]) -> Element {
    let device = |device: &ListedDevice| {
        let id = device.id.to_string();
        let signature = device.label_signature.as_deref().map(encode);
        let texts = [("label", &device.label), ("labelsig", &signature)];
        let texts = texts.into_iter().filter(|_| version == OmemoVersion::Two);
        let texts = texts.filter_map(|(name, text)| Some((name, text.as_deref()?)));
        let attributes: Vec<_> = [("id", id.as_str())].into_iter().chain(texts).collect();
        tag("device", namespace(version), &attributes)
    };
    parent_tag(list_name(version), namespace(version), &[], devices.iter().map(device))
}

fn list_name(version: OmemoVersion) -> &'static str {
    match version {
        OmemoVersion::Legacy => "list",
        OmemoVersion::Two => "devices",
    }
}

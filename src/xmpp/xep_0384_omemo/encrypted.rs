//! `<encrypted/>`: a payload, and its key sealed for each device (§5.5).

use minidom::Element;
use model::{BareJid, OmemoVersion};

use super::{decode, device_id, encode, namespace};
use crate::payload::{flag_attr, parent_tag, tag, text_tag};

/// A key with the beginning of a session is some hundred bytes long.
const MAX_KEY: usize = 2048;
/// The longest payload, far above what a stanza may hold.
const MAX_PAYLOAD: usize = 1 << 20;
/// Keys for one device. Only in the legacy version there may be more than one: it does not say whose device it is.
const MAX_KEYS: usize = 4;

/// What of an `<encrypted/>` is for one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encrypted {
    /// The version.
    pub version: OmemoVersion,
    /// The device that sent it.
    pub sender_device: u32,
    /// The keys that may be for us; mostly one, none when it is not for this device.
    pub keys: Vec<SealedKey>,
    /// The start value of the payload's cipher. Only the legacy version has it.
    pub iv: Option<Vec<u8>>,
    /// The payload; none in a message that only carries keys.
    pub payload: Option<Vec<u8>>,
}

/// The key of the payload, sealed for one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedKey {
    /// Whether it begins a session.
    pub key_exchange: bool,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEncrypted {
    /// The version.
    pub version: OmemoVersion,
    /// Our device.
    pub sender_device: u32,
    /// Keys, for each person and device.
    pub recipients: Vec<Recipient>,
    /// The start value of the payload's cipher.
    pub iv: Option<Vec<u8>>,
    /// The payload.
    pub payload: Option<Vec<u8>>,
}

/// A sealed key for a device of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Whose device it is.
    pub owner: BareJid,
    /// The device.
    pub device: u32,
    /// The key.
    pub key: SealedKey,
}

/// Whether a message carries an `<encrypted/>` of a version.
#[must_use]
pub fn is_encrypted(message: &Element, version: OmemoVersion) -> bool {
    message.has_child("encrypted", namespace(version))
}

/// Reads what a message has of a version for the device `device` of `own`. `None` if there is nothing, or nothing that
/// makes sense.
#[must_use]
pub fn encrypted(message: &Element, version: OmemoVersion, own: &BareJid, device: u32) -> Option<Encrypted> {
    let namespace = namespace(version);
    let encrypted = message.get_child("encrypted", namespace)?;
    let header = encrypted.get_child("header", namespace)?;
    let for_us = |parent: &Element| -> Vec<SealedKey> {
        parent
            .children()
            .filter(|key| key.is("key", namespace) && device_id(key, "rid") == Some(device))
            .take(MAX_KEYS)
            .filter_map(|key| {
                let exchange = match version {
                    OmemoVersion::Legacy => "prekey",
                    OmemoVersion::Two => "kex",
                };
                let key_exchange = flag_attr(key, exchange).unwrap_or(false);
                Some(SealedKey { key_exchange, bytes: decode(&key.text(), MAX_KEY)? })
            })
            .collect()
    };
    let keys = match version {
        OmemoVersion::Legacy => for_us(header),
        OmemoVersion::Two => header
            .children()
            .filter(|keys| keys.is("keys", namespace))
            .find(|keys| keys.attr("jid").and_then(|jid| BareJid::new(jid).ok()).as_ref() == Some(own))
            .map(for_us)
            .unwrap_or_default(),
    };
    let iv = match version {
        OmemoVersion::Legacy => header.get_child("iv", namespace),
        OmemoVersion::Two => None,
    };
    let payload = match encrypted.get_child("payload", namespace) {
        Some(payload) => Some(decode(&payload.text(), MAX_PAYLOAD)?),
        None => None,
    };
    Some(Encrypted {
        version,
        sender_device: device_id(header, "sid")?,
        keys,
        iv: iv.and_then(|iv| decode(&iv.text(), 64)),
        payload,
    })
}

/// Writes an `<encrypted/>`.
#[must_use]
pub fn encrypted_element(new: &NewEncrypted) -> Element {
    let namespace = namespace(new.version);
    let header_children: Vec<Element> = match new.version {
        OmemoVersion::Legacy => {
            let keys = new.recipients.iter().map(|recipient| key(recipient, namespace, "prekey"));
            let iv = new.iv.as_deref().map(|iv| text_tag("iv", namespace, &encode(iv)));
            keys.chain(iv).collect()
        }
        OmemoVersion::Two => {
            let mut owners: Vec<&BareJid> = Vec::new();
            for recipient in &new.recipients {
                if !owners.contains(&&recipient.owner) {
                    owners.push(&recipient.owner);
                }
            }
            let keys_of = |owner: &BareJid| {
                let keys = new.recipients.iter().filter(|recipient| recipient.owner == *owner);
                let keys = keys.map(|recipient| key(recipient, namespace, "kex"));
                parent_tag("keys", namespace, &[("jid", owner.as_str())], keys)
            };
            owners.into_iter().map(keys_of).collect()
        }
    };
    let sid = new.sender_device.to_string();
    let header = parent_tag("header", namespace, &[("sid", &sid)], header_children);
    let payload = new.payload.as_deref().map(|payload| text_tag("payload", namespace, &encode(payload)));
    parent_tag("encrypted", namespace, &[], [header].into_iter().chain(payload))
}

fn key(recipient: &Recipient, namespace: &str, exchange: &str) -> Element {
    let rid = recipient.device.to_string();
    let exchange = recipient.key.key_exchange.then_some((exchange, "true"));
    let attributes: Vec<_> = [("rid", rid.as_str())].into_iter().chain(exchange).collect();
    let mut element = tag("key", namespace, &attributes);
    element.append_text(encode(&recipient.key.bytes));
    element
}

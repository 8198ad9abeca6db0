//! XEP-0490: message displayed synchronization between a user's own devices.
//!
//! Believed only from the own account, and only with an id of the own archive or the room's (§4).

use minidom::Element;
use model::BareJid;

use crate::{
    payload::{parent_tag, tag},
    xep_0060_pubsub::Item,
    xep_0359_stanza_ids,
};

/// The namespace, and the node.
pub const NS: &str = "urn:xmpp:mds:displayed:0";

/// The options the node must have (§3.1), so that everything is kept and nobody else reads it.
pub const OPTIONS: [(&str, &str); 4] = [
    ("pubsub#persist_items", "true"),
    ("pubsub#max_items", "max"),
    ("pubsub#send_last_published_item", "never"),
    ("pubsub#access_model", "whitelist"),
];

/// Up to where a conversation was displayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Displayed {
    /// With whom, or which room.
    pub peer: BareJid,
    /// The id of the newest displayed message in the archive.
    pub archive_id: String,
}

/// Reads an item, if its id was given by `own` (for a direct chat) or by the room itself.
#[must_use]
pub fn displayed(item: &Item<'_>, own: &BareJid) -> Option<Displayed> {
    let peer = BareJid::new(item.id.as_deref()?).ok()?;
    let displayed = item.payload.filter(|payload| payload.is("displayed", NS))?;
    let archive_id = xep_0359_stanza_ids::stanza_id(displayed, own)
        .or_else(|| xep_0359_stanza_ids::stanza_id(displayed, &peer))?;
    Some(Displayed { peer, archive_id })
}

/// Writes what an item holds (§3.1); its name is the address of the peer. `by` gave the id.
#[must_use]
pub fn element(archive_id: &str, by: &BareJid) -> Element {
    let id = tag("stanza-id", xep_0359_stanza_ids::NS, &[("by", by.as_str()), ("id", archive_id)]);
    parent_tag("displayed", NS, &[], [id])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_reads_what_it_writes() {
        let own = BareJid::new("juliet@example.org").unwrap();
        let peer = BareJid::new("romeo@example.net").unwrap();
        let payload = element("7", &own);
        let item = Item { id: Some(peer.to_string()), payload: Some(&payload) };
        assert_eq!(displayed(&item, &own), Some(Displayed { peer, archive_id: "7".to_owned() }));
    }

    #[test]
    fn strange_items_say_nothing() {
        let own = BareJid::new("juliet@example.org").unwrap();
        let forged = element("7", &BareJid::new("evil@example.com").unwrap());
        let empty = tag("displayed", NS, &[]);
        let good = element("7", &own);
        for (id, payload) in [
            (Some("romeo@example.net"), Some(&forged)),
            (Some("romeo@example.net"), Some(&empty)),
            (Some("romeo@example.net"), None),
            (Some("@"), Some(&good)),
            (Some("romeo@example.net/phone"), Some(&good)),
            (None, Some(&good)),
        ] {
            let item = Item { id: id.map(str::to_owned), payload };
            assert_eq!(displayed(&item, &own), None, "{id:?}");
        }
    }
}

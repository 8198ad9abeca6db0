//! RFC 6121 §2: the roster. Who may push one is checked by the caller (§2.1.6).

use minidom::Element;
use model::{BareJid, Subscription};

use crate::{
    Address,
    payload::{clamp, flag_attr, parent_tag, tag, text_tag},
};

/// The namespace.
pub const NS: &str = "jabber:iq:roster";

/// Groups of one contact beyond this are left out, as is what a name or group has beyond [`MAX_NAME`] bytes.
const MAX_GROUPS: usize = 64;
const MAX_NAME: usize = 1024;

/// An entry (§2.1.2), as the server tells it. Names are as they came: who shows them cleans them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Whose it is.
    pub address: BareJid,
    /// The name the user gave.
    pub name: Option<String>,
    /// The groups.
    pub groups: Vec<String>,
    /// Who sees whom; `None` means that the entry is gone (§2.5).
    pub subscription: Option<Subscription>,
    /// Whether we asked to see their presence and wait (§2.1.2.2).
    pub asked: bool,
    /// Whether a request of theirs is approved in advance (§3.4).
    pub approved: bool,
}

/// A roster, or a change to one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// The version after it (§2.6).
    pub version: Option<String>,
    /// The entries; one whose address cannot be read is left out.
    pub items: Vec<Item>,
}

/// Asks for the roster (§2.2). `version` is what is at hand, the empty string standing for nothing;
/// `None` when the server does not know versions (§2.6.1).
#[must_use]
pub fn request(version: Option<&str>) -> Element {
    let attributes: Vec<_> = version.map(|version| ("ver", version)).into_iter().collect();
    tag("query", NS, &attributes)
}

/// Reads a roster, or a push.
#[must_use]
pub fn roster(query: &Element) -> Option<Roster> {
    query.is("query", NS).then(|| Roster {
        version: query.attr("ver").filter(|version| version.len() <= MAX_NAME).map(str::to_owned),
        items: query.children().filter(|child| child.is("item", NS)).filter_map(item).collect(),
    })
}

fn item(item: &Element) -> Option<Item> {
    let mut groups: Vec<String> = Vec::new();
    for group in item.children().filter(|child| child.is("group", NS)).take(MAX_GROUPS) {
        let group = clamp(group.text().trim().to_owned(), MAX_NAME);
        if !group.is_empty() && !groups.contains(&group) {
            groups.push(group);
        }
    }
    Some(Item {
        address: Address::parse(item.attr("jid")?).filter(Address::is_bare)?.to_bare(),
        name: item.attr("name").filter(|name| !name.is_empty()).map(|name| clamp(name.to_owned(), MAX_NAME)),
        groups,
        subscription: match item.attr("subscription") {
            Some("both") => Some(Subscription::Both),
            Some("to") => Some(Subscription::To),
            Some("from") => Some(Subscription::From),
            Some("remove") => None,
            _ => Some(Subscription::None),
        },
        asked: item.attr("ask") == Some("subscribe"),
        approved: flag_attr(item, "approved").unwrap_or(false),
    })
}

/// Puts someone on the roster or changes name and groups, in an IQ of type `set` (§2.3, §2.4).
#[must_use]
pub fn set(address: &BareJid, name: Option<&str>, groups: &[String]) -> Element {
    let name = name.map(|name| ("name", name));
    let attributes: Vec<_> = [("jid", address.as_str())].into_iter().chain(name).collect();
    let groups = groups.iter().map(|group| text_tag("group", NS, group));
    parent_tag("query", NS, &[], [parent_tag("item", NS, &attributes, groups)])
}

/// Takes someone off the roster (§2.5).
#[must_use]
pub fn remove(address: &BareJid) -> Element {
    let item = tag("item", NS, &[("jid", address.as_str()), ("subscription", "remove")]);
    parent_tag("query", NS, &[], [item])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_what_it_writes() {
        let address = BareJid::new("romeo@example.net").unwrap();
        let read = roster(&set(&address, Some("Romeo"), &["Friends".to_owned()])).unwrap();
        let item = &read.items[0];
        assert_eq!(
            (item.name.as_deref(), item.groups.as_slice()),
            (Some("Romeo"), ["Friends".to_owned()].as_slice())
        );
        assert_eq!(item.subscription, Some(Subscription::None));
        assert_eq!(roster(&remove(&address)).unwrap().items[0].subscription, None);
        assert_eq!(request(Some("")).attr("ver"), Some(""));
        assert_eq!(request(None).attr("ver"), None);
    }

    #[test]
    fn strange_entries_do_not_cost_the_others() {
        let query: Element = "<query xmlns='jabber:iq:roster' ver='7'>\
            <item/><item jid='@'/><item jid='a@example.org/phone'/>\
            <item jid='B@Example.org' subscription='sideways' ask='maybe' approved='true'>\
            <group> A </group><group>A</group><group/></item>\
            <other/></query>"
            .parse()
            .unwrap();
        let roster = roster(&query).unwrap();
        assert_eq!(roster.version.as_deref(), Some("7"));
        assert_eq!(
            roster.items,
            [Item {
                address: BareJid::new("b@example.org").unwrap(),
                name: None,
                groups: vec!["A".to_owned()],
                subscription: Some(Subscription::None),
                asked: false,
                approved: true,
            }]
        );
    }

    #[test]
    fn groups_and_names_are_bounded() {
        let groups: String = (0..500).map(|n| format!("<group>{n}</group>")).collect::<Vec<_>>().concat();
        let name = "é".repeat(3000);
        let query: Element =
            format!("<query xmlns='{NS}'><item jid='a@b.example' name='{name}'>{groups}</item></query>")
                .parse()
                .unwrap();
        let item = roster(&query).unwrap().items.remove(0);
        assert_eq!(item.groups.len(), MAX_GROUPS);
        assert_eq!(item.name.unwrap().len(), MAX_NAME);
    }
}

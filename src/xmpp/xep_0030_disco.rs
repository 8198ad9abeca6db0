//! XEP-0030: service discovery, what an entity is and can do.

use minidom::Element;
use rxml::Namespace;

use crate::{
    payload::{clamp, parent_tag, tag},
    xep_0004_data_forms::{Form, NS as NS_DATA},
};

/// The namespace of questions about features.
pub const NS: &str = "http://jabber.org/protocol/disco#info";
/// The namespace of questions about items.
pub const NS_ITEMS: &str = "http://jabber.org/protocol/disco#items";

/// Bounds of what one entity may tell. A longer list is cut, and so fails the check of its hash (XEP-0115).
const MAX_IDENTITIES: usize = 64;
const MAX_FEATURES: usize = 1024;
const MAX_FORMS: usize = 16;
const MAX_TEXT: usize = 1024;

/// What an entity is (§3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// `client`, `conference`, `pubsub`, …
    pub category: String,
    /// `pc`, `text`, `pep`, …
    pub kind: String,
    /// The language of the name.
    pub lang: String,
    /// What to call it.
    pub name: String,
}

/// What an entity is and can do (§3.1), with the forms of XEP-0128.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// The node that was asked.
    pub node: Option<String>,
    /// What it is.
    pub identities: Vec<Identity>,
    /// What it can do.
    pub features: Vec<String>,
    /// What else it tells (XEP-0128).
    pub forms: Vec<Form>,
}

impl Info {
    /// Reads an answer.
    #[must_use]
    pub fn read(query: &Element) -> Option<Self> {
        let children = |name: &'static str| query.children().filter(move |child| child.is(name, NS));
        let text = |text: Option<&str>| clamp(text.unwrap_or_default().to_owned(), MAX_TEXT);
        query.is("query", NS).then(|| Self {
            node: query.attr("node").map(str::to_owned),
            identities: children("identity")
                .take(MAX_IDENTITIES)
                .map(|identity| Identity {
                    category: text(identity.attr("category")),
                    kind: text(identity.attr("type")),
                    lang: text(identity.attr_ns(Namespace::xml(), "lang")),
                    name: text(identity.attr("name")),
                })
                .collect(),
            features: children("feature")
                .filter_map(|feature| feature.attr("var"))
                .take(MAX_FEATURES)
                .map(|var| clamp(var.to_owned(), MAX_TEXT))
                .collect(),
            forms: query
                .children()
                .filter(|child| child.is("x", NS_DATA))
                .take(MAX_FORMS)
                .filter_map(Form::read)
                .collect(),
        })
    }

    /// Writes an answer. Languages and forms are left out: we have neither.
    #[must_use]
    pub fn element(&self) -> Element {
        let identities = self.identities.iter().map(|identity| {
            let name = (!identity.name.is_empty()).then_some(("name", identity.name.as_str()));
            let attributes = [("category", identity.category.as_str()), ("type", identity.kind.as_str())];
            let attributes: Vec<_> = attributes.into_iter().chain(name).collect();
            tag("identity", NS, &attributes)
        });
        let features = self.features.iter().map(|feature| tag("feature", NS, &[("var", feature)]));
        let node: Vec<_> = self.node.as_deref().map(|node| ("node", node)).into_iter().collect();
        parent_tag("query", NS, &node, identities.chain(features))
    }

    /// Whether it can do something.
    #[must_use]
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }

    /// Whether it is something.
    #[must_use]
    pub fn is(&self, category: &str, kind: &str) -> bool {
        self.identities.iter().any(|identity| identity.category == category && identity.kind == kind)
    }
}

/// Asks what an entity, or a node of it, is and can do, in an IQ of type `get`.
#[must_use]
pub fn query(node: Option<&str>) -> Element {
    let attributes: Vec<_> = node.map(|node| ("node", node)).into_iter().collect();
    tag("query", NS, &attributes)
}

/// Asks what belongs to an entity, in an IQ of type `get` (§4.1).
#[must_use]
pub fn items_query() -> Element {
    tag("query", NS_ITEMS, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reads_what_it_writes() {
        let info = Info {
            node: Some("https://starling.im#x".to_owned()),
            identities: vec![Identity {
                category: "client".to_owned(),
                kind: "pc".to_owned(),
                lang: String::new(),
                name: "Starling".to_owned(),
            }],
            features: vec!["urn:xmpp:ping".to_owned(), NS.to_owned()],
            forms: Vec::new(),
        };
        assert_eq!(Info::read(&info.element()), Some(info.clone()));
        assert!(info.has("urn:xmpp:ping") && info.is("client", "pc") && !info.is("client", "phone"));
    }

    #[test]
    fn strange_answers_are_bounded() {
        assert_eq!(Info::read(&items_query()), None);
        let features = "<feature var='a'/>".repeat(5000);
        let query: Element = format!(
            "<query xmlns='{NS}'><identity/><feature/>{features}<x xmlns='jabber:x:data' type='result'/></query>"
        )
        .parse()
        .unwrap();
        let info = Info::read(&query).unwrap();
        assert_eq!((info.identities.len(), info.features.len(), info.forms.len()), (1, MAX_FEATURES, 1));
    }
}

//! XEP-0060: publish-subscribe, as far as the nodes of an account need it (XEP-0163).
//!
//! An event counts only for a node of its sender: the caller checks that (DESIGN rule 10).

use minidom::Element;

use crate::{
    payload::{id_attr, parent_tag, tag},
    xep_0004_data_forms::{Field, Form},
};

/// The namespace of requests.
pub const NS: &str = "http://jabber.org/protocol/pubsub";
/// The namespace of events.
pub const NS_EVENT: &str = "http://jabber.org/protocol/pubsub#event";
/// The namespace of an owner's requests.
pub const NS_OWNER: &str = "http://jabber.org/protocol/pubsub#owner";
/// The namespace of the conditions in errors.
pub const NS_ERRORS: &str = "http://jabber.org/protocol/pubsub#errors";
/// The type of a form with options to publish with (§7.1.5).
pub const PUBLISH_OPTIONS: &str = "http://jabber.org/protocol/pubsub#publish-options";
/// The type of a form that configures a node (§8.2).
pub const NODE_CONFIG: &str = "http://jabber.org/protocol/pubsub#node_config";

/// More items than this at once are not looked at.
const MAX_ITEMS: usize = 4096;

/// An item, still in the element that carried it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item<'a> {
    /// Its name within the node.
    pub id: Option<String>,
    /// What it holds.
    pub payload: Option<&'a Element>,
}

/// What happened at a node (§7.1.2, §7.2.2, §8.4, §8.5).
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// Items were published, or taken back.
    Items {
        /// The node.
        node: String,
        /// The published ones.
        items: Vec<Item<'a>>,
        /// Names of those taken back.
        retracted: Vec<String>,
    },
    /// All items are gone, or the node itself.
    Emptied {
        /// The node.
        node: String,
    },
}

/// The event in an `<event/>`, if it is one that matters.
#[must_use]
pub fn event(event: &Element) -> Option<Event<'_>> {
    if !event.is("event", NS_EVENT) {
        return None;
    }
    let child = event.children().find(|child| child.has_ns(NS_EVENT))?;
    let node = id_attr(child, "node")?;
    match child.name() {
        "items" => Some(Event::Items {
            node,
            items: read_items(child, NS_EVENT),
            retracted: child
                .children()
                .filter(|item| item.is("retract", NS_EVENT))
                .take(MAX_ITEMS)
                .filter_map(|item| id_attr(item, "id"))
                .collect(),
        }),
        "purge" | "delete" => Some(Event::Emptied { node }),
        _ => None,
    }
}

fn read_items<'a>(parent: &'a Element, namespace: &'static str) -> Vec<Item<'a>> {
    parent
        .children()
        .filter(|item| item.is("item", namespace))
        .take(MAX_ITEMS)
        .map(|item| Item { id: id_attr(item, "id"), payload: item.children().next() })
        .collect()
}

/// The items in the answer to [`items_query`], if they are of that node (§6.5).
#[must_use]
pub fn items<'a>(pubsub: &'a Element, node: &str) -> Option<Vec<Item<'a>>> {
    let items = pubsub.is("pubsub", NS).then(|| pubsub.get_child("items", NS)).flatten()?;
    (items.attr("node") == Some(node)).then(|| read_items(items, NS))
}

/// Asks for the items of a node: all, the newest few, or one by its id; in an IQ of type `get` (§6.5).
#[must_use]
pub fn items_query(node: &str, max: Option<u32>, id: Option<&str>) -> Element {
    let max = max.map(|max| max.to_string());
    let attributes: Vec<_> =
        [("node", node)].into_iter().chain(max.as_deref().map(|max| ("max_items", max))).collect();
    let item = id.map(|id| tag("item", NS, &[("id", id)]));
    parent_tag("pubsub", NS, &[], [parent_tag("items", NS, &attributes, item)])
}

/// Publishes an item, in an IQ of type `set` (§7.1). The node gets the options if it is made by this; if it is
/// there with others the server refuses with [`is_precondition_not_met`] (§7.1.5).
#[must_use]
pub fn publish(node: &str, id: &str, payload: Element, options: &[(&str, &str)]) -> Element {
    let item = parent_tag("item", NS, &[("id", id)], [payload]);
    let publish = parent_tag("publish", NS, &[("node", node)], [item]);
    let options = (!options.is_empty())
        .then(|| parent_tag("publish-options", NS, &[], [options_form(PUBLISH_OPTIONS, options)]));
    parent_tag("pubsub", NS, &[], [publish].into_iter().chain(options))
}

/// Changes the options of an own node, in an IQ of type `set` (§8.2.4).
#[must_use]
pub fn configure(node: &str, options: &[(&str, &str)]) -> Element {
    let configure =
        parent_tag("configure", NS_OWNER, &[("node", node)], [options_form(NODE_CONFIG, options)]);
    parent_tag("pubsub", NS_OWNER, &[], [configure])
}

fn options_form(form_type: &str, options: &[(&str, &str)]) -> Element {
    Form::submit(Some(form_type), options.iter().map(|(name, value)| Field::text(name, value)).collect())
        .element()
}

/// Takes an item back and tells others, in an IQ of type `set` (§7.2).
#[must_use]
pub fn retract(node: &str, id: &str) -> Element {
    let item = tag("item", NS, &[("id", id)]);
    parent_tag("pubsub", NS, &[], [parent_tag("retract", NS, &[("node", node), ("notify", "true")], [item])])
}

/// Whether an error says that the node has other options than those to publish with.
#[must_use]
pub fn is_precondition_not_met(error: &crate::StanzaError) -> bool {
    error.specific.iter().any(|(namespace, name)| namespace == NS_ERRORS && name == "precondition-not-met")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Element {
        text.parse().unwrap()
    }

    #[test]
    fn items_are_read_from_answers_and_events() {
        let answer = parse(
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'>\
             <item id='1'><x xmlns='urn:x'/></item><item/></items></pubsub>",
        );
        let found = items(&answer, "n").unwrap();
        assert_eq!(found[0].id.as_deref(), Some("1"));
        assert!(found[0].payload.unwrap().is("x", "urn:x"));
        assert_eq!(found[1], Item { id: None, payload: None });
        assert_eq!(items(&answer, "other"), None, "an answer about another node");

        let event_element = parse(
            "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n'>\
             <item id='1'><x xmlns='urn:x'/></item><retract id='2'/><retract/></items></event>",
        );
        let Some(Event::Items { node, items, retracted }) = event(&event_element) else { panic!() };
        assert_eq!((node.as_str(), items.len(), retracted), ("n", 1, vec!["2".to_owned()]));
    }

    #[test]
    fn strange_events_are_none() {
        let wrap = |inner: &str| parse(&format!("<event xmlns='{NS_EVENT}'>{inner}</event>"));
        for inner in [
            "",
            "<items/>",
            "<items node=''/>",
            "<items xmlns='urn:x' node='n'/>",
            "<subscription node='n'/>",
        ] {
            assert_eq!(event(&wrap(inner)), None, "{inner}");
        }
        assert_eq!(event(&wrap("<delete node='n'/>")), Some(Event::Emptied { node: "n".to_owned() }));
    }

    #[test]
    fn publishing_carries_its_options() {
        let element = publish("n", "current", tag("x", "urn:x", &[]), &[("pubsub#access_model", "presence")]);
        let form = element.get_child("publish-options", NS).unwrap().get_child("x", "jabber:x:data").unwrap();
        let form = Form::read(form).unwrap();
        assert_eq!(form.form_type(), Some(PUBLISH_OPTIONS));
        assert_eq!(form.value("pubsub#access_model"), Some("presence"));
        assert!(!publish("n", "1", tag("x", "urn:x", &[]), &[]).has_child("publish-options", NS));
        assert!(configure("n", &[("a", "b")]).is("pubsub", NS_OWNER));
        let query = items_query("n", Some(1), None);
        assert_eq!(query.get_child("items", NS).unwrap().attr("max_items"), Some("1"));
        let one = items_query("n", None, Some("i"));
        assert!(one.get_child("items", NS).unwrap().has_child("item", NS));
        let gone = retract("n", "i");
        assert_eq!(gone.get_child("retract", NS).unwrap().attr("notify"), Some("true"));
    }
}

//! What the account wrote, as elements, and how they are compared with what a script expects.

use std::collections::BTreeMap;

use xmpp::{
    minidom::{Element, Node},
    parser::{Limits, Parsed, Parser},
};

/// Reads what the account writes.
pub struct Reader {
    parser: Parser,
}

impl Reader {
    /// Before the first byte.
    pub fn new() -> Self {
        Self { parser: Parser::new(Limits::default()) }
    }

    /// What was written, as far as it is whole.
    pub fn read(&mut self, mut bytes: &[u8]) -> Vec<Element> {
        let mut found = Vec::new();
        // A header begins a stream anew (RFC 6120 §4.3.3).
        if bytes.starts_with(b"<?xml") || bytes.starts_with(b"<stream:stream") {
            self.parser = Parser::new(Limits::default());
        }
        loop {
            match self.parser.parse(&mut bytes).expect("the account writes XML") {
                Some(Parsed::Opened(_)) => found.push(Element::bare("stream", "header")),
                Some(Parsed::Element(element)) => found.push(element),
                Some(Parsed::Ended) => found.push(Element::bare("end", "header")),
                Some(Parsed::Refused(refused)) => {
                    panic!("the account writes what we would refuse: {refused:?}")
                }
                None => return found,
            }
        }
    }
}

/// Values that a script gave names to: `{name}`.
pub type Names = BTreeMap<String, String>;

/// Whether `element` is what `pattern` says: the attributes, the texts, the children that it names. `{name}`
/// stands for any value the first time and for the same one after that, `{}` for any.
pub fn matches(pattern: &Element, element: &Element, names: &mut Names) -> bool {
    if pattern.name() != element.name() || pattern.ns() != element.ns() {
        return false;
    }
    for ((namespace, name), wanted) in pattern.attrs() {
        let Some((_, value)) =
            element.attrs().iter().find(|((other, key), _)| *other == namespace && *key == name)
        else {
            return false;
        };
        if !same(wanted, value, names) {
            return false;
        }
    }
    let wanted = pattern.text();
    if !wanted.trim().is_empty() && !same(wanted.trim(), element.text().trim(), names) {
        return false;
    }
    let mut children = element.children();
    pattern.children().all(|wanted| {
        children.by_ref().any(|child| {
            let mut tried = names.clone();
            let fits = matches(wanted, child, &mut tried);
            if fits {
                *names = tried;
            }
            fits
        })
    })
}

fn same(wanted: &str, value: &str, names: &mut Names) -> bool {
    let Some(name) = wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return wanted == value;
    };
    if name.is_empty() {
        return true;
    }
    names.entry(name.to_owned()).or_insert_with(|| value.to_owned()) == value
}

/// `text` with the values of its names.
pub fn fill(text: &str, names: &Names) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// An element as a script would write it.
pub fn show(element: &Element) -> String {
    String::from_utf8(xmpp::xml::serialise(element)).unwrap()
}

/// Reads a piece of a script; stanzas need not say their namespace.
pub fn parse(text: &str) -> Element {
    let wrapped =
        format!("<x xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>{text}</x>");
    let mut outer: Element = wrapped.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
    outer
        .take_nodes()
        .into_iter()
        .find_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
        .unwrap_or_else(|| panic!("nothing in {text}"))
}

//! XEP-0338: which contents of a session share one transport (BUNDLE, RFC 9143).

use minidom::Element;

use crate::{
    payload::{parent_tag, tag, word_attr},
    xep_0166_jingle::{MAX_CONTENTS, MAX_NAME},
};

/// The namespace.
pub const NS: &str = "urn:xmpp:jingle:apps:grouping:0";

/// The names of the contents that share a transport; `None` if that makes no sense. Other groups mean nothing here.
#[must_use]
pub fn bundle(jingle: &Element) -> Option<Vec<String>> {
    let is_bundle = |child: &&Element| child.is("group", NS) && child.attr("semantics") == Some("BUNDLE");
    let Some(group) = jingle.children().find(is_bundle) else { return Some(Vec::new()) };
    let contents = || group.children().filter(|child| child.is("content", NS));
    if contents().count() > MAX_CONTENTS {
        return None;
    }
    contents().map(|child| word_attr(child, "name", MAX_NAME)).collect()
}

/// The element.
#[must_use]
pub fn element(names: &[String]) -> Element {
    let contents = names.iter().map(|name| tag("content", NS, &[("name", name)]));
    parent_tag("group", NS, &[("semantics", "BUNDLE")], contents)
}

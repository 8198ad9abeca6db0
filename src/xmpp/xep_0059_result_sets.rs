//! XEP-0059: result set management, the pages of an archive.

use minidom::Element;

use crate::payload::{id_text, parent_tag, tag, text_tag};

/// The namespace.
pub const NS: &str = "http://jabber.org/protocol/rsm";

/// Which page is wanted (§2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many items.
    pub max: Option<u32>,
    /// Those after this one.
    pub after: Option<String>,
    /// Those before this one; the empty string asks for the last page (§2.5).
    pub before: Option<String>,
}

impl PageRequest {
    /// Writes the request.
    #[must_use]
    pub fn element(&self) -> Element {
        let max = self.max.map(|max| text_tag("max", NS, &max.to_string()));
        let after = self.after.as_deref().map(|after| text_tag("after", NS, after));
        let before = self.before.as_deref().map(|before| match before {
            "" => tag("before", NS, &[]),
            before => text_tag("before", NS, before),
        });
        parent_tag("set", NS, &[], max.into_iter().chain(after).chain(before))
    }
}

/// Which page came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its first item.
    pub first: Option<String>,
    /// Its last item.
    pub last: Option<String>,
    /// How many items there are in all, if the server says.
    pub count: Option<u64>,
}

/// The page described in `parent`; an empty one when nothing is said.
#[must_use]
pub fn page(parent: &Element) -> Page {
    let Some(set) = parent.get_child("set", NS) else { return Page::default() };
    Page {
        first: set.get_child("first", NS).and_then(id_text),
        last: set.get_child("last", NS).and_then(id_text),
        count: set.get_child("count", NS).and_then(|count| count.text().trim().parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_what_it_wants() {
        let request = PageRequest { max: Some(250), after: Some("a".to_owned()), before: None };
        assert_eq!(
            String::from(&request.element()),
            "<set xmlns='http://jabber.org/protocol/rsm'><max>250</max><after>a</after></set>"
        );
        let last = PageRequest { before: Some(String::new()), ..PageRequest::default() };
        assert!(last.element().has_child("before", NS));
    }

    #[test]
    fn a_page_is_read_as_far_as_it_makes_sense() {
        let parent: Element = "<fin xmlns='urn:x'><set xmlns='http://jabber.org/protocol/rsm'>\
            <first index='x'>1</first><last></last><count>-3</count></set></fin>"
            .parse()
            .unwrap();
        assert_eq!(page(&parent), Page { first: Some("1".to_owned()), last: None, count: None });
        assert_eq!(page(&Element::bare("fin", "urn:x")), Page::default());
    }
}

//! XEP-0313: message archive management.
//!
//! Results count only when they come from the archive that was asked and carry the id of the query that
//! still waits (DESIGN rule 10): the caller checks both.

use jid::Jid;
use minidom::Element;
use model::Timestamp;

use crate::{
    payload::{flag_attr, id_attr, parent_tag, tag},
    xep_0004_data_forms::{Field, Form},
    xep_0059_result_sets::{self as result_sets, Page, PageRequest},
    xep_0082_date as date,
    xep_0297_forwarding::{self, Forwarded},
};

/// The namespace, announced by an archive in disco#info.
pub const NS: &str = "urn:xmpp:mam:2";
/// Announced by archives that know `before-id`, `after-id` and `ids`, and tell their ends (§4.1.3, §4.4).
pub const NS_EXTENDED: &str = "urn:xmpp:mam:2#extended";

/// What is asked of an archive (§4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Names the query: results repeat it.
    pub id: String,
    /// Only messages with this one.
    pub with: Option<Jid>,
    /// Only from this time on.
    pub start: Option<Timestamp>,
    /// Only up to this time.
    pub end: Option<Timestamp>,
    /// Which page.
    pub page: PageRequest,
}

impl Query {
    /// Writes the query, for an IQ of type `set`.
    #[must_use]
    pub fn element(&self) -> Element {
        let mut fields = Vec::new();
        if let Some(with) = &self.with {
            fields.push(Field::text("with", with.as_str()));
        }
        if let Some(start) = self.start {
            fields.push(Field::text("start", &date::write(start)));
        }
        if let Some(end) = self.end {
            fields.push(Field::text("end", &date::write(end)));
        }
        let form = (!fields.is_empty()).then(|| Form::submit(Some(NS), fields).element());
        let attributes = [("queryid", self.id.as_str())];
        parent_tag("query", NS, &attributes, form.into_iter().chain([self.page.element()]))
    }
}

/// One archived message (§4.2).
#[derive(Clone, Debug, PartialEq)]
pub struct ArchiveResult<'a> {
    /// The archive's name for it, the same as its `stanza-id` (XEP-0359).
    pub archive_id: String,
    /// The query it answers.
    pub query_id: Option<String>,
    /// The message.
    pub forwarded: Forwarded<'a>,
}

/// Whether a message claims to be an archive result, readable or not: if so, nothing else in it counts.
#[must_use]
pub fn is_result(message: &Element) -> bool {
    message.has_child("result", NS)
}

/// The archived message in a message; `None` when there is none that makes sense.
#[must_use]
pub fn result(message: &Element) -> Option<ArchiveResult<'_>> {
    let result = message.get_child("result", NS)?;
    Some(ArchiveResult {
        archive_id: id_attr(result, "id")?,
        query_id: id_attr(result, "queryid"),
        forwarded: xep_0297_forwarding::forwarded(result)?,
    })
}

/// The end of a page (§4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fin {
    /// Nothing lies beyond this page.
    pub complete: bool,
    /// The results may still change: their ids must not be kept as a cursor.
    pub unstable: bool,
    /// The page.
    pub page: Page,
}

/// The `<fin/>` that an IQ of type `result` carries.
#[must_use]
pub fn fin(payload: &Element) -> Option<Fin> {
    payload.is("fin", NS).then(|| Fin {
        complete: flag_attr(payload, "complete").unwrap_or(false),
        unstable: flag_attr(payload, "stable") == Some(false),
        page: result_sets::page(payload),
    })
}

/// Asks for the ends of an archive (§4.4), in an IQ of type `get`.
#[must_use]
pub fn metadata_query() -> Element {
    tag("metadata", NS, &[])
}

/// An end of an archive: its id and time there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The archive's name for the message.
    pub id: String,
    /// When it was archived.
    pub time: Timestamp,
}

/// The oldest and the newest message of an archive, as its answer to [`metadata_query`] says.
#[must_use]
pub fn metadata(payload: &Element) -> Option<(Option<End>, Option<End>)> {
    let end = |name| {
        let end = payload.get_child(name, NS)?;
        Some(End { id: id_attr(end, "id")?, time: date::read(end.attr("timestamp")?)? })
    };
    payload.is("metadata", NS).then(|| (end("start"), end("end")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Element {
        text.parse().unwrap()
    }

    #[test]
    fn a_query_says_what_it_wants() {
        let query = Query {
            id: "q1".to_owned(),
            with: Some(Jid::new("juliet@example.org").unwrap()),
            start: Some(Timestamp(0)),
            end: None,
            page: PageRequest { max: Some(50), ..PageRequest::default() },
        };
        let element = query.element();
        assert_eq!(element.attr("queryid"), Some("q1"));
        let form = Form::read(element.get_child("x", "jabber:x:data").unwrap()).unwrap();
        assert_eq!(form.form_type(), Some(NS));
        assert_eq!(form.value("with"), Some("juliet@example.org"));
        assert_eq!(form.value("start"), Some("1970-01-01T00:00:00.000Z"));
        assert!(!Query::default().element().has_child("x", "jabber:x:data"));
    }

    #[test]
    fn a_result_is_read() {
        let message = parse(
            "<message xmlns='jabber:client'><result xmlns='urn:xmpp:mam:2' queryid='q1' id='7'>\
             <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>\
             <message xmlns='jabber:client'><body>hi</body></message></forwarded></result></message>",
        );
        let result = result(&message).unwrap();
        assert_eq!((result.archive_id.as_str(), result.query_id.as_deref()), ("7", Some("q1")));
        assert!(result.forwarded.stamp.is_some());
    }

    #[test]
    fn a_result_without_id_or_message_is_none() {
        for inner in ["<result xmlns='urn:xmpp:mam:2' id='7'/>", "<result xmlns='urn:xmpp:mam:2'/>"] {
            let message = parse(&format!("<message xmlns='jabber:client'>{inner}</message>"));
            assert!(is_result(&message));
            assert_eq!(result(&message), None);
        }
    }

    #[test]
    fn the_end_of_a_page_is_read() {
        let fin = fin(&parse(
            "<fin xmlns='urn:xmpp:mam:2' complete='true' stable='false'>\
             <set xmlns='http://jabber.org/protocol/rsm'><first>1</first><last>9</last></set></fin>",
        ))
        .unwrap();
        assert!(fin.complete && fin.unstable);
        assert_eq!(fin.page.last.as_deref(), Some("9"));
        let bare = super::fin(&parse("<fin xmlns='urn:xmpp:mam:2' complete='maybe'/>")).unwrap();
        assert!(!bare.complete && !bare.unstable && bare.page == Page::default());
    }

    #[test]
    fn the_ends_of_an_archive_are_read() {
        let payload = parse(
            "<metadata xmlns='urn:xmpp:mam:2'><start id='1' timestamp='2008-08-22T21:09:04Z'/><end id='2'/></metadata>",
        );
        let (start, end) = metadata(&payload).unwrap();
        assert_eq!(start.unwrap().id, "1");
        assert_eq!(end, None);
    }
}

//! XEP-0363: a place on the server for a file.

use minidom::Element;

use crate::{
    StanzaError,
    payload::{tag, web_address},
    xep_0030_disco::Info,
};

/// The namespace, and the feature of a service.
pub const NS: &str = "urn:xmpp:http:upload:0";

/// So much of a header's value is believed.
const LONGEST_VALUE: usize = 8 * 1024;

/// A place for one file.
#[derive(Clone, PartialEq, Eq)]
pub struct Slot {
    /// Where to put it.
    pub put: String,
    /// What to say when putting it, as name and value: a secret between us and the server.
    pub headers: Vec<(&'static str, String)>,
    /// Where others get it.
    pub get: String,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Slot").finish_non_exhaustive()
    }
}

/// Whether an entity is a service for files, and how many bytes a file may have there (§4).
#[must_use]
pub fn service(info: &Info) -> Option<Option<u64>> {
    info.has(NS).then(|| {
        let form = info.forms.iter().find(|form| form.form_type() == Some(NS))?;
        form.value("max-file-size")?.trim().parse().ok()
    })
}

/// Asks for a slot (§5).
#[must_use]
pub fn request(file_name: &str, size: u64, media_type: &str) -> Element {
    let size = size.to_string();
    tag("request", NS, &[("filename", file_name), ("size", &size), ("content-type", media_type)])
}

/// Reads a slot. Other headers than the three that are allowed are left out, and line breaks in a value (§5): one
/// would begin another header.
#[must_use]
pub fn slot(slot: &Element) -> Option<Slot> {
    let put = slot.get_child("put", NS)?;
    let headers = put.children().filter(|child| child.is("header", NS)).filter_map(header).take(8).collect();
    Some(Slot {
        put: web_address(put.attr("url")?)?,
        headers,
        get: web_address(slot.get_child("get", NS)?.attr("url")?)?,
    })
}

fn header(element: &Element) -> Option<(&'static str, String)> {
    let name = element.attr("name")?.trim();
    let name =
        ["Authorization", "Cookie", "Expires"].into_iter().find(|known| known.eq_ignore_ascii_case(name))?;
    let value: String = element.text().chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let value = value.trim();
    let is_sendable =
        value.len() <= LONGEST_VALUE && value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    is_sendable.then(|| (name, value.to_owned()))
}

/// Whether the service refused a file for its size (§5).
#[must_use]
pub fn is_too_large(error: &StanzaError) -> bool {
    error.specific.iter().any(|(namespace, name)| namespace == NS && name == "file-too-large")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inside: &str) -> Option<Slot> {
        slot(&format!("<slot xmlns='{NS}'>{inside}</slot>").parse().unwrap())
    }

    #[test]
    fn a_slot_has_two_addresses_and_three_headers_at_most() {
        let read = read(
            "<put url='https://up.example/1?a=b'>\
               <header name='authorization'>Bearer a\r\nX-Evil: 1</header><header name='Host'>evil.example</header>\
               <header name='Cookie'>a=b\n</header><header name='Expires'>ü</header></put>\
             <get url='HTTPS://down.example/1'/>",
        )
        .unwrap();
        assert_eq!(
            (read.put.as_str(), read.get.as_str()),
            ("https://up.example/1?a=b", "HTTPS://down.example/1")
        );
        let expected = [("Authorization", "Bearer aX-Evil: 1"), ("Cookie", "a=b")];
        assert_eq!(read.headers, expected.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(format!("{read:?}"), "Slot { .. }");
    }

    #[test]
    fn places_without_tls_are_none() {
        for inside in [
            "<put url='http://up.example/1'/><get url='https://down.example/1'/>",
            "<put url='https://up.example/1'/><get url='http://down.example/1'/>",
            "<put url='https://up.example/1'/>",
            "<get url='https://down.example/1'/>",
            "<put/><get/>",
            "",
        ] {
            assert_eq!(read(inside), None, "{inside}");
        }
    }

    #[test]
    fn a_request_says_what_comes() {
        let request = request("très cool.jpg", 23_456, "image/jpeg");
        assert_eq!(request.attr("filename"), Some("très cool.jpg"));
        assert_eq!(request.attr("size"), Some("23456"));
        assert_eq!(request.attr("content-type"), Some("image/jpeg"));
    }

    #[test]
    fn a_service_says_how_much_it_takes() {
        let info = |inside: &str| {
            Info::read(
                &format!("<query xmlns='http://jabber.org/protocol/disco#info'>{inside}</query>")
                    .parse()
                    .unwrap(),
            )
            .unwrap()
        };
        let form = |value: &str| {
            format!(
                "<feature var='{NS}'/><x xmlns='jabber:x:data' type='result'>\
                 <field var='FORM_TYPE' type='hidden'><value>{NS}</value></field>\
                 <field var='max-file-size'><value>{value}</value></field></x>"
            )
        };
        assert_eq!(service(&info("<feature var='urn:xmpp:ping'/>")), None);
        assert_eq!(service(&info(&format!("<feature var='{NS}'/>"))), Some(None));
        assert_eq!(service(&info(&form("5242880"))), Some(Some(5_242_880)));
        assert_eq!(service(&info(&form("-1"))), Some(None));
    }
}

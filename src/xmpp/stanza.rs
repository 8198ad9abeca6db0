//! A stanza as it came: an envelope that was read, and an element to read on.
//!
//! The whole-stanza types of `xmpp-parsers` are strict: one unknown `<show/>` and the presence is
//! gone. So only what everything depends on is read here, and the rest piece by piece, by whoever
//! needs it, with the typed payloads of `xmpp-parsers` or our own.

use std::fmt;

use minidom::Element;
use rxml::{Namespace, NcName};

use crate::address::Address;
use crate::xml::{NS_CLIENT, NS_STANZA_ERRORS};

/// The three kinds of stanza (RFC 6120 §8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StanzaKind {
    /// `<message/>`
    Message,
    /// `<presence/>`
    Presence,
    /// `<iq/>`
    Iq,
}

impl StanzaKind {
    pub(crate) fn of(element: &Element) -> Option<Self> {
        if element.has_ns(NS_CLIENT) { Self::from_name(element.name()) } else { None }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "message" => Some(Self::Message),
            "presence" => Some(Self::Presence),
            "iq" => Some(Self::Iq),
            _ => None,
        }
    }
}

/// A stanza that came.
#[derive(Clone)]
pub struct Stanza {
    /// Message, presence or IQ.
    pub kind: StanzaKind,
    /// Who sent it. `None` stands for the own server, on behalf of the own account
    /// (RFC 6120 §8.1.2.1).
    pub from: Option<Address>,
    /// To whom, as far as it can be read.
    pub to: Option<Address>,
    /// The sender's name for it.
    pub id: Option<String>,
    /// The `type` attribute as it stands; unknown values are to be treated as absent.
    pub type_: Option<String>,
    /// The language of its texts, if it says so itself.
    pub lang: Option<String>,
    /// All of it.
    pub element: Element,
}

impl fmt::Debug for Stanza {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Stanza")
            .field("kind", &self.kind)
            .field("type_", &self.type_)
            .finish_non_exhaustive()
    }
}

impl Stanza {
    /// Reads the envelope. The error says why the stanza is of no use.
    pub fn from_element(element: Element) -> Result<Self, RefusedStanza> {
        let kind = StanzaKind::of(&element);
        let text = |name: &str| element.attr(name).map(ToOwned::to_owned);
        let refused = |reason| RefusedStanza { reason, kind, from: text("from"), id: text("id") };
        let Some(known) = kind else {
            return Err(refused(RefusalReason::NotAStanza));
        };
        let from = match element.attr("from") {
            None => None,
            Some(from) => match Address::parse(from) {
                Some(from) => Some(from),
                None => return Err(refused(RefusalReason::BadSender)),
            },
        };
        Ok(Self {
            kind: known,
            from,
            to: element.attr("to").and_then(Address::parse),
            id: text("id"),
            type_: text("type"),
            lang: element.attr_ns(Namespace::xml(), "lang").map(ToOwned::to_owned),
            element,
        })
    }

    /// Whether the `type` attribute is this.
    #[must_use]
    pub fn is_type(&self, type_: &str) -> bool {
        self.type_.as_deref() == Some(type_)
    }

    /// Whether this is an IQ that wants an answer (RFC 6120 §8.2.3).
    #[must_use]
    pub fn wants_answer(&self) -> bool {
        self.kind == StanzaKind::Iq && (self.is_type("get") || self.is_type("set"))
    }

    /// The first child of this name.
    #[must_use]
    pub fn child(&self, name: &str, namespace: &str) -> Option<&Element> {
        self.element.get_child(name, namespace)
    }

    /// The first child of this name, typed. `None` if there is none or it cannot be read: the
    /// rest of the stanza counts all the same.
    #[must_use]
    pub fn payload<T: TryFrom<Element>>(&self, name: &str, namespace: &str) -> Option<T> {
        self.child(name, namespace).and_then(|child| T::try_from(child.clone()).ok())
    }

    /// Like [`Stanza::payload`], but takes the child out instead of copying it.
    pub fn take_payload<T: TryFrom<Element>>(&mut self, name: &str, namespace: &str) -> Option<T> {
        self.element.remove_child(name, namespace).and_then(|child| T::try_from(child).ok())
    }

    /// The error it carries, if it is of type `error` (RFC 6120 §8.3).
    #[must_use]
    pub fn error(&self) -> Option<StanzaError> {
        self.is_type("error").then(|| StanzaError::read(self.child("error", NS_CLIENT)))
    }

    /// An answer to an IQ, empty, to be filled and serialised (RFC 6120 §8.2.3).
    #[must_use]
    pub fn result(&self) -> Element {
        self.answer("result")
    }

    /// The answer that refuses an IQ: `type_` is one of `cancel`, `modify`, `auth`, `wait`,
    /// `continue`, `condition` one of RFC 6120 §8.3.3, such as `service-unavailable`.
    #[must_use]
    pub fn refusal(&self, type_: &str, condition: &str) -> Element {
        let mut error = Element::bare("error", NS_CLIENT);
        set_attribute(&mut error, "type", type_);
        error.append_child(Element::bare(condition, NS_STANZA_ERRORS));
        let mut answer = self.answer("error");
        answer.append_child(error);
        answer
    }

    fn answer(&self, type_: &str) -> Element {
        let mut answer = Element::bare("iq", NS_CLIENT);
        set_attribute(&mut answer, "type", type_);
        // As the sender wrote it, so that an odd resource is answered too.
        if let Some(from) = self.element.attr("from") {
            set_attribute(&mut answer, "to", from);
        }
        if let Some(id) = &self.id {
            set_attribute(&mut answer, "id", id);
        }
        answer
    }
}

/// Sets an attribute. A name that XML forbids is left out.
pub fn set_attribute(element: &mut Element, name: &str, value: &str) {
    if let Ok(name) = NcName::try_from(name) {
        element.attrs_mut().insert(Namespace::NONE, name, value.to_owned());
    }
}

/// A stanza that was refused before it was built or read.
#[derive(Clone, PartialEq, Eq)]
pub struct RefusedStanza {
    /// Why.
    pub reason: RefusalReason,
    /// What it was, as far as it is known.
    pub kind: Option<StanzaKind>,
    /// Who sent it, unchecked.
    pub from: Option<String>,
    /// The sender's name for it, unchecked.
    pub id: Option<String>,
}

impl fmt::Debug for RefusedStanza {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RefusedStanza")
            .field("reason", &self.reason)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Why a stanza was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalReason {
    /// Nested deeper than [`Limits::depth`](crate::parser::Limits::depth).
    TooDeep,
    /// Larger than [`Limits`](crate::parser::Limits) allow.
    TooLarge,
    /// Its `from` is no address.
    BadSender,
    /// Neither message nor presence nor IQ.
    NotAStanza,
}

/// The error that a stanza carries (RFC 6120 §8.3.2), read leniently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StanzaError {
    /// `cancel`, `modify`, `auth`, `wait` or `continue`; `cancel` if it said something else.
    pub type_: String,
    /// The condition, such as `item-not-found`; `undefined-condition` if there is none.
    pub condition: String,
    /// Words for people, at most 500 characters, without control characters.
    pub text: Option<String>,
    /// Further conditions: namespace and name.
    pub specific: Vec<(String, String)>,
}

impl StanzaError {
    /// Reads an `<error/>` element, or the lack of one.
    #[must_use]
    pub fn read(error: Option<&Element>) -> Self {
        let mut read = Self {
            type_: "cancel".to_owned(),
            condition: "undefined-condition".to_owned(),
            text: None,
            specific: Vec::new(),
        };
        let Some(error) = error else { return read };
        if let Some(type_ @ ("modify" | "auth" | "wait" | "continue")) = error.attr("type") {
            type_.clone_into(&mut read.type_);
        }
        for child in error.children() {
            if !child.has_ns(NS_STANZA_ERRORS) {
                if read.specific.len() < 4 {
                    read.specific.push((child.ns(), child.name().to_owned()));
                }
            } else if child.name() == "text" {
                read.text = read.text.or_else(|| words_for_people(&child.text()));
            } else {
                child.name().clone_into(&mut read.condition);
            }
        }
        read
    }
}

/// Words of a server or a stranger, made safe to show: no control characters, at most 500.
#[must_use]
pub fn words_for_people(text: &str) -> Option<String> {
    let clean: String = text
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .filter(|character| !is_invisible_control(*character))
        .take(500)
        .collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

/// Characters that turn or hide other text.
fn is_invisible_control(character: char) -> bool {
    matches!(character,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stanza(text: &str) -> Result<Stanza, RefusedStanza> {
        Stanza::from_element(text.parse().unwrap())
    }

    #[test]
    fn the_envelope_is_read_and_the_rest_kept() {
        let message = stanza(
            "<message xmlns='jabber:client' from='r@muc.example/🦆' to='a@b/c' id='1' \
             type='groupchat' xml:lang='fr'><body>salut</body></message>",
        )
        .unwrap();
        assert_eq!(message.kind, StanzaKind::Message);
        assert_eq!(message.from.unwrap().resource(), Some("🦆"));
        assert_eq!(message.lang.as_deref(), Some("fr"));
        assert_eq!(message.element.get_child("body", NS_CLIENT).unwrap().text(), "salut");
    }

    #[test]
    fn a_sender_that_is_no_address_is_refused_and_named() {
        let refused = stanza("<presence xmlns='jabber:client' from='@' id='x'/>").unwrap_err();
        assert_eq!(refused.reason, RefusalReason::BadSender);
        assert_eq!(refused.kind, Some(StanzaKind::Presence));
        assert_eq!(refused.id.as_deref(), Some("x"));
    }

    #[test]
    fn answers_go_back_as_the_sender_wrote_it() {
        let iq =
            stanza("<iq xmlns='jabber:client' from='r@m/🦆' id='7' type='get'><x xmlns='y'/></iq>").unwrap();
        assert!(iq.wants_answer());
        let refusal = iq.refusal("cancel", "service-unavailable");
        assert_eq!(
            String::from_utf8(crate::xml::serialise(&refusal)).unwrap(),
            "<iq id='7' to='r@m/🦆' type='error'><error type='cancel'>\
             <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        );
    }

    #[test]
    fn errors_are_read_whatever_they_hold() {
        let iq = stanza(
            "<iq xmlns='jabber:client' type='error' id='1'><error type='strange'>\
             <brand-new xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
             <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>no\u{202e} way&#10;</text>\
             <extra xmlns='urn:e'/></error></iq>",
        )
        .unwrap();
        let error = iq.error().unwrap();
        assert_eq!(error.type_, "cancel");
        assert_eq!(error.condition, "brand-new");
        assert_eq!(error.text.as_deref(), Some("no way"));
        assert_eq!(error.specific, [("urn:e".to_owned(), "extra".to_owned())]);
        let bare = stanza("<message xmlns='jabber:client' type='error'/>").unwrap();
        assert_eq!(bare.error().unwrap().condition, "undefined-condition");
    }
}

//! Sorts what comes: who is it for, within the account?
//!
//! Every request is answered, or its sender would wait for nothing (RFC 6120 §8.2.3): by the module that
//! knows it, else with `service-unavailable`. What nobody understands otherwise is passed over.

use xmpp::{
    Address, Stanza, StanzaKind, minidom::Element, xep_0166_jingle as jingle, xep_0215_services as services,
};

use crate::{Error, answers, blocking, calls, disco, messages, presence, roster, turn::Turn};

/// What a module says to a request.
pub enum Reply {
    /// Done, with what was asked for if anything was.
    Result(Option<Element>),
    /// No, with the defined condition and its type (RFC 6120 §8.3).
    Error {
        /// `cancel`, `modify`, `auth` or `wait`.
        kind: &'static str,
        /// The condition.
        condition: &'static str,
    },
    /// The same with a condition of its own beside it.
    Specific {
        /// The type.
        kind: &'static str,
        /// The condition.
        condition: &'static str,
        /// What is meant.
        specific: Box<Element>,
    },
    /// Nothing: the request was forged, and an answer would tell its sender that we are here.
    Silence,
}

impl Reply {
    /// We do not do that.
    pub const UNAVAILABLE: Self = Self::Error { kind: "cancel", condition: "service-unavailable" };
    /// The request makes no sense.
    pub const BAD_REQUEST: Self = Self::Error { kind: "modify", condition: "bad-request" };
}

/// Handles one stanza.
pub fn stanza(turn: &mut Turn<'_, '_>, stanza: Box<Stanza>) -> Result<(), Error> {
    match stanza.kind {
        StanzaKind::Message => messages::receive(turn, &stanza),
        StanzaKind::Presence => match &stanza.from {
            Some(from) => presence::handle(turn, from, &stanza.element),
            None => Ok(()),
        },
        StanzaKind::Iq if stanza.wants_answer() => request(turn, &stanza),
        StanzaKind::Iq => answers::receive(turn, stanza),
    }
}

fn request(turn: &mut Turn<'_, '_>, stanza: &Stanza) -> Result<(), Error> {
    let (from, is_set) = (stanza.from.as_ref(), stanza.is_type("set"));
    let reply = match stanza.element.children().next() {
        None => Reply::BAD_REQUEST,
        Some(payload) => match (payload.ns().as_str(), payload.name(), is_set) {
            ("jabber:iq:roster", "query", true) => {
                let reply = roster::handle_push(turn, from, payload)?;
                messages::recheck_strangers(turn)?;
                reply
            }
            ("urn:xmpp:blocking", "block" | "unblock", true) => blocking::handle_push(turn, from, payload)?,
            ("http://jabber.org/protocol/disco#info", "query", false) => {
                disco::handle_query(turn, from, payload)?
            }
            ("http://jabber.org/protocol/disco#items", "query", false) => {
                disco::handle_items_query(turn, from)?
            }
            (jingle::NS, "jingle", true) => calls::handle_request(turn, from, payload)?,
            (services::NS, "services", true) if turn.is_own_server(from) => {
                calls::handle_push(turn);
                Reply::Result(None)
            }
            ("jabber:iq:version", "query", false) => disco::handle_version(turn, from)?,
            ("urn:xmpp:ping", "ping", false) if known(turn, from)? => Reply::Result(None),
            _ => Reply::UNAVAILABLE,
        },
    };
    let answer = match reply {
        Reply::Silence => return Ok(()),
        Reply::Result(payload) => {
            let mut answer = stanza.result();
            if let Some(payload) = payload {
                answer.append_child(payload);
            }
            answer
        }
        Reply::Error { kind, condition } => stanza.refusal(kind, condition),
        Reply::Specific { kind, condition, specific } => {
            let mut refusal = stanza.refusal(kind, condition);
            if let Some(error) = refusal.get_child_mut("error", xmpp::xml::NS_CLIENT) {
                error.append_child(*specific);
            }
            refusal
        }
    };
    turn.send(&answer);
    Ok(())
}

/// Whether `from` may learn that we are here: our server, our devices, and those who see our presence
/// anyway (DESIGN rule 12).
pub fn known(turn: &mut Turn<'_, '_>, from: Option<&Address>) -> Result<bool, Error> {
    match from {
        None => Ok(true),
        Some(from) if turn.is_own_server(Some(from)) || from.is_at(&turn.state.own.bare) => Ok(true),
        Some(from) => roster::sees_us(turn, &from.to_bare()),
    }
}

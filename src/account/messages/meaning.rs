//! What a message means, read once, before anything is decided.
//!
//! A stanza may carry several things; the first of these is what it is: a retraction, reactions, a correction,
//! words. Beside that it may tell a chat state, a receipt, a marker, and ask for them. Text that is only there
//! for older programs (XEP-0428) is taken out here, so that nobody behind this file meets it.

use model::{ChatState, EncryptionKind, Timestamp, UnreadableReason};
use xmpp::{
    Address, minidom::Element, payload, xep_0085_chat_states as chat_states, xep_0184_receipts as receipts,
    xep_0308_corrections as corrections, xep_0333_markers as markers, xep_0359_stanza_ids as stanza_ids,
    xep_0380_encryption as encryption, xep_0424_retractions as retractions, xep_0428_fallback as fallback,
    xep_0444_reactions as reactions, xep_0461_replies as replies,
};

use crate::{files, omemo::Sealed};

const NS_CLIENT: &str = "jabber:client";
const NS_NICK: &str = "http://jabber.org/protocol/nick";
const NS_ROOM_USER: &str = "http://jabber.org/protocol/muc#user";

/// So many characters of a quote are kept: it is shown on one line.
const MAX_QUOTE: usize = 500;

/// What a message means.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    /// What it is.
    pub act: Act,
    /// The sender's `id` of the stanza.
    pub stanza_id: Option<String>,
    /// The sender's own name for it (XEP-0359).
    pub origin_id: Option<String>,
    /// What the sender is doing (XEP-0085).
    pub chat_state: Option<ChatState>,
    /// The message that came (XEP-0184).
    pub received: Option<String>,
    /// The newest message that was displayed (XEP-0333).
    pub displayed: Option<String>,
    /// The sender asks for a receipt.
    pub wants_receipt: bool,
    /// The sender asks to be told when it is displayed.
    pub markable: bool,
    /// What the sender calls themselves (XEP-0172).
    pub nickname: Option<String>,
    /// With what it was sealed, if it was and could be opened.
    pub sealed: Option<Sealed>,
}

impl Meaning {
    /// How it travelled.
    pub fn encryption(&self) -> EncryptionKind {
        self.sealed.as_ref().map_or(EncryptionKind::None, |sealed| sealed.kind)
    }
}

/// The main thing a message does.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Nothing that is kept.
    Nothing,
    /// It says something.
    Say(Said),
    /// It gives an earlier message new words (XEP-0308).
    Correct {
        /// The sender's id of the first version.
        target: String,
        /// The new words.
        said: Said,
    },
    /// All reactions of the sender to a message (XEP-0444).
    React {
        /// The message.
        target: String,
        /// The emoji.
        emoji: Vec<String>,
    },
    /// It takes a message back (XEP-0424).
    Retract {
        /// The message.
        target: String,
    },
    /// The place in an archive where a message stood that was taken back (XEP-0424 §4).
    Tombstone {
        /// When it was taken back.
        time: Option<Timestamp>,
    },
}

/// Words, or the lack of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// The words. Empty when encrypted in a way that cannot be read.
    pub text: String,
    /// Why they cannot be read, and how they travelled.
    pub unreadable: Option<(UnreadableReason, EncryptionKind)>,
    /// What they answer.
    pub reply: Option<Answered>,
    /// The files beside them.
    pub files: files::ReceivedFiles,
}

/// The message that is answered (XEP-0461).
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// Its id.
    pub id: String,
    /// Who wrote it, says the answer.
    pub sender: Option<Address>,
    /// What it said, says the answer.
    pub quote: String,
}

/// Reads a message of type `chat` or `normal`. `languages` are tried in order for its body.
pub fn read(message: &Element, language: &str) -> Meaning {
    Meaning {
        act: act(message, language),
        stanza_id: payload::id_attr(message, "id"),
        origin_id: stanza_ids::origin_id(message),
        chat_state: chat_states::chat_state(message),
        received: receipts::received(message),
        displayed: markers::displayed(message),
        wants_receipt: receipts::is_requested(message),
        markable: markers::is_markable(message),
        nickname: message
            .get_child("nick", NS_NICK)
            .map(Element::text)
            .and_then(|nick| crate::names::clean(&nick)),
        sealed: None,
    }
}

/// A message that is sealed and cannot be opened: of what stands beside it only its ids count.
pub fn unreadable(message: &Element, reason: UnreadableReason, kind: EncryptionKind) -> Meaning {
    let said = Said { text: String::new(), unreadable: Some((reason, kind)), ..Said::default() };
    Meaning { act: Act::Say(said), ..nothing(message) }
}

/// A message that says nothing, or nothing new.
pub fn nothing(message: &Element) -> Meaning {
    Meaning {
        act: Act::Nothing,
        stanza_id: payload::id_attr(message, "id"),
        origin_id: stanza_ids::origin_id(message),
        chat_state: None,
        received: None,
        displayed: None,
        wants_receipt: false,
        markable: false,
        nickname: None,
        sealed: None,
    }
}

fn act(message: &Element, language: &str) -> Act {
    // What passes through rooms waits for rooms; as a chat with the room it would be wrong.
    if message.has_child("x", NS_ROOM_USER) {
        return Act::Nothing;
    }
    if let Some(tombstone) = retractions::tombstone(message) {
        return Act::Tombstone { time: tombstone.time };
    }
    if let Some(target) = retractions::retracts(message) {
        return Act::Retract { target };
    }
    if let Some(reactions) = reactions::reactions(message) {
        return Act::React { target: reactions.id, emoji: reactions.emoji };
    }
    let Some(said) = said(message, language) else { return Act::Nothing };
    match corrections::replaces(message) {
        Some(target) => Act::Correct { target, said },
        None => Act::Say(said),
    }
}

fn said(message: &Element, language: &str) -> Option<Said> {
    let reply = replies::reply(message);
    let kind = encryption::encryption(message);
    if kind != EncryptionKind::None {
        // The body beside it is a note for old programs, not the message. What carries only keys says nothing.
        return carries_words(message).then_some(Said {
            text: String::new(),
            unreadable: Some((UnreadableReason::UnknownEncryption(kind), kind)),
            ..Said::default()
        });
    }
    let body = body(message, language);
    let files = files::read(message, body.as_deref());
    if body.is_none() && files.is_none() {
        return None;
    }
    let body = body.unwrap_or_default();
    let (text, quote) = match &reply {
        Some(_) => replies::split_body(message, &body),
        None => (body, None),
    };
    let quote: String = quote.unwrap_or_default().chars().take(MAX_QUOTE).collect();
    let reply = reply.map(|reply| Answered { id: reply.id, sender: reply.to, quote });
    if let Some(mut files) = files {
        return Some(Said { text: std::mem::take(&mut files.text), reply, files, unreadable: None });
    }
    let text = with_subject(message, text);
    (!text.trim().is_empty()).then_some(Said { text, reply, ..Said::default() })
}

/// OMEMO sends keys in messages without a payload (XEP-0384 §4.6).
fn carries_words(message: &Element) -> bool {
    match message.children().find(|child| child.name() == "encrypted") {
        Some(encrypted) => encrypted.children().any(|child| child.name() == "payload"),
        None => true,
    }
}

/// The body in the user's language, else without one, else the first.
fn body(message: &Element, language: &str) -> Option<String> {
    let bodies = || message.children().filter(|child| child.is("body", NS_CLIENT));
    let in_language = |wanted: Option<&str>| {
        bodies().find(|body| body.attr_ns("http://www.w3.org/XML/1998/namespace", "lang") == wanted)
    };
    let body = in_language(Some(language)).or_else(|| in_language(None)).or_else(|| bodies().next())?;
    let text = body.text();
    // A whole body that stands in for something else is not for us to show, if we know that something.
    let stands_in = [reactions::NS, retractions::NS]
        .iter()
        .any(|feature| fallback::body_fallback(message, feature).contains(&fallback::Part::Whole));
    (!stands_in && !text.is_empty()).then_some(text)
}

/// A message of type `normal` is like a letter: its subject belongs to what it says.
fn with_subject(message: &Element, text: String) -> String {
    if matches!(message.attr("type"), Some("chat")) {
        return text;
    }
    match message.get_child("subject", NS_CLIENT).map(Element::text) {
        Some(subject) if !subject.trim().is_empty() => format!("{}\n{text}", subject.trim()),
        _ => text,
    }
}

#[cfg(test)]
mod tests;

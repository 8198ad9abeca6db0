//! XEP-0461: message replies, with the quote that older programs show (XEP-0428, compatible with XEP-0393 §5.1.3).

use minidom::Element;

use crate::{
    Address,
    payload::{id_attr, tag},
    xep_0428_fallback::{self as fallback, Part},
};

/// The namespace.
pub const NS: &str = "urn:xmpp:reply:0";

/// The longest quote that is sent along, in characters.
const MAX_QUOTE: usize = 300;

/// What a message answers (§3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The id of the answered message: its origin or message id in a direct chat, the room's stanza id in a room.
    pub id: String,
    /// Who wrote that one, if said and readable.
    pub to: Option<Address>,
}

/// What a message answers, and nothing when that cannot be read.
#[must_use]
pub fn reply(message: &Element) -> Option<Reply> {
    let reply = message.get_child("reply", NS)?;
    Some(Reply { id: id_attr(reply, "id")?, to: reply.attr("to").and_then(Address::parse) })
}

/// Answers a message.
#[must_use]
pub fn element(reply: &Reply) -> Element {
    let to = reply.to.as_ref().map(ToString::to_string);
    let attributes: Vec<_> =
        [("id", reply.id.as_str())].into_iter().chain(to.as_deref().map(|to| ("to", to))).collect();
    tag("reply", NS, &attributes)
}

/// The body for `text` as an answer to `original`, and the mark for the quote before it (§3.2).
///
/// With an empty `original` the body is `text` and there is nothing to mark.
#[must_use]
pub fn quoting_body(original: &str, text: &str) -> (String, Option<Element>) {
    let shortened: String = original.chars().take(MAX_QUOTE).collect();
    let quote: String =
        shortened.trim().lines().fold(String::new(), |quote, line| quote + "> " + line + "\n");
    if quote.is_empty() {
        return (text.to_owned(), None);
    }
    let mark = fallback::fallback(NS, Part::Range(0, quote.chars().count()));
    (quote + text, Some(mark))
}

/// Takes apart the body of an answer: the words of the answer, and what its quote said, if it brought one.
#[must_use]
pub fn split_body(message: &Element, body: &str) -> (String, Option<String>) {
    let parts = fallback::body_fallback(message, NS);
    // Everything marked as a quote would leave an empty answer: then nothing is.
    if parts.is_empty() || parts.contains(&Part::Whole) {
        return (body.to_owned(), None);
    }
    let quote: Vec<_> = fallback::only(body, &parts)
        .lines()
        .map(|line| line.strip_prefix("> ").or_else(|| line.strip_prefix('>')).unwrap_or(line).to_owned())
        .collect();
    let quote = quote.join("\n").trim().to_owned();
    (fallback::without(body, &parts), (!quote.is_empty()).then_some(quote))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    #[test]
    fn an_answer_reads_what_it_writes() {
        let reply = Reply { id: "7".to_owned(), to: Address::parse("room@muc.example/🦆") };
        let (body, mark) = quoting_body("first\nsecond", "answer");
        assert_eq!(body, "> first\n> second\nanswer");
        let message = parent_tag("message", "jabber:client", &[], [element(&reply), mark.unwrap()]);
        assert_eq!(super::reply(&message), Some(reply));
        assert_eq!(split_body(&message, &body), ("answer".to_owned(), Some("first\nsecond".to_owned())));
    }

    #[test]
    fn an_answer_to_nothing_quotes_nothing() {
        assert_eq!(quoting_body("  ", "answer"), ("answer".to_owned(), None));
        let message = Element::bare("message", "jabber:client");
        assert_eq!(split_body(&message, "> quote\nanswer"), ("> quote\nanswer".to_owned(), None));
    }

    #[test]
    fn strange_answers() {
        let no_id = parent_tag("message", "jabber:client", &[], [tag("reply", NS, &[("to", "a@b.example")])]);
        assert_eq!(reply(&no_id), None);
        let odd = tag("reply", NS, &[("to", "@@"), ("id", "1")]);
        assert_eq!(reply(&parent_tag("message", "jabber:client", &[], [odd])).unwrap().to, None);
        let whole = parent_tag("message", "jabber:client", &[], [fallback::fallback(NS, Part::Whole)]);
        assert_eq!(split_body(&whole, "words"), ("words".to_owned(), None));
        let long = quoting_body(&"x".repeat(5000), "answer").0;
        assert!(long.chars().count() < 320);
    }
}

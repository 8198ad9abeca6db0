//! What a row says, for the eye and for the ear.

use std::{borrow::Cow, ops::Range};

use model::{Content, Delivery, Direction, Message, Quote, Reaction};

use super::{lock_mark::LockMark, text, when::Clock};
use crate::{
    calls, failure,
    files::{summary, summary_of},
    i18n::{gettext, gettext_f},
};

/// How words are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Words like any other.
    #[default]
    Plain,
    /// What somebody does (`/me`).
    Action,
    /// One to three emoji and nothing else.
    Emoji,
    /// An explanation in place of words.
    Quiet,
}

/// The words of a message, ready to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// What can be read, selected and copied.
    pub text: String,
    /// Where its links are.
    pub links: Vec<Range<usize>>,
    /// How they are set.
    pub style: Style,
}

impl Words {
    /// What a message says.
    pub fn of(message: &Message) -> Self {
        let (text, style) = match &message.content {
            Content::Text(body) => {
                if let Some(action) = text::action(body) {
                    (format!("{} {}", message.sender_name, text::clean(action)), Style::Action)
                } else {
                    let clean = text::clean(body);
                    let style = if text::is_emoji_only(&clean) { Style::Emoji } else { Style::Plain };
                    (clean, style)
                }
            }
            Content::Retracted => (gettext("This message was retracted"), Style::Quiet),
            Content::Call(line) => (calls::sentence(message.direction, line), Style::Quiet),
            Content::Unreadable(reason) => (failure::unreadable(*reason).sentence(), Style::Quiet),
        };
        let links = if style == Style::Quiet { Vec::new() } else { text::links(&text) };
        Self { text, links, style }
    }
}

/// The names of the files and the words: for what takes only text.
pub fn to_copy(message: &Message) -> String {
    let words = Words::of(message).text;
    let names = message.attachments.iter().map(|file| file.name.as_str());
    let lines: Vec<&str> = names.chain(Some(words.as_str()).filter(|words| !words.is_empty())).collect();
    lines.join("\n")
}

/// What to call the sender.
pub fn sender(message: &Message) -> Cow<'_, str> {
    match message.direction {
        Direction::Outgoing => Cow::Owned(gettext("You")),
        Direction::Incoming => Cow::Borrowed(&message.sender_name),
    }
}

/// What to call whoever wrote what is quoted.
pub fn quoted(quote: &Quote) -> Cow<'_, str> {
    if quote.own { Cow::Owned(gettext("You")) } else { Cow::Borrowed(&quote.sender_name) }
}

/// Who chose a reaction, the user first.
pub fn reactors(reaction: &Reaction) -> String {
    let own = reaction.own.then(|| gettext("You"));
    let names: Vec<&str> =
        own.as_deref().into_iter().chain(reaction.others.iter().map(String::as_str)).collect();
    names.join(", ")
}

/// What a screen reader calls a row, such as "Bob Brown, 10:30: Hello".
pub fn accessible_name(message: &Message, words: &Words, clock: Clock) -> String {
    let files = summary_of(&message.attachments).map(|files| summary(&files));
    let said: Vec<&str> = files
        .as_deref()
        .into_iter()
        .chain(Some(words.text.as_str()).filter(|text| !text.is_empty()))
        .collect();
    format!("{}, {}: {}", sender(message), clock.time(message.time), said.join(". "))
}

/// What a screen reader adds to it.
pub fn accessible_description(message: &Message, lock: Option<LockMark>) -> String {
    let waits = message.waits.map(failure::wait);
    let edited = (message.revisions > 0).then(|| gettext("Edited"));
    let reactions = (!message.reactions.is_empty()).then(|| {
        let reactions: Vec<_> = message
            .reactions
            .iter()
            .map(|reaction| format!("{} {}", reaction.emoji, reaction.count()))
            .collect();
        gettext_f("Reactions: {reactions}", &[("reactions", &reactions.join(", "))])
    });
    let parts: Vec<_> = [delivery(&message.delivery), waits, lock.map(LockMark::words), edited, reactions]
        .into_iter()
        .flatten()
        .collect();
    parts.join(". ")
}

/// How far an own message came, in a word.
pub fn delivery(delivery: &Delivery) -> Option<String> {
    Some(match delivery {
        Delivery::Received => return None,
        Delivery::Queued => gettext("Waiting"),
        Delivery::Sent => gettext("Sent"),
        Delivery::Delivered => gettext("Delivered"),
        Delivery::Read => gettext("Read"),
        Delivery::Failed(_) => gettext("Not delivered"),
    })
}

#[cfg(test)]
mod tests {
    use model::{EncryptionKind, UnreadableReason};

    use super::*;
    use crate::history::sample;

    #[test]
    fn a_row_is_named_by_sender_time_and_words() {
        let mut message = sample::message(1, "bob", 0);
        message.sender_name = "Bob Brown".into();
        message.content = Content::Text("Hello <b>".into());
        let time = Clock::TwentyFour.time(message.time);
        let name = |message: &Message| accessible_name(message, &Words::of(message), Clock::TwentyFour);
        assert_eq!(name(&message), format!("Bob Brown, {time}: Hello <b>"));
        message.direction = Direction::Outgoing;
        message.delivery = Delivery::Read;
        message.revisions = 1;
        assert_eq!(name(&message), format!("You, {time}: Hello <b>"));
        assert_eq!(accessible_description(&message, None), "Read. Edited");
        assert_eq!(accessible_description(&message, Some(LockMark::Open)), "Read. Not encrypted. Edited");
    }

    #[test]
    fn the_user_is_never_called_by_name() {
        let mut reaction = Reaction { others: vec!["Bob".into(), "Carol".into()], ..Reaction::default() };
        assert_eq!(reactors(&reaction), "Bob, Carol");
        reaction.own = true;
        assert_eq!(reactors(&reaction), "You, Bob, Carol");
        let mut quote = Quote {
            message: None,
            sender: None,
            sender_name: "Alice".into(),
            own: false,
            text: "Hello".into(),
            files: None,
        };
        assert_eq!(quoted(&quote), "Alice");
        quote.own = true;
        assert_eq!(quoted(&quote), "You");
    }

    #[test]
    fn actions_and_explanations_have_their_own_style() {
        let mut message = sample::message(1, "bob", 0);
        message.content = Content::Text("/me waves <3".into());
        let words = Words::of(&message);
        assert_eq!((words.text.as_str(), words.style), ("Bob waves <3", Style::Action));
        message.content = Content::Unreadable(UnreadableReason::UnknownEncryption(EncryptionKind::Otr));
        assert!(Words::of(&message).text.contains("OTR"));
        message.content = Content::Retracted;
        assert_eq!(Words::of(&message).style, Style::Quiet);
    }
}

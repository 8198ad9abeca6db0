//! What is selected, across rows.
//!
//! Labels of GTK select each for itself and clear each other, and a row that scrolls out of
//! sight forgets. So the selection is ours: two carets that name a message and a byte of its
//! text. Rows are told which part of them is selected when it changes and when they are bound;
//! what is copied is read from the messages, also those that have no row at the moment.

use std::{cell::Cell, ops::Range};

use model::MessageId;

/// A place in the text of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caret {
    /// The message.
    pub message: MessageId,
    /// The byte of the text as it is shown.
    pub byte: usize,
}

/// Where the selection was begun, and where it ends now.
#[derive(Debug, Default)]
pub struct Selection {
    ends: Cell<Option<(Caret, Caret)>>,
}

/// A selection among the rows of a window: from a row and byte to a row and byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    start: (usize, usize),
    end: (usize, usize),
}

impl Selection {
    /// Begins a selection that is empty as yet.
    pub fn begin(&self, caret: Caret) {
        self.ends.set(Some((caret, caret)));
    }

    /// Moves its end.
    pub fn extend(&self, caret: Caret) {
        if let Some((start, _)) = self.ends.get() {
            self.ends.set(Some((start, caret)));
        }
    }

    /// Selects a part of one message.
    pub fn select(&self, message: MessageId, range: &Range<usize>) {
        let caret = |byte| Caret { message, byte };
        self.ends.set(Some((caret(range.start), caret(range.end))));
    }

    /// Selects nothing.
    pub fn clear(&self) {
        self.ends.set(None);
    }

    /// The two carets.
    pub fn ends(&self) -> Option<(Caret, Caret)> {
        self.ends.get()
    }

    /// What is selected among rows. Nothing, when one end is not among them any more.
    pub fn span(&self, index_of: impl Fn(MessageId) -> Option<usize>) -> Option<Span> {
        let (first, second) = self.ends.get().filter(|(first, second)| first != second)?;
        let first = (index_of(first.message)?, first.byte);
        let second = (index_of(second.message)?, second.byte);
        Some(Span { start: first.min(second), end: first.max(second) })
    }
}

impl Span {
    /// The rows of which something is selected.
    pub fn rows(&self) -> std::ops::RangeInclusive<usize> {
        self.start.0..=self.end.0
    }

    /// Which part of a row's text is selected.
    pub fn in_row(&self, index: usize, text: &str) -> Option<Range<usize>> {
        if !self.rows().contains(&index) {
            return None;
        }
        let start = if index == self.start.0 { self.start.1 } else { 0 };
        let end = if index == self.end.0 { self.end.1 } else { text.len() };
        // The text may have changed since: an edit must not cut a character in two.
        let range = floor(text, start)..floor(text, end);
        (!range.is_empty()).then_some(range)
    }
}

fn floor(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// The word around a byte, or the run of other characters.
pub fn word_at(text: &str, byte: usize) -> Range<usize> {
    let byte = floor(text, byte);
    let is_word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '\'' | '’');
    let Some(here) = text[byte..].chars().next().or_else(|| text[..byte].chars().next_back()) else {
        return 0..0;
    };
    let same =
        |character: &char| is_word(*character) == is_word(here) && (*character == '\n') == (here == '\n');
    let before: usize = text[..byte].chars().rev().take_while(same).map(char::len_utf8).sum();
    let after: usize = text[byte..].chars().take_while(same).map(char::len_utf8).sum();
    byte - before..byte + after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caret(message: i64, byte: usize) -> Caret {
        Caret { message: MessageId(message), byte }
    }

    fn index_of(message: MessageId) -> Option<usize> {
        (10..20).contains(&message.0).then(|| (message.0 - 10) as usize)
    }

    #[test]
    fn a_selection_across_rows_takes_the_middle_whole() {
        let selection = Selection::default();
        selection.begin(caret(15, 3));
        assert_eq!(selection.span(index_of), None, "nothing yet");
        selection.extend(caret(12, 2));
        let span = selection.span(index_of).unwrap();
        assert_eq!(span.rows(), 2..=5);
        assert_eq!(span.in_row(1, "abcdef"), None);
        assert_eq!(span.in_row(2, "abcdef"), Some(2..6));
        assert_eq!(span.in_row(3, "abc"), Some(0..3));
        assert_eq!(span.in_row(3, ""), None);
        assert_eq!(span.in_row(5, "abcdef"), Some(0..3));
        assert_eq!(span.in_row(6, "abcdef"), None);
    }

    #[test]
    fn a_text_that_changed_is_never_cut_within_a_character() {
        let selection = Selection::default();
        selection.select(MessageId(10), &(1..5));
        let span = selection.span(index_of).unwrap();
        assert_eq!(span.in_row(0, "äö"), Some(0..4));
        assert_eq!(span.in_row(0, ""), None);
    }

    #[test]
    fn a_selection_whose_end_is_gone_is_nothing() {
        let selection = Selection::default();
        selection.begin(caret(5, 0));
        selection.extend(caret(12, 2));
        assert_eq!(selection.span(index_of), None);
    }

    #[test]
    fn words_are_found() {
        let text = "Don't say “naïve”, 日本";
        let word = |byte| &text[word_at(text, byte)];
        assert_eq!(word(2), "Don't");
        assert_eq!(word(5), " ");
        assert_eq!(word(text.find("ve").unwrap()), "naïve");
        assert_eq!(word(text.len()), "日本");
        assert_eq!(word_at("", 0), 0..0);
    }
}

//! Searching a million messages while somebody types.
//!
//! SQLite's own tokenizers miss two-letter Chinese words and know nothing of Thai, and ours cannot be
//! plugged in without unsafe code. So words are folded and split here (`search/fold.rs`), and the index
//! gets them ready-made, a space between; it keeps lists of rows by word and no copy of the text.
//!
//! The lists are walked from their ends, so the index's row ids must grow with time: a message that
//! is fetched late belongs among those of its day. `search_row` is the second it was sent in, and a
//! number within that second. What comes first is what is newest, and nothing is ever sorted.
//!
//! The index knows no positions, which makes it half as large. A run of three and more characters of
//! Chinese is therefore found by its pairs, and looked for once more in the text itself.

mod fold;
mod highlight;
#[cfg(test)]
mod tests;

use model::{Content, ConversationId, Message, MessageId, Timestamp};
use rusqlite::{OptionalExtension, params};

pub use fold::fold;
use fold::{Term, index_tokens, query_terms};
use highlight::highlight;

use crate::{Error, Reads, Tx};

/// How many rows of a second have a number of their own; what is more goes into the next.
const PER_SECOND: i64 = 1024;
/// Times beyond this (the year 36812) are taken for it.
const LAST_SECOND: i64 = 1 << 40;
/// How many rows one question looks at before it says what it has so far.
const MOST_CANDIDATES: usize = 20_000;

/// What to search for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRequest {
    /// The words, as they were typed. All must be there; each may be the beginning of a longer one.
    pub words: String,
    /// Only in this conversation.
    pub conversation: Option<ConversationId>,
    /// Only what is older: where the last results ended.
    pub before: Option<SearchCursor>,
    /// How many at most.
    pub limit: u32,
}

/// Where results ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchCursor(i64);

/// A message that holds the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchHit {
    /// The message.
    pub message: Message,
    /// Where the words stand in its text, as ranges of bytes.
    pub highlights: Vec<std::ops::Range<usize>>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResults {
    /// The messages, newest first.
    pub hits: Vec<SearchHit>,
    /// Where to go on; `None` when there is no more.
    pub next: Option<SearchCursor>,
}

impl Reads<'_> {
    /// Messages that hold some words, newest first.
    pub fn search(self, request: &SearchRequest) -> Result<SearchResults, Error> {
        self.search_while(request, &|| true)
    }

    /// [`Reads::search`], given up when nobody waits for it any more.
    pub(crate) fn search_while(
        self,
        request: &SearchRequest,
        wanted: &dyn Fn() -> bool,
    ) -> Result<SearchResults, Error> {
        let terms = query_terms(&request.words);
        let Some(query) = match_expression(&terms, request.conversation) else {
            return Ok(SearchResults::default());
        };
        let limit = request.limit as usize;
        let batch = limit.max(20) + 1;
        let mut before = request.before.map_or(i64::MAX, |cursor| cursor.0);
        let mut hits = Vec::new();
        let mut looked_at = 0;
        loop {
            let rows = self.matching_rows(&query, before, batch)?;
            let exhausted = rows.len() < batch;
            looked_at += rows.len();
            for (row, message) in self.messages_at(&rows)? {
                if hits.len() == limit {
                    return Ok(SearchResults { hits, next: Some(SearchCursor(before)) });
                }
                before = row;
                let Content::Text(text) = &message.content else { continue };
                if terms.iter().all(|term| term.is_certain() || term.is_in(text)) {
                    let highlights = highlight(text, &terms);
                    hits.push(SearchHit { message, highlights });
                }
            }
            if exhausted || !wanted() {
                return Ok(SearchResults { hits, next: None });
            }
            before = rows.last().copied().unwrap_or(before);
            if looked_at >= MOST_CANDIDATES {
                return Ok(SearchResults { hits, next: Some(SearchCursor(before)) });
            }
        }
    }

    fn matching_rows(self, query: &str, before: i64, limit: usize) -> Result<Vec<i64>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3",
        )?;
        let rows = statement.query_map(params![query, before, limit as i64], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The messages at some rows of the index, newest first; those being deleted are left out.
    fn messages_at(self, rows: &[i64]) -> Result<Vec<(i64, Message)>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT m.id FROM messages m JOIN conversations c ON c.id = m.conversation
             WHERE m.search_row = ? AND c.deleting = 0",
        )?;
        let mut places = std::collections::HashMap::new();
        for row in rows {
            if let Some(id) = statement.query_row([row], |row| row.get(0).map(MessageId)).optional()? {
                places.insert(id, *row);
            }
        }
        let ids: Vec<MessageId> = places.keys().copied().collect();
        let messages = self.messages(&ids)?;
        let mut found: Vec<(i64, Message)> = messages
            .into_iter()
            .filter_map(|message| places.get(&message.id).map(|row| (*row, message)))
            .collect();
        found.sort_by_key(|(row, _)| std::cmp::Reverse(*row));
        Ok(found)
    }
}

impl Tx<'_> {
    /// Puts the words of a message into the index.
    pub(crate) fn index_words(
        &mut self,
        search_row: i64,
        conversation: ConversationId,
        text: &str,
    ) -> Result<(), Error> {
        let mut words = index_tokens(text);
        if words.is_empty() {
            return Ok(());
        }
        words.push(' ');
        words.push_str(&conversation_token(conversation));
        self.execute("INSERT INTO words (rowid, tokens) VALUES (?1, ?2)", params![search_row, words])?;
        Ok(())
    }

    /// Takes the words of a message out of the index.
    pub(crate) fn unindex_words(&mut self, search_row: i64) -> Result<(), Error> {
        self.execute("DELETE FROM words WHERE rowid = ?", [search_row])?;
        Ok(())
    }

    /// A row of the index for a message of this time that no message has.
    pub(crate) fn free_search_row(&self, time: Timestamp) -> Result<i64, Error> {
        let mut statement = self.connection().prepare_cached(
            "SELECT max(search_row) FROM messages WHERE search_row >= ?1 AND search_row < ?2",
        )?;
        let mut second = time.0.div_euclid(1000).clamp(0, LAST_SECOND);
        loop {
            let first = second * PER_SECOND;
            let past = first + PER_SECOND;
            let highest: Option<i64> = statement.query_one([first, past], |row| row.get(0))?;
            match highest {
                None => return Ok(first),
                Some(highest) if highest + 1 < past => return Ok(highest + 1),
                Some(_) => second += 1,
            }
        }
    }
}

/// A word that no text can hold (a private character begins it), so that the index itself keeps
/// conversations apart: a common word in a quiet conversation is found at once.
fn conversation_token(conversation: ConversationId) -> String {
    format!("\u{e000}c{}", conversation.0)
}

/// The terms in the language of FTS5. `None` if there is nothing to look for.
fn match_expression(terms: &[Term], conversation: Option<ConversationId>) -> Option<String> {
    // Terms hold letters and digits only, so nothing in the quotation marks can end them.
    let mut parts: Vec<String> = Vec::new();
    if let Some(conversation) = conversation {
        parts.push(format!("\"{}\"", conversation_token(conversation)));
    }
    let own = parts.len();
    for term in terms {
        match term {
            Term::Word(word) => parts.push(format!("\"{word}\" *")),
            Term::Run(_) => parts.extend(term.tokens().iter().map(|token| format!("\"{token}\""))),
        }
    }
    (parts.len() > own).then(|| parts.join(" AND "))
}

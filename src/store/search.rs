//! Searching a million messages while somebody types.
//!
//! SQLite's own tokenizers miss two-letter Chinese words and know nothing of Thai, and ours cannot be
//! plugged in without unsafe code. So words are folded and split here (`search/fold.rs`), and the index
//! (`search/index.rs`) gets them ready-made; it keeps lists of rows by word and no copy of the text.
//!
//! The lists are walked from their ends, so what is newest comes first and nothing is ever sorted.
//! What may be the beginning of a longer word is the trouble: SQLite gathers the rows of all words that
//! begin so before it gives the first. Only for beginnings of up to three letters the index has
//! lists of their own. So a longer one is looked for by its first three letters, and the text itself is
//! asked for the rest. Common words are found at once in this way; a rare one is, after some
//! disappointments, looked for by all its letters, and what is rare is gathered fast.
//!
//! The index knows no positions, which makes it half as large. A run of three and more characters of
//! Chinese is therefore found by its pairs, and the text is asked too.

mod fold;
mod highlight;
mod index;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use model::{Content, ConversationId, Message, MessageId};
use rusqlite::{OptionalExtension, params};

pub use fold::fold;
use fold::{Term, contains, query_terms};
use highlight::highlight;
use index::{SHORT, conversation_token};

use crate::{Error, Reads};

/// How many rows are looked at by the first letters before all letters are asked for.
const FIRST_LOOK: usize = 1000;
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

/// A message that may hold the words.
struct Candidate {
    row: i64,
    message: MessageId,
    text: String,
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
        if terms.is_empty() {
            return Ok(SearchResults::default());
        }
        let limit = request.limit as usize;
        let batch = limit.clamp(20, 200) + 1;
        let by_beginnings = match_expression(&terms, request.conversation, SHORT);
        let by_all_letters = match_expression(&terms, request.conversation, usize::MAX);
        let mut query = &by_beginnings;
        let mut before = request.before.map_or(i64::MAX, |cursor| cursor.0);
        let mut waiting = self.not_indexed(request.conversation, before)?;
        let mut found: Vec<Candidate> = Vec::new();
        let mut looked_at = 0;
        loop {
            let rows = self.matching_rows(query, before, batch)?;
            let exhausted = rows.len() < batch;
            looked_at += rows.len();
            before = if exhausted { i64::MIN } else { rows.last().copied().unwrap_or(i64::MIN) };
            let mut candidates = self.candidates(&rows)?;
            candidates.extend(waiting.extract_if(.., |candidate| candidate.row >= before));
            candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.row));
            for candidate in candidates {
                if !contains(&candidate.text, &terms) {
                    continue;
                }
                if found.len() == limit {
                    let next = found.last().map(|last| SearchCursor(last.row));
                    return self.results(&found, &terms, next);
                }
                found.push(candidate);
            }
            if exhausted || !wanted() {
                return self.results(&found, &terms, None);
            }
            if looked_at >= MOST_CANDIDATES {
                return self.results(&found, &terms, Some(SearchCursor(before)));
            }
            if looked_at >= FIRST_LOOK {
                query = &by_all_letters;
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

    /// The messages at some rows of the index; those being deleted are left out.
    fn candidates(self, rows: &[i64]) -> Result<Vec<Candidate>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT m.id, m.body FROM messages m JOIN conversations c ON c.id = m.conversation
             WHERE m.search_row = ? AND m.kind = 0 AND c.deleting = 0",
        )?;
        let mut candidates = Vec::with_capacity(rows.len());
        for &row in rows {
            let candidate = statement
                .query_row([row], |columns| {
                    Ok(Candidate { row, message: MessageId(columns.get(0)?), text: columns.get(1)? })
                })
                .optional()?;
            candidates.extend(candidate);
        }
        Ok(candidates)
    }

    /// The newest messages, which wait for the index.
    fn not_indexed(self, conversation: Option<ConversationId>, before: i64) -> Result<Vec<Candidate>, Error> {
        // The sign keeps SQLite from walking the whole history by search_row.
        let mut statement = self.connection.prepare_cached(
            "SELECT m.search_row, m.id, m.body FROM messages m JOIN conversations c ON c.id = m.conversation
             WHERE m.id > (SELECT indexed FROM meta) AND +m.search_row < ?1 AND m.kind = 0 AND c.deleting = 0
               AND (?2 IS NULL OR m.conversation = ?2)",
        )?;
        let rows = statement.query_map(params![before, conversation.map(|id| id.0)], |row| {
            Ok(Candidate { row: row.get(0)?, message: MessageId(row.get(1)?), text: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn results(
        self,
        found: &[Candidate],
        terms: &[Term],
        next: Option<SearchCursor>,
    ) -> Result<SearchResults, Error> {
        let ids: Vec<MessageId> = found.iter().map(|candidate| candidate.message).collect();
        let mut messages: HashMap<MessageId, Message> =
            self.messages(&ids)?.into_iter().map(|message| (message.id, message)).collect();
        let hits = ids.iter().filter_map(|id| {
            let message = messages.remove(id)?;
            let Content::Text(text) = &message.content else { return None };
            let highlights = highlight(text, terms);
            Some(SearchHit { message, highlights })
        });
        Ok(SearchResults { hits: hits.collect(), next })
    }
}

/// The terms in the language of FTS5, each word by at most so many of its first letters.
fn match_expression(terms: &[Term], conversation: Option<ConversationId>, letters: usize) -> String {
    // Terms hold letters and digits only, so nothing in the quotation marks can end them.
    let mut parts: Vec<String> = Vec::new();
    if let Some(conversation) = conversation {
        parts.push(format!("\"{}\"", conversation_token(conversation)));
    }
    for term in terms {
        match term {
            Term::Word(word) => {
                let beginning: String = word.chars().take(letters).collect();
                parts.push(format!("\"{beginning}\" *"));
            }
            Term::Run(_) => parts.extend(term.tokens().iter().map(|token| format!("\"{token}\""))),
        }
    }
    parts.join(" AND ")
}

//! Writing the search index.
//!
//! Messages come one by one or by the dozen, and an index is cheap only by the hundred. So what is new
//! waits: `meta.indexed` is the row up to which messages are in the index, and what stands after it
//! is searched by reading it. When a few hundred wait, the transaction that brought the last of them
//! puts all into the index. A change of what is in the index is made in the transaction of the change.
//!
//! The row ids of the index must grow with time, since its lists are walked from their ends; a
//! message that is fetched late belongs among those of its day. So `search_row` is the second it was
//! sent in, and a number within that second.

use model::{ConversationId, MessageId, Timestamp};
use rusqlite::{OptionalExtension, params};

use super::fold::index_tokens;
use crate::rows::TEXT;
use crate::{Error, Tx};

/// The index has lists of its own for beginnings of up to so many letters (`prefix` in the schema).
pub(super) const SHORT: usize = 3;
/// How many messages wait before they are put into the index.
const WAITING: i64 = 400;
/// How many rows of a second have a number of their own; what is more goes into the next.
const PER_SECOND: i64 = 1024;
/// Times beyond this (the year 36812) are taken for it.
const LAST_SECOND: i64 = 1 << 40;

/// A word that no text can hold (a private character begins it), so that the index itself keeps
/// conversations apart: a common word in a quiet conversation is found at once.
pub(super) fn conversation_token(conversation: ConversationId) -> String {
    format!("\u{e000}c{}", conversation.0)
}

impl Tx<'_> {
    /// Puts the messages that wait into the index, if they are many. Before a commit.
    pub(crate) fn index_waiting(&mut self) -> Result<(), Error> {
        let (indexed, newest): (i64, i64) = self
            .connection()
            .prepare_cached("SELECT indexed, ifnull((SELECT max(id) FROM messages), 0) FROM meta")?
            .query_one([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if newest - indexed < WAITING {
            return Ok(());
        }
        {
            // In the order of its rows, else the index writes a piece of its own for each message.
            // The sign keeps SQLite from walking the whole history for that order.
            let mut select = self.connection().prepare_cached(
                "SELECT search_row, conversation, body FROM messages WHERE id > ?1 AND kind = ?2
                 ORDER BY +search_row",
            )?;
            let mut insert = self.connection().prepare_cached(INSERT)?;
            let mut rows = select.query([indexed, TEXT])?;
            while let Some(row) = rows.next()? {
                let text = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
                if let Some(words) = words(ConversationId(row.get(1)?), text) {
                    insert.execute(params![row.get::<_, i64>(0)?, words])?;
                }
            }
        }
        self.execute("UPDATE meta SET indexed = ?", [newest])?;
        Ok(())
    }

    /// The text of a message changed, or is gone.
    pub(crate) fn text_changed(&mut self, message: MessageId, text: Option<&str>) -> Result<(), Error> {
        let place: Option<(i64, i64)> = self
            .connection()
            .prepare_cached(
                "SELECT search_row, conversation FROM messages WHERE id = ? AND id <= (SELECT indexed FROM meta)",
            )?
            .query_row([message.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        // What waits for the index is read when its turn comes.
        let Some((row, conversation)) = place else { return Ok(()) };
        self.execute("DELETE FROM words WHERE rowid = ?", [row])?;
        if let Some(words) = text.and_then(|text| words(ConversationId(conversation), text)) {
            self.execute(INSERT, params![row, words])?;
        }
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

const INSERT: &str = "INSERT INTO words (rowid, tokens) VALUES (?1, ?2)";

/// The words of a message as the index takes them, a space between. `None` if it has none.
fn words(conversation: ConversationId, text: &str) -> Option<String> {
    let mut words = index_tokens(text);
    if words.is_empty() {
        return None;
    }
    words.push(' ');
    words.push_str(&conversation_token(conversation));
    Some(words)
}

//! Corrections (XEP-0308) and retractions (XEP-0424) of messages that are here.
//!
//! The present text stands in the message, the earlier ones in `revisions`. Corrections may come in
//! any order and more than once: the latest by its own time is shown, a copy changes nothing. Times are by
//! different clocks, though: what was certainly written last says so, and then no clock is asked.
//! What is retracted is gone: text, earlier texts, reactions, the quotations others made of it, and
//! its words in the search index, all in one transaction.

use model::{EncryptionKind, MessageId, Revision, Timestamp};
use rusqlite::{OptionalExtension, params};

use crate::rows::{RETRACTED, TEXT, from_encryption};
use crate::{Error, Reads, Tx};

/// Earlier texts kept of one message; beyond, the oldest but the first go.
const MOST_REVISIONS: i64 = 100;

/// A new text for a message. That its sender may correct it was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The `id` attribute of the correction's stanza: how a copy is recognised.
    pub id: Option<String>,
    /// When it was sent.
    pub time: Timestamp,
    /// The new text.
    pub text: String,
    /// How it travelled.
    pub encryption: EncryptionKind,
}

/// What became of a correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is what the message says now.
    Current,
    /// A later one was here before it: it became an earlier text.
    Earlier,
    /// It was here already.
    AlreadyThere,
    /// There is no such message, or it has no text to correct.
    Impossible,
}

impl Reads<'_> {
    /// The earlier texts of a message, oldest first.
    pub fn revisions(self, message: MessageId) -> Result<Vec<Revision>, Error> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT time, body FROM revisions WHERE message = ? ORDER BY time, id")?;
        let rows = statement
            .query_map([message.0], |row| Ok(Revision { time: Timestamp(row.get(0)?), text: row.get(1)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Gives a message a new text, and keeps the earlier one.
    pub fn correct(&mut self, message: MessageId, correction: &Correction) -> Result<Applied, Error> {
        struct Present {
            kind: i64,
            body: String,
            edit_id: Option<String>,
            edited: Option<i64>,
            time: i64,
        }
        let present = self
            .connection()
            .prepare_cached("SELECT kind, body, edit_id, edit_time, time FROM messages WHERE id = ?")?
            .query_row([message.0], |row| {
                Ok(Present {
                    kind: row.get(0)?,
                    body: row.get(1)?,
                    edit_id: row.get(2)?,
                    edited: row.get(3)?,
                    time: row.get(4)?,
                })
            })
            .optional()?;
        let Some(present) = present.filter(|present| present.kind == TEXT) else {
            return Ok(Applied::Impossible);
        };
        if correction.id.is_some() && self.knows_edit(message, present.edit_id.as_deref(), correction)? {
            return Ok(Applied::AlreadyThere);
        }
        if present.edited.is_some_and(|edited| edited > correction.time.0) {
            self.keep_revision(message, correction.id.as_deref(), correction.time.0, &correction.text)?;
            return Ok(Applied::Earlier);
        }
        let written = present.edited.unwrap_or(present.time);
        self.keep_revision(message, present.edit_id.as_deref(), written, &present.body)?;
        self.execute(
            "UPDATE messages SET body = ?2, edit_id = ?3, edit_time = ?4, encryption = ?5 WHERE id = ?1",
            params![
                message.0,
                correction.text,
                correction.id,
                correction.time.0,
                from_encryption(correction.encryption)
            ],
        )?;
        self.text_changed(message, Some(&correction.text))?;
        Ok(Applied::Current)
    }

    /// Gives a message a new text that was written after everything that is here, whatever the clocks say.
    pub fn correct_last(&mut self, message: MessageId, correction: &Correction) -> Result<Applied, Error> {
        let edited: Option<i64> = self
            .connection()
            .prepare_cached("SELECT edit_time FROM messages WHERE id = ?")?
            .query_row([message.0], |row| row.get(0))
            .optional()?
            .flatten();
        let after = edited.map_or(correction.time, |edited| Timestamp(edited.saturating_add(1)));
        let time = correction.time.max(after);
        self.correct(message, &Correction { time, ..correction.clone() })
    }

    /// Takes a message back. False if there is none, or it was taken back before.
    pub fn retract(&mut self, message: MessageId) -> Result<bool, Error> {
        let retracted = self.execute(
            "UPDATE messages SET kind = ?2, body = '', revisions = 0, reactions = 0, edit_id = NULL,
               edit_time = NULL
             WHERE id = ?1 AND kind <> ?2",
            params![message.0, RETRACTED],
        )?;
        if retracted {
            self.uncount(message)?;
            self.text_changed(message, None)?;
            self.execute("DELETE FROM revisions WHERE message = ?", [message.0])?;
            self.execute("DELETE FROM reactions WHERE message = ?", [message.0])?;
            self.execute("DELETE FROM attachments WHERE message = ?", [message.0])?;
            self.execute("UPDATE replies SET fallback = '' WHERE target = ?", [message.0])?;
        }
        Ok(retracted)
    }

    fn knows_edit(
        &self,
        message: MessageId,
        present: Option<&str>,
        correction: &Correction,
    ) -> Result<bool, Error> {
        if present == correction.id.as_deref() {
            return Ok(true);
        }
        Ok(self
            .connection()
            .prepare_cached("SELECT 1 FROM revisions WHERE message = ?1 AND edit_id = ?2")?
            .exists(params![message.0, correction.id])?)
    }

    fn keep_revision(
        &mut self,
        message: MessageId,
        edit_id: Option<&str>,
        time: i64,
        body: &str,
    ) -> Result<(), Error> {
        self.execute(
            "INSERT INTO revisions (message, edit_id, time, body) VALUES (?1, ?2, ?3, ?4)",
            params![message.0, edit_id, time, body],
        )?;
        // Someone who corrects one message without end must not fill the disk. The original, which
        // has no edit id, is the last to go.
        self.execute(
            "DELETE FROM revisions WHERE message = ?1 AND id IN (
               SELECT id FROM revisions WHERE message = ?1
               ORDER BY edit_id IS NULL DESC, time DESC, id DESC LIMIT -1 OFFSET ?2)",
            params![message.0, MOST_REVISIONS],
        )?;
        self.execute(
            "UPDATE messages SET revisions = (SELECT count(*) FROM revisions WHERE message = ?1) WHERE id = ?1",
            [message.0],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

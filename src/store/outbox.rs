//! The outbox: nothing is sent that is not first here, as its final bytes (DESIGN rule 3).
//!
//! A row is written in the transaction that makes the bytes. `Queued` rows go out in the order of
//! their ids; a row that went into a stream becomes `Sent` and stays until the server is known to
//! have it; then it is settled, which removes it. After a lost stream the unsettled rows are
//! resent, or not, by what the archive says: same id, same bytes.
//!
//! What is to be encrypted begins as `Unsealed`, with the words as they are, and gets its final bytes in the transaction
//! that moves the ratchet.
//!
//! A row may name another that must be done before it: preparing a file, uploading it and sending
//! the message are three rows, and a restart goes on at the step it reached.

use model::{ConversationId, MessageId, Timestamp};
use rusqlite::{OptionalExtension, Row, params};

use crate::{Error, Reads, Tx};

/// A row of the outbox. It is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutboxId(pub i64);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxKind {
    /// Write these bytes: a message that counts as a line of the history.
    Message,
    /// Write these bytes: a reaction, a retraction, a correction, a marker or a receipt.
    Edit,
    /// Write these bytes, an IQ: its answer settles it.
    Query,
    /// Get a file ready: the bytes say which.
    Prepare,
    /// Upload a file: the bytes say which.
    Upload,
}

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// To be sent.
    Queued,
    /// It went into a stream, and the server has not said that it has it.
    Sent,
    /// It was refused. Its bytes are kept for "Try again": the same id and the same bytes.
    Refused,
    /// It waits to be encrypted: the bytes are the stanza as it would be in the clear, and never leave this device.
    Unsealed,
}

/// What is to be put into the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOutboxRow<'b> {
    /// What is to be done.
    pub kind: OutboxKind,
    /// The message it sends or changes.
    pub message: Option<MessageId>,
    /// The conversation it belongs to: deleting that takes it out.
    pub conversation: Option<ConversationId>,
    /// How its copy in the archive, or its answer, is recognised: the origin id, or the IQ's id.
    pub token: &'b str,
    /// The final bytes.
    pub bytes: &'b [u8],
    /// The row that must be done first.
    pub after: Option<OutboxId>,
    /// When it was put here.
    pub time: Timestamp,
}

impl<'b> NewOutboxRow<'b> {
    /// Something that belongs to no conversation, and waits behind no words of one.
    pub fn apart(token: &'b str, bytes: &'b [u8], time: Timestamp) -> Self {
        let kind = OutboxKind::Edit;
        Self { kind, message: None, conversation: None, token, bytes, after: None, time }
    }
}

/// A row that was put into the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its id: the order of sending.
    pub id: OutboxId,
    /// What is to be done.
    pub kind: OutboxKind,
    /// The message it sends or changes.
    pub message: Option<MessageId>,
    /// The conversation it belongs to.
    pub conversation: Option<ConversationId>,
    /// How far it came.
    pub state: OutboxState,
    /// How its copy or answer is recognised.
    pub token: String,
    /// The final bytes.
    pub bytes: Vec<u8>,
    /// The row that must be done first.
    pub after: Option<OutboxId>,
    /// How often it went into a stream.
    pub attempts: u32,
    /// When it was put here.
    pub time: Timestamp,
}

const ROW: &str =
    "SELECT id, kind, message, conversation, state, token, bytes, after, attempts, time FROM outbox";

fn row(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    Ok(OutboxRow {
        id: OutboxId(row.get(0)?),
        kind: match row.get::<_, i64>(1)? {
            0 => OutboxKind::Message,
            2 => OutboxKind::Query,
            3 => OutboxKind::Prepare,
            4 => OutboxKind::Upload,
            _ => OutboxKind::Edit,
        },
        message: row.get::<_, Option<i64>>(2)?.map(MessageId),
        conversation: row.get::<_, Option<i64>>(3)?.map(ConversationId),
        state: match row.get::<_, i64>(4)? {
            0 => OutboxState::Queued,
            1 => OutboxState::Sent,
            3 => OutboxState::Unsealed,
            _ => OutboxState::Refused,
        },
        token: row.get(5)?,
        bytes: row.get(6)?,
        after: row.get::<_, Option<i64>>(7)?.map(OutboxId),
        attempts: row.get(8)?,
        time: Timestamp(row.get(9)?),
    })
}

fn number(kind: OutboxKind) -> i64 {
    match kind {
        OutboxKind::Message => 0,
        OutboxKind::Edit => 1,
        OutboxKind::Query => 2,
        OutboxKind::Prepare => 3,
        OutboxKind::Upload => 4,
    }
}

impl Reads<'_> {
    /// Rows to be sent that wait for no other, in the order of sending, from after `past`: those that are to be
    /// encrypted first among them.
    pub fn outbox_ready(self, past: OutboxId, limit: u32) -> Result<Vec<OutboxRow>, Error> {
        let sql = format!("{ROW} WHERE state IN (0, 3) AND after IS NULL AND id > ?1 ORDER BY id LIMIT ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map((past.0, limit), row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The rows of a kind that may be worked on, in order.
    pub fn outbox_steps(self, kind: OutboxKind) -> Result<Vec<OutboxRow>, Error> {
        let sql = format!("{ROW} WHERE kind = ? AND state = 0 AND after IS NULL ORDER BY id LIMIT 100");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([number(kind)], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Messages with files that wait in a conversation to be sent and never went into a stream.
    pub fn outbox_of_files(self, conversation: ConversationId) -> Result<Vec<OutboxRow>, Error> {
        let sql = format!(
            "{ROW} WHERE conversation = ? AND kind = 0 AND state = 0 AND attempts = 0
             AND message IN (SELECT id FROM messages WHERE attachments > 0) ORDER BY id"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([conversation.0], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Rows that went into a stream and are not settled, in the order of sending.
    pub fn outbox_unsettled(self) -> Result<Vec<OutboxRow>, Error> {
        let sql = format!("{ROW} WHERE state = 1 ORDER BY id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Rows of a conversation that wait to be encrypted, in the order of sending.
    pub fn outbox_unsealed(self, conversation: ConversationId) -> Result<Vec<OutboxRow>, Error> {
        let sql = format!("{ROW} WHERE conversation = ? AND state = 3 ORDER BY id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([conversation.0], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One row.
    pub fn outbox_row(self, id: OutboxId) -> Result<Option<OutboxRow>, Error> {
        let sql = format!("{ROW} WHERE id = ?");
        Ok(self.connection.prepare_cached(&sql)?.query_row([id.0], row).optional()?)
    }

    /// The oldest row with a token.
    pub fn outbox_by_token(self, token: &str) -> Result<Option<OutboxRow>, Error> {
        let sql = format!("{ROW} WHERE token = ? ORDER BY id LIMIT 1");
        Ok(self.connection.prepare_cached(&sql)?.query_row([token], row).optional()?)
    }

    /// Every row that sends or changes a message, in the order of sending.
    pub fn outbox_of_message(self, message: MessageId) -> Result<Vec<OutboxRow>, Error> {
        let sql = format!("{ROW} WHERE message = ? ORDER BY id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([message.0], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Puts something into the outbox.
    pub fn push_outbox(&mut self, new: &NewOutboxRow<'_>) -> Result<OutboxId, Error> {
        self.execute(
            "INSERT INTO outbox (kind, message, conversation, state, token, bytes, after, time)
             VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7)",
            params![
                number(new.kind),
                new.message.map(|id| id.0),
                new.conversation.map(|id| id.0),
                new.token,
                new.bytes,
                new.after.map(|id| id.0),
                new.time.0,
            ],
        )?;
        Ok(OutboxId(self.last_id()))
    }

    /// Puts something into the outbox that is to be encrypted before it is sent.
    pub fn push_unsealed(&mut self, new: &NewOutboxRow<'_>) -> Result<OutboxId, Error> {
        let id = self.push_outbox(new)?;
        self.execute("UPDATE outbox SET state = 3 WHERE id = ?", [id.0])?;
        Ok(id)
    }

    /// It was encrypted, or is to go in the clear: these are its final bytes from now on.
    pub fn seal_outbox(&mut self, id: OutboxId, bytes: &[u8]) -> Result<bool, Error> {
        self.execute(
            "UPDATE outbox SET state = 0, bytes = ?2 WHERE id = ?1 AND state = 3",
            params![id.0, bytes],
        )
    }

    /// A message that waited for its files is complete: this is what it says, as its final bytes or to be sealed.
    pub fn complete_outbox(&mut self, id: OutboxId, bytes: &[u8], is_sealed: bool) -> Result<bool, Error> {
        self.execute(
            "UPDATE outbox SET state = ?3, bytes = ?2 WHERE id = ?1 AND state IN (0, 3)",
            params![id.0, bytes, if is_sealed { 3 } else { 0 }],
        )
    }

    /// A message that was to go in the clear is to be sealed first.
    pub fn unseal_outbox(&mut self, id: OutboxId) -> Result<bool, Error> {
        self.execute("UPDATE outbox SET state = 3 WHERE id = ? AND state = 0 AND attempts = 0", [id.0])
    }

    /// A message that was complete waits for another row, and is completed and sealed again after that.
    pub fn reopen_outbox(&mut self, id: OutboxId, after: OutboxId) -> Result<bool, Error> {
        self.execute(
            "UPDATE outbox SET state = 3, bytes = x'', after = ?2 WHERE id = ?1 AND state IN (0, 3)",
            params![id.0, after.0],
        )
    }

    /// It went into a stream.
    pub fn mark_outbox_sent(&mut self, id: OutboxId) -> Result<bool, Error> {
        self.execute(
            "UPDATE outbox SET state = 1, attempts = attempts + 1 WHERE id = ? AND state = 0",
            [id.0],
        )
    }

    /// It is to be sent again: the stream was lost and the server does not have it, or it was
    /// refused and the user tries again.
    pub fn requeue_outbox(&mut self, id: OutboxId) -> Result<bool, Error> {
        self.execute("UPDATE outbox SET state = 0 WHERE id = ? AND state IN (1, 2)", [id.0])
    }

    /// It was refused: it is kept, and not sent by itself.
    pub fn refuse_outbox(&mut self, id: OutboxId) -> Result<bool, Error> {
        self.execute("UPDATE outbox SET state = 2 WHERE id = ? AND state IN (0, 1)", [id.0])
    }

    /// It is done: the server has it, or answered it. What waited for it is ready.
    pub fn settle_outbox(&mut self, id: OutboxId) -> Result<bool, Error> {
        self.execute("DELETE FROM outbox WHERE id = ?", [id.0])
    }

    /// Takes out everything that sends or changes a message.
    pub fn drop_outbox_of_message(&mut self, message: MessageId) -> Result<bool, Error> {
        self.execute("DELETE FROM outbox WHERE message = ?", [message.0])
    }
}

#[cfg(test)]
mod tests;

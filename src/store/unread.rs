//! The counts and places that a conversation carries, kept right by every change.
//!
//! `unread` is a number in the row, never a `count(*)`: a message carries a flag saying whether it is
//! counted, and whoever flips the flag moves the number by as much, in the same transaction. What was
//! read is a place in the history, `(read_time, read_message)`, and only moves forward; a message
//! that comes late and belongs before it was read on another device, and does not count.

use model::{ConversationId, Delivery, MessageId, Timestamp};
use rusqlite::{OptionalExtension, params};

use crate::rows::{DELIVERED, FAILED, QUEUED, READ, RECEIVED, SENT, from_delivery};
use crate::{Error, Tx};

/// The most own messages one displayed marker settles: what is older was settled by an earlier one,
/// or nobody will look at its ticks again.
const MOST_SETTLED: i64 = 1000;

impl Tx<'_> {
    /// Everything up to this message was read. The count falls by what was unread up to there;
    /// the place never moves back. True if anything changed.
    pub fn mark_read(&mut self, conversation: ConversationId, up_to: MessageId) -> Result<bool, Error> {
        let Some(time) = self.sort_time(conversation, up_to)? else { return Ok(false) };
        let read = self
            .connection()
            .prepare_cached(
                "UPDATE messages SET unread = 0
                 WHERE conversation = ?1 AND unread = 1 AND (sort_time, id) <= (?2, ?3)",
            )?
            .execute(params![conversation.0, time.0, up_to.0])?;
        self.execute(
            "UPDATE conversations SET
               unread = max(0, unread - ?4),
               (read_time, read_message) =
                 (SELECT max(read_time, ?2), iif((read_time, read_message) < (?2, ?3), ?3, read_message))
             WHERE id = ?1 AND (?4 > 0 OR (read_time, read_message) < (?2, ?3))",
            params![conversation.0, time.0, up_to.0, read as i64],
        )
    }

    /// How far an own message came. It only moves forward: `Queued`, `Sent`, `Delivered`, `Read`;
    /// `Failed` only from the first two. True if it moved.
    pub fn advance_delivery(&mut self, message: MessageId, delivery: &Delivery) -> Result<bool, Error> {
        let (number, failure, text) = from_delivery(delivery);
        let from: &[i64] = match number {
            SENT => &[QUEUED],
            DELIVERED | FAILED => &[QUEUED, SENT],
            READ => &[QUEUED, SENT, DELIVERED],
            _ => &[],
        };
        let present: Option<i64> = self
            .connection()
            .prepare_cached("SELECT delivery FROM messages WHERE id = ?")?
            .query_row([message.0], |row| row.get(0))
            .optional()?;
        if !present.is_some_and(|present| present != RECEIVED && from.contains(&present)) {
            return Ok(false);
        }
        self.execute(
            "UPDATE messages SET delivery = ?2, failure = ?3, failure_text = ?4 WHERE id = ?1",
            params![message.0, number, failure, text],
        )
    }

    /// The other side has seen, or has, everything up to an own message (XEP-0333): settles what the
    /// server has. Returns the rows that moved, at most the newest thousand.
    pub fn advance_delivery_up_to(
        &mut self,
        conversation: ConversationId,
        up_to: MessageId,
        delivery: &Delivery,
    ) -> Result<Vec<MessageId>, Error> {
        let Some(time) = self.sort_time(conversation, up_to)? else { return Ok(Vec::new()) };
        let ids: Vec<MessageId> = self
            .connection()
            .prepare_cached(
                "SELECT id FROM messages
                 WHERE conversation = ?1 AND delivery IN (2, 3) AND (sort_time, id) <= (?2, ?3)
                 ORDER BY sort_time DESC, id DESC LIMIT ?4",
            )?
            .query_map(params![conversation.0, time.0, up_to.0, MOST_SETTLED], |row| {
                row.get(0).map(MessageId)
            })?
            .collect::<Result<_, _>>()?;
        let mut moved = Vec::new();
        for id in ids {
            if self.advance_delivery(id, delivery)? {
                moved.push(id);
            }
        }
        Ok(moved)
    }

    /// A refused message is to be sent again, as the same message. False if it was not refused.
    pub fn try_again(&mut self, message: MessageId) -> Result<bool, Error> {
        self.execute(
            "UPDATE messages SET delivery = ?2, failure = 0, failure_text = NULL WHERE id = ?1 AND delivery = ?3",
            params![message.0, QUEUED, FAILED],
        )
    }

    /// A new row came into a conversation.
    pub(crate) fn count_new_message(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
        time: Timestamp,
        unread: bool,
    ) -> Result<(), Error> {
        let last: Option<i64> = self
            .connection()
            .prepare_cached(
                "SELECT m.sort_time FROM conversations c JOIN messages m ON m.id = c.last_message WHERE c.id = ?",
            )?
            .query_row([conversation.0], |row| row.get(0))
            .optional()?;
        // The new row has the highest id, so at the same time it is the newest.
        let newest = last.is_none_or(|last| last <= time.0);
        if newest {
            self.execute(
                "UPDATE conversations SET unread = unread + ?2, last_message = ?3,
                   last_activity = max(last_activity, ?4), archived = 0
                 WHERE id = ?1",
                params![conversation.0, unread, message.0, time.0],
            )?;
        } else if unread {
            self.execute("UPDATE conversations SET unread = unread + 1 WHERE id = ?", [conversation.0])?;
        }
        Ok(())
    }

    /// A row is counted as unread no more.
    pub(crate) fn uncount(&mut self, message: MessageId) -> Result<(), Error> {
        if self.execute("UPDATE messages SET unread = 0 WHERE id = ? AND unread = 1", [message.0])? {
            self.execute(
                "UPDATE conversations SET unread = max(0, unread - 1)
                 WHERE id = (SELECT conversation FROM messages WHERE id = ?)",
                [message.0],
            )?;
        }
        Ok(())
    }

    /// A row is gone: which is the newest now?
    pub(crate) fn find_last_message(&mut self, conversation: ConversationId) -> Result<(), Error> {
        self.execute(
            "UPDATE conversations SET last_message =
               (SELECT id FROM messages WHERE conversation = ?1 ORDER BY sort_time DESC, id DESC LIMIT 1)
             WHERE id = ?1",
            [conversation.0],
        )?;
        Ok(())
    }

    fn sort_time(
        &self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<Option<Timestamp>, Error> {
        let time = self
            .connection()
            .prepare_cached("SELECT sort_time FROM messages WHERE id = ?1 AND conversation = ?2")?
            .query_row((message.0, conversation.0), |row| row.get(0).map(Timestamp))
            .optional()?;
        Ok(time)
    }
}

#[cfg(test)]
mod tests;

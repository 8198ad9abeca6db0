//! Calls as lines of the history.
//!
//! The line is a message row like any other, so it stands, pages and counts as they do. Beside it is kept by which
//! session a call is known on the wire: what other devices and the archive tell of it later finds its line by that.

use model::{
    BareJid, CallLine, CallOutcome, CallSettings, Content, ConversationId, Direction, MessageId, Timestamp,
};
use rusqlite::{OptionalExtension, Row, params};

use crate::{
    Error, Insertion, NewMessage, Reads, Tx,
    rows::{CALL, bare_jid, call_body, call_line, direction},
};

/// A call that has a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCall {
    /// Its line.
    pub message: MessageId,
    /// Where it stands.
    pub conversation: ConversationId,
    /// The other side.
    pub peer: BareJid,
    /// Who called.
    pub direction: Direction,
    /// The id of its session.
    pub session: String,
    /// What the line says.
    pub line: CallLine,
    /// When it was proposed.
    pub time: Timestamp,
    /// When it was taken, on whichever device.
    pub answered: Option<Timestamp>,
    /// Whether this device takes or took part in it: then its line is its own.
    pub is_here: bool,
}

/// Looked for from the calls, which are few, to the messages, which are many.
const STORED: &str = "
  SELECT m.id, m.conversation, a.address, m.direction, k.session, m.body, m.time, k.answered, k.here
  FROM calls k CROSS JOIN messages m ON m.id = k.message
  JOIN conversations c ON c.id = m.conversation JOIN addresses a ON a.id = c.address";

fn under_way() -> String {
    format!("{STORED} WHERE m.body LIKE '_ 0 %' ORDER BY k.message")
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredCall> {
    Ok(StoredCall {
        message: MessageId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        peer: bare_jid(row, 2)?,
        direction: direction(row.get(3)?),
        session: row.get(4)?,
        line: call_line(row.get_ref(5)?.as_str()?),
        time: Timestamp(row.get(6)?),
        answered: row.get::<_, Option<i64>>(7)?.map(Timestamp),
        is_here: row.get(8)?,
    })
}

impl Reads<'_> {
    /// The call of a conversation that is known by this session.
    pub fn call(self, conversation: ConversationId, session: &str) -> Result<Option<StoredCall>, Error> {
        let sql = format!("{STORED} WHERE k.conversation = ?1 AND k.session = ?2");
        let call = self
            .connection
            .prepare_cached(&sql)?
            .query_row(params![conversation.0, session], stored)
            .optional()?;
        Ok(call)
    }

    /// The calls that are not over, as far as is known.
    pub fn calls_under_way(self) -> Result<Vec<StoredCall>, Error> {
        let mut statement = self.connection.prepare_cached(&under_way())?;
        let calls = statement.query_map([], stored)?.collect::<Result<_, _>>()?;
        Ok(calls)
    }

    /// What the user wants of calls.
    pub fn call_settings(self) -> Result<CallSettings, Error> {
        let settings = self
            .connection
            .prepare_cached("SELECT relay_only, low_bandwidth FROM account")?
            .query_row([], |row| Ok(CallSettings { relay_only: row.get(0)?, low_bandwidth: row.get(1)? }))
            .optional()?;
        Ok(settings.unwrap_or_default())
    }
}

impl Tx<'_> {
    /// Writes the line of a call: a message whose content is [`Content::Call`]. It is refused, as its copy, if the session
    /// has a line already.
    pub fn insert_call(&mut self, new: &NewMessage, session: &str) -> Result<Insertion, Error> {
        if let Some(call) = self.reads().call(new.conversation, session)? {
            self.add_ids(call.message, &new.ids)?;
            return Ok(Insertion::AlreadyThere(call.message));
        }
        let insertion = self.insert_message(new)?;
        if let (Insertion::Added(id), Content::Call(_)) = (insertion, &new.content) {
            self.execute(
                "INSERT INTO calls (message, conversation, session) VALUES (?1, ?2, ?3)",
                params![id.0, new.conversation.0, session],
            )?;
        }
        Ok(insertion)
    }

    /// What became of a call. One that was not missed is nothing that waits to be read. True if it changed.
    pub fn set_call_outcome(&mut self, call: MessageId, line: &CallLine) -> Result<bool, Error> {
        let changed = self.execute(
            "UPDATE messages SET body = ?2 WHERE id = ?1 AND kind = ?3 AND body <> ?2",
            params![call.0, call_body(line), CALL],
        )?;
        if changed
            && !matches!(line.outcome, CallOutcome::UnderWay | CallOutcome::Unanswered | CallOutcome::Busy)
        {
            self.uncount(call)?;
        }
        Ok(changed)
    }

    /// A call was taken, on whichever device. The first time counts.
    pub fn set_call_answered(&mut self, call: MessageId, time: Timestamp) -> Result<bool, Error> {
        self.execute(
            "UPDATE calls SET answered = ?2 WHERE message = ?1 AND answered IS NULL",
            params![call.0, time.0],
        )
    }

    /// This device takes part in a call.
    pub fn set_call_here(&mut self, call: MessageId) -> Result<bool, Error> {
        self.execute("UPDATE calls SET here = 1 WHERE message = ? AND here = 0", [call.0])
    }

    /// A call goes on by another session: both sides called, and the other's proposal counts.
    pub fn set_call_session(&mut self, call: MessageId, session: &str) -> Result<bool, Error> {
        self.execute(
            "UPDATE OR IGNORE calls SET session = ?2 WHERE message = ?1 AND session <> ?2",
            params![call.0, session],
        )
    }

    /// Keeps what the user wants of calls. True if it changed.
    pub fn set_call_settings(&mut self, settings: CallSettings) -> Result<bool, Error> {
        self.execute(
            "UPDATE account SET relay_only = ?1, low_bandwidth = ?2 \
             WHERE relay_only IS NOT ?1 OR low_bandwidth IS NOT ?2",
            [settings.relay_only, settings.low_bandwidth],
        )
    }
}

#[cfg(test)]
mod tests;

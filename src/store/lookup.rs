//! Finding the message that something refers to.
//!
//! Protocols name a message by different ids: corrections, receipts and markers by the `id`
//! attribute of the stanza (or its origin id), reactions, retractions and replies by the same in a
//! direct conversation and by the room's archive id in a room. None of them is proof of anything:
//! the `id` attribute is chosen by whoever sends, twice if they like. So every look-up is bound to a
//! conversation or an archive, and to a side or a sender where the rule names one; the newest wins.

use model::{
    BareJid, Content, ConversationId, Delivery, Direction, EncryptionKind, MessageId, OccupantId, Timestamp,
};
use rusqlite::{OptionalExtension, Params, Row};

use crate::rows::{TEXT, bare_jid, content, delivery, direction, encryption, from_direction};
use crate::{ArchiveId, Error, MessageIds, Reads};

/// A message as `account` needs it to judge what refers to it. Windows read [`model::Message`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its row.
    pub id: MessageId,
    /// Where it stands.
    pub conversation: ConversationId,
    /// Whose it is.
    pub direction: Direction,
    /// The sender.
    pub sender: BareJid,
    /// Who the sender is in a room.
    pub occupant: Option<OccupantId>,
    /// When it was sent.
    pub time: Timestamp,
    /// Where it stands in the history.
    pub sort_time: Timestamp,
    /// What it says.
    pub content: Content,
    /// How it travelled.
    pub encryption: EncryptionKind,
    /// How far it came.
    pub delivery: Delivery,
    /// Whether it counts as unread.
    pub unread: bool,
    /// The ids it is known by.
    pub ids: MessageIds,
    /// The id of the correction that made the present text.
    pub edit_id: Option<String>,
    /// Whether it was written on this device.
    pub written_here: bool,
}

const STORED: &str = "
  SELECT m.id, m.conversation, m.direction, s.address, m.occupant_id, m.time, m.sort_time, m.kind,
         m.body, m.unreadable, m.encryption, m.delivery, m.failure, m.failure_text, m.unread,
         m.stanza_id, iif(m.origin_is_stanza, m.stanza_id, m.origin_id), a.address, m.archive_id, m.edit_id,
         m.written_here
  FROM messages m JOIN addresses s ON s.id = m.sender LEFT JOIN archives a ON a.id = m.archive";

/// Rows by the `id` attribute. The index has two parts, each named by its condition.
const BY_STANZA_ID: &str = "
  SELECT id FROM messages WHERE conversation = ?1 AND stanza_id = ?2 AND origin_is_stanza = 0
  UNION ALL SELECT id FROM messages WHERE conversation = ?1 AND stanza_id = ?2 AND origin_is_stanza = 1";

/// Rows by the origin id, which mostly stands in the place of the `id` attribute.
const BY_ORIGIN_ID: &str = "
  SELECT id FROM messages
  WHERE conversation = ?1 AND stanza_id = ?2 AND sender = ?3 AND ifnull(occupant_id, '') = ?4
    AND origin_is_stanza = 1
  UNION ALL SELECT id FROM messages
  WHERE conversation = ?1 AND origin_id = ?2 AND sender = ?3 AND ifnull(occupant_id, '') = ?4";

/// Rows by the origin id, whoever gave it, and by the id of any archive. The `+` hides the conversation from the planner,
/// which would read all of it.
const BY_OTHER_IDS: &str = "
  SELECT id FROM messages WHERE conversation = ?1 AND origin_id = ?2
  UNION ALL SELECT id FROM messages
  WHERE archive IN (SELECT id FROM archives) AND archive_id = ?2 AND +conversation = ?1";

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    let archive = match row.get::<_, Option<String>>(18)? {
        Some(id) => Some(ArchiveId { archive: bare_jid(row, 17)?, id }),
        None => None,
    };
    Ok(StoredMessage {
        id: MessageId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        direction: direction(row.get(2)?),
        sender: bare_jid(row, 3)?,
        occupant: row.get::<_, Option<String>>(4)?.map(OccupantId),
        time: Timestamp(row.get(5)?),
        sort_time: Timestamp(row.get(6)?),
        content: content(row.get(7)?, row.get(8)?, row.get(9)?),
        encryption: encryption(row.get(10)?),
        delivery: delivery(row.get(11)?, row.get(12)?, row.get(13)?),
        unread: row.get(14)?,
        ids: MessageIds { stanza: row.get(15)?, origin: row.get(16)?, archive },
        edit_id: row.get(19)?,
        written_here: row.get(20)?,
    })
}

impl Reads<'_> {
    fn find_stored(self, condition: &str, params: impl Params) -> Result<Option<StoredMessage>, Error> {
        let sql = format!("{STORED} {condition}");
        Ok(self.connection.prepare_cached(&sql)?.query_row(params, stored).optional()?)
    }

    /// A message by its row.
    pub fn stored_message(self, message: MessageId) -> Result<Option<StoredMessage>, Error> {
        self.find_stored("WHERE m.id = ?", [message.0])
    }

    /// The message to which an archive gave this id.
    pub fn message_by_archive_id(self, archive: &BareJid, id: &str) -> Result<Option<StoredMessage>, Error> {
        let Some(archive) = self.archive_row(archive)? else { return Ok(None) };
        self.find_stored("WHERE m.archive = ?1 AND m.archive_id = ?2", (archive, id))
    }

    /// The message to which its sender gave this origin id.
    pub fn message_by_origin_id(
        self,
        conversation: ConversationId,
        sender: &BareJid,
        occupant: Option<&OccupantId>,
        id: &str,
    ) -> Result<Option<StoredMessage>, Error> {
        let Some(sender) = self.address_id(sender)? else { return Ok(None) };
        self.find_stored(
            &format!("WHERE m.id IN ({BY_ORIGIN_ID}) LIMIT 1"),
            (conversation.0, id, sender.0, occupant.map_or("", |occupant| &occupant.0)),
        )
    }

    /// The newest message of one side whose stanza had this `id` attribute.
    pub fn message_by_stanza_id(
        self,
        conversation: ConversationId,
        side: Direction,
        id: &str,
    ) -> Result<Option<StoredMessage>, Error> {
        self.find_stored(
            &format!(
                "WHERE m.id IN ({BY_STANZA_ID}) AND m.direction = ?3
                 ORDER BY m.sort_time DESC, m.id DESC LIMIT 1"
            ),
            (conversation.0, id, from_direction(side)),
        )
    }

    /// The first message of one side with these words that has no id at all, within some milliseconds of a time.
    pub fn message_without_ids(
        self,
        conversation: ConversationId,
        side: Direction,
        text: &str,
        time: Timestamp,
        within: i64,
    ) -> Result<Option<StoredMessage>, Error> {
        self.find_stored(
            "WHERE m.conversation = ?1 AND m.sort_time BETWEEN ?2 AND ?3 AND m.direction = ?4
               AND m.stanza_id IS NULL AND m.origin_id IS NULL AND m.archive_id IS NULL
               AND m.kind = ?5 AND m.body = ?6
             ORDER BY m.sort_time, m.id LIMIT 1",
            (
                conversation.0,
                time.plus_millis(-within).0,
                time.plus_millis(within).0,
                from_direction(side),
                TEXT,
                text,
            ),
        )
    }

    /// The newest message of one side, or of either, that is known by this id: `id` attribute,
    /// origin id or archive id. For what refers to a message in a direct conversation.
    pub fn message_referred_to(
        self,
        conversation: ConversationId,
        side: Option<Direction>,
        id: &str,
    ) -> Result<Option<StoredMessage>, Error> {
        let side = side.map(from_direction);
        // Each arm has an index of its own; an OR over all of them would read the whole conversation.
        self.find_stored(
            &format!(
                "WHERE m.id IN ({BY_STANZA_ID} UNION ALL {BY_OTHER_IDS}) AND (?3 IS NULL OR m.direction = ?3)
                 ORDER BY m.sort_time DESC, m.id DESC LIMIT 1"
            ),
            (conversation.0, id, side),
        )
    }

    /// The newest message of the other side, up to and with `up_to`, whose sender asked to be told when
    /// it is displayed (XEP-0333).
    pub fn newest_markable(
        self,
        conversation: ConversationId,
        up_to: MessageId,
    ) -> Result<Option<StoredMessage>, Error> {
        self.find_stored(
            "WHERE m.conversation = ?1 AND m.markable = 1 AND m.direction = ?3
               AND (m.sort_time, m.id) <= (SELECT sort_time, id FROM messages WHERE id = ?2)
             ORDER BY m.sort_time DESC, m.id DESC LIMIT 1",
            (conversation.0, up_to.0, from_direction(Direction::Incoming)),
        )
    }

    /// The place of the newest message of a conversation.
    pub fn newest_sort_time(self, conversation: ConversationId) -> Result<Option<Timestamp>, Error> {
        self.place_at("DESC", conversation)
    }

    /// The place of the oldest message of a conversation.
    pub fn oldest_sort_time(self, conversation: ConversationId) -> Result<Option<Timestamp>, Error> {
        self.place_at("ASC", conversation)
    }

    /// The place of the newest message of one side of a conversation.
    pub fn newest_sort_time_of(
        self,
        conversation: ConversationId,
        side: Direction,
    ) -> Result<Option<Timestamp>, Error> {
        let place = self
            .connection
            .prepare_cached(
                "SELECT sort_time FROM messages WHERE conversation = ?1 AND direction = ?2
                 ORDER BY sort_time DESC, id DESC LIMIT 1",
            )?
            .query_row((conversation.0, from_direction(side)), |row| row.get(0).map(Timestamp))
            .optional()?;
        Ok(place)
    }

    /// The first place after `after`, or at all, where a message of one side stands that came from elsewhere.
    pub fn next_place(
        self,
        conversation: ConversationId,
        side: Direction,
        after: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, Error> {
        let after = after.map_or(i64::MIN, |after| after.0);
        let place = self
            .connection
            .prepare_cached(
                "SELECT sort_time FROM messages
                 WHERE conversation = ?1 AND sort_time > ?3 AND direction = ?2 AND written_here = 0
                 ORDER BY sort_time, id LIMIT 1",
            )?
            .query_row((conversation.0, from_direction(side), after), |row| row.get(0).map(Timestamp))
            .optional()?;
        Ok(place)
    }

    fn place_at(self, order: &str, conversation: ConversationId) -> Result<Option<Timestamp>, Error> {
        let sql = format!(
            "SELECT sort_time FROM messages WHERE conversation = ? ORDER BY sort_time {order}, id {order} LIMIT 1"
        );
        let place = self
            .connection
            .prepare_cached(&sql)?
            .query_row([conversation.0], |row| row.get(0).map(Timestamp))
            .optional()?;
        Ok(place)
    }

    /// The row that has a message already: by archive id, or by origin id from the same sender.
    pub fn copy_of(
        self,
        conversation: ConversationId,
        sender: &BareJid,
        occupant: Option<&OccupantId>,
        ids: &MessageIds,
    ) -> Result<Option<MessageId>, Error> {
        if let Some(archive) = &ids.archive
            && let Some(row) = self.archive_row(&archive.archive)?
        {
            let found = self
                .connection
                .prepare_cached("SELECT id FROM messages WHERE archive = ?1 AND archive_id = ?2")?
                .query_row((row, &archive.id), |row| row.get(0).map(MessageId))
                .optional()?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let (Some(origin), Some(sender)) = (&ids.origin, self.address_id(sender)?) else { return Ok(None) };
        let found = self
            .connection
            .prepare_cached(BY_ORIGIN_ID)?
            .query_row(
                (conversation.0, origin, sender.0, occupant.map_or("", |occupant| &occupant.0)),
                |row| row.get(0).map(MessageId),
            )
            .optional()?;
        Ok(found)
    }

    /// The newest own messages of which the server is not known to have them, oldest first: where the
    /// one archive query after a lost stream begins (DESIGN rule 3).
    pub fn queued_messages(self) -> Result<Vec<MessageId>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT m.id FROM outbox o JOIN messages m ON m.id = o.message
             WHERE m.delivery = 1 ORDER BY m.sort_time, m.id",
        )?;
        let rows = statement.query_map([], |row| row.get(0).map(MessageId))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    #[test]
    fn nothing_is_found_by_reading_a_whole_conversation() {
        let mut bench = Bench::new();
        bench.hears(1, "x");
        for sql in [BY_STANZA_ID, BY_ORIGIN_ID, BY_OTHER_IDS] {
            let plan = bench.write(|tx| {
                let mut statement = tx.connection().prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let numbers = statement.parameter_count();
                let steps = statement.query_map(rusqlite::params_from_iter(0..numbers as i64), |row| {
                    row.get::<_, String>(3)
                })?;
                Ok(steps.collect::<Result<Vec<_>, _>>()?.join("\n"))
            });
            assert!(!plan.contains("SCAN") && !plan.contains("messages_in_order"), "{plan}");
        }
    }
}

//! How far archives were read: the forward cursor of each, and how far back each conversation reaches.

use model::{BareJid, ConversationId, Direction, Timestamp};
use rusqlite::{OptionalExtension, params};

use crate::rows::from_direction;
use crate::{Error, Reads, StoredMessage, Tx};

/// How far an archive was read forward (XEP-0313).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveCursor {
    /// The newest archive id that is on disk, with all before it.
    pub id: String,
    /// When that message was sent: where to go on if the server has forgotten the id.
    pub time: Timestamp,
}

/// How far reading an archive has come in one conversation: the places of the newest messages it told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArchiveFloors {
    /// Of all.
    pub any: Option<Timestamp>,
    /// Of the other side.
    pub incoming: Option<Timestamp>,
    /// Of the user's own, written on other devices.
    pub outgoing: Option<Timestamp>,
}

impl ArchiveFloors {
    /// Of one side, as far as it was not written here.
    #[must_use]
    pub fn of(&self, side: Direction) -> Option<Timestamp> {
        match side {
            Direction::Incoming => self.incoming,
            Direction::Outgoing => self.outgoing,
        }
    }

    /// The archive told of this message.
    pub fn reach(&mut self, message: &StoredMessage) {
        let place = Some(message.sort_time);
        let (incoming, outgoing) = match message.direction {
            Direction::Incoming => (place, None),
            Direction::Outgoing if message.written_here => (None, None),
            Direction::Outgoing => (None, place),
        };
        self.raise(&Self { any: place, incoming, outgoing });
    }

    /// Each becomes the higher of both.
    pub fn raise(&mut self, other: &Self) {
        self.any = self.any.max(other.any);
        self.incoming = self.incoming.max(other.incoming);
        self.outgoing = self.outgoing.max(other.outgoing);
    }
}

impl Reads<'_> {
    /// The forward cursor of an archive: the own account's, or a room's.
    pub fn archive_cursor(self, archive: &BareJid) -> Result<Option<ArchiveCursor>, Error> {
        let cursor = self
            .connection
            .prepare_cached(
                "SELECT newest_id, newest_time FROM archives
                 WHERE address = ? AND newest_id IS NOT NULL AND newest_time IS NOT NULL",
            )?
            .query_row([archive.as_str()], |row| {
                Ok(ArchiveCursor { id: row.get(0)?, time: Timestamp(row.get(1)?) })
            })
            .optional()?;
        Ok(cursor)
    }

    /// The backward cursor of a conversation: the oldest archive id that was fetched for it.
    pub fn oldest_archive_id(self, conversation: ConversationId) -> Result<Option<String>, Error> {
        let id = self
            .connection
            .prepare_cached("SELECT oldest_archive_id FROM conversations WHERE id = ?")?
            .query_row([conversation.0], |row| row.get(0))
            .optional()?;
        Ok(id.flatten())
    }

    /// The archive id of the oldest message of a conversation that has one.
    pub fn first_archive_id(self, conversation: ConversationId) -> Result<Option<String>, Error> {
        let id = self
            .connection
            .prepare_cached(
                "SELECT archive_id FROM messages WHERE conversation = ? AND archive_id IS NOT NULL
                 ORDER BY sort_time, id LIMIT 1",
            )?
            .query_row([conversation.0], |row| row.get(0))
            .optional()?;
        Ok(id)
    }

    /// How far reading forward has come in a conversation.
    pub fn archive_floors(self, conversation: ConversationId) -> Result<ArchiveFloors, Error> {
        let floors = self
            .connection
            .prepare_cached(
                "SELECT archive_floor, archive_floor_incoming, archive_floor_outgoing
                 FROM conversations WHERE id = ?",
            )?
            .query_row([conversation.0], |row| {
                let place =
                    |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp));
                Ok(ArchiveFloors { any: place(0)?, incoming: place(1)?, outgoing: place(2)? })
            })
            .optional()?;
        Ok(floors.unwrap_or_default())
    }

    pub(crate) fn archive_row(self, archive: &BareJid) -> Result<Option<i64>, Error> {
        let id = self
            .connection
            .prepare_cached("SELECT id FROM archives WHERE address = ?")?
            .query_row([archive.as_str()], |row| row.get(0))
            .optional()?;
        Ok(id)
    }
}

impl Tx<'_> {
    /// Moves the forward cursor; `None` forgets it, so that the archive is read anew.
    pub fn set_archive_cursor(
        &mut self,
        archive: &BareJid,
        cursor: Option<&ArchiveCursor>,
    ) -> Result<(), Error> {
        let row = self.ensure_archive(archive)?;
        self.execute(
            "UPDATE archives SET newest_id = ?2, newest_time = ?3
             WHERE id = ?1 AND (newest_id IS NOT ?2 OR newest_time IS NOT ?3)",
            params![row, cursor.map(|cursor| &cursor.id), cursor.map(|cursor| cursor.time.0)],
        )?;
        Ok(())
    }

    /// Moves the backward cursor of a conversation, and says whether the archive has nothing older.
    pub fn set_oldest_archive_id(
        &mut self,
        conversation: ConversationId,
        id: Option<&str>,
        complete: bool,
    ) -> Result<bool, Error> {
        self.execute(
            "UPDATE conversations SET oldest_archive_id = ?2, history_complete = ?3
             WHERE id = ?1 AND (oldest_archive_id IS NOT ?2 OR history_complete IS NOT ?3)",
            params![conversation.0, id, complete],
        )
    }

    /// Reading forward has come so far in a conversation. It never goes back.
    pub fn raise_archive_floors(
        &mut self,
        conversation: ConversationId,
        floors: &ArchiveFloors,
    ) -> Result<bool, Error> {
        let mut raised = self.reads().archive_floors(conversation)?;
        raised.raise(floors);
        let place = |place: Option<Timestamp>| place.map(|place| place.0);
        self.execute(
            "UPDATE conversations
             SET archive_floor = ?2, archive_floor_incoming = ?3, archive_floor_outgoing = ?4
             WHERE id = ?1 AND (archive_floor IS NOT ?2 OR archive_floor_incoming IS NOT ?3
               OR archive_floor_outgoing IS NOT ?4)",
            params![conversation.0, place(raised.any), place(raised.incoming), place(raised.outgoing)],
        )
    }

    /// Reading forward begins in front of everything that is here.
    pub fn forget_archive_floors(&mut self) -> Result<bool, Error> {
        self.execute(
            "UPDATE conversations
             SET archive_floor = NULL, archive_floor_incoming = NULL, archive_floor_outgoing = NULL
             WHERE archive_floor IS NOT NULL",
            [],
        )
    }

    /// Reading forward begins behind everything that is here.
    pub fn raise_all_archive_floors(&mut self) -> Result<bool, Error> {
        let newest = |condition: &str| {
            format!(
                "(SELECT max(sort_time) FROM messages
                  WHERE conversation = conversations.id AND written_here = 0 {condition})"
            )
        };
        let sql = format!(
            "UPDATE conversations
             SET archive_floor = {}, archive_floor_incoming = {}, archive_floor_outgoing = {}",
            newest(""),
            newest(&format!("AND direction = {}", from_direction(Direction::Incoming))),
            newest(&format!("AND direction = {}", from_direction(Direction::Outgoing))),
        );
        self.execute(&sql, [])
    }

    pub(crate) fn ensure_archive(&mut self, archive: &BareJid) -> Result<i64, Error> {
        if let Some(row) = self.reads().archive_row(archive)? {
            return Ok(row);
        }
        self.execute("INSERT INTO archives (address) VALUES (?)", [archive.as_str()])?;
        Ok(self.last_id())
    }
}

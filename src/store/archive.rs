use model::{BareJid, ConversationId, Direction, Timestamp};
use rusqlite::{OptionalExtension, params};

use crate::{Error, Reads, Tx};

/// How far an archive was read forward (XEP-0313).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveCursor {
    /// The newest archive id that is on disk, with all before it.
    pub id: String,
    /// When that message was sent: where to go on if the server has forgotten the id.
    pub time: Timestamp,
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

    /// The place of the newest message of one side that the archive told of, reading forward.
    pub fn archive_floor(
        self,
        conversation: ConversationId,
        side: Direction,
    ) -> Result<Option<Timestamp>, Error> {
        let sql = match side {
            Direction::Incoming => "SELECT archive_floor FROM conversations WHERE id = ?",
            Direction::Outgoing => "SELECT archive_floor_own FROM conversations WHERE id = ?",
        };
        let floor = self
            .connection
            .prepare_cached(sql)?
            .query_row([conversation.0], |row| Ok(row.get::<_, Option<i64>>(0)?.map(Timestamp)))
            .optional()?;
        Ok(floor.flatten())
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

    /// Moves the place of the newest message of one side that the archive told of. It never moves back.
    pub fn raise_archive_floor(
        &mut self,
        conversation: ConversationId,
        side: Direction,
        place: Timestamp,
    ) -> Result<bool, Error> {
        let sql = match side {
            Direction::Incoming => {
                "UPDATE conversations SET archive_floor = ?2
                 WHERE id = ?1 AND (archive_floor IS NULL OR archive_floor < ?2)"
            }
            Direction::Outgoing => {
                "UPDATE conversations SET archive_floor_own = ?2
                 WHERE id = ?1 AND (archive_floor_own IS NULL OR archive_floor_own < ?2)"
            }
        };
        self.execute(sql, params![conversation.0, place.0])
    }

    pub(crate) fn ensure_archive(&mut self, archive: &BareJid) -> Result<i64, Error> {
        if let Some(row) = self.reads().archive_row(archive)? {
            return Ok(row);
        }
        self.execute("INSERT INTO archives (address) VALUES (?)", [archive.as_str()])?;
        Ok(self.last_id())
    }
}

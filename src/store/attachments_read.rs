//! Files in messages, as windows read them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use files::{FileAtRest, FileKey};
use model::{
    Attachment, AttachmentId, AttachmentSummary, ConversationId, FileKind, FileName, MessageId, SharedFile,
    StorageUse, Timestamp, Transfer,
};
use rusqlite::{OptionalExtension, Row, params};

use crate::attachments::{duration, transfer};
use crate::folder::FILES;
use crate::rows::direction;
use crate::{Error, Reads};

pub(crate) const COLUMNS: &str = "
  f.id, f.message, f.name, f.media_type, f.is_voice, f.size, f.width, f.height, f.duration, f.waveform, f.thumbhash,
  f.description, f.transfer, f.failure, f.failure_limit";
pub(crate) const ATTACHMENT: &str = "FROM attachments f";

/// Which of the files that were shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedFilesRequest {
    /// Only those of this conversation.
    pub conversation: Option<ConversationId>,
    /// Only those of this kind.
    pub kind: Option<FileKind>,
    /// Only those older than this place.
    pub before: Option<(Timestamp, AttachmentId)>,
    /// How many at most.
    pub limit: u32,
}

pub(crate) fn attachment(row: &Row<'_>) -> rusqlite::Result<Attachment> {
    let dimensions = match (row.get(6)?, row.get(7)?) {
        (Some(width), Some(height)) => Some((width, height)),
        _ => None,
    };
    Ok(Attachment {
        id: AttachmentId(row.get(0)?),
        message: MessageId(row.get(1)?),
        name: FileName::new(row.get_ref(2)?.as_str()?),
        media_type: row.get(3)?,
        is_voice: row.get(4)?,
        size: row.get::<_, Option<i64>>(5)?.and_then(|size| u64::try_from(size).ok()),
        dimensions,
        duration: duration(row.get(8)?),
        waveform: row.get::<_, Option<Vec<u8>>>(9)?.unwrap_or_default(),
        thumbhash: row.get(10)?,
        description: row.get(11)?,
        transfer: transfer(row.get(12)?, row.get(13)?, row.get(14)?),
    })
}

/// What a list tells of the files of a message.
pub(crate) fn summary(files: &[Attachment]) -> Option<AttachmentSummary> {
    let first = files.first()?;
    Some(AttachmentSummary { kind: first.kind(), name: first.name.clone(), count: files.len() as u32 })
}

impl Reads<'_> {
    /// The files of some messages, given as a JSON list.
    pub(crate) fn attachments_of(self, messages: &str) -> Result<HashMap<MessageId, Vec<Attachment>>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} {ATTACHMENT} WHERE f.message IN (SELECT value FROM json_each(?)) ORDER BY f.message, f.id"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut found: HashMap<MessageId, Vec<Attachment>> = HashMap::new();
        for file in statement.query_map([messages], attachment)? {
            let file = file?;
            found.entry(file.message).or_default().push(file);
        }
        Ok(found)
    }

    /// Where the bytes of a file can be read, and what to call it. `None` unless it is here.
    pub fn file(self, id: AttachmentId) -> Result<Option<(FileAtRest, FileName)>, Error> {
        let Some(stored) = self.attachment(id)? else { return Ok(None) };
        let name = stored.attachment.name;
        let is_whole = match stored.attachment.transfer {
            Transfer::Here => true,
            Transfer::Uploading | Transfer::Failed(_) => stored.written_here,
            Transfer::Preparing | Transfer::Offered | Transfer::Downloading => false,
        };
        if !is_whole {
            return Ok(None);
        }
        Ok(match (stored.container, stored.origin, stored.attachment.size) {
            (Some((container, key)), _, _) => Some((self.kept(&container, key), name)),
            (None, Some(origin), Some(size)) => match origin.source {
                model::FileSource::Path(path) => {
                    let without_metadata = origin.wish.strip_metadata;
                    Some((FileAtRest::InPlace { path, size, without_metadata }, name))
                }
                model::FileSource::Bytes(_) => None,
            },
            _ => None,
        })
    }

    /// A container of this account.
    fn kept(self, container: &str, key: FileKey) -> FileAtRest {
        FileAtRest::Kept { path: self.container_path(container), key }
    }

    /// Where a container of this account is, or is to be.
    pub fn container_path(self, container: &str) -> PathBuf {
        let database = self.connection.path().unwrap_or_default();
        Path::new(database).with_file_name(FILES).join(container)
    }

    /// What the files of each conversation take of this device, the most first.
    pub fn storage_use(self) -> Result<Vec<StorageUse>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT m.conversation, count(*), total(f.size) FROM attachments f JOIN messages m ON m.id = f.message
             WHERE f.container IS NOT NULL GROUP BY m.conversation ORDER BY 3 DESC",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(StorageUse {
                conversation: ConversationId(row.get(0)?),
                files: row.get::<_, i64>(1)? as u64,
                bytes: row.get::<_, f64>(2)? as u64,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Files that were shared, the newest first.
    pub fn shared_files(self, request: &SharedFilesRequest) -> Result<Vec<SharedFile>, Error> {
        let (time, id) = request.before.map_or((i64::MAX, i64::MAX), |(time, id)| (time.0, id.0));
        let (voice, types) = match request.kind {
            None => (None, None),
            Some(FileKind::Voice) => (Some(true), None),
            Some(FileKind::Picture) => (None, Some("image/*")),
            Some(FileKind::Video) => (None, Some("video/*")),
            Some(FileKind::Audio) => (Some(false), Some("audio/*")),
            Some(FileKind::Other) => (None, Some("[^iva]*")),
        };
        let sql = format!(
            "SELECT {COLUMNS}, m.conversation, m.direction, m.time
             FROM messages m JOIN attachments f ON f.message = m.id
             WHERE m.attachments > 0 AND (?1 IS NULL OR m.conversation = ?1) AND (m.time, f.id) < (?2, ?3)
               AND (?4 IS NULL OR f.is_voice = ?4)
               AND (?5 IS NULL OR f.media_type GLOB ?5 OR (?5 = '[^iva]*' AND f.media_type GLOB 'application/*'))
             ORDER BY m.time DESC, f.id DESC LIMIT ?6"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let conversation = request.conversation.map(|conversation| conversation.0);
        let rows =
            statement.query_map(params![conversation, time, id, voice, types, request.limit], |row| {
                Ok(SharedFile {
                    attachment: attachment(row)?,
                    conversation: ConversationId(row.get(15)?),
                    direction: direction(row.get(16)?),
                    time: Timestamp(row.get(17)?),
                })
            })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The conversation and message of a file.
    pub fn message_of_file(self, id: AttachmentId) -> Result<Option<(ConversationId, MessageId)>, Error> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT m.conversation, m.id FROM attachments f JOIN messages m ON m.id = f.message WHERE f.id = ?",
            )?
            .query_row([id.0], |row| Ok((ConversationId(row.get(0)?), MessageId(row.get(1)?))))
            .optional()?;
        Ok(found)
    }
}

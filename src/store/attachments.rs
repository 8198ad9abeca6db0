//! Files in messages: writing what is known of them, and where their bytes are.
//!
//! A container on the disk belongs to the row that names it. When the row goes, or names another, triggers note the
//! container in `discarded_files`, in the same transaction; it is deleted from the disk after the commit, or at the
//! next start.

use std::{ffi::OsString, os::unix::ffi::OsStringExt as _, path::PathBuf, sync::Arc, time::Duration};

use files::{Digest, FileKey, Prepared, Wish};
use model::{
    Attachment, AttachmentId, ConversationId, Direction, FileFacts, FileName, FileSource, MessageId,
    Transfer, TransferFailure,
};
use rusqlite::{OptionalExtension, Row, params};
use zeroize::Zeroizing;

use crate::attachments_read::{ATTACHMENT, COLUMNS, attachment};
use crate::rows::direction;
use crate::{Error, Reads, Tx};

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttachment {
    /// What to call it.
    pub name: FileName,
    /// Its type.
    pub media_type: String,
    /// Whether it is a voice message.
    pub is_voice: bool,
    /// How many bytes it has.
    pub size: Option<u64>,
    /// What it says.
    pub description: Option<String>,
    /// What is known of what it shows or plays.
    pub facts: FileFacts,
    /// Where its bytes are.
    pub transfer: Transfer,
    /// Where it can be had.
    pub remote: RemoteFile,
    /// Where the user's own is.
    pub origin: Option<FileOrigin>,
}

/// Where a file can be had, and what it has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its addresses, by preference.
    pub addresses: Vec<String>,
    /// How it is encrypted there.
    pub cipher: FileCipher,
    /// The hash of the file itself.
    pub hash: Option<Digest>,
}

/// How a file is encrypted where it can be had.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum FileCipher {
    /// Not at all.
    #[default]
    None,
    /// AES in GCM, with a key of 16 or 32 bytes, and the tag at the end.
    Gcm {
        /// The key.
        key: Zeroizing<Vec<u8>>,
        /// The IV.
        iv: Vec<u8>,
    },
    /// In a way that is not known here.
    Other,
}

impl std::fmt::Debug for FileCipher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::None => "None",
            Self::Gcm { .. } => "Gcm",
            Self::Other => "Other",
        })
    }
}

/// Where an own file comes from, and what is to be done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOrigin {
    /// Where it is.
    pub source: FileSource,
    /// What is to be done.
    pub wish: Wish,
}

/// A file as `account` needs it to send and fetch it. Windows read [`Attachment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAttachment {
    /// What windows see.
    pub attachment: Attachment,
    /// The conversation of its message.
    pub conversation: ConversationId,
    /// Whose it is.
    pub direction: Direction,
    /// Whether its message was written on this device.
    pub written_here: bool,
    /// Where it can be had.
    pub remote: RemoteFile,
    /// The container it rests in, or is being put into.
    pub container: Option<(String, FileKey)>,
    /// Where an own file comes from.
    pub origin: Option<FileOrigin>,
    /// So many bytes are fetched at most, because nobody asked for it; `None` where the user did.
    pub fetch_limit: Option<u64>,
}

impl Reads<'_> {
    /// One file.
    pub fn attachment(self, id: AttachmentId) -> Result<Option<StoredAttachment>, Error> {
        let sql = format!(
            "SELECT {COLUMNS}, m.conversation, m.direction, f.addresses, f.cipher, f.cipher_key, f.cipher_iv, f.hash,
               f.container, f.container_key, f.source_path, f.source_bytes, f.strip_metadata, f.longest_side,
               m.written_here, f.fetch_limit
             {ATTACHMENT} JOIN messages m ON m.id = f.message WHERE f.id = ?"
        );
        Ok(self.connection.prepare_cached(&sql)?.query_row([id.0], stored).optional()?)
    }

    /// The files of a message, in order.
    pub fn attachment_ids(self, message: MessageId) -> Result<Vec<AttachmentId>, Error> {
        self.ids("SELECT id FROM attachments WHERE message = ? ORDER BY id", message.0)
    }

    /// Files that are to be fetched, the oldest first.
    pub fn downloading(self) -> Result<Vec<AttachmentId>, Error> {
        self.ids("SELECT id FROM attachments WHERE transfer = 3 AND id > ? ORDER BY id LIMIT 100", 0)
    }

    /// Files of a conversation that take room on this device.
    pub fn kept_files(self, conversation: ConversationId) -> Result<Vec<AttachmentId>, Error> {
        self.ids(
            "SELECT f.id FROM messages m JOIN attachments f ON f.message = m.id
             WHERE m.conversation = ? AND f.container IS NOT NULL ORDER BY f.id",
            conversation.0,
        )
    }

    /// Containers that are to be deleted from the disk.
    pub fn discarded_files(self) -> Result<Vec<String>, Error> {
        let mut statement =
            self.connection.prepare_cached("SELECT container FROM discarded_files LIMIT 100")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn ids(self, sql: &str, of: i64) -> Result<Vec<AttachmentId>, Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([of], |row| row.get(0).map(AttachmentId))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Puts a file into a message.
    pub fn insert_attachment(
        &mut self,
        message: MessageId,
        new: &NewAttachment,
    ) -> Result<AttachmentId, Error> {
        let origin = new.origin.as_ref();
        let (path, bytes) = match origin.map(|origin| &origin.source) {
            Some(FileSource::Path(path)) => (Some(path.clone().into_os_string().into_vec()), None),
            Some(FileSource::Bytes(bytes)) => (None, Some(bytes.to_vec())),
            None => (None, None),
        };
        self.execute(
            "INSERT INTO attachments
               (message, name, media_type, is_voice, size, description, transfer, source_path, source_bytes,
                strip_metadata, longest_side)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                message.0,
                new.name.as_str(),
                new.media_type,
                new.is_voice,
                new.size.map(|size| size as i64),
                new.description,
                number(new.transfer),
                path,
                bytes,
                origin.is_some_and(|origin| origin.wish.strip_metadata),
                origin.and_then(|origin| origin.wish.longest_side),
            ],
        )?;
        let id = AttachmentId(self.last_id());
        self.learn_file(id, &new.facts)?;
        self.set_remote(id, &new.remote)?;
        Ok(id)
    }

    /// Where its bytes are.
    pub fn set_transfer(&mut self, id: AttachmentId, transfer: Transfer) -> Result<bool, Error> {
        let (failure, limit) = match transfer {
            Transfer::Failed(failure) => from_failure(failure),
            _ => (0, 0),
        };
        self.execute(
            "UPDATE attachments SET transfer = ?2, failure = ?3, failure_limit = ?4
             WHERE id = ?1 AND (transfer, failure) <> (?2, ?3)",
            params![id.0, number(transfer), failure, limit],
        )
    }

    /// So many bytes of it are fetched at most, unless the user asks for it.
    pub fn set_fetch_limit(&mut self, id: AttachmentId, limit: Option<u64>) -> Result<bool, Error> {
        let limit = limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
        self.execute("UPDATE attachments SET fetch_limit = ?2 WHERE id = ?1", params![id.0, limit])
    }

    /// Where it can be had from now on.
    pub fn set_remote(&mut self, id: AttachmentId, remote: &RemoteFile) -> Result<bool, Error> {
        let (cipher, key, iv) = match &remote.cipher {
            FileCipher::None => (0, None, None),
            FileCipher::Gcm { key, iv } => (1, Some(key.as_slice()), Some(iv)),
            FileCipher::Other => (2, None, None),
        };
        let hash: Option<&[u8]> = match &remote.hash {
            None => None,
            Some(Digest::Sha256(hash)) => Some(hash),
            Some(Digest::Sha512(hash)) => Some(hash),
        };
        self.execute(
            "UPDATE attachments SET addresses = ?2, cipher = ?3, cipher_key = ?4, cipher_iv = ?5, hash = ?6 WHERE id = ?1",
            params![id.0, remote.addresses.join("\n"), cipher, key, iv, hash],
        )
    }

    /// The container its bytes are put into. One that it named before is discarded.
    pub fn set_container(
        &mut self,
        id: AttachmentId,
        container: Option<(&str, &FileKey)>,
    ) -> Result<bool, Error> {
        self.execute(
            "UPDATE attachments SET container = ?2, container_key = ?3 WHERE id = ?1",
            params![id.0, container.map(|(name, _)| name), container.map(|(_, key)| key.bytes().as_slice())],
        )
    }

    /// An own file was made ready: this is what it is. Bytes that came with the command are not needed any more.
    pub fn set_prepared(
        &mut self,
        id: AttachmentId,
        name: &FileName,
        prepared: &Prepared,
    ) -> Result<bool, Error> {
        let facts = FileFacts {
            dimensions: prepared.picture.as_ref().map(|picture| picture.dimensions),
            thumbhash: prepared.picture.as_ref().map(|picture| picture.thumbhash.clone()),
            ..FileFacts::default()
        };
        self.learn_file(id, &facts)?;
        self.execute(
            "UPDATE attachments SET name = ?2, media_type = ?3, size = ?4, source_bytes = NULL WHERE id = ?1",
            params![id.0, name.as_str(), prepared.media_type, prepared.size as i64],
        )
    }

    /// A file came whole: what its bytes say it is, and how many there are.
    pub fn set_arrived(&mut self, id: AttachmentId, media_type: &str, size: u64) -> Result<bool, Error> {
        self.execute(
            "UPDATE attachments SET media_type = ?2, size = ?3 WHERE id = ?1",
            params![id.0, media_type, size as i64],
        )
    }

    /// What was found by looking into a file.
    pub fn learn_file(&mut self, id: AttachmentId, facts: &FileFacts) -> Result<bool, Error> {
        let (width, height) = facts.dimensions.unzip();
        self.execute(
            "UPDATE attachments SET width = ifnull(?2, width), height = ifnull(?3, height),
               duration = ifnull(?4, duration), waveform = ifnull(?5, waveform), thumbhash = ifnull(?6, thumbhash)
             WHERE id = ?1",
            params![
                id.0,
                width,
                height,
                facts.duration.map(|duration| duration.as_millis() as i64),
                facts.waveform,
                facts.thumbhash
            ],
        )
    }

    /// A container was deleted from the disk.
    pub fn file_deleted(&mut self, container: &str) -> Result<bool, Error> {
        self.execute("DELETE FROM discarded_files WHERE container = ?", [container])
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredAttachment> {
    // After the columns that windows see.
    let at = |offset: usize| 15 + offset;
    let addresses: String = row.get(at(2))?;
    let cipher = match row.get::<_, i64>(at(3))? {
        0 => FileCipher::None,
        1 => FileCipher::Gcm { key: Zeroizing::new(row.get(at(4))?), iv: row.get(at(5))? },
        _ => FileCipher::Other,
    };
    let hash = match row.get::<_, Option<Vec<u8>>>(at(6))? {
        Some(hash) => <[u8; 32]>::try_from(hash.as_slice())
            .map(Digest::Sha256)
            .or_else(|_| hash.as_slice().try_into().map(Digest::Sha512))
            .ok(),
        None => None,
    };
    let container = match (row.get(at(7))?, row.get(at(8))?) {
        (Some(name), Some(key)) => Some((name, FileKey::new(key))),
        _ => None,
    };
    let path: Option<Vec<u8>> = row.get(at(9))?;
    let bytes: Option<Vec<u8>> = row.get(at(10))?;
    let wish = Wish { strip_metadata: row.get(at(11))?, longest_side: row.get(at(12))? };
    let source = match (path, bytes) {
        (_, Some(bytes)) => Some(FileSource::Bytes(Arc::from(bytes))),
        (Some(path), None) => Some(FileSource::Path(PathBuf::from(OsString::from_vec(path)))),
        (None, None) => None,
    };
    Ok(StoredAttachment {
        attachment: attachment(row)?,
        conversation: ConversationId(row.get(at(0))?),
        direction: direction(row.get(at(1))?),
        written_here: row.get(at(13))?,
        remote: RemoteFile { addresses: addresses.lines().map(str::to_owned).collect(), cipher, hash },
        container,
        origin: source.map(|source| FileOrigin { source, wish }),
        fetch_limit: row.get::<_, Option<i64>>(at(14))?.and_then(|limit| u64::try_from(limit).ok()),
    })
}

/// `attachments.transfer`. The schema names the number of `Downloading` in an index.
fn number(transfer: Transfer) -> i64 {
    match transfer {
        Transfer::Preparing => 0,
        Transfer::Uploading => 1,
        Transfer::Offered => 2,
        Transfer::Downloading => 3,
        Transfer::Here => 4,
        Transfer::Failed(_) => 5,
    }
}

/// `attachments.transfer`, `failure` and `failure_limit`.
pub(crate) fn transfer(number: i64, failure: i64, limit: i64) -> Transfer {
    match number {
        0 => Transfer::Preparing,
        1 => Transfer::Uploading,
        3 => Transfer::Downloading,
        4 => Transfer::Here,
        5 => Transfer::Failed(match failure {
            1 => TransferFailure::Cancelled,
            2 => TransferFailure::NotReadable,
            3 => TransferFailure::NoService,
            4 => TransferFailure::TooLarge(limit as u64),
            5 => TransferFailure::Refused,
            6 => TransferFailure::Expired,
            7 => TransferFailure::LargerThanSaid,
            8 => TransferFailure::NotGenuine,
            9 => TransferFailure::UnsafePlace,
            11 => TransferFailure::DiskFull,
            12 => TransferFailure::UnknownEncryption,
            _ => TransferFailure::Unreachable,
        }),
        _ => Transfer::Offered,
    }
}

fn from_failure(failure: TransferFailure) -> (i64, i64) {
    match failure {
        TransferFailure::Cancelled => (1, 0),
        TransferFailure::NotReadable => (2, 0),
        TransferFailure::NoService => (3, 0),
        TransferFailure::TooLarge(limit) => (4, limit as i64),
        TransferFailure::Refused => (5, 0),
        TransferFailure::Expired => (6, 0),
        TransferFailure::LargerThanSaid => (7, 0),
        TransferFailure::NotGenuine => (8, 0),
        TransferFailure::UnsafePlace => (9, 0),
        TransferFailure::Unreachable => (10, 0),
        TransferFailure::DiskFull => (11, 0),
        TransferFailure::UnknownEncryption => (12, 0),
    }
}

/// A length of time in a column.
pub(crate) fn duration(milliseconds: Option<i64>) -> Option<Duration> {
    milliseconds.and_then(|milliseconds| u64::try_from(milliseconds).ok()).map(Duration::from_millis)
}

#[cfg(test)]
mod tests;

//! Files in messages, as readers show them, and what the user wants of files.
//!
//! A message has words, its caption, and any number of attachments beside them: [`Message::attachments`]. What is known of
//! a file before it is here is what its sender says; once it is here, the type is what its bytes say.
//! How far its bytes have come is its [`Transfer`], which only moves along these lines:
//!
//! ```text
//! own:      Preparing ──→ Uploading ──→ Here, or Offered where nothing was kept
//! others':  Offered ──→ Downloading ──→ Here ──→ Offered, when its space is freed
//! any step: ──→ Failed ──→ back, when the user tries again
//! ```
//!
//! [`Message::attachments`]: crate::Message::attachments

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use crate::{AttachmentId, ConversationId, Direction, FileName, MessageId, Timestamp};

/// A file in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its row.
    pub id: AttachmentId,
    /// The message it belongs to.
    pub message: MessageId,
    /// What to call it. It is safe to be written into a folder.
    pub name: FileName,
    /// Its type, such as `image/jpeg`: in lower case and without parameters.
    pub media_type: String,
    /// Whether it is a voice message.
    pub is_voice: bool,
    /// How many bytes it has.
    pub size: Option<u64>,
    /// Width and height of a picture or video in pixels, as they are to be shown.
    pub dimensions: Option<(u32, u32)>,
    /// How long a recording or video is.
    pub duration: Option<Duration>,
    /// How loud a recording is, in equal parts of its length; empty when that is not known.
    pub waveform: Vec<u8>,
    /// A small picture of it, as a ThumbHash.
    pub thumbhash: Option<Vec<u8>>,
    /// What its sender says of it, for those who cannot see it. Free of control characters.
    pub description: Option<String>,
    /// Where its bytes are.
    pub transfer: Transfer,
}

impl Attachment {
    /// What kind of file it is.
    #[must_use]
    pub fn kind(&self) -> FileKind {
        if self.is_voice { FileKind::Voice } else { FileKind::of(&self.media_type) }
    }
}

/// What a file is to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    /// A picture.
    Picture,
    /// A film.
    Video,
    /// Sound.
    Audio,
    /// Sound that somebody said into a microphone, to be heard at once.
    Voice,
    /// Anything else.
    Other,
}

impl FileKind {
    /// The kind of a media type.
    #[must_use]
    pub fn of(media_type: &str) -> Self {
        match media_type.split('/').next() {
            Some("image") => Self::Picture,
            Some("video") => Self::Video,
            Some("audio") => Self::Audio,
            _ => Self::Other,
        }
    }
}

/// Where the bytes of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// The user's own, being made ready.
    Preparing,
    /// The user's own, on its way to the server or waiting for it.
    Uploading,
    /// Not on this device; it can be fetched.
    Offered,
    /// On its way to this device, or waiting for the network.
    Downloading,
    /// On this device, whole and checked.
    Here,
    /// It did not work, and is not tried again by itself.
    Failed(TransferFailure),
}

/// Why a file could not be sent or fetched, sorted by what a person can do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferFailure {
    /// The user stopped it.
    Cancelled,
    /// The user's own file cannot be read, or is no file.
    NotReadable,
    /// The server takes no files.
    NoService,
    /// The server takes files of at most so many bytes.
    TooLarge(u64),
    /// The server does not take it, or gives none: a quota, or its rules.
    Refused,
    /// It is no longer on the server.
    Expired,
    /// It is larger than was said.
    LargerThanSaid,
    /// It is not the file that was sent: its hash or its tag is wrong. Nothing of it was kept.
    NotGenuine,
    /// It is where this device does not go: not by https, or at a private address.
    UnsafePlace,
    /// The server could not be reached, again and again, or is not who it says.
    Unreachable,
    /// There is no room on this device.
    DiskFull,
    /// It is encrypted in a way that is not known here.
    UnknownEncryption,
}

/// What the list of conversations and a quote tell of the files of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentSummary {
    /// What the first is.
    pub kind: FileKind,
    /// What the first is called.
    pub name: FileName,
    /// How many there are.
    pub count: u32,
}

/// Files to send. Each becomes a message, and the caption one after them: programs that know no other way of
/// sending files take a message for a file only if there is nothing else in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingFiles {
    /// The files, in order.
    pub files: Vec<OutgoingFile>,
    /// Words about them; empty if there are none.
    pub caption: String,
    /// The message they answer.
    pub reply_to: Option<MessageId>,
}

/// A file to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingFile {
    /// Where it is.
    pub source: FileSource,
    /// What others are to call it; otherwise as the file is called.
    pub name: Option<String>,
    /// Whether to take out where and when and with what it was made. Of pictures.
    pub strip_metadata: bool,
    /// A picture is made smaller if its longer side has more pixels than that.
    pub longest_side: Option<u32>,
    /// It is a voice message.
    pub voice: Option<VoiceFacts>,
}

/// Where the bytes of a file to send come from.
#[derive(Clone, PartialEq, Eq)]
pub enum FileSource {
    /// A file of the user's.
    Path(PathBuf),
    /// What was pasted, photographed or recorded: it never touches the disk unencrypted.
    Bytes(Arc<[u8]>),
}

impl fmt::Debug for FileSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FileSource")
    }
}

/// What the recorder of a voice message knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceFacts {
    /// How long it is.
    pub duration: Duration,
    /// How loud it is, in equal parts of its length: at most 200.
    pub waveform: Vec<u8>,
}

/// What was found by looking into a file that is here. What is `None` was not found, and changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFacts {
    /// Width and height in pixels.
    pub dimensions: Option<(u32, u32)>,
    /// How long it is.
    pub duration: Option<Duration>,
    /// How loud it is, in equal parts of its length: at most 200.
    pub waveform: Option<Vec<u8>>,
    /// A small picture of it, as a ThumbHash.
    pub thumbhash: Option<Vec<u8>>,
}

/// What the server takes of files (XEP-0363), as far as it told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileService {
    /// It did not tell yet.
    #[default]
    Unknown,
    /// None.
    None,
    /// Files of at most so many bytes, if it says how many.
    Takes(Option<u64>),
}

impl FileService {
    /// Why a file of so many bytes will not be taken. What is not known is tried.
    #[must_use]
    pub fn refusal(self, size: u64) -> Option<TransferFailure> {
        match self {
            Self::None => Some(TransferFailure::NoService),
            Self::Takes(Some(most)) if size > most => Some(TransferFailure::TooLarge(most)),
            Self::Unknown | Self::Takes(_) => None,
        }
    }
}

/// What the user wants of files in general.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSettings {
    /// Pictures up to so many bytes are fetched by themselves; 0 fetches none.
    pub fetch_pictures: u64,
    /// Likewise voice messages and other sound.
    pub fetch_audio: u64,
    /// Likewise films.
    pub fetch_videos: u64,
    /// Likewise anything else.
    pub fetch_others: u64,
    /// From whom. Never from strangers.
    pub fetch_from: FetchFrom,
    /// Whether to take out where and when and with what pictures were made, if nothing else is said when one is sent.
    pub strip_metadata: bool,
}

/// Whose files are fetched by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchFrom {
    /// Everybody whom the user accepted.
    Accepted,
    /// People on the roster.
    Contacts,
    /// People of whom a device was verified, in messages of verified devices.
    Verified,
}

/// What the files of a conversation take of this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageUse {
    /// The conversation.
    pub conversation: ConversationId,
    /// How many files are kept.
    pub files: u64,
    /// How many bytes they take.
    pub bytes: u64,
}

/// A file among those that were shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedFile {
    /// The file.
    pub attachment: Attachment,
    /// The conversation it was shared in.
    pub conversation: ConversationId,
    /// Who shared it.
    pub direction: Direction,
    /// When its message was sent.
    pub time: Timestamp,
}

/// Where a file is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportTo {
    /// To this very place, over what is there: the user chose it.
    File(PathBuf),
    /// Into this folder, under its own name, or one like it if that is taken.
    Folder(PathBuf),
}

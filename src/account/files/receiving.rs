//! Files in messages of others, or of the user's other devices.

use files::Digest;
use model::{
    AttachmentId, ConversationId, FetchFrom, FileFacts, FileKind, FileName, FileSettings, MessageId,
    Transfer, Trust,
};
use store::{FileCipher, NewAttachment, RemoteFile};
use xmpp::{
    minidom::Element,
    xep_0066_oob as oob,
    xep_0300_hashes::Hash,
    xep_0428_fallback::{self as fallback, Part},
    xep_0446_file_metadata::{ANY_TYPE, FileMetadata},
    xep_0447_file_sharing::{self as sharing, FileSharing, FileSource},
    xep_0448_file_encryption::Cipher,
    xep_0454_media_sharing as media, xep_0461_replies as replies,
};
use zeroize::Zeroizing;

use super::fetching;
use crate::{Error, names, turn::Turn};

/// The files of a message, and what is left of its body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReceivedFiles {
    /// The files.
    pub files: Vec<NewAttachment>,
    /// Its words: those that are not there for programs that know no files.
    pub text: String,
    /// Which of them may not be fetched by themselves, because their sender says so.
    pub on_demand: bool,
}

/// Reads the files of a message. `None` if it has none.
pub fn read(message: &Element, body: Option<&str>) -> Option<ReceivedFiles> {
    let shared = sharing::files(message);
    // What a body quotes of another message is no part of what it says itself.
    let quote = match fallback::body_fallback(message, replies::NS) {
        quote if replies::reply(message).is_some() && !quote.contains(&Part::Whole) => quote,
        _ => Vec::new(),
    };
    let body = body.unwrap_or_default();
    if !shared.is_empty() {
        return Some(ReceivedFiles {
            text: caption(message, body, quote, &shared),
            on_demand: shared.iter().any(|file| file.inline == Some(false)),
            files: shared.into_iter().map(described).collect(),
        });
    }
    let body = &fallback::without(body, &quote);
    if let Some(address) = media::read(body) {
        let cipher = FileCipher::Gcm { key: Zeroizing::new(address.key), iv: address.iv };
        return Some(alone(linked(address.url, cipher)));
    }
    let url = oob::url(message)?;
    (body.trim() == url).then(|| alone(linked(url, FileCipher::None)))
}

fn alone(file: NewAttachment) -> ReceivedFiles {
    ReceivedFiles { files: vec![file], text: String::new(), on_demand: false }
}

/// What of a body is not only a fallback for files. Marks say so; without them, a body that holds an address is one.
fn caption(message: &Element, body: &str, quote: Vec<Part>, files: &[FileSharing]) -> String {
    let mut marked = fallback::body_fallback(message, sharing::NS);
    if marked.contains(&Part::Whole) {
        return String::new();
    }
    if !marked.is_empty() {
        marked.extend(quote);
        return fallback::without(body, &marked).trim().to_owned();
    }
    let holds = |url: &str| body.contains(url.trim_start_matches("https:"));
    let is_fallback = files.iter().flat_map(|file| &file.sources).any(|source| match source {
        FileSource::Plain(url) => holds(url),
        FileSource::Encrypted(source) => source.addresses.iter().any(|url| holds(url)),
    });
    if is_fallback { String::new() } else { fallback::without(body, &quote).trim().to_owned() }
}

/// A file of which nothing but its address is known.
fn linked(url: String, cipher: FileCipher) -> NewAttachment {
    let place = url.split(['?', '#']).next().unwrap_or_default();
    let name = FileName::new(&unescaped(place.rsplit('/').next().unwrap_or_default()));
    let media_type = by_extension(name.as_str()).unwrap_or(ANY_TYPE).to_owned();
    new(name, media_type, RemoteFile { addresses: vec![url], cipher, hash: None })
}

fn described(shared: FileSharing) -> NewAttachment {
    let FileSharing { inline, file, sources } = shared;
    let remote = remote(&file, sources);
    let address = remote.addresses.first().map(String::as_str).unwrap_or_default();
    let name = match &file.name {
        Some(name) => FileName::new(name),
        None => FileName::new(address.rsplit('/').next().unwrap_or_default()),
    };
    let media_type = file.media_type.or_else(|| by_extension(name.as_str()).map(str::to_owned));
    let media_type = media_type.unwrap_or_else(|| ANY_TYPE.to_owned());
    NewAttachment {
        is_voice: inline == Some(true) && FileKind::of(&media_type) == FileKind::Audio,
        size: file.size,
        description: file.description.as_deref().and_then(names::clean),
        facts: FileFacts {
            dimensions: file.dimensions,
            duration: file.length,
            waveform: None,
            thumbhash: file.thumbhash,
        },
        ..new(name, media_type, remote)
    }
}

fn new(name: FileName, media_type: String, remote: RemoteFile) -> NewAttachment {
    NewAttachment {
        name,
        media_type,
        is_voice: false,
        size: None,
        description: None,
        facts: FileFacts::default(),
        transfer: Transfer::Offered,
        remote,
        origin: None,
    }
}

/// Where it can be had: encrypted if any source is, for then the others are too, or they would not be worth it.
fn remote(file: &FileMetadata, sources: Vec<FileSource>) -> RemoteFile {
    let hash = file.hash.map(|hash| match hash {
        Hash::Sha256(hash) => Digest::Sha256(hash),
        Hash::Sha512(hash) => Digest::Sha512(hash),
    });
    let (mut plain, mut encrypted) = (Vec::new(), Vec::new());
    for source in sources {
        match source {
            FileSource::Plain(url) => plain.push(url),
            FileSource::Encrypted(source) => encrypted.push(source),
        }
    }
    // The first whose cipher is known, else any: it is told why it cannot be had.
    encrypted.sort_by_key(|source| source.cipher == Cipher::Other);
    match encrypted.into_iter().next() {
        None => RemoteFile { addresses: plain, cipher: FileCipher::None, hash },
        Some(source) => {
            let cipher = match source.cipher {
                Cipher::Aes128Gcm | Cipher::Aes256Gcm => {
                    FileCipher::Gcm { key: Zeroizing::new(source.key), iv: source.iv }
                }
                Cipher::Other => FileCipher::Other,
            };
            RemoteFile { addresses: source.addresses, cipher, hash }
        }
    }
}

/// Files came with a message that is new here. They are fetched by themselves if the user allows it.
pub fn arrived(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    message: MessageId,
    received: &ReceivedFiles,
    is_recent: bool,
    trust: Option<Trust>,
) -> Result<(), Error> {
    let settings = turn.tx.reads().file_settings()?;
    let wanted = is_recent && !received.on_demand && is_trusted(turn, conversation, &settings, trust)?;
    for file in &received.files {
        let id: AttachmentId = turn.tx.insert_attachment(message, file)?;
        let most = match FileKind::of(&file.media_type) {
            FileKind::Picture => settings.fetch_pictures,
            FileKind::Audio | FileKind::Voice => settings.fetch_audio,
            FileKind::Video => settings.fetch_videos,
            FileKind::Other => settings.fetch_others,
        };
        // Where nobody says how large it is, it is begun with, and left when it is too much.
        let is_small = most > 0 && file.size.is_none_or(|size| size <= most);
        if wanted && is_small && !file.remote.addresses.is_empty() && file.remote.cipher != FileCipher::Other
        {
            fetching::fetch(turn, id, Some(most))?;
        }
    }
    Ok(())
}

fn is_trusted(
    turn: &Turn<'_, '_>,
    conversation: ConversationId,
    settings: &FileSettings,
    trust: Option<Trust>,
) -> Result<bool, Error> {
    let reads = turn.tx.reads();
    let Some(stored) = reads.stored_conversation(conversation)? else { return Ok(false) };
    if stored.stranger || reads.is_blocked(&stored.address)? {
        return Ok(false);
    }
    Ok(match settings.fetch_from {
        FetchFrom::Accepted => true,
        FetchFrom::Contacts => reads.contact(&stored.address)?.is_some_and(|contact| contact.in_roster),
        FetchFrom::Verified => trust == Some(Trust::Verified),
    })
}

/// What an extension says, for what is shown before a file is here: afterwards its bytes say it.
fn by_extension(name: &str) -> Option<&'static str> {
    let extension = name.rsplit_once('.')?.1.to_ascii_lowercase();
    Some(match extension.as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "heic" => "image/heic",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "mov" => "video/quicktime",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "flac" => "audio/flac",
        "wav" => "audio/wav",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "txt" => "text/plain",
        _ => return None,
    })
}

/// A part of an address with its percent escapes resolved; text that is none is left as it is.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let escaped = match after {
            [high, low, ..] if *byte == b'%' => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

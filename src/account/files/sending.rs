//! Sending files: the chain of rows from what the user dropped to a message.

use std::collections::BTreeSet;

use files::Prepared;
use model::{
    AttachmentId, ConversationEncryption, ConversationId, Delivery, DeliveryFailure, DeliveryReason,
    FileFacts, FileName, FileSource, MessageId, OutgoingFile, OutgoingFiles, Transfer, TransferFailure,
};
use store::{
    FileCipher, FileOrigin, NewAttachment, NewOutboxRow, OutboxId, OutboxKind, OutboxRow, OutboxState,
    RemoteFile, StoredAttachment, StoredConversation, StoredMessage,
};
use xmpp::xep_0446_file_metadata::ANY_TYPE;

use super::{FileJob, job, new_container, set, uploading};
use crate::{Error, commands, messages, omemo, outbox, turn::Turn};

/// More files in one command than this are not sent.
const MOST_FILES: usize = 100;
/// So many are made ready at once: a film that takes long does not hold up a picture for somebody else.
const AT_ONCE: usize = 2;

/// `AccountCommand::SendFiles`
pub fn send(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    outgoing: OutgoingFiles,
) -> Result<(), Error> {
    let Some(stored) = turn.tx.reads().stored_conversation(conversation)? else { return Ok(()) };
    // Whoever writes to a stranger has taken them in.
    messages::accept(turn, conversation)?;
    if stored.encryption == ConversationEncryption::Undecided {
        // Known before the file goes, it decides how the file goes.
        omemo::look_up(turn, &stored.address)?;
    }
    // The first file is the answer; the others and the caption follow it.
    let mut answered = commands::answered(turn, &stored, outgoing.reply_to)?;
    let mut last = None;
    for file in outgoing.files.into_iter().take(MOST_FILES) {
        last = Some(enter(turn, &stored, file, answered.take().as_ref())?);
    }
    if !outgoing.caption.trim().is_empty() {
        commands::say(turn, &stored, &outgoing.caption, None, last)?;
    }
    super::pump(turn)
}

/// Puts a file into the history, and its chain into the outbox. Returns the last row of the chain.
fn enter(
    turn: &mut Turn<'_, '_>,
    stored: &StoredConversation,
    file: OutgoingFile,
    answered: Option<&StoredMessage>,
) -> Result<OutboxId, Error> {
    let called = match (&file.name, &file.source) {
        (Some(name), _) => name.clone(),
        (None, FileSource::Path(path)) => {
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        }
        (None, FileSource::Bytes(_)) => String::new(),
    };
    let id = turn.new_id();
    let message = commands::write(turn, stored, &id, "", answered)?;
    let voice = file.voice.as_ref();
    let attachment = turn.tx.insert_attachment(
        message,
        &NewAttachment {
            name: FileName::new(&called),
            media_type: ANY_TYPE.to_owned(),
            is_voice: voice.is_some(),
            size: None,
            description: None,
            facts: FileFacts {
                duration: voice.map(|voice| voice.duration),
                waveform: voice.map(|voice| voice.waveform.iter().copied().take(200).collect()),
                ..FileFacts::default()
            },
            transfer: Transfer::Preparing,
            remote: RemoteFile::default(),
            origin: Some(FileOrigin {
                source: file.source,
                wish: files::Wish { strip_metadata: file.strip_metadata, longest_side: file.longest_side },
            }),
        },
    )?;
    chain(turn, stored, message, attachment, &id)
}

/// The rows of a file: prepare, upload, send.
fn chain(
    turn: &mut Turn<'_, '_>,
    stored: &StoredConversation,
    message: MessageId,
    attachment: AttachmentId,
    id: &str,
) -> Result<OutboxId, Error> {
    let bytes = attachment.0.to_string();
    let mut row = NewOutboxRow {
        kind: OutboxKind::Prepare,
        message: Some(message),
        conversation: Some(stored.id),
        token: "",
        bytes: bytes.as_bytes(),
        after: None,
        time: turn.now.wall,
    };
    row.after = Some(turn.tx.push_outbox(&row)?);
    row.kind = OutboxKind::Upload;
    row.after = Some(turn.tx.push_outbox(&row)?);
    // What it says is only known when the file has an address.
    let send = NewOutboxRow { kind: OutboxKind::Message, token: id, bytes: &[], ..row };
    if omemo::is_sealed(turn, stored) { turn.tx.push_unsealed(&send) } else { turn.tx.push_outbox(&send) }
        .map_err(Error::from)
}

fn attachment_of(row: &OutboxRow) -> Option<AttachmentId> {
    std::str::from_utf8(&row.bytes).ok()?.parse().ok().map(AttachmentId)
}

/// Makes the next files ready: of each conversation one after the other, so that files keep their order.
pub(super) fn prepare_next(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let mut held: BTreeSet<ConversationId> = BTreeSet::new();
    for row in turn.tx.reads().outbox_steps(OutboxKind::Prepare)? {
        if turn.state.files.preparing.len() >= AT_ONCE {
            return Ok(());
        }
        let Some(stored) = file_of(turn, &row)? else { continue };
        let id = stored.attachment.id;
        if !held.insert(stored.conversation) || turn.state.files.preparing.contains(&id) {
            continue;
        }
        match stored.origin {
            Some(origin) => prepare(turn, id, origin)?,
            None => fail(turn, id, TransferFailure::NotReadable)?,
        }
    }
    Ok(())
}

fn prepare(turn: &mut Turn<'_, '_>, id: AttachmentId, origin: FileOrigin) -> Result<(), Error> {
    let (container, key) = new_container(turn);
    turn.tx.set_container(id, Some((&container, &key)))?;
    turn.state.files.preparing.insert(id);
    let container = turn.tx.reads().container_path(&container);
    job(turn, FileJob::Prepare { id, source: origin.source, wish: origin.wish, container, key });
    Ok(())
}

/// The file of a row. A row whose file is gone, or whose message is not to be sent any more, is taken out.
pub(super) fn file_of(turn: &mut Turn<'_, '_>, row: &OutboxRow) -> Result<Option<StoredAttachment>, Error> {
    let stored = match attachment_of(row) {
        Some(id) => turn.tx.reads().attachment(id)?,
        None => None,
    };
    let is_wanted = match row.message {
        Some(message) => send_row(turn, message)?.is_some(),
        None => false,
    };
    match stored {
        Some(stored) if is_wanted => Ok(Some(stored)),
        stored => {
            if let Some(message) = row.message {
                turn.tx.drop_outbox_of_message(message)?;
            }
            if let Some(stored) = stored {
                set(turn, stored.attachment.id, Transfer::Failed(TransferFailure::Cancelled))?;
            }
            Ok(None)
        }
    }
}

/// The row that sends the message of a file.
pub(super) fn send_row(turn: &Turn<'_, '_>, message: MessageId) -> Result<Option<OutboxRow>, Error> {
    let rows = turn.tx.reads().outbox_of_message(message)?;
    Ok(rows.into_iter().find(|row| row.kind == OutboxKind::Message))
}

/// It was made ready.
pub(super) fn prepared(
    turn: &mut Turn<'_, '_>,
    id: AttachmentId,
    outcome: Result<Prepared, TransferFailure>,
) -> Result<(), Error> {
    turn.state.files.preparing.remove(&id);
    let Some(row) = step(turn, id, OutboxKind::Prepare)? else { return Ok(()) };
    let Some(stored) = turn.tx.reads().attachment(id)? else { return Ok(()) };
    match outcome {
        Ok(prepared) => {
            let name = match prepared.extension {
                Some(extension) => stored.attachment.name.with_extension(extension),
                None => stored.attachment.name,
            };
            turn.tx.set_prepared(id, &name, &prepared)?;
            if !prepared.is_kept {
                turn.tx.set_container(id, None)?;
            }
            turn.tx.settle_outbox(row.id)?;
            set(turn, id, Transfer::Uploading)
        }
        Err(failure) => fail(turn, id, failure),
    }
}

/// The row of a file for a step, while it waits to be done.
pub(super) fn step(
    turn: &Turn<'_, '_>,
    id: AttachmentId,
    kind: OutboxKind,
) -> Result<Option<OutboxRow>, Error> {
    let Some((_, message)) = turn.tx.reads().message_of_file(id)? else { return Ok(None) };
    let rows = turn.tx.reads().outbox_of_message(message)?;
    Ok(rows
        .into_iter()
        .find(|row| row.kind == kind && row.state == OutboxState::Queued && attachment_of(row) == Some(id)))
}

/// The user stops it.
pub(super) fn cancel(turn: &mut Turn<'_, '_>, stored: &StoredAttachment) -> Result<(), Error> {
    let id = stored.attachment.id;
    turn.state.files.preparing.remove(&id);
    turn.state.files.uploading = turn.state.files.uploading.filter(|uploading| uploading.id != id);
    fail(turn, id, TransferFailure::Cancelled)
}

/// It is not sent, until the user tries again. What was said after it does not wait for it.
pub(super) fn fail(turn: &mut Turn<'_, '_>, id: AttachmentId, failure: TransferFailure) -> Result<(), Error> {
    turn.state.files.pauses.remove(&id);
    set(turn, id, Transfer::Failed(failure))?;
    let Some((_, message)) = turn.tx.reads().message_of_file(id)? else { return Ok(()) };
    turn.tx.drop_outbox_of_message(message)?;
    let reason = match failure {
        TransferFailure::TooLarge(_) => DeliveryReason::TooLarge,
        _ => DeliveryReason::Other,
    };
    turn.tx.set_waits(message, None)?;
    turn.tx.advance_delivery(message, &Delivery::Failed(DeliveryFailure { reason, text: None }))?;
    outbox::pump(turn)
}

/// Sends a message with files again: from the step that its file reached. False if it has none.
pub fn try_again(turn: &mut Turn<'_, '_>, message: MessageId) -> Result<bool, Error> {
    let ids = turn.tx.reads().attachment_ids(message)?;
    let Some(row) = turn.tx.reads().stored_message(message)? else { return Ok(false) };
    let (Some(id), Some(first)) = (&row.ids.stanza, ids.first()) else { return Ok(false) };
    let stored = turn.tx.reads().attachment(*first)?;
    let conversation = turn.tx.reads().stored_conversation(row.conversation)?;
    let (Some(stored), Some(conversation)) = (stored, conversation) else { return Ok(false) };
    if !turn.tx.try_again(message)? {
        return Ok(true);
    }
    turn.tx.drop_outbox_of_message(message)?;
    super::told(turn, *first)?;
    let last = chain(turn, &conversation, message, *first, id)?;
    let rows = turn.tx.reads().outbox_of_message(message)?;
    let is_prepared = stored.attachment.size.is_some();
    let fits =
        (stored.remote.cipher != FileCipher::None) == uploading::is_encrypted(turn, stored.conversation)?;
    let is_uploaded = stored.remote.hash.is_some() && fits && stored.attachment.transfer == Transfer::Here;
    for row in rows.iter().filter(|row| row.id != last) {
        let is_done = if row.kind == OutboxKind::Prepare { is_prepared } else { is_uploaded };
        if is_done {
            turn.tx.settle_outbox(row.id)?;
        }
    }
    if is_uploaded {
        uploading::complete(turn, &stored)?;
    } else {
        set(turn, *first, if is_prepared { Transfer::Uploading } else { Transfer::Preparing })?;
    }
    super::pump(turn)?;
    Ok(true)
}

//! Putting own files onto the server, in the form that their conversation wants.
//!
//! Whether a file goes encrypted is decided before a place for it is asked for: by what the user chose, or else by whether
//! the other side has devices, for whose lists it waits. What changes after that sends the file round again. A place that
//! was given for the other form is not used, an upload that is in the clear is not told of, and a message that is about to
//! be sealed around an address in the clear goes back to its upload ([`goes_round_again`]).

use std::collections::BTreeSet;

use files::{Digest, TAG_LENGTH};
use model::{
    AttachmentId, ConversationEncryption, ConversationId, EncryptionKind, MessageId, Transfer,
    TransferFailure, Wait,
};
use rand_core::Rng as _;
use store::{FileCipher, NewOutboxRow, OutboxKind, OutboxRow, OutboxState, RemoteFile, StoredAttachment};
use xmpp::{
    xep_0363_http_upload::{self as upload, Slot},
    xep_0446_file_metadata::ANY_TYPE,
    xml,
};
use zeroize::Zeroizing;

use super::{
    FileJob, Trouble, is_paused, job, pause,
    sending::{fail, file_of, send_row, step},
    service::{self, Service},
    set, stanza, wake,
};
use crate::{Error, omemo, outbox, turn::Turn};

/// What is being put onto the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uploading {
    pub(super) id: AttachmentId,
    /// In which form its place was asked for: its size depends on that.
    pub(super) is_encrypted: bool,
}

/// Asks for a place for the next file. What has to wait holds up its own conversation alone.
pub(super) fn upload_next(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    stop_what_goes_in_the_clear(turn)?;
    let mut held: BTreeSet<ConversationId> = BTreeSet::new();
    for row in turn.tx.reads().outbox_steps(OutboxKind::Upload)? {
        if turn.state.files.uploading.is_some() || !turn.is_online() {
            return Ok(());
        }
        if row.conversation.is_some_and(|conversation| held.contains(&conversation)) {
            continue;
        }
        let Some(stored) = file_of(turn, &row)? else { continue };
        if is_paused(turn, stored.attachment.id) || !ask_for_place(turn, &stored)? {
            held.insert(stored.conversation);
        }
    }
    Ok(())
}

/// Stops an upload in the clear if its conversation is encrypted by now.
fn stop_what_goes_in_the_clear(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let Some(Uploading { id, is_encrypted: false }) = turn.state.files.uploading else { return Ok(()) };
    if let Some(stored) = turn.tx.reads().attachment(id)?
        && is_encrypted(turn, stored.conversation)?
    {
        turn.state.files.uploading = None;
        job(turn, FileJob::Cancel(id));
    }
    Ok(())
}

/// Asks for a place for a file. False if it has to wait for something.
fn ask_for_place(turn: &mut Turn<'_, '_>, stored: &StoredAttachment) -> Result<bool, Error> {
    let (id, Some(size)) = (stored.attachment.id, stored.attachment.size) else { return Ok(false) };
    let (service, most) = match service::find(turn) {
        Some(Service::Known { address, most }) => (address, most),
        Some(Service::None) => return fail(turn, id, TransferFailure::NoService).map(|()| true),
        _ => return Ok(false),
    };
    let Some(is_encrypted) = form(turn, stored)? else {
        if turn.tx.set_waits(stored.attachment.message, Some(Wait::Keys))? {
            super::told(turn, id)?;
        }
        return Ok(false);
    };
    if turn.tx.set_waits(stored.attachment.message, None)? {
        super::told(turn, id)?;
    }
    let size = if is_encrypted { size.saturating_add(TAG_LENGTH as u64) } else { size };
    if let Some(most) = most.filter(|most| size > *most) {
        return fail(turn, id, TransferFailure::TooLarge(most)).map(|()| true);
    }
    // What a file is called stays between the two who talk, if what they say does.
    let request = if is_encrypted {
        let name = turn.new_id();
        upload::request(&name, size, ANY_TYPE)
    } else {
        upload::request(stored.attachment.name.as_str(), size, &stored.attachment.media_type)
    };
    let asked = Uploading { id, is_encrypted };
    turn.state.files.uploading = Some(asked);
    service::ask_slot(turn, &service, request, asked);
    Ok(true)
}

/// Whether a file goes encrypted. `None` while that cannot be said: nothing was decided, and it is not known whether the
/// other side has devices.
fn form(turn: &mut Turn<'_, '_>, stored: &StoredAttachment) -> Result<Option<bool>, Error> {
    let Some(conversation) = turn.tx.reads().stored_conversation(stored.conversation)? else {
        return Ok(Some(false));
    };
    if conversation.encryption != ConversationEncryption::Undecided || !omemo::is_sealed(turn, &conversation)
    {
        return Ok(Some(conversation.encryption == ConversationEncryption::Omemo));
    }
    let can = omemo::can_be_sealed(turn, &conversation.address, conversation.encryption)?;
    match can {
        Some(true) => omemo::decide(turn, conversation.id)?,
        Some(false) => {}
        None => omemo::retry_later(turn),
    }
    Ok(can)
}

/// Whether a conversation is encrypted now.
pub(super) fn is_encrypted(turn: &Turn<'_, '_>, conversation: ConversationId) -> Result<bool, Error> {
    let stored = turn.tx.reads().stored_conversation(conversation)?;
    Ok(stored.is_some_and(|stored| stored.encryption == ConversationEncryption::Omemo))
}

/// A place for a file, or why there is none. `None` is no reason to give up.
pub(super) fn slot(
    turn: &mut Turn<'_, '_>,
    asked: Uploading,
    slot: Result<Slot, Option<TransferFailure>>,
) -> Result<(), Error> {
    // What was asked before the user stopped it, or in the other form.
    if turn.state.files.uploading != Some(asked) {
        return Ok(());
    }
    let id = asked.id;
    let stored = turn.tx.reads().attachment(id)?;
    let (Some(stored), Some(_)) = (stored, step(turn, id, OutboxKind::Upload)?) else {
        turn.state.files.uploading = None;
        return super::pump(turn);
    };
    let Some((source, _)) = turn.tx.reads().file(id)? else {
        // The user freed its space meanwhile, and nobody else has it.
        turn.state.files.uploading = None;
        fail(turn, id, TransferFailure::NotReadable)?;
        return super::pump(turn);
    };
    if is_encrypted(turn, stored.conversation)? != asked.is_encrypted {
        turn.state.files.uploading = None;
        return super::pump(turn);
    }
    match slot {
        Ok(slot) => {
            // A new key for each attempt: the file may be another by then, and a key must not be used twice.
            let cipher = if asked.is_encrypted { new_cipher(turn) } else { FileCipher::None };
            let remote = RemoteFile { addresses: vec![slot.get], cipher: cipher.clone(), hash: None };
            turn.tx.set_remote(id, &remote)?;
            let media_type =
                if asked.is_encrypted { ANY_TYPE.to_owned() } else { stored.attachment.media_type };
            job(
                turn,
                FileJob::Upload { id, source, cipher, address: slot.put, headers: slot.headers, media_type },
            );
            Ok(())
        }
        Err(None) => {
            turn.state.files.uploading = None;
            if turn.is_online() && !pause(turn, id) {
                return fail(turn, id, TransferFailure::Unreachable);
            }
            super::pump(turn)
        }
        Err(Some(failure)) => {
            turn.state.files.uploading = None;
            fail(turn, id, failure)?;
            super::pump(turn)
        }
    }
}

fn new_cipher(turn: &mut Turn<'_, '_>) -> FileCipher {
    let (mut key, mut iv) = (Zeroizing::new(vec![0; 32]), vec![0; 12]);
    turn.state.rng.fill_bytes(&mut key);
    turn.state.rng.fill_bytes(&mut iv);
    FileCipher::Gcm { key, iv }
}

/// The server has it, or does not.
pub(super) fn uploaded(
    turn: &mut Turn<'_, '_>,
    id: AttachmentId,
    outcome: Result<Digest, Trouble>,
) -> Result<(), Error> {
    turn.state.files.uploading = turn.state.files.uploading.filter(|uploading| uploading.id != id);
    let Some(row) = step(turn, id, OutboxKind::Upload)? else { return Ok(()) };
    let Some(mut stored) = turn.tx.reads().attachment(id)? else { return Ok(()) };
    match outcome {
        Ok(hash) => {
            // Encryption was turned on meanwhile: what lies on the server in the clear is not told of.
            if is_in_the_clear(&stored) && is_encrypted(turn, stored.conversation)? {
                return Ok(());
            }
            stored.remote.hash = Some(hash);
            turn.tx.set_remote(id, &stored.remote)?;
            turn.state.files.pauses.remove(&id);
            turn.tx.settle_outbox(row.id)?;
            set(turn, id, Transfer::Here)?;
            complete(turn, &stored)
        }
        Err(Trouble::Passing) if pause(turn, id) => Ok(()),
        Err(Trouble::Passing) => fail(turn, id, TransferFailure::Unreachable),
        Err(Trouble::Lasting(failure)) => fail(turn, id, failure),
    }
}

/// The message of a file gets what it says.
pub(super) fn complete(turn: &mut Turn<'_, '_>, file: &StoredAttachment) -> Result<(), Error> {
    let Some(row) = send_row(turn, file.attachment.message)? else { return Ok(()) };
    let Some(to) = turn.tx.reads().stored_conversation(file.conversation)? else { return Ok(()) };
    let Some(message) = stanza::stanza(turn, &to, &row.token, file)? else {
        return fail(turn, file.attachment.id, TransferFailure::Refused);
    };
    let is_sealed = row.state == OutboxState::Unsealed || omemo::is_sealed(turn, &to);
    turn.tx.complete_outbox(row.id, &xml::serialise(&message), is_sealed)?;
    outbox::pump(turn)
}

fn is_in_the_clear(stored: &StoredAttachment) -> bool {
    stored.remote.cipher == FileCipher::None
}

/// A message is about to be sealed. If the file it tells of lies on the server in the clear, it is not: the file is
/// uploaded once more before it, encrypted.
pub fn goes_round_again(turn: &mut Turn<'_, '_>, row: &OutboxRow) -> Result<bool, Error> {
    let Some(message) = row.message.filter(|_| row.kind == OutboxKind::Message) else { return Ok(false) };
    let Some(id) = turn.tx.reads().attachment_ids(message)?.first().copied() else { return Ok(false) };
    let Some(stored) = turn.tx.reads().attachment(id)?.filter(is_in_the_clear) else { return Ok(false) };
    let upload = turn.tx.push_outbox(&NewOutboxRow {
        kind: OutboxKind::Upload,
        message: Some(message),
        conversation: Some(stored.conversation),
        token: "",
        bytes: id.0.to_string().as_bytes(),
        after: None,
        time: turn.now.wall,
    })?;
    turn.tx.reopen_outbox(row.id, upload)?;
    turn.tx.set_remote(id, &RemoteFile::default())?;
    set(turn, id, Transfer::Uploading)?;
    wake(turn);
    Ok(true)
}

/// The user turned encryption on. Messages of files that were to go in the clear, and have not gone, are sealed.
pub fn encryption_began(turn: &mut Turn<'_, '_>, conversation: ConversationId) -> Result<(), Error> {
    for row in turn.tx.reads().outbox_of_files(conversation)? {
        let is_sealed = match row.message.map(|message| first_file(turn, message)).transpose()?.flatten() {
            Some(stored) => !row.bytes.is_empty() && !is_in_the_clear(&stored),
            None => continue,
        };
        if !is_sealed
            && turn.tx.unseal_outbox(row.id)?
            && let Some(message) = row.message
        {
            turn.tx.set_message_encryption(message, EncryptionKind::Omemo)?;
        }
    }
    Ok(())
}

fn first_file(turn: &Turn<'_, '_>, message: MessageId) -> Result<Option<StoredAttachment>, Error> {
    match turn.tx.reads().attachment_ids(message)?.first() {
        Some(id) => Ok(turn.tx.reads().attachment(*id)?),
        None => Ok(None),
    }
}

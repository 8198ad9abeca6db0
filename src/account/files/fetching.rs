//! Fetching files that are offered.

use model::{AttachmentId, Transfer, TransferFailure};
use store::{FileCipher, StoredAttachment};

use super::{FileJob, Trouble, is_paused, job, new_container, pause, set};
use crate::{Error, turn::Turn};

/// Files that are fetched at once.
const AT_ONCE: usize = 3;
/// The largest file that is fetched when its sender does not say how large it is.
const MOST_UNSAID: u64 = 4 * 1024 * 1024 * 1024;

/// A file is wanted: by the user, or unasked if it has at most so many bytes.
pub(super) fn fetch(turn: &mut Turn<'_, '_>, id: AttachmentId, unasked: Option<u64>) -> Result<(), Error> {
    let Some(stored) = turn.tx.reads().attachment(id)? else { return Ok(()) };
    if !matches!(stored.attachment.transfer, Transfer::Offered | Transfer::Failed(_)) {
        return Ok(());
    }
    if stored.remote.cipher == FileCipher::Other {
        return set(turn, id, Transfer::Failed(TransferFailure::UnknownEncryption));
    }
    if stored.remote.addresses.is_empty() {
        return set(turn, id, Transfer::Failed(TransferFailure::UnsafePlace));
    }
    turn.state.files.pauses.remove(&id);
    if stored.container.is_none() {
        let (name, key) = new_container(turn);
        turn.tx.set_container(id, Some((&name, &key)))?;
    }
    turn.tx.set_fetch_limit(id, unasked)?;
    set(turn, id, Transfer::Downloading)?;
    super::pump(turn)
}

/// Fetches what is to be fetched, a few at a time.
pub(super) fn fetch_next(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if !turn.is_online() {
        return Ok(());
    }
    for id in turn.tx.reads().downloading()? {
        if turn.state.files.downloading.len() >= AT_ONCE {
            break;
        }
        if turn.state.files.downloading.contains(&id) || is_paused(turn, id) {
            continue;
        }
        let Some(stored) = turn.tx.reads().attachment(id)? else { continue };
        let Some((container, key)) = stored.container else { continue };
        turn.state.files.downloading.insert(id);
        let fetch = FileJob::Download {
            id,
            addresses: stored.remote.addresses,
            cipher: stored.remote.cipher,
            hash: stored.remote.hash,
            limit: stored.attachment.size.or(stored.fetch_limit).unwrap_or(MOST_UNSAID),
            declared: stored.attachment.media_type,
            container: turn.tx.reads().container_path(&container),
            key,
        };
        job(turn, fetch);
    }
    Ok(())
}

/// It came, or did not.
pub(super) fn fetched(
    turn: &mut Turn<'_, '_>,
    id: AttachmentId,
    outcome: Result<(String, u64), Trouble>,
) -> Result<(), Error> {
    turn.state.files.downloading.remove(&id);
    let Some(stored) = turn.tx.reads().attachment(id)? else { return Ok(()) };
    if stored.attachment.transfer != Transfer::Downloading {
        return Ok(());
    }
    match outcome {
        Ok((media_type, size)) => {
            turn.state.files.pauses.remove(&id);
            turn.tx.set_arrived(id, &media_type, size)?;
            set(turn, id, Transfer::Here)
        }
        Err(Trouble::Passing) if pause(turn, id) => Ok(()),
        Err(Trouble::Passing) => fail(turn, id, TransferFailure::Unreachable),
        // Nobody lied: nobody had said how large it is. It is the user's to fetch.
        Err(Trouble::Lasting(TransferFailure::LargerThanSaid))
            if stored.attachment.size.is_none() && stored.fetch_limit.is_some() =>
        {
            turn.tx.set_container(id, None)?;
            set(turn, id, Transfer::Offered)
        }
        Err(Trouble::Lasting(failure)) => fail(turn, id, failure),
    }
}

/// The user does not want it any more, or not now.
pub(super) fn cancel(turn: &mut Turn<'_, '_>, stored: &StoredAttachment) -> Result<(), Error> {
    let id = stored.attachment.id;
    turn.state.files.downloading.remove(&id);
    turn.state.files.pauses.remove(&id);
    turn.tx.set_container(id, None)?;
    set(turn, id, Transfer::Offered)
}

fn fail(turn: &mut Turn<'_, '_>, id: AttachmentId, failure: TransferFailure) -> Result<(), Error> {
    turn.state.files.pauses.remove(&id);
    // A link that broke may be gone on with later; what is wrong is not kept.
    if failure != TransferFailure::Unreachable {
        turn.tx.set_container(id, None)?;
    }
    set(turn, id, Transfer::Failed(failure))
}

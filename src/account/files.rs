//! Files: sending, receiving and keeping them.
//!
//! An own file is a chain of rows in the outbox, so that a restart goes on at the step it reached:
//!
//! | step | its row is done when | then |
//! |---|---|---|
//! | prepare | a thread has made it ready and keeps it, or leaves it where it is | `Uploading` |
//! | upload | the server has it, under an address and perhaps a key that are made for each attempt | the message is complete |
//! | send | as any message | `Sent` |
//!
//! Those of a conversation go one after the other, so that files keep their order. Other words of the conversation do not wait for them.
//!
//! A file of somebody else is `Offered` until it is fetched, by itself where settings allow it (`receiving.rs`).
//! What is asked of threads and of the network leaves as [`FileJob`]s after the commit, and comes back as
//! [`FileReport`]s. A job is lost with the process, and nothing else is: rows say what is to be done.

mod fetching;
mod jobs;
mod receiving;
mod sending;
mod service;
mod stanza;
mod uploading;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use model::{AttachmentId, Change, ConversationId, FileFacts, FileSettings, Transfer};
use rand_core::Rng as _;

pub use self::{
    jobs::{FileJob, FileReport, Trouble},
    receiving::{ReceivedFiles, arrived, read},
    sending::{send, try_again},
    service::{Asked, handle_answer},
    uploading::{encryption_began, goes_round_again},
};
use crate::{
    Error, Output,
    turn::{State, Turn},
};

/// Pauses after an attempt that failed for a passing reason. After the last of them it is the user's to try again.
const PAUSES: [u64; 5] = [2, 5, 15, 60, 300];

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    preparing: BTreeSet<AttachmentId>,
    uploading: Option<uploading::Uploading>,
    /// Something may have become possible.
    is_awake: bool,
    downloading: BTreeSet<AttachmentId>,
    /// What failed for a passing reason: how often, and when it is tried again.
    pauses: BTreeMap<AttachmentId, (usize, Duration)>,
    service: service::Service,
    deleting: BTreeSet<String>,
}

/// Does what can be done now: to be called whenever something may have become possible.
pub fn pump(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    sending::prepare_next(turn)?;
    uploading::upload_next(turn)?;
    fetching::fetch_next(turn)
}

/// Something may have become possible: it is done at the end of this turn.
pub fn wake(turn: &mut Turn<'_, '_>) {
    turn.state.files.is_awake = true;
}

/// The turn ends: what became possible in it is done.
pub fn finish(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if std::mem::take(&mut turn.state.files.is_awake) {
        pump(turn)?;
    }
    sweep(turn)
}

/// Has containers deleted that nobody names any more: at the end of each turn, for their rows go in many ways.
fn sweep(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    for container in turn.tx.reads().discarded_files()? {
        if turn.state.files.deleting.insert(container.clone()) {
            let file = turn.tx.reads().container_path(&container);
            job(turn, FileJob::Delete { container, path: file });
        }
    }
    Ok(())
}

/// A session began: what failed for want of the network is worth another attempt.
pub fn begin(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.state.files.pauses.clear();
    pump(turn)
}

/// The session is over.
pub fn end(turn: &mut Turn<'_, '_>) {
    turn.state.files.service = service::Service::default();
}

/// When something is to be tried again.
pub fn timeout(state: &State) -> Option<Duration> {
    state.files.pauses.values().map(|(_, until)| *until).filter(|until| *until != Duration::MAX).min()
}

/// The time has come.
pub fn timer(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if timeout(turn.state).is_none_or(|due| due > turn.now.monotonic) {
        return Ok(());
    }
    let now = turn.now.monotonic;
    for (_, until) in turn.state.files.pauses.values_mut() {
        if *until <= now {
            *until = Duration::MAX;
        }
    }
    pump(turn)
}

/// What became of a job.
pub fn report(turn: &mut Turn<'_, '_>, report: FileReport) -> Result<(), Error> {
    match report {
        FileReport::Prepared(id, outcome) => sending::prepared(turn, id, outcome)?,
        FileReport::Uploaded(id, outcome) => uploading::uploaded(turn, id, outcome)?,
        FileReport::Downloaded(id, outcome) => fetching::fetched(turn, id, outcome)?,
        FileReport::Deleted(container) => {
            turn.state.files.deleting.remove(&container);
            turn.tx.file_deleted(&container)?;
        }
    }
    pump(turn)
}

/// `AccountCommand::CancelTransfer`
pub fn cancel(turn: &mut Turn<'_, '_>, id: AttachmentId) -> Result<(), Error> {
    let Some(stored) = turn.tx.reads().attachment(id)? else { return Ok(()) };
    match stored.attachment.transfer {
        Transfer::Preparing | Transfer::Uploading => sending::cancel(turn, &stored)?,
        Transfer::Downloading => fetching::cancel(turn, &stored)?,
        Transfer::Offered | Transfer::Here | Transfer::Failed(_) => return Ok(()),
    }
    job(turn, FileJob::Cancel(id));
    pump(turn)
}

/// `AccountCommand::RetryTransfer`
pub fn retry(turn: &mut Turn<'_, '_>, id: AttachmentId) -> Result<(), Error> {
    let Some(stored) = turn.tx.reads().attachment(id)? else { return Ok(()) };
    if !matches!(stored.attachment.transfer, Transfer::Failed(_)) {
        return Ok(());
    }
    if stored.written_here {
        sending::try_again(turn, stored.attachment.message).map(drop)
    } else {
        fetching::fetch(turn, id, None)
    }
}

/// `AccountCommand::Download`
pub fn download(turn: &mut Turn<'_, '_>, id: AttachmentId) -> Result<(), Error> {
    fetching::fetch(turn, id, None)
}

/// `AccountCommand::DiscardFile`
pub fn discard(turn: &mut Turn<'_, '_>, id: AttachmentId) -> Result<(), Error> {
    let Some(stored) = turn.tx.reads().attachment(id)? else { return Ok(()) };
    if stored.attachment.transfer == Transfer::Here && stored.container.is_some() {
        turn.tx.set_container(id, None)?;
        set(turn, id, Transfer::Offered)?;
    }
    pump(turn)
}

/// `AccountCommand::DiscardFiles`
pub fn discard_all(turn: &mut Turn<'_, '_>, conversation: ConversationId) -> Result<(), Error> {
    for id in turn.tx.reads().kept_files(conversation)? {
        discard(turn, id)?;
    }
    Ok(())
}

/// `AccountCommand::LearnFile`
pub fn learn(turn: &mut Turn<'_, '_>, id: AttachmentId, facts: &FileFacts) -> Result<(), Error> {
    if turn.tx.learn_file(id, facts)? {
        told(turn, id)?;
    }
    Ok(())
}

/// `AccountCommand::SetFileSettings`
pub fn set_settings(turn: &mut Turn<'_, '_>, settings: &FileSettings) -> Result<(), Error> {
    if turn.tx.set_file_settings(settings)? {
        turn.changed(Change::Account);
    }
    Ok(())
}

/// `AccountCommand::LookUpFileService`
pub fn look_up_service(turn: &mut Turn<'_, '_>) {
    if turn.is_online() {
        service::find(turn);
    }
}

/// Asks for work that is done elsewhere.
fn job(turn: &mut Turn<'_, '_>, job: FileJob) {
    turn.state.outputs.push_back(Output::File(job));
}

/// The bytes of a file are elsewhere now.
fn set(turn: &mut Turn<'_, '_>, id: AttachmentId, transfer: Transfer) -> Result<(), Error> {
    if turn.tx.set_transfer(id, transfer)? {
        told(turn, id)?;
    }
    Ok(())
}

fn told(turn: &mut Turn<'_, '_>, id: AttachmentId) -> Result<(), Error> {
    if let Some((conversation, message)) = turn.tx.reads().message_of_file(id)? {
        turn.changed(Change::MessageChanged(conversation, message));
        turn.changed(Change::Conversation(conversation));
    }
    Ok(())
}

/// It failed for a passing reason. True if it will be tried again by itself.
fn pause(turn: &mut Turn<'_, '_>, id: AttachmentId) -> bool {
    let before = turn.state.files.pauses.get(&id).map_or(0, |(times, _)| *times);
    let Some(seconds) = PAUSES.get(before) else {
        turn.state.files.pauses.remove(&id);
        return false;
    };
    let until = turn.now.monotonic.saturating_add(Duration::from_secs(*seconds));
    turn.state.files.pauses.insert(id, (before + 1, until));
    true
}

/// Whether it waits to be tried again.
fn is_paused(turn: &Turn<'_, '_>, id: AttachmentId) -> bool {
    turn.state.files.pauses.get(&id).is_some_and(|(_, until)| *until != Duration::MAX)
}

/// A name for a container, and its key.
fn new_container(turn: &mut Turn<'_, '_>) -> (String, files::FileKey) {
    let mut key = [0; 32];
    turn.state.rng.fill_bytes(&mut key);
    (turn.new_id(), files::FileKey::new(key))
}

#[cfg(test)]
mod tests;

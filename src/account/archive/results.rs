//! Results of archive queries, one message each.

use model::{ConversationId, MessageId};
use store::ArchiveFloors;
use xmpp::{Address, minidom::Element, xep_0313_mam as mam};

use super::{Run, first, older};
use crate::{
    Error,
    messages::{self, Copy, Route},
    refused::Kind,
    turn::Turn,
};

/// An archived message came.
pub fn result(turn: &mut Turn<'_, '_>, from: Option<&Address>, message: &Element) -> Result<(), Error> {
    let result = mam::result(message);
    let run = result.as_ref().and_then(|result| run_of(turn, from, result.query_id.as_deref()));
    let (Some(run), Some(result)) = (run, result) else {
        turn.refuse(Kind::ArchiveResult);
        return Ok(());
    };
    let stamp = result.forwarded.stamp;
    let reading = turn.state.archive.reading.as_mut().filter(|_| !matches!(run, Run::Older { .. }));
    let mut begins = false;
    if let Some(reading) = reading {
        begins = run == Run::Newest && reading.pages == 0 && !reading.began;
        reading.began = true;
        reading.stamp = stamp.or(reading.stamp);
    }
    if begins {
        first::begins_at(turn, &result.archive_id, stamp, Some(run))?;
    }
    let copy = Copy {
        message: result.forwarded.message,
        route: Route::Archive,
        archive_id: Some(result.archive_id),
        stamp,
        run: Some(run),
    };
    messages::take(turn, &copy)
}

/// The query that a result answers: from the own archive, and running.
fn run_of(turn: &Turn<'_, '_>, from: Option<&Address>, query: Option<&str>) -> Option<Run> {
    if !turn.is_own_account(from) {
        return None;
    }
    let (query, memory) = (query?, &turn.state.archive);
    match &memory.reading {
        Some(reading) if reading.query == query => Some(reading.run),
        _ => memory.older.get(query).map(|older| Run::Older { before: older.before }),
    }
}

/// A result has its row: remember where this reading stands in the conversation.
pub fn seen(
    turn: &mut Turn<'_, '_>,
    run: Run,
    conversation: ConversationId,
    message: MessageId,
    archive_id: &str,
) -> Result<(), Error> {
    let Some(row) = turn.tx.reads().stored_message(message)? else { return Ok(()) };
    let mut reached = ArchiveFloors::default();
    // What was sent twice is archived twice. Where its one row stands is told by one of them.
    if row.ids.archive.as_ref().is_some_and(|known| known.id == archive_id) {
        reached.reach(&row);
    }
    match run {
        Run::Older { .. } => return older::reached(turn, conversation, archive_id, &reached),
        Run::Newest => first::reached(turn, conversation, &reached)?,
        Run::Forward => {}
    }
    turn.state.archive.floors.entry(conversation).or_default().raise(&reached);
    if let Some(reading) = &mut turn.state.archive.reading {
        reading.first_ids.entry(conversation).or_insert_with(|| archive_id.to_owned());
    }
    Ok(())
}

/// How far the reading `run` has come in a conversation.
pub fn floors(turn: &Turn<'_, '_>, conversation: ConversationId, run: Run) -> Result<ArchiveFloors, Error> {
    let memory = &turn.state.archive;
    let reached = match run {
        Run::Forward | Run::Newest => memory.floors.get(&conversation).copied(),
        Run::Older { .. } => {
            memory.older.values().find(|older| older.conversation == conversation).map(|older| older.floors)
        }
    };
    let mut floors = reached.unwrap_or_default();
    // Forward reading goes on where the last one ended; a page of backward reading begins in front of everything.
    if run == Run::Forward {
        floors.raise(&turn.tx.reads().archive_floors(conversation)?);
    }
    Ok(floors)
}

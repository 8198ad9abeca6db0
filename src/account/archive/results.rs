//! Results of archive queries, one message each.

use model::{ConversationId, MessageId};
use store::{ArchiveFloors, StoredMessage};
use xmpp::{Address, minidom::Element, xep_0313_mam as mam};

use super::Run;
use crate::{
    Error,
    messages::{self, Copy, Route},
    refused::Kind,
    turn::Turn,
};

/// An archived message came.
pub fn result(turn: &mut Turn<'_, '_>, from: Option<&Address>, message: &Element) -> Result<(), Error> {
    let run = mam::result(message).and_then(|result| run_of(turn, from, result.query_id.as_deref()));
    let (Some(run), Some(result)) = (run, mam::result(message)) else {
        turn.refuse(Kind::ArchiveResult);
        return Ok(());
    };
    let stamp = result.forwarded.stamp;
    if let (Some(reading), false) = (&mut turn.state.archive.reading, matches!(run, Run::Older { .. })) {
        reading.stamp = stamp.or(reading.stamp);
    }
    if run == Run::Newest {
        first_of_newest(turn, &result.archive_id)?;
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

/// The newest page has begun to come. Were it cut off now, the next session must go on from here: to read the
/// newest page anew could leave a hole between the two.
fn first_of_newest(turn: &mut Turn<'_, '_>, archive_id: &str) -> Result<(), Error> {
    let Some(reading) = &turn.state.archive.reading else { return Ok(()) };
    let (is_first_page, stamp) = (reading.pages == 0, reading.stamp);
    if is_first_page && turn.tx.reads().archive_cursor(&turn.state.own.bare)?.is_none() {
        super::keep_cursor(turn, archive_id, stamp)?;
    }
    Ok(())
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
    if let Run::Older { .. } = run {
        return super::older::seen(turn, conversation, message, archive_id);
    }
    if let Some(reading) = &mut turn.state.archive.reading {
        reading.first_ids.entry(conversation).or_insert_with(|| archive_id.to_owned());
    }
    let Some(row) = turn.tx.reads().stored_message(message)? else { return Ok(()) };
    turn.state.archive.floors.entry(conversation).or_default().reach(&row);
    if run == Run::Newest {
        // Cut off now, reading forward goes on from the first of these: it must know where that stands.
        begin_floors(turn, conversation, &row)?;
    }
    Ok(())
}

/// Where nothing was reached reading forward, a message that is older than all that is to be read so is.
pub fn begin_floors(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    row: &StoredMessage,
) -> Result<(), Error> {
    let known = turn.tx.reads().archive_floors(conversation)?;
    let mut floors = ArchiveFloors::default();
    floors.reach(row);
    if known.of(row.direction).is_none() && floors.of(row.direction).is_some() || known.any.is_none() {
        turn.tx.raise_archive_floors(conversation, &floors)?;
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

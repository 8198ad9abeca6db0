//! Results of archive queries, one message each.

use model::{ConversationId, MessageId, Timestamp};
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
    if let Run::Older { .. } = run {
        return super::older::seen(turn, conversation, archive_id);
    }
    if let Some(reading) = &mut turn.state.archive.reading {
        reading.first_ids.entry(conversation).or_insert_with(|| archive_id.to_owned());
    }
    if run == Run::Forward {
        let Some(place) = turn.tx.reads().stored_message(message)?.map(|row| row.sort_time) else {
            return Ok(());
        };
        let floor = turn.state.archive.floors.entry(conversation).or_insert(place);
        *floor = place.max(*floor);
    }
    Ok(())
}

/// The place that the next result of forward reading must not stand before.
pub fn floor(turn: &mut Turn<'_, '_>, conversation: ConversationId) -> Result<Option<Timestamp>, Error> {
    match turn.state.archive.floors.get(&conversation) {
        Some(floor) => Ok(Some(*floor)),
        None => Ok(turn.tx.reads().archive_floor(conversation)?),
    }
}

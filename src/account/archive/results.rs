//! Results of archive queries, one message each.

use model::{ConversationId, Direction, MessageId, Timestamp};
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
    turn.state.archive.floors.entry(conversation).or_default().raise(row.direction, row.sort_time);
    // Cut off now, reading forward goes on from the first of these: it must know where that stands.
    if run == Run::Newest && turn.tx.reads().archive_floor(conversation, row.direction)?.is_none() {
        turn.tx.raise_archive_floor(conversation, row.direction, row.sort_time)?;
    }
    Ok(())
}

/// How far a reading has come in one conversation: the place of the newest message of each side that it reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct Floors {
    incoming: Option<Timestamp>,
    outgoing: Option<Timestamp>,
}

impl Floors {
    /// How far it has come on one side.
    pub fn of(&self, side: Direction) -> Option<Timestamp> {
        match side {
            Direction::Incoming => self.incoming,
            Direction::Outgoing => self.outgoing,
        }
    }

    /// How far it has come.
    pub fn any(&self) -> Option<Timestamp> {
        self.incoming.max(self.outgoing)
    }

    /// A message of a side was reached.
    pub fn raise(&mut self, side: Direction, place: Timestamp) {
        let floor = match side {
            Direction::Incoming => &mut self.incoming,
            Direction::Outgoing => &mut self.outgoing,
        };
        *floor = (*floor).max(Some(place));
    }
}

/// How far the reading `run` has come in a conversation.
pub fn floors(turn: &Turn<'_, '_>, conversation: ConversationId, run: Run) -> Result<Floors, Error> {
    let memory = &turn.state.archive;
    // A page of backward reading begins in front of everything; forward reading begins where the last one ended.
    let reached = match run {
        Run::Forward => {
            let reads = turn.tx.reads();
            let mut floors = memory.floors.get(&conversation).copied().unwrap_or_default();
            for side in [Direction::Incoming, Direction::Outgoing] {
                if let Some(place) = reads.archive_floor(conversation, side)? {
                    floors.raise(side, place);
                }
            }
            return Ok(floors);
        }
        Run::Newest => memory.floors.get(&conversation).copied(),
        Run::Older { .. } => {
            memory.older.values().find(|older| older.conversation == conversation).map(|older| older.floors)
        }
    };
    Ok(reached.unwrap_or_default())
}

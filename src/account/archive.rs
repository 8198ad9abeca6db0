//! The archive of the account (XEP-0313): what was said while we were away, and before.
//!
//! There is one cursor on disk: everything up to it is here. A session begins by reading forward from it, page
//! by page. Rows are written as results come; the cursor moves when the server ends the page with `<fin/>`. Cut
//! off in between, the next session reads the page again, and the ids make that harmless.
//!
//! The server needs time for a page, and so do we. As soon as the `<fin/>` of one has come, the next is asked for,
//! while what the first brought is still to be handled (`ahead`).
//!
//! A device that signs in for the first time has no cursor. It reads the newest page first, sets the cursor
//! behind it, and then some pages back (`first`); the rest is fetched when somebody scrolls up ([`load_older`]),
//! with the one conversation as filter. That waits until all of this is over: one thing is read at a time, and
//! nothing across what is missing.
//!
//! Because reading forward covers all that came after the cursor, its end also settles the outbox: what went
//! into a lost stream and is not there by then never reached the server (DESIGN rule 3).
//!
//! The archive is the account's own: results count only from it, and only with the id of a query that runs
//! (DESIGN rule 10).

mod ahead;
mod first;
mod older;
mod results;

pub use ahead::{look_ahead, looks_ahead};
pub use older::load_older;
pub use results::{floors, result, seen};

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use model::{ConversationId, EventKind, Timestamp};
use store::{ArchiveCursor, ArchiveFloors};
use xmpp::{
    IqOutcome,
    xep_0059_result_sets::PageRequest,
    xep_0313_mam::{self as mam, Fin, Query},
};

use crate::{
    Error, calls, omemo, outbox,
    turn::{IqKind, PendingIq, State, Turn},
};

/// Messages in a page (DESIGN rule 5).
const PAGE: u32 = 250;
/// After so many live messages the cursor is brought up to them, or the next session would read them all again.
const LIVE_BEFORE_READING: u32 = 200;
/// Pauses before an archive that failed is asked again, then it is given up for this session.
const PATIENCE: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(300)];

/// The cursor of a device whose archive was empty at its first sign-in. No archive id is empty.
const BEGINNING: &str = "";

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    /// The reading of the whole archive, while it goes on.
    reading: Option<Reading>,
    /// The next page of it, already asked for.
    next: Option<Reading>,
    /// Whether it was read to its end in this session.
    caught_up: bool,
    /// Conversations whose older messages are being fetched, by query.
    older: HashMap<String, older::Older>,
    /// Conversations whose older messages are wanted when the reading is over.
    waiting: BTreeSet<ConversationId>,
    /// Where forward reading stands in each conversation, since the page began.
    floors: HashMap<ConversationId, ArchiveFloors>,
    /// Failures in a row.
    failures: usize,
    retry_at: Option<Duration>,
    live: u32,
    told_syncing: bool,
}

/// How a result was read, for whoever decides its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Forward from the cursor.
    Forward,
    /// Backward from the end, on a new device.
    Newest,
    /// Backward in one conversation, from before everything that was here.
    Older {
        /// The place of what was the oldest.
        before: Timestamp,
    },
}

struct Reading {
    query: String,
    run: Run,
    pages: u32,
    /// Whether a result came.
    began: bool,
    /// Of the last result.
    stamp: Option<Timestamp>,
    /// The archive id that each conversation begins with in this page.
    first_ids: HashMap<ConversationId, String>,
    /// The id the page was asked to begin after.
    after: Option<String>,
}

/// Which page an answer ends.
#[derive(Clone, Debug)]
pub enum Asked {
    /// A page of the whole archive.
    Page(String),
    /// A page of older messages of one conversation.
    Older(String),
}

/// Reads what came since the cursor. The first request of a session.
pub fn begin(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.state.archive.failures = 0;
    read_on(turn)
}

fn read_on(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.state.archive.retry_at = None;
    turn.state.archive.live = 0;
    turn.state.archive.floors.clear();
    match turn.tx.reads().archive_cursor(&turn.state.own.bare)? {
        // The archive was empty when this device began: whatever is in it now is new.
        Some(cursor) if cursor.id == BEGINNING => ask(turn, Run::Forward, page(), None, 0),
        Some(cursor) => {
            reach_cursor(turn, &cursor.id)?;
            ask(turn, Run::Forward, after(&cursor.id), None, 0);
        }
        None => first::begin(turn),
    }
    tell_syncing(turn, true);
    Ok(())
}

/// The message at the cursor is the first that was reached, though it is not read again.
fn reach_cursor(turn: &mut Turn<'_, '_>, archive_id: &str) -> Result<(), Error> {
    if let Some(row) = turn.tx.reads().message_by_archive_id(&turn.state.own.bare, archive_id)? {
        turn.state.archive.floors.entry(row.conversation).or_default().reach(&row);
    }
    Ok(())
}

fn page() -> PageRequest {
    PageRequest { max: Some(PAGE), ..PageRequest::default() }
}

fn after(id: &str) -> PageRequest {
    PageRequest { after: Some(id.to_owned()), ..page() }
}

fn ask(turn: &mut Turn<'_, '_>, run: Run, page: PageRequest, start: Option<Timestamp>, pages: u32) {
    if run == Run::Newest {
        // The page stands in front of whatever was read before.
        turn.state.archive.floors.clear();
    }
    turn.state.archive.reading = Some(request(turn, run, page, start, pages));
}

fn request(
    turn: &mut Turn<'_, '_>,
    run: Run,
    page: PageRequest,
    start: Option<Timestamp>,
    pages: u32,
) -> Reading {
    let id = turn.new_id();
    let after = page.after.clone();
    let query = Query { id: id.clone(), with: None, start, end: None, page };
    turn.send_iq(IqKind::Set, None, query.element(), PendingIq::Archive(Asked::Page(id.clone())));
    Reading { query: id, run, pages, began: false, stamp: None, first_ids: HashMap::new(), after }
}

/// A page ended, or could not be had.
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: Asked, outcome: IqOutcome) -> Result<(), Error> {
    match asked {
        Asked::Older(query) => older::ended(turn, &query, &outcome),
        Asked::Page(query) => {
            let memory = &mut turn.state.archive;
            let Some(reading) = memory.reading.take_if(|reading| reading.query == query) else {
                // What came to nothing before its turn is asked for again when it has come.
                memory.next.take_if(|next| next.query == query);
                return Ok(());
            };
            match &outcome {
                IqOutcome::Result(stanza) => match stanza.element.children().find_map(mam::fin) {
                    Some(fin) => page_ended(turn, reading, &fin),
                    None => failed(turn, reading, None),
                },
                IqOutcome::Error(error) => failed(turn, reading, Some(&error.condition)),
                IqOutcome::TimedOut => failed(turn, reading, None),
                // The next session asks again.
                IqOutcome::Lost => {
                    tell_syncing(turn, false);
                    Ok(())
                }
            }
        }
    }
}

fn page_ended(turn: &mut Turn<'_, '_>, reading: Reading, fin: &Fin) -> Result<(), Error> {
    turn.state.archive.failures = 0;
    keep_first_ids(turn, &reading, fin.complete)?;
    match reading.run {
        Run::Forward => {
            raise_floors(turn)?;
            // A page that does not get on is the last, whatever the server says.
            let moved = fin.page.last.is_some() && fin.page.last != reading.after;
            if let (Some(last), false, true) = (&fin.page.last, fin.unstable, moved) {
                keep_cursor(turn, last, reading.stamp)?;
            }
            match &fin.page.last {
                Some(last) if !fin.complete && moved => {
                    if !ahead::go_on(turn, last) {
                        ask(turn, Run::Forward, after(last), None, reading.pages + 1);
                    }
                    Ok(())
                }
                _ => finished(turn),
            }
        }
        Run::Newest => first::page_ended(turn, &reading, fin),
        Run::Older { .. } => Ok(()),
    }
}

fn keep_cursor(turn: &mut Turn<'_, '_>, id: &str, stamp: Option<Timestamp>) -> Result<(), Error> {
    let own = turn.state.own.bare.clone();
    let time = match stamp {
        Some(stamp) => stamp,
        None => turn.tx.reads().archive_cursor(&own)?.map_or(turn.now.wall, |cursor| cursor.time),
    };
    Ok(turn.tx.set_archive_cursor(&own, Some(&ArchiveCursor { id: id.to_owned(), time }))?)
}

/// Keeps how far back each conversation reaches now.
fn keep_first_ids(turn: &mut Turn<'_, '_>, reading: &Reading, complete: bool) -> Result<(), Error> {
    for (conversation, id) in &reading.first_ids {
        let Some(stored) = turn.tx.reads().stored_conversation(*conversation)? else { continue };
        match reading.run {
            Run::Forward if stored.oldest_archive_id.is_some() => {}
            Run::Forward => {
                turn.tx.set_oldest_archive_id(*conversation, Some(id), stored.history_complete)?;
            }
            Run::Newest | Run::Older { .. } => {
                turn.tx.set_oldest_archive_id(*conversation, Some(id), complete)?;
            }
        }
    }
    Ok(())
}

fn raise_floors(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    for (conversation, floors) in turn.state.archive.floors.clone() {
        turn.tx.raise_archive_floors(conversation, &floors)?;
    }
    Ok(())
}

/// Nothing new is missing.
fn finished(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    nothing_new_is_missing(turn, outbox::Answer::ArchiveRead)?;
    if first::go_on(turn)? { Ok(()) } else { over(turn) }
}

/// Nothing is missing that was to be read.
fn over(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.state.archive.caught_up = true;
    tell_syncing(turn, false);
    omemo::settle(turn)?;
    older::load_waiting(turn)
}

/// All that is new is here, or there is no archive: what waited for that goes on.
fn nothing_new_is_missing(turn: &mut Turn<'_, '_>, answer: outbox::Answer) -> Result<(), Error> {
    omemo::caught_up(turn)?;
    calls::caught_up(turn)?;
    outbox::settled(turn, answer)?;
    outbox::pump(turn)
}

fn failed(turn: &mut Turn<'_, '_>, reading: Reading, condition: Option<&str>) -> Result<(), Error> {
    turn.state.archive.next = None;
    match condition {
        // The server has forgotten the message at the cursor: go on from its time (XEP-0313 §4.3.2).
        Some("item-not-found") if reading.run == Run::Forward && reading.after.is_some() => {
            let own = turn.state.own.bare.clone();
            let start = turn.tx.reads().archive_cursor(&own)?.map(|cursor| cursor.time);
            ask(turn, Run::Forward, page(), start, reading.pages);
            Ok(())
        }
        // The server has forgotten what was the oldest: nothing is in front of it.
        Some("item-not-found") if reading.run == Run::Newest && reading.pages > 0 => first::ended(turn),
        // There is none, or none for us.
        Some(
            "service-unavailable"
            | "feature-not-implemented"
            | "forbidden"
            | "not-allowed"
            | "item-not-found",
        ) => given_up(turn),
        _ => match PATIENCE.get(turn.state.archive.failures) {
            Some(pause) => {
                turn.state.archive.failures += 1;
                turn.state.archive.retry_at = Some(turn.now.monotonic.saturating_add(*pause));
                Ok(())
            }
            None => given_up(turn),
        },
    }
}

fn given_up(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    tracing::info!("no archive");
    tell_syncing(turn, false);
    nothing_new_is_missing(turn, outbox::Answer::NoArchive)?;
    older::load_waiting(turn)
}

/// When a failed reading is tried again.
pub fn timeout(state: &State) -> Option<Duration> {
    state.archive.retry_at.filter(|_| state.own.full.is_some())
}

/// Tries a failed reading again.
pub fn timer(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let due = turn.state.archive.retry_at.is_some_and(|at| at <= turn.now.monotonic);
    if due && turn.is_online() { read_on(turn) } else { Ok(()) }
}

/// A live message was added: now and then the cursor is brought up to them.
pub fn live_message(
    turn: &mut Turn<'_, '_>,
    archive_id: Option<&str>,
    stamp: Option<Timestamp>,
) -> Result<(), Error> {
    if let Some(id) = archive_id
        && turn.tx.reads().archive_cursor(&turn.state.own.bare)?.is_none()
    {
        first::begins_at(turn, id, stamp, None)?;
    }
    turn.state.archive.live += 1;
    let idle = !is_reading(turn.state);
    if turn.state.archive.live >= LIVE_BEFORE_READING && idle && turn.is_online() {
        read_on(turn)
    } else {
        Ok(())
    }
}

/// Whether the archive is being read, or will be as soon as it answers again.
pub fn is_reading(state: &State) -> bool {
    state.archive.reading.is_some() || state.archive.retry_at.is_some()
}

/// The session is over.
pub fn end(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.state.archive.reading = None;
    turn.state.archive.next = None;
    turn.state.archive.retry_at = None;
    turn.state.archive.caught_up = false;
    tell_syncing(turn, false);
    older::end(turn)
}

fn tell_syncing(turn: &mut Turn<'_, '_>, syncing: bool) {
    if turn.state.archive.told_syncing != syncing {
        turn.state.archive.told_syncing = syncing;
        turn.event(EventKind::Syncing(syncing));
    }
}

//! The first reading: what a new device reads backward, so that the list of conversations is not empty.
//!
//! The newest page comes first, then the page in front of it, and so on, [`PAGES`] in all. Within a page the
//! server tells the oldest first, so a page that is cut off leaves a hole between what came of it and the page
//! behind it. Nothing may be read across a hole, or what is put into it later would have no place. So it is on
//! disk which page was the last to come whole, and a session that finds that asks for the page in front of it
//! again: the same page, which passes by what is here of it and goes on into the hole. Until the first reading
//! is over nothing older is asked for ([`super::older`]).
//!
//! The newest page cannot be asked for again: it would be another one by then. What is missing of it is read
//! forward, from its first message.

use model::{ConversationId, Timestamp};
use store::ArchiveFloors;
use xmpp::{xep_0059_result_sets::PageRequest, xep_0313_mam::Fin};

use super::{BEGINNING, Reading, Run, ask, keep_cursor, nothing_new_is_missing, over, page, raise_floors};
use crate::{Error, outbox, turn::Turn};

/// Pages that a new device reads.
const PAGES: u32 = 4;
/// The fact under which it is kept how many pages are whole, and with which archive id they begin.
const FACT: &str = "archive first reading";

/// Asks for the newest page.
pub fn begin(turn: &mut Turn<'_, '_>) {
    ask(turn, Run::Newest, PageRequest { before: Some(String::new()), ..page() }, None, 0);
}

/// Asks for the next page, if there is one to come. Whatever is newer is here.
pub fn go_on(turn: &mut Turn<'_, '_>) -> Result<bool, Error> {
    let fact = turn.tx.reads().fact(FACT)?.unwrap_or_default();
    let fact = String::from_utf8_lossy(&fact).into_owned();
    let Some((pages, first)) = fact.split_once('\n') else { return Ok(false) };
    let request = PageRequest { before: Some(first.to_owned()), ..page() };
    ask(turn, Run::Newest, request, None, pages.parse().unwrap_or(PAGES));
    Ok(true)
}

/// A new device has heard of its first message with an archive id. From there on, what is missing is read
/// forward, and what is in front of it backward.
pub fn begins_at(
    turn: &mut Turn<'_, '_>,
    archive_id: &str,
    stamp: Option<Timestamp>,
    run: Option<Run>,
) -> Result<(), Error> {
    match run {
        // What came live before it was archived before it, too.
        None => turn.tx.raise_all_archive_floors()?,
        // What came live is in the newest page, or after it.
        Some(_) => turn.tx.forget_archive_floors()?,
    };
    keep_cursor(turn, archive_id, stamp)?;
    keep_progress(turn, 1, archive_id)
}

/// A page has come so far: what is newer, and comes later, must know where that stands.
pub fn reached(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    floors: &ArchiveFloors,
) -> Result<(), Error> {
    // Of the newest page only when it is whole: until then the cursor stands at its beginning.
    if turn.state.archive.reading.as_ref().is_some_and(|reading| reading.pages > 0) {
        turn.tx.raise_archive_floors(conversation, floors)?;
    }
    Ok(())
}

/// A page came whole.
pub fn page_ended(turn: &mut Turn<'_, '_>, reading: &Reading, fin: &Fin) -> Result<(), Error> {
    raise_floors(turn)?;
    match (reading.pages, &fin.page.last) {
        (0, Some(last)) if !fin.unstable => keep_cursor(turn, last, reading.stamp)?,
        (0, None) => keep_cursor(turn, BEGINNING, None)?,
        _ => {}
    }
    if reading.pages == 0 {
        // What is new is here: nothing needs to wait for what is old.
        nothing_new_is_missing(turn, outbox::Answer::ArchiveRead)?;
    }
    let pages = reading.pages.saturating_add(1);
    match &fin.page.first {
        Some(first) if !fin.complete && pages < PAGES => {
            keep_progress(turn, pages, first)?;
            go_on(turn).map(drop)
        }
        _ => ended(turn),
    }
}

/// There is nothing more to come of it.
pub fn ended(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.tx.set_fact(FACT, None)?;
    over(turn)
}

fn keep_progress(turn: &mut Turn<'_, '_>, pages: u32, first: &str) -> Result<(), Error> {
    turn.tx.set_fact(FACT, Some(format!("{pages}\n{first}").as_bytes()))?;
    Ok(())
}

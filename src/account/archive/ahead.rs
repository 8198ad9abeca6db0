//! The next page is asked for before this one is handled.
//!
//! To ask promises nothing: what comes of it is handled after this page, in the order of the stream, and the cursor
//! follows what is on disk. A session that ends in between has asked for nothing.

use xmpp::xep_0313_mam as mam;

use super::{Asked, Run, after, request};
use crate::turn::{PendingIq, State, Turn};

/// What may wait to be handled while the end of a page is looked for: two pages of ordinary words.
const BYTES: usize = 512 << 10;

/// Whether the end of a page may be among what comes next, and is worth looking for.
pub fn looks_ahead(state: &State) -> bool {
    wants_end(state) && state.stream.as_ref().is_some_and(|stream| stream.buffered_bytes() < BYTES)
}

fn wants_end(state: &State) -> bool {
    let memory = &state.archive;
    memory.next.is_none() && memory.reading.as_ref().is_some_and(|reading| reading.run == Run::Forward)
}

/// Looks for the end of the page that is being read, and asks for the next. Whether it was there.
pub fn look_ahead(turn: &mut Turn<'_, '_>) -> bool {
    if !wants_end(turn.state) {
        return false;
    }
    let Some(reading) = &turn.state.archive.reading else { return false };
    let requests = &turn.state.requests;
    let answers = |pending: &PendingIq| matches!(pending, PendingIq::Archive(Asked::Page(query)) if *query == reading.query);
    let fin = turn.state.stream.as_mut().and_then(|stream| {
        let answer =
            stream.look_ahead().find(|element| requests.answered_by(element).is_some_and(answers))?;
        answer.children().find_map(mam::fin)
    });
    let Some(fin) = fin.filter(|fin| !fin.complete) else { return false };
    let Some(last) = fin.page.last.filter(|last| reading.after.as_ref() != Some(last)) else { return false };
    let pages = reading.pages + 1;
    turn.state.archive.next = Some(request(turn, Run::Forward, after(&last), None, pages));
    true
}

/// A page ended with `last`: goes on with the next, if that was asked for.
pub fn go_on(turn: &mut Turn<'_, '_>, last: &str) -> bool {
    let memory = &mut turn.state.archive;
    memory.reading = memory.next.take().filter(|next| next.after.as_deref() == Some(last));
    memory.reading.is_some()
}

#[cfg(test)]
mod tests;

//! Older messages of one conversation, when somebody scrolls up.

use model::{ConversationId, EventKind, Timestamp};
use store::ArchiveFloors;
use xmpp::{IqOutcome, jid::Jid, xep_0059_result_sets::PageRequest, xep_0313_mam as mam};

use super::Asked;
use crate::{
    Error,
    turn::{IqKind, PendingIq, Turn},
};

/// Messages in a page: some screens full.
const PAGE: u32 = 100;

/// A page on its way.
pub struct Older {
    pub conversation: ConversationId,
    /// The place of what was the oldest when it was asked for.
    pub before: Timestamp,
    first_id: Option<String>,
    /// How far the page has come.
    pub floors: ArchiveFloors,
}

/// `AccountCommand::LoadOlder`. Whatever happens, `OlderLoaded` follows.
pub fn load_older(turn: &mut Turn<'_, '_>, conversation: ConversationId) -> Result<(), Error> {
    if turn.state.archive.older.values().any(|older| older.conversation == conversation) {
        return Ok(());
    }
    let stored = turn.tx.reads().stored_conversation(conversation)?;
    let stored = stored.filter(|stored| !stored.history_complete && turn.is_online());
    if stored.is_some() && super::is_reading(turn.state) {
        turn.state.archive.waiting.insert(conversation);
        return Ok(());
    }
    let Some(stored) = stored.filter(|_| turn.state.archive.caught_up) else {
        turn.event(EventKind::OlderLoaded(conversation));
        return Ok(());
    };
    let oldest = turn.tx.reads().oldest_sort_time(conversation)?;
    // What was only ever told live has an id, too. With none at all, everything that is archived is older.
    let end = match stored.oldest_archive_id {
        Some(id) => Some(id),
        None => turn.tx.reads().first_archive_id(conversation)?,
    };
    let id = turn.new_id();
    let page = PageRequest { max: Some(PAGE), after: None, before: Some(end.unwrap_or_default()) };
    let with = Some(Jid::from(stored.address));
    let query = mam::Query { id: id.clone(), with, start: None, end: None, page };
    // Nothing here yet: any place will do.
    let before = oldest.unwrap_or(Timestamp(i64::MAX));
    turn.state
        .archive
        .older
        .insert(id.clone(), Older { conversation, before, first_id: None, floors: ArchiveFloors::default() });
    turn.send_iq(IqKind::Set, None, query.element(), PendingIq::Archive(Asked::Older(id)));
    Ok(())
}

/// The reading is over: loads what was wanted meanwhile.
pub fn load_waiting(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    for conversation in std::mem::take(&mut turn.state.archive.waiting) {
        load_older(turn, conversation)?;
    }
    Ok(())
}

/// Such a page has come so far.
pub fn reached(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    archive_id: &str,
    floors: &ArchiveFloors,
) -> Result<(), Error> {
    for older in turn.state.archive.older.values_mut().filter(|older| older.conversation == conversation) {
        older.first_id.get_or_insert_with(|| archive_id.to_owned());
        older.floors.raise(floors);
    }
    // In a conversation that the archive never told of, this is behind whatever reading forward brings.
    turn.tx.raise_archive_floors(conversation, floors)?;
    Ok(())
}

/// A page ended.
pub fn ended(turn: &mut Turn<'_, '_>, query: &str, outcome: &IqOutcome) -> Result<(), Error> {
    let Some(older) = turn.state.archive.older.remove(query) else { return Ok(()) };
    if let IqOutcome::Result(stanza) = outcome
        && let Some(fin) = stanza.element.children().find_map(mam::fin)
    {
        // The page may hold only what is no message: then it still got us further back.
        let first = fin.page.first.or(older.first_id);
        let complete = fin.complete || first.is_none();
        let known = turn.tx.reads().oldest_archive_id(older.conversation)?;
        turn.tx.set_oldest_archive_id(older.conversation, first.or(known).as_deref(), complete)?;
        turn.changed(model::Change::Conversation(older.conversation));
    }
    turn.event(EventKind::OlderLoaded(older.conversation));
    Ok(())
}

/// The session is over: nothing more comes of what was asked.
pub fn end(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let mut conversations = std::mem::take(&mut turn.state.archive.waiting);
    conversations.extend(turn.state.archive.older.drain().map(|(_, older)| older.conversation));
    for conversation in conversations {
        turn.event(EventKind::OlderLoaded(conversation));
    }
    Ok(())
}

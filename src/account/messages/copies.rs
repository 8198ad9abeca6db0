//! Was this message here before?
//!
//! Certain are the archive's id and the sender's origin id; the store's insert looks for those by itself. The
//! `id` attribute alone is not: programs that count from one begin again after each start. It is believed when
//! one of the two copies has no archive id to contradict it, the words are the same, and the days too. What has
//! no id at all is known by side, words and day, and only by the archive: each message is in it once, while
//! who says the same twice says two things.

use model::{Content, ConversationId, Direction};
use store::{MessageIds, StoredMessage};

use super::{Copy, meaning::Meaning};
use crate::{Error, turn::Turn};

/// Two copies of one message differ by the error of our clock, not by more than a day.
const SAME_DAY: i64 = 24 * 60 * 60 * 1000;

/// The ids of a copy.
pub fn ids(turn: &Turn<'_, '_>, copy: &Copy<'_>, meaning: &Meaning) -> MessageIds {
    MessageIds {
        stanza: meaning.stanza_id.clone(),
        origin: meaning.origin_id.clone(),
        archive: copy
            .archive_id
            .as_ref()
            .map(|id| store::ArchiveId { archive: turn.state.own.bare.clone(), id: id.clone() }),
    }
}

/// The row that has this message already, as far as can be told without certain ids.
pub fn likely(
    turn: &Turn<'_, '_>,
    copy: &Copy<'_>,
    conversation: ConversationId,
    side: Direction,
    ids: &MessageIds,
    content: &Content,
) -> Result<Option<StoredMessage>, Error> {
    let time = copy.stamp.unwrap_or(turn.now.wall);
    let Some(id) = &ids.stanza else {
        return match content {
            // Files without words are not told apart by them.
            Content::Text(text) if copy.run.is_some() && ids.origin.is_none() && !text.is_empty() => {
                Ok(turn.tx.reads().message_without_ids(conversation, side, text, time, SAME_DAY)?)
            }
            _ => Ok(None),
        };
    };
    let Some(row) = turn.tx.reads().message_by_stanza_id(conversation, side, id)? else { return Ok(None) };
    let contradicted = matches!((&row.ids.archive, &ids.archive), (Some(here), Some(there)) if here != there)
        || matches!((&row.ids.origin, &ids.origin), (Some(here), Some(there)) if here != there);
    let same_day = (row.time.0 - time.0).abs() < SAME_DAY;
    Ok((!contradicted && same_day && same_words(&row, content)).then_some(row))
}

/// Whether a row and a copy say the same, as far as the row still tells.
fn same_words(row: &StoredMessage, content: &Content) -> bool {
    row.edit_id.is_some()
        || match (&row.content, content) {
            (Content::Text(here), Content::Text(there)) => here == there,
            // Calls are known by their sessions.
            (Content::Call(_), _) | (_, Content::Call(_)) => false,
            (Content::Retracted | Content::Unreadable(_), _)
            | (_, Content::Retracted | Content::Unreadable(_)) => true,
        }
}

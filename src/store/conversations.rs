//! Conversations, and the list of them.
//!
//! What the list shows of a conversation stands in its row: the count of unread messages, the newest
//! message, the last activity. It is kept right by whatever changes it, so that a thousand
//! conversations are listed without counting anything (see `unread.rs`).
//!
//! A draft lifts its conversation for as long as it waits. Therefore its time is no part of the row's
//! last activity but is reckoned in when the list is read: what is emptied or cancelled leaves no trace.

use model::{
    AttachmentSummary, BareJid, ChatState, ContactPresence, Conversation, ConversationEncryption,
    ConversationId, ConversationKind, ConversationSummary, Draft, FileKind, FileName, LastMessage, MessageId,
    Mute, Timestamp,
};
use rusqlite::{OptionalExtension, Row, params};

use crate::addresses::display_name;
use crate::rows::{
    CALL, RETRACTED, TEXT, UNREADABLE, address_warning, bare_jid, call_line, conversation_encryption,
    conversation_kind, delivery, direction, from_conversation_encryption, from_conversation_kind, from_mute,
    mute,
};
use crate::{Error, Reads, Tx};

/// A conversation as `account` needs it. Windows read [`ConversationSummary`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredConversation {
    /// Its row.
    pub id: ConversationId,
    /// Whom it is with.
    pub address: BareJid,
    /// What it is.
    pub kind: ConversationKind,
    /// Whether a stranger began it who was not accepted yet.
    pub stranger: bool,
    /// Out of the list until something new comes.
    pub archived: bool,
    /// No notifications.
    pub mute: Mute,
    /// What the user wants of its encryption.
    pub encryption: ConversationEncryption,
    /// Messages from others that were not read.
    pub unread: u32,
    /// The newest message the user has read.
    pub read_up_to: Option<MessageId>,
    /// The newest message.
    pub newest: Option<MessageId>,
    /// The newest message of which the other side was told that it is displayed (XEP-0333).
    pub displayed_told: Option<MessageId>,
    /// The archive id that the own account was told is displayed (XEP-0490).
    pub displayed_synced: Option<String>,
    /// How far back the archive was fetched.
    pub oldest_archive_id: Option<String>,
    /// Whether every older message the server has is here.
    pub history_complete: bool,
}

/// A reply without words yet does not wait to be sent, nor does a correction of what was sent.
const SUMMARY: &str = "
  SELECT c.id, a.address, c.kind, r.name, a.nickname, a.avatar, c.pinned, c.archived, c.mute,
         c.mute_until, c.stranger, c.unread, c.read_message, c.draft_text, c.draft_reply_to,
         c.draft_corrects, c.draft_time, c.history_complete,
         iif(trim(c.draft_text) <> '' AND c.draft_corrects IS NULL,
             max(c.last_activity, c.draft_time), c.last_activity) AS active,
         EXISTS (SELECT 1 FROM blocked WHERE blocked.address IN
                   (a.address, substr(a.address, instr(a.address, '@') + 1))),
         m.id, m.direction, substr(m.body, 1, 200), m.kind, m.delivery, m.failure, m.failure_text, m.time,
         iif(r.listed, NULL, a.warning), c.encryption,
         EXISTS (SELECT 1 FROM omemo_devices d WHERE d.address = c.address AND d.listed <> 0
                   AND d.identity_key IS NOT NULL AND d.trust IN (0, 4)),
         m.attachments,
         iif(m.attachments > 0, (SELECT iif(f.is_voice, 'voice', f.media_type) || '/' || f.name
           FROM attachments f WHERE f.message = m.id ORDER BY f.id LIMIT 1), NULL)
  FROM conversations c JOIN addresses a ON a.id = c.address
  LEFT JOIN roster r ON r.address = c.address
  LEFT JOIN messages m ON m.id = c.last_message";

fn filled(id: i64) -> Option<MessageId> {
    (id != 0).then_some(MessageId(id))
}

/// How many files there are, and type and name of the first.
fn first_file(count: Option<u32>, first: Option<String>) -> Option<AttachmentSummary> {
    let first = first?;
    let mut parts = first.splitn(3, '/');
    let kind = match parts.next() {
        Some("voice") => FileKind::Voice,
        Some(kind) => FileKind::of(kind),
        None => FileKind::Other,
    };
    Some(AttachmentSummary { kind, name: FileName::new(parts.last().unwrap_or_default()), count: count? })
}

fn summary(row: &Row<'_>) -> rusqlite::Result<ConversationSummary> {
    let address = bare_jid(row, 1)?;
    let name = display_name(row.get(3)?, row.get(4)?, &address);
    let draft = match row.get::<_, Option<String>>(13)? {
        None => None,
        Some(text) => Some(Draft {
            text,
            reply_to: row.get::<_, Option<i64>>(14)?.map(MessageId),
            corrects: row.get::<_, Option<i64>>(15)?.map(MessageId),
            time: Timestamp(row.get::<_, Option<i64>>(16)?.unwrap_or_default()),
        }),
    };
    let last = match row.get::<_, Option<i64>>(20)? {
        None => None,
        Some(id) => {
            let kind: i64 = row.get(23)?;
            Some(LastMessage {
                id: MessageId(id),
                direction: direction(row.get(21)?),
                text: if kind == TEXT { row.get(22)? } else { String::new() },
                call: match kind {
                    CALL => Some(call_line(row.get_ref(22)?.as_str()?)),
                    _ => None,
                },
                files: first_file(row.get(31)?, row.get(32)?),
                retracted: kind == RETRACTED,
                unreadable: kind == UNREADABLE,
                delivery: delivery(row.get(24)?, row.get(25)?, row.get(26)?),
                time: Timestamp(row.get(27)?),
            })
        }
    };
    Ok(ConversationSummary {
        conversation: Conversation {
            id: ConversationId(row.get(0)?),
            address,
            kind: conversation_kind(row.get(2)?),
            name,
            avatar: row.get(5)?,
            pinned: row.get(6)?,
            archived: row.get(7)?,
            mute: mute(row.get(8)?, row.get(9)?),
            stranger: row.get(10)?,
            blocked: row.get(19)?,
            warning: address_warning(row, 28)?,
            encryption: conversation_encryption(row.get(29)?),
            has_new_devices: row.get(30)?,
            unread: row.get(11)?,
            read_up_to: filled(row.get(12)?),
            draft,
            history_complete: row.get(17)?,
        },
        last,
        last_activity: Timestamp(row.get(18)?),
        presence: ContactPresence::default(),
        chat_state: ChatState::default(),
    })
}

impl Reads<'_> {
    /// Every conversation, archived ones too: pinned first, then the last active.
    pub fn conversations(self) -> Result<Vec<ConversationSummary>, Error> {
        let sql = format!("{SUMMARY} WHERE c.deleting = 0 ORDER BY c.pinned DESC, active DESC, c.id DESC");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([], summary)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One row of the list.
    pub fn conversation(self, conversation: ConversationId) -> Result<Option<ConversationSummary>, Error> {
        let sql = format!("{SUMMARY} WHERE c.id = ? AND c.deleting = 0");
        Ok(self.connection.prepare_cached(&sql)?.query_row([conversation.0], summary).optional()?)
    }

    /// The conversation with an address.
    pub fn conversation_with(self, address: &BareJid) -> Result<Option<ConversationId>, Error> {
        let id = self
            .connection
            .prepare_cached(
                "SELECT c.id FROM conversations c JOIN addresses a ON a.id = c.address
                 WHERE a.address = ? AND c.deleting = 0",
            )?
            .query_row([address.as_str()], |row| row.get(0).map(ConversationId))
            .optional()?;
        Ok(id)
    }

    /// The conversations with strangers who were not accepted.
    pub fn strangers(self) -> Result<Vec<(ConversationId, BareJid)>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT c.id, a.address FROM conversations c JOIN addresses a ON a.id = c.address
             WHERE c.stranger = 1 AND c.deleting = 0 ORDER BY c.id",
        )?;
        let rows = statement.query_map([], |row| Ok((ConversationId(row.get(0)?), bare_jid(row, 1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A conversation as `account` needs it.
    pub fn stored_conversation(
        self,
        conversation: ConversationId,
    ) -> Result<Option<StoredConversation>, Error> {
        let stored = self
            .connection
            .prepare_cached(
                "SELECT c.id, a.address, c.kind, c.stranger, c.archived, c.mute, c.mute_until, c.encryption,
                        c.unread, c.read_message, ifnull(c.last_message, 0), c.displayed_told,
                        c.displayed_synced, c.oldest_archive_id, c.history_complete
                 FROM conversations c JOIN addresses a ON a.id = c.address
                 WHERE c.id = ? AND c.deleting = 0",
            )?
            .query_row([conversation.0], |row| {
                Ok(StoredConversation {
                    id: ConversationId(row.get(0)?),
                    address: bare_jid(row, 1)?,
                    kind: conversation_kind(row.get(2)?),
                    stranger: row.get(3)?,
                    archived: row.get(4)?,
                    mute: mute(row.get(5)?, row.get(6)?),
                    encryption: conversation_encryption(row.get(7)?),
                    unread: row.get(8)?,
                    read_up_to: filled(row.get(9)?),
                    newest: filled(row.get(10)?),
                    displayed_told: filled(row.get(11)?),
                    displayed_synced: row.get(12)?,
                    oldest_archive_id: row.get(13)?,
                    history_complete: row.get(14)?,
                })
            })
            .optional()?;
        Ok(stored)
    }
}

impl Tx<'_> {
    /// Opens a conversation. There must be none with this address.
    pub fn create_conversation(
        &mut self,
        address: &BareJid,
        kind: ConversationKind,
        stranger: bool,
        now: Timestamp,
    ) -> Result<ConversationId, Error> {
        let address = self.ensure_address(address)?;
        self.execute(
            "INSERT INTO conversations (address, kind, stranger, last_activity) VALUES (?1, ?2, ?3, ?4)",
            params![address.0, from_conversation_kind(kind), stranger, now.0],
        )?;
        Ok(ConversationId(self.last_id()))
    }

    /// Keeps it on top of the list, or not. Like its siblings: true if it changed.
    pub fn set_pinned(&mut self, conversation: ConversationId, pinned: bool) -> Result<bool, Error> {
        self.execute(
            "UPDATE conversations SET pinned = ?2 WHERE id = ?1 AND pinned <> ?2",
            params![conversation.0, pinned],
        )
    }

    /// Puts it out of the list until something new comes, or back.
    pub fn set_archived(&mut self, conversation: ConversationId, archived: bool) -> Result<bool, Error> {
        self.execute(
            "UPDATE conversations SET archived = ?2 WHERE id = ?1 AND archived <> ?2",
            params![conversation.0, archived],
        )
    }

    /// Whether it may notify.
    pub fn set_mute(&mut self, conversation: ConversationId, mute: Mute) -> Result<bool, Error> {
        let (mute, until) = from_mute(mute);
        self.execute(
            "UPDATE conversations SET mute = ?2, mute_until = ?3
             WHERE id = ?1 AND (mute <> ?2 OR mute_until <> ?3)",
            params![conversation.0, mute, until],
        )
    }

    /// Whether it is with a stranger who was not accepted.
    pub fn set_stranger(&mut self, conversation: ConversationId, stranger: bool) -> Result<bool, Error> {
        self.execute(
            "UPDATE conversations SET stranger = ?2 WHERE id = ?1 AND stranger <> ?2",
            params![conversation.0, stranger],
        )
    }

    /// What the user wants of its encryption (DESIGN rule 8).
    pub fn set_encryption(
        &mut self,
        conversation: ConversationId,
        encryption: ConversationEncryption,
    ) -> Result<bool, Error> {
        self.execute(
            "UPDATE conversations SET encryption = ?2 WHERE id = ?1 AND encryption IS NOT ?2",
            params![conversation.0, from_conversation_encryption(encryption)],
        )
    }

    /// Keeps what was typed, or forgets it. Words that wait move the conversation up the list.
    pub fn set_draft(&mut self, conversation: ConversationId, draft: Option<&Draft>) -> Result<bool, Error> {
        let (text, reply_to, corrects, time) = match draft {
            None => (None, None, None, None),
            Some(draft) => (Some(&draft.text), draft.reply_to, draft.corrects, Some(draft.time.0)),
        };
        self.execute(
            "UPDATE conversations SET draft_text = ?2, draft_reply_to = ?3, draft_corrects = ?4,
               draft_time = ?5
             WHERE id = ?1 AND (draft_text IS NOT ?2 OR draft_reply_to IS NOT ?3 OR draft_corrects IS NOT ?4)",
            params![conversation.0, text, reply_to.map(|id| id.0), corrects.map(|id| id.0), time],
        )
    }

    /// Keeps of which message the other side was told that it is displayed.
    pub fn set_displayed_told(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<bool, Error> {
        self.execute(
            "UPDATE conversations SET displayed_told = ?2 WHERE id = ?1 AND displayed_told <> ?2",
            params![conversation.0, message.0],
        )
    }

    /// Keeps which archive id the own account knows as displayed (XEP-0490).
    pub fn set_displayed_synced(&mut self, conversation: ConversationId, id: &str) -> Result<bool, Error> {
        self.execute(
            "UPDATE conversations SET displayed_synced = ?2 WHERE id = ?1 AND displayed_synced IS NOT ?2",
            params![conversation.0, id],
        )
    }
}

#[cfg(test)]
mod tests;

//! Edits that came before the message they edit, and wait for it.
//!
//! An archive page, a carbon and the live stream may tell of a correction, a reaction, a retraction
//! or a marker before the message itself. It is put here, and handed back by
//! [`Tx::take_pending`] once the message was written; only then `account` can check whose message it
//! is, so what waits carries its sender. A stranger could send edits of nothing without end: each
//! conversation keeps the newest few hundred, the account a few thousand.

use model::{BareJid, ConversationId, EncryptionKind, OccupantId, Timestamp};
use rusqlite::{Row, params};

use crate::rows::{bare_jid, encryption, from_encryption};
use crate::{Error, MessageIds, Reactor, Tx};

const MOST_IN_CONVERSATION: i64 = 500;
const MOST_IN_ACCOUNT: i64 = 5000;

/// An edit whose message is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEdit {
    /// The id by which it names the message.
    pub target_id: String,
    /// Who sent it.
    pub from: Reactor,
    /// When.
    pub time: Timestamp,
    /// What it is.
    pub kind: PendingKind,
}

/// What waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingKind {
    /// A new text (XEP-0308).
    Correction {
        /// The `id` attribute of the correction's stanza.
        id: Option<String>,
        /// The text.
        text: String,
        /// How it travelled.
        encryption: EncryptionKind,
    },
    /// A set of reactions (XEP-0444).
    Reactions(Vec<String>),
    /// It is taken back (XEP-0424).
    Retraction,
    /// A receipt (XEP-0184).
    Delivered,
    /// A displayed marker of the other side (XEP-0333).
    Displayed,
    /// The user read up to there on another device (XEP-0490, or an own marker).
    OwnDisplayed,
}

impl PendingKind {
    fn number(&self) -> i64 {
        match self {
            Self::Correction { .. } => 0,
            Self::Reactions(_) => 1,
            Self::Retraction => 2,
            Self::Delivered => 3,
            Self::Displayed => 4,
            Self::OwnDisplayed => 5,
        }
    }
}

fn edit(row: &Row<'_>) -> rusqlite::Result<PendingEdit> {
    let content: String = row.get(8)?;
    let kind = match row.get::<_, i64>(1)? {
        0 => PendingKind::Correction { id: row.get(7)?, text: content, encryption: encryption(row.get(9)?) },
        1 => PendingKind::Reactions(content.lines().map(str::to_owned).collect()),
        2 => PendingKind::Retraction,
        3 => PendingKind::Delivered,
        4 => PendingKind::Displayed,
        _ => PendingKind::OwnDisplayed,
    };
    Ok(PendingEdit {
        target_id: row.get(0)?,
        from: Reactor {
            sender: bare_jid(row, 2)?,
            occupant: row.get::<_, Option<String>>(3)?.map(OccupantId),
            nickname: row.get(4)?,
            own: row.get(5)?,
        },
        time: Timestamp(row.get(6)?),
        kind,
    })
}

impl Tx<'_> {
    /// Keeps an edit until its message comes. The same edit twice is kept once.
    pub fn put_pending(&mut self, conversation: ConversationId, edit: &PendingEdit) -> Result<(), Error> {
        let sender: &BareJid = &edit.from.sender;
        let sender = self.ensure_address(sender)?;
        let joined;
        let (edit_id, content, encryption) = match &edit.kind {
            PendingKind::Correction { id, text, encryption } => (id.as_deref(), text.as_str(), *encryption),
            PendingKind::Reactions(emojis) => {
                joined = emojis.join("\n");
                (None, joined.as_str(), EncryptionKind::None)
            }
            _ => (None, "", EncryptionKind::None),
        };
        let added = self.execute(
            "INSERT INTO pending
               (conversation, target_id, kind, sender, occupant_id, nickname, own, time, edit_id, content,
                encryption)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
             WHERE NOT EXISTS (SELECT 1 FROM pending
               WHERE conversation = ?1 AND target_id = ?2 AND kind = ?3 AND sender = ?4
                 AND occupant_id IS ?5 AND edit_id IS ?9 AND content = ?10)",
            params![
                conversation.0,
                edit.target_id,
                edit.kind.number(),
                sender.0,
                edit.from.occupant.as_ref().map(|occupant| &occupant.0),
                edit.from.nickname,
                edit.from.own,
                edit.time.0,
                edit_id,
                content,
                from_encryption(encryption),
            ],
        )?;
        if added {
            self.execute(
                "DELETE FROM pending WHERE id IN (
                   SELECT id FROM pending WHERE conversation = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)",
                params![conversation.0, MOST_IN_CONVERSATION],
            )?;
            self.execute(
                "DELETE FROM pending WHERE id <= (SELECT max(id) FROM pending) - ?",
                [MOST_IN_ACCOUNT],
            )?;
        }
        Ok(())
    }

    /// Hands out, and forgets, what waited for a message with one of these ids, in the order it was
    /// sent.
    pub fn take_pending(
        &mut self,
        conversation: ConversationId,
        ids: &MessageIds,
    ) -> Result<Vec<PendingEdit>, Error> {
        let mut edits = Vec::new();
        let archive = ids.archive.as_ref().map(|archive| &archive.id);
        for id in [ids.stanza.as_ref(), ids.origin.as_ref(), archive].into_iter().flatten() {
            let found: Vec<PendingEdit> = self
                .connection()
                .prepare_cached(
                    "SELECT p.target_id, p.kind, a.address, p.occupant_id, p.nickname, p.own, p.time,
                            p.edit_id, p.content, p.encryption
                     FROM pending p JOIN addresses a ON a.id = p.sender
                     WHERE p.conversation = ?1 AND p.target_id = ?2 ORDER BY p.id",
                )?
                .query_map(params![conversation.0, id], edit)?
                .collect::<Result<_, _>>()?;
            if !found.is_empty() {
                self.execute(
                    "DELETE FROM pending WHERE conversation = ?1 AND target_id = ?2",
                    params![conversation.0, id],
                )?;
                edits.extend(found);
            }
        }
        edits.sort_by_key(|edit| edit.time);
        Ok(edits)
    }
}

#[cfg(test)]
mod tests;

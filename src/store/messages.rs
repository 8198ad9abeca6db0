//! Writing messages.
//!
//! One insert does all that belongs to a new row: it refuses a copy of what is here already, puts
//! the words into the search index, ties answers to their originals in both directions, and keeps
//! the counts of the conversation right. `account` decides what a stanza means; when a copy comes by
//! another way (live, carbon, archive, in any order) it hands it here, and learns which row has it.
//!
//! The unique indexes stand behind the look-ups: were one forgotten, the insert would fail rather
//! than double a line of the history.

use model::{
    BareJid, Content, ConversationId, Delivery, Direction, EncryptionKind, MessageId, OccupantId, Timestamp,
};
use rusqlite::{OptionalExtension, params};

use crate::rows::{from_content, from_delivery, from_direction, from_encryption};
use crate::{Error, Tx};

/// The ids a message is known by on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageIds {
    /// The `id` attribute of the stanza.
    pub stanza: Option<String>,
    /// The origin id (XEP-0359).
    pub origin: Option<String>,
    /// The id in an archive, `by` whom it was checked that they give it.
    pub archive: Option<ArchiveId>,
}

/// The id that an archive gave to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveId {
    /// The archive: the own bare address, or a room.
    pub archive: BareJid,
    /// The id.
    pub id: String,
}

/// A message to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Where it stands.
    pub conversation: ConversationId,
    /// Whose it is.
    pub direction: Direction,
    /// The sender. In a room whose members are unknown, the room.
    pub sender: BareJid,
    /// Who the sender is in a room.
    pub occupant: Option<OccupantId>,
    /// What the sender was called in the room.
    pub nickname: Option<String>,
    /// When it was sent.
    pub time: Timestamp,
    /// Where it stands in the history.
    pub sort_time: Timestamp,
    /// What it says.
    pub content: Content,
    /// How it travelled.
    pub encryption: EncryptionKind,
    /// How far it came: `Received` for those of others.
    pub delivery: Delivery,
    /// The ids it is known by.
    pub ids: MessageIds,
    /// What it answers.
    pub reply: Option<NewReply>,
    /// Whether it may count as unread. It does when it is incoming and stands after what was read.
    pub unread: bool,
}

/// What a message answers (XEP-0461).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReply {
    /// The original, if it is here. If it comes later, it is found by `target_id`.
    pub target: Option<MessageId>,
    /// The id by which the answer names it.
    pub target_id: String,
    /// Who wrote it, as the answer says.
    pub target_sender: Option<BareJid>,
    /// The quotation that the answer brought for clients that know no answers.
    pub fallback: String,
}

/// What became of a message that was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    /// It is a new row.
    Added(MessageId),
    /// It is a copy of this row, which was left as it is, but for ids it did not know yet.
    AlreadyThere(MessageId),
}

impl Insertion {
    /// The row that has the message.
    pub fn id(self) -> MessageId {
        match self {
            Self::Added(id) | Self::AlreadyThere(id) => id,
        }
    }
}

impl Tx<'_> {
    /// Writes a message, unless its archive id, or its origin id from the same sender, is here.
    pub fn insert_message(&mut self, new: &NewMessage) -> Result<Insertion, Error> {
        if let Some(id) =
            self.reads().copy_of(new.conversation, &new.sender, new.occupant.as_ref(), &new.ids)?
        {
            self.add_ids(id, &new.ids)?;
            return Ok(Insertion::AlreadyThere(id));
        }
        let sender = self.ensure_address(&new.sender)?;
        let archive = match &new.ids.archive {
            Some(archive) => Some(self.ensure_archive(&archive.archive)?),
            None => None,
        };
        let countable =
            new.unread && new.direction == Direction::Incoming && new.content != Content::Retracted;
        let unread = countable && self.stands_unread(new)?;
        let search_row = self.free_search_row(new.sort_time)?;
        let same = new.ids.origin.is_some() && new.ids.origin == new.ids.stanza;
        let (kind, body, unreadable) = from_content(&new.content);
        let (delivery, failure, failure_text) = from_delivery(&new.delivery);
        self.execute(
            "INSERT INTO messages
               (conversation, sort_time, time, direction, sender, occupant_id, nickname, kind, body,
                unreadable, encryption, delivery, failure, failure_text, unread, stanza_id, origin_id,
                origin_is_stanza, archive, archive_id, search_row, written_here)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
                     ?21, ?22)",
            params![
                new.conversation.0,
                new.sort_time.0,
                new.time.0,
                from_direction(new.direction),
                sender.0,
                new.occupant.as_ref().map(|occupant| &occupant.0),
                new.nickname,
                kind,
                body,
                unreadable,
                from_encryption(new.encryption),
                delivery,
                failure,
                failure_text,
                unread,
                new.ids.stanza,
                new.ids.origin.as_ref().filter(|_| !same),
                same,
                archive,
                new.ids.archive.as_ref().map(|archive| &archive.id),
                search_row,
                // What waits to be sent can only be from here.
                new.delivery == Delivery::Queued,
            ],
        )?;
        let id = MessageId(self.last_id());
        if let Some(reply) = &new.reply {
            self.insert_reply(id, new.conversation, reply)?;
        }
        self.tie_waiting_replies(id, new.conversation, sender, &new.ids)?;
        self.count_new_message(new.conversation, id, new.sort_time, unread)?;
        Ok(Insertion::Added(id))
    }

    /// Tells a row the ids it does not know yet. An id that another row has is left with that row.
    pub fn add_ids(&mut self, message: MessageId, ids: &MessageIds) -> Result<bool, Error> {
        let mut changed = false;
        if ids.stanza.is_some() {
            changed |= self.execute(
                "UPDATE messages SET stanza_id = ?2 WHERE id = ?1 AND stanza_id IS NULL",
                params![message.0, ids.stanza],
            )?;
        }
        if ids.origin.is_some() {
            changed |= self.execute(
                "UPDATE OR IGNORE messages
                 SET origin_id = iif(stanza_id IS ?2, NULL, ?2), origin_is_stanza = stanza_id IS ?2
                 WHERE id = ?1 AND origin_id IS NULL AND origin_is_stanza = 0",
                params![message.0, ids.origin],
            )?;
        }
        if let Some(archive) = &ids.archive {
            let row = self.ensure_archive(&archive.archive)?;
            changed |= self.execute(
                "UPDATE OR IGNORE messages SET archive = ?2, archive_id = ?3
                 WHERE id = ?1 AND archive_id IS NULL",
                params![message.0, row, archive.id],
            )?;
        }
        Ok(changed)
    }

    /// Its sender asked to be told when it is displayed (XEP-0333).
    pub fn set_markable(&mut self, message: MessageId) -> Result<bool, Error> {
        self.execute("UPDATE messages SET markable = 1 WHERE id = ? AND markable = 0", [message.0])
    }

    /// Puts what a later copy says in place of what could not be read. False if there is nothing to
    /// replace: words that are here are changed by corrections only.
    pub fn replace_unreadable(
        &mut self,
        message: MessageId,
        content: &Content,
        encryption: EncryptionKind,
    ) -> Result<bool, Error> {
        let (kind, body, unreadable) = from_content(content);
        let changed = self.execute(
            "UPDATE messages SET kind = ?2, body = ?3, unreadable = ?4, encryption = ?5
             WHERE id = ?1 AND kind = 2",
            params![message.0, kind, body, unreadable, from_encryption(encryption)],
        )?;
        if let (true, Content::Text(text)) = (changed, content) {
            self.text_changed(message, Some(text))?;
        }
        Ok(changed)
    }

    /// How a message travels, or travelled.
    pub fn set_message_encryption(
        &mut self,
        message: MessageId,
        encryption: EncryptionKind,
    ) -> Result<bool, Error> {
        self.execute(
            "UPDATE messages SET encryption = ?2 WHERE id = ?1 AND encryption <> ?2",
            params![message.0, from_encryption(encryption)],
        )
    }

    /// Deletes one message from this device.
    pub fn delete_message(&mut self, message: MessageId) -> Result<bool, Error> {
        let Some(conversation) = self.conversation_of(message)? else { return Ok(false) };
        self.uncount(message)?;
        self.text_changed(message, None)?;
        self.execute("DELETE FROM messages WHERE id = ?", [message.0])?;
        self.find_last_message(conversation)?;
        Ok(true)
    }

    fn stands_unread(&self, new: &NewMessage) -> Result<bool, Error> {
        // A new row has the highest id, so at the same time it stands after the one that was read.
        let read: Option<i64> = self
            .connection()
            .prepare_cached("SELECT read_time FROM conversations WHERE id = ?")?
            .query_row([new.conversation.0], |row| row.get(0))
            .optional()?;
        Ok(read.is_none_or(|read| new.sort_time.0 >= read))
    }

    fn insert_reply(
        &mut self,
        message: MessageId,
        conversation: ConversationId,
        reply: &NewReply,
    ) -> Result<(), Error> {
        let sender = match &reply.target_sender {
            Some(sender) => Some(self.ensure_address(sender)?.0),
            None => None,
        };
        self.execute(
            "INSERT INTO replies (message, conversation, target, target_id, target_sender, fallback)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                message.0,
                conversation.0,
                reply.target.map(|target| target.0),
                reply.target_id,
                sender,
                reply.fallback
            ],
        )?;
        Ok(())
    }

    fn tie_waiting_replies(
        &mut self,
        message: MessageId,
        conversation: ConversationId,
        sender: crate::addresses::AddressId,
        ids: &MessageIds,
    ) -> Result<(), Error> {
        let any = self
            .connection()
            .prepare_cached("SELECT 1 FROM replies WHERE conversation = ? AND target IS NULL")?
            .exists([conversation.0])?;
        if !any {
            return Ok(());
        }
        let archive = ids.archive.as_ref().map(|archive| &archive.id);
        for id in [ids.stanza.as_ref(), ids.origin.as_ref(), archive].into_iter().flatten() {
            self.execute(
                "UPDATE replies SET target = ?1
                 WHERE conversation = ?2 AND target_id = ?3 AND target IS NULL AND message <> ?1
                   AND (target_sender IS NULL OR target_sender = ?4)",
                params![message.0, conversation.0, id, sender.0],
            )?;
        }
        Ok(())
    }

    fn conversation_of(&self, message: MessageId) -> Result<Option<ConversationId>, Error> {
        let conversation = self
            .connection()
            .prepare_cached("SELECT conversation FROM messages WHERE id = ?")?
            .query_row([message.0], |row| row.get(0).map(ConversationId))
            .optional()?;
        Ok(conversation)
    }
}

#[cfg(test)]
mod tests;

use model::ConversationId;

use crate::{Error, Reads, Tx};

impl Reads<'_> {
    /// Conversations whose deletion was begun and not ended: a restart goes on with it.
    pub fn conversations_being_deleted(self) -> Result<Vec<ConversationId>, Error> {
        let mut statement =
            self.connection.prepare_cached("SELECT id FROM conversations WHERE deleting = 1 ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get(0).map(ConversationId))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Begins to delete a conversation: it is gone from every list at once, what waits in its outbox
    /// is not sent, and a new one with the same address may begin. Its rows go in pieces.
    pub fn begin_delete_conversation(&mut self, conversation: ConversationId) -> Result<bool, Error> {
        let begun = self.execute(
            "UPDATE conversations SET deleting = 1, unread = 0, draft_text = NULL
             WHERE id = ? AND deleting = 0",
            [conversation.0],
        )?;
        if begun {
            self.execute("DELETE FROM outbox WHERE conversation = ?", [conversation.0])?;
            self.execute("DELETE FROM pending WHERE conversation = ?", [conversation.0])?;
        }
        Ok(begun)
    }

    /// Deletes up to `limit` messages of it (forty of a million take some 20 ms), and the conversation
    /// when none is left. True when all is gone.
    pub fn delete_conversation_piece(
        &mut self,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<bool, Error> {
        self.begin_delete_conversation(conversation)?;
        self.execute(
            "DELETE FROM words WHERE rowid IN (
               SELECT search_row FROM messages WHERE conversation = ?1 ORDER BY sort_time, id LIMIT ?2)",
            (conversation.0, limit),
        )?;
        let deleted = self.execute(
            "DELETE FROM messages WHERE id IN (
               SELECT id FROM messages WHERE conversation = ?1 ORDER BY sort_time, id LIMIT ?2)",
            (conversation.0, limit),
        )?;
        let more = self
            .connection()
            .prepare_cached("SELECT 1 FROM messages WHERE conversation = ?")?
            .exists([conversation.0])?;
        if more && deleted {
            return Ok(false);
        }
        self.execute("DELETE FROM conversations WHERE id = ?", [conversation.0])?;
        Ok(true)
    }
}

use std::collections::HashMap;

use model::{BareJid, MessageId, OccupantId, Reaction, Timestamp};
use rusqlite::params;

use crate::addresses::display_name;
use crate::rows::{RETRACTED, bare_jid};
use crate::{Error, Reads, Tx};

/// More emojis than this from one person are cut off.
const MOST_EMOJIS: usize = 32;
/// More people than this who react to one message are not kept.
const MOST_SETS: i64 = 1000;

/// Who reacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reactor {
    /// Their address; in a room whose members are unknown, the room.
    pub sender: BareJid,
    /// Who they are in a room.
    pub occupant: Option<OccupantId>,
    /// What they are called in the room.
    pub nickname: Option<String>,
    /// Whether it is the user, from this device or another.
    pub own: bool,
}

impl Reads<'_> {
    /// The user's own reactions to a message.
    pub fn own_reactions(self, message: MessageId) -> Result<Vec<String>, Error> {
        let mut statement =
            self.connection.prepare_cached("SELECT emojis FROM reactions WHERE message = ? AND own = 1")?;
        let mut sets = statement.query_map([message.0], |row| row.get::<_, String>(0))?;
        match sets.next() {
            None => Ok(Vec::new()),
            Some(set) => Ok(set?.lines().map(str::to_owned).collect()),
        }
    }

    /// The reactions to some messages, given as a JSON list.
    pub(crate) fn reactions(self, messages: &str) -> Result<HashMap<MessageId, Vec<Reaction>>, Error> {
        let mut found: HashMap<MessageId, Vec<Reaction>> = HashMap::new();
        let mut statement = self.connection.prepare_cached(
            "SELECT x.message, x.own, x.nickname, x.emojis, a.address, a.nickname, r.name
             FROM reactions x JOIN addresses a ON a.id = x.sender LEFT JOIN roster r ON r.address = x.sender
             WHERE x.message IN (SELECT value FROM json_each(?)) AND x.emojis <> ''
             ORDER BY x.message, x.time, x.id",
        )?;
        let mut rows = statement.query([messages])?;
        while let Some(row) = rows.next()? {
            let is_own: bool = row.get(1)?;
            let given: Option<String> = row.get(6)?;
            let name = display_name(given.or(row.get(2)?), row.get(5)?, &bare_jid(row, 4)?);
            let of_message = found.entry(MessageId(row.get(0)?)).or_default();
            let emojis: String = row.get(3)?;
            for emoji in emojis.lines() {
                if !of_message.iter().any(|reaction| reaction.emoji == emoji) {
                    of_message.push(Reaction { emoji: emoji.to_owned(), ..Reaction::default() });
                }
                match of_message.iter_mut().find(|reaction| reaction.emoji == emoji) {
                    Some(reaction) if is_own => reaction.own = true,
                    Some(reaction) => reaction.others.push(name.clone()),
                    None => {}
                }
            }
        }
        Ok(found)
    }
}

impl Tx<'_> {
    /// Takes someone's set of reactions to a message (XEP-0444) in place of their earlier one, if it
    /// is not older. An empty set takes all back. True if something changed.
    pub fn set_reactions(
        &mut self,
        message: MessageId,
        reactor: &Reactor,
        emojis: &[String],
        time: Timestamp,
    ) -> Result<bool, Error> {
        let mut set: Vec<&str> = Vec::new();
        for emoji in emojis.iter().map(String::as_str) {
            if set.len() < MOST_EMOJIS && !emoji.is_empty() && !emoji.contains('\n') && !set.contains(&emoji)
            {
                set.push(emoji);
            }
        }
        let sender = self.ensure_address(&reactor.sender)?;
        let occupant = reactor.occupant.as_ref().map_or("", |occupant| &occupant.0);
        let changed = self.execute(
            "INSERT INTO reactions (message, sender, occupant_id, nickname, own, time, emojis)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 FROM messages
             WHERE id = ?1 AND kind <> ?8 AND (reactions < ?9 OR EXISTS (
               SELECT 1 FROM reactions WHERE message = ?1 AND sender = ?2 AND occupant_id = ?3))
             ON CONFLICT (message, sender, occupant_id) DO UPDATE
               SET nickname = ?4, own = ?5, time = ?6, emojis = ?7
               WHERE time <= ?6 AND emojis <> ?7",
            params![
                message.0,
                sender.0,
                occupant,
                reactor.nickname,
                reactor.own,
                time.0,
                set.join("\n"),
                RETRACTED,
                MOST_SETS
            ],
        )?;
        if changed {
            self.execute(
                "UPDATE messages SET reactions = (SELECT count(*) FROM reactions WHERE message = ?1) WHERE id = ?1",
                [message.0],
            )?;
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests;

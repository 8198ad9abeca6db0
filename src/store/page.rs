//! Pages of a history, and messages as windows show them.
//!
//! A page is found by its place, `(sort_time, id) < (?, ?)`, never by counting rows: the millionth
//! message costs what the first does. Everything a row shows beside its text, the sender's name and
//! picture, the message it answers, is joined by keys in the same statement; reactions, which few
//! messages have, are one more statement for the whole page.

use std::collections::HashMap;

use model::{BareJid, ConversationId, Direction, Message, MessageId, OccupantId, Quote, Timestamp};
use rusqlite::{OptionalExtension, Params, Row, params};

use crate::addresses::display_name;
use crate::attachments_read::summary;
use crate::rows::{CALL, RETRACTED, bare_jid, content, delivery, direction, encryption, trust, wait};
use crate::{Error, Reads};

/// Which part of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Whose history.
    pub conversation: ConversationId,
    /// Where in it.
    pub anchor: Anchor,
    /// How many messages at most.
    pub limit: u32,
}

/// A place in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The end: what was sent last.
    Newest,
    /// The beginning.
    Oldest,
    /// What stands just before this place, which is not part of the page.
    Before(Timestamp, MessageId),
    /// What stands just after this place, which is not part of the page.
    After(Timestamp, MessageId),
    /// A message with what stands before and after it. The newest, if it is gone.
    Around(MessageId),
}

/// A part of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// The newest commit that the page shows: events of it and before tell nothing new.
    pub commit: u64,
    /// Whether nothing older is on this device.
    pub reaches_start: bool,
    /// Whether nothing newer is.
    pub reaches_end: bool,
}

const MESSAGE: &str = "
  SELECT m.id, m.conversation, m.direction, m.sender, s.address, m.nickname, r.name, s.nickname,
         s.avatar, m.occupant_id, m.time, m.sort_time, m.kind, m.body, m.unreadable, m.encryption,
         m.delivery, m.failure, m.failure_text, m.revisions, m.reactions,
         q.message, q.fallback, t.id, t.kind, substr(t.body, 1, 200), t.nickname, t.direction,
         qs.address, qr.name, qs.nickname, m.sender_trust, m.waits, m.attachments, t.attachments
  FROM messages m
  JOIN addresses s ON s.id = m.sender
  LEFT JOIN roster r ON r.address = m.sender
  LEFT JOIN replies q ON q.message = m.id
  LEFT JOIN messages t ON t.id = q.target
  LEFT JOIN addresses qs ON qs.id = ifnull(t.sender, q.target_sender)
  LEFT JOIN roster qr ON qr.address = qs.id";

/// What the account itself is called.
struct Own {
    nickname: Option<String>,
    avatar: Option<String>,
}

/// Addresses that were read before in the same page: there are few, and checking one takes a while.
type Seen = HashMap<i64, BareJid>;

/// What a row has that is read for the whole page at once.
struct More {
    reactions: bool,
    attachments: bool,
    quoted_attachments: bool,
}

fn message(row: &Row<'_>, own: &Own, seen: &mut Seen) -> rusqlite::Result<(Message, More)> {
    let direction = direction(row.get(2)?);
    let sender = if let Some(sender) = seen.get(&row.get(3)?) {
        sender.clone()
    } else {
        let sender = bare_jid(row, 4)?;
        seen.insert(row.get(3)?, sender.clone());
        sender
    };
    let (name, avatar) = match direction {
        Direction::Outgoing => (display_name(row.get(5)?, own.nickname.clone(), &sender), own.avatar.clone()),
        Direction::Incoming => {
            let given: Option<String> = row.get(6)?;
            (display_name(given.or(row.get(5)?), row.get(7)?, &sender), row.get(8)?)
        }
    };
    let reply = match row.get::<_, Option<i64>>(21)? {
        None => None,
        Some(_) => Some(quote(row, own)?),
    };
    let message = Message {
        id: MessageId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        direction,
        sender,
        sender_name: name,
        sender_avatar: avatar,
        occupant: row.get::<_, Option<String>>(9)?.map(OccupantId),
        time: Timestamp(row.get(10)?),
        sort_time: Timestamp(row.get(11)?),
        content: content(row.get(12)?, row.get(13)?, row.get(14)?),
        attachments: Vec::new(),
        encryption: encryption(row.get(15)?),
        trust: row.get::<_, Option<i64>>(31)?.map(trust),
        delivery: delivery(row.get(16)?, row.get(17)?, row.get(18)?),
        waits: wait(row.get(32)?),
        revisions: row.get(19)?,
        reply,
        reactions: Vec::new(),
    };
    let more = More {
        reactions: row.get::<_, i64>(20)? > 0,
        attachments: row.get::<_, i64>(33)? > 0,
        quoted_attachments: row.get::<_, Option<i64>>(34)?.unwrap_or_default() > 0,
    };
    Ok((message, more))
}

fn quote(row: &Row<'_>, own: &Own) -> rusqlite::Result<Quote> {
    let target = row.get::<_, Option<i64>>(23)?.map(MessageId);
    let text = match (target, row.get::<_, Option<i64>>(24)?) {
        (Some(_), Some(RETRACTED | CALL)) => String::new(),
        (Some(_), _) => row.get(25)?,
        (None, _) => row.get::<_, String>(22)?.chars().take(200).collect(),
    };
    let sender = match row.get::<_, Option<String>>(28)? {
        None => None,
        Some(_) => Some(bare_jid(row, 28)?),
    };
    let is_own =
        row.get::<_, Option<i64>>(27)?.is_some_and(|number| direction(number) == Direction::Outgoing);
    let sender_name = match &sender {
        None => String::new(),
        Some(sender) if is_own => display_name(row.get(26)?, own.nickname.clone(), sender),
        Some(sender) => {
            let given: Option<String> = row.get(29)?;
            display_name(given.or(row.get(26)?), row.get(30)?, sender)
        }
    };
    Ok(Quote { message: target, sender, sender_name, own: is_own, text, files: None })
}

impl Reads<'_> {
    /// A page of a conversation's history.
    pub fn page(self, request: &PageRequest) -> Result<Page, Error> {
        let PageRequest { conversation, anchor, limit } = *request;
        let commit = self.commit_number()?;
        let (first, last) = (i64::MIN, i64::MAX);
        let page = match anchor {
            Anchor::Newest => {
                let (messages, more) = self.older(conversation, last, last, limit)?;
                Page { messages, commit, reaches_start: !more, reaches_end: true }
            }
            Anchor::Oldest => {
                let (messages, more) = self.newer(conversation, first, first, limit)?;
                Page { messages, commit, reaches_start: true, reaches_end: !more }
            }
            Anchor::Before(time, id) => {
                let (messages, more) = self.older(conversation, time.0, id.0, limit)?;
                let end = !self.any(conversation, time.0, id.0, ">=")?;
                Page { messages, commit, reaches_start: !more, reaches_end: end }
            }
            Anchor::After(time, id) => {
                let (messages, more) = self.newer(conversation, time.0, id.0, limit)?;
                let start = !self.any(conversation, time.0, id.0, "<=")?;
                Page { messages, commit, reaches_start: start, reaches_end: !more }
            }
            Anchor::Around(id) => {
                let place: Option<i64> = self
                    .connection
                    .prepare_cached("SELECT sort_time FROM messages WHERE id = ?1 AND conversation = ?2")?
                    .query_row((id.0, conversation.0), |row| row.get(0))
                    .optional()?;
                let Some(time) = place else {
                    return self.page(&PageRequest { anchor: Anchor::Newest, ..*request });
                };
                let half = limit / 2;
                // The message itself is the newest of the older half.
                let (mut messages, older) =
                    self.older(conversation, time, id.0.saturating_add(1), half + 1)?;
                let (newer_half, newer) = self.newer(conversation, time, id.0, half)?;
                messages.extend(newer_half);
                Page { messages, commit, reaches_start: !older, reaches_end: !newer }
            }
        };
        Ok(page)
    }

    /// Some messages, in the order of the history; those that are gone are left out.
    pub fn messages(self, ids: &[MessageId]) -> Result<Vec<Message>, Error> {
        let list = json_list(ids.iter().map(|id| id.0));
        self.fetch(
            &format!("{MESSAGE} WHERE m.id IN (SELECT value FROM json_each(?)) ORDER BY m.sort_time, m.id"),
            [list],
        )
    }

    fn older(
        self,
        conversation: ConversationId,
        time: i64,
        id: i64,
        limit: u32,
    ) -> Result<(Vec<Message>, bool), Error> {
        let mut messages = self.fetch(
            &format!(
                "{MESSAGE} WHERE m.conversation = ?1 AND (m.sort_time, m.id) < (?2, ?3)
                 ORDER BY m.sort_time DESC, m.id DESC LIMIT ?4"
            ),
            params![conversation.0, time, id, i64::from(limit) + 1],
        )?;
        let more = messages.len() > limit as usize;
        messages.truncate(limit as usize);
        messages.reverse();
        Ok((messages, more))
    }

    fn newer(
        self,
        conversation: ConversationId,
        time: i64,
        id: i64,
        limit: u32,
    ) -> Result<(Vec<Message>, bool), Error> {
        let mut messages = self.fetch(
            &format!(
                "{MESSAGE} WHERE m.conversation = ?1 AND (m.sort_time, m.id) > (?2, ?3)
                 ORDER BY m.sort_time, m.id LIMIT ?4"
            ),
            params![conversation.0, time, id, i64::from(limit) + 1],
        )?;
        let more = messages.len() > limit as usize;
        messages.truncate(limit as usize);
        Ok((messages, more))
    }

    fn any(self, conversation: ConversationId, time: i64, id: i64, side: &str) -> Result<bool, Error> {
        let sql = format!(
            "SELECT 1 FROM messages WHERE conversation = ?1 AND (sort_time, id) {side} (?2, ?3) LIMIT 1"
        );
        Ok(self.connection.prepare_cached(&sql)?.exists((conversation.0, time, id))?)
    }

    fn fetch(self, sql: &str, params: impl Params) -> Result<Vec<Message>, Error> {
        let own = self.own()?;
        let mut seen = Seen::new();
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, |row| message(row, &own, &mut seen))?;
        let mut messages = Vec::new();
        let (mut reacted, mut with_files, mut quoted_files) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let (message, more) = row?;
            if more.reactions {
                reacted.push(message.id.0);
            }
            if more.attachments {
                with_files.push(message.id.0);
            }
            if more.quoted_attachments {
                quoted_files.extend(message.reply.as_ref().and_then(|reply| reply.message).map(|id| id.0));
            }
            messages.push(message);
        }
        if !reacted.is_empty() {
            let mut reactions = self.reactions(&json_list(reacted.iter().copied()))?;
            for message in &mut messages {
                message.reactions = reactions.remove(&message.id).unwrap_or_default();
            }
        }
        if !with_files.is_empty() {
            let mut files = self.attachments_of(&json_list(with_files.iter().copied()))?;
            for message in &mut messages {
                message.attachments = files.remove(&message.id).unwrap_or_default();
            }
        }
        if !quoted_files.is_empty() {
            let files = self.attachments_of(&json_list(quoted_files.iter().copied()))?;
            for reply in messages.iter_mut().filter_map(|message| message.reply.as_mut()) {
                reply.files = reply.message.and_then(|original| summary(files.get(&original)?));
            }
        }
        Ok(messages)
    }

    fn own(self) -> Result<Own, Error> {
        let own = self
            .connection
            .prepare_cached("SELECT nickname, avatar FROM account")?
            .query_row([], |row| Ok(Own { nickname: row.get(0)?, avatar: row.get(1)? }))
            .optional()?;
        Ok(own.unwrap_or(Own { nickname: None, avatar: None }))
    }
}

/// Numbers as SQLite's `json_each` takes them: one statement for lists of any length.
fn json_list(numbers: impl Iterator<Item = i64>) -> String {
    let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
    format!("[{}]", numbers.join(","))
}

#[cfg(test)]
mod tests;

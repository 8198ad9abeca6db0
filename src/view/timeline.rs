//! The window of messages that a history shows.
//!
//! The window holds at most [`WINDOW`] messages around where the person reads. It grows by pages
//! of [`PAGE`] at either end and lets go of the far end, so that a conversation of a million
//! messages costs what one of three hundred costs.
//!
//! Every way to change it ends in `show`: the messages that should be there are laid beside those
//! that are, and the difference goes out. What a row says about its neighbours (does a day begin
//! here, does a group of one sender go on) is worked out there too, so it can never be stale.

use std::collections::BTreeMap;

use model::{Change, ConversationId, Direction, EventKind, Message, MessageId, Timestamp};
use store::{Anchor, Error, Page, PageRequest, ReaderHandle};

use crate::diff::{Diff, between};

/// How many messages the window holds at most.
const WINDOW: usize = 300;
/// How many are read at once when it grows.
const PAGE: usize = 50;
/// Messages of one sender within this time share one name and picture, in milliseconds.
const GROUP: i64 = 5 * 60 * 1000;

/// Which day a time falls on, where the user is: any number that differs between days.
pub type DayOf = fn(Timestamp) -> i64;

/// Where to open a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// At its newest message.
    Newest,
    /// Around a message: where the person was, or what a search found.
    Message(MessageId),
}

/// One row of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineItem {
    /// The message.
    pub message: Message,
    /// A day begins with it.
    pub day_starts: bool,
    /// A group of messages by one sender begins with it.
    pub group_starts: bool,
    /// The group ends with it.
    pub group_ends: bool,
    /// The `New messages` line stands above it.
    pub first_unread: bool,
}

/// A window of one conversation's messages.
pub struct Timeline {
    reader: ReaderHandle,
    conversation: ConversationId,
    day_of: DayOf,
    items: Vec<TimelineItem>,
    /// Every row shown was read at this commit or later.
    commit: u64,
    reaches_start: bool,
    reaches_end: bool,
    /// What was read when the conversation was opened: the line does not move while it is open.
    new_after: Option<MessageId>,
    /// Where the person reads; `None` at the end.
    reading: Option<MessageId>,
    /// The first message of others after that, once it was seen in the window.
    first_unread: Option<MessageId>,
}

impl Timeline {
    /// Opens a conversation and reads its first window.
    ///
    /// `At::Message` of a message that is gone opens at the newest.
    pub async fn open(
        reader: ReaderHandle,
        conversation: ConversationId,
        at: At,
        day_of: DayOf,
    ) -> Result<Self, Error> {
        let unread = reader.conversation(conversation).await?.filter(|found| found.conversation.unread > 0);
        let mut timeline = Self {
            reader,
            conversation,
            day_of,
            items: Vec::new(),
            commit: 0,
            reaches_start: false,
            reaches_end: false,
            new_after: unread.and_then(|found| found.conversation.read_up_to),
            reading: None,
            first_unread: None,
        };
        timeline.jump(at).await?;
        Ok(timeline)
    }

    /// The rows of the window, oldest first.
    pub fn items(&self) -> &[TimelineItem] {
        &self.items
    }

    /// The conversation it shows.
    pub fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// Whether the window begins with the oldest message on this device.
    pub fn reaches_start(&self) -> bool {
        self.reaches_start
    }

    /// Whether the window ends with the newest message.
    pub fn reaches_end(&self) -> bool {
        self.reaches_end
    }

    /// Tells where the person reads, so that the end farther from it is let go of; `None` at the newest message.
    pub fn set_reading(&mut self, message: Option<MessageId>) {
        self.reading = message;
    }

    /// Reads another part of the conversation. All rows are new unless the parts overlap.
    pub async fn jump(&mut self, at: At) -> Result<Vec<Diff<TimelineItem>>, Error> {
        let (anchor, limit) = match at {
            At::Newest => (Anchor::Newest, PAGE * 2),
            At::Message(message) => (Anchor::Around(message), PAGE * 3),
        };
        let mut page = self.read(anchor, limit).await?;
        if page.messages.is_empty() && at != At::Newest {
            page = self.read(Anchor::Newest, PAGE * 2).await?;
        }
        self.commit = page.commit;
        self.reaches_start = page.reaches_start;
        self.reaches_end = page.reaches_end;
        Ok(self.show(page.messages))
    }

    /// Reads a page of older messages and lets go of the newest beyond the window.
    pub async fn older(&mut self) -> Result<Vec<Diff<TimelineItem>>, Error> {
        let Some(first) = self.items.first() else {
            return self.jump(At::Newest).await;
        };
        let page = self.read(Anchor::Before(first.message.sort_time, first.message.id), PAGE).await?;
        self.reaches_start = page.reaches_start;
        let mut messages = page.messages;
        messages.extend(self.messages());
        self.reaches_end &= messages.len() <= WINDOW;
        messages.truncate(WINDOW);
        Ok(self.show(messages))
    }

    /// Reads a page of newer messages and lets go of the oldest beyond the window.
    pub async fn newer(&mut self) -> Result<Vec<Diff<TimelineItem>>, Error> {
        let Some(last) = self.items.last() else {
            return self.jump(At::Newest).await;
        };
        if self.reaches_end {
            return Ok(Vec::new());
        }
        let page = self.read(Anchor::After(last.message.sort_time, last.message.id), PAGE).await?;
        self.reaches_end = page.reaches_end;
        let mut messages: Vec<Message> = self.messages().collect();
        messages.extend(page.messages);
        self.drop_oldest(&mut messages);
        Ok(self.show(messages))
    }

    /// Brings the window up to date with `events`, which belong to its account.
    ///
    /// Give it all events that are waiting: a flood is then read in one go.
    pub async fn handle_events<'e>(
        &mut self,
        events: impl IntoIterator<Item = &'e EventKind>,
    ) -> Result<Vec<Diff<TimelineItem>>, Error> {
        let mut touched = Vec::new();
        let mut gone = Vec::new();
        for event in events {
            let EventKind::Changed { change, commit } = event else { continue };
            if *commit <= self.commit {
                continue;
            }
            match change {
                Change::MessageAdded(conversation, message)
                | Change::MessageChanged(conversation, message)
                    if *conversation == self.conversation =>
                {
                    touched.push(*message);
                }
                Change::MessageRemoved(conversation, message) if *conversation == self.conversation => {
                    gone.push(*message);
                }
                Change::ConversationRemoved(conversation) if *conversation == self.conversation => {
                    return Ok(self.show(Vec::new()));
                }
                Change::Everything => return self.reread().await,
                _ => {}
            }
        }
        self.take_in(touched, &gone).await
    }

    /// Reads the whole window again: after events were lost, or when much changed at once.
    pub async fn reread(&mut self) -> Result<Vec<Diff<TimelineItem>>, Error> {
        let middle = self.items.get(self.items.len() / 2).map(|item| item.message.id);
        match middle {
            Some(message) if !self.reaches_end => self.jump(At::Message(message)).await,
            _ => {
                let limit = self.items.len().clamp(PAGE * 2, WINDOW);
                let page = self.read(Anchor::Newest, limit).await?;
                self.commit = page.commit;
                self.reaches_start = page.reaches_start;
                self.reaches_end = page.reaches_end;
                Ok(self.show(page.messages))
            }
        }
    }

    async fn take_in(
        &mut self,
        mut touched: Vec<MessageId>,
        gone: &[MessageId],
    ) -> Result<Vec<Diff<TimelineItem>>, Error> {
        if touched.is_empty() && gone.is_empty() {
            return Ok(Vec::new());
        }
        touched.sort_unstable();
        touched.dedup();
        if touched.len() > WINDOW {
            return self.reread().await;
        }
        let mut messages: BTreeMap<_, _> = self
            .messages()
            .filter(|message| !gone.contains(&message.id))
            .map(|message| (place(&message), message))
            .collect();
        let first = messages.keys().next().copied();
        let last = messages.keys().next_back().copied();
        for message in self.reader.messages(touched).await? {
            let place = place(&message);
            let before = first.is_some_and(|first| place < first) && !self.reaches_start;
            let after = last.is_some_and(|last| place > last) && !self.reaches_end;
            if message.conversation == self.conversation && !before && !after {
                messages.insert(place, message);
            }
        }
        let mut messages: Vec<Message> = messages.into_values().collect();
        self.drop_far_end(&mut messages);
        Ok(self.show(messages))
    }

    async fn read(&self, anchor: Anchor, limit: usize) -> Result<Page, Error> {
        let request = PageRequest { conversation: self.conversation, anchor, limit: limit as u32 };
        self.reader.page(request).await
    }

    fn messages(&self) -> impl Iterator<Item = Message> + '_ {
        self.items.iter().map(|item| item.message.clone())
    }

    /// Lets go of the end that is farther from where the person reads.
    fn drop_far_end(&mut self, messages: &mut Vec<Message>) {
        let reading =
            self.reading.and_then(|reading| messages.iter().position(|message| message.id == reading));
        match reading {
            Some(index) if index < messages.len() / 2 => {
                self.reaches_end &= messages.len() <= WINDOW;
                messages.truncate(WINDOW);
            }
            _ => self.drop_oldest(messages),
        }
    }

    fn drop_oldest(&mut self, messages: &mut Vec<Message>) {
        if messages.len() > WINDOW {
            messages.drain(..messages.len() - WINDOW);
            self.reaches_start = false;
        }
    }

    /// Makes `messages` the window and tells what that changes.
    fn show(&mut self, messages: Vec<Message>) -> Vec<Diff<TimelineItem>> {
        self.find_first_unread(&messages);
        let items = self.rows(messages);
        let diffs = between(&self.items, &items, |item| place(&item.message));
        self.items = items;
        diffs
    }

    fn find_first_unread(&mut self, messages: &[Message]) {
        if self.first_unread.is_some() {
            return;
        }
        let Some(read) = self.new_after else { return };
        self.first_unread = messages
            .iter()
            .skip_while(|message| message.id != read)
            .skip(1)
            .find(|message| message.direction == Direction::Incoming)
            .map(|message| message.id);
    }

    fn rows(&self, messages: Vec<Message>) -> Vec<TimelineItem> {
        let mut rows: Vec<TimelineItem> = Vec::with_capacity(messages.len());
        for message in messages {
            let first_unread = self.first_unread == Some(message.id);
            let before = rows.last_mut();
            let day_starts = before
                .as_ref()
                .is_none_or(|before| (self.day_of)(before.message.time) != (self.day_of)(message.time));
            let goes_on = before
                .as_ref()
                .is_some_and(|before| !day_starts && !first_unread && same_group(&before.message, &message));
            if let Some(before) = before {
                before.group_ends = !goes_on;
            }
            rows.push(TimelineItem {
                message,
                day_starts,
                group_starts: !goes_on,
                group_ends: true,
                first_unread,
            });
        }
        rows
    }
}

/// Where a message stands in its conversation.
fn place(message: &Message) -> (Timestamp, MessageId) {
    (message.sort_time, message.id)
}

fn same_group(before: &Message, after: &Message) -> bool {
    before.direction == after.direction
        && before.sender == after.sender
        && before.occupant == after.occupant
        && (after.time.0 - before.time.0).abs() <= GROUP
}

#[cfg(test)]
mod tests;

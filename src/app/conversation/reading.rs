//! Reading the open conversation from the disk.
//!
//! One task for each conversation that is opened works off a queue: events, pages, jumps. What
//! waits is taken together, so a flood is read in one go; what comes after the person turned to
//! another conversation goes nowhere, because the task ends with its [`Reading`].

use std::{cell::Cell, rc::Rc};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, Change, ConnectionState, ConversationId, EventKind, MessageId};
use session::Heard;
use view::{At, ConversationKey, Diff, ReaderHandle, Timeline, TimelineItem};

use super::ConversationPage;
use crate::{
    history::{Edge, HistoryWindow, Position, day_number},
    objects::ConversationObject,
    pace::Pace,
};

/// Where the last message that was read stands, when there are new ones below it.
const LAST_READ: f64 = 24.0;

pub(super) enum Job {
    Event(EventKind),
    Older,
    Newer,
    Jump(At),
    Reread,
}

/// The task of the open conversation; dropping it ends the task.
pub struct Reading {
    jobs: async_channel::Sender<Job>,
    ready: Rc<Cell<bool>>,
    task: glib::JoinHandle<()>,
}

impl Reading {
    /// Whether its first rows are on the screen.
    pub fn is_ready(&self) -> bool {
        self.ready.get()
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ConversationPage {
    pub(super) fn start_reading(&self, object: &ConversationObject) {
        let key = object.key();
        let imp = self.imp();
        imp.empty_page.set_visible(false);
        // Nothing of another conversation may be seen meanwhile.
        imp.history.set_window(&HistoryWindow::new(Vec::new(), false, false));
        self.show_sounding();
        let Some(reader) = self.bridge().session().reader(key.account) else { return };
        let (jobs, queue) = async_channel::unbounded();
        let ready = Rc::new(Cell::new(false));
        let task = glib::spawn_future_local(read(
            self.downgrade(),
            object.clone(),
            reader,
            queue,
            Rc::clone(&ready),
        ));
        imp.reading.replace(Some(Reading { jobs, ready, task }));
    }

    pub(super) fn queue(&self, job: Job) {
        if let Some(reading) = &*self.imp().reading.borrow() {
            // It only fails when the task has ended, and then nobody looks.
            let _ = reading.jobs.try_send(job);
        }
    }

    pub(super) fn hear(&self, heard: &Heard) {
        self.hear_contact(heard);
        self.hear_callable(heard);
        let Some(key) = self.key() else { return };
        if let Heard::Event(event) = heard
            && event.account == key.account
        {
            self.imp().composer.hear(&event.kind);
        }
        match heard {
            Heard::Lagged(_) => self.queue(Job::Reread),
            Heard::Event(event) if event.account == key.account => match &event.kind {
                EventKind::Changed { change, .. } if concerns(change, key.conversation) => {
                    self.queue(Job::Event(event.kind.clone()));
                }
                EventKind::Transfer { attachment, done, total } => {
                    self.imp().history.set_progress(*attachment, *done, *total);
                }
                EventKind::OlderLoaded(_) | EventKind::Connection(ConnectionState::Online) => {
                    self.queue(Job::Event(event.kind.clone()));
                }
                // It was unavailable, or this is another way to the same account.
                EventKind::AccountAdded => {
                    if let Some(object) = self.object() {
                        self.start_reading(&object);
                    }
                }
                _ => {}
            },
            Heard::Event(_) => {}
        }
    }

    /// What was on the screen to its end. It is read only if somebody is at the window.
    pub(super) fn seen(&self, message: MessageId) {
        let Some(object) = self.object() else { return };
        let at_window = self.root().and_downcast::<gtk::Window>().is_some_and(|window| window.is_active());
        if !at_window || !self.is_mapped() {
            self.imp().unconfirmed.set(Some(message));
            return;
        }
        if object.unread() > 0 {
            let key = object.key();
            self.bridge().tell(key.account, AccountCommand::MarkRead(key.conversation, message));
        }
    }

    /// A message may be on the screen before the count of unread ones says so.
    pub(super) fn read_up_to_here(&self) {
        let imp = self.imp();
        let unread = self.object().is_some_and(|object| object.unread() > 0);
        if unread
            && imp.history.is_at_end()
            && imp.unconfirmed.get().is_none()
            && let Some(window) = imp.history.window().filter(|window| !window.has_newer())
            && let Some(last) = window.len().checked_sub(1).and_then(|index| window.get(index))
        {
            self.seen(last.id());
        }
    }

    pub(super) fn show_way_back(&self) {
        let unread = self.object().map_or(0, |object| object.unread());
        self.imp().history.set_unread(unread);
    }
}

/// Whether a change may be seen in the history of this conversation.
fn concerns(change: &Change, open: ConversationId) -> bool {
    match change {
        Change::MessageAdded(conversation, _)
        | Change::MessageChanged(conversation, _)
        | Change::MessageRemoved(conversation, _)
        | Change::Conversation(conversation)
        | Change::ConversationRemoved(conversation) => *conversation == open,
        Change::Everything => true,
        Change::Contact(_) | Change::Devices(_) | Change::Account => false,
    }
}

/// Opens the conversation, shows it, and then follows it.
async fn read(
    page: glib::WeakRef<ConversationPage>,
    object: ConversationObject,
    reader: ReaderHandle,
    queue: async_channel::Receiver<Job>,
    ready: Rc<Cell<bool>>,
) {
    let key = object.key();
    let (at, position) = {
        let Some(page) = page.upgrade() else { return };
        first_place(&page, &object)
    };
    let mut timeline = match Timeline::open(reader, key.conversation, at, day_number).await {
        Ok(timeline) => timeline,
        Err(error) => {
            tracing::warn!(%error, "a conversation could not be read");
            return;
        }
    };
    let window = {
        let Some(page) = page.upgrade() else { return };
        let window = HistoryWindow::new(timeline.items().to_vec(), false, false);
        set_reach(&window, &timeline, &object);
        page.imp().history.set_window(&window);
        ready.set(true);
        match page.imp().heading_for.take() {
            Some(message) => page.imp().history.jump_to(message),
            None => page.imp().history.restore(position),
        }
        page.imp().empty_page.set_visible(window.len() == 0);
        window
    };
    let mut asked_server = false;
    let mut rhythm = Pace::default();
    while let Ok(first) = queue.recv().await {
        if matches!(first, Job::Event(_)) {
            rhythm.wait().await;
        }
        let mut jobs = vec![first];
        jobs.extend(std::iter::from_fn(|| queue.try_recv().ok()));
        let mut events = Vec::new();
        for job in jobs {
            if let Job::Event(event) = job {
                events.push(event);
                continue;
            }
            take_events(&page, &mut timeline, &window, &object, &mut events, &mut asked_server).await;
            let diffs = match &job {
                Job::Older => timeline.older().await,
                Job::Newer => timeline.newer().await,
                Job::Jump(at) => timeline.jump(*at).await,
                Job::Reread => timeline.reread().await,
                Job::Event(_) => continue,
            };
            let came = show(&page, &timeline, &window, &object, diffs);
            let Some(page) = page.upgrade() else { return };
            match job {
                // What is not here may still be at the server.
                Job::Older if !came && timeline.reaches_start() => {
                    let complete = object.summary().conversation.history_complete;
                    if !complete && !std::mem::replace(&mut asked_server, true) {
                        page.bridge().tell(key.account, AccountCommand::LoadOlder(key.conversation));
                    }
                }
                Job::Older => page.imp().history.page_done(Edge::Older),
                Job::Newer => page.imp().history.page_done(Edge::Newer),
                _ => {}
            }
        }
        take_events(&page, &mut timeline, &window, &object, &mut events, &mut asked_server).await;
    }
}

async fn take_events(
    page: &glib::WeakRef<ConversationPage>,
    timeline: &mut Timeline,
    window: &HistoryWindow,
    object: &ConversationObject,
    events: &mut Vec<EventKind>,
    asked_server: &mut bool,
) {
    if events.is_empty() {
        return;
    }
    let before = window.len();
    let reading = page.upgrade().and_then(|page| match page.imp().history.position() {
        Position::End => None,
        Position::At { message, .. } => Some(message),
    });
    timeline.set_reading(reading);
    let diffs = timeline.handle_events(events.iter()).await;
    show(page, timeline, window, object, diffs);
    let answered = events.drain(..).any(|event| match event {
        EventKind::OlderLoaded(conversation) => conversation == object.key().conversation,
        // Now it may work.
        EventKind::Connection(ConnectionState::Online) => *asked_server,
        _ => false,
    });
    if answered {
        *asked_server = false;
        // If nothing came, asking again at once would bring nothing either.
        if window.len() > before
            && let Some(page) = page.upgrade()
        {
            page.imp().history.page_done(Edge::Older);
        }
    }
}

/// Applies differences. Says whether there were any.
fn show(
    page: &glib::WeakRef<ConversationPage>,
    timeline: &Timeline,
    window: &HistoryWindow,
    object: &ConversationObject,
    diffs: Result<Vec<Diff<TimelineItem>>, view::Error>,
) -> bool {
    let came = match diffs {
        Ok(diffs) => {
            let came = !diffs.is_empty();
            window.apply(diffs);
            came
        }
        Err(error) => {
            tracing::warn!(%error, "a conversation could not be read");
            false
        }
    };
    set_reach(window, timeline, object);
    if let Some(page) = page.upgrade() {
        page.imp().empty_page.set_visible(window.len() == 0);
        page.show_way_back();
    }
    came
}

fn set_reach(window: &HistoryWindow, timeline: &Timeline, object: &ConversationObject) {
    let complete = timeline.reaches_start() && object.summary().conversation.history_complete;
    window.set_reach(!complete, !timeline.reaches_end());
}

/// Where to open: where something was found, where the person was, or where the new messages
/// begin.
fn first_place(page: &ConversationPage, object: &ConversationObject) -> (At, Position) {
    let ConversationKey { account, conversation } = object.key();
    if let Some(message) = page.imp().heading_for.get() {
        return (At::Message(message), Position::End);
    }
    let position = page.imp().positions.borrow().of(account, conversation);
    if let Position::At { message, .. } = position {
        return (At::Message(message), position);
    }
    let summary = object.summary();
    match summary.conversation.read_up_to.filter(|_| summary.conversation.unread > 0) {
        Some(message) => (At::Message(message), Position::At { message, y: LAST_READ }),
        None => (At::Newest, Position::End),
    }
}

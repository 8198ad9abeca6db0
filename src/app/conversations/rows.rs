//! The list of conversations as a `GListModel` that follows the service.
//!
//! Everything that changes it goes through one queue and is worked off by one task, in order:
//! events, accounts that come and go, another filter. What waits is taken together, so a flood
//! of messages reads each conversation once. The objects live as long as their conversations:
//! one that moves keeps its object, and one that the filter hides is kept up to date for whoever
//! still shows it.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt,
    rc::Rc,
};

use gtk::{gio, glib, prelude::*};
use model::{AccountId, Change, Event, EventKind};
use session::Heard;
use view::{ConversationKey, ConversationList, ConversationRow, Diff, Filter};

use crate::{
    bridge::{Bridge, Listener},
    notifications,
    objects::ConversationObject,
    pace::Pace,
};

/// How often the words for times are made anew, in seconds.
const MINUTE: u32 = 60;

/// Clones are the same model.
#[derive(Clone)]
pub struct ConversationsModel(Rc<Inner>);

struct Inner {
    bridge: Bridge,
    store: gio::ListStore,
    jobs: async_channel::Sender<Job>,
    objects: RefCell<HashMap<ConversationKey, ConversationObject>>,
    /// Set while rows are moved: what is selected then means nothing.
    moving: Cell<bool>,
    changed: RefCell<Vec<Box<dyn Fn()>>>,
    listener: RefCell<Option<Listener>>,
}

enum Job {
    Event(Event),
    Add(AccountId),
    Remove(AccountId),
    Filter(Filter),
    Find(ConversationKey, async_channel::Sender<Option<ConversationObject>>),
}

impl ConversationsModel {
    /// Shows the conversations of every account, from now on.
    pub fn new(bridge: &Bridge) -> Self {
        let (jobs, queue) = async_channel::unbounded();
        let model = Self(Rc::new(Inner {
            bridge: bridge.clone(),
            store: gio::ListStore::new::<ConversationObject>(),
            jobs,
            objects: RefCell::default(),
            moving: Cell::default(),
            changed: RefCell::default(),
            listener: RefCell::default(),
        }));
        let weak = Rc::downgrade(&model.0);
        model.0.listener.replace(Some(bridge.listen(move |_, heard| {
            if let Some(inner) = weak.upgrade() {
                Self(inner).hear(heard);
            }
        })));
        model.read_accounts();
        model.keep_time();
        let weak = Rc::downgrade(&model.0);
        glib::spawn_future_local(async move {
            let mut list = ConversationList::new();
            let mut pace = Pace::default();
            while let Ok(first) = queue.recv().await {
                if matches!(first, Job::Event(_)) {
                    pace.wait().await;
                }
                let Some(inner) = weak.upgrade() else { break };
                let mut jobs = vec![first];
                jobs.extend(std::iter::from_fn(|| queue.try_recv().ok()));
                Self(inner).work(&mut list, jobs).await;
            }
        });
        model
    }

    /// The rows: [`ConversationObject`]s.
    pub fn rows(&self) -> &gio::ListStore {
        &self.0.store
    }

    /// Whether rows are being moved just now.
    pub fn is_moving(&self) -> bool {
        self.0.moving.get()
    }

    /// Shows other conversations.
    pub fn set_filter(&self, filter: Filter) {
        self.queue(Job::Filter(filter));
    }

    /// Calls `changed` after every change of the rows.
    pub fn connect_changed(&self, changed: impl Fn() + 'static) {
        self.0.changed.borrow_mut().push(Box::new(changed));
    }

    /// A conversation that may be hidden, or may just have been made.
    pub async fn find(&self, key: ConversationKey) -> Option<ConversationObject> {
        let (answer, answered) = async_channel::bounded(1);
        self.queue(Job::Find(key, answer));
        answered.recv().await.ok().flatten()
    }

    fn queue(&self, job: Job) {
        // It only fails when the task is gone, and with it everyone who would look.
        let _ = self.0.jobs.try_send(job);
    }

    fn hear(&self, heard: &Heard) {
        match heard {
            Heard::Lagged(_) => self.read_accounts(),
            Heard::Event(event) => match &event.kind {
                EventKind::AccountAdded => self.queue(Job::Add(event.account)),
                EventKind::AccountRemoved | EventKind::AccountUnavailable(_) => {
                    self.queue(Job::Remove(event.account));
                }
                _ => self.queue(Job::Event(event.clone())),
            },
        }
    }

    fn read_accounts(&self) {
        for account in self.0.bridge.account_objects() {
            self.queue(Job::Add(account.id()));
        }
    }

    /// "Yesterday" comes by itself, and a mute ends.
    fn keep_time(&self) {
        let weak = Rc::downgrade(&self.0);
        glib::timeout_add_seconds_local(MINUTE, move || {
            let Some(inner) = weak.upgrade() else { return glib::ControlFlow::Break };
            for object in inner.objects.borrow().values() {
                object.put_into_words();
            }
            glib::ControlFlow::Continue
        });
    }

    async fn work(&self, list: &mut ConversationList, jobs: Vec<Job>) {
        let mut events = Vec::new();
        for job in jobs {
            if let Job::Event(event) = job {
                events.push(event);
                continue;
            }
            self.take_events(list, &mut events).await;
            match job {
                Job::Add(account) => {
                    let Some(reader) = self.0.bridge.session().reader(account) else { continue };
                    let diffs = list.add_account(account, reader).await;
                    self.apply(list, diffs);
                }
                Job::Remove(account) => {
                    let diffs = list.remove_account(account);
                    self.0.objects.borrow_mut().retain(|key, _| key.account != account);
                    self.apply(list, Ok(diffs));
                }
                Job::Filter(filter) => {
                    let diffs = list.set_filter(filter);
                    self.apply(list, Ok(diffs));
                }
                Job::Find(key, answer) => {
                    let _ = answer.try_send(self.look_up(list, key).await);
                }
                Job::Event(_) => {}
            }
        }
        self.take_events(list, &mut events).await;
    }

    async fn take_events(&self, list: &mut ConversationList, events: &mut Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let diffs = list.handle_events(events.iter()).await;
        for event in events.drain(..) {
            if let EventKind::Changed { change: Change::ConversationRemoved(conversation), .. } = event.kind {
                let key = ConversationKey { account: event.account, conversation };
                self.0.objects.borrow_mut().remove(&key);
            }
        }
        self.apply(list, diffs);
    }

    async fn look_up(&self, list: &ConversationList, key: ConversationKey) -> Option<ConversationObject> {
        if let Some(summary) = list.get(key) {
            return Some(self.object(&ConversationRow { key, summary: summary.clone() }));
        }
        // Its event is still on the way.
        let reader = self.0.bridge.session().reader(key.account)?;
        let summary = reader.conversation(key.conversation).await.ok()??;
        Some(self.object(&ConversationRow { key, summary }))
    }

    fn apply(&self, list: &ConversationList, diffs: Result<Vec<Diff<ConversationRow>>, view::Error>) {
        match diffs {
            Ok(diffs) => {
                self.0.moving.set(true);
                for diff in diffs {
                    self.step(diff);
                }
                self.0.moving.set(false);
            }
            Err(error) => tracing::warn!(%error, "the conversations could not be read"),
        }
        self.refresh_hidden(list);
        for changed in self.0.changed.borrow().iter() {
            changed();
        }
    }

    fn step(&self, diff: Diff<ConversationRow>) {
        let store = &self.0.store;
        let objects = |rows: &[ConversationRow]| rows.iter().map(|row| self.object(row)).collect::<Vec<_>>();
        match diff {
            Diff::Insert { index, items } => store.splice(index as u32, 0, &objects(&items)),
            Diff::Remove { index, count } => {
                store.splice(index as u32, count as u32, &[] as &[ConversationObject]);
            }
            Diff::Update { item, .. } => {
                self.object(&item);
            }
            Diff::Reset(rows) => store.splice(0, store.n_items(), &objects(&rows)),
        }
    }

    /// The object of a conversation, up to date.
    fn object(&self, row: &ConversationRow) -> ConversationObject {
        let known = self.0.objects.borrow().get(&row.key).cloned();
        if let Some(object) = known {
            self.update(&object, row);
            return object;
        }
        let object = ConversationObject::new(row);
        self.0.objects.borrow_mut().insert(row.key, object.clone());
        self.paint(&object);
        object
    }

    fn update(&self, object: &ConversationObject, row: &ConversationRow) {
        if object.unread() > 0 && row.summary.conversation.unread == 0 {
            // Read here, or on another device.
            notifications::withdraw(row.key);
        }
        if object.update(&row.summary) {
            self.paint(object);
        }
    }

    /// Those that the filter hides get no differences.
    fn refresh_hidden(&self, list: &ConversationList) {
        let objects: Vec<_> = self.0.objects.borrow().values().cloned().collect();
        for object in objects {
            let key = object.key();
            if let Some(summary) = list.get(key) {
                self.update(&object, &ConversationRow { key, summary: summary.clone() });
            }
        }
    }

    fn paint(&self, object: &ConversationObject) {
        let bridge = self.0.bridge.clone();
        let object = object.clone();
        glib::spawn_future_local(async move {
            let hash = object.picture_hash();
            let picture = match &hash {
                Some(hash) => bridge.pictures().load(&bridge, object.account(), hash).await,
                None => None,
            };
            if object.picture_hash() == hash {
                object.set_picture(picture);
            }
        });
    }
}

impl fmt::Debug for ConversationsModel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ConversationsModel").finish_non_exhaustive()
    }
}

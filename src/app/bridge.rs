//! The bridge to the service.
//!
//! `session` works on threads of its own; here everything runs on the main loop. Commands are
//! sent and forgotten, questions are awaited by whoever shows that someone waits, and what
//! happened is handed to every listener in the order it happened. A listener reads the disk
//! again through `view` or a reader; the bridge itself keeps only the list of accounts, because
//! every screen wants it.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt,
    rc::{Rc, Weak},
};

use adw::prelude::*;
use gtk::{gio, glib};
use model::{
    AccountCommand, AccountId, Answer, BareJid, Change, Command, Event, EventKind, Failure, Request, Show,
};
use session::{Condition, Heard, Session};

use crate::{
    files::{FilePictures, FileSounds},
    objects::AccountObject,
    pictures::Pictures,
    player::Player,
};

type Listen = dyn Fn(&Bridge, &Heard);

/// The service and what every screen needs of it. Clones are the same bridge.
#[derive(Clone)]
pub struct Bridge(Rc<Inner>);

struct Inner {
    session: Session,
    accounts: gio::ListStore,
    pictures: Pictures,
    file_pictures: FilePictures,
    file_sounds: FileSounds,
    player: Player,
    /// Who is online. It is on no disk; `view` keeps it for conversations only.
    presence: RefCell<HashMap<(AccountId, BareJid), Show>>,
    listeners: RefCell<Vec<(u64, Rc<Listen>)>>,
    next_listener: Cell<u64>,
}

impl Bridge {
    /// Begins to listen to a service.
    pub fn new(session: Session) -> Self {
        // Events first, so that nothing falls between them and the list.
        let mut events = session.events();
        let bridge = Self(Rc::new(Inner {
            pictures: Pictures::new(),
            file_pictures: FilePictures::default(),
            file_sounds: FileSounds::default(),
            player: Player::default(),
            presence: RefCell::default(),
            accounts: gio::ListStore::new::<AccountObject>(),
            listeners: RefCell::default(),
            next_listener: Cell::default(),
            session,
        }));
        bridge.read_accounts();
        let weak = Rc::downgrade(&bridge.0);
        glib::spawn_future_local(async move {
            while let Some(heard) = events.next().await {
                let Some(inner) = weak.upgrade() else { break };
                Self(inner).hear(&heard);
            }
        });
        bridge
    }

    /// Wants something done by one account.
    pub fn tell(&self, account: AccountId, command: AccountCommand) {
        self.0.session.send(Command::Account(account, command));
    }

    /// Wants something done.
    pub fn send(&self, command: Command) {
        self.0.session.send(command);
    }

    /// Asks what a person waits for. Dropping the future withdraws the question.
    pub async fn ask(&self, request: Request) -> Result<Answer, Failure> {
        self.0.session.ask(request).await
    }

    /// The service itself: for its readers.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// The accounts on this device: [`AccountObject`]s.
    pub fn accounts(&self) -> &gio::ListStore {
        &self.0.accounts
    }

    /// One account.
    pub fn account(&self, id: AccountId) -> Option<AccountObject> {
        self.account_objects().find(|account| account.id() == id)
    }

    /// Every account.
    pub fn account_objects(&self) -> impl Iterator<Item = AccountObject> + use<> {
        self.0.accounts.iter::<AccountObject>().flatten().collect::<Vec<_>>().into_iter()
    }

    /// Pictures of people.
    pub fn pictures(&self) -> &Pictures {
        &self.0.pictures
    }

    /// Pictures in messages.
    pub fn file_pictures(&self) -> &FilePictures {
        &self.0.file_pictures
    }

    /// Sounds in messages.
    pub fn file_sounds(&self) -> &FileSounds {
        &self.0.file_sounds
    }

    /// What plays them.
    pub fn player(&self) -> &Player {
        &self.0.player
    }

    /// How available someone is.
    pub fn presence(&self, account: AccountId, address: &BareJid) -> Show {
        // Without a connection, what was heard last says nothing about now.
        if !self.account(account).is_some_and(|account| account.is_online()) {
            return Show::Offline;
        }
        self.0.presence.borrow().get(&(account, address.clone())).copied().unwrap_or_default()
    }

    /// Calls `listen` for everything that happens, until the answer is dropped.
    #[must_use]
    pub fn listen(&self, listen: impl Fn(&Self, &Heard) + 'static) -> Listener {
        let number = self.0.next_listener.get();
        self.0.next_listener.set(number + 1);
        self.0.listeners.borrow_mut().push((number, Rc::new(listen)));
        Listener { number, inner: Rc::downgrade(&self.0) }
    }

    fn hear(&self, heard: &Heard) {
        match heard {
            Heard::Event(event) => self.hear_of_account(event),
            Heard::Lagged(lost) => {
                tracing::info!(lost, "events came faster than they were shown");
                self.read_accounts();
            }
        }
        // A listener may add or drop others, so nothing is borrowed while it runs.
        let listeners: Vec<_> =
            self.0.listeners.borrow().iter().map(|(_, listen)| Rc::clone(listen)).collect();
        for listen in listeners {
            listen(self, heard);
        }
    }

    fn hear_of_account(&self, event: &Event) {
        match &event.kind {
            EventKind::AccountAdded | EventKind::AccountRemoved => self.read_accounts(),
            EventKind::AccountUnavailable(failure) => {
                // It may be new: it was never opened, so it was never added.
                self.read_accounts();
                if let Some(account) = self.account(event.account) {
                    account.set_condition(Condition::Unavailable(failure.clone()));
                }
            }
            EventKind::Presence(address, presence) => {
                self.0.presence.borrow_mut().insert((event.account, address.clone()), presence.show);
            }
            EventKind::Connection(state) => {
                if let Some(account) = self.account(event.account) {
                    account.set_condition(Condition::Open(state.clone()));
                }
            }
            EventKind::Changed { change: Change::Account | Change::Everything, .. } => {
                if let Some(account) = self.account(event.account) {
                    self.read_profile(&account);
                }
            }
            _ => {}
        }
    }

    /// Brings the list of accounts up to date, keeping the objects of those that stay.
    fn read_accounts(&self) {
        let mut known = self.0.session.accounts();
        known.sort_by(|a, b| a.address.cmp(&b.address));
        let list = &self.0.accounts;
        for position in (0..list.n_items()).rev() {
            let id = list.item(position).and_downcast::<AccountObject>().map(|account| account.id());
            if !known.iter().any(|info| Some(info.id) == id) {
                list.remove(position);
            }
        }
        for info in known {
            let account = self.account(info.id).unwrap_or_else(|| {
                let account = AccountObject::new(info.id);
                list.append(&account);
                account
            });
            if let Some(address) = info.address {
                account.take_address(&address);
            }
            account.set_condition(info.condition);
            self.read_profile(&account);
        }
    }

    fn read_profile(&self, account: &AccountObject) {
        let Some(reader) = self.0.session.reader(account.id()) else { return };
        let bridge = self.clone();
        let account = account.clone();
        glib::spawn_future_local(async move {
            let Ok(Some(profile)) = reader.account().await else { return };
            account.take_profile(profile.nickname, &profile.settings, profile.availability);
            let picture = match &profile.avatar {
                Some(hash) => bridge.pictures().load(&bridge, account.id(), hash).await,
                None => None,
            };
            account.set_picture(picture);
        });
    }
}

impl fmt::Debug for Bridge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Bridge").finish_non_exhaustive()
    }
}

/// Keeps a listener; dropping it ends the listening.
#[derive(Debug)]
pub struct Listener {
    number: u64,
    inner: Weak<Inner>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Inner").finish_non_exhaustive()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.upgrade() {
            inner.listeners.borrow_mut().retain(|(number, _)| *number != self.number);
        }
    }
}

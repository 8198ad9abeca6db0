//! The one quiet banner above the list: what is wrong with a connection, what is being done
//! about it, and the one thing a person can do.

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{
    AccountCommand, Change, ConnectionState, EventKind, Failure, KeyFailure, Redacted, Request, Timestamp,
};
use session::{Condition, Heard};

use super::Conversations;
use crate::{
    bridge::Bridge,
    failure,
    i18n::{gettext, gettext_f, ngettext_f},
    objects::AccountObject,
    passphrase, time_words,
};

/// What the button of the banner does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    TryNow,
    Connect,
    EnterPassword,
    Unlock,
    Reopen,
}

struct Trouble {
    account: AccountObject,
    words: String,
    remedy: Remedy,
    /// When the words are no longer true by themselves.
    counts_down: bool,
}

impl Conversations {
    pub(super) fn watch_trouble(&self, bridge: &Bridge) {
        let page = self.downgrade();
        let listener = bridge.listen(move |_, heard| {
            if let Some(page) = page.upgrade().filter(|_| concerns_accounts(heard)) {
                page.show_trouble();
            }
        });
        self.imp().listener.replace(Some(listener));
        gio::NetworkMonitor::default().connect_network_changed(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_, _| page.show_trouble()
        ));
        self.show_trouble();
    }

    fn show_trouble(&self) {
        let imp = self.imp();
        let trouble = self.worst_trouble();
        imp.banner.set_revealed(trouble.is_some());
        if let Some(trouble) = &trouble {
            imp.banner.set_title(&trouble.words);
            imp.banner.set_use_markup(false);
            imp.banner.set_button_label(Some(&trouble.remedy.label()));
        }
        self.keep_counting(trouble.is_some_and(|trouble| trouble.counts_down));
    }

    /// What cannot be read comes first, then what needs the person, then what mends itself.
    fn worst_trouble(&self) -> Option<Trouble> {
        self.bridge().account_objects().filter_map(trouble).min_by_key(|trouble| match trouble.remedy {
            Remedy::Unlock | Remedy::Reopen => 0,
            Remedy::EnterPassword => 1,
            Remedy::Connect => 2,
            Remedy::TryNow => 3,
        })
    }

    fn keep_counting(&self, on: bool) {
        let mut countdown = self.imp().countdown.borrow_mut();
        if on && countdown.is_none() {
            let page = self.downgrade();
            *countdown = Some(glib::timeout_add_seconds_local(1, move || {
                if let Some(page) = page.upgrade() {
                    page.show_trouble();
                }
                glib::ControlFlow::Continue
            }));
        } else if !on && let Some(source) = countdown.take() {
            source.remove();
        }
    }

    /// The person pressed the button of the banner.
    pub(super) fn mend_trouble(&self) {
        let Some(trouble) = self.worst_trouble() else { return };
        let window = self.root().and_downcast::<adw::ApplicationWindow>();
        if window.is_some_and(|window| window.visible_dialog().is_some()) {
            return;
        }
        let bridge = self.bridge().clone();
        let page = self.clone();
        let id = trouble.account.id();
        let name = trouble.account.address();
        match trouble.remedy {
            Remedy::TryNow => bridge.tell(id, AccountCommand::TryNow),
            Remedy::Connect => bridge.tell(id, AccountCommand::Connect),
            Remedy::Reopen => {
                glib::spawn_future_local(async move {
                    // If it cannot be opened this time either, an event says so.
                    let _ = bridge.ask(Request::Reopen(id)).await;
                });
            }
            Remedy::EnterPassword => {
                glib::spawn_future_local(async move {
                    if let Some(password) = passphrase::ask_password(&page, &name).await {
                        bridge.tell(id, AccountCommand::EnterPassword(Redacted(password)));
                    }
                });
            }
            Remedy::Unlock => {
                glib::spawn_future_local(async move {
                    let mut was_wrong = false;
                    while let Some(secret) = passphrase::ask(&page, &name, was_wrong).await {
                        match bridge.ask(Request::Unlock(id, secret)).await {
                            Err(Failure::Key(KeyFailure::WrongPassphrase)) => was_wrong = true,
                            _ => break,
                        }
                    }
                });
            }
        }
    }
}

/// Whether anything about an account itself may have changed.
fn concerns_accounts(heard: &Heard) -> bool {
    match heard {
        Heard::Lagged(_) => true,
        Heard::Event(event) => matches!(
            event.kind,
            EventKind::AccountAdded
                | EventKind::AccountRemoved
                | EventKind::AccountUnavailable(_)
                | EventKind::Connection(_)
                | EventKind::Changed { change: Change::Account | Change::Everything, .. }
        ),
    }
}

impl Remedy {
    fn label(self) -> String {
        match self {
            Self::TryNow | Self::Connect | Self::Reopen => gettext("Try Now"),
            Self::EnterPassword => gettext("Enter Password"),
            Self::Unlock => gettext("Unlock"),
        }
    }
}

fn trouble(account: AccountObject) -> Option<Trouble> {
    let server = account.server();
    let sentence = |failure: &Failure| failure::explain(failure, &server).sentence();
    let (words, remedy, counts_down) = match account.condition() {
        Condition::Unavailable(
            failure @ Failure::Key(KeyFailure::PassphraseNeeded | KeyFailure::WrongPassphrase),
        ) => (sentence(&failure), Remedy::Unlock, false),
        Condition::Unavailable(failure) => (sentence(&failure), Remedy::Reopen, false),
        Condition::Open(ConnectionState::Stopped(failure @ Failure::WrongPassword)) => {
            (sentence(&failure), Remedy::EnterPassword, false)
        }
        Condition::Open(ConnectionState::Stopped(failure)) => (sentence(&failure), Remedy::Connect, false),
        Condition::Open(ConnectionState::Waiting { failure, retry_at }) => {
            if gio::NetworkMonitor::default().is_network_available() {
                (waiting(&failure, &server, retry_at), Remedy::TryNow, true)
            } else {
                (gettext("No network. Messages are sent when it is back."), Remedy::TryNow, false)
            }
        }
        _ => return None,
    };
    Some(Trouble { account, words, remedy, counts_down })
}

fn waiting(failure: &Failure, server: &str, retry_at: Timestamp) -> String {
    let what = failure::explain(failure, server).title;
    let seconds = (retry_at.0 - time_words::now().0).div_euclid(1000);
    let when = if seconds < 1 {
        gettext("Trying again…")
    } else {
        ngettext_f("Trying again in {n} second.", "Trying again in {n} seconds.", seconds as u32, &[])
    };
    gettext_f("{what} {when}", &[("what", &what), ("when", &when)])
}

//! What the desktop is asked for while the user is in a call: to stay awake, and that other players pause.

use std::{cell::RefCell, rc::Rc};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::Call;

use super::{CallDesk, media_keys};
use crate::i18n::gettext;

pub(super) const PLAYERS: &str = "org.mpris.MediaPlayer2.";
pub(super) const PATH: &str = "/org/mpris/MediaPlayer2";
pub(super) const PLAYER: &str = "org.mpris.MediaPlayer2.Player";
/// A player that does not answer in so many milliseconds is left alone.
const PATIENCE: i32 = 2_000;

impl CallDesk {
    /// Keeps the device awake during a call, and the screen on during one with video.
    pub(super) fn keep_awake(&self, current: Option<&Call>) {
        let imp = self.imp();
        let Some(app) = imp.app.upgrade() else { return };
        match (current, imp.inhibited.get()) {
            (Some(call), None) => {
                let mut flags = gtk::ApplicationInhibitFlags::SUSPEND;
                if call.video {
                    flags |= gtk::ApplicationInhibitFlags::IDLE;
                }
                let cookie =
                    app.inhibit(app.active_window().as_ref(), flags, Some(&gettext("A call is under way")));
                // Zero: this desktop knows nothing of it.
                imp.inhibited.set(Some(cookie));
            }
            (None, Some(cookie)) => {
                if cookie != 0 {
                    app.uninhibit(cookie);
                }
                imp.inhibited.set(None);
            }
            _ => {}
        }
    }
}

/// Other programs that play (MPRIS). Those that were paused for a call go on after it.
#[derive(Clone, Debug, Default)]
pub struct OtherPlayers(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    is_wanted: bool,
    paused: Vec<String>,
}

impl OtherPlayers {
    /// Pauses what plays, or lets it go on.
    pub fn pause(&self, wanted: bool) {
        if std::mem::replace(&mut self.0.borrow_mut().is_wanted, wanted) == wanted {
            return;
        }
        let others = self.clone();
        glib::spawn_future_local(async move {
            let Ok(bus) = gio::bus_get_future(gio::BusType::Session).await else { return };
            if wanted {
                others.pause_all(&bus).await;
            } else {
                let paused = std::mem::take(&mut others.0.borrow_mut().paused);
                for name in paused {
                    tell(&bus, &name, "Play").await;
                }
            }
        });
    }

    async fn pause_all(&self, bus: &gio::DBusConnection) {
        let names = bus.call_future(
            Some("org.freedesktop.DBus"),
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "ListNames",
            None,
            glib::VariantTy::new("(as)").ok(),
            gio::DBusCallFlags::NONE,
            PATIENCE,
        );
        let names = names.await.ok().and_then(|answer| answer.get::<(Vec<String>,)>());
        let own = media_keys::name();
        let players = names
            .into_iter()
            .flat_map(|(names,)| names)
            .filter(|name| name.starts_with(PLAYERS) && *name != own);
        for name in players {
            // The call may have ended while one was asked.
            if self.0.borrow().is_wanted && plays(bus, &name).await && tell(bus, &name, "Pause").await {
                self.0.borrow_mut().paused.push(name);
            }
        }
    }
}

async fn plays(bus: &gio::DBusConnection, name: &str) -> bool {
    let answer = bus.call_future(
        Some(name),
        PATH,
        "org.freedesktop.DBus.Properties",
        "Get",
        Some(&(PLAYER, "PlaybackStatus").to_variant()),
        glib::VariantTy::new("(v)").ok(),
        gio::DBusCallFlags::NO_AUTO_START,
        PATIENCE,
    );
    let status = answer.await.ok().and_then(|answer| answer.child_value(0).as_variant()?.get::<String>());
    status.as_deref() == Some("Playing")
}

async fn tell(bus: &gio::DBusConnection, name: &str, method: &str) -> bool {
    let flags = gio::DBusCallFlags::NO_AUTO_START;
    bus.call_future(Some(name), PATH, PLAYER, method, None, None, flags, PATIENCE).await.is_ok()
}

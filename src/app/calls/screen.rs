//! Showing one's screen in a call: the desktop has the person choose what, and either side may end it.

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{Call, CallCommand, Command, MediaKind};
use view::CallKey;

use super::{CallDesk, media};
use crate::portals::{camera, screen_cast};

impl CallDesk {
    /// Has the person choose what to show in this call, and shows it.
    pub(super) fn share_screen(&self, key: CallKey) {
        let imp = self.imp();
        if imp.asks_for_screen.replace(true) {
            return;
        }
        let desk = self.clone();
        let weak = self.downgrade();
        glib::spawn_future_local(async move {
            let imp = desk.imp();
            let chosen = screen_cast::choose(move || {
                if let Some(desk) = weak.upgrade() {
                    desk.stop_sharing(key);
                }
            });
            let chosen = chosen.await;
            imp.asks_for_screen.set(false);
            // The call may be over by now.
            if let Some(screen) = chosen.filter(|_| imp.calls.borrow().current() == Some(key)) {
                imp.screen.replace(Some(screen));
                desk.tell_devices();
                desk.tell(key, CallCommand::Send(MediaKind::Screen, true));
            }
        });
    }

    /// The screen is shown no more.
    pub(super) fn stop_sharing(&self, key: CallKey) {
        if self.imp().screen.take().is_some() {
            self.tell(key, CallCommand::Send(MediaKind::Screen, false));
            self.tell_devices();
        }
    }

    /// The call is otherwise than it was: the desktop hears if nobody looks at the screen any more.
    pub(super) fn follow_screen(&self, before: Option<&Call>, now: &Call) {
        let is_over = matches!(view::Stage::of(now), view::Stage::Over(_));
        let was_shown = before.is_some_and(|before| before.screen);
        if (is_over || was_shown && !now.screen) && self.imp().screen.take().is_some() {
            self.tell_devices();
        }
    }

    /// Does something for which a camera is wanted, after the desktop was asked for one if it must be: with it, or without.
    pub(super) fn with_camera(&self, act: impl FnOnce(&Self, bool) + 'static) {
        if !camera::is_needed() {
            return act(self, true);
        }
        let desk = self.clone();
        glib::spawn_future_local(async move {
            let has_camera = camera::ask().await;
            desk.tell_devices();
            act(&desk, has_camera);
        });
    }

    /// Tells calls which devices to use.
    pub(super) fn tell_devices(&self) {
        let mut devices = media::chosen(self.settings());
        devices.screen = self.imp().screen.borrow().as_ref().map(|screen| screen.stream.clone());
        self.bridge().send(Command::SetCallDevices(devices));
    }
}

//! Keys of keyboards and buttons of headsets: desktops hand them to whoever plays (MPRIS), and while there is a call that is us.
//!
//! What plays is paused for a call, so nobody else wants them then. *Play* takes a call that rings, or turns the microphone on
//! again; *pause* turns it off; *stop* ends the call. Desktops may show who plays, also where the screen is locked: they are
//! told that it is a call, and not with whom.

use std::{cell::RefCell, rc::Rc};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{Call, CallCommand, MediaKind};
use view::{CallKey, Stage};

use super::{CallDesk, desktop};
use crate::{APP_ID, i18n::gettext};

const FACES: &str = r#"<node>
<interface name="org.mpris.MediaPlayer2">
  <property name="Identity" type="s" access="read"/>
  <property name="DesktopEntry" type="s" access="read"/>
  <property name="CanQuit" type="b" access="read"/>
  <property name="CanRaise" type="b" access="read"/>
  <property name="HasTrackList" type="b" access="read"/>
  <property name="SupportedUriSchemes" type="as" access="read"/>
  <property name="SupportedMimeTypes" type="as" access="read"/>
  <method name="Raise"/>
  <method name="Quit"/>
</interface>
<interface name="org.mpris.MediaPlayer2.Player">
  <property name="PlaybackStatus" type="s" access="read"/>
  <property name="Metadata" type="a{sv}" access="read"/>
  <property name="CanControl" type="b" access="read"/>
  <property name="CanPlay" type="b" access="read"/>
  <property name="CanPause" type="b" access="read"/>
  <property name="CanSeek" type="b" access="read"/>
  <property name="CanGoNext" type="b" access="read"/>
  <property name="CanGoPrevious" type="b" access="read"/>
  <method name="Play"/>
  <method name="Pause"/>
  <method name="PlayPause"/>
  <method name="Stop"/>
</interface>
</node>"#;

/// By what name keys find us.
pub fn name() -> String {
    format!("{}{APP_ID}", desktop::PLAYERS)
}

/// Takes keys until it is dropped.
#[derive(Debug)]
pub struct MediaKeys {
    bus: gio::DBusConnection,
    owner: Option<gio::OwnerId>,
    faces: Vec<gio::RegistrationId>,
    /// Whether something is heard of us.
    plays: Rc<RefCell<bool>>,
}

impl MediaKeys {
    fn begin(desk: &CallDesk, bus: &gio::DBusConnection) -> Result<Self, glib::Error> {
        let plays = Rc::new(RefCell::new(false));
        let described = gio::DBusNodeInfo::for_xml(FACES)?;
        let mut keys = Self { bus: bus.clone(), owner: None, faces: Vec::new(), plays: plays.clone() };
        for face in ["org.mpris.MediaPlayer2", desktop::PLAYER] {
            let Some(face) = described.lookup_interface(face) else { continue };
            let (desk, plays) = (desk.downgrade(), plays.clone());
            let registered = bus.register_object(desktop::PATH, &face);
            let registered = registered.property(move |_, _, _, _, name| property(name, *plays.borrow()));
            let registered = registered.method_call(move |_, _, _, _, method, _, call| {
                if let Some(desk) = desk.upgrade() {
                    desk.key_pressed(method);
                }
                call.return_value(None);
            });
            keys.faces.push(registered.build()?);
        }
        let flags = gio::BusNameOwnerFlags::NONE;
        keys.owner = Some(gio::bus_own_name_on_connection(bus, &name(), flags, |_, _| (), |_, _| ()));
        Ok(keys)
    }

    /// Whether something is heard of us: keys that are one for play and pause go by that.
    fn set_plays(&self, plays: bool) {
        if self.plays.replace(plays) == plays {
            return;
        }
        let changed = glib::VariantDict::default();
        changed.insert_value("PlaybackStatus", &property("PlaybackStatus", plays));
        let told = glib::Variant::tuple_from_iter([
            desktop::PLAYER.to_variant(),
            changed.end(),
            Vec::<String>::new().to_variant(),
        ]);
        let told = self.bus.emit_signal(
            None,
            desktop::PATH,
            "org.freedesktop.DBus.Properties",
            "PropertiesChanged",
            Some(&told),
        );
        if let Err(error) = told {
            tracing::debug!(%error, "keys do not learn how a call is");
        }
    }
}

impl Drop for MediaKeys {
    fn drop(&mut self) {
        if let Some(owner) = self.owner.take() {
            gio::bus_unown_name(owner);
        }
        for face in self.faces.drain(..) {
            // It is there for as long as it is kept here.
            let _ = self.bus.unregister_object(face);
        }
    }
}

fn property(name: &str, plays: bool) -> glib::Variant {
    match name {
        "Identity" => glib::application_name().unwrap_or_default().to_variant(),
        "DesktopEntry" => APP_ID.to_variant(),
        "PlaybackStatus" => (if plays { "Playing" } else { "Paused" }).to_variant(),
        "Metadata" => {
            let metadata = glib::VariantDict::default();
            metadata.insert("xesam:title", gettext("Call"));
            metadata.end()
        }
        "SupportedUriSchemes" | "SupportedMimeTypes" => Vec::<String>::new().to_variant(),
        name => matches!(name, "CanRaise" | "CanControl" | "CanPlay" | "CanPause").to_variant(),
    }
}

impl CallDesk {
    /// The call that keys are for: the one the user is in, or one that rings aloud.
    fn call_for_keys(&self) -> Option<(CallKey, Call)> {
        let calls = self.imp().calls.borrow();
        let key = calls.current().or_else(|| calls.ringing())?;
        Some((key, calls.call(key)?.clone()))
    }

    /// Takes keys while there is a call.
    pub(super) fn follow_keys(&self) {
        let imp = self.imp();
        let Some((_, call)) = self.call_for_keys() else {
            imp.keys.take();
            return;
        };
        if let Some(keys) = &*imp.keys.borrow() {
            return keys.set_plays(Stage::of(&call).is_in() && call.microphone);
        }
        let desk = self.clone();
        glib::spawn_future_local(async move {
            let Ok(bus) = gio::bus_get_future(gio::BusType::Session).await else { return };
            // It may be over by now, or have been asked for twice.
            if desk.call_for_keys().is_none() || desk.imp().keys.borrow().is_some() {
                return;
            }
            match MediaKeys::begin(&desk, &bus) {
                Ok(keys) => {
                    desk.imp().keys.replace(Some(keys));
                    desk.follow_keys();
                }
                Err(error) => tracing::info!(%error, "keys of keyboards do not reach calls"),
            }
        });
    }

    fn key_pressed(&self, method: &str) {
        let Some((key, call)) = self.call_for_keys() else { return };
        let rings = Stage::of(&call) == Stage::Incoming;
        match method {
            "Raise" => self.open(key),
            "Stop" => self.tell(key, CallCommand::HangUp),
            "Play" | "PlayPause" if rings => self.accept(key),
            "Play" => self.tell(key, CallCommand::Send(MediaKind::Audio, true)),
            "Pause" if !rings => self.tell(key, CallCommand::Send(MediaKind::Audio, false)),
            "PlayPause" => self.tell(key, CallCommand::Send(MediaKind::Audio, !call.microphone)),
            _ => {}
        }
    }
}

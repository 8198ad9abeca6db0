//! Portals of the desktop: what a program may have only if the person allows it, as a screen or, in a sandbox, a camera.
//!
//! A portal answers later, by a signal of an object that stands for the question; the signal is listened for before the question
//! is put. What is handed over is a connection to PipeWire that leads to nothing but what was allowed.

pub mod camera;
pub mod screen_cast;

use std::sync::Arc;

use gtk::{
    gio::{self, prelude::*},
    glib,
};
use model::PictureStream;

const NAME: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const REQUEST: &str = "org.freedesktop.portal.Request";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// How long a portal may take to take a question, in milliseconds. The person's answer may take as long as it does.
const PATIENCE: i32 = 10_000;
const NO_FLAGS: gio::DBusCallFlags = gio::DBusCallFlags::NONE;

/// One of the portals.
#[derive(Clone, Debug)]
struct Portal {
    bus: gio::DBusConnection,
    interface: &'static str,
}

impl Portal {
    async fn new(interface: &'static str) -> Option<Self> {
        let bus = gio::bus_get_future(gio::BusType::Session).await.ok()?;
        Some(Self { bus, interface })
    }

    /// What it says of itself. `None`: there is no such portal.
    async fn properties(&self) -> Option<glib::VariantDict> {
        let asked = (self.interface,).to_variant();
        let answer = self.bus.call_future(
            Some(NAME),
            PATH,
            PROPERTIES,
            "GetAll",
            Some(&asked),
            glib::VariantTy::new("(a{sv})").ok(),
            NO_FLAGS,
            PATIENCE,
        );
        let properties = answer.await.ok()?;
        Some(glib::VariantDict::new(Some(&properties.child_value(0))))
    }

    /// Asks for something, and waits until it was decided. `None`: it is not wanted, or cannot be had.
    async fn ask(
        &self,
        method: &str,
        arguments: Vec<glib::Variant>,
        options: glib::VariantDict,
    ) -> Option<glib::VariantDict> {
        let token = token();
        let own = self.bus.unique_name()?.trim_start_matches(':').replace('.', "_");
        let path = format!("{PATH}/request/{own}/{token}");
        let (tell, told) = async_channel::bounded(1);
        let flags = gio::DBusSignalFlags::NONE;
        let gone = told.clone();
        let _listening = [
            self.bus.subscribe_to_signal(
                Some(NAME),
                Some(REQUEST),
                Some("Response"),
                Some(&path),
                None,
                flags,
                move |signal| {
                    let _ = tell.try_send(signal.parameters.clone());
                },
            ),
            // It ended, and answers no more.
            self.bus.subscribe_to_signal(
                Some("org.freedesktop.DBus"),
                Some("org.freedesktop.DBus"),
                Some("NameOwnerChanged"),
                None,
                Some(NAME),
                flags,
                move |_| {
                    gone.close();
                },
            ),
        ];
        options.insert("handle_token", &token);
        let arguments = glib::Variant::tuple_from_iter(arguments.into_iter().chain([options.end()]));
        let asked = self.bus.call_future(
            Some(NAME),
            PATH,
            self.interface,
            method,
            Some(&arguments),
            None,
            NO_FLAGS,
            PATIENCE,
        );
        if let Err(error) = asked.await {
            tracing::info!(%error, method, "a portal does not take a question");
            return None;
        }
        let answer = told.recv().await.ok()?;
        // Anything but zero: the person does not want it, or it failed.
        let is_granted = answer.child_value(0).get::<u32>() == Some(0);
        is_granted.then(|| glib::VariantDict::new(Some(&answer.child_value(1))))
    }

    /// Has a connection to PipeWire handed over.
    async fn remote(&self, arguments: Vec<glib::Variant>) -> Option<PictureStream> {
        let options = glib::VariantDict::default().end();
        let arguments = glib::Variant::tuple_from_iter(arguments.into_iter().chain([options]));
        let handed = self.bus.call_with_unix_fd_list_future(
            Some(NAME),
            PATH,
            self.interface,
            "OpenPipeWireRemote",
            Some(&arguments),
            glib::VariantTy::new("(h)").ok(),
            NO_FLAGS,
            PATIENCE,
            gio::UnixFDList::NONE,
        );
        let (handle, files) = handed.await.ok()?;
        let handle = handle.child_value(0).get::<glib::variant::Handle>()?;
        let remote = files?.get(handle.0).ok()?;
        Some(PictureStream { remote: Arc::new(remote), node: None })
    }
}

/// Whether there is what looks at what is handed over. To look for it for the first time takes a while.
async fn can_take_streams() -> bool {
    gio::spawn_blocking(session::can_take_streams).await.unwrap_or(false)
}

/// A name that no other question has.
fn token() -> String {
    format!("starling{:016x}", rand::random::<u64>())
}

//! The portal by which a person shows a screen or a window: they choose it, and the desktop hands it over.

use gtk::{
    gio::{self, prelude::*},
    glib::{self, variant::ObjectPath},
};
use model::PictureStream;

use super::{NAME, NO_FLAGS, PATIENCE, Portal, can_take_streams, token};

const INTERFACE: &str = "org.freedesktop.portal.ScreenCast";
const SESSION: &str = "org.freedesktop.portal.Session";
/// A whole screen, and a single window.
const SOURCES: u32 = 1 | 2;
/// The pointer is painted into the picture.
const WITH_POINTER: u32 = 2;

/// A screen or window that the person chose. Nobody looks at it any more when this is dropped.
#[derive(Debug)]
pub struct SharedScreen {
    /// What it shows.
    pub stream: PictureStream,
    _session: Session,
}

/// Whether this desktop lets a screen be seen, and there is what could look.
pub async fn is_there() -> bool {
    can_take_streams().await && !matches!(find().await, None | Some((_, 0, _)))
}

/// The portal, the sources it has, and the ways it shows the pointer.
async fn find() -> Option<(Portal, u32, u32)> {
    let portal = Portal::new(INTERFACE).await?;
    let properties = portal.properties().await?;
    let number = |name| properties.lookup::<u32>(name).ok().flatten().unwrap_or(0);
    Some((portal, number("AvailableSourceTypes") & SOURCES, number("AvailableCursorModes")))
}

/// Has the person choose what to show. `None`: nothing. `ended` is called if the desktop ends it.
pub async fn choose(ended: impl Fn() + 'static) -> Option<SharedScreen> {
    let (portal, sources, pointers) = find().await?;
    let session = Session::begin(portal, ended).await?;
    let (portal, handle) = (&session.portal, ObjectPath::try_from(session.path.clone()).ok()?.to_variant());

    let options = glib::VariantDict::default();
    options.insert("types", sources);
    options.insert("multiple", false);
    if pointers & WITH_POINTER != 0 {
        options.insert("cursor_mode", WITH_POINTER);
    }
    portal.ask("SelectSources", vec![handle.clone()], options).await?;
    let window = "".to_variant();
    let started = portal.ask("Start", vec![handle.clone(), window], glib::VariantDict::default()).await?;
    let streams = started.lookup_value("streams", None)?;
    let node = streams.iter().next()?.child_value(0).get::<u32>()?;
    let remote = portal.remote(vec![handle]).await?;
    Some(SharedScreen { stream: PictureStream { node: Some(node), ..remote }, _session: session })
}

/// What the desktop shows as going on, until it is dropped.
#[derive(Debug)]
struct Session {
    portal: Portal,
    path: String,
    _closed: gio::SignalSubscription,
}

impl Session {
    async fn begin(portal: Portal, ended: impl Fn() + 'static) -> Option<Self> {
        let options = glib::VariantDict::default();
        options.insert("session_handle_token", token());
        let session = portal.ask("CreateSession", Vec::new(), options).await?;
        let path = session.lookup_value("session_handle", None)?.str()?.to_owned();
        let closed = portal.bus.subscribe_to_signal(
            Some(NAME),
            Some(SESSION),
            Some("Closed"),
            Some(&path),
            None,
            gio::DBusSignalFlags::NONE,
            move |_| ended(),
        );
        Some(Self { portal, path, _closed: closed })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let bus = &self.portal.bus;
        // Refused: it is closed already.
        bus.call(
            Some(NAME),
            &self.path,
            SESSION,
            "Close",
            None,
            None,
            NO_FLAGS,
            PATIENCE,
            gio::Cancellable::NONE,
            |_| {},
        );
    }
}

//! The portal by which a program in a sandbox gets at cameras. Outside of one they are used as they are.

use std::{cell::RefCell, path::Path};

use gtk::glib;
use model::PictureStream;

use super::{Portal, can_take_streams};

const INTERFACE: &str = "org.freedesktop.portal.Camera";

thread_local! {
    /// What was handed over. It is good as long as the program runs.
    static HANDED: RefCell<Option<PictureStream>> = const { RefCell::new(None) };
}

/// Whether cameras are to be had by the portal alone. As with other portals, `GTK_USE_PORTAL=1` makes it so anywhere.
pub fn is_needed() -> bool {
    Path::new("/.flatpak-info").exists()
        || std::env::var_os("GTK_USE_PORTAL").is_some_and(|value| value == "1")
}

/// Whether the desktop has a camera to hand over.
pub async fn is_there() -> bool {
    let Some(portal) = Portal::new(INTERFACE).await else { return false };
    let Some(properties) = portal.properties().await else { return false };
    can_take_streams().await && properties.lookup("IsCameraPresent").ok().flatten().unwrap_or(false)
}

/// The cameras that were handed over, if any were.
pub fn handed() -> Option<PictureStream> {
    HANDED.with_borrow(Clone::clone)
}

/// Asks for cameras where they must be asked for, until they were granted. Whether they may be used.
pub async fn ask() -> bool {
    if !is_needed() || handed().is_some() {
        return true;
    }
    HANDED.set(take().await);
    handed().is_some()
}

async fn take() -> Option<PictureStream> {
    let portal = Portal::new(INTERFACE).await?;
    portal.ask("AccessCamera", Vec::new(), glib::VariantDict::default()).await?;
    portal.remote(Vec::new()).await
}

//! This device's settings: the window, and how it behaves.
//!
//! What belongs to an account or a conversation is a column of a database, not a key here.
//! The schema is carried inside the program, so that `cargo run` works where nothing was
//! installed; an installed schema comes first. Another profile keeps its settings in a file in
//! its own folder, so that two instances never share a window size or the open conversation.

use std::{fs, path::Path};

use gtk::{gio, glib};

use crate::APP_ID;

static SCHEMA: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/schemas/gschemas.compiled"));

/// The names of the keys, as the schema has them.
pub mod key {
    pub const WINDOW_WIDTH: &str = "window-width";
    pub const WINDOW_HEIGHT: &str = "window-height";
    pub const WINDOW_MAXIMIZED: &str = "window-maximized";
    pub const SIDEBAR_WIDTH: &str = "sidebar-width";
    pub const LAST_CONVERSATION: &str = "last-conversation";
    pub const COLOR_SCHEME: &str = "color-scheme";
    pub const ENTER_SENDS: &str = "enter-sends";
    pub const NOTIFICATIONS: &str = "notifications";
    pub const SEND_RECEIPTS: &str = "send-receipts";
    pub const SEND_TYPING: &str = "send-typing";
    pub const CALL_MICROPHONE: &str = "call-microphone";
    pub const CALL_SPEAKER: &str = "call-speaker";
    pub const CALL_CAMERA: &str = "call-camera";
}

/// Opens the settings. `own_folder` is given for every profile but the default one.
pub fn open(own_folder: Option<&Path>) -> Result<gio::Settings, glib::Error> {
    let schema = installed_schema().map_or_else(carried_schema, Ok)?;
    let backend = own_folder.map(|folder| {
        let file = folder.join("settings.ini");
        gio::functions::keyfile_settings_backend_new(
            &file.to_string_lossy(),
            "/im/starling/Starling/",
            Some("Settings"),
        )
    });
    Ok(gio::Settings::new_full(&schema, backend.as_ref(), None))
}

/// An installed schema counts only if it has every key: it may be that of an older version.
fn installed_schema() -> Option<gio::SettingsSchema> {
    let schema = gio::SettingsSchemaSource::default()?.lookup(APP_ID, true)?;
    schema.has_key(key::CALL_CAMERA).then_some(schema)
}

/// GIO reads schemas only from a folder: it gets one that is gone again once it was read.
fn carried_schema() -> Result<gio::SettingsSchema, glib::Error> {
    let folder = glib::mkdtemp(std::env::temp_dir().join("starling-XXXXXX"))
        .ok_or_else(|| io_error(&"no temporary folder can be made"))?;
    let source = fs::write(folder.join("gschemas.compiled"), SCHEMA)
        .map_err(|error| io_error(&error))
        .and_then(|()| {
            gio::SettingsSchemaSource::from_directory(
                &folder,
                gio::SettingsSchemaSource::default().as_ref(),
                true,
            )
        });
    if let Err(error) = fs::remove_dir_all(&folder) {
        tracing::warn!(%error, "a temporary folder stays");
    }
    source?
        .lookup(APP_ID, false)
        .ok_or_else(|| glib::Error::new(gio::IOErrorEnum::NotFound, "the schema is missing"))
}

fn io_error(error: &impl std::fmt::Display) -> glib::Error {
    glib::Error::new(gio::IOErrorEnum::Failed, &error.to_string())
}

//! Starling: the program.
//!
//! `application` starts the service and the window; every screen has a folder of its own, with
//! its Blueprint beside it. This is the only crate that knows GTK, and the only one with words
//! for people in it. It must never know: sockets, SQL, stanzas, keys, or a runtime other than
//! the main loop of GLib.

mod address;
mod application;
mod bridge;
mod calls;
mod composer;
mod confine;
mod connection_words;
mod contact_requests;
mod conversation;
mod conversation_row;
mod conversations;
mod create_account;
mod decision;
mod decoder;
mod details;
mod emoji;
mod encryption;
mod failure;
mod failure_card;
mod files;
mod history;
mod i18n;
mod menu_names;
mod new_conversation;
mod notifications;
mod objects;
mod pace;
mod passphrase;
mod pictures;
mod player;
mod portals;
mod preferences;
mod presence;
mod profile;
mod recorder;
mod scanner;
mod search;
mod server_options;
mod settings;
mod shortcuts;
mod sidebar_handle;
mod sign_in;
mod time_words;
mod trace;
mod viewer;
mod welcome;
mod window;
mod worker;

use gtk::{gio, glib, prelude::*};
use tracing_subscriber::EnvFilter;

/// The application's id, the name of its settings, and the root of its resources.
const APP_ID: &str = "im.starling.Starling";
const RESOURCES: &str = "/im/starling/Starling";

fn main() -> glib::ExitCode {
    // First of all: a worker must have nothing.
    match std::env::args_os().nth(1) {
        Some(argument) if argument == decoder::ARGUMENT => return decoder::work(),
        Some(argument) if argument == player::ARGUMENT => return player::work(),
        _ => {}
    }
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("STARLING_LOG").unwrap_or_else(|_| EnvFilter::new("warn")))
        .with_writer(std::io::stderr)
        .init();
    i18n::init();
    if let Err(error) = gio::resources_register_include!("starling.gresource") {
        tracing::error!(%error, "the program is incomplete");
        return glib::ExitCode::FAILURE;
    }
    glib::set_application_name("Starling");
    application::Application::new().run()
}

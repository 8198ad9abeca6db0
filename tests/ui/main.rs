//! The built program in its window, used over the accessibility bus: things are found by role and name, as a screen reader
//! finds them. `pictures.rs` leaves pictures of every screen in `target/screenshots`, to be looked at.

mod bystanders;
mod call_pictures;
mod calls;
mod changes;
mod chat;
mod codes;
mod dialogs;
mod encryption;
mod failures;
mod files;
mod find;
mod keyring;
mod list;
mod names;
mod own_status;
mod people;
mod pictures;
mod profiles;
mod quiet;
mod scene;
mod screen;
mod sending;
mod settings;
mod unreadable;
mod voice;
mod waiting;
mod welcome;

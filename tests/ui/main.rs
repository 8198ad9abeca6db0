//! The built program in its window, used over the accessibility bus: things are found by role and name, as a screen reader
//! finds them. Every screen leaves pictures in `target/screenshots`, to be looked at.

mod chat;
mod quiet;
mod welcome;

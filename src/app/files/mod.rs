//! Files on the screen, wherever they are shown.
//!
//! - `words.rs`: what they are called, how large they are, how far they came
//! - `export.rs`, `opened.rs`: for outside, at a place of the user's or for another program
//! - `loader.rs`: pictures that are here, from their containers to the screen
//! - `sounds.rs`, `waveform.rs`: how loud sounds are, from their containers to the screen
//! - `picture.rs`: a picture at its true proportions, blurred until it is there; `animation.rs`: one that moves

mod animation;
mod export;
mod loader;
mod opened;
mod picture;
mod sounds;
mod waveform;
mod words;

use animation::Animation;
pub use export::{open, save_as};
pub use loader::{FilePictures, load, load_poster};
pub use opened::remove_copies;
pub use picture::PictureView;
pub use sounds::{FileSounds, sound_of};
pub use waveform::Waveform;
pub use words::{
    alternative, icon, icon_of, is_decodable, is_shown_inline, length, progress, size, state, summary,
    summary_of,
};

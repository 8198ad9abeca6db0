//! Sound and film of messages, played.
//!
//! Whoever sends a file chooses the bytes that a decoder runs over, and decoders of sound and film are not safe in memory as those
//! of pictures are. So they run in a process of their own that can do nothing else (`worker.rs`, `confine.rs`): it
//! gets bytes over one socket and answers with bare samples and pixels over another (`wire.rs`, `decoding.rs`). It was started
//! afresh, holds no key, and reaches no file, no network and no other process. Each file has its own, which ends with it.
//! The bytes come from where the file rests, unsealed piece by piece in memory: there is no copy in the clear.
//!
//! A film that is sent can be made smaller in the same way (`smaller.rs`). What comes back is measured (`loudness.rs`) or played (`playback.rs`). One sound plays at a time.

mod decoding;
mod loudness;
mod playback;
mod smaller;
mod wire;
mod worker;

use std::{
    cell::{Cell, RefCell},
    io,
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use gtk::{glib, prelude::*, subclass::prelude::*};
use model::{AccountId, AttachmentId};
use session::{FilmMaker, FilmPiece};
use view::ConversationKey;

pub use decoding::{Decoding, Source};
pub use loudness::{in_parts, level, measure};
pub use playback::Picture;
use playback::{Order, Playback, Told};
pub use wire::{Piece, Wish};
#[cfg(test)]
pub use worker::LIMITS;
pub use worker::work;

/// The argument that makes the program a worker. No person needs it.
pub const ARGUMENT: &str = "--decode-sound";
/// How fast a sound can be played.
const TEMPI: [f64; 3] = [1.0, 1.5, 2.0];
/// So many pixels a side the pictures of a film have.
const FILM_SIDE: u32 = 1280;

fn program() -> Command {
    crate::worker::program(ARGUMENT)
}

/// What makes films smaller before they are sent: another worker.
pub fn film_maker() -> FilmMaker {
    FilmMaker::new(|film, side, take| {
        let mut decoding = Decoding::open(Box::new(film), Wish::Smaller(side))?;
        while let Some(piece) = decoding.next()? {
            if let Piece::Written { place, done, bytes } = piece {
                take(FilmPiece { place, bytes, done })?;
            }
        }
        Ok(())
    })
}

/// How a sound comes on that was begun.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sounding {
    /// How long it is, if that is known.
    pub duration: Option<Duration>,
    /// How far it came.
    pub place: Duration,
    /// Whether it can be heard now.
    pub is_playing: bool,
    /// It cannot be played.
    pub has_failed: bool,
}

/// A sound that can be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// A file.
    File(AccountId, AttachmentId),
    /// A file whose pictures are shown too.
    Film(AccountId, AttachmentId),
    /// What was recorded for a conversation and not sent yet.
    Recording(ConversationKey),
}

#[derive(Debug)]
struct Current {
    sound: Sound,
    playback: Option<Playback>,
    sounding: Sounding,
}

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Player {
        pub(super) current: RefCell<Option<Current>>,
        /// Which of [`TEMPI`] it plays at.
        pub(super) tempo: Cell<usize>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Player {
        const NAME: &'static str = "StarlingPlayer";
        type Type = super::Player;
    }

    impl ObjectImpl for Player {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![glib::subclass::Signal::builder("changed").build()])
        }
    }
}

glib::wrapper! {
    /// Plays one sound at a time.
    pub struct Player(ObjectSubclass<imp::Player>);
}

impl Default for Player {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Player {
    /// What plays came on, ended, or is another.
    pub fn connect_changed(&self, changed: impl Fn(&Self) + 'static) -> glib::SignalHandlerId {
        self.connect_local("changed", false, move |values| {
            if let Some(player) = values.first().and_then(|value| value.get::<Self>().ok()) {
                changed(&player);
            }
            None
        })
    }

    /// What plays or is paused.
    pub fn current(&self) -> Option<(Sound, Sounding)> {
        self.imp().current.borrow().as_ref().map(|current| (current.sound, current.sounding))
    }

    /// How a sound comes on. `None` if it was not begun.
    pub fn sounding(&self, sound: Sound) -> Option<Sounding> {
        self.current().filter(|(current, _)| *current == sound).map(|(_, sounding)| sounding)
    }

    /// Plays a sound from its beginning, from where it was paused, or pauses it.
    pub fn toggle<F>(&self, sound: Sound, open: F)
    where
        F: FnOnce() -> io::Result<Box<dyn Source>> + Send + 'static,
    {
        match self.sounding(sound) {
            Some(now) if !now.has_failed => {
                self.order(sound, if now.is_playing { Order::Pause } else { Order::Play });
                self.change(sound, |sounding| sounding.is_playing = !now.is_playing);
            }
            _ => self.begin(sound, Duration::ZERO, open),
        }
    }

    /// Goes on from another place of a sound, or begins there.
    pub fn seek<F>(&self, sound: Sound, to: Duration, open: F)
    where
        F: FnOnce() -> io::Result<Box<dyn Source>> + Send + 'static,
    {
        if self.sounding(sound).is_some_and(|now| !now.has_failed) {
            self.order(sound, Order::Seek(to));
            self.change(sound, |sounding| sounding.place = to);
        } else {
            self.begin(sound, to, open);
        }
    }

    /// Plays faster, or as it was again. It stays for what is played afterwards.
    pub fn next_tempo(&self) {
        let imp = self.imp();
        imp.tempo.set((imp.tempo.get() + 1) % TEMPI.len());
        let tempo = self.tempo();
        if let Some((sound, _)) = self.current() {
            self.order(sound, Order::Tempo(tempo));
        }
        self.emit_by_name::<()>("changed", &[]);
    }

    /// How fast sounds are played.
    pub fn tempo(&self) -> f64 {
        TEMPI.get(self.imp().tempo.get()).copied().unwrap_or(1.0)
    }

    /// The pictures of what plays, each some time before it is to be seen.
    pub fn pictures(&self) -> Option<async_channel::Receiver<Picture>> {
        let current = self.imp().current.borrow();
        current.as_ref()?.playback.as_ref().map(|playback| playback.pictures.clone())
    }

    /// Ends a sound.
    pub fn stop(&self, sound: Sound) {
        if self.sounding(sound).is_some() {
            self.end();
        }
    }

    /// Ends whatever plays.
    pub fn end(&self) {
        if self.imp().current.take().is_some() {
            self.emit_by_name::<()>("changed", &[]);
        }
    }

    fn begin<F>(&self, sound: Sound, from: Duration, open: F)
    where
        F: FnOnce() -> io::Result<Box<dyn Source>> + Send + 'static,
    {
        self.end();
        let sounding = Sounding { duration: None, place: from, is_playing: true, has_failed: false };
        let wish = if matches!(sound, Sound::Film(..)) { Wish::Film(FILM_SIDE) } else { Wish::Sound };
        let playback = Playback::start(open, wish, from, self.tempo()).inspect_err(|error| {
            tracing::warn!(%error, "no sound can be played");
        });
        let told = playback.as_ref().ok().map(|playback| playback.told.clone());
        self.imp().current.replace(Some(Current { sound, playback: playback.ok(), sounding }));
        self.emit_by_name::<()>("changed", &[]);
        let Some(told) = told else { return self.fail(sound) };
        let player = self.downgrade();
        glib::spawn_future_local(async move {
            while let Ok(word) = told.recv().await {
                let Some(player) = player.upgrade().filter(|player| player.hears(&told)) else { return };
                match word {
                    Told::Opened(duration) => player.change(sound, |sounding| sounding.duration = duration),
                    Told::At(place) => player.change(sound, |sounding| sounding.place = place),
                    Told::Ended => player.end(),
                    Told::Failed => player.fail(sound),
                }
            }
        });
    }

    /// Whether this is what plays now tells.
    fn hears(&self, told: &async_channel::Receiver<Told>) -> bool {
        let current = self.imp().current.borrow();
        let playback = current.as_ref().and_then(|current| current.playback.as_ref());
        playback.is_some_and(|playback| playback.told.same_channel(told))
    }

    fn fail(&self, sound: Sound) {
        self.change(sound, |sounding| {
            sounding.is_playing = false;
            sounding.has_failed = true;
        });
    }

    fn order(&self, sound: Sound, order: Order) {
        let current = self.imp().current.borrow();
        let playback = current.as_ref().filter(|current| current.sound == sound);
        if let Some(playback) = playback.and_then(|current| current.playback.as_ref()) {
            // It has just ended: that is on its way.
            let _ = playback.orders.try_send(order);
        }
    }

    fn change(&self, sound: Sound, change: impl FnOnce(&mut Sounding)) {
        if let Some(current) = self.imp().current.borrow_mut().as_mut().filter(|now| now.sound == sound) {
            change(&mut current.sounding);
        }
        self.emit_by_name::<()>("changed", &[]);
    }
}

#[cfg(test)]
mod tests;

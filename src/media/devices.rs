//! What is captured, and where it is played.

use gst::prelude::*;
use gstreamer as gst;
use model::MediaKind;

/// Where media comes from and goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Devices {
    /// The microphone, camera and speaker the desktop has chosen.
    #[default]
    Desktop,
    /// A tone and a moving picture, and what comes is decoded and thrown away. For tests.
    Synthetic,
    /// Sound as numbers of 16 bits, 48,000 a second, little end first, that is read from and written to these open files of
    /// the process; pictures as [`Self::Synthetic`]. For benches.
    Files {
        /// What is read.
        microphone: i32,
        /// What is written.
        speaker: i32,
    },
}

/// Such sound.
const SOUND: &str = "audio/x-raw,format=S16LE,rate=48000,channels=1";

impl Devices {
    /// What captures this kind of media, as a pipeline in words.
    pub(crate) fn source(self, media: MediaKind) -> String {
        let words = match (self, media) {
            (Self::Desktop, MediaKind::Audio) => "autoaudiosrc",
            (Self::Desktop, _) => "autovideosrc",
            (Self::Synthetic, MediaKind::Audio) => "audiotestsrc is-live=true wave=sine freq=440 volume=0.5",
            (Self::Files { microphone, .. }, MediaKind::Audio) => {
                return format!(
                    "fdsrc fd={microphone} blocksize=960 do-timestamp=true ! {SOUND},layout=interleaved"
                );
            }
            (Self::Synthetic | Self::Files { .. }, _) => "videotestsrc is-live=true pattern=ball",
        };
        words.to_owned()
    }

    /// What plays voice, as a pipeline in words.
    pub(crate) fn speaker(self) -> String {
        match self {
            Self::Desktop => "autoaudiosink".to_owned(),
            Self::Synthetic => "fakesink sync=true".to_owned(),
            Self::Files { speaker, .. } => format!("{SOUND} ! fdsink fd={speaker} sync=true"),
        }
    }
}

/// A pipeline failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("media failed: {0}")]
pub struct Fault(pub String);

impl From<gst::glib::Error> for Fault {
    fn from(error: gst::glib::Error) -> Self {
        Self(error.to_string())
    }
}

/// A pipeline that ends when it is let go of.
pub(crate) struct Pipeline(gst::Pipeline);

impl Pipeline {
    /// Makes it, to be played.
    pub(crate) fn new(words: &str) -> Result<Self, Fault> {
        let made = gst::parse::launch(words)?;
        made.downcast().map(Self).map_err(|_| Fault("not a pipeline".to_owned()))
    }

    /// The element with this name.
    pub(crate) fn element<T: IsA<gst::Element>>(&self, name: &str) -> Result<T, Fault> {
        let element = self.0.by_name(name).and_then(|element| element.downcast().ok());
        element.ok_or_else(|| Fault(format!("there is no {name}")))
    }

    /// Hears what its elements say, on threads of theirs.
    pub(crate) fn listen(&self, hear: impl Fn(&gst::MessageView<'_>) + Send + Sync + 'static) {
        if let Some(bus) = self.0.bus() {
            bus.set_sync_handler(move |_, message| {
                hear(&message.view());
                gst::BusSyncReply::Drop
            });
        }
    }

    /// What an element holds back has changed: sinks play accordingly from now on.
    pub(crate) fn recalculate_latency(&self) {
        if let Err(error) = self.0.recalculate_latency() {
            tracing::debug!(%error, "a pipeline goes on with the latency it had");
        }
    }

    /// Plays it.
    pub(crate) fn play(&self) -> Result<(), Fault> {
        self.0.set_state(gst::State::Playing).map(drop).map_err(|error| Fault(error.to_string()))
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        // Nothing is left to be done about it if it does not end.
        let _ = self.0.set_state(gst::State::Null);
        if let Some(bus) = self.0.bus() {
            bus.unset_sync_handler();
        }
    }
}

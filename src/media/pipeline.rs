//! A pipeline of GStreamer that ends when it is let go of.

use gst::prelude::*;
use gstreamer as gst;
use model::MediaKind;

/// A pipeline failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("media failed: {0}")]
pub struct Fault(pub String);

/// What a call's pipeline did when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// It captured this.
    Capturing(MediaKind),
    /// It played this.
    Playing(MediaKind),
}

impl From<gst::glib::Error> for Fault {
    fn from(error: gst::glib::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<gst::glib::BoolError> for Fault {
    fn from(error: gst::glib::BoolError) -> Self {
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

    /// As [`Self::new`], with this before the element that is named `entry`.
    pub(crate) fn from_source(source: &gst::Element, words: &str) -> Result<Self, Fault> {
        let pipeline = Self::new(words)?;
        pipeline.0.add(source)?;
        source.link(&pipeline.element::<gst::Element>("entry")?)?;
        Ok(pipeline)
    }

    /// As [`Self::new`], with this after the element that is named `exit`.
    pub(crate) fn into_sink(words: &str, sink: &gst::Element) -> Result<Self, Fault> {
        let pipeline = Self::new(words)?;
        pipeline.0.add(sink)?;
        pipeline.element::<gst::Element>("exit")?.link(sink)?;
        Ok(pipeline)
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

    /// Its sinks take everything as it comes, also where something in it says that this takes a while.
    pub(crate) fn hold_back_nothing(&self) {
        self.0.set_latency(gst::ClockTime::ZERO);
    }

    /// A way to it that does not keep it.
    pub(crate) fn downgrade(&self) -> gst::glib::WeakRef<gst::Pipeline> {
        self.0.downgrade()
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

/// How loud something is, if this message of a `level` element says so: the loudest of its channels, in decibels below the
/// loudest there is.
pub(crate) fn level(message: &gst::message::Element) -> Option<f64> {
    let structure = message.structure().filter(|structure| structure.name() == "level")?;
    let channels = structure.get::<gst::glib::ValueArray>("rms").ok()?;
    let levels = channels.iter().filter_map(|level| level.get::<f64>().ok());
    Some(levels.fold(f64::NEG_INFINITY, f64::max))
}

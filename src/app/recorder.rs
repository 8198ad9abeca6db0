//! A voice that is recorded: Opus in Ogg, in memory.
//!
//! Nothing of it is written to a disk before it is sent, and then only encrypted. Microphone and codec are GStreamer's.

use std::{
    env, io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSinkCallbacks};
use gtk::{gio, glib};

use crate::player;

/// What records: a description of GStreamer's. Otherwise it is what the desktop records with.
const SOURCE: &str = "STARLING_RECORD_FROM";
/// So often a second it is told how loud it is.
const A_SECOND: usize = 20;
/// A recording takes no more bytes: an hour and a half.
const MOST: usize = 32 * 1024 * 1024;
/// How long a microphone may take to begin, and a codec to end.
const BEGIN: gst::ClockTime = gst::ClockTime::from_seconds(10);
const END: Duration = Duration::from_secs(5);

/// How a recording comes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It goes on, so loud.
    Level(u8),
    /// It does not go on: the microphone has gone, or there is enough.
    Over,
}

/// A voice that is being recorded, or paused. It stops when this is dropped.
pub struct Recording {
    pipeline: gst::Pipeline,
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: async_channel::Receiver<()>,
    _watch: gst::bus::BusWatchGuard,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Recording")
    }
}

/// How long a recording is of which so many levels were told.
pub fn length(levels: usize) -> Duration {
    Duration::from_millis((levels * 1000 / A_SECOND) as u64)
}

impl Recording {
    /// Begins to record. `heard` is told how it comes on. Fails if there is no microphone.
    pub async fn start(heard: impl Fn(Heard) + 'static) -> io::Result<Self> {
        let bytes: Arc<Mutex<Vec<u8>>> = Arc::default();
        let taken = Arc::clone(&bytes);
        let begun = gio::spawn_blocking(move || begin(&taken)).await;
        let pipeline = begun.map_err(|_| io::Error::other("the recorder failed"))??;
        let bus = pipeline.bus().ok_or_else(|| io::Error::other("a pipeline without a bus"))?;
        let (end, ended) = async_channel::bounded(1);
        let enough = Arc::clone(&bytes);
        let watch = bus
            .add_watch_local(move |_, message| {
                match message.view() {
                    gst::MessageView::Element(element) => {
                        if let Some(level) = element.structure().and_then(level) {
                            heard(Heard::Level(level));
                        }
                        if enough.lock().unwrap_or_else(PoisonError::into_inner).len() >= MOST {
                            heard(Heard::Over);
                        }
                    }
                    gst::MessageView::Eos(_) => {
                        // Somebody waits for it already, or nobody does.
                        let _ = end.try_send(());
                    }
                    gst::MessageView::Error(error) => {
                        tracing::warn!(error = %error.error(), "a recording ended");
                        let _ = end.try_send(());
                        heard(Heard::Over);
                    }
                    _ => {}
                }
                glib::ControlFlow::Continue
            })
            .map_err(io::Error::other)?;
        Ok(Self { pipeline, bytes, ended, _watch: watch })
    }

    /// Pauses, or goes on.
    pub fn set_paused(&self, is_paused: bool) {
        let state = if is_paused { gst::State::Paused } else { gst::State::Playing };
        if let Err(error) = self.pipeline.set_state(state) {
            tracing::warn!(%error, "a recording does not go on");
        }
    }

    /// Ends it. What was recorded: a whole file.
    pub async fn finish(self) -> Arc<[u8]> {
        self.set_paused(false);
        if self.pipeline.send_event(gst::event::Eos::new()) {
            // A codec that does not end leaves what there is.
            let _ = glib::future_with_timeout(END, self.ended.recv()).await;
        }
        let pipeline = self.pipeline.clone();
        // It takes a moment until a microphone is let go.
        let _ = gio::spawn_blocking(move || pipeline.set_state(gst::State::Null)).await;
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *bytes).into()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // Nothing is recorded any more, whatever it says.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// Opens the microphone. Blocks.
fn begin(bytes: &Arc<Mutex<Vec<u8>>>) -> io::Result<gst::Pipeline> {
    gst::init().map_err(io::Error::other)?;
    let source = env::var(SOURCE).unwrap_or_else(|_| "autoaudiosrc".to_owned());
    let way = format!(
        "{source} ! audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=1 ! level interval={} \
         ! opusenc audio-type=voice bitrate=32000 ! oggmux ! appsink name=file sync=false",
        1_000_000_000 / A_SECOND
    );
    let missing = || io::Error::other("a part of the recorder is missing");
    let pipeline = gst::parse::launch(&way).map_err(io::Error::other)?;
    let pipeline = pipeline.downcast::<gst::Pipeline>().map_err(|_| missing())?;
    let file =
        pipeline.by_name("file").and_then(|file| file.downcast::<AppSink>().ok()).ok_or_else(missing)?;
    let bytes = Arc::clone(bytes);
    let take = move |file: &AppSink| {
        let sample = file.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let buffer = sample.buffer().ok_or(gst::FlowError::Error)?;
        let map = buffer.map_readable().map_err(|_| gst::FlowError::Error)?;
        bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&map);
        Ok(gst::FlowSuccess::Ok)
    };
    file.set_callbacks(AppSinkCallbacks::builder().new_sample(take).build());
    let begun = pipeline.set_state(gst::State::Playing).map_err(io::Error::other);
    let begun = begun.and_then(|_| pipeline.state(BEGIN).0.map_err(io::Error::other));
    match begun {
        Ok(_) => Ok(pipeline),
        Err(error) => {
            let _ = pipeline.set_state(gst::State::Null);
            Err(error)
        }
    }
}

/// How loud it is, if that is what a message of the pipeline tells.
fn level(told: &gst::StructureRef) -> Option<u8> {
    let peaks = told.get::<glib::ValueArray>("peak").ok()?;
    let decibels = peaks.iter().filter_map(|peak| peak.get::<f64>().ok()).fold(f64::NEG_INFINITY, f64::max);
    Some(player::level(decibels))
}

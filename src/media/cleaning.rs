//! What a microphone hears is cleaned before it is sent: of what the speaker plays, of noise, of being too faint or too loud.
//!
//! An element of GStreamer does it, which not every system has; without it a voice is sent as it was heard.
//!
//! ```text
//!   microphone ─→ cleaner ─→ encoder
//!                    ↑ compares with
//!                  probe ←─ what is played, when it is heard ←─ every speaker of the call
//! ```
//!
//! The element wants what is played by the clock it hears by, and as late as it is heard. Speakers are in other pipelines, with
//! other clocks, and hold back what they are given. So what goes to a speaker is copied with the time that is left until it is
//! heard, which is the same by any clock.

use std::sync::{
    Arc, Mutex, Once, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use gst::prelude::*;
use gstreamer as gst;
use gstreamer_app as gst_app;

use crate::pipeline::{Fault, Pipeline};

/// What is compared comes so much before it is heard, in nanoseconds: an echo must not be there before its voice.
const EARLY: i64 = 10_000_000;
/// Times that differ by less from where the last piece ended are taken for even: each small leap would cost samples.
const EVEN: u64 = 20_000_000;

/// What all speakers of a call play. Cheap to clone.
#[derive(Clone, Default)]
pub struct Played(Arc<Mutex<Vec<Cleaner>>>);

/// Where a cleaner is told what is played.
struct Cleaner {
    entry: gst::glib::WeakRef<gst_app::AppSrc>,
    pipeline: gst::glib::WeakRef<gst::Pipeline>,
    time: Even,
}

/// Whether this machine can clean a voice.
pub fn is_possible() -> bool {
    static SAID: Once = Once::new();
    let is_there = |name| gst::ElementFactory::find(name).is_some();
    let is_possible = is_there("webrtcdsp") && is_there("webrtcechoprobe");
    if !is_possible {
        SAID.call_once(|| {
            tracing::warn!("GStreamer has no webrtcdsp: voices are sent as the microphone hears them");
        });
    }
    is_possible
}

/// The cleaner in the words of a pipeline, to follow on one channel of raw sound at 48,000 samples a second, for the source with this number.
pub fn cleaner(ssrc: u32) -> String {
    format!(
        ",format=S16LE,layout=interleaved \
         ! webrtcdsp name=cleaner probe=played-{ssrc:08x} echo-cancel=true noise-suppression=true noise-suppression-level=high gain-control=true \
           gain-control-mode=adaptive-digital high-pass-filter=true"
    )
}

/// What belongs to the cleaner and stands beside the rest.
pub fn probe(ssrc: u32) -> String {
    format!(
        "appsrc name=played is-live=true format=time min-latency=0 max-bytes=400000 leaky-type=downstream \
         ! audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved \
         ! webrtcechoprobe name=played-{ssrc:08x} ! fakesink sync=false async=false"
    )
}

impl Played {
    /// The cleaner of this pipeline is told from now on.
    pub fn tell(&self, pipeline: &Pipeline) -> Result<(), Fault> {
        let entry: gst_app::AppSrc = pipeline.element("played")?;
        let cleaner: gst::Element = pipeline.element("cleaner")?;
        // Nothing here waits for a time, and the probe adds what a pipeline holds back to the times it is told.
        pipeline.hold_back_nothing();
        let time = Mutex::new(Even::default());
        if let Some(pad) = cleaner.static_pad("sink") {
            pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
                if let Some(buffer) = info.buffer_mut().map(gst::Buffer::make_mut)
                    && let Some(at) = buffer.pts()
                {
                    let length = length_of(buffer.size());
                    buffer.set_pts(time.lock().unwrap_or_else(PoisonError::into_inner).next(at, length));
                }
                gst::PadProbeReturn::Ok
            });
        }
        let pipeline = pipeline.downgrade();
        let cleaner = Cleaner { entry: entry.downgrade(), pipeline, time: Even::default() };
        self.lock().push(cleaner);
        Ok(())
    }

    /// What this pipeline plays is told from now on. It plays what comes out of its `exit`.
    pub fn listen(&self, pipeline: &Pipeline) -> Result<(), Fault> {
        let exit: gst::Element = pipeline.element("exit")?;
        let Some(pad) = exit.static_pad("src") else { return Ok(()) };
        let held_back = Arc::new(AtomicU64::new(0));
        let told = held_back.clone();
        pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
            if let Some(gst::EventView::Latency(event)) = info.event().map(|event| event.view()) {
                told.store(event.latency().nseconds(), Relaxed);
            }
            gst::PadProbeReturn::Ok
        });
        let (played, pipeline) = (self.clone(), pipeline.downgrade());
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            if let (Some(buffer), Some(pipeline)) = (info.buffer(), pipeline.upgrade())
                && let Some(left) = left(pad, buffer, &pipeline, held_back.load(Relaxed))
            {
                played.hear(pad, buffer, left);
            }
            gst::PadProbeReturn::Ok
        });
        Ok(())
    }

    /// This will be heard in so many nanoseconds.
    fn hear(&self, pad: &gst::Pad, buffer: &gst::Buffer, left: i64) {
        let Some(caps) = pad.current_caps() else { return };
        self.lock().retain_mut(|cleaner| cleaner.tell(&caps, buffer, left));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Cleaner>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nanoseconds until the speaker lets this be heard, which is to hold back so many.
fn left(pad: &gst::Pad, buffer: &gst::Buffer, pipeline: &gst::Pipeline, held_back: u64) -> Option<i64> {
    let segment = pad.sticky_event::<gst::event::Segment>(0)?;
    let segment = segment.segment().downcast_ref::<gst::ClockTime>()?.clone();
    let due = segment.to_running_time(buffer.pts()?)?.nseconds().checked_add(held_back)?;
    let now = pipeline.current_running_time()?.nseconds();
    Some(due.cast_signed().saturating_sub(now.cast_signed()))
}

impl Cleaner {
    /// False if it is over.
    fn tell(&mut self, caps: &gst::Caps, buffer: &gst::Buffer, left: i64) -> bool {
        let (Some(entry), Some(pipeline)) = (self.entry.upgrade(), self.pipeline.upgrade()) else {
            return false;
        };
        let Some(now) = pipeline.current_running_time() else { return true };
        let due = now.nseconds().saturating_add_signed(left.saturating_sub(EARLY));
        let length = buffer.duration().unwrap_or_default();
        let mut told = buffer.copy();
        if let Some(told) = told.get_mut() {
            told.set_pts(self.time.next(gst::ClockTime::from_nseconds(due), length));
        }
        // Refused: it is over.
        let _ = entry.push_sample(&gst::Sample::builder().caps(caps).buffer(&told).build());
        true
    }
}

/// Times of pieces of sound that follow each other, as even as the sound is.
#[derive(Debug, Default)]
struct Even(Option<gst::ClockTime>);

impl Even {
    /// The time of the next piece, of which is known about when it is and how long.
    fn next(&mut self, about: gst::ClockTime, length: gst::ClockTime) -> gst::ClockTime {
        let at = match self.0 {
            Some(end) if about.absdiff(end).nseconds() < EVEN => end,
            _ => about,
        };
        self.0 = Some(at + length);
        at
    }
}

/// How long so many bytes of what a cleaner is given last.
fn length_of(bytes: usize) -> gst::ClockTime {
    // 48,000 samples a second, of two bytes.
    gst::ClockTime::from_nseconds(bytes as u64 * 1_000_000 / 96)
}

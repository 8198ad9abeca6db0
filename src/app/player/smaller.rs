//! A film becomes another, with fewer pixels and fewer bytes: VP8 and Opus in WebM, which every program plays that is asked to,
//! and which are there wherever calls are.
//!
//! It happens in the worker, for a film that somebody sends may be a film that somebody else made. What the old one says beside
//! pictures and sound ends at the door of what writes the new one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSrc;

use super::{
    wire::{Answer, Piece},
    worker::shown,
};
use crate::confine::Limits;

/// What is left to a worker that encodes: a long film takes long.
pub const LIMITS: Limits = Limits { seconds: 24 * 3600, memory: 2 * 1024 * 1024 * 1024, threads: true };
/// What is needed beside what decodes.
pub const PLUGINS: [&str; 1] = ["videorate"];
/// Bits a second for each pixel of a picture, of which there are at most 30 a second.
const BITS_FOR_A_PIXEL: f64 = 1.6;
/// Bits a second, whatever the size.
const BITS: std::ops::RangeInclusive<f64> = 150_000.0..=3_000_000.0;
const BITS_OF_SOUND: i32 = 96_000;
/// So many pieces wait to be asked for.
const WAITING: usize = 16;
/// How often it is looked whether something broke.
const BREATH: Duration = Duration::from_millis(200);
/// For so many breaths nothing may come.
const PATIENCE: u32 = 250;

/// A film that is being made smaller.
pub struct Smaller {
    pipeline: gst::Pipeline,
    written: Receiver<Word>,
    /// How much of the film is in it, in nanoseconds.
    done: Arc<AtomicU64>,
}

/// What the end of the pipeline says.
enum Word {
    Bytes(u64, Vec<u8>),
    End,
}

impl Smaller {
    /// Begins with a film. `None` if what is needed for it is not there.
    pub fn begin(pipeline: &gst::Pipeline, source: &AppSrc, side: u32) -> Option<Self> {
        let decoder = gst::ElementFactory::make("decodebin").build().ok()?;
        let writer = gst::ElementFactory::make("webmmux").property("writing-app", "").build().ok()?;
        let sink = gst::ElementFactory::make("fakesink").property("sync", false).property("async", false);
        let sink = sink.build().ok()?;
        let (sender, written) = sync_channel(WAITING);
        listen(&sink.static_pad("sink")?, sender);
        pipeline.add_many([source.upcast_ref(), &decoder, &writer, &sink]).ok()?;
        source.link(&decoder).ok()?;
        writer.link(&sink).ok()?;
        let done = Arc::new(AtomicU64::new(0));
        let (within, into, place) = (pipeline.downgrade(), writer, Arc::clone(&done));
        decoder.connect_pad_added(move |_, pad| {
            if let Some(pipeline) = within.upgrade() {
                // A track that cannot be written is left out.
                let _ = attach(&pipeline, pad, side, &into, &place);
            }
        });
        pipeline.set_state(gst::State::Playing).ok()?;
        Some(Self { pipeline: pipeline.clone(), written, done })
    }

    /// What comes next of the new film.
    pub fn next(&self) -> Answer {
        let bus = self.pipeline.bus();
        for _ in 0..PATIENCE {
            match self.written.recv_timeout(BREATH) {
                Ok(Word::Bytes(place, bytes)) => {
                    return Answer::Next(Piece::Written { place, done: self.thousandths(), bytes });
                }
                Ok(Word::End) => return Answer::End,
                Err(RecvTimeoutError::Disconnected) => return Answer::Failed,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if bus.as_ref().is_none_or(|bus| bus.pop_filtered(&[gst::MessageType::Error]).is_some()) {
                return Answer::Failed;
            }
        }
        Answer::Failed
    }

    fn thousandths(&self) -> u16 {
        let length = self.pipeline.query_duration::<gst::ClockTime>().map_or(0, gst::ClockTime::nseconds);
        let done = u128::from(self.done.load(Relaxed)) * 1000 / u128::from(length.max(1));
        done.min(1000) as u16
    }
}

/// Hands on what is written, and where. Who writes is told that it may go back: it fills in its head at the end.
fn listen(pad: &gst::Pad, sender: SyncSender<Word>) {
    pad.add_probe(gst::PadProbeType::QUERY_DOWNSTREAM, |_, probe| {
        if let Some(query) = probe.query_mut()
            && let gst::QueryViewMut::Seeking(seeking) = query.view_mut()
        {
            seeking.set(true, gst::format::Bytes::ZERO, None::<gst::format::Bytes>);
            return gst::PadProbeReturn::Handled;
        }
        gst::PadProbeReturn::Ok
    });
    let place = AtomicU64::new(0);
    let kinds =
        gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST | gst::PadProbeType::EVENT_DOWNSTREAM;
    pad.add_probe(kinds, move |_, probe| {
        let tell = |buffer: &gst::BufferRef| {
            let Ok(bytes) = buffer.map_readable() else { return };
            let begin = place.fetch_add(bytes.len() as u64, Relaxed);
            // Nobody listens any more: it is over.
            let _ = sender.send(Word::Bytes(begin, bytes.to_vec()));
        };
        match &probe.data {
            Some(gst::PadProbeData::Buffer(buffer)) => tell(buffer),
            Some(gst::PadProbeData::BufferList(buffers)) => buffers.iter().for_each(tell),
            Some(gst::PadProbeData::Event(event)) => match event.view() {
                gst::EventView::Segment(segment) => {
                    let segment = segment.segment().downcast_ref::<gst::format::Bytes>();
                    if let Some(start) = segment.and_then(gst::FormattedSegment::start) {
                        place.store(*start, Relaxed);
                    }
                }
                gst::EventView::Eos(_) => {
                    let _ = sender.send(Word::End);
                }
                _ => {}
            },
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
}

/// Puts what encodes behind a track. What is neither picture nor sound goes nowhere.
fn attach(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    side: u32,
    writer: &gst::Element,
    done: &Arc<AtomicU64>,
) -> Option<()> {
    let caps = pad.current_caps().or_else(|| pad.allowed_caps())?;
    let kind = caps.structure(0)?;
    let chain = match kind.name().as_str() {
        "video/x-raw" => pictures(kind, side),
        "audio/x-raw" => sound(),
        _ => None,
    };
    let taken = writer
        .sink_pads()
        .iter()
        .any(|sink| sink.name().starts_with("video") == kind.name().starts_with("video"));
    let Some(chain) = chain.filter(|_| !taken) else {
        let nowhere = gst::ElementFactory::make("fakesink").property("sync", false).property("async", false);
        let nowhere = nowhere.build().ok()?;
        pipeline.add(&nowhere).ok()?;
        nowhere.sync_state_with_parent().ok()?;
        pad.link(&nowhere.static_pad("sink")?).ok()?;
        return Some(());
    };
    pipeline.add_many(&chain).ok()?;
    gst::Element::link_many(&chain).ok()?;
    chain.last()?.link(writer).ok()?;
    keep_apart(&chain.last()?.static_pad("src")?, done);
    for element in &chain {
        element.sync_state_with_parent().ok()?;
    }
    pad.link(&chain.first()?.static_pad("sink")?).ok()?;
    Some(())
}

/// Lets nothing pass but pictures and sound, and follows how far they came.
fn keep_apart(pad: &gst::Pad, done: &Arc<AtomicU64>) {
    let done = Arc::clone(done);
    pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM, move |_, probe| {
        match &probe.data {
            Some(gst::PadProbeData::Buffer(buffer)) => {
                done.fetch_max(buffer.pts().map_or(0, gst::ClockTime::nseconds), Relaxed);
                gst::PadProbeReturn::Ok
            }
            Some(gst::PadProbeData::Event(event)) => match event.view() {
                gst::EventView::Tag(_) | gst::EventView::Toc(_) => gst::PadProbeReturn::Drop,
                _ => gst::PadProbeReturn::Ok,
            },
            _ => gst::PadProbeReturn::Ok,
        }
    });
}

/// Pictures are made small, turned as the camera was held, and encoded.
fn pictures(kind: &gst::StructureRef, side: u32) -> Option<Vec<gst::Element>> {
    let (width, height) = shown(kind)?;
    let share = (f64::from(side) / width.max(height)).min(1.0);
    let pixels = |length: f64| ((length * share / 2.0).round() as i32).max(8) * 2;
    let (width, height) = (pixels(width), pixels(height));
    let wanted = gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", width)
        .field("height", height)
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .build();
    let bits = f64::from(width) * f64::from(height) * BITS_FOR_A_PIXEL;
    let make = gst::ElementFactory::make;
    let chain = [
        make("queue"),
        make("videorate").property("drop-only", true).property("max-rate", 30),
        make("videoconvert"),
        make("videoscale"),
        make("capsfilter").property("caps", wanted),
        make("videoflip").property_from_str("video-direction", "auto"),
        make("vp8enc")
            .property("deadline", 1_i64)
            .property("cpu-used", 4)
            .property("threads", 4)
            .property("keyframe-max-dist", 150)
            .property_from_str("end-usage", "vbr")
            .property("target-bitrate", bits.clamp(*BITS.start(), *BITS.end()) as i32),
        make("queue"),
    ];
    chain.into_iter().map(|element| element.build().ok()).collect()
}

fn sound() -> Option<Vec<gst::Element>> {
    let two = gst::Caps::builder("audio/x-raw").field("channels", gst::IntRange::new(1, 2)).build();
    let make = gst::ElementFactory::make;
    let chain = [
        make("queue"),
        make("audioconvert"),
        make("audioresample"),
        make("capsfilter").property("caps", two),
        make("opusenc").property("bitrate", BITS_OF_SOUND),
        make("queue"),
    ];
    chain.into_iter().map(|element| element.build().ok()).collect()
}

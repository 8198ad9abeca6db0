//! The process that decodes: it locks itself in, and then answers until nobody asks any more.
//!
//! GStreamer takes containers apart and decodes. Its plugins are loaded before the door closes, and only those named here: what
//! takes a file of others apart is chosen by us. Bytes of the file are asked for over a socket of their own, so that
//! GStreamer's threads can read and seek while the answer to a question is on its way.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::AsFd as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSrc, AppSrcCallbacks, AppStreamType};
use gtk::glib::ExitCode;

use super::{
    smaller::{self, Smaller},
    wire::{self, Answer, Facts, LARGEST_READ, Piece, Question, Wish},
};
use crate::confine::{Limits, confine};

/// What is left to a worker.
pub const LIMITS: Limits = Limits { seconds: 3600, memory: 1024 * 1024 * 1024, threads: true };

/// Who may take files of others apart, and what is needed to show and to play the rest.
const PLUGINS: [&str; 35] = [
    "app",
    "coreelements",
    "playback",
    "typefindfunctions",
    "audioconvert",
    "audioresample",
    "audiofx",
    "videoconvertscale",
    "videofilter",
    "ogg",
    "opus",
    "opusparse",
    "vorbis",
    "theora",
    "flac",
    "mpg123",
    "wavparse",
    "audioparsers",
    "id3demux",
    "apetag",
    "faad",
    "fdkaac",
    "amrnb",
    "amrwbdec",
    "isomp4",
    "matroska",
    "avi",
    "vpx",
    "openh264",
    "libav",
    "dav1d",
    "videoparsersbad",
    "rawparse",
    "adpcmdec",
    "alaw",
];

/// How long it may take until a file is open, or until the next piece has come.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(30);
/// So many pieces wait.
const WAITING: u32 = 4;

/// The whole life of a worker. It is asked over its standard input, and asks for bytes over what would be for errors.
pub fn work() -> ExitCode {
    if answer().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn answer() -> io::Result<()> {
    let mut asked = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let bytes = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    // What a library complains of is no request for bytes.
    rustix::stdio::dup2_stderr(File::options().write(true).open("/dev/null")?)?;
    // What is wanted says the program itself; of the file, nothing has been seen yet.
    let Some(Question::Open(wish, length)) = wire::read_question(&mut asked)? else { return Ok(()) };
    let (pipeline, limits) = prepare(wish)?;
    confine(limits).map_err(io::Error::other)?;
    if let Wish::Smaller(side) = wish {
        return serve_smaller(&mut asked, Smaller::begin(&pipeline, &source(length, bytes), side));
    }
    serve(&mut asked, Opened::open(&pipeline, wish, &source(length, bytes)))
}

/// Everything that cannot be done behind closed doors.
fn prepare(wish: Wish) -> io::Result<(gst::Pipeline, Limits)> {
    gst::init().map_err(io::Error::other)?;
    let (more, limits): (&[&str], _) = match wish {
        Wish::Smaller(_) => (&smaller::PLUGINS, smaller::LIMITS),
        _ => (&[], LIMITS),
    };
    for name in PLUGINS.iter().chain(more) {
        // Not every system has every one.
        let _ = gst::Plugin::load_by_name(name);
    }
    let pipeline = gst::Pipeline::new();
    if pipeline.bus().is_none() {
        return Err(io::Error::other("a pipeline without a bus"));
    }
    Ok((pipeline, limits))
}

fn serve(asked: &mut (impl Read + Write), opened: Option<Opened>) -> io::Result<()> {
    let Some(mut opened) = opened else { return wire::write_answer(asked, &Answer::Failed) };
    wire::write_answer(asked, &Answer::Opened(opened.facts()))?;
    while let Some(question) = wire::read_question(asked)? {
        let answer = match question {
            Question::Next => opened.next(),
            Question::Seek(place, tempo) => opened.seek(place, tempo),
            Question::Open(..) => Answer::Failed,
        };
        wire::write_answer(asked, &answer)?;
    }
    Ok(())
}

fn serve_smaller(asked: &mut (impl Read + Write), smaller: Option<Smaller>) -> io::Result<()> {
    let Some(smaller) = smaller else { return wire::write_answer(asked, &Answer::Failed) };
    let facts = Facts { duration: None, has_sound: false, dimensions: None };
    wire::write_answer(asked, &Answer::Opened(facts))?;
    while let Some(question) = wire::read_question(asked)? {
        let answer = match question {
            Question::Next => smaller.next(),
            Question::Seek(..) | Question::Open(..) => Answer::Failed,
        };
        wire::write_answer(asked, &answer)?;
    }
    Ok(())
}

/// A file that is being decoded.
struct Opened {
    pipeline: gst::Pipeline,
    tracks: Arc<Mutex<Vec<Track>>>,
}

/// What comes out of it: sound, or pictures.
#[derive(Clone)]
struct Track {
    sink: AppSink,
    is_sound: bool,
    /// How large its pictures are.
    dimensions: Option<(u32, u32)>,
    /// The next of it, while that of another comes before.
    held: Option<gst::Sample>,
}

impl Opened {
    fn open(pipeline: &gst::Pipeline, wish: Wish, source: &AppSrc) -> Option<Self> {
        let decoder = gst::ElementFactory::make("decodebin").build().ok()?;
        pipeline.add_many([source.upcast_ref(), &decoder]).ok()?;
        source.link(&decoder).ok()?;
        let tracks: Arc<Mutex<Vec<Track>>> = Arc::default();
        let (found, within) = (Arc::clone(&tracks), pipeline.downgrade());
        decoder.connect_pad_added(move |_, pad| {
            if let Some(pipeline) = within.upgrade() {
                let mut tracks = found.lock().unwrap_or_else(PoisonError::into_inner);
                // A track that cannot be shown is left out.
                let _ = attach(&pipeline, pad, wish, &mut tracks);
            }
        });
        pipeline.set_state(gst::State::Paused).ok()?;
        settled(pipeline)?;
        pipeline.set_state(gst::State::Playing).ok()?;
        let has_any = !tracks.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        has_any.then(|| Self { pipeline: pipeline.clone(), tracks })
    }

    fn facts(&self) -> Facts {
        let duration = self.pipeline.query_duration::<gst::ClockTime>();
        let tracks = self.tracks.lock().unwrap_or_else(PoisonError::into_inner);
        Facts {
            duration: duration.map(|duration| Duration::from_nanos(duration.nseconds())),
            has_sound: tracks.iter().any(|track| track.is_sound),
            dimensions: tracks.iter().find_map(|track| track.dimensions),
        }
    }

    /// What comes next of all tracks.
    fn next(&mut self) -> Answer {
        let mut tracks = self.tracks.lock().unwrap_or_else(PoisonError::into_inner);
        for track in tracks.iter_mut().filter(|track| track.held.is_none()) {
            track.held = track.sink.try_pull_sample(PATIENCE);
            if track.held.is_none() && !track.sink.is_eos() {
                return Answer::Failed;
            }
        }
        let first = tracks
            .iter_mut()
            .filter(|track| track.held.is_some())
            .min_by_key(|track| track.held.as_ref().and_then(place));
        match first.and_then(|track| Some((track.held.take()?, track.is_sound))) {
            Some((sample, is_sound)) => piece(&sample, is_sound).map_or(Answer::Failed, Answer::Next),
            None if self.has_failed() => Answer::Failed,
            None => Answer::End,
        }
    }

    fn has_failed(&self) -> bool {
        let bus = self.pipeline.bus();
        bus.is_some_and(|bus| bus.pop_filtered(&[gst::MessageType::Error]).is_some())
    }

    fn seek(&mut self, to: Duration, tempo: f64) -> Answer {
        let tempo = if (0.25..=4.0).contains(&tempo) { tempo } else { 1.0 };
        while self.pipeline.bus().and_then(|bus| bus.pop_filtered(&[gst::MessageType::AsyncDone])).is_some() {
        }
        let to = gst::ClockTime::from_nseconds(u64::try_from(to.as_nanos()).unwrap_or(u64::MAX - 1));
        let gone = self.pipeline.seek(
            tempo,
            gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE,
            gst::SeekType::Set,
            to,
            gst::SeekType::End,
            gst::ClockTime::ZERO,
        );
        for track in &mut *self.tracks.lock().unwrap_or_else(PoisonError::into_inner) {
            track.held = None;
        }
        match gone {
            Ok(()) if settled(&self.pipeline).is_some() => Answer::Gone,
            _ => Answer::Failed,
        }
    }
}

/// Waits until the pipeline has what it needs to go on. `None` if it has not.
fn settled(pipeline: &gst::Pipeline) -> Option<()> {
    let bus = pipeline.bus()?;
    let said = bus.timed_pop_filtered(PATIENCE, &[gst::MessageType::AsyncDone, gst::MessageType::Error])?;
    (said.type_() == gst::MessageType::AsyncDone).then_some(())
}

/// The file, read and sought in over the socket.
fn source(length: u64, bytes: File) -> AppSrc {
    let source = AppSrc::builder()
        .stream_type(AppStreamType::RandomAccess)
        .format(gst::Format::Bytes)
        .block(false)
        .max_bytes(u64::from(LARGEST_READ))
        .build();
    source.set_size(i64::try_from(length).unwrap_or(i64::MAX));
    let place = Arc::new(Mutex::new(0_u64));
    let sought = Arc::clone(&place);
    let mut bytes = bytes;
    source.set_callbacks(
        AppSrcCallbacks::builder()
            .need_data(move |source, wanted| {
                let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
                let wanted = if wanted == u32::MAX { 64 * 1024 } else { wanted.clamp(1, LARGEST_READ) };
                let came = wire::fetch(&mut bytes, *place, wanted).unwrap_or_default();
                *place += came.len() as u64;
                let told = if came.is_empty() {
                    source.end_of_stream()
                } else {
                    source.push_buffer(gst::Buffer::from_mut_slice(came))
                };
                // It stops: then nothing is wanted.
                let _ = told;
            })
            .seek_data(move |_, to| {
                *sought.lock().unwrap_or_else(PoisonError::into_inner) = to;
                true
            })
            .build(),
    );
    source
}

/// Puts what is needed behind a track. What is not wanted goes nowhere.
fn attach(pipeline: &gst::Pipeline, pad: &gst::Pad, wish: Wish, tracks: &mut Vec<Track>) -> Option<()> {
    let caps = pad.current_caps().or_else(|| pad.allowed_caps())?;
    let kind = caps.structure(0)?;
    let is_sound = kind.name().starts_with("audio/x-raw");
    let is_picture = kind.name().starts_with("video/x-raw");
    let is_wanted = match wish {
        Wish::Sound | Wish::Loudness => is_sound,
        Wish::Film(_) | Wish::Smaller(_) => is_sound || is_picture,
    } && !tracks.iter().any(|track| track.is_sound == is_sound);
    let (names, wanted): (&[&str], gst::Caps) = match wish {
        _ if !is_wanted => (&[], gst::Caps::new_any()),
        Wish::Film(side) if is_picture => (&["videoconvert", "videoscale"], pixels(kind, side)?),
        Wish::Loudness => (&["audioconvert", "audioresample"], samples(8_000, 1)),
        _ => (&["audioconvert", "audioresample", "scaletempo"], samples(48_000, 2)),
    };
    let mut chain = names
        .iter()
        .map(|name| gst::ElementFactory::make(name).build())
        .collect::<Result<Vec<_>, _>>()
        .ok()?;
    if is_wanted {
        let sink = AppSink::builder().caps(&wanted).sync(false).max_buffers(WAITING).build();
        chain.push(sink.clone().upcast());
        let dimensions = if is_picture { shown(kind) } else { None };
        let dimensions = dimensions.map(|(width, height)| (width.round() as u32, height.round() as u32));
        tracks.push(Track { sink, is_sound, dimensions, held: None });
    } else {
        let nowhere = gst::ElementFactory::make("fakesink").property("sync", false).property("async", false);
        chain.push(nowhere.build().ok()?);
    }
    pipeline.add_many(&chain).ok()?;
    gst::Element::link_many(&chain).ok()?;
    for element in &chain {
        element.sync_state_with_parent().ok()?;
    }
    pad.link(&chain.first()?.static_pad("sink")?).ok()?;
    Some(())
}

fn samples(rate: i32, channels: i32) -> gst::Caps {
    gst::Caps::builder("audio/x-raw")
        .field("format", "S16LE")
        .field("layout", "interleaved")
        .field("rate", rate)
        .field("channels", channels)
        .build()
}

/// Pixels as they are drawn, made small enough, each as wide as it is high.
fn pixels(kind: &gst::StructureRef, side: u32) -> Option<gst::Caps> {
    let (width, height) = shown(kind)?;
    let share = (f64::from(side) / width.max(height)).min(1.0);
    let pixels = |length: f64| ((length * share).round() as i32).clamp(1, side as i32);
    Some(
        gst::Caps::builder("video/x-raw")
            .field("format", "RGBA")
            .field("width", pixels(width))
            .field("height", pixels(height))
            .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
            .build(),
    )
}

/// How wide and high pictures of this kind are shown.
pub fn shown(kind: &gst::StructureRef) -> Option<(f64, f64)> {
    let (width, height) = (kind.get::<i32>("width").ok()?, kind.get::<i32>("height").ok()?);
    let aspect = kind.get::<gst::Fraction>("pixel-aspect-ratio").ok();
    let aspect = aspect.map_or(1.0, |aspect| f64::from(aspect.numer()) / f64::from(aspect.denom().max(1)));
    Some((f64::from(width) * aspect, f64::from(height)))
}

/// Where in the file a sample belongs.
fn place(sample: &gst::Sample) -> Option<gst::ClockTime> {
    let begins = sample.buffer()?.pts()?;
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    segment.to_stream_time(begins).or(Some(begins))
}

fn piece(sample: &gst::Sample, is_sound: bool) -> Option<Piece> {
    let place = Duration::from_nanos(place(sample).unwrap_or_default().nseconds());
    let map = sample.buffer()?.map_readable().ok()?;
    if is_sound {
        return Some(Piece::Sound { place, samples: map.to_vec() });
    }
    let kind = sample.caps()?.structure(0)?;
    let side = |name: &str| u32::try_from(kind.get::<i32>(name).ok()?).ok();
    let (width, height) = (side("width")?, side("height")?);
    // Four bytes a pixel leave no gap at the end of a row.
    let pixels = map.get(..width as usize * height as usize * 4)?.to_vec();
    Some(Piece::Picture { place, width, height, pixels })
}

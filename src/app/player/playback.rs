//! A sound or film that is being played: decoded elsewhere, and handed to the loudspeakers. Pictures are handed on, with the moment
//! each is for; whoever shows them goes by what is heard. Where there is nothing to be heard, silence keeps the time.
//!
//! It has a thread of its own, which is asked by orders and tells how far it came. What is decoded is bare samples of a known form:
//! nothing of the file comes near what plays it.

use std::{env, io, time::Duration};

use async_channel::{Receiver, Sender, TryRecvError, TrySendError};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSrc;

use super::{
    Decoding, Source,
    wire::{Piece, Wish},
};

/// Samples of [`Wish::Sound`] take so many bytes a second.
const BYTES_A_SECOND: u64 = 48_000 * 4;
/// So much is handed over before it is heard.
const AHEAD: u64 = BYTES_A_SECOND / 5;
/// So far it goes on before it is told.
const STEP: Duration = Duration::from_millis(20);
/// So many pictures wait to be shown.
const PICTURES: usize = 8;
/// How long the loudspeakers may take for their last samples.
const LAST: gst::ClockTime = gst::ClockTime::from_mseconds(50);
/// How long nothing is done while there is enough.
const BREATH: Duration = Duration::from_millis(10);
/// What plays: a description of GStreamer's. Otherwise it is what the desktop plays with.
const SINK: &str = "STARLING_PLAY_TO";

/// What is wanted of a sound that is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    Play,
    Pause,
    Seek(Duration),
    Tempo(f64),
}

/// How a sound that is played comes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is open, and so long.
    Opened(Option<Duration>),
    /// It is there.
    At(Duration),
    /// It was played to its end.
    Ended,
    /// It cannot be played, or not further.
    Failed,
}

/// A picture of a film, and the place it is for.
#[derive(Debug)]
pub struct Picture {
    pub place: Duration,
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u8>,
}

/// The orders to a sound, and what it tells. It stops when this is dropped.
#[derive(Debug)]
pub struct Playback {
    pub orders: Sender<Order>,
    pub told: Receiver<Told>,
    pub pictures: Receiver<Picture>,
}

impl Playback {
    /// Begins to play. `open` is called on the thread of the sound.
    pub fn start<F>(open: F, wish: Wish, from: Duration, tempo: f64) -> io::Result<Self>
    where
        F: FnOnce() -> io::Result<Box<dyn Source>> + Send + 'static,
    {
        let (orders, taken) = async_channel::unbounded();
        let (tell, told) = async_channel::unbounded();
        let (show, pictures) = async_channel::bounded(PICTURES);
        std::thread::Builder::new().name("sound".into()).spawn(move || {
            let played = open().and_then(|source| {
                let decoding = Decoding::open(source, wish)?;
                let _ = tell.try_send(Told::Opened(decoding.facts().duration));
                let ends = Ends { orders: taken, tell: tell.clone(), show };
                Thread::new(decoding, ends, from, tempo)?.run()
            });
            let last = match played {
                Ok(true) => Told::Ended,
                Ok(false) => return,
                Err(error) => {
                    tracing::info!(%error, "a sound cannot be played");
                    Told::Failed
                }
            };
            let _ = tell.try_send(last);
        })?;
        Ok(Self { orders, told, pictures })
    }
}

/// The other ends of a [`Playback`].
struct Ends {
    orders: Receiver<Order>,
    tell: Sender<Told>,
    show: Sender<Picture>,
}

struct Thread {
    decoding: Decoding,
    ends: Ends,
    output: Output,
    /// A picture that nobody had room for yet.
    waiting: Option<Picture>,
    /// Where in the file what is played began, and how fast it goes.
    begun: Option<Duration>,
    tempo: f64,
    is_paused: bool,
    place: Duration,
}

impl Thread {
    fn new(decoding: Decoding, ends: Ends, from: Duration, tempo: f64) -> io::Result<Self> {
        let output = Output::open()?;
        let mut thread =
            Self { decoding, ends, output, waiting: None, begun: None, tempo, is_paused: false, place: from };
        if !from.is_zero() || tempo.to_bits() != 1.0_f64.to_bits() {
            thread.decoding.seek(from, tempo)?;
        }
        Ok(thread)
    }

    /// Plays to the end. False if nobody wants it any more.
    fn run(mut self) -> io::Result<bool> {
        let mut is_over = false;
        loop {
            if !self.obey(&mut is_over)? {
                return Ok(false);
            }
            if is_over {
                if self.output.is_done()? {
                    return Ok(true);
                }
            } else if self.output.is_full()? || !self.show() {
                std::thread::sleep(BREATH);
            } else {
                match self.decoding.next()? {
                    Some(Piece::Sound { place, samples }) => {
                        self.begun.get_or_insert(place);
                        self.output.push(samples)?;
                    }
                    Some(Piece::Picture { place, width, height, pixels }) => {
                        if !self.decoding.facts().has_sound {
                            self.keep_silent_until(place)?;
                        }
                        self.waiting = Some(Picture { place, width, height, pixels });
                    }
                    // What is written is not played: nobody asked for it here.
                    Some(Piece::Written { .. }) | None => {
                        self.output.end();
                        is_over = true;
                    }
                }
            }
            self.tell_place();
        }
    }

    /// Hands on the picture that waits. Whether none does any more.
    fn show(&mut self) -> bool {
        match self.waiting.take().map(|picture| self.ends.show.try_send(picture)) {
            Some(Err(TrySendError::Full(picture))) => {
                self.waiting = Some(picture);
                false
            }
            // Closed: nobody looks, and that is told by the orders.
            _ => true,
        }
    }

    fn keep_silent_until(&mut self, place: Duration) -> io::Result<()> {
        let begun = *self.begun.get_or_insert(place);
        let wanted = place.saturating_sub(begun).div_f64(self.tempo).as_nanos() as u64;
        // Whole samples of both sides.
        let wanted = wanted * (BYTES_A_SECOND / 1000) / 1_000_000 / 4 * 4;
        let missing = wanted.saturating_sub(self.output.pushed).min(BYTES_A_SECOND);
        self.output.push(vec![0; missing as usize])
    }

    /// Does what is wanted; waits while it is paused. False if nobody is there any more.
    fn obey(&mut self, is_over: &mut bool) -> io::Result<bool> {
        loop {
            let order = match self.ends.orders.try_recv() {
                Ok(order) => order,
                Err(TryRecvError::Empty) if !self.is_paused => return Ok(true),
                Err(TryRecvError::Empty) => match self.ends.orders.recv_blocking() {
                    Ok(order) => order,
                    Err(_) => return Ok(false),
                },
                Err(TryRecvError::Closed) => return Ok(false),
            };
            match order {
                Order::Play => self.set_paused(false)?,
                Order::Pause => self.set_paused(true)?,
                Order::Seek(to) => self.go_on(to, is_over)?,
                Order::Tempo(tempo) => {
                    self.tempo = tempo;
                    self.go_on(self.place, is_over)?;
                }
            }
        }
    }

    fn set_paused(&mut self, is_paused: bool) -> io::Result<()> {
        self.is_paused = is_paused;
        self.output.set_state(if is_paused { gst::State::Paused } else { gst::State::Playing })
    }

    /// Goes on from another place.
    fn go_on(&mut self, to: Duration, is_over: &mut bool) -> io::Result<()> {
        self.decoding.seek(to, self.tempo)?;
        self.output = Output::open()?;
        self.set_paused(self.is_paused)?;
        self.begun = None;
        self.place = to;
        *is_over = false;
        self.waiting = None;
        let _ = self.ends.tell.try_send(Told::At(to));
        Ok(())
    }

    fn tell_place(&mut self) {
        let (Some(begun), Some(played)) = (self.begun, self.output.played()) else { return };
        let place = begun + played.mul_f64(self.tempo);
        if place.abs_diff(self.place) >= STEP {
            self.place = place;
            let _ = self.ends.tell.try_send(Told::At(place));
        }
    }
}

/// The loudspeakers.
struct Output {
    pipeline: gst::Pipeline,
    source: AppSrc,
    pushed: u64,
}

impl Output {
    fn open() -> io::Result<Self> {
        gst::init().map_err(io::Error::other)?;
        let sink = env::var(SINK).unwrap_or_else(|_| "autoaudiosink".to_owned());
        let way = format!("appsrc name=samples ! audioconvert ! audioresample ! {sink}");
        let pipeline = gst::parse::launch(&way)
            .ok()
            .and_then(|way| way.downcast::<gst::Pipeline>().ok())
            .ok_or_else(|| io::Error::other("there is nothing to play with"))?;
        let source = pipeline
            .by_name("samples")
            .and_then(|source| source.downcast::<AppSrc>().ok())
            .ok_or_else(|| io::Error::other("there is nothing to play with"))?;
        source.set_format(gst::Format::Time);
        source.set_max_bytes(0);
        source.set_caps(Some(
            &gst::Caps::builder("audio/x-raw")
                .field("format", "S16LE")
                .field("layout", "interleaved")
                .field("rate", 48_000)
                .field("channels", 2)
                .build(),
        ));
        let output = Self { pipeline, source, pushed: 0 };
        output.set_state(gst::State::Playing)?;
        Ok(output)
    }

    fn set_state(&self, state: gst::State) -> io::Result<()> {
        self.pipeline.set_state(state).map(|_| ()).map_err(io::Error::other)
    }

    /// Whether there is enough to be heard for now.
    fn is_full(&self) -> io::Result<bool> {
        self.check()?;
        Ok(self.source.current_level_bytes() > AHEAD)
    }

    /// Hands samples over.
    fn push(&mut self, samples: Vec<u8>) -> io::Result<()> {
        let time = |bytes: u64| gst::ClockTime::from_nseconds(bytes * 1_000_000_000 / BYTES_A_SECOND);
        let begins = time(self.pushed);
        self.pushed += samples.len() as u64;
        let mut buffer = gst::Buffer::from_mut_slice(samples);
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(begins);
            buffer.set_duration(time(self.pushed).saturating_sub(begins));
        }
        self.source.push_buffer(buffer).map(|_| ()).map_err(io::Error::other)
    }

    fn end(&self) {
        // It has failed already: then that is told.
        let _ = self.source.end_of_stream();
    }

    /// Fails if it cannot go on. Only before the end was given to it: whatever else it says is thrown away.
    fn check(&self) -> io::Result<()> {
        let bus = self.pipeline.bus();
        match bus.and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error])) {
            Some(_) => Err(io::Error::other("the loudspeakers do not play")),
            None => Ok(()),
        }
    }

    /// Whether the last sample was heard. Waits a moment.
    fn is_done(&self) -> io::Result<bool> {
        let last = [gst::MessageType::Eos, gst::MessageType::Error];
        match self.pipeline.bus().map(|bus| bus.timed_pop_filtered(LAST, &last)) {
            Some(None) => Ok(false),
            Some(Some(message)) if message.type_() == gst::MessageType::Error => {
                Err(io::Error::other("the loudspeakers do not play"))
            }
            Some(Some(_)) | None => Ok(true),
        }
    }

    /// How much was heard.
    fn played(&self) -> Option<Duration> {
        let played = self.pipeline.query_position::<gst::ClockTime>()?;
        Some(Duration::from_nanos(played.nseconds()))
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // Nothing is heard any more, whatever it says.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

//! A voice that is cleaned before it is sent: of what comes back from a room with a loudspeaker, of noise, of being too faint.
//!
//! How well it is cleaned is found out without a clock, by a cleaner that is handed one piece of sound after the other. That a
//! call has it cleaned, and is told what is played when it is played, is found out in calls whose microphones and speakers are
//! pipes.

use std::{
    collections::{HashMap, VecDeque},
    f64::consts::TAU,
    io::{PipeReader, PipeWriter, Read, Write},
    os::fd::AsRawFd,
    sync::{Arc, Mutex, mpsc::channel},
    thread,
    time::{Duration, Instant},
};

use gst::prelude::*;
use gstreamer as gst;
use gstreamer_app as gst_app;

use super::*;
use crate::{
    cleaning::{self, Played},
    pipeline::Pipeline,
};

const RATE: usize = 48_000;
/// A piece of sound, of 10 ms.
const PIECE: usize = RATE / 100;

type Sound = Arc<Mutex<VecDeque<i16>>>;

/// The ends of a call that are not the engine's.
struct Ends {
    microphone: (PipeReader, PipeWriter),
    speaker: (PipeReader, PipeWriter),
}

impl Ends {
    fn new() -> Self {
        Self { microphone: std::io::pipe().unwrap(), speaker: std::io::pipe().unwrap() }
    }

    fn devices(&self, cleans: bool) -> Devices {
        let (microphone, speaker) = (self.microphone.0.as_raw_fd(), self.speaker.1.as_raw_fd());
        Devices::Files { microphone, speaker, cleans }
    }
}

/// What the speaker plays, to be taken.
fn hear(ends: &Ends) -> Sound {
    let mut speaker = ends.speaker.0.try_clone().unwrap();
    let heard = Sound::default();
    let kept = heard.clone();
    thread::spawn(move || {
        let mut bytes = [0; 2 * PIECE];
        while speaker.read_exact(&mut bytes).is_ok() {
            let samples = bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
            kept.lock().unwrap().extend(samples);
        }
    });
    heard
}

/// The microphone hears this, a piece at a time, as long as anybody reads. Somebody must: what they do not read yet comes late.
fn say(ends: &Ends, mut more: impl FnMut() -> f64 + Send + 'static) {
    let mut microphone = ends.microphone.1.try_clone().unwrap();
    thread::spawn(move || {
        let mut due = Instant::now();
        loop {
            due += Duration::from_millis(10);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let samples = (0..PIECE).map(|_| (more() * f64::from(i16::MAX)) as i16);
            let bytes: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
            if microphone.write_all(&bytes).is_err() {
                return;
            }
        }
    });
}

/// Something like a voice, so loud: syllables of a fundamental that wanders and its overtones, and pauses.
fn voice(loudness: f64) -> impl FnMut() -> f64 + Send {
    let (mut sample, mut phase) = (0_usize, 0.0);
    move || {
        let time = sample as f64 / RATE as f64;
        sample += 1;
        phase += (140.0 + 40.0 * (TAU * 0.7 * time).sin() + 15.0 * (TAU * 2.3 * time).sin()) / RATE as f64;
        let syllable = (time * 4.0).fract();
        let pauses = (time * 4.0) as usize % 11 >= 8;
        let envelope = if pauses || syllable > 0.8 { 0.0 } else { (syllable / 0.8 * TAU / 2.0).sin() };
        let colour = 1.0 + ((time * 4.0) as usize % 5) as f64;
        let overtones = (1..24).map(|overtone| {
            let resonance =
                (-((f64::from(overtone) - 4.0 * colour) / 3.0).powi(2)).exp() + 0.3 / f64::from(overtone);
            resonance * (TAU * phase * f64::from(overtone)).sin()
        });
        overtones.sum::<f64>() * envelope * loudness / 4.0
    }
}

/// How loud what is heard from now on is, in decibels below the loudest there is.
fn loudness(pair: &mut Pair, heard: &Sound, after: u64, seconds: usize) -> f64 {
    let decoded = pair.sides[0].statistics.audio.decoded;
    pair.until("settled", |sides| sides[0].statistics.audio.decoded > decoded + after * 50);
    heard.lock().unwrap().clear();
    let enough = seconds * RATE;
    pair.until("heard for long enough", |_| heard.lock().unwrap().len() >= enough);
    let power: f64 = heard.lock().unwrap().iter().map(|sample| (f64::from(*sample) / 32_768.0).powi(2)).sum();
    10.0 * (power / enough as f64).max(1e-12).log10()
}

/// Bob speaks, and Alice hears him.
fn heard_of(loudness_of_bob: f64, cleans: bool) -> f64 {
    let [alice, bob] = [Ends::new(), Ends::new()];
    let mut pair = Pair::with(true, [&alice, &bob].map(|ends| ends.devices(cleans)));
    let heard = hear(&alice);
    hear(&bob);
    pair.connect(&[MediaKind::Audio]);
    say(&alice, || 0.0);
    say(&bob, voice(loudness_of_bob));
    loudness(&mut pair, &heard, 5, 5)
}

#[test]
fn a_faint_voice_is_raised() {
    let (raw, cleaned) = (heard_of(0.03, false), heard_of(0.03, true));
    println!("a voice of {raw:.1} dB becomes one of {cleaned:.1} dB");
    assert!(cleaned > raw + 5.0, "{raw} dB, then {cleaned} dB");
}

/// A cleaner by itself.
struct Bench {
    _pipeline: Pipeline,
    microphone: gst_app::AppSrc,
    speaker: gst_app::AppSrc,
    cleaned: gst_app::AppSink,
    compared: std::sync::mpsc::Receiver<()>,
    pieces: u64,
}

impl Bench {
    fn new() -> Self {
        gst::init().unwrap();
        let words = format!(
            "appsrc name=microphone format=time \
               caps=audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved \
             ! audio/x-raw,rate=48000,channels=1{} ! appsink name=cleaned sync=false {}",
            cleaning::cleaner(1),
            cleaning::probe(1)
        );
        let pipeline = Pipeline::new(&words).unwrap();
        pipeline.hold_back_nothing();
        let (tell, compared) = channel();
        let probe: gst::Element = pipeline.element("played-00000001").unwrap();
        probe.static_pad("src").unwrap().add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            let _ = tell.send(());
            gst::PadProbeReturn::Ok
        });
        let microphone: gst_app::AppSrc = pipeline.element("microphone").unwrap();
        let speaker: gst_app::AppSrc = pipeline.element("played").unwrap();
        speaker.set_caps(microphone.caps().as_ref());
        let cleaned = pipeline.element("cleaned").unwrap();
        pipeline.play().unwrap();
        Self { _pipeline: pipeline, microphone, speaker, cleaned, compared, pieces: 0 }
    }

    /// So many seconds of what is played, and of what the microphone hears: how loud the last two are before and after, in
    /// decibels.
    fn clean(
        &mut self,
        seconds: usize,
        mut played: impl FnMut() -> f64,
        mut heard: impl FnMut(f64) -> f64,
    ) -> [f64; 2] {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for _ in 0..seconds * 100 {
            let played: Vec<f64> = (0..PIECE).map(|_| played()).collect();
            let heard: Vec<f64> = played.iter().map(|sample| heard(*sample)).collect();
            self.speaker.push_buffer(self.piece(&played)).unwrap();
            self.compared.recv_timeout(PATIENCE).unwrap();
            self.microphone.push_buffer(self.piece(&heard)).unwrap();
            self.pieces += 1;
            let sample = self.cleaned.pull_sample().unwrap();
            let bytes = sample.buffer().unwrap().map_readable().unwrap();
            after.extend(
                bytes
                    .chunks_exact(2)
                    .map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])) / f64::from(i16::MAX)),
            );
            before.extend(heard);
        }
        [before, after].map(|samples| decibels(&samples[samples.len() - 2 * RATE..]))
    }

    fn piece(&self, samples: &[f64]) -> gst::Buffer {
        let samples = samples.iter().map(|sample| (sample * f64::from(i16::MAX)) as i16);
        let bytes: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
        let mut buffer = gst::Buffer::from_slice(bytes);
        let piece = buffer.get_mut().unwrap();
        piece.set_pts(gst::ClockTime::from_mseconds(10) * self.pieces);
        piece.set_duration(gst::ClockTime::from_mseconds(10));
        buffer
    }
}

fn decibels(samples: &[f64]) -> f64 {
    let power: f64 = samples.iter().map(|sample| sample.powi(2)).sum();
    10.0 * (power / samples.len() as f64).max(1e-12).log10()
}

/// What a microphone hears of the speaker beside it: half of it 60 ms later, and a reflection.
fn room() -> impl FnMut(f64) -> f64 {
    let mut air = VecDeque::from(vec![0.0; RATE * 80 / 1_000]);
    move |played| {
        let reflected = air.pop_front().unwrap_or_default();
        let heard = air.get(RATE * 20 / 1_000).copied().unwrap_or_default();
        air.push_back(played);
        0.5 * heard + 0.15 * reflected
    }
}

#[test]
fn what_the_speaker_plays_is_not_sent_back() {
    let mut bench = Bench::new();
    let mut room = room();
    let mut theirs = voice(0.5);
    let [echo, left] = bench.clean(6, &mut theirs, &mut room);
    println!("an echo of {echo:.1} dB becomes one of {left:.1} dB");
    assert!(left < echo - 25.0, "{echo} dB, then {left} dB");
    // And who speaks while nothing is played is heard.
    let mut ours = voice(0.3);
    let [said, sent] = bench.clean(4, || 0.0, |played| room(played) + ours());
    println!("a voice of {said:.1} dB becomes one of {sent:.1} dB");
    assert!(sent > said - 6.0, "{said} dB, then {sent} dB");
    // Without being told, it cannot know what is an echo.
    let mut deaf = Bench::new();
    let mut room = self::room();
    let [echo, left] = deaf.clean(6, || 0.0, |_| room(theirs()));
    assert!(left > echo - 6.0, "{echo} dB, then {left} dB");
}

#[test]
fn noise_is_weakened() {
    let mut noise = 1_u32;
    let hiss = |_| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(noise >> 8) / f64::from(1_u32 << 24) - 0.5) * 0.02
    };
    let [noise, left] = Bench::new().clean(6, || 0.0, hiss);
    println!("noise of {noise:.1} dB becomes one of {left:.1} dB");
    assert!(left < noise - 6.0, "{noise} dB, then {left} dB");
}

#[test]
fn what_is_played_is_told_with_the_time_at_which_it_is_heard() {
    gst::init().unwrap();
    let words = format!(
        "audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=1{} ! fakesink sync=false {}",
        cleaning::cleaner(2),
        cleaning::probe(2)
    );
    let cleaner = Pipeline::new(&words).unwrap();
    // One that holds back 80 ms.
    let speaker = Pipeline::new(
        "audiotestsrc is-live=true samplesperbuffer=480 ! audio/x-raw,rate=44100 ! identity name=exit \
         ! fakesink name=sink sync=true signal-handoffs=true",
    )
    .unwrap();
    let holds_back = gst::ClockTime::from_mseconds(80);
    speaker.downgrade().upgrade().unwrap().set_latency(holds_back);
    let played = Played::default();
    played.tell(&cleaner).unwrap();
    played.listen(&speaker).unwrap();
    cleaner.play().unwrap();
    let (tell, told) = channel();
    let heard = tell.clone();
    let clock = cleaner.downgrade();
    let entry: gst::Element = cleaner.element("played").unwrap();
    entry.static_pad("src").unwrap().add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let (Some(buffer), Some(pipeline)) = (info.buffer(), clock.upgrade()) {
            let due = buffer.pts().unwrap() + pipeline.base_time().unwrap();
            let _ = tell.send((buffer.offset(), false, due.nseconds()));
        }
        gst::PadProbeReturn::Ok
    });
    let sink: gst::Element = speaker.element("sink").unwrap();
    sink.connect("handoff", false, move |values| {
        let buffer = values[1].get::<gst::Buffer>().unwrap();
        let now = gst::SystemClock::obtain().time();
        let _ = heard.send((buffer.offset(), true, now.nseconds()));
        None
    });
    speaker.play().unwrap();
    let mut due = HashMap::new();
    let mut apart = Vec::new();
    while apart.len() < 200 {
        match told.recv_timeout(PATIENCE).unwrap() {
            (piece, false, time) => drop(due.insert(piece, time)),
            (piece, true, time) => {
                apart.extend(due.remove(&piece).map(|due| time as f64 / 1e6 - due as f64 / 1e6));
            }
        }
    }
    // A machine that is busy lets some be heard later, and none earlier.
    let least = apart.iter().copied().fold(f64::INFINITY, f64::min);
    println!("told {least:.1} ms before it is heard");
    assert!((0.0..=20.0).contains(&least), "{least} ms");
}

//! A microphone that hears a click every second, and a speaker that is listened to: how long sound is under way.
//!
//! As with a sound card, a piece of 10 ms is handed over when its last sample was spoken, and what is played begins to be heard
//! when it is written. Between clicks there is a low hum, so that nothing takes it for silence.

use std::f64::consts::TAU;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant, SystemTime};

use session::Devices;

const SAMPLES_A_SECOND: u32 = 48_000;
const PIECE: Duration = Duration::from_millis(10);
const SAMPLES_A_PIECE: usize = 480;
/// How many pieces there are from one click to the next.
const PIECES_A_CLICK: u64 = 100;
/// A click of 5 ms.
const CLICK: usize = 240;
const HUM: f64 = 0.02;
const LOUD: f64 = 0.9;
/// As loud as nothing but a click is, whatever a codec makes of it.
const HEARD: i16 = 6_000;

/// A microphone and a speaker that are open for as long as there is a process.
pub struct Clicks {
    microphone: PipeReader,
    speaker: PipeWriter,
    ends: Option<(PipeWriter, PipeReader)>,
}

impl Clicks {
    /// Silence.
    pub fn new() -> Self {
        let (microphone, voice) = std::io::pipe().expect("a pipe");
        let (ear, speaker) = std::io::pipe().expect("a pipe");
        Self { microphone, speaker, ends: Some((voice, ear)) }
    }

    /// As the engine is told of them.
    pub fn devices(&self) -> Devices {
        Devices::Files {
            microphone: self.microphone.as_raw_fd(),
            speaker: self.speaker.as_raw_fd(),
            cleans: false,
        }
    }

    /// Speaks and listens from now on, and tells each click that is said and heard. It is too early before anybody reads: a
    /// pipe keeps what a microphone would have lost.
    pub fn begin(&mut self) {
        if let Some((voice, ear)) = self.ends.take() {
            std::thread::spawn(move || speak(voice));
            std::thread::spawn(move || listen(ear));
        }
    }
}

fn speak(mut voice: PipeWriter) {
    let mut due = Instant::now();
    for piece in 0_u64.. {
        due += PIECE;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let clicks = piece % PIECES_A_CLICK == PIECES_A_CLICK - 1;
        if clicks {
            // Its first sample was spoken when the piece began.
            println!("said {:.6}", seconds() - PIECE.as_secs_f64());
        }
        let samples = (0..SAMPLES_A_PIECE).flat_map(|sample| {
            let time = (piece as f64 * SAMPLES_A_PIECE as f64 + sample as f64) / f64::from(SAMPLES_A_SECOND);
            let (height, loudness) = if clicks && sample < CLICK { (1_000.0, LOUD) } else { (200.0, HUM) };
            let value = (TAU * height * time).sin() * loudness * f64::from(i16::MAX);
            (value as i16).to_le_bytes()
        });
        let bytes: Vec<u8> = samples.collect();
        if voice.write_all(&bytes).is_err() {
            return;
        }
    }
}

fn listen(mut ear: PipeReader) {
    let mut bytes = vec![0; 8_192];
    let mut deaf_until = 0.0;
    while let Ok(length) = ear.read(&mut bytes)
        && length > 0
    {
        let now = seconds();
        let samples = bytes[..length].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
        let found = samples.into_iter().position(|sample| sample.unsigned_abs() > HEARD.unsigned_abs());
        if let Some(place) = found
            && now > deaf_until
        {
            println!("heard {:.6}", now + place as f64 / f64::from(SAMPLES_A_SECOND));
            deaf_until = now + 0.5;
        }
    }
}

fn seconds() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

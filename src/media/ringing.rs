//! What is heard before anybody talks: that somebody calls, and that it rings on the other side.
//!
//! Both are made of a few tones as they are needed; there is no recording of either.

use std::{f64::consts::TAU, time::Duration};

use gstreamer as gst;
use gstreamer_app as gst_app;
use model::{CallDevices, DeviceRole};

use crate::{Devices, background::Background, pipeline::Pipeline};

/// Samples in a second.
const RATE: u32 = 48_000;

/// What is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Somebody calls.
    Incoming,
    /// It rings on the other side.
    Outgoing,
}

/// A note: when it begins, how long it sounds, how high and how loud it is.
struct Note {
    begins: f64,
    lasts: f64,
    hertz: f64,
    /// Of the loudest there is.
    volume: f64,
}

const fn note(begins: f64, lasts: f64, hertz: f64, volume: f64) -> Note {
    Note { begins, lasts, hertz, volume }
}

const INCOMING: [Note; 5] = [
    note(0.0, 0.5, 659.26, 0.22),
    note(0.18, 0.5, 783.99, 0.22),
    note(0.36, 0.9, 1046.5, 0.25),
    note(0.9, 0.5, 783.99, 0.18),
    note(1.08, 0.9, 1046.5, 0.2),
];
const OUTGOING: [Note; 1] = [note(0.0, 1.0, 425.0, 0.06)];

impl Tone {
    /// After which it begins anew.
    fn period(self) -> Duration {
        Duration::from_secs(match self {
            Self::Incoming => 3,
            Self::Outgoing => 5,
        })
    }

    fn notes(self) -> &'static [Note] {
        match self {
            Self::Incoming => &INCOMING,
            Self::Outgoing => &OUTGOING,
        }
    }

    /// One period.
    fn samples(self) -> Vec<i16> {
        let count = self.period().as_secs() * u64::from(RATE);
        let sample = |place: u64| {
            let time = place as f64 / f64::from(RATE);
            let sum: f64 = self.notes().iter().map(|note| note.at(time)).sum();
            (sum.clamp(-1.0, 1.0) * f64::from(i16::MAX)) as i16
        };
        (0..count).map(sample).collect()
    }
}

impl Note {
    fn at(&self, time: f64) -> f64 {
        let since = time - self.begins;
        if !(0.0..self.lasts).contains(&since) {
            return 0.0;
        }
        // Rises in 15 ms and falls to nothing at its end: no click.
        let envelope = (since / 0.015).min(1.0) * (1.0 - since / self.lasts).min(0.25) * 4.0;
        let second = 0.2 * (2.0 * TAU * self.hertz * since).sin();
        self.volume * envelope * ((TAU * self.hertz * since).sin() + second)
    }
}

/// Sounds until it is dropped.
#[derive(Debug)]
pub struct Ringing(#[expect(dead_code, reason = "it is kept for its end")] Background);

impl Ringing {
    /// Begins.
    pub fn begin(devices: Devices, chosen: CallDevices, tone: Tone) -> Self {
        Self(Background::begin("ringing", move || {
            let speaker = devices.element(DeviceRole::Speaker, &chosen)?;
            let words = format!(
                "appsrc name=notes format=time max-bytes=1 \
                   caps=audio/x-raw,format=S16LE,rate={RATE},channels=1,layout=interleaved \
                 ! audioconvert ! audioresample name=exit"
            );
            let pipeline = Pipeline::into_sink(&words, &speaker)?;
            let notes: gst_app::AppSrc = pipeline.element("notes")?;
            let bytes: Vec<u8> = tone.samples().into_iter().flat_map(i16::to_le_bytes).collect();
            let period = gst::ClockTime::from_seconds(tone.period().as_secs());
            let period_buffer = gst::Buffer::from_slice(bytes);
            let mut played = 0;
            let more = move |source: &gst_app::AppSrc, _| {
                let mut buffer = period_buffer.copy();
                if let Some(buffer) = buffer.get_mut() {
                    buffer.set_pts(period * played);
                    buffer.set_duration(period);
                }
                played += 1;
                // Refused: it is over.
                let _ = source.push_buffer(buffer);
            };
            notes.set_callbacks(gst_app::AppSrcCallbacks::builder().need_data(more).build());
            pipeline.play()?;
            Ok(pipeline)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loudest(samples: &[i16]) -> u16 {
        samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
    }

    #[test]
    fn it_is_heard_and_pauses_and_does_not_click() {
        for tone in [Tone::Incoming, Tone::Outgoing] {
            let samples = tone.samples();
            assert_eq!(samples.len() as u64, tone.period().as_secs() * u64::from(RATE));
            let second = RATE as usize;
            assert!(loudest(&samples[..second]) > 1_000, "{tone:?} is heard");
            assert_eq!(loudest(&samples[samples.len() - second / 2..]), 0, "{tone:?} pauses");
            let steepest = samples.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max().unwrap();
            assert!(steepest < 4_000, "{tone:?} clicks: {steepest}");
            assert!(loudest(&samples) < i16::MAX as u16 / 2 + i16::MAX as u16 / 4, "{tone:?} is cut");
        }
    }

    #[test]
    fn what_rings_elsewhere_is_quiet() {
        assert!(loudest(&Tone::Outgoing.samples()) * 3 < loudest(&Tone::Incoming.samples()));
    }
}

//! How loud a sound is, in equal parts of its length: what a waveform is drawn from.

use std::{io, time::Duration};

use super::{
    Decoding, Source,
    wire::{Piece, Wish},
};

/// So many parts a sound has.
pub const PARTS: usize = 96;
/// So often a second it is measured, before it is known how long it is.
const A_SECOND: usize = 50;
/// No more of a sound is measured.
const LONGEST: Duration = Duration::from_secs(4 * 3600);
/// Samples of [`Wish::Loudness`] in a second.
const RATE: usize = 8_000;
/// What is softer is silence, in decibels below the loudest there can be.
const FLOOR: f64 = 48.0;

/// Decodes a whole sound: how long it is, and how loud. Blocks.
pub fn measure(source: Box<dyn Source>) -> io::Result<(Duration, Vec<u8>)> {
    let mut decoding = Decoding::open(source, Wish::Loudness)?;
    let mut peaks = Peaks::default();
    while let Some(piece) = decoding.next()? {
        if let Piece::Sound { samples, .. } = piece {
            peaks.take_in(&samples);
        }
        if peaks.duration() > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    if peaks.samples == 0 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok((peaks.duration(), in_parts(&peaks.finish())))
}

/// The loudest sample of each fiftieth of a second.
#[derive(Debug, Default)]
struct Peaks {
    done: Vec<u8>,
    loudest: u16,
    samples: usize,
}

impl Peaks {
    fn take_in(&mut self, bytes: &[u8]) {
        for sample in bytes.as_chunks().0 {
            self.loudest = self.loudest.max(i16::from_le_bytes(*sample).unsigned_abs());
            self.samples += 1;
            if self.samples.is_multiple_of(RATE / A_SECOND) {
                self.end_part();
            }
        }
    }

    fn end_part(&mut self) {
        let share = f64::from(std::mem::take(&mut self.loudest)) / f64::from(i16::MAX);
        self.done.push(level(20.0 * share.log10()));
    }

    fn duration(&self) -> Duration {
        Duration::from_millis((self.samples * 1000 / RATE) as u64)
    }

    fn finish(mut self) -> Vec<u8> {
        self.end_part();
        self.done
    }
}

/// A loudness in decibels as a part of a waveform.
pub fn level(decibels: f64) -> u8 {
    if decibels.is_nan() { 0 } else { ((decibels + FLOOR) / FLOOR * 255.0).clamp(0.0, 255.0).round() as u8 }
}

/// Makes equal parts of whatever was measured: the loudest of each.
pub fn in_parts(measured: &[u8]) -> Vec<u8> {
    let count = measured.len().min(PARTS);
    let begin = |part: usize| part * measured.len() / count;
    (0..count)
        .map(|part| measured.get(begin(part)..begin(part + 1)).and_then(|part| part.iter().max()).copied())
        .map(Option::unwrap_or_default)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_loud_as_their_loudest() {
        assert!(in_parts(&[]).is_empty());
        assert_eq!(in_parts(&[7, 9]), [7, 9]);
        let parts = in_parts(&(0..=191).collect::<Vec<u8>>());
        assert_eq!((parts.len(), parts[0], parts[95]), (PARTS, 1, 191));
        assert_eq!(in_parts(&[3; 1000]), [3; PARTS]);
    }

    #[test]
    fn silence_is_none_and_the_loudest_is_all() {
        assert_eq!(level(f64::NEG_INFINITY), 0);
        assert_eq!(level(f64::NAN), 0);
        assert_eq!(level(-FLOOR), 0);
        assert_eq!(level(0.0), 255);
        assert_eq!(level(6.0), 255);
        assert_eq!(level(-24.0), 128);
    }

    #[test]
    fn peaks_are_those_of_a_fiftieth_of_a_second() {
        let mut peaks = Peaks::default();
        let mut samples = vec![0; RATE / A_SECOND * 2];
        samples.extend(i16::MIN.to_le_bytes());
        peaks.take_in(&samples);
        assert_eq!(peaks.duration(), Duration::from_millis(20));
        assert_eq!(peaks.finish(), [0, 255]);
    }
}

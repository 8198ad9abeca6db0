//! Packets of one source, numbered on although it was captured in pieces.
//!
//! A microphone or camera that is off is let go of, and what is captured after that begins with numbers of its own. SRTP
//! and jitter buffers want them to go on.

use std::time::Instant;

/// Numbers on what is captured in pieces.
#[derive(Debug, Default)]
pub struct Continuity {
    last: Option<Last>,
    shift: Option<(u16, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    sequence: u16,
    time: u32,
    at: Instant,
}

impl Continuity {
    /// What comes next is captured anew.
    pub fn begin(&mut self) {
        self.shift = None;
    }

    /// The number and time a packet goes out with, at a clock of `clock_rate` ticks a second.
    pub fn next(&mut self, sequence: u16, time: u32, clock_rate: u32, now: Instant) -> (u16, u32) {
        let (sequence_shift, time_shift) = *self.shift.get_or_insert_with(|| match self.last {
            None => (0, 0),
            Some(last) => {
                let pause = now.saturating_duration_since(last.at).as_millis() as u64;
                let ticks = (pause * u64::from(clock_rate) / 1_000).max(1) as u32;
                (
                    last.sequence.wrapping_add(1).wrapping_sub(sequence),
                    last.time.wrapping_add(ticks).wrapping_sub(time),
                )
            }
        });
        let (sequence, time) = (sequence.wrapping_add(sequence_shift), time.wrapping_add(time_shift));
        self.last = Some(Last { sequence, time, at: now });
        (sequence, time)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn numbers_go_on_after_a_pause() {
        let start = Instant::now();
        let mut continuity = Continuity::default();
        continuity.begin();
        assert_eq!(continuity.next(65_534, 10, 48_000, start), (65_534, 10));
        assert_eq!(continuity.next(65_535, 970, 48_000, start), (65_535, 970));
        continuity.begin();
        let later = start + Duration::from_secs(2);
        assert_eq!(continuity.next(500, 7_000, 48_000, later), (0, 96_970));
        assert_eq!(continuity.next(501, 7_960, 48_000, later), (1, 97_930));
        assert_eq!(continuity.next(503, 9_880, 48_000, later), (3, 99_850), "what is missing stays missing");
    }
}

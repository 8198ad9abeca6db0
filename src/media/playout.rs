//! How long packets wait to be put in order: as long as the network is uneven, and no longer.
//!
//! Each packet tells when it was sent, by a clock of its own. How much later than the fastest of the last seconds most of them
//! came is what has to be waited; it grows at once, and shrinks slowly.

use std::{collections::VecDeque, ops::RangeInclusive, time::Instant};

use model::MediaKind;

/// Packets that are looked at: ten seconds of voice.
const LOOKED_AT: usize = 500;
/// Fewer tell nothing.
const ENOUGH: usize = 25;
/// This part of them is waited for.
const MOST: f64 = 0.98;
/// More than what was seen, and steps in which it changes, in milliseconds.
const MARGIN: f64 = 10.0;
const STEP: u32 = 10;
/// Seconds for which less would have done before it becomes less.
const CALM: u32 = 10;
/// A clock that leaps so far, in seconds, is another clock.
const LEAP: f64 = 5.0;

/// Finds out how long packets of one source must wait.
#[derive(Debug)]
pub struct Playout {
    clock_rate: f64,
    range: RangeInclusive<u32>,
    current: u32,
    calm: u32,
    last: Option<Last>,
    /// How late each packet came, in milliseconds after an unknown moment.
    late: VecDeque<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    time: u32,
    at: Instant,
    late: f64,
}

impl Playout {
    /// For media whose clock has so many ticks a second. Lost packets of pictures are sent again, which takes its time.
    pub fn new(media: MediaKind, clock_rate: u32) -> Self {
        let (range, current) = match media {
            MediaKind::Audio => (20..=120, 40),
            MediaKind::Video | MediaKind::Screen => (80..=200, 100),
        };
        let (clock_rate, late) = (f64::from(clock_rate.max(1)), VecDeque::new());
        Self { clock_rate, range, current, calm: 0, last: None, late }
    }

    /// How long they wait now, in milliseconds.
    pub fn current(&self) -> u32 {
        self.current
    }

    /// A packet came that says this time.
    pub fn arrived(&mut self, time: u32, now: Instant) {
        let late = match self.last {
            None => 0.0,
            Some(last) => {
                let sent = f64::from(time.wrapping_sub(last.time).cast_signed()) / self.clock_rate;
                // Packets that wait are told in any order.
                let came = now.saturating_duration_since(last.at).as_secs_f64()
                    - last.at.saturating_duration_since(now).as_secs_f64();
                if (came - sent).abs() > LEAP {
                    self.late.clear();
                }
                last.late + (came - sent) * 1000.0
            }
        };
        self.last = Some(Last { time, at: now, late });
        if self.late.len() >= LOOKED_AT {
            self.late.pop_front();
        }
        self.late.push_back(late);
    }

    /// A second has passed: how long they wait from now on, in milliseconds, if that is new.
    pub fn tick(&mut self) -> Option<u32> {
        let wanted = self.wanted()?;
        if wanted >= self.current {
            self.calm = 0;
            let is_new = wanted > self.current;
            self.current = wanted;
            return is_new.then_some(wanted);
        }
        self.calm += 1;
        if self.calm < CALM {
            return None;
        }
        self.calm = 0;
        self.current = wanted;
        Some(wanted)
    }

    fn wanted(&self) -> Option<u32> {
        if self.late.len() < ENOUGH {
            return None;
        }
        let mut late: Vec<f64> = self.late.iter().copied().collect();
        late.sort_by(f64::total_cmp);
        let most = ((late.len() - 1) as f64 * MOST) as usize;
        let spread = late.get(most)? - late.first()?;
        let steps = ((spread + MARGIN) / f64::from(STEP)).ceil() as u32;
        Some((steps.saturating_mul(STEP)).clamp(*self.range.start(), *self.range.end()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// So many pieces of 20 ms, each as much later as is said, in milliseconds; ticks are told.
    fn play(
        playout: &mut Playout,
        clock: &mut (u32, Instant),
        pieces: u32,
        late: impl Fn(u32) -> u64,
    ) -> Vec<u32> {
        let mut told = Vec::new();
        for piece in 0..pieces {
            clock.0 = clock.0.wrapping_add(960);
            clock.1 += Duration::from_millis(20);
            playout.arrived(clock.0, clock.1 + Duration::from_millis(late(piece)));
            if piece % 50 == 49 {
                told.extend(playout.tick());
            }
        }
        told
    }

    #[test]
    fn it_waits_for_as_long_as_the_network_is_uneven() {
        let mut playout = Playout::new(MediaKind::Audio, 48_000);
        // The clock wraps on the way.
        let mut clock = (u32::MAX - 100_000, Instant::now());
        play(&mut playout, &mut clock, 1_000, |_| 0);
        assert_eq!(playout.current(), 20, "an even network");
        assert_eq!(play(&mut playout, &mut clock, 50, |piece| u64::from(piece % 6) * 10), [60], "at once");
        assert_eq!(
            play(&mut playout, &mut clock, 500, |piece| u64::from(piece * 7 % 100)).last(),
            Some(&110)
        );
        assert_eq!(play(&mut playout, &mut clock, 50, |piece| u64::from(piece % 2) * 900), [120], "at most");
        let told = play(&mut playout, &mut clock, 1_100, |_| 3);
        assert_eq!(told, [20], "and only once it has been even for long");
    }

    #[test]
    fn clocks_that_leap_do_no_harm() {
        let mut playout = Playout::new(MediaKind::Audio, 48_000);
        let mut clock = (0, Instant::now());
        play(&mut playout, &mut clock, 1_000, |_| 0);
        clock.0 = clock.0.wrapping_add(0x7FFF_FFFF);
        assert_eq!(play(&mut playout, &mut clock, 100, |_| 0), Vec::<u32>::new());
        let mut playout = Playout::new(MediaKind::Video, 90_000);
        let now = Instant::now();
        for number in 0..2_000_u32 {
            playout.arrived(number.wrapping_mul(2_654_435_761), now);
        }
        assert!(playout.tick().is_none_or(|wait| (80..=200).contains(&wait)));
    }
}

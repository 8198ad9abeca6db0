//! How often a screen is brought up to date while much happens at once.
//!
//! What comes after a calm is shown at once, and so are the next few things. In a flood nobody reads each message
//! as it comes: then several are taken together, and drawing costs no more than it tells. All screens wait for the
//! same beat, so that one frame shows what each of them has to tell.

use std::time::Duration;

use gtk::glib;

/// Without anything for so long, it is calm: somebody who types quickly makes no flood.
const CALM: Duration = Duration::from_millis(100);
/// So many in a row are an answer and its marks, or a few people talking: they are not held up.
const FEW: u32 = 10;
/// Between all others: four times a second still looks alive.
const BEAT: Duration = Duration::from_millis(250);

/// The pace of one screen.
#[derive(Debug, Default)]
pub struct Pace {
    last: Option<Duration>,
    in_a_row: u32,
}

impl Pace {
    /// Waits until it is time for the next update.
    pub async fn wait(&mut self) {
        let pause = self.pause(clock());
        if !pause.is_zero() {
            // Timers know whole milliseconds, and one that runs out before the beat would do so twice.
            glib::timeout_future(pause + Duration::from_millis(1)).await;
        }
        self.last = Some(clock());
    }

    fn pause(&mut self, now: Duration) -> Duration {
        let since = self.last.map_or(CALM, |last| now.saturating_sub(last));
        if since >= CALM {
            self.in_a_row = 0;
            return Duration::ZERO;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        if self.in_a_row < FEW { Duration::ZERO } else { until_beat(now) }
    }
}

/// The clock that all screens share.
fn clock() -> Duration {
    Duration::from_micros(glib::monotonic_time().unsigned_abs())
}

fn until_beat(now: Duration) -> Duration {
    let gone = now.as_micros() % BEAT.as_micros();
    BEAT.saturating_sub(Duration::from_micros(u64::try_from(gone).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_calm_costs_nothing_and_a_flood_is_slowed_down() {
        let mut pace = Pace::default();
        assert_eq!(pace.pause(at(1010)), Duration::ZERO);
        pace.last = Some(at(1010));
        for _ in 1..FEW {
            assert_eq!(pace.pause(at(1010)), Duration::ZERO);
        }
        assert_eq!(pace.pause(at(1010)), at(240), "up to the next beat");
        assert_eq!(pace.pause(at(1100)), at(150));
        assert_eq!(pace.pause(at(1010) + CALM), Duration::ZERO);
        assert_eq!(pace.pause(at(1010)), Duration::ZERO, "after a calm it begins anew");
    }

    #[test]
    fn what_comes_now_and_then_is_never_held_up() {
        let mut pace = Pace::default();
        for round in 0..100 {
            let now = at(1000) + CALM * round;
            assert_eq!(pace.pause(now), Duration::ZERO);
            pace.last = Some(now);
        }
    }

    #[test]
    fn screens_that_began_at_different_times_keep_the_same_beat() {
        let ends = |start: u64| {
            let mut pace = Pace { last: Some(at(start)), in_a_row: FEW };
            at(start) + pace.pause(at(start))
        };
        assert_eq!(ends(1001), at(1250));
        assert_eq!(ends(1249), at(1250));
        assert_eq!(ends(1250), at(1500), "a beat that was just kept is over");
    }
}

//! The clocks, and whether the device slept.
//!
//! Deadlines count time during which the device ran. A sleep is noticed by the clocks that went on
//! without us: the one that counts time asleep, or, where a whole virtual machine was put to sleep,
//! the wall clock. Somebody setting the clock forward looks the same, and costs one ping.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::{Now, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// Shorter sleeps than this break no connection.
const NAP: Duration = Duration::from_secs(10);

/// The clocks of this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    pub(crate) fn now(&self) -> Now {
        Now { monotonic: self.start.elapsed(), wall: wall() }
    }

    /// When this much time since the start will have passed.
    pub(crate) fn instant(&self, monotonic: Duration) -> Instant {
        // So far away that it cannot be said is so far away that an hour will do.
        self.start.checked_add(monotonic).unwrap_or_else(|| Instant::now() + Duration::from_secs(3600))
    }
}

fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Notices that the device slept.
#[derive(Debug)]
pub(crate) struct SleepWatch {
    before: Readings,
}

/// All clocks, read at one moment.
#[derive(Clone, Copy, Debug)]
struct Readings {
    /// Stands still while asleep.
    running: Duration,
    /// Goes on while asleep.
    boot: Duration,
    wall: Timestamp,
}

impl SleepWatch {
    pub(crate) fn start() -> Self {
        Self { before: Readings::read() }
    }

    /// Whether the device slept since the last time this was asked.
    pub(crate) fn slept(&mut self) -> bool {
        let now = Readings::read();
        let slept = now.slept_since(&self.before);
        self.before = now;
        slept
    }
}

impl Readings {
    fn read() -> Self {
        Self { running: read(ClockId::Monotonic), boot: read(ClockId::Boottime), wall: wall() }
    }

    fn slept_since(&self, before: &Self) -> bool {
        let ran = self.running.saturating_sub(before.running);
        let passed = self.boot.saturating_sub(before.boot);
        let by_wall = u64::try_from(self.wall.0.saturating_sub(before.wall.0)).unwrap_or(0);
        passed.max(Duration::from_millis(by_wall)).saturating_sub(ran) > NAP
    }
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(running: u64, boot: u64, wall: i64) -> Readings {
        Readings {
            running: Duration::from_secs(running),
            boot: Duration::from_secs(boot),
            wall: Timestamp(wall * 1000),
        }
    }

    #[test]
    fn an_hour_asleep_is_noticed_by_either_clock() {
        let before = readings(100, 100, 1_000_000);
        assert!(readings(101, 3701, 1_003_601).slept_since(&before));
        assert!(readings(101, 3701, 1_000_001).slept_since(&before));
        assert!(readings(101, 101, 1_003_601).slept_since(&before));
    }

    #[test]
    fn time_that_just_passed_and_a_clock_set_back_are_no_sleep() {
        let before = readings(100, 100, 1_000_000);
        assert!(!readings(4000, 4000, 1_003_900).slept_since(&before));
        assert!(!readings(101, 101, 5).slept_since(&before));
    }

    #[test]
    fn the_clocks_go_forward() {
        let clock = Clock::start();
        let first = clock.now();
        let second = clock.now();
        assert!(second.monotonic >= first.monotonic);
        assert!(first.wall.0 > 1_700_000_000_000);
        assert!(clock.instant(Duration::MAX) > Instant::now());
    }
}

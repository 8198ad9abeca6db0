//! How often a screen is brought up to date while much happens at once.
//!
//! What comes after a calm is shown at once, and so are the next few things. In a flood nobody reads each message
//! as it comes: then several are taken together, and drawing costs no more than it tells.

use std::time::{Duration, Instant};

use gtk::glib;

/// Without anything for so long, it is calm.
const CALM: Duration = Duration::from_millis(250);
/// So many in a row are an answer and its marks, or a few people talking: they are not held up.
const FEW: u32 = 10;
/// Between all others: seven times a second still looks alive.
const PAUSE: Duration = Duration::from_millis(150);

/// The pace of one screen.
#[derive(Debug, Default)]
pub struct Pace {
    last: Option<Instant>,
    in_a_row: u32,
}

impl Pace {
    /// Waits until it is time for the next update.
    pub async fn wait(&mut self) {
        let pause = self.pause(Instant::now());
        if !pause.is_zero() {
            glib::timeout_future(pause).await;
        }
        self.last = Some(Instant::now());
    }

    fn pause(&mut self, now: Instant) -> Duration {
        let since = self.last.map_or(CALM, |last| now.saturating_duration_since(last));
        if since >= CALM {
            self.in_a_row = 0;
            return Duration::ZERO;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        if self.in_a_row < FEW { Duration::ZERO } else { PAUSE.saturating_sub(since) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calm_costs_nothing_and_a_flood_is_slowed_down() {
        let start = Instant::now();
        let mut pace = Pace::default();
        assert_eq!(pace.pause(start), Duration::ZERO);
        pace.last = Some(start);
        for _ in 1..FEW {
            assert_eq!(pace.pause(start), Duration::ZERO);
        }
        assert_eq!(pace.pause(start), PAUSE);
        assert_eq!(pace.pause(start + PAUSE), Duration::ZERO, "the time that went by counts");
        assert_eq!(pace.pause(start + CALM), Duration::ZERO);
        assert_eq!(pace.pause(start), Duration::ZERO, "after a calm it begins anew");
    }
}

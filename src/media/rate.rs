//! How fast video is sent, and how fast the other side is told it may send.
//!
//! Both go by loss: little of it, and the rate grows slowly; much, and it falls at once. The other side's word (REMB) is a
//! ceiling. Programs such as Dino send no faster than they are told, so they are told every second.

/// Bits a second below which a picture is not worth sending.
const LEAST: f64 = 100_000.0;
/// Above which it does not get better.
const MOST: f64 = 2_000_000.0;
/// And above which it is not to get where little is to travel.
pub const SAVING: f64 = 150_000.0;
/// With which a call begins.
const FIRST: f64 = 600_000.0;

/// How fast we send.
#[derive(Clone, Copy, Debug)]
pub struct SendRate {
    rate: f64,
    ceiling: f64,
    saves: bool,
}

impl Default for SendRate {
    fn default() -> Self {
        Self { rate: FIRST, ceiling: MOST, saves: false }
    }
}

impl SendRate {
    /// They can receive so many bits a second.
    pub fn limit(&mut self, limit: f32) {
        let limit = f64::from(limit);
        if limit.is_finite() {
            self.ceiling = limit.clamp(LEAST, MOST);
        }
    }

    /// So much was lost, in 256ths.
    pub fn lost(&mut self, fraction: u8) {
        self.rate = after_loss(self.rate, f64::from(fraction) / 256.0);
    }

    /// Whether little is to be sent.
    pub fn save(&mut self, on: bool) {
        self.saves = on;
    }

    /// Bits a second for the encoder.
    pub fn bits(&self) -> u32 {
        let most = if self.saves { SAVING } else { MOST };
        self.rate.min(self.ceiling).min(most) as u32
    }
}

/// How fast they may send.
#[derive(Clone, Copy, Debug)]
pub struct ReceiveRate {
    rate: f64,
    arrivals: Arrivals,
    expected: u32,
    received: u32,
    bytes: u64,
}

impl Default for ReceiveRate {
    fn default() -> Self {
        Self { rate: FIRST, arrivals: Arrivals::default(), expected: 0, received: 0, bytes: 0 }
    }
}

impl ReceiveRate {
    /// A packet came.
    pub fn received(&mut self, sequence: u16, bytes: usize) -> Arrival {
        let arrival = self.arrivals.take(sequence);
        self.expected += u32::from(arrival.known);
        self.received += u32::from(arrival.is_new);
        self.bytes += bytes as u64;
        arrival
    }

    /// A second has passed: what they are to be told, in bits a second, if anything came.
    pub fn tick(&mut self) -> Option<f32> {
        if self.received == 0 {
            return None;
        }
        let lost = 1.0 - f64::from(self.received) / f64::from(self.expected.max(1));
        let bits = self.bytes as f64 * 8.0;
        // Who sends little does not find out what could be sent.
        let proven = (bits * 2.0).max(FIRST);
        self.rate = after_loss(self.rate, lost.max(0.0)).min(proven).max(LEAST);
        (self.expected, self.received, self.bytes) = (0, 0, 0);
        Some(self.rate as f32)
    }
}

/// What the number of a packet tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// So many are known to have been sent that were not before.
    pub known: u16,
    /// It did not come before. What is lost is asked for several times, and may come as often.
    pub is_new: bool,
}

/// Which packets came.
#[derive(Clone, Copy, Debug, Default)]
struct Arrivals {
    newest: Option<u16>,
    /// The lowest bit is the newest packet, the next the one before it. What is older counts as one that came.
    came: u128,
}

impl Arrivals {
    fn take(&mut self, sequence: u16) -> Arrival {
        let ahead = self.newest.map_or(1, |newest| sequence.wrapping_sub(newest));
        // What is behind was sent again, or came late.
        if ahead == 0 || ahead >= 0x8000 {
            let bit = 1_u128.checked_shl(u32::from(ahead.wrapping_neg())).unwrap_or(0);
            let is_new = bit != 0 && self.came & bit == 0;
            self.came |= bit;
            return Arrival { known: 0, is_new };
        }
        self.came = self.came.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
        self.newest = Some(sequence);
        Arrival { known: ahead, is_new: true }
    }
}

fn after_loss(rate: f64, lost: f64) -> f64 {
    let factor = match lost {
        lost if lost > 0.1 => 1.0 - lost / 2.0,
        lost if lost < 0.02 => 1.08,
        _ => 1.0,
    };
    (rate * factor).clamp(LEAST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_slows_down_and_its_absence_speeds_up() {
        let mut rate = SendRate::default();
        rate.lost(128);
        assert_eq!(rate.bits(), 450_000);
        rate.lost(10);
        assert_eq!(rate.bits(), 450_000, "some loss is usual");
        for _ in 0..100 {
            rate.lost(0);
        }
        assert_eq!(rate.bits(), 2_000_000);
        for _ in 0..100 {
            rate.lost(255);
        }
        assert_eq!(rate.bits(), 100_000);
    }

    #[test]
    fn their_word_is_a_ceiling() {
        let mut rate = SendRate::default();
        rate.limit(256_000.0);
        assert_eq!(rate.bits(), 256_000);
        rate.limit(f32::NAN);
        rate.limit(f32::INFINITY);
        assert_eq!(rate.bits(), 256_000);
        rate.limit(0.0);
        assert_eq!(rate.bits(), 100_000);
        rate.limit(1e6);
        rate.save(true);
        assert_eq!(rate.bits(), 150_000);
        rate.save(false);
        assert_eq!(rate.bits(), 600_000);
    }

    #[test]
    fn what_comes_twice_does_not_hide_what_is_lost() {
        let mut arrivals = Arrivals::default();
        let mut all = |numbers: &[u16]| {
            let told = numbers.iter().map(|number| arrivals.take(*number));
            told.fold((0, 0), |(known, new), told| (known + told.known, new + u16::from(told.is_new)))
        };
        assert_eq!(all(&[65_533, 65_534, 0, 0, 0, 65_534]), (4, 3), "one is lost, others came again");
        assert_eq!(all(&[65_535, 65_535]), (0, 1), "and comes late, twice");
        assert_eq!(all(&[500, 1, 490, 490]), (500, 2), "what is too old was counted");
    }

    #[test]
    fn they_are_told_less_when_packets_are_lost() {
        let mut rate = ReceiveRate::default();
        assert_eq!(rate.tick(), None, "nothing came");
        for number in 0..100_u16 {
            rate.received(65_500_u16.wrapping_add(number), 1_000);
        }
        assert!(rate.tick().unwrap() > 600_000.0);
        for number in (100..300_u16).step_by(2) {
            rate.received(65_500_u16.wrapping_add(number), 1_000);
        }
        assert!(rate.tick().unwrap() < 500_000.0);
    }
}

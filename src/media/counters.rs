//! What is counted of one kind of media while a call lasts.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed};

use model::StreamStatistics;

/// Nothing is heard.
const SILENCE: i32 = i32::MIN;

/// Counters that the threads of pipelines may touch.
#[derive(Debug)]
pub struct Counters {
    pub packets_sent: AtomicU64,
    pub bytes_sent: AtomicU64,
    pub packets_received: AtomicU64,
    pub bytes_received: AtomicU64,
    /// Those that came, and those between them.
    pub packets_expected: AtomicU64,
    pub decoded: AtomicU64,
    level: AtomicI32,
    /// How much was decoded when it was asked the last time.
    decoded_before: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            packets_sent: AtomicU64::new(0),
            bytes_sent: AtomicU64::new(0),
            packets_received: AtomicU64::new(0),
            bytes_received: AtomicU64::new(0),
            packets_expected: AtomicU64::new(0),
            decoded: AtomicU64::new(0),
            level: AtomicI32::new(SILENCE),
            decoded_before: AtomicU64::new(0),
        }
    }
}

impl Counters {
    /// What is played is so loud, in decibels below the loudest there is.
    pub fn set_level(&self, decibels: f64) {
        let level = if decibels.is_finite() { decibels.round().clamp(-127.0, 0.0) as i32 } else { SILENCE };
        self.level.store(level, Relaxed);
    }

    /// As they are told. What was not decoded since the last time is silence.
    pub fn snapshot(&self) -> StreamStatistics {
        let decoded = self.decoded.load(Relaxed);
        let is_heard = self.decoded_before.swap(decoded, Relaxed) != decoded;
        let received = self.packets_received.load(Relaxed);
        StreamStatistics {
            packets_sent: self.packets_sent.load(Relaxed),
            bytes_sent: self.bytes_sent.load(Relaxed),
            packets_received: received,
            packets_lost: self.packets_expected.load(Relaxed).saturating_sub(received),
            bytes_received: self.bytes_received.load(Relaxed),
            decoded,
            level: i8::try_from(self.level.load(Relaxed)).ok().filter(|_| is_heard),
        }
    }
}

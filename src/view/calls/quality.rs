//! How well a call goes, from what is counted of it every second.

use std::collections::VecDeque;

use model::{CallStatistics, StreamStatistics};

/// Seconds that are looked at: one that was bad is forgotten after these.
const MEMORY: usize = 5;
/// Packets below which nothing can be said: somebody is silent.
const ENOUGH: u64 = 20;

/// How well it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// Nothing is known yet.
    #[default]
    Unknown,
    /// Hardly anything is lost.
    Good,
    /// One may notice.
    Fair,
    /// One does notice.
    Poor,
}

/// What flows at the moment, in bits a second and pictures a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Voice that is sent.
    pub audio_sent: u64,
    /// Voice that comes.
    pub audio_received: u64,
    /// Video that is sent.
    pub video_sent: u64,
    /// Video that comes.
    pub video_received: u64,
    /// Pictures that are decoded.
    pub pictures: u64,
    /// Of a thousand packets that should have come in the last seconds, so many did not.
    pub lost_per_mille: u64,
}

/// Follows a call.
#[derive(Clone, Debug, Default)]
pub struct QualityMeter {
    last: Option<CallStatistics>,
    /// Packets that should have come, and those that did not, of each of the last seconds.
    seconds: VecDeque<(u64, u64)>,
}

impl QualityMeter {
    /// A second has passed.
    pub fn take(&mut self, now: &CallStatistics) -> (Quality, Rates) {
        let Some(before) = self.last.replace(*now) else { return Default::default() };
        let lost = since(now, &before, |stream| stream.packets_lost);
        let received = since(now, &before, |stream| stream.packets_received);
        self.seconds.push_back((received + lost, lost));
        if self.seconds.len() > MEMORY {
            self.seconds.pop_front();
        }
        let expected: u64 = self.seconds.iter().map(|(expected, _)| expected).sum();
        let lost: u64 = self.seconds.iter().map(|(_, lost)| lost).sum();
        let lost_per_mille = (lost * 1000).checked_div(expected).unwrap_or(0);
        let quality = match lost_per_mille {
            _ if expected < ENOUGH => Quality::Unknown,
            0..=20 => Quality::Good,
            21..=80 => Quality::Fair,
            _ => Quality::Poor,
        };
        let bits = |now: u64, before: u64| now.saturating_sub(before) * 8;
        let rates = Rates {
            audio_sent: bits(now.audio.bytes_sent, before.audio.bytes_sent),
            audio_received: bits(now.audio.bytes_received, before.audio.bytes_received),
            video_sent: bits(now.video.bytes_sent, before.video.bytes_sent),
            video_received: bits(now.video.bytes_received, before.video.bytes_received),
            pictures: now.video.decoded.saturating_sub(before.video.decoded),
            lost_per_mille,
        };
        (quality, rates)
    }
}

/// Of voice and video together. What was lost may come late, and then there is less of it than before.
fn since(now: &CallStatistics, before: &CallStatistics, count: impl Fn(&StreamStatistics) -> u64) -> u64 {
    let of = |statistics: &CallStatistics| count(&statistics.audio) + count(&statistics.video);
    of(now).saturating_sub(of(before))
}

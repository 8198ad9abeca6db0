//! What is measured: medians, the processor time and the memory of a process, and what the machine was doing.

use std::time::{Duration, Instant};

/// How often each figure is taken.
pub const ROUNDS: usize = 15;

/// One line of the table.
pub struct Row {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    /// What it should be at most, or at least, in the words of the table.
    pub aim: String,
    pub met: bool,
}

impl Row {
    /// A figure that should be at most `limit`.
    pub fn at_most(name: &str, value: f64, unit: &'static str, limit: f64) -> Self {
        Self {
            name: name.to_owned(),
            value,
            unit,
            aim: format!("≤ {limit:.4} {unit}").replace(".0000", ""),
            met: value <= limit,
        }
    }

    /// A figure that should be at least `limit`.
    pub fn at_least(name: &str, value: f64, unit: &'static str, limit: f64) -> Self {
        Self {
            name: name.to_owned(),
            value,
            unit,
            aim: format!("≥ {limit:.4} {unit}").replace(".0000", ""),
            met: value >= limit,
        }
    }

    /// A figure that others are compared with.
    pub fn yardstick(name: &str, value: f64, unit: &'static str) -> Self {
        Self { name: name.to_owned(), value, unit, aim: "yardstick".to_owned(), met: true }
    }
}

/// The middle of several figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The figure below which a share of all lie.
pub fn percentile(mut figures: Vec<f64>, share: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let index = ((figures.len() as f64 - 1.0) * share).round() as usize;
    figures.get(index).copied().unwrap_or(f64::NAN)
}

/// Milliseconds since `start`.
pub fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

/// Processor time that a process has used, in seconds.
pub fn processor_time(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// Memory of a process, shared pages counted in part (PSS), in megabytes.
pub fn memory(process: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}

/// The load of the last minute.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("?").to_owned()
}

/// The name of the processor.
pub fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("model name"));
    line.map_or_else(|| "unknown".to_owned(), |name| name.trim_start_matches(['\t', ' ', ':']).to_owned())
}

/// Lets the machine come to rest between two measurements. This is not waiting for a result.
pub fn rest() {
    std::thread::sleep(Duration::from_millis(500));
}

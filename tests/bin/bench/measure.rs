//! What is measured: medians, the processor time and the memory of a process, and what the machine was doing.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// How often each figure is taken.
pub const ROUNDS: usize = 15;

/// The table.
#[derive(Default)]
pub struct Rows {
    rows: Vec<Row>,
}

/// One line of the table.
struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    /// What it should be at most, or at least, in the words of the table.
    aim: String,
    met: bool,
}

impl Rows {
    /// A figure that should be at most `limit`.
    pub fn at_most(&mut self, name: &str, value: f64, unit: &'static str, limit: f64) {
        self.add(name, value, unit, format!("≤ {limit} {unit}"), value <= limit);
    }

    /// A figure that should be at least `limit`.
    pub fn at_least(&mut self, name: &str, value: f64, unit: &'static str, limit: f64) {
        self.add(name, value, unit, format!("≥ {limit} {unit}"), value >= limit);
    }

    /// A figure that others are compared with.
    pub fn yardstick(&mut self, name: &str, value: f64, unit: &'static str) {
        self.add(name, value, unit, "yardstick".to_owned(), true);
    }

    /// Says it at once too: a bench that fails later has not run for nothing.
    fn add(&mut self, name: &str, value: f64, unit: &'static str, aim: String, met: bool) {
        println!("{name}: {value:.2} {unit} ({aim})");
        self.rows.push(Row { name: name.to_owned(), value, unit, aim, met });
    }

    /// Prints them as a table for the README.
    pub fn print(&self) {
        println!("\n| what | measured | aim | |\n|---|---|---|---|");
        for row in &self.rows {
            let mark = if row.met { "" } else { "missed" };
            println!("| {} | {:.2} {} | {} | {mark} |", row.name, row.value, row.unit, row.aim);
        }
        println!(
            "\n{}; moments are medians of {ROUNDS}, floods, archives and files of 3, the main loop and scrolling are measured once; load at the end {}",
            processor(),
            load()
        );
    }

    /// Keeps them as JSON in `target/bench`, so that two commits can be compared.
    pub fn keep(&self) {
        let mut text = format!("{{\"processor\": {:?}, \"load\": {:?}, \"rows\": [\n", processor(), load());
        for (index, row) in self.rows.iter().enumerate() {
            let comma = if index + 1 < self.rows.len() { "," } else { "" };
            let _ = writeln!(
                text,
                "  {{\"name\": {:?}, \"value\": {:.4}, \"unit\": {:?}, \"met\": {}}}{comma}",
                row.name, row.value, row.unit, row.met
            );
        }
        text.push_str("]}\n");
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench"));
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let file = folder.join(format!("{time}.json"));
        match std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, text)) {
            Ok(()) => println!("kept in target/bench/{time}.json"),
            Err(error) => eprintln!("not kept: {error}"),
        }
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

/// The most memory that a process has had until now, in megabytes.
pub fn memory_peak(process: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
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

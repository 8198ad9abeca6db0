//! What Starling wrote about its own main loop (`STARLING_TRACE`).

use std::path::Path;

/// Forgets what was written so far: from here on the trace tells of what comes.
///
/// # Panics
/// When there is no trace.
pub fn begin_anew(trace: &Path) {
    std::fs::File::options().write(true).truncate(true).open(trace).expect("the trace");
}

/// Milliseconds from the beginning of each frame to the end of its layout.
pub fn frames(trace: &Path) -> Vec<f64> {
    read(trace).lines().filter_map(|line| milliseconds(line, "\"layout\":")).collect()
}

/// How late the main loop came round, in milliseconds, each time it did: zero where it was in time.
pub fn lateness(trace: &Path) -> Vec<f64> {
    let text = read(trace);
    let mut all = Vec::new();
    for line in text.lines() {
        let Some(late) = milliseconds(line, "\"late\":") else { continue };
        let in_time = number(line, "\"rounds\":").unwrap_or_default() as usize;
        all.resize(all.len() + in_time, 0.0);
        all.push(late);
    }
    all
}

fn read(trace: &Path) -> String {
    std::fs::read_to_string(trace).unwrap_or_default()
}

fn milliseconds(line: &str, name: &str) -> Option<f64> {
    number(line, name).map(|microseconds| microseconds / 1000.0)
}

fn number(line: &str, name: &str) -> Option<f64> {
    let (_, rest) = line.split_once(name)?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

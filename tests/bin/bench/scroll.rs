//! Scrolling back through a long conversation: how long each frame takes, as the program itself traces it.

use std::path::Path;

use tests::Starling;

use crate::measure::{Row, percentile};
use crate::stage::Stage;

/// Turns of the wheel: each moves some rows, together about ten thousand.
const TURNS: u32 = 6000;

/// Scrolls, and reads the trace.
pub fn measure(stage: &Stage, rows: &mut Vec<Row>) {
    let trace = stage.desktop.home().join("scroll-trace");
    let starling = Starling::start_with(&stage.desktop, &stage.server, |command| {
        command.env("STARLING_TRACE", &trace);
    });
    starling.open_conversation("friend");
    let (x, y, width, height) = starling.robot.find("list", "Messages").extents();
    stage.desktop.point_at(x + width / 2, y + height / 2);
    let before = frames(&trace).len();
    stage.desktop.turn_wheel_up(TURNS);
    let layouts: Vec<f64> = frames(&trace).split_off(before);
    assert!(layouts.len() > 100, "hardly a frame was drawn: the figure would mean nothing");
    let worst = layouts.iter().copied().fold(0.0, f64::max);
    let drawn = layouts.len() as f64;
    rows.push(Row::at_most("scrolling back: to end of layout, p99", percentile(layouts, 0.99), "ms", 8.0));
    rows.push(Row::yardstick("scrolling back: to end of layout, worst", worst, "ms"));
    rows.push(Row::yardstick("scrolling back: frames", drawn, ""));
    stage.desktop.press("ctrl+q");
    starling.wait();
}

/// Milliseconds from the beginning of each frame to the end of its layout.
fn frames(trace: &Path) -> Vec<f64> {
    figures(trace, "\"layout\":")
}

/// How late the main loop came round, in milliseconds, each time it was late at all.
pub fn lateness(trace: &Path) -> Vec<f64> {
    figures(trace, "\"late\":")
}

fn figures(trace: &Path, name: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(trace).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once(name)?;
            let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
            digits.parse::<f64>().ok().map(|microseconds| microseconds / 1000.0)
        })
        .collect()
}

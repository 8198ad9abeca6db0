//! Scrolling back through a long conversation: how long each frame takes, as the program itself traces it.

use tests::Starling;

use crate::measure::{Rows, percentile};
use crate::stage::Stage;
use crate::trace::frames;

/// Turns of the wheel: each moves some rows, together about ten thousand.
const TURNS: u32 = 6000;

/// Scrolls, and reads the trace.
pub fn measure(stage: &Stage, rows: &mut Rows) {
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
    rows.at_most("scrolling back: to end of layout, p99", percentile(layouts, 0.99), "ms", 8.0);
    rows.yardstick("scrolling back: to end of layout, worst", worst, "ms");
    rows.yardstick("scrolling back: frames", drawn, "");
    stage.desktop.press("ctrl+q");
    starling.wait();
}

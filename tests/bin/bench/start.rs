//! How long until the window is there, and until it is complete; how much memory that takes.

use std::time::{Duration, Instant};

use tests::program::Program;
use tests::{Robot, Starling};

use crate::measure::{ROUNDS, Rows, median, memory, rest};
use crate::screen::Screen;
use crate::stage::{LAST, Stage};

/// Measures the empty window, and in the same minutes Starling with a history of `messages`. Returns the milliseconds until it
/// was complete, in units of the empty window.
pub fn measure(stage: &Stage, messages: usize, rows: &mut Rows) -> f64 {
    let floor = floor(stage, rows);
    starling(stage, floor, messages, rows) / floor
}

/// Milliseconds until the empty window is on the screen.
fn floor(stage: &Stage, rows: &mut Rows) -> f64 {
    let screen = Screen::of(&stage.desktop);
    let mut mapped = Vec::new();
    let mut used = Vec::new();
    for _ in 0..ROUNDS {
        let before = screen.fingerprint(0.0, 1.0);
        let start = Instant::now();
        let mut program = Program::start(&stage.desktop.command(tests::starling::binary("examples/floor")));
        mapped.push(screen.changed_from(before, 0.0, 1.0).duration_since(start).as_secs_f64() * 1000.0);
        screen.at_rest(Duration::from_millis(150));
        used.push(memory(program.id()));
        program.kill();
        rest();
    }
    let mapped = median(mapped);
    rows.yardstick("empty window: start to mapped", mapped, "ms");
    rows.yardstick("empty window: memory (PSS)", median(used), "MB");
    mapped
}

/// Milliseconds until Starling is complete.
fn starling(stage: &Stage, floor: f64, messages: usize, rows: &mut Rows) -> f64 {
    let screen = Screen::of(&stage.desktop);
    let (mut mapped, mut complete, mut used) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let before = screen.fingerprint(0.0, 1.0);
        let robot = Robot::connect(&stage.desktop);
        let start = Instant::now();
        let starling = Starling::start(&stage.desktop, &stage.server);
        let shown = screen.changed_from(before, 0.0, 1.0).duration_since(start).as_secs_f64() * 1000.0;
        if round == 0 {
            // The first start opens the conversation, so that the next ones come back to it.
            starling.open_conversation("friend");
        }
        let done = complete_at(&screen, &robot).duration_since(start).as_secs_f64() * 1000.0;
        if round > 0 {
            mapped.push(shown);
            complete.push(done);
            used.push(memory(starling.id()));
        }
        stage.desktop.press("ctrl+q");
        starling.wait();
        rest();
    }
    let name = |what: &str| format!("{messages} messages: {what}");
    let complete = median(complete);
    let used = median(used);
    rows.at_most(&name("start to mapped"), median(mapped) / floor, "× empty", 1.3);
    rows.at_most(&name("start to complete"), complete / floor, "× empty", 2.1);
    rows.at_most(&name("memory (PSS)"), used, "MB", 125.0);
    complete
}

/// When the last message was there and the picture still. The tree is asked only once the picture is still, so that the
/// asking costs the program nothing while it starts.
fn complete_at(screen: &Screen, robot: &Robot) -> Instant {
    loop {
        let still = screen.at_rest(Duration::from_millis(150));
        let shown = screen.fingerprint(0.0, 1.0);
        robot.find_where("the last message", |node| node.role() == "list item" && node.name().contains(LAST));
        if screen.fingerprint(0.0, 1.0) == shown {
            return still;
        }
    }
}

//! How long until the window is there, and until it is complete; how much memory that takes.

use std::time::{Duration, Instant};

use tests::program::Program;
use tests::{Robot, Starling};

use crate::measure::{ROUNDS, Row, median, memory, milliseconds, rest};
use crate::screen::Screen;
use crate::stage::{LAST, Stage};

/// What an empty window costs on this machine, in the same minutes.
pub struct Floor {
    /// Milliseconds until it is on the screen.
    pub mapped: f64,
}

/// Measures the empty window.
pub fn floor(stage: &Stage, rows: &mut Vec<Row>) -> Floor {
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
    rows.push(Row::yardstick("empty window: start to mapped", mapped, "ms"));
    rows.push(Row::yardstick("empty window: memory (PSS)", median(used), "MB"));
    Floor { mapped }
}

/// Measures Starling with a history of `messages`.
pub fn starling(stage: &Stage, floor: &Floor, messages: usize, rows: &mut Vec<Row>) -> f64 {
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
        robot.find_where("the last message", |node| node.role() == "list item" && node.name().contains(LAST));
        let there = milliseconds(start);
        let still = screen.at_rest(Duration::from_millis(150)).duration_since(start).as_secs_f64() * 1000.0;
        if round > 0 {
            mapped.push(shown);
            complete.push(there.max(still));
            used.push(memory(starling.id()));
        }
        stage.desktop.press("ctrl+q");
        starling.wait();
        rest();
    }
    let name = |what: &str| format!("{messages} messages: {what}");
    let complete = median(complete);
    let used = median(used);
    rows.push(Row::at_most(&name("start to mapped"), median(mapped) / floor.mapped, "× empty", 1.3));
    rows.push(Row::at_most(&name("start to complete"), complete / floor.mapped, "× empty", 2.1));
    rows.push(Row::at_most(&name("memory (PSS)"), used, "MB", 125.0));
    complete
}

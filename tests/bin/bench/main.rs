//! The bench: what a person waits for, measured in the release build, with the yardsticks beside it.
//!
//! Machines differ, so the figures that matter are ratios: to an empty window of the same toolkit, started in the same
//! minutes. The table says the processor, the load and the date; the figures are kept as JSON in `target/bench`, so that
//! two commits can be compared. `bench quick` leaves out the million messages.

mod catch_up;
mod keyboard;
mod look_up;
mod measure;
mod screen;
mod scroll;
mod stage;
mod start;
mod talk;
mod trace;

use std::process::ExitCode;

use measure::Rows;
use stage::Stage;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((word, rest)) = arguments.split_first()
        && word == stage::KEEP_KEY
    {
        return if stage::keep_key_here(rest) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let quick = arguments.iter().any(|word| word == "quick");
    let mut rows = Rows::default();
    println!("bench: {}, load {}", measure::processor(), measure::load());

    let stage = Stage::set();
    stage.fill(100_000);
    let floor = start::floor(&stage, &mut rows);
    let complete = start::starling(&stage, &floor, 100_000, &mut rows);
    scroll::measure(&stage, &mut rows);
    talk::measure(&stage, &mut rows);
    catch_up::measure(&stage, &mut rows);
    if !quick {
        let stage = Stage::set();
        stage.fill(1_000_000);
        let longer = start::starling(&stage, &floor, 1_000_000, &mut rows);
        rows.at_most("a million to a hundred thousand, complete", longer / complete, "×", 1.2);
        look_up::measure(&stage, 1_000_000, &mut rows);
    }
    rows.print();
    rows.keep();
    ExitCode::SUCCESS
}

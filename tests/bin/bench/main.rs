//! The bench: what a person waits for, measured in the release build, with the yardsticks beside it.
//!
//! Machines differ, so the figures that matter are ratios: to an empty window of the same toolkit, started in the same
//! minutes. The table says the processor, the load and the date; the figures are kept as JSON in `target/bench`, so that
//! two commits can be compared. `bench quick` leaves out the million messages; `bench start`, `scroll`, `talk`,
//! `catch-up`, `sealed` and `million` measure that part alone.
//!
//! What is said in `talk` and `catch-up` travels in the clear; what encryption costs is `sealed`.

mod catch_up;
mod keyboard;
mod look_up;
mod measure;
mod screen;
mod scroll;
mod sealed;
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
    let asked =
        |part: &str| arguments.is_empty() || arguments.iter().any(|word| word == part || word == "quick");
    let mut rows = Rows::default();
    println!("bench: {}, load {}", measure::processor(), measure::load());

    let stage = Stage::set();
    stage.fill(100_000);
    // The million comes only with everything, or by its name; it is compared with what is shorter.
    let million = arguments.is_empty() || arguments.iter().any(|word| word == "million");
    let short = (million || asked("start")).then(|| start::measure(&stage, 100_000, &mut rows));
    if asked("scroll") {
        scroll::measure(&stage, &mut rows);
    }
    if asked("talk") {
        talk::measure(&stage, &mut rows);
    }
    if asked("catch-up") {
        catch_up::measure(&stage, &mut rows);
    }
    if asked("sealed") {
        sealed::measure(&stage, &mut rows);
    }
    if let Some(short) = short.filter(|_| million) {
        let stage = Stage::set();
        stage.fill(1_000_000);
        let long = start::measure(&stage, 1_000_000, &mut rows);
        rows.at_most("a million to a hundred thousand, complete", long / short, "×", 1.2);
        look_up::measure(&stage, 1_000_000, &mut rows);
    }
    rows.print();
    rows.keep();
    ExitCode::SUCCESS
}

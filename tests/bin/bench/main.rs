//! The bench: what a person waits for, measured in the release build, with the yardsticks beside it.
//!
//! Machines differ, so the figures that matter are ratios: to an empty window of the same toolkit, started in the same
//! minutes. The table says the processor, the load and the date; the figures are kept as JSON in `target/bench`, so that
//! two commits can be compared. `bench quick` leaves out the million messages; `bench start`, `scroll`,
//! `pictures`, `talk`, `catch-up`, `sealed` and `million` measure that part alone. So does `bench files [MEGABYTES]`, which needs no desktop.
//!
//! What is said in `talk` and `catch-up` travels in the clear; what encryption costs is `sealed`.

mod catch_up;
mod files;
mod keyboard;
mod look_up;
mod measure;
mod pictures;
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

/// What can be asked for by its name.
const PARTS: &[&str] =
    &["quick", "start", "scroll", "pictures", "talk", "catch-up", "sealed", "million", files::WORD];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((word, rest)) = arguments.split_first()
        && word == stage::KEEP_KEY
    {
        return if stage::keep_key_here(rest) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let is_part = |word: &&String| PARTS.contains(&word.as_str());
    let asks_for_files = arguments.first().is_some_and(|word| word == files::WORD);
    if let Some(unknown) = arguments.iter().find(|word| !is_part(word) && !asks_for_files) {
        eprintln!("bench: there is no part {unknown}; the parts are {}", PARTS.join(", "));
        return ExitCode::FAILURE;
    }
    let mut rows = Rows::default();
    println!("bench: {}, load {}", measure::processor(), measure::load());

    // A gigabyte, three times there and back, comes only with everything, or by its name.
    if arguments.is_empty() || arguments.iter().any(|word| word == files::WORD) {
        files::measure(arguments.iter().find_map(|word| word.parse().ok()), &mut rows);
    }
    if arguments.first().is_none_or(|word| word != files::WORD) {
        on_a_desktop(&arguments, &mut rows);
    }
    rows.print();
    rows.keep();
    ExitCode::SUCCESS
}

/// What is measured with the window of a device that has a history.
fn on_a_desktop(arguments: &[String], rows: &mut Rows) {
    let asked =
        |part: &str| arguments.is_empty() || arguments.iter().any(|word| word == part || word == "quick");
    let stage = Stage::set();
    stage.fill(100_000);
    // The million comes only with everything, or by its name; it is compared with what is shorter.
    let million = arguments.is_empty() || arguments.iter().any(|word| word == "million");
    let short = (million || asked("start")).then(|| start::measure(&stage, 100_000, rows));
    if asked("scroll") {
        scroll::measure(&stage, rows);
    }
    if asked("pictures") {
        pictures::measure(&stage, rows);
    }
    if asked("talk") {
        talk::measure(&stage, rows);
    }
    if asked("catch-up") {
        catch_up::measure(&stage, rows);
    }
    if asked("sealed") {
        sealed::measure(&stage, rows);
    }
    if let Some(short) = short.filter(|_| million) {
        let stage = Stage::set();
        stage.fill(1_000_000);
        let long = start::measure(&stage, 1_000_000, rows);
        rows.at_most("a million to a hundred thousand, complete", long / short, "×", 1.2);
        look_up::measure(&stage, 1_000_000, rows);
    }
}

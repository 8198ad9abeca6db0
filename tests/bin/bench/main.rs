//! The bench: what a person waits for, measured in the release build, with the yardsticks beside it.
//!
//! Machines differ, so the figures that matter are ratios: to an empty window of the same toolkit, started in the same
//! minutes. The table says the processor, the load and the date; the figures are kept as JSON in `target/bench`, so that
//! two commits can be compared. `bench quick` leaves out the million messages.

mod catch_up;
mod look_up;
mod measure;
mod screen;
mod scroll;
mod stage;
mod start;
mod talk;

use std::fmt::Write;
use std::process::ExitCode;

use measure::Row;
use stage::Stage;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((word, rest)) = arguments.split_first()
        && word == stage::KEEP_KEY
    {
        return if stage::keep_key_here(rest) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let quick = arguments.iter().any(|word| word == "quick");
    let mut rows = Vec::new();
    println!("bench: {}, load {}", measure::processor(), measure::load());

    let stage = Stage::set();
    stage.fill(100_000);
    let floor = start::floor(&stage, &mut rows);
    let complete = start::starling(&stage, &floor, 100_000, &mut rows);
    scroll::measure(&stage, &mut rows);
    catch_up::measure(&stage, &mut rows);
    talk::measure(&stage, &mut rows);
    if !quick {
        let stage = Stage::set();
        stage.fill(1_000_000);
        let longer = start::starling(&stage, &floor, 1_000_000, &mut rows);
        rows.push(Row::at_most("a million to a hundred thousand, complete", longer / complete, "×", 1.2));
        look_up::measure(&stage, 1_000_000, &mut rows);
    }
    print(&rows);
    keep(&rows);
    ExitCode::SUCCESS
}

fn print(rows: &[Row]) {
    println!("\n| what | measured | aim | |\n|---|---|---|---|");
    for row in rows {
        let mark = if row.met { "" } else { "missed" };
        println!("| {} | {:.2} {} | {} | {mark} |", row.name, row.value, row.unit, row.aim);
    }
    println!("\nmedian of {} where not said otherwise; load at the end {}", measure::ROUNDS, measure::load());
}

fn keep(rows: &[Row]) {
    let mut text = format!(
        "{{\"processor\": {:?}, \"load\": {:?}, \"rows\": [\n",
        measure::processor(),
        measure::load()
    );
    for (index, row) in rows.iter().enumerate() {
        let comma = if index + 1 < rows.len() { "," } else { "" };
        let _ = writeln!(
            text,
            "  {{\"name\": {:?}, \"value\": {:.4}, \"unit\": {:?}, \"met\": {}}}{comma}",
            row.name, row.value, row.unit, row.met
        );
    }
    text.push_str("]}\n");
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench"));
    let time =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let file = folder.join(format!("{time}.json"));
    if std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, text)).is_ok() {
        println!("kept in target/bench/{time}.json");
    }
}

//! What holds for files of every kind.

use crate::{expect_none, files, files_of, read, root};

/// Of a source file. Tables and tests may be long, code may not.
const LONGEST: usize = 900;
/// Longer than this, a file says at its head why it exists.
const LONGEST_WITHOUT_STORY: usize = 150;

#[test]
fn source_files_are_short_and_open_with_their_story() {
    let mut faults = Vec::new();
    for path in files_of("rs") {
        let text = read(&path);
        let lines = text.lines().count();
        let name = path.display();
        if lines > LONGEST && !name.to_string().contains("tests") {
            faults.push(format!("{name}: {lines} lines; split it by what it does"));
        }
        if lines > LONGEST_WITHOUT_STORY && !text.starts_with("//!") {
            faults.push(format!("{name}: {lines} lines and no `//!` at its head"));
        }
    }
    expect_none(&faults, "one behaviour, one file, and the story first");
}

#[test]
fn text_is_clean() {
    let mut faults = Vec::new();
    for path in files() {
        let Ok(text) = String::from_utf8(std::fs::read(root().join(&path)).unwrap()) else { continue };
        let name = path.display();
        // Golden files, transcripts and what fuzzing kept hold what was on the wire.
        let wire = ["tests/transcripts/", "tests/fuzz/corpus/"];
        if wire.iter().any(|folder| name.to_string().starts_with(folder)) || text.is_empty() {
            continue;
        }
        if !text.ends_with('\n') {
            faults.push(format!("{name}: no newline at the end"));
        }
        for (number, line) in (1..).zip(text.lines()) {
            if line.ends_with([' ', '\t', '\r']) {
                faults.push(format!("{name}:{number}: space at the end of the line"));
            }
            if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") {
                faults.push(format!("{name}:{number}: a merge was not finished"));
            }
        }
    }
    expect_none(&faults, "spaces nobody sees");
}

/// A path of somebody's machine works nowhere else. The words are spelt in halves so as not to find themselves.
#[test]
fn no_path_of_a_machine() {
    let strange =
        [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
    let mut faults = Vec::new();
    for path in files() {
        let Ok(text) = String::from_utf8(std::fs::read(root().join(&path)).unwrap()) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            if strange.iter().any(|word| line.contains(word)) {
                faults.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    expect_none(&faults, "paths that exist on one machine only");
}

/// clippy reads only the nearest `.clippy.toml`, so those of single crates repeat the root's.
#[test]
fn clippy_files_of_crates_repeat_the_roots() {
    let shared = read(".clippy.toml");
    let mut faults = Vec::new();
    for path in files().into_iter().filter(|path| path.file_name().is_some_and(|name| name == ".clippy.toml"))
    {
        let text = read(&path);
        let missing = shared.lines().filter(|line| !line.starts_with('#') && !text.contains(line));
        faults.extend(missing.map(|line| format!("{}: {line}", path.display())));
    }
    expect_none(&faults, "lines of the root's .clippy.toml that are missing");
}

/// A blueprint without its `.rs` is a screen that nobody shows.
#[test]
fn every_blueprint_has_its_widget() {
    let faults: Vec<_> = files_of("blp")
        .into_iter()
        .filter(|path| {
            let beside = root().join(path.with_extension("rs"));
            let folder = root().join(path.parent().unwrap()).join("mod.rs");
            !beside.is_file() && !folder.is_file()
        })
        .map(|path| path.display().to_string())
        .collect();
    expect_none(&faults, "blueprints without a .rs of the same name or a mod.rs beside them");
}

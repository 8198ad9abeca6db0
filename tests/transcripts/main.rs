//! Conversations with a server, written down: what each side says, what the user does, and what the chat looks
//! like then.
//!
//! Each `*.xml` beside this file is one transcript, played against a whole `Account` with a false clock, a seeded
//! generator and a database in memory. What it prints is compared with the `*.golden` of the same name; with
//! `UPDATE_GOLDEN=1` in the environment it is written there instead, to be looked at in the diff. `script.rs`
//! explains the lines.

mod chat;
mod device;
mod script;
mod wire;

use std::{fs, panic, path::Path};

#[test]
fn transcripts() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/transcripts"));
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let only = std::env::var("TRANSCRIPT").ok();
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .collect();
    names.sort();
    let mut faults = Vec::new();
    for path in names {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let golden = path.with_extension("golden");
        match panic::catch_unwind(|| script::Player::play(folder, &text)) {
            Ok(printed) if update => fs::write(&golden, printed).unwrap(),
            Ok(printed) => {
                let expected = fs::read_to_string(&golden).unwrap_or_default();
                if printed != expected {
                    faults.push(format!("{name} printed\n{printed}\nand not\n{expected}"));
                }
            }
            Err(fault) => {
                let fault = fault.downcast_ref::<String>().cloned().unwrap_or_default();
                faults.push(format!("{name}: {fault}"));
            }
        }
    }
    assert!(faults.is_empty(), "{} transcripts differ:\n\n{}", faults.len(), faults.join("\n\n"));
}

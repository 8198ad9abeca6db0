//! Another program on a desktop, which says in lines what happens to it and is told what to do by signals.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use crate::{Desktop, program::Program, wait};

/// A program of the harness. It runs until it is dropped.
pub struct StandIn {
    program: Program,
    said: PathBuf,
}

impl StandIn {
    /// Starts this script of the harness, and waits until it says that it is ready.
    ///
    /// # Panics
    /// When Python is missing.
    #[track_caller]
    pub fn start(desktop: &Desktop, script: &str, arguments: &[&OsStr]) -> Self {
        let verb = arguments.first().map(|verb| verb.to_string_lossy().replace('/', "-")).unwrap_or_default();
        let said = desktop.home().join("run").join(format!("{script}-{verb}.said"));
        // What an earlier one said is not said by this one.
        let _ = std::fs::remove_file(&said);
        // The platform's own Python has the words of GTK.
        let mut command = desktop.command("sh");
        command.args(["-c", "exec /usr/bin/python3 \"$@\" > \"$0\""]).arg(&said);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/harness/").to_owned() + script).args(arguments);
        let stand_in = Self { program: Program::start(&command), said };
        stand_in.says("ready", 1);
        stand_in
    }

    /// How often it has said this line.
    pub fn has_said(&self, line: &str) -> usize {
        let said = std::fs::read_to_string(&self.said).unwrap_or_default();
        said.lines().filter(|its| *its == line).count()
    }

    /// Waits until it has said this line so often.
    #[track_caller]
    pub fn says(&self, line: &str, times: usize) {
        let what = format!("“{line}” to be said {times} times");
        wait::until(&what, || (self.has_said(line) == times).then_some(()));
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&self, signal: &str) {
        let done = Command::new("kill").args(["-s", signal, &self.program.id().to_string()]).status();
        assert!(done.is_ok_and(|done| done.success()), "it has ended");
    }
}

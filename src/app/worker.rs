//! This program, started once more to do one thing behind closed doors (`confine.rs`): `decoder` and `player` are such things.
//!
//! A test program cannot be given arguments of its own: there, a worker is a test that is not run with the others.

use std::process::Command;

/// The same file that runs now, also if another was installed in its place, with the argument that makes it a worker.
pub fn program(argument: &str) -> Command {
    let mut command = Command::new("/proc/self/exe");
    #[cfg(not(test))]
    command.arg(argument);
    #[cfg(test)]
    command.args(tests::named(argument.trim_start_matches('-')));
    command
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use gtk::glib::ExitCode;

    use super::*;
    use crate::{
        confine::{Limits, is_locked_in},
        decoder, player,
    };

    /// No test program ends with this number by itself.
    const LOCKED_IN: i32 = 77;

    /// The arguments that run one test, here.
    pub fn named(name: &str) -> [String; 4] {
        let name = format!("worker::tests::{}", name.replace('-', "_"));
        [name, "--exact".into(), "--ignored".into(), "--nocapture".into()]
    }

    #[expect(clippy::disallowed_methods, reason = "a worker is a process, not a test")]
    fn end(code: i32) {
        std::process::exit(code);
    }

    fn taken_over(limits: Limits) {
        end(if is_locked_in(limits) { LOCKED_IN } else { 1 });
    }

    #[test]
    #[ignore = "started by other tests, as their worker"]
    fn decode_pictures() {
        end(i32::from(decoder::work() != ExitCode::SUCCESS));
    }

    #[test]
    #[ignore = "started by other tests, as their worker"]
    fn decode_sound() {
        end(i32::from(player::work() != ExitCode::SUCCESS));
    }

    #[test]
    #[ignore = "started by another test, as a worker that was taken over"]
    fn pictures_taken_over() {
        taken_over(decoder::LIMITS);
    }

    #[test]
    #[ignore = "started by another test, as a worker that was taken over"]
    fn sound_taken_over() {
        taken_over(player::LIMITS);
    }

    #[test]
    fn a_worker_that_was_taken_over_reaches_nothing() {
        for name in ["pictures-taken-over", "sound-taken-over"] {
            let status = program(name).env_clear().stdout(Stdio::null()).status();
            let status = status.expect("the test program can be started");
            assert_eq!(status.code(), Some(LOCKED_IN), "the kernel refuses all of it: {name}, {status:?}");
        }
    }
}

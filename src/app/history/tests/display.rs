//! A display for tests that have none: the test runs again, alone, in a process of its own under
//! Xvfb. So `cargo test` and `cargo nextest run` need nothing around them.
//!
//! A variable of this process cannot be set once threads run, hence the second process.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock},
};

/// Whether there is a display to draw on.
pub fn is_here() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Runs the calling test in another process, under Xvfb.
///
/// # Panics
/// When the test fails there, or Xvfb is missing.
pub fn run_elsewhere() {
    let test = name_of_this_test();
    let mut server = Server::start();
    let status = Command::new(env::current_exe().expect("the test knows itself"))
        .args([&test, "--exact", "--nocapture", "--include-ignored"])
        .env("DISPLAY", &server.display)
        .env("GDK_BACKEND", "x11")
        .env("GSK_RENDERER", "cairo")
        // Names and roles are kept, and no bus is needed.
        .env("GTK_A11Y", "test")
        .env("GSETTINGS_BACKEND", "memory")
        .status();
    server.stop();
    assert!(status.expect("the test can be run again").success(), "{test} failed under Xvfb, see above");
}

/// The thread has the name of its test, unless there is only one thread: then it stands in the
/// arguments.
fn name_of_this_test() -> String {
    let thread = std::thread::current();
    match thread.name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => env::args().skip(1).find(|argument| !argument.starts_with('-')).expect("a test has a name"),
    }
}

struct Server {
    process: Child,
    display: String,
}

impl Server {
    fn start() -> Self {
        // One after the other: two that start at once may want the same number.
        static TURN: OnceLock<Mutex<()>> = OnceLock::new();
        let _turn = TURN.get_or_init(Mutex::default).lock();
        let mut process = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1400x1200x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("no display, and no Xvfb to make one: the history is tested on a display");
        let output = process.stdout.take().expect("it is piped");
        let mut number = String::new();
        BufReader::new(output).read_line(&mut number).expect("Xvfb tells its number");
        assert!(!number.trim().is_empty(), "Xvfb did not start");
        Self { process, display: format!(":{}", number.trim()) }
    }

    fn stop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

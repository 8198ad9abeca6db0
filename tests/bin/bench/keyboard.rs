//! Keys pressed at once: one xdotool that is already running and connected, so that its own start is not measured.

use std::io::Write;
use std::process::{Child, ChildStdin, Stdio};

use tests::Desktop;

/// The keyboard of a [`Desktop`].
pub struct Keyboard {
    xdotool: Child,
    script: Option<ChildStdin>,
}

impl Keyboard {
    /// Starts xdotool with its script on a pipe.
    ///
    /// # Panics
    /// When it is missing.
    pub fn of(desktop: &Desktop) -> Self {
        let mut xdotool = desktop.command("xdotool").arg("-").stdin(Stdio::piped()).spawn().expect("xdotool");
        let script = xdotool.stdin.take();
        Self { xdotool, script }
    }

    /// Presses a key.
    ///
    /// # Panics
    /// When xdotool has ended.
    pub fn press(&mut self, key: &str) {
        let script = self.script.as_mut().expect("a script");
        writeln!(script, "key {key}").expect("xdotool listens");
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.script.take();
        let _ = self.xdotool.wait();
    }
}

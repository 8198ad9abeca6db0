//! Folders and programs that end with the test.

use std::process::{Child, Command, Stdio};

/// A program that is ended when the test ends, however the test ends.
pub struct Program {
    child: Child,
}

impl Program {
    /// Starts `command` so that the kernel ends it should this process die.
    ///
    /// # Panics
    /// When the program is not installed: a test that cannot run has failed.
    pub fn start(command: &Command) -> Self {
        Self::spawn(command, Stdio::inherit(), Stdio::inherit())
    }

    /// As [`Self::start`], for programs whose words are of no use to anybody.
    ///
    /// # Panics
    /// When the program is not installed.
    pub fn start_quietly(command: &Command) -> Self {
        Self::spawn(command, Stdio::null(), Stdio::null())
    }

    fn spawn(command: &Command, output: Stdio, errors: Stdio) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut wrapped = Command::new("setpriv");
        wrapped.args(["--pdeathsig", "KILL", "--"]).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(key, value),
                None => wrapped.env_remove(key),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            wrapped.current_dir(folder);
        }
        let child =
            wrapped.stdin(Stdio::null()).stdout(output).stderr(errors).spawn().unwrap_or_else(|error| {
                panic!("cannot start {name}: {error}. Is the package with it installed?")
            });
        Self { child }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for it to end by itself and tells whether it ended well.
    pub fn wait(&mut self) -> bool {
        self.child.wait().is_ok_and(|status| status.success())
    }

    /// Asks it to end (SIGTERM) and waits until it did.
    pub fn terminate(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }

    /// Ends it at once (SIGKILL).
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.is_running() {
            self.kill();
        }
    }
}

/// A port of the loopback interface that is free now.
///
/// # Panics
/// When there is none.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

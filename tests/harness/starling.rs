//! The built program on a desktop.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::Program;
use crate::robot::Node;
use crate::{Desktop, Prosody, Robot, wait};

/// A running Starling, used through its window.
pub struct Starling {
    /// Finds and uses what is in the window.
    pub robot: Robot,
    program: Program,
}

impl Starling {
    /// Starts the program on `desktop`, trusting the authority of `server`.
    pub fn start(desktop: &Desktop, server: &Prosody) -> Self {
        Self::start_with(desktop, server, |_| {})
    }

    /// As [`Self::start`], with the command changed first.
    pub fn start_with(desktop: &Desktop, server: &Prosody, change: impl FnOnce(&mut Command)) -> Self {
        let mut command = desktop.command(binary("starling"));
        // Stands in for an administrator who added a private authority to the system.
        command.env("SSL_CERT_FILE", server.authority());
        change(&mut command);
        Self { program: Program::start(&command), robot: Robot::connect(desktop) }
    }

    /// As [`Self::start`], with these system calls written to `trace` by strace.
    pub fn start_traced(desktop: &Desktop, server: &Prosody, calls: &[&str], trace: &Path) -> Self {
        let mut command = desktop.command("strace");
        command
            .args(["-f", "--seccomp-bpf", "-qq", "-e", &format!("trace={}", calls.join(",")), "-o"])
            .arg(trace)
            .arg(binary("starling"));
        command.env("SSL_CERT_FILE", server.authority());
        Self { program: Program::start(&command), robot: Robot::connect(desktop) }
    }

    /// Signs in through the window: from the welcome page to the list of conversations.
    #[track_caller]
    pub fn sign_in(&self, server: &Prosody, address: &str, password: &str) {
        self.fill_sign_in(server, address, password);
        self.robot.find("button", "New Conversation");
    }

    /// Fills in the sign-in page and presses its button.
    #[track_caller]
    pub fn fill_sign_in(&self, server: &Prosody, address: &str, password: &str) {
        let robot = &self.robot;
        robot.find("button", "Sign In").click();
        robot.find_entry("Address").set_text(address);
        robot.find_entry("Password").set_text(password);
        self.name_server("Server", server.direct_tls_port());
        robot.find("button", "Sign In").click();
    }

    /// Says under `Advanced` that the server is at this port of the loopback interface; `entry` is the name of the field for its
    /// name.
    #[track_caller]
    pub fn name_server(&self, entry: &str, port: u16) {
        // A row that only just arrived may miss a click.
        wait::until("Advanced to open", || {
            self.robot.find_named("Advanced").point();
            (0..20).find_map(|_| {
                std::thread::sleep(std::time::Duration::from_millis(50));
                self.robot.sees_entry("Port").then_some(())
            })
        });
        self.robot.find_entry(entry).set_text("127.0.0.1");
        self.robot.find_entry("Port").set_text(&port.to_string());
    }

    /// Opens the conversation whose row names this person.
    #[track_caller]
    pub fn open_conversation(&self, name: &str) {
        // A row that moves while it is pointed at sends the click to another: only the page says what is open.
        wait::until(&format!("the conversation with {name}"), || {
            self.row(&[name]).point();
            let pointed = std::time::Instant::now();
            while pointed.elapsed() < std::time::Duration::from_secs(2) {
                if self.robot.sees_page_of(name) {
                    return Some(());
                }
            }
            None
        });
    }

    /// Waits for a message with this text in the history.
    #[track_caller]
    pub fn sees_message(&self, text: &str) {
        self.message(text);
    }

    /// The message with this text in the history.
    ///
    /// # Panics
    /// When it does not appear.
    #[track_caller]
    pub fn message(&self, text: &str) -> Node {
        let what = format!("message “{text}”");
        self.within("Messages", &what, |node| node.role() == "list item" && node.name().contains(text))
    }

    /// The row of the list whose name contains all these words.
    #[track_caller]
    pub fn row(&self, words: &[&str]) -> Node {
        self.within("Conversations", &format!("row with {words:?}"), |node| {
            let name = node.name();
            node.role() == "list item" && words.iter().all(|words| name.contains(words))
        })
    }

    /// Waits for something that `fits` in the list of this name.
    ///
    /// # Panics
    /// When it does not appear; says what was there instead.
    #[track_caller]
    pub fn within(&self, list: &str, what: &str, fits: impl Fn(&Node) -> bool) -> Node {
        let found = std::cell::RefCell::new(None);
        self.robot.find_where(what, |node| {
            let is_in = node.role() == "list" && node.name() == list;
            is_in && {
                found.replace(node.search(&fits));
                found.borrow().is_some()
            }
        });
        found.into_inner().expect("it was just found")
    }

    /// Waits until the program ended by itself, and tells whether it ended well.
    pub fn wait(mut self) -> bool {
        self.program.wait()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.program.id()
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(mut self) {
        self.program.kill();
    }
}

/// A program of the workspace, built by the same cargo as this one.
///
/// # Panics
/// When it was not built: `cargo build --package app` does.
pub fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the path of this program");
    let found = own.ancestors().skip(1).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("{name} was not built beside {}", own.display()))
}

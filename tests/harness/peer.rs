//! A client that is not ours in a process of its own, driven line by line: slixmpp (`peer.py` has its verbs), or Profanity
//! (`profanity.py`).

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::wait::PATIENCE;
use crate::{Prosody, Server};

/// A client that is told what to do line by line and tells line by line what came.
pub struct Peer {
    process: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    /// Whether what it says is told to nobody else.
    is_hushed: Arc<AtomicBool>,
}

/// What a peer knows of OMEMO.
#[derive(Clone, Copy)]
pub enum Versions {
    /// 0.3 alone.
    Legacy,
    /// 2 alone.
    Two,
    /// Both.
    Both,
}

impl Peer {
    /// slixmpp: makes an account, signs in, and returns when it is online.
    pub fn start(server: &impl Server, name: &str) -> Self {
        server.register(name);
        Self::run(server, name, "peer", &[])
    }

    /// slixmpp: signs in on a device of an account that exists, and seals all it says. A device of this name that was there
    /// before is the same one: it has its keys.
    ///
    /// # Panics
    /// When it does not come online.
    pub fn sealed(server: &impl Server, name: &str, device: &str, versions: Versions) -> Self {
        let versions = match versions {
            Versions::Legacy => "legacy",
            Versions::Two => "two",
            Versions::Both => "two,legacy",
        };
        let keys = server.folder().join(format!("keys-{name}-{device}.json"));
        Self::run(server, name, device, &[versions, keys.to_str().expect("a path in letters")])
    }

    /// As [`Self::sealed`], with Profanity, which knows 0.3 alone and seals for keys that it was told to trust.
    pub fn profanity(server: &Prosody, name: &str, device: &str) -> Self {
        let mut command = python(concat!(env!("CARGO_MANIFEST_DIR"), "/harness/profanity.py"));
        command
            .args([&format!("{name}@localhost"), &format!("pw-{name}")])
            .arg(server.starttls_port().to_string())
            .arg(server.folder().join(format!("profanity-{name}-{device}")));
        Self::spawn(command, format!("{name}/{device}"))
    }

    fn run(server: &impl Server, name: &str, device: &str, more: &[&str]) -> Self {
        let mut command = python(concat!(env!("CARGO_MANIFEST_DIR"), "/harness/peer.py"));
        command
            .args([&format!("{name}@localhost/{device}"), &format!("pw-{name}")])
            .arg(server.starttls_port().to_string())
            .arg(server.authority())
            .args(more);
        Self::spawn(command, format!("{name}/{device}"))
    }

    fn spawn(mut command: Command, who: String) -> Self {
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 with slixmpp");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        let is_hushed = Arc::new(AtomicBool::default());
        let hushed = is_hushed.clone();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| {
                // For whoever reads why a story failed.
                if !hushed.load(Ordering::Relaxed) {
                    eprintln!("{who}: {line}");
                }
                sender.send(line)
            })
        });
        let peer = Self { process, input, lines, is_hushed };
        peer.expect("online");
        peer
    }

    /// Tells it to do something.
    ///
    /// # Panics
    /// When it has ended.
    pub fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("the peer listens");
    }

    /// Waits until it says exactly this.
    #[track_caller]
    pub fn expect(&self, wanted: &str) {
        self.expect_line(wanted, |line| line == wanted);
    }

    /// Waits until it says something that begins with this, and returns all of it.
    #[track_caller]
    pub fn expect_start(&self, wanted: &str) -> String {
        self.expect_line(wanted, |line| line.starts_with(wanted))
    }

    #[track_caller]
    fn expect_line(&self, wanted: &str, fits: impl Fn(&str) -> bool) -> String {
        let mut others = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if fits(&line) {
                return line;
            }
            others.push(line);
        }
        panic!("the peer did not say “{wanted}”, only {others:?}");
    }

    /// What it says is no longer written down for whoever reads why a story failed: where it says a great deal.
    pub fn hush(&self) {
        self.is_hushed.store(true, Ordering::Relaxed);
    }

    /// What it said since it was last asked; waits a while for something.
    pub fn heard(&self, patience: Duration) -> Vec<String> {
        self.lines.recv_timeout(patience).into_iter().chain(self.lines.try_iter()).collect()
    }

    /// Signs out in good order, so that the server knows at once.
    pub fn leave(mut self) {
        self.tell("leave localhost");
        self.expect("offline");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn python(program: &str) -> Command {
    let python = std::env::var("STARLING_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(python);
    command.arg(program);
    command
}

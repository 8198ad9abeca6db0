//! A client that is not ours: slixmpp in a process of its own, driven line by line. `peer.py` has its verbs.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use tests::wait::PATIENCE;
use tests::{Prosody, Server};

/// A slixmpp client that is told what to do line by line and tells line by line what came.
pub struct Peer {
    process: Child,
    input: ChildStdin,
    lines: Receiver<String>,
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
    /// Makes an account, signs in, and returns when it is online.
    pub fn start(server: &impl Server, name: &str) -> Self {
        server.register(name);
        Self::run(server, name, "peer", &[])
    }

    /// Signs in on a device of an account that exists, and seals all it says. A device of this name that was there
    /// before is the same one: it has its keys.
    pub fn sealed(server: &Prosody, name: &str, device: &str, versions: Versions) -> Self {
        let versions = match versions {
            Versions::Legacy => "legacy",
            Versions::Two => "two",
            Versions::Both => "two,legacy",
        };
        let keys = server.folder().join(format!("keys-{name}-{device}.json"));
        Self::run(server, name, device, &[versions, keys.to_str().expect("a path in letters")])
    }

    fn run(server: &impl Server, name: &str, device: &str, more: &[&str]) -> Self {
        let python = std::env::var("STARLING_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut process = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/peer.py"))
            .args([&format!("{name}@localhost/{device}"), &format!("pw-{name}")])
            .arg(server.starttls_port().to_string())
            .arg(server.authority())
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 with slixmpp");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        let who = format!("{name}/{device}");
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| {
                // For whoever reads why a story failed.
                eprintln!("{who}: {line}");
                sender.send(line)
            })
        });
        let peer = Self { process, input, lines };
        peer.expect("online");
        peer
    }

    /// Tells it to do something.
    pub fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("the peer listens");
    }

    /// Waits until it says exactly this.
    #[track_caller]
    pub fn expect(&self, wanted: &str) {
        self.expect_line(wanted, |line| line == wanted);
    }

    /// Waits until it says something that begins with this.
    #[track_caller]
    pub fn expect_start(&self, wanted: &str) {
        self.expect_line(wanted, |line| line.starts_with(wanted));
    }

    #[track_caller]
    fn expect_line(&self, wanted: &str, fits: impl Fn(&str) -> bool) {
        let mut others = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if fits(&line) {
                return;
            }
            others.push(line);
        }
        panic!("the peer did not say “{wanted}”, only {others:?}");
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

//! A client that is not ours: slixmpp in a process of its own, driven line by line. `peer.py` has its verbs.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use tests::Server;
use tests::wait::PATIENCE;

/// A slixmpp client that is told what to do line by line and tells line by line what came.
pub struct Peer {
    process: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Peer {
    /// Signs in, and returns when it is online.
    pub fn start(server: &impl Server, name: &str) -> Self {
        let password = server.register(name);
        let python = std::env::var("STARLING_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut process = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/peer.py"))
            .args([&format!("{name}@localhost/peer"), &password, &server.starttls_port().to_string()])
            .arg(server.authority())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 with slixmpp");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
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
        let mut others = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if line == wanted {
                return;
            }
            others.push(line);
        }
        panic!("the peer did not say “{wanted}”, only {others:?}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

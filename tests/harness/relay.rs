//! A coturn of its own: a relay for media on the network within this machine.

use std::{
    net::{TcpStream, UdpSocket},
    path::Path,
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    program::{Program, free_port},
    wait,
};

/// What Prosody makes credentials with.
pub const SECRET: &str = "a secret of the relay";

/// How a relay is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Datagrams.
    Udp,
    /// A connection.
    Tcp,
    /// A secured connection, with the certificate of `localhost`.
    Tls,
}

/// A running coturn.
pub struct Relay {
    port: u16,
    folder: TempDir,
    _program: Program,
}

impl Relay {
    /// Starts one that is reached in this way and in no other, and returns when it answers.
    ///
    /// # Panics
    /// When coturn is not installed.
    pub fn start(by: By, certificates: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("starling-relay").tempdir().expect("a folder");
        let port = free_port();
        let mut command = Command::new("turnserver");
        command
            .current_dir(folder.path())
            .args(["-n", "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--allow-loopback-peers"])
            .args(["--no-dtls", "--no-cli", "--realm", "localhost", "--use-auth-secret"])
            .args(["--static-auth-secret", SECRET])
            .args(["--simple-log", "--no-stdout-log", "--log-file", "log", "--verbose"])
            .args(["--pidfile", "pid", "--userdb", "users"]);
        let (port_name, refused) = match by {
            By::Udp => ("--listening-port", &["--no-tls", "--no-tcp"][..]),
            By::Tcp => ("--listening-port", &["--no-tls", "--no-udp"][..]),
            By::Tls => ("--tls-listening-port", &["--no-tcp", "--no-udp"][..]),
        };
        command.args([port_name, &port.to_string()]).args(refused);
        if by == By::Tls {
            let file = |name: &str| certificates.join(name);
            command.arg("--cert").arg(file("localhost.crt")).arg("--pkey").arg(file("localhost.key"));
        }
        let relay = Self { port, _program: Program::start_quietly(&command), folder };
        wait::until("the relay to answer", || {
            let answers = match by {
                By::Udp => is_answering(port),
                By::Tcp | By::Tls => TcpStream::connect(("127.0.0.1", port)).is_ok(),
            };
            answers.then_some(())
        });
        relay
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it wrote down.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// Asks who we are (RFC 8489 §5).
fn is_answering(port: u16) -> bool {
    let mut question = [0_u8; 20];
    question[1] = 1;
    question[4..8].copy_from_slice(&[0x21, 0x12, 0xA4, 0x42]);
    let asked = UdpSocket::bind("127.0.0.1:0").and_then(|socket| {
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        socket.send_to(&question, ("127.0.0.1", port))?;
        socket.recv(&mut [0_u8; 100])
    });
    asked.is_ok()
}

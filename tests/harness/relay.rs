//! A coturn of its own: a relay for media on the network within this machine.

use std::{
    net::{Ipv4Addr, TcpStream, UdpSocket},
    path::Path,
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Place,
    program::{Program, free_port},
    wait,
};

/// What Prosody makes credentials with.
pub const SECRET: &str = "a secret of the relay";

const PROGRAM: &str = "turnserver";

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
    address: String,
    folder: TempDir,
    _program: Program,
}

impl Relay {
    /// Starts one that is reached in this way and in no other, and returns when it answers.
    ///
    /// # Panics
    /// When coturn is not installed.
    pub fn start(by: By, certificates: &Path) -> Self {
        let relay = Self::begin(by, certificates, None);
        let port = relay.port;
        wait::until("the relay to answer", || {
            let answers = match by {
                By::Udp => is_answering(port),
                By::Tcp | By::Tls => TcpStream::connect(("127.0.0.1", port)).is_ok(),
            };
            answers.then_some(())
        });
        relay
    }

    /// As [`Self::start`], at a place of a network of its own.
    ///
    /// # Panics
    /// When coturn is not installed.
    pub fn start_at(place: &Place, by: By, certificates: &Path) -> Self {
        let relay = Self::begin(by, certificates, Some(place));
        wait::until("the relay to listen", || relay.log().contains("listener opened").then_some(()));
        relay
    }

    fn begin(by: By, certificates: &Path, place: Option<&Place>) -> Self {
        let folder = tempfile::Builder::new().prefix("starling-relay").tempdir().expect("a folder");
        let port = free_port();
        let mut command = place.map_or_else(|| Command::new(PROGRAM), |place| place.command(PROGRAM));
        let address = place.map_or(Ipv4Addr::LOCALHOST, |place| place.line().address).to_string();
        command
            .current_dir(folder.path())
            .args(["-n", "--listening-ip", &address, "--relay-ip", &address, "--allow-loopback-peers"])
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
        Self { port, address, _program: Program::start_quietly(&command), folder }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// See [`Self::port`].
    pub fn address(&self) -> &str {
        &self.address
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

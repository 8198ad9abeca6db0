//! A Prosody of its own: free ports, a folder that goes away, certificates of its own authority.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::certificates::make_certificates;
use crate::program::{Program, free_port};
use crate::{By, LinkCutter, Place, Relay, Server, relay, wait};

const CONFIGURATION: &str = include_str!("prosody.cfg.lua");
const WIRETAP: &str = include_str!("mod_wiretap.lua");

/// A running Prosody with the hosts `localhost`, `open.localhost` and `old.localhost`.
pub struct Prosody {
    folder: TempDir,
    starttls_port: u16,
    direct_tls_port: u16,
    https_port: u16,
    /// The port that links to files name.
    files_port: u16,
    /// How many bytes a file may have: 0 if none is taken.
    most: u64,
    program: Option<Program>,
    is_tapped: bool,
    /// The relay for calls it names, if any.
    relay: Option<(By, String, u16)>,
}

impl Prosody {
    /// Starts one, and returns when it takes connections.
    ///
    /// # Panics
    /// When Prosody or OpenSSL is not installed.
    pub fn start() -> Self {
        Self::start_with_certificate_of(-1..30)
    }

    /// As [`Self::start`], and it writes down what clients say and are told: [`Self::wire`].
    ///
    /// # Panics
    /// When Prosody or OpenSSL is not installed.
    pub fn start_tapped() -> Self {
        Self::start_as(&(-1..30), true)
    }

    /// As [`Self::start`], with a certificate that is valid on these days, counted from today.
    ///
    /// # Panics
    /// When Prosody or OpenSSL is not installed.
    pub fn start_with_certificate_of(days: std::ops::Range<i64>) -> Self {
        Self::start_as(&days, false)
    }

    /// As [`Self::start_tapped`], and it names a relay for calls (XEP-0215), with a certificate of the same authority.
    ///
    /// # Panics
    /// When Prosody, OpenSSL or coturn is not installed.
    pub fn start_with_relay(by: By) -> (Self, Relay) {
        Self::start_with_relay_as(by, |certificates| Relay::start(by, certificates))
    }

    /// As [`Self::start_with_relay`], by TLS and with a certificate that nobody trusts.
    ///
    /// # Panics
    /// When Prosody, OpenSSL or coturn is not installed.
    pub fn start_with_false_relay() -> (Self, Relay) {
        let folder = tempfile::tempdir().expect("a folder");
        make_certificates(folder.path(), &(-1..30));
        Self::start_with_relay_as(By::Tls, |_| Relay::start(By::Tls, folder.path()))
    }

    /// As [`Self::start_with_relay`], with the relay at a place of a network of its own.
    ///
    /// # Panics
    /// When Prosody, OpenSSL or coturn is not installed.
    pub fn start_with_relay_at(place: &Place, by: By) -> (Self, Relay) {
        Self::start_with_relay_as(by, |certificates| Relay::start_at(place, by, certificates))
    }

    fn start_with_relay_as(by: By, start: impl FnOnce(&Path) -> Relay) -> (Self, Relay) {
        let https_port = free_port();
        let mut server = Self::prepare(&(-1..30), true, https_port, https_port);
        let relay = start(&server.folder.path().join("certs"));
        // A certificate is for a name, or for an address that is no loopback.
        let is_here = relay.address() == "127.0.0.1";
        let host = if is_here && by == By::Tls { "localhost" } else { relay.address() };
        server.relay = Some((by, host.to_owned(), relay.port()));
        server.resume();
        (server, relay)
    }

    fn start_as(days: &std::ops::Range<i64>, is_tapped: bool) -> Self {
        let https_port = free_port();
        Self::start_on(days, is_tapped, https_port, https_port)
    }

    fn start_on(days: &std::ops::Range<i64>, is_tapped: bool, https_port: u16, files_port: u16) -> Self {
        let mut server = Self::prepare(days, is_tapped, https_port, files_port);
        server.resume();
        server
    }

    fn prepare(days: &std::ops::Range<i64>, is_tapped: bool, https_port: u16, files_port: u16) -> Self {
        let folder = tempfile::Builder::new().prefix("starling-prosody").tempdir().expect("a folder");
        for name in ["certs", "data", "modules"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        std::fs::write(folder.path().join("prosody.cfg.lua"), CONFIGURATION).expect("a configuration");
        std::fs::write(folder.path().join("modules/mod_wiretap.lua"), WIRETAP).expect("a module");
        make_certificates(&folder.path().join("certs"), days);
        Self {
            folder,
            starttls_port: free_port(),
            direct_tls_port: free_port(),
            https_port,
            files_port,
            most: 2 << 30,
            program: None,
            is_tapped,
            relay: None,
        }
    }

    /// Starts it again after [`Self::stop`] or [`Self::kill`], on the same ports with the same data.
    pub fn resume(&mut self) {
        let mut command = self.command("prosody");
        command.arg("-F");
        self.program = Some(Program::start(&command));
        let mut ports = vec![self.starttls_port, self.direct_tls_port];
        ports.extend((self.most > 0).then_some(self.https_port));
        wait::until("Prosody to listen", || {
            ports.iter().all(|port| std::net::TcpStream::connect(("127.0.0.1", *port)).is_ok()).then_some(())
        });
    }

    /// Starts it anew as a server that takes files of at most so many bytes: of 0, it has no place for them.
    pub fn take_files_up_to(&mut self, most: u64) {
        self.stop();
        self.most = most;
        self.resume();
    }

    /// Ends it in good order.
    pub fn stop(&mut self) {
        if let Some(mut program) = self.program.take() {
            program.terminate();
        }
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut program) = self.program.take() {
            program.kill();
        }
        let _ = std::fs::remove_file(self.folder.path().join("prosody.pid"));
    }

    /// Changes its database with these statements of SQL. Nobody is connected meanwhile.
    ///
    /// # Panics
    /// When sqlite3 is missing, or does not like the statements.
    pub fn alter(&mut self, statements: &str) {
        self.stop();
        let file = self.folder.path().join("data/prosody.sqlite");
        let done = Command::new("sqlite3").args(["-bail"]).arg(file).arg(statements).status();
        assert!(done.expect("sqlite3").success(), "the database was not changed");
        self.resume();
    }

    /// Makes an account at `localhost` and returns its password.
    pub fn register(&self, name: &str) -> String {
        self.register_at(name, "localhost")
    }

    /// Makes an account and returns its password.
    ///
    /// # Panics
    /// When Prosody refuses.
    pub fn register_at(&self, name: &str, host: &str) -> String {
        let password = format!("pw-{name}");
        // The server itself is asked: two processes that write to its database lock each other out.
        wait::until("Prosody to make the account", || {
            let done = self
                .command("prosodyctl")
                .args(["shell", "user", "create", &format!("{name}@{host}"), &password])
                .output()
                .expect("prosodyctl");
            done.status.success().then_some(())
        });
        password
    }

    /// The certificate of its authority, to be trusted by clients.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("certs/ca.pem")
    }

    /// The port where TLS is asked for with STARTTLS.
    pub fn starttls_port(&self) -> u16 {
        self.starttls_port
    }

    /// The port where TLS begins at once.
    pub fn direct_tls_port(&self) -> u16 {
        self.direct_tls_port
    }

    /// Its folder: `data/prosody.sqlite` holds the archive.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What clients said and were told until now, as it stood inside TLS.
    ///
    /// # Panics
    /// When this one was not started to be tapped.
    pub fn wire(&self) -> Vec<u8> {
        std::fs::read(self.folder.path().join("wire.xml")).expect("a tapped Prosody")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        if self.is_tapped {
            command.env("STARLING_PROSODY_WIRETAP", "yes");
        }
        if let Some((by, host, port)) = &self.relay {
            let (kind, transport) = match by {
                By::Udp => ("turn", "udp"),
                By::Tcp => ("turn", "tcp"),
                By::Tls => ("turns", "tcp"),
            };
            command.env("STARLING_PROSODY_RELAY_HOST", host);
            command.env("STARLING_PROSODY_RELAY", port.to_string());
            command.env("STARLING_PROSODY_RELAY_TYPE", kind);
            command.env("STARLING_PROSODY_RELAY_TRANSPORT", transport);
            command.env("STARLING_PROSODY_RELAY_SECRET", relay::SECRET);
        }
        command
            .arg("--config")
            .arg(self.folder.path().join("prosody.cfg.lua"))
            .env("STARLING_PROSODY_DIR", self.folder.path())
            .env("STARLING_PROSODY_STARTTLS", self.starttls_port.to_string())
            .env("STARLING_PROSODY_DIRECT", self.direct_tls_port.to_string())
            .env("STARLING_PROSODY_HTTPS", self.https_port.to_string())
            .env("STARLING_PROSODY_FILES", self.files_port.to_string())
            .env("STARLING_PROSODY_MOST", self.most.to_string());
        command
    }
}

impl Server for Prosody {
    fn start() -> Self {
        Self::start()
    }

    fn start_with_files_behind_a_cutter() -> (Self, LinkCutter) {
        let https_port = free_port();
        let cutter = LinkCutter::start(https_port);
        (Self::start_on(&(-1..30), true, https_port, cutter.port()), cutter)
    }

    fn resume(&mut self) {
        self.resume();
    }

    fn stop(&mut self) {
        self.stop();
    }

    fn register(&self, name: &str) -> String {
        self.register(name)
    }

    fn folder(&self) -> &Path {
        self.folder()
    }

    fn files(&self) -> PathBuf {
        self.folder().join("data/files%2elocalhost")
    }

    fn authority(&self) -> PathBuf {
        self.authority()
    }

    fn starttls_port(&self) -> u16 {
        self.starttls_port()
    }

    fn direct_tls_port(&self) -> u16 {
        self.direct_tls_port()
    }
}

//! An ejabberd of its own: free ports, a folder that goes away, certificates of its own authority.
//!
//! The Erlang machine is started without a node name, so that ejabberds of several tests know nothing of each other and no
//! `epmd` stays behind. Accounts are made through its HTTP interface.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::certificates::make_certificates;
use crate::program::{Program, free_port};
use crate::{LinkCutter, Server, wait};

const CONFIGURATION: &str = include_str!("ejabberd.yml");

/// A running ejabberd with the hosts `localhost` and `open.localhost`.
pub struct Ejabberd {
    folder: TempDir,
    starttls_port: u16,
    direct_tls_port: u16,
    api_port: u16,
    https_port: u16,
    /// The port that links to files name.
    files_port: u16,
    program: Option<Program>,
}

impl Ejabberd {
    /// What it wrote into its log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("ejabberd.log")
    }

    /// What the configuration leaves open.
    fn definitions(&self) -> String {
        let certificates = self.folder.path().join("certs");
        format!(
            "define_macro:\n  CERTIFICATE: {}\n  KEY: {}\n  STARTTLS_PORT: {}\n  DIRECT_TLS_PORT: {}\n  API_PORT: {}\n  HTTPS_PORT: {}\n  FILES_URL: https://localhost:{}/upload\n  FILES_FOLDER: {}\n",
            certificates.join("localhost.crt").display(),
            certificates.join("localhost.key").display(),
            self.starttls_port,
            self.direct_tls_port,
            self.api_port,
            self.https_port,
            self.files_port,
            self.files().display()
        )
    }

    fn start_on(https_port: u16, files_port: u16) -> Self {
        let folder = tempfile::Builder::new().prefix("starling-ejabberd").tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("certs")).expect("a folder");
        make_certificates(&folder.path().join("certs"), &(-1..30));
        let mut server = Self {
            folder,
            starttls_port: free_port(),
            direct_tls_port: free_port(),
            api_port: free_port(),
            https_port,
            files_port,
            program: None,
        };
        let configuration = format!("{}{CONFIGURATION}", server.definitions());
        std::fs::write(server.folder.path().join("ejabberd.yml"), configuration).expect("a configuration");
        server.resume();
        server
    }

    /// Asks the HTTP interface to do something and tells whether it did.
    fn call(&self, command: &str, arguments: &str) -> std::io::Result<bool> {
        let mut link = std::net::TcpStream::connect(("127.0.0.1", self.api_port))?;
        write!(
            link,
            "POST /api/{command} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{arguments}",
            arguments.len()
        )?;
        let mut answer = String::new();
        link.read_to_string(&mut answer)?;
        Ok(answer.split(' ').nth(1) == Some("200"))
    }
}

impl Drop for Ejabberd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // For whoever reads why a story failed.
            eprintln!("{}", self.log());
        }
    }
}

impl Server for Ejabberd {
    /// The process of the old stream routes again what it got while the new one took over, and that comes after what
    /// the new one got by itself, without a stamp. Only the ids of the archive tell the order.
    const RESUMES_IN_ORDER: bool = false;

    /// It gives whole files.
    const GIVES_PARTS_OF_FILES: bool = false;

    fn start() -> Self {
        let https_port = free_port();
        Self::start_on(https_port, https_port)
    }

    fn start_with_files_behind_a_cutter() -> (Self, LinkCutter) {
        let https_port = free_port();
        let cutter = LinkCutter::start(https_port);
        (Self::start_on(https_port, cutter.port()), cutter)
    }

    fn resume(&mut self) {
        let folder = self.folder.path();
        let mut command = Command::new("erl");
        command
            .args([
                "-noinput",
                "-mnesia",
                "dir",
                &format!("\"{}\"", folder.join("data").display()),
                "-s",
                "ejabberd",
            ])
            .current_dir(folder)
            .env("HOME", folder)
            .env("ERL_LIBS", libraries())
            .env("ERL_CRASH_DUMP_BYTES", "0")
            .env("EJABBERD_CONFIG_PATH", folder.join("ejabberd.yml"))
            .env("EJABBERD_LOG_PATH", self.log_file());
        let mut program = Program::start_quietly(&command);
        let ports = [self.starttls_port, self.direct_tls_port, self.api_port, self.https_port];
        wait::until("ejabberd to listen", || {
            assert!(program.is_running(), "ejabberd ended at once:\n{}", self.log());
            ports.iter().all(|port| std::net::TcpStream::connect(("127.0.0.1", *port)).is_ok()).then_some(())
        });
        self.program = Some(program);
    }

    fn stop(&mut self) {
        if let Some(mut program) = self.program.take() {
            program.terminate();
        }
    }

    fn register(&self, name: &str) -> String {
        let password = format!("pw-{name}");
        let arguments = format!(r#"{{"user":"{name}","host":"localhost","password":"{password}"}}"#);
        let done = self.call("register", &arguments);
        assert!(matches!(done, Ok(true)), "ejabberd did not make {name}: {done:?}\n{}", self.log());
        password
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    fn authority(&self) -> PathBuf {
        self.folder.path().join("certs/ca.pem")
    }

    fn starttls_port(&self) -> u16 {
        self.starttls_port
    }

    fn direct_tls_port(&self) -> u16 {
        self.direct_tls_port
    }
}

/// Where ejabberd is installed, which its own control program knows. That program itself is of no use here: it insists on
/// the user that the package made.
fn libraries() -> String {
    let script =
        r#"PATH=$PATH:/usr/sbin; eval "$(grep ^ERL_LIBS= "$(command -v ejabberdctl)")"; echo "$ERL_LIBS""#;
    let told = Command::new("sh").args(["-c", script]).output().expect("a shell");
    let found = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    assert!(!found.is_empty(), "no ejabberdctl. Is the package with ejabberd installed?");
    found
}

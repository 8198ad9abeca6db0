//! A device in a process of its own that sends a file or fetches files, and can be killed: `soak device-files`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use model::BareJid;
use tempfile::TempDir;

use crate::Server;

/// Where such a device lives, whatever its processes are, and whom it talks with.
pub struct FilesHome {
    /// Everything it keeps is below.
    pub folder: TempDir,
    /// Whose device it is.
    pub address: BareJid,
    arguments: Vec<String>,
}

/// What it is to do.
#[derive(Clone, Copy, Debug)]
pub enum FilesAct<'p> {
    /// Nothing: it signs in.
    Idle,
    /// Send the file, unless an earlier process did.
    Send(&'p Path),
    /// Fetch what is offered and write it there.
    Fetch(&'p Path),
}

/// Such a process. It ends with its value.
pub struct FilesDevice {
    process: Child,
    lines: Receiver<String>,
}

impl FilesHome {
    /// For an account that exists.
    ///
    /// # Panics
    /// When there is no room for a folder.
    pub fn new(
        server: &impl Server,
        address: &BareJid,
        password: &str,
        peer: &BareJid,
        encrypted: bool,
    ) -> Self {
        let folder = tempfile::Builder::new().prefix("starling-files").tempdir().expect("a folder");
        let form = if encrypted { "sealed" } else { "clear" };
        let arguments = [
            folder.path().display().to_string(),
            address.to_string(),
            password.to_owned(),
            server.direct_tls_port().to_string(),
            server.authority().display().to_string(),
            peer.to_string(),
            form.to_owned(),
        ];
        Self { folder, address: address.clone(), arguments: arguments.to_vec() }
    }

    /// Starts a process of it. `soak` is the program.
    ///
    /// # Panics
    /// When that cannot be started.
    pub fn start(&self, soak: &Path, act: FilesAct<'_>) -> FilesDevice {
        let (word, path) = match act {
            FilesAct::Idle => ("idle", Path::new("")),
            FilesAct::Send(path) => ("send", path),
            FilesAct::Fetch(path) => ("fetch", path),
        };
        let mut command = Command::new(soak);
        command.arg("device-files").args(&self.arguments).arg(word).arg(path).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the device starts");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        let who = self.address.clone();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| {
                // For whoever reads why a story failed.
                eprintln!("{who}'s device: {line}");
                sender.send(line)
            })
        });
        FilesDevice { process, lines }
    }

    /// How many bytes of files rest on its disk.
    pub fn kept(&self) -> u64 {
        let accounts: PathBuf = self.folder.path().join("data/accounts");
        let accounts = std::fs::read_dir(accounts).into_iter().flatten().flatten();
        let files = accounts.flat_map(|account| std::fs::read_dir(account.path().join("files")));
        files.flatten().flatten().filter_map(|file| file.metadata().ok()).map(|facts| facts.len()).sum()
    }
}

impl FilesDevice {
    /// Waits until it says exactly this.
    ///
    /// # Panics
    /// When it says nothing for `patience`, or that a file failed, or ends.
    #[track_caller]
    pub fn expect(&self, word: &str, patience: Duration) {
        loop {
            match self.lines.recv_timeout(patience) {
                Ok(line) if line == word => return,
                Ok(line) if line.starts_with("failed ") => panic!("waiting for “{word}”: {line}"),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => panic!("the device did not say “{word}”"),
                Err(RecvTimeoutError::Disconnected) => panic!("the device ended before it said “{word}”"),
            }
        }
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends it at once.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for FilesDevice {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

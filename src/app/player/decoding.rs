//! A file that is decoded in a process of its own, piece by piece, as it is asked for.

use std::{
    io::{self, Read, Seek, SeekFrom},
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use super::wire::{self, Answer, Facts, Piece, Question, Wish};

/// Bytes that can be read and sought in. They are in the clear, and only in memory.
pub trait Source: Read + Seek + Send + 'static {}

impl<T: Read + Seek + Send + 'static> Source for T {}

/// A worker that is silent for so long does not answer any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// See the top of the file.
#[derive(Debug)]
pub struct Decoding {
    process: Child,
    socket: UnixStream,
    wish: Wish,
    facts: Facts,
}

impl Decoding {
    /// Opens a file. Blocks, as everything here does. Fails with `InvalidData` for what cannot be decoded.
    pub fn open(source: Box<dyn Source>, wish: Wish) -> io::Result<Self> {
        Self::open_with(super::program(), source, wish)
    }

    pub(super) fn open_with(
        mut command: Command,
        mut source: Box<dyn Source>,
        wish: Wish,
    ) -> io::Result<Self> {
        let length = source.seek(SeekFrom::End(0))?;
        let (socket, asked) = UnixStream::pair()?;
        let (bytes, fetched) = UnixStream::pair()?;
        for socket in [&socket, &bytes] {
            socket.set_write_timeout(Some(PATIENCE))?;
        }
        socket.set_read_timeout(Some(PATIENCE))?;
        let kept = ["LD_LIBRARY_PATH", "GST_PLUGIN_PATH", "GST_PLUGIN_SYSTEM_PATH"];
        let kept = kept.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let process = command
            .env_clear()
            .envs(kept)
            // There is no memory that could be run, for what is written at run time to be fast.
            .env("ORC_CODE", "backup")
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(asked)))
            .stdout(Stdio::null())
            .stderr(Stdio::from(OwnedFd::from(fetched)))
            .spawn()?;
        // It holds the worker's ends: when that is gone, they are to be closed.
        drop(command);
        thread::Builder::new().name("file".into()).spawn(move || serve(source, bytes))?;
        let mut decoding = Self {
            process,
            socket,
            wish,
            facts: Facts { duration: None, has_sound: false, dimensions: None },
        };
        match decoding.ask(Question::Open(wish, length))? {
            Answer::Opened(facts) => decoding.facts = facts,
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
        Ok(decoding)
    }

    /// What is known of the file.
    pub fn facts(&self) -> Facts {
        self.facts
    }

    /// The next piece. `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<Piece>> {
        match self.ask(Question::Next)? {
            Answer::Next(piece) => Ok(Some(piece)),
            Answer::End => Ok(None),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Goes on from another place, at another tempo.
    pub fn seek(&mut self, to: Duration, tempo: f64) -> io::Result<()> {
        match self.ask(Question::Seek(to, tempo))? {
            Answer::Gone => Ok(()),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn ask(&mut self, question: Question) -> io::Result<Answer> {
        wire::write_question(&mut self.socket, question)?;
        wire::read_answer(&mut self.socket, self.wish)
    }
}

impl Drop for Decoding {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads for the worker, until it is gone.
fn serve(mut source: Box<dyn Source>, mut socket: UnixStream) {
    let mut served = || -> io::Result<()> {
        let mut bytes = Vec::new();
        while let Some((place, length)) = wire::read_fetch(&mut socket)? {
            bytes.clear();
            source.seek(SeekFrom::Start(place))?;
            (&mut source).take(u64::from(length)).read_to_end(&mut bytes)?;
            wire::write_fetched(&mut socket, &bytes)?;
        }
        Ok(())
    };
    if let Err(error) = served() {
        tracing::debug!(%error, "a file is not read any further");
    }
}

//! Pictures of others are decoded by a process that can do nothing else.
//!
//! Whoever sends a picture chooses the bytes that a decoder runs over. Ours are safe in memory and bounded in pixels,
//! and still they run apart: the program starts itself again with a private argument, and that process gives up
//! everything but reading and writing the one socket it was given (`confine.rs`). It was started afresh, so it has
//! never held a key, a password or a message; it has no environment, can open no file and no socket, and start nothing.
//! A picture goes in and pixels come out, both with lengths that are checked (`wire.rs`). What it can still do is show
//! other pixels than the picture has, for the next pictures it decodes: after some of them it is replaced.
//!
//! There is no way around it: where the kernel does not let a process confine itself, pictures are not shown.

mod picture;
mod wire;
mod worker;

use std::{
    io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use gtk::{gdk, gio, glib, prelude::*};

#[cfg(test)]
pub use picture::Frame;
pub use picture::{Decoded, Fit, Moving, Wish};
use wire::Answer;
#[cfg(test)]
pub use worker::LIMITS;
pub use worker::work;

/// The argument that makes the program a worker. No person needs it.
pub const ARGUMENT: &str = "--decode-pictures";

/// No picture of more bytes is decoded.
pub const LARGEST_FILE: u64 = 64 * 1024 * 1024;
/// After so many pictures a worker is replaced.
const PICTURES: u32 = 32;
/// A worker that is silent for so long does not answer any more: the kernel ends one that counts for longer.
const PATIENCE: Duration = Duration::from_secs(60);

static DECODER: Mutex<Decoder> = Mutex::new(Decoder::new(program));

fn program() -> Command {
    crate::worker::program(ARGUMENT)
}

/// Decodes a picture, on another thread and in another process. `None` if it is none, or too large.
pub async fn decode(bytes: Vec<u8>, wish: Wish) -> Option<Decoded> {
    gio::spawn_blocking(move || decode_now(&bytes, wish)).await.ok()?
}

/// The same, for who is on another thread already.
pub fn decode_now(bytes: &[u8], wish: Wish) -> Option<Decoded> {
    match ask(bytes, wish) {
        Answer::Still(decoded) => Some(decoded),
        Answer::Moving(_) | Answer::Nothing => None,
    }
}

/// All frames of a picture that moves, likewise. `None` if it does not, or is too large.
pub fn animate_now(bytes: &[u8], side: u32) -> Option<Moving> {
    match ask(bytes, Wish { fit: Fit::Moving, side }) {
        Answer::Moving(moving) => Some(moving),
        Answer::Still(_) | Answer::Nothing => None,
    }
}

fn ask(bytes: &[u8], wish: Wish) -> Answer {
    let mut decoder = DECODER.lock().unwrap_or_else(PoisonError::into_inner);
    decoder.answer(bytes, wish)
}

impl Decoded {
    /// The pixels as they are drawn.
    pub fn into_texture(self) -> gdk::Texture {
        let pixels = glib::Bytes::from_owned(self.pixels);
        let (width, height, stride) = (self.width as i32, self.height as i32, self.width as usize * 4);
        gdk::MemoryTexture::new(width, height, gdk::MemoryFormat::R8g8b8a8, &pixels, stride).upcast()
    }
}

/// Keeps a worker, and asks it one picture after the other.
struct Decoder {
    command: fn() -> Command,
    worker: Option<Worker>,
}

struct Worker {
    process: Child,
    socket: UnixStream,
    served: u32,
}

impl Decoder {
    const fn new(command: fn() -> Command) -> Self {
        Self { command, worker: None }
    }

    #[cfg(test)]
    fn decode(&mut self, bytes: &[u8], wish: Wish) -> Option<Decoded> {
        match self.answer(bytes, wish) {
            Answer::Still(decoded) => Some(decoded),
            Answer::Moving(_) | Answer::Nothing => None,
        }
    }

    fn answer(&mut self, bytes: &[u8], wish: Wish) -> Answer {
        if bytes.len() as u64 > LARGEST_FILE {
            return Answer::Nothing;
        }
        // One that served others may have used up its time: only a fresh one tells about the picture.
        loop {
            let mut worker = match self.worker.take() {
                Some(worker) => worker,
                None => match Worker::start((self.command)()) {
                    Ok(worker) => worker,
                    Err(error) => {
                        tracing::warn!(%error, "pictures cannot be decoded");
                        return Answer::Nothing;
                    }
                },
            };
            let is_fresh = worker.served == 0;
            match worker.ask(bytes, wish) {
                Ok(answer) => {
                    self.worker = Some(worker).filter(|worker| worker.served < PICTURES);
                    return answer;
                }
                Err(error) if is_fresh => {
                    tracing::info!(%error, "a picture was too much for the decoder");
                    return Answer::Nothing;
                }
                Err(_) => {}
            }
        }
    }
}

impl Worker {
    fn start(mut command: Command) -> io::Result<Self> {
        let (socket, others) = UnixStream::pair()?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let libraries = std::env::var_os("LD_LIBRARY_PATH");
        let process = command
            .env_clear()
            .envs(libraries.map(|path| ("LD_LIBRARY_PATH", path)))
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(others)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { process, socket, served: 0 })
    }

    fn ask(&mut self, bytes: &[u8], wish: Wish) -> io::Result<Answer> {
        self.served += 1;
        wire::write_request(&mut self.socket, bytes, wish)?;
        wire::read_answer(&mut self.socket, wish)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests;

//! How files rest on the disk: sealed in chunks, each of which says where it belongs and whether it is the last.
//!
//! ```text
//! "starling file 1\n"   then for each 64 KiB of the file:   nonce 24 ‖ sealed chunk ‖ tag 16
//! ```
//!
//! A chunk is XChaCha20-Poly1305 with a random nonce, and its number and whether it is the last are authenticated with
//! it: chunks cannot change places, go missing at the end, or come from another file. Only the last may be short.
//! Any place can be read by opening one chunk. Random nonces, where a counter would do for a file that is
//! written once, because a download that was cut off writes its last chunk again.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::Path,
};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{AeadInOut, Generate},
};

use crate::FileKey;

const MAGIC: &[u8; 16] = b"starling file 1\n";
const CHUNK: usize = 64 * 1024;
const NONCE: usize = 24;
const TAG: usize = 16;
const SEALED: usize = NONCE + CHUNK + TAG;

/// Writes a container from its first byte to its last.
pub struct ContainerWriter {
    file: File,
    cipher: XChaCha20Poly1305,
    number: u64,
    /// Room for a nonce, and what was written and is not sealed yet: at most one chunk, because nobody knows yet whether
    /// it is the last.
    waiting: Vec<u8>,
}

impl std::fmt::Debug for ContainerWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ContainerWriter").finish_non_exhaustive()
    }
}

impl ContainerWriter {
    /// Begins a container, in the place of whatever is there.
    pub fn create(path: &Path, key: &FileKey) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(MAGIC)?;
        Ok(Self::at(file, key, 0))
    }

    /// Goes on with a container that was cut off. `each` is given what is in it, in order; what does not open, and what
    /// was not sealed yet, is lost. A container that is none, or not there, is begun anew.
    pub fn resume(path: &Path, key: &FileKey, mut each: impl FnMut(&[u8])) -> io::Result<Self> {
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::create(path, key),
            Err(error) => return Err(error),
        };
        let mut magic = [0; MAGIC.len()];
        if file.read_exact(&mut magic).is_err() || magic != *MAGIC {
            return Self::create(path, key);
        }
        let cipher = cipher(key);
        let mut number = 0;
        let mut chunk = Vec::with_capacity(SEALED);
        loop {
            chunk.clear();
            (&mut file).take(SEALED as u64).read_to_end(&mut chunk)?;
            if chunk.len() < SEALED || open_chunk(&cipher, number, false, &mut chunk).is_err() {
                break;
            }
            each(&chunk);
            number += 1;
        }
        let end = place(number);
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        Ok(Self::at(file, key, number))
    }

    fn at(file: File, key: &FileKey, number: u64) -> Self {
        let mut waiting = Vec::with_capacity(SEALED);
        waiting.resize(NONCE, 0);
        Self { file, cipher: cipher(key), number, waiting }
    }

    /// How many bytes were given so far.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.number * CHUNK as u64 + self.gathered() as u64
    }

    /// Whether nothing was given yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes more bytes.
    pub fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.gathered() == CHUNK {
                self.seal(false)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.gathered()));
            self.waiting.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Writes something anew that was written already: what makes a film fills in its head when the end is known. Fails with
    /// `InvalidInput` for a place that is not there yet.
    pub fn rewrite(&mut self, mut place: u64, mut bytes: &[u8]) -> io::Result<()> {
        if place.saturating_add(bytes.len() as u64) > self.len() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        while !bytes.is_empty() {
            let (number, within) = (place / CHUNK as u64, (place % CHUNK as u64) as usize);
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - within));
            if number == self.number {
                let there = self.waiting.get_mut(NONCE + within..).unwrap_or_default();
                there.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
            } else {
                self.seal_anew(number, within, now)?;
            }
            place += now.len() as u64;
            bytes = later;
        }
        Ok(())
    }

    /// A chunk that is sealed is opened, changed, and sealed with another nonce.
    fn seal_anew(&mut self, number: u64, within: usize, bytes: &[u8]) -> io::Result<()> {
        let mut chunk = vec![0; SEALED];
        self.file.read_exact_at(&mut chunk, self::place(number))?;
        open_chunk(&self.cipher, number, false, &mut chunk)?;
        let there = chunk.get_mut(within..).unwrap_or_default();
        there.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let mut sealed = vec![0; NONCE];
        sealed.extend(chunk);
        seal_chunk(&self.cipher, number, false, &mut sealed)?;
        self.file.write_all_at(&sealed, self::place(number))
    }

    /// Ends the container, and waits until all of it is on the disk. Returns how many bytes are in it.
    pub fn finish(mut self) -> io::Result<u64> {
        let length = self.len();
        self.seal(true)?;
        self.file.sync_all()?;
        Ok(length)
    }

    /// How much waits to be sealed.
    fn gathered(&self) -> usize {
        self.waiting.len() - NONCE
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        seal_chunk(&self.cipher, self.number, last, &mut self.waiting)?;
        self.file.write_all(&self.waiting)?;
        self.waiting.truncate(NONCE);
        self.number += 1;
        Ok(())
    }
}

/// Reads a container, from any place of it.
pub struct ContainerReader {
    file: File,
    cipher: XChaCha20Poly1305,
    chunks: u64,
    length: u64,
    position: u64,
    /// The chunk that was opened last.
    open: Option<(u64, Vec<u8>)>,
}

impl std::fmt::Debug for ContainerReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ContainerReader").field("length", &self.length).finish_non_exhaustive()
    }
}

impl ContainerReader {
    /// Opens a container that was finished. Fails with `InvalidData` for one that was not, or was damaged at its end.
    pub fn open(path: &Path, key: &FileKey) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic).map_err(|_| damaged())?;
        let sealed = file.metadata()?.len().saturating_sub(MAGIC.len() as u64);
        let chunks = sealed.div_ceil(SEALED as u64);
        let length = sealed.checked_sub(chunks * (NONCE + TAG) as u64);
        let (Some(length), 1.., true) = (length, chunks, magic == *MAGIC) else { return Err(damaged()) };
        let mut reader = Self { file, cipher: cipher(key), chunks, length, position: 0, open: None };
        // Whether the end is the end only the last chunk can say.
        reader.chunk(chunks - 1)?;
        Ok(reader)
    }

    /// How many bytes are in it.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    fn chunk(&mut self, number: u64) -> io::Result<&[u8]> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != number) {
            // The buffer of the chunk before is used again.
            let mut chunk = self.open.take().map(|(_, chunk)| chunk).unwrap_or_default();
            chunk.clear();
            self.file.seek(SeekFrom::Start(place(number)))?;
            (&mut self.file).take(SEALED as u64).read_to_end(&mut chunk)?;
            open_chunk(&self.cipher, number, number + 1 == self.chunks, &mut chunk)?;
            self.open = Some((number, chunk));
        }
        Ok(self.open.as_ref().map_or(&[], |(_, chunk)| chunk))
    }
}

impl Read for ContainerReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.length || buffer.is_empty() {
            return Ok(0);
        }
        let (number, within) = (self.position / CHUNK as u64, (self.position % CHUNK as u64) as usize);
        let bytes = self.chunk(number)?.get(within..).unwrap_or_default();
        let count = bytes.len().min(buffer.len());
        buffer.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for ContainerReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

fn cipher(key: &FileKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.bytes().into())
}

/// Where a chunk begins.
fn place(number: u64) -> u64 {
    MAGIC.len() as u64 + number * SEALED as u64
}

/// What is authenticated beside a chunk.
fn associated(number: u64, last: bool) -> [u8; 9] {
    let mut associated = [0; 9];
    associated
        .iter_mut()
        .zip(number.to_le_bytes().into_iter().chain([u8::from(last)]))
        .for_each(|(to, from)| *to = from);
    associated
}

/// Seals a chunk in its place: room for a nonce and bytes become nonce, sealed bytes and tag.
fn seal_chunk(cipher: &XChaCha20Poly1305, number: u64, last: bool, chunk: &mut Vec<u8>) -> io::Result<()> {
    let nonce = XNonce::try_generate().map_err(io::Error::other)?;
    let (place, bytes) = chunk.split_at_mut(NONCE);
    let tag = cipher
        .encrypt_inout_detached(&nonce, &associated(number, last), bytes.into())
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    place.copy_from_slice(&nonce);
    chunk.extend_from_slice(&tag);
    Ok(())
}

/// Opens a chunk in its place: nonce, bytes and tag become the bytes.
fn open_chunk(cipher: &XChaCha20Poly1305, number: u64, last: bool, chunk: &mut Vec<u8>) -> io::Result<()> {
    let (nonce, _) = chunk.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
    let nonce = XNonce::from(*nonce);
    chunk.drain(..NONCE);
    cipher.decrypt_in_place(&nonce, &associated(number, last), chunk).map_err(|_| damaged())
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file was damaged")
}

#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek, SeekFrom};

/// What stands in a place of a file instead of what is there. Behind its bytes, the place is filled up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patch {
    place: u64,
    length: u64,
    bytes: Vec<u8>,
    filling: u8,
}

impl Patch {
    /// Nothing but zeros.
    pub(super) fn empty(place: u64, length: u64) -> Self {
        Self { place, length, bytes: Vec::new(), filling: 0 }
    }

    /// These bytes.
    pub(super) fn bytes(place: u64, bytes: Vec<u8>) -> Self {
        Self { place, length: bytes.len() as u64, bytes, filling: 0 }
    }

    /// These bytes, as far as there is room, and zeros behind them.
    pub(super) fn bytes_within(place: u64, length: u64, bytes: &[u8]) -> Self {
        let most = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
        Self { place, length, bytes: bytes.get(..most).unwrap_or_default().to_vec(), filling: 0 }
    }

    /// Nothing but this byte.
    pub(super) fn filled(place: u64, length: u64, filling: u8) -> Self {
        Self { place, length, bytes: Vec::new(), filling }
    }

    fn end(&self) -> u64 {
        self.place.saturating_add(self.length)
    }
}

/// All that is to be changed in a file whose length stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patches(Vec<Patch>);

impl Patches {
    /// In any order, and they may lie over each other: then the later ones win.
    pub(super) fn new(patches: Vec<Patch>) -> Self {
        Self(patches)
    }

    /// Changes bytes that begin at a place of the file.
    pub(crate) fn apply(&self, begin: u64, bytes: &mut [u8]) {
        let end = begin.saturating_add(bytes.len() as u64);
        for patch in self.0.iter().filter(|patch| patch.place < end && patch.end() > begin) {
            let (from, to) = (patch.place.max(begin), patch.end().min(end));
            let here = (from - begin) as usize..(to - begin) as usize;
            let skipped = usize::try_from(from - patch.place).unwrap_or(usize::MAX);
            let told = patch.bytes.iter().skip(skipped).copied().chain(std::iter::repeat(patch.filling));
            for (byte, patched) in bytes.get_mut(here).unwrap_or_default().iter_mut().zip(told) {
                *byte = patched;
            }
        }
    }
}

/// A part of a file. Fails with `UnexpectedEof` if it is shorter.
pub(super) fn read_at(file: &mut (impl Read + Seek), place: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(place))?;
    file.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

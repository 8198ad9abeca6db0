//! Boxes of a length, a name and content, one in another (ISO/IEC 14496-12): films, and newer pictures.

use std::{
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
};

use super::patch::{Patch, read_at};

/// No box that is looked into is larger.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A box: its name, where it begins, and where its content is.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: [u8; 4],
    pub(super) begin: usize,
    pub(super) content: Range<usize>,
}

/// A box of a file itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outer {
    pub(super) name: [u8; 4],
    begin: u64,
    /// Where its content begins in the file.
    pub(super) place: u64,
    pub(super) length: u64,
}

impl Outer {
    /// Its content, which other boxes are in.
    pub(super) fn read(&self, file: &mut (impl Read + Seek)) -> io::Result<Inside> {
        if self.length > LARGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Inside { place: self.place, bytes: read_at(file, self.place, self.length as usize)? })
    }

    /// Leaves nothing in it but its length.
    pub(super) fn blank(&self) -> [Patch; 2] {
        [Patch::bytes(self.begin + 4, b"free".to_vec()), Patch::empty(self.place, self.length)]
    }
}

/// The boxes of a file. `None` if one is longer than the file.
pub(super) fn outer(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<Outer>>> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut found = Vec::new();
    let mut begin = 0;
    while end - begin >= 8 {
        let head = read_at(file, begin, (end - begin).min(16) as usize)?;
        let Some((name, size, length)) = head_of(&head, end - begin) else { return Ok(None) };
        found.push(Outer { name, begin, place: begin + size, length: length - size });
        begin += length;
    }
    Ok(Some(found))
}

/// What the head of a box says: its name, how long the head is, and how long the box is, which fits into `room`.
fn head_of(bytes: &[u8], room: u64) -> Option<([u8; 4], u64, u64)> {
    let name = *bytes.get(4..)?.first_chunk()?;
    let (head, length) = match number(bytes, 0)? {
        0 => (8, room),
        1 => (16, u64::from_be_bytes(*bytes.get(8..)?.first_chunk()?)),
        length => (8, length as u64),
    };
    (length >= head && length <= room).then_some((name, head, length))
}

/// What is in a box of a file.
pub(super) struct Inside {
    /// Where it begins in the file.
    pub(super) place: u64,
    pub(super) bytes: Vec<u8>,
}

impl Inside {
    /// The boxes in a part of it. `None` if one is longer than its place.
    pub(super) fn parts(&self, within: Range<usize>) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        let mut begin = within.start;
        while within.end.saturating_sub(begin) >= 8 {
            let bytes = self.bytes.get(begin..within.end)?;
            let (name, head, length) = head_of(bytes, bytes.len() as u64)?;
            let end = begin + length as usize;
            parts.push(Part { name, begin, content: begin + head as usize..end });
            begin = end;
        }
        Some(parts)
    }

    /// The box at the end of a path of names.
    pub(super) fn find(&self, within: &Part, path: &[&[u8; 4]]) -> Option<Part> {
        path.iter().try_fold(within.clone(), |part, name| {
            self.parts(part.content)?.into_iter().find(|part| &part.name == *name)
        })
    }

    pub(super) fn content(&self, part: &Part) -> Option<&[u8]> {
        self.bytes.get(part.content.clone())
    }

    /// Where something of it is in the file.
    pub(super) fn in_file(&self, place: usize) -> u64 {
        self.place.saturating_add(place as u64)
    }

    /// Leaves nothing in a box but its length.
    pub(super) fn blank(&self, part: &Part) -> [Patch; 2] {
        [
            Patch::bytes(self.in_file(part.begin + 4), b"free".to_vec()),
            Patch::empty(self.in_file(part.content.start), part.content.len() as u64),
        ]
    }
}

/// A number of 32 bits.
pub(super) fn number(bytes: &[u8], place: usize) -> Option<usize> {
    let number: [u8; 4] = bytes.get(place..)?.first_chunk().copied()?;
    usize::try_from(u32::from_be_bytes(number)).ok()
}

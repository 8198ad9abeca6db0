//! TIFF 6.0: tables of numbered facts, of which some say where pixels lie. What shows the picture stays where it is, and
//! everything else in the file, whatever told of it, becomes empty.
//!
//! Pictures that cameras keep as their sensors saw them are TIFF too, but their programs need what cameras wrote. They are left
//! as they are.

use std::{
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
};

use super::{
    Changes,
    patch::{Patch, Patches, read_at},
};

/// What is needed to show a page: its form, its colours, and where its pixels lie.
const NEEDED: [u16; 44] = [
    254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 274, 277, 278, 279, 282, 283, 284, 290, 291, 292, 293,
    296, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 332, 334, 336, 338, 339, 340, 341, 342, 347,
    530, 34_675,
];
/// Ways of packing pixels that pictures have which are to be shown.
const PACKINGS: [u64; 12] = [1, 2, 3, 4, 5, 7, 8, 32_773, 32_946, 34_925, 50_000, 50_001];
/// Facts that only pictures of sensors have: pictures within, and their own version.
const SENSOR: [u16; 3] = [330, 33_421, 50_706];
const KIND: u16 = 254;
const PACKING: u16 = 259;
/// Where strips and tiles lie, and how long they are.
const PIXELS: [(u16, u16); 2] = [(273, 279), (324, 325)];
/// So many pages, and pieces of a page, are looked at.
const MOST_PAGES: usize = 1000;
const MOST_PIECES: u64 = 1_000_000;

/// What is to be changed.
pub(super) fn changes(file: &mut (impl Read + Seek)) -> io::Result<Changes> {
    match Tiff::open(file)?.map(|mut tiff| tiff.changes()) {
        None => Ok(Changes::OtherFormat),
        Some(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Changes::Broken),
        Some(changes) => changes,
    }
}

struct Tiff<'f, F> {
    file: &'f mut F,
    length: u64,
    is_little: bool,
}

/// A page: where its table is, its facts that stay, and the table after it.
struct Page {
    place: u64,
    facts: Vec<Fact>,
    next: u64,
}

struct Fact {
    tag: u16,
    kind: u16,
    count: u64,
    /// The twelve bytes it stands in.
    entry: [u8; 12],
}

impl<'f, F: Read + Seek> Tiff<'f, F> {
    fn open(file: &'f mut F) -> io::Result<Option<Self>> {
        let length = file.seek(SeekFrom::End(0))?;
        let head = read_at(file, 0, length.min(10) as usize)?;
        let is_little = head.starts_with(b"II*\0");
        let is_known = (is_little || head.starts_with(b"MM\0*")) && head.get(8..10) != Some(b"CR");
        Ok(is_known.then_some(Self { file, length, is_little }))
    }

    fn changes(&mut self) -> io::Result<Changes> {
        let mut pages: Vec<Page> = Vec::new();
        let mut kept = Vec::new();
        kept.push(0..8);
        let mut place = self.number(4, 4)?;
        while place != 0 {
            if pages.len() == MOST_PAGES || pages.iter().any(|page| page.place == place) {
                return Ok(Changes::Broken);
            }
            let Some(page) = self.page(place)? else { return Ok(Changes::OtherFormat) };
            place = page.next;
            // A small picture of another page may show what was cut out of that.
            if pages.is_empty() || self.first(&page, KIND)?.unwrap_or(0) & 1 == 0 {
                self.keep(&page, &mut kept)?;
                pages.push(page);
            }
        }
        if pages.is_empty() || kept.iter().any(|kept| kept.end > self.length) {
            return Ok(Changes::Broken);
        }
        let mut patches = self.emptied(kept);
        for (number, page) in pages.iter().enumerate() {
            let next = pages.get(number + 1).map_or(0, |next| next.place);
            patches.push(Patch::bytes(page.place, self.table(page, next)));
        }
        Ok(Changes::Changed(Patches::new(patches)))
    }

    /// A page. `None` if it is of a picture that is left as it is.
    fn page(&mut self, place: u64) -> io::Result<Option<Page>> {
        let count = self.number(place, 2)?;
        let entries = read_at(self.file, place + 2, count as usize * 12)?;
        let next = self.number(place + 2 + count * 12, 4)?;
        let mut facts = Vec::new();
        for entry in entries.chunks_exact(12) {
            let (tag, kind) = (self.read(entry, 0..2) as u16, self.read(entry, 2..4) as u16);
            if SENSOR.contains(&tag) {
                return Ok(None);
            }
            if NEEDED.contains(&tag) {
                let count = self.read(entry, 4..8);
                facts.extend(entry.first_chunk().map(|entry| Fact { tag, kind, count, entry: *entry }));
            }
        }
        let page = Page { place, facts, next };
        let packing = self.first(&page, PACKING)?.unwrap_or(1);
        Ok(PACKINGS.contains(&packing).then_some(page))
    }

    /// The places that a page needs.
    fn keep(&mut self, page: &Page, kept: &mut Vec<Range<u64>>) -> io::Result<()> {
        kept.push(page.place..page.place + page.facts.len() as u64 * 12 + 6);
        for fact in &page.facts {
            let length = fact.count * size(fact.kind)?;
            if length > 4 {
                let place = self.read(&fact.entry, 8..12);
                kept.push(place..place + length);
            }
        }
        for (places, lengths) in PIXELS {
            let (places, lengths) = (self.numbers(page, places)?, self.numbers(page, lengths)?);
            kept.extend(places.into_iter().zip(lengths).map(|(place, length)| place..place + length));
        }
        Ok(())
    }

    /// Whatever is not kept.
    fn emptied(&self, mut kept: Vec<Range<u64>>) -> Vec<Patch> {
        kept.sort_by_key(|kept| kept.start);
        let mut end = 0;
        let mut patches = Vec::new();
        for kept in kept.into_iter().chain(std::iter::once(self.length..self.length)) {
            if kept.start > end {
                patches.push(Patch::empty(end, kept.start - end));
            }
            end = end.max(kept.end);
        }
        patches
    }

    /// The table of a page as it is written.
    fn table(&self, page: &Page, next: u64) -> Vec<u8> {
        let mut table = self.written(page.facts.len() as u64, 2);
        table.extend(page.facts.iter().flat_map(|fact| fact.entry));
        table.extend(self.written(next, 4));
        table
    }

    fn first(&mut self, page: &Page, tag: u16) -> io::Result<Option<u64>> {
        Ok(self.numbers(page, tag)?.first().copied())
    }

    /// The numbers of a fact.
    fn numbers(&mut self, page: &Page, tag: u16) -> io::Result<Vec<u64>> {
        let Some(fact) = page.facts.iter().find(|fact| fact.tag == tag) else { return Ok(Vec::new()) };
        let each = size(fact.kind)? as usize;
        if fact.count > MOST_PIECES || each > 4 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let length = fact.count as usize * each;
        let bytes = match fact.entry.get(8..8 + length) {
            Some(bytes) => bytes.to_vec(),
            None => read_at(self.file, self.read(&fact.entry, 8..12), length)?,
        };
        Ok(bytes.chunks_exact(each).map(|number| self.read(number, 0..each)).collect())
    }

    fn number(&mut self, place: u64, length: usize) -> io::Result<u64> {
        let bytes = read_at(self.file, place, length)?;
        Ok(self.read(&bytes, 0..length))
    }

    fn read(&self, bytes: &[u8], place: Range<usize>) -> u64 {
        let add = |number, byte: &u8| number << 8 | u64::from(*byte);
        let bytes = bytes.get(place).unwrap_or_default();
        if self.is_little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) }
    }

    fn written(&self, number: u64, length: usize) -> Vec<u8> {
        let little = number.to_le_bytes().into_iter().take(length);
        if self.is_little { little.collect() } else { little.rev().collect() }
    }
}

/// How many bytes a value of a kind takes.
fn size(kind: u16) -> io::Result<u64> {
    match kind {
        1 | 2 | 6 | 7 => Ok(1),
        3 | 8 => Ok(2),
        4 | 9 | 11 | 13 => Ok(4),
        5 | 10 | 12 => Ok(8),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

//! MP4, MOV and 3GP: boxes of a length, a name and content, one in another. Nothing may move, because tables say where in the file
//! pictures and sound lie: what is taken out becomes empty space of the same length.
//!
//! Out goes what programs wrote beside pictures and sound (place, device, names), when it was made, and whole tracks that are
//! neither seen nor heard nor read, with all their samples: some cameras write their place into one, every second.

use std::ops::Range;

/// What is no part of a film.
const BESIDE: [&[u8; 4]; 5] = [b"udta", b"meta", b"uuid", b"free", b"skip"];
/// What a track is for: pictures, sound, words, the count of pictures.
const KEPT: [&[u8; 4]; 7] = [b"vide", b"soun", b"text", b"sbtl", b"subt", b"clcp", b"tmcd"];
/// Boxes are no deeper in each other than here.
const TRACK_TABLES: [&[u8; 4]; 3] = [b"mdia", b"minf", b"stbl"];

/// A box: its name, where it begins, and where its content is.
#[derive(Clone, Debug)]
struct Part {
    name: [u8; 4],
    begin: usize,
    content: Range<usize>,
}

/// The film without it. `None` if it is not whole.
pub(super) fn strip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut film = bytes.to_vec();
    let mut is_film = false;
    for part in parts(bytes, 0..bytes.len())? {
        if &part.name == b"moov" {
            is_film = true;
            strip_film(bytes, &mut film, &part)?;
        } else if BESIDE.contains(&&part.name) {
            blank(&mut film, &part)?;
        }
    }
    is_film.then_some(film)
}

fn strip_film(bytes: &[u8], film: &mut [u8], moov: &Part) -> Option<()> {
    for part in parts(bytes, moov.content.clone())? {
        match &part.name {
            b"trak" => strip_track(bytes, film, &part)?,
            b"mvhd" => forget_times(film, &part)?,
            name if BESIDE.contains(&name) => blank(film, &part)?,
            _ => {}
        }
    }
    Some(())
}

fn strip_track(bytes: &[u8], film: &mut [u8], track: &Part) -> Option<()> {
    let handler = find(bytes, track, &[b"mdia", b"hdlr"])?;
    let kind = bytes.get(handler.content)?.get(8..12)?;
    if !KEPT.iter().any(|kept| kept.as_slice() == kind) {
        for chunk in chunks(bytes, track)? {
            film.get_mut(chunk)?.fill(0);
        }
        return blank(film, track);
    }
    for part in parts(bytes, track.content.clone())? {
        match &part.name {
            b"tkhd" => forget_times(film, &part)?,
            b"mdia" => forget_times(film, &find(bytes, track, &[b"mdia", b"mdhd"])?)?,
            name if BESIDE.contains(&name) => blank(film, &part)?,
            _ => {}
        }
    }
    Some(())
}

/// Where the samples of a track lie.
fn chunks(bytes: &[u8], track: &Part) -> Option<Vec<Range<usize>>> {
    let table = |name: &'static [u8; 4]| {
        let [media, information, tables] = TRACK_TABLES;
        let part = find(bytes, track, &[media, information, tables, name])?;
        bytes.get(part.content)
    };
    let sizes = table(b"stsz")?;
    let (same, count) = (number(sizes, 4)?, number(sizes, 8)?);
    let size = |sample: usize| if same > 0 { Some(same) } else { number(sizes, 12 + sample * 4) };
    let places: Vec<usize> = match (table(b"stco"), table(b"co64")) {
        (Some(short), _) => {
            (0..number(short, 4)?).map(|chunk| number(short, 8 + chunk * 4)).collect::<Option<_>>()?
        }
        (None, Some(long)) => (0..number(long, 4)?)
            .map(|chunk| {
                let place: [u8; 8] = long.get(8 + chunk * 8..)?.first_chunk().copied()?;
                usize::try_from(u64::from_be_bytes(place)).ok()
            })
            .collect::<Option<_>>()?,
        (None, None) => return None,
    };
    let runs = table(b"stsc")?;
    let mut found = Vec::new();
    let mut sample = 0;
    let mut run = 0;
    for (chunk, begin) in places.into_iter().enumerate() {
        // Each run of chunks says with which, counted from 1, it begins.
        while number(runs, 8 + (run + 1) * 12).is_some_and(|first| first <= chunk + 1)
            && run + 1 < number(runs, 4)?
        {
            run += 1;
        }
        let here = number(runs, 8 + run * 12 + 4)?.min(count.saturating_sub(sample));
        let length =
            (sample..sample + here).try_fold(0_usize, |sum, sample| sum.checked_add(size(sample)?))?;
        sample += here;
        found.push(begin..begin.checked_add(length)?);
    }
    Some(found)
}

/// The boxes in a part of a file. `None` if one is longer than its place.
fn parts(bytes: &[u8], within: Range<usize>) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut begin = within.start;
    while within.end.saturating_sub(begin) >= 8 {
        let name = *bytes.get(begin + 4..)?.first_chunk()?;
        let (head, length) = match number(bytes, begin)? {
            0 => (8, within.end - begin),
            1 => {
                let length: [u8; 8] = bytes.get(begin + 8..)?.first_chunk().copied()?;
                (16, usize::try_from(u64::from_be_bytes(length)).ok()?)
            }
            length => (8, length),
        };
        let end = begin.checked_add(length).filter(|end| length >= head && *end <= within.end)?;
        parts.push(Part { name, begin, content: begin + head..end });
        begin = end;
    }
    Some(parts)
}

/// The box at the end of a path of names.
fn find(bytes: &[u8], within: &Part, path: &[&[u8; 4]]) -> Option<Part> {
    path.iter().try_fold(within.clone(), |part, name| {
        parts(bytes, part.content)?.into_iter().find(|part| &part.name == *name)
    })
}

fn blank(film: &mut [u8], part: &Part) -> Option<()> {
    film.get_mut(part.begin + 4..part.begin + 8)?.copy_from_slice(b"free");
    film.get_mut(part.content.clone())?.fill(0);
    Some(())
}

/// Takes out when it was made and changed: the first numbers of a head, of 32 or 64 bits.
fn forget_times(film: &mut [u8], head: &Part) -> Option<()> {
    let content = film.get_mut(head.content.clone())?;
    let length = if content.first() == Some(&1) { 16 } else { 8 };
    content.get_mut(4..4 + length)?.fill(0);
    Some(())
}

fn number(bytes: &[u8], place: usize) -> Option<usize> {
    let number: [u8; 4] = bytes.get(place..)?.first_chunk().copied()?;
    usize::try_from(u32::from_be_bytes(number)).ok()
}

//! MP4, MOV and 3GP. Nothing may move, because tables say where in the file pictures and sound lie: what is taken out
//! becomes empty space of the same length. So only the box that describes the film is read, however long the film is.
//!
//! Out goes what programs wrote beside pictures and sound (place, device, names), when it was made, and whole tracks that are
//! neither seen nor heard nor read, with all their samples: some cameras write their place into one, every second.

use std::{
    io::{self, Read, Seek},
    ops::Range,
};

use super::{
    boxes::{Inside, Part, number, outer},
    heif,
    patch::{Patch, Patches},
};

/// What is no part of a film.
const BESIDE: [&[u8; 4]; 5] = [b"udta", b"meta", b"uuid", b"free", b"skip"];
/// What a track is for: pictures, sound, words, the count of pictures. The last is a picture that moves.
const KEPT: [&[u8; 4]; 8] = [b"vide", b"soun", b"text", b"sbtl", b"subt", b"clcp", b"tmcd", b"pict"];
const TRACK_TABLES: [&[u8; 4]; 3] = [b"mdia", b"minf", b"stbl"];

/// What is to be changed in a film, or in a picture that is in boxes as films are. `None` if it is not whole.
pub(super) fn patches(file: &mut (impl Read + Seek), is_picture: bool) -> io::Result<Option<Patches>> {
    let mut patches = Vec::new();
    let mut is_whole = false;
    let Some(parts) = outer(file)? else { return Ok(None) };
    for part in parts {
        let done = match &part.name {
            b"moov" => strip_film(&part.read(file)?, &mut patches),
            // Here it tells where the picture is.
            b"meta" if is_picture => heif::strip(&part.read(file)?, &mut patches),
            name if BESIDE.contains(&name) => {
                patches.extend(part.blank());
                continue;
            }
            _ => continue,
        };
        if done.is_none() {
            return Ok(None);
        }
        is_whole = true;
    }
    Ok(is_whole.then(|| Patches::new(patches)))
}

fn strip_film(film: &Inside, patches: &mut Vec<Patch>) -> Option<()> {
    for part in film.parts(0..film.bytes.len())? {
        match &part.name {
            b"trak" => strip_track(film, &part, patches)?,
            b"mvhd" => patches.push(without_times(film, &part)?),
            name if BESIDE.contains(&name) => patches.extend(film.blank(&part)),
            _ => {}
        }
    }
    Some(())
}

fn strip_track(film: &Inside, track: &Part, patches: &mut Vec<Patch>) -> Option<()> {
    let handler = film.find(track, &[b"mdia", b"hdlr"])?;
    let kind = film.content(&handler)?.get(8..12)?;
    if !KEPT.iter().any(|kept| kept.as_slice() == kind) {
        let chunks = chunks(film, track)?;
        patches.extend(chunks.into_iter().map(|chunk| Patch::empty(chunk.start, chunk.end - chunk.start)));
        patches.extend(film.blank(track));
        return Some(());
    }
    for part in film.parts(track.content.clone())? {
        match &part.name {
            b"tkhd" => patches.push(without_times(film, &part)?),
            b"mdia" => patches.push(without_times(film, &film.find(track, &[b"mdia", b"mdhd"])?)?),
            name if BESIDE.contains(&name) => patches.extend(film.blank(&part)),
            _ => {}
        }
    }
    Some(())
}

/// Where in the file the samples of a track lie.
fn chunks(film: &Inside, track: &Part) -> Option<Vec<Range<u64>>> {
    let table = |name: &'static [u8; 4]| {
        let [media, information, tables] = TRACK_TABLES;
        film.content(&film.find(track, &[media, information, tables, name])?)
    };
    let sizes = table(b"stsz")?;
    let (same, count) = (number(sizes, 4)?, number(sizes, 8)?);
    let size = |sample: usize| if same > 0 { Some(same) } else { number(sizes, 12 + sample * 4) };
    let places: Vec<u64> = match (table(b"stco"), table(b"co64")) {
        (Some(short), _) => (0..number(short, 4)?)
            .map(|chunk| Some(number(short, 8 + chunk * 4)? as u64))
            .collect::<Option<_>>()?,
        (None, Some(long)) => (0..number(long, 4)?)
            .map(|chunk| Some(u64::from_be_bytes(*long.get(8 + chunk * 8..)?.first_chunk()?)))
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
            (sample..sample + here).try_fold(0_u64, |sum, sample| sum.checked_add(size(sample)? as u64))?;
        sample += here;
        found.push(begin..begin.checked_add(length)?);
    }
    Some(found)
}

/// Takes out when it was made and changed: the first numbers of a head, of 32 or 64 bits.
fn without_times(film: &Inside, head: &Part) -> Option<Patch> {
    let content = film.content(head)?;
    let length = if content.first() == Some(&1) { 16 } else { 8 };
    content.get(4..4 + length)?;
    Some(Patch::empty(film.in_file(head.content.start + 4), length as u64))
}

//! HEIC and AVIF (ISO/IEC 23008-12): a picture is made of items, of which one box tells what each is and where it lies.
//!
//! What is no picture is made empty in its place: EXIF becomes an EXIF that says nothing, words become spaces. How a picture
//! is turned stands elsewhere, so nothing is lost.

use super::{
    boxes::{Inside, Part},
    patch::Patch,
    take,
};

/// Items that are pixels, or say how pixels are put together.
const PIXELS: [&[u8; 4]; 14] = [
    b"hvc1", b"hev1", b"av01", b"avc1", b"vvc1", b"j2k1", b"jpeg", b"unci", b"grid", b"iovl", b"iden",
    b"tmap", b"lhv1", b"auxl",
];
/// What is told of items and is none of their pixels: words, and when they were made.
const TELLING: [&[u8; 4]; 5] = [b"udes", b"altt", b"crtt", b"mdft", b"uuid"];
/// EXIF without an entry: where its TIFF begins, and that.
const NO_EXIF: [u8; 18] = *b"\0\0\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0";

/// What is to be changed for a picture whose items this box tells of. `None` if it is not whole.
pub(super) fn strip(meta: &Inside, patches: &mut Vec<Patch>) -> Option<()> {
    // Version and flags stand before the boxes.
    let parts = meta.parts(4..meta.bytes.len())?;
    let part = |name: &[u8; 4]| parts.iter().find(|part| &part.name == name);
    let kinds = kinds(meta, part(b"iinf")?)?;
    let data = part(b"idat").map(|part| meta.in_file(part.content.start));
    for Item { id, pieces } in items(meta.content(part(b"iloc")?)?, data)? {
        let kind = kinds.iter().find(|(known, _)| *known == id)?.1;
        if PIXELS.contains(&&kind) {
            continue;
        }
        for (number, (place, length)) in pieces.into_iter().enumerate() {
            patches.push(match &kind {
                b"Exif" if number == 0 => Patch::bytes_within(place, length, &NO_EXIF),
                b"Exif" => Patch::empty(place, length),
                _ => Patch::filled(place, length, b' '),
            });
        }
    }
    let told = part(b"iprp").and_then(|told| meta.find(told, &[b"ipco"]));
    let told = told.map_or(Some(Vec::new()), |told| meta.parts(told.content))?;
    patches
        .extend(told.iter().filter(|told| TELLING.contains(&&told.name)).flat_map(|told| meta.blank(told)));
    for beside in parts.iter().filter(|part| matches!(&part.name, b"uuid" | b"udta" | b"free" | b"skip")) {
        patches.extend(meta.blank(beside));
    }
    Some(())
}

/// What each item is.
fn kinds(meta: &Inside, list: &Part) -> Option<Vec<(u64, [u8; 4])>> {
    let head = if meta.content(list)?.first() == Some(&0) { 6 } else { 8 };
    let mut kinds = Vec::new();
    for entry in meta.parts(list.content.start + head..list.content.end)? {
        let mut rest = meta.content(&entry)?;
        let version = *take(&mut rest, 4)?.first()?;
        // The older form knows no pictures.
        let id = unsigned(
            &mut rest,
            match version {
                2 => 2,
                3 => 4,
                _ => return None,
            },
        )?;
        take(&mut rest, 2)?;
        kinds.push((id, take(&mut rest, 4)?.try_into().ok()?));
    }
    Some(kinds)
}

/// An item, and where its pieces are in the file: place and length.
struct Item {
    id: u64,
    pieces: Vec<(u64, u64)>,
}

/// The items of a table. `data` is where those are that lie beside it.
fn items(mut table: &[u8], data: Option<u64>) -> Option<Vec<Item>> {
    let table = &mut table;
    let version = *take(table, 4)?.first()?;
    let sizes: [u8; 2] = take(table, 2)?.try_into().ok()?;
    let [places, bases] = sizes.map(|sizes| (usize::from(sizes >> 4), usize::from(sizes & 0xf)));
    let (place_size, length_size, base_size) = (places.0, places.1, bases.0);
    let index_size = if version == 0 { 0 } else { bases.1 };
    let id_size = if version < 2 { 2 } else { 4 };
    let mut items = Vec::new();
    for _ in 0..unsigned(table, id_size)? {
        let id = unsigned(table, id_size)?;
        let method = if version == 0 { 0 } else { unsigned(table, 2)? & 0xf };
        let is_here = unsigned(table, 2)? == 0;
        let base = unsigned(table, base_size)?;
        let origin = match method {
            0 => 0,
            1 => data?,
            _ => return None,
        };
        let mut pieces = Vec::new();
        for _ in 0..unsigned(table, 2)? {
            unsigned(table, index_size)?;
            let (place, length) = (unsigned(table, place_size)?, unsigned(table, length_size)?);
            let place = origin.checked_add(base)?.checked_add(place)?;
            // What is in another file is not sent along. Nothing says how long a piece without a length is.
            if is_here && length == 0 {
                return None;
            }
            pieces.extend(is_here.then_some((place, length)));
        }
        items.push(Item { id, pieces });
    }
    Some(items)
}

/// A number of so many bytes, of which there may be none.
fn unsigned(rest: &mut &[u8], size: usize) -> Option<u64> {
    if size > 8 {
        return None;
    }
    Some(take(rest, size)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

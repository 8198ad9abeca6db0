//! WebP: chunks of a name, a length and content filled up to an even length, inside one of RIFF.

use super::{orientation_only, take};

const NEEDED: [&[u8; 4]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// Flags of `VP8X`: there is EXIF, there is XMP.
const EXIF: u8 = 0x08;
const XMP: u8 = 0x04;

/// What follows the head. Whatever is too short for a chunk, or stands behind the last, is dropped.
pub(super) fn strip(mut rest: &[u8], orientation: u8) -> Option<Vec<u8>> {
    let mut kept = b"WEBP".to_vec();
    let mut is_extended = false;
    let mut has_picture = false;
    while rest.len() >= 8 {
        let name: &[u8; 4] = take(&mut rest, 4)?.try_into().ok()?;
        let length: [u8; 4] = take(&mut rest, 4)?.try_into().ok()?;
        let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
        let content = take(&mut rest, length)?;
        let filling = (length % 2).min(rest.len());
        take(&mut rest, filling)?;
        if !NEEDED.contains(&name) {
            continue;
        }
        has_picture |= matches!(name, b"VP8 " | b"VP8L" | b"ANMF");
        let mut content = content.to_vec();
        if name == b"VP8X" {
            is_extended = true;
            let flags = content.first_mut()?;
            *flags &= !(EXIF | XMP);
            if orientation > 1 {
                *flags |= EXIF;
            }
        }
        push(&mut kept, *name, &content);
    }
    if is_extended && orientation > 1 {
        push(&mut kept, *b"EXIF", &orientation_only(orientation));
    }
    let mut file = b"RIFF".to_vec();
    file.extend(u32::try_from(kept.len()).ok()?.to_le_bytes());
    file.extend(kept);
    has_picture.then_some(file)
}

fn push(kept: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    kept.extend(name);
    kept.extend((content.len() as u32).to_le_bytes());
    kept.extend(content);
    kept.extend(std::iter::repeat_n(0, content.len() % 2));
}

//! JPEG (ITU T.81 annex B): segments, each with a marker; between a scan's header and the next marker its data.

use super::{orientation_only, take};

const START_OF_SCAN: u8 = 0xda;
const END: u8 = 0xd9;

/// What follows the start of the image. Whatever stands behind its end is dropped: some phones put a film there.
pub(super) fn strip(mut rest: &[u8], orientation: u8) -> Option<Vec<u8>> {
    let mut kept = vec![0xff, 0xd8];
    if orientation > 1 {
        let exif = [b"Exif\0\0", orientation_only(orientation).as_slice()].concat();
        kept.extend([0xff, 0xe1]);
        kept.extend(u16::try_from(exif.len() + 2).ok()?.to_be_bytes());
        kept.extend(exif);
    }
    loop {
        // Any number of these may fill the space before a marker.
        while let [0xff, after @ ..] = rest
            && after.first() == Some(&0xff)
        {
            rest = after;
        }
        let &[0xff, marker] = take(&mut rest, 2)? else { return None };
        match marker {
            END => {
                kept.extend([0xff, END]);
                return Some(kept);
            }
            // What stands alone, or only inside a scan, has no length: read as a segment it would hide others.
            0x00 | 0x01 | 0xd0..=0xd8 => return None,
            _ => {}
        }
        let length: [u8; 2] = rest.get(..2)?.try_into().ok()?;
        let segment = take(&mut rest, u16::from_be_bytes(length).into())?;
        if is_needed(marker, segment.get(2..)?) {
            kept.extend([0xff, marker]);
            kept.extend(segment);
        }
        if marker == START_OF_SCAN {
            let length = scan_length(rest)?;
            kept.extend(take(&mut rest, length)?);
        }
    }
}

fn is_needed(marker: u8, content: &[u8]) -> bool {
    match marker {
        // Application data: only the density, the colours, and how the colours were changed.
        0xe0 => content.starts_with(b"JFIF\0"),
        0xe2 => content.starts_with(b"ICC_PROFILE\0"),
        0xee => content.starts_with(b"Adobe"),
        0xe1..=0xef | 0xfe => false,
        _ => true,
    }
}

/// How many bytes belong to a scan: up to a marker that neither stands for a byte nor restarts.
fn scan_length(scan: &[u8]) -> Option<usize> {
    scan.windows(2)
        .position(|pair| matches!(pair, [0xff, marker] if !matches!(marker, 0 | 0xd0..=0xd7 | 0xff)))
}

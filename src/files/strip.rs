//! Takes out of pictures and films what their cameras and programs wrote beside them: place, time, device, names, small pictures
//! of what was cut away. The pixels are not touched. Only what is known to be needed to show them stays; which way up
//! they go is written anew.

mod film;
mod gif;
mod jpeg;
mod png;
mod webp;

use crate::sniff::{HEAD, sniff};

/// What became of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stripped {
    /// This is the picture and nothing else.
    Changed(Vec<u8>),
    /// It is of a format that is not known here.
    OtherFormat,
    /// It is of a known format, and not whole.
    Broken,
}

/// Takes everything out of a picture but its pixels. `orientation` is how it is to be turned, as EXIF counts.
#[must_use]
pub fn strip(bytes: &[u8], orientation: u8) -> Stripped {
    let stripped = match bytes {
        [0xff, 0xd8, rest @ ..] => jpeg::strip(rest, orientation),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, rest @ ..] => png::strip(rest, orientation),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', rest @ ..] => {
            webp::strip(rest, orientation)
        }
        _ if bytes.starts_with(b"GIF8") => {
            let (version, rest) = bytes.split_at_checked(6).unwrap_or((bytes, &[]));
            gif::strip(version, rest)
        }
        _ if is_film(bytes) => film::strip(bytes),
        _ => return Stripped::OtherFormat,
    };
    stripped.map_or(Stripped::Broken, Stripped::Changed)
}

/// Whether it is a film or sound in boxes.
pub(crate) fn is_film(bytes: &[u8]) -> bool {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    matches!(sniff(head), Some("video/mp4" | "video/quicktime" | "video/3gpp" | "audio/mp4"))
}

/// Whether a picture moves, or may.
pub(crate) fn is_animated(bytes: &[u8]) -> bool {
    let has = |sign: &[u8]| bytes.windows(sign.len()).any(|window| window == sign);
    match bytes {
        [b'G', b'I', b'F', ..] => true,
        [0x89, b'P', ..] => has(b"acTL"),
        [b'R', b'I', b'F', b'F', ..] => has(b"ANIM"),
        _ => false,
    }
}

/// The smallest EXIF that says how a picture is turned: a TIFF of one entry.
fn orientation_only(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
    tiff
}

/// Takes `count` bytes off the front.
fn take<'b>(rest: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests;

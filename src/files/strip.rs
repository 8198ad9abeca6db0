//! Takes out of pictures and films what their cameras and programs wrote beside them: place, time, device, names, small pictures
//! of what was cut away. The pixels are not touched. Only what is known to be needed to show them stays; which way up
//! they go is written anew.
//!
//! Some formats are written anew without it ([`strip`]). In others nothing may move, and what is taken out becomes empty where
//! it is ([`changes`]): that works for files of any length.

mod boxes;
mod film;
mod gif;
mod heif;
mod jpeg;
mod patch;
mod png;
mod tiff;
mod webp;

use std::io::{self, Cursor, Read, Seek, SeekFrom};

pub(crate) use patch::Patches;

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
        _ => match changes(&mut Cursor::new(bytes)) {
            Ok(Changes::Changed(patches)) => {
                let mut file = bytes.to_vec();
                patches.apply(0, &mut file);
                Some(file)
            }
            Ok(Changes::OtherFormat) => return Stripped::OtherFormat,
            Ok(Changes::Broken) | Err(_) => None,
        },
    };
    stripped.map_or(Stripped::Broken, Stripped::Changed)
}

/// What is to be changed in a file that keeps its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Changes {
    /// This, and then it is the picture or the film and nothing else.
    Changed(Patches),
    /// It is of a format that is not known here.
    OtherFormat,
    /// It is of a known format, and not whole.
    Broken,
}

/// Looks at the places of a file that tell what is where in it.
pub(crate) fn changes(file: &mut (impl Read + Seek)) -> io::Result<Changes> {
    let mut head = Vec::with_capacity(HEAD);
    file.seek(SeekFrom::Start(0))?;
    file.take(HEAD as u64).read_to_end(&mut head)?;
    let changes = match sniff(&head) {
        Some("image/tiff") => return tiff::changes(file),
        Some("image/heic" | "image/avif") => film::patches(file, true),
        Some("video/mp4" | "video/quicktime" | "video/3gpp" | "audio/mp4") => film::patches(file, false),
        _ => return Ok(Changes::OtherFormat),
    };
    match changes {
        Ok(changes) => Ok(changes.map_or(Changes::Broken, Changes::Changed)),
        Err(error) if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) => {
            Ok(Changes::Broken)
        }
        Err(error) => Err(error),
    }
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

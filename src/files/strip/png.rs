//! PNG: chunks of a length, a name, content and a checksum.

use super::{orientation_only, take};

/// What is needed to show a picture, moving or not.
const NEEDED: [&[u8; 4]; 20] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD",
    b"pHYs", b"cICP", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT", b"hIST", b"sPLT",
];

/// What follows the signature. Whatever stands behind the end is dropped.
pub(super) fn strip(mut rest: &[u8], orientation: u8) -> Option<Vec<u8>> {
    let mut kept = b"\x89PNG\r\n\x1a\n".to_vec();
    loop {
        let whole = rest;
        let length: [u8; 4] = take(&mut rest, 4)?.try_into().ok()?;
        let name: &[u8; 4] = take(&mut rest, 4)?.try_into().ok()?;
        let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
        take(&mut rest, length.checked_add(4)?)?;
        if NEEDED.contains(&name) {
            kept.extend(whole.get(..length + 12)?);
        }
        match name {
            b"IHDR" if orientation > 1 => kept.extend(chunk(*b"eXIf", &orientation_only(orientation))),
            b"IEND" => return Some(kept),
            _ => {}
        }
    }
}

fn chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = (content.len() as u32).to_be_bytes().to_vec();
    chunk.extend(name);
    chunk.extend(content);
    let sum = checksum(chunk.iter().skip(4));
    chunk.extend(sum.to_be_bytes());
    chunk
}

/// CRC-32, bit by bit: it is for a few bytes.
fn checksum<'b>(bytes: impl Iterator<Item = &'b u8>) -> u32 {
    !bytes.fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    })
}

//! What is said between the program and its worker. Neither believes a length of the other.
//!
//! ```text
//! request:  fit 1 ‖ side 4 ‖ length 8 ‖ bytes
//! answer:   0, or   1 ‖ full width 4 ‖ full height 4 ‖ width 4 ‖ height 4 ‖ pixels
//! ```

use std::io::{self, Read, Write};

use super::{Decoded, Fit, LARGEST_FILE, Wish};

/// More pixels a side are never asked for.
const LARGEST_SIDE: u32 = 8192;

pub fn write_request(to: &mut impl Write, bytes: &[u8], wish: Wish) -> io::Result<()> {
    to.write_all(&[u8::from(wish.fit == Fit::Square)])?;
    to.write_all(&wish.side.to_le_bytes())?;
    to.write_all(&(bytes.len() as u64).to_le_bytes())?;
    to.write_all(bytes)?;
    to.flush()
}

/// The next request. `None` when there is none any more.
pub fn read_request(from: &mut impl Read) -> io::Result<Option<(Vec<u8>, Wish)>> {
    let mut first = [0];
    if from.read(&mut first)? == 0 {
        return Ok(None);
    }
    let fit = if first == [1] { Fit::Square } else { Fit::Whole };
    let side = read_number(from)?;
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > LARGEST_FILE || side > LARGEST_SIDE {
        return Err(too_much());
    }
    Ok(Some((read_bytes(from, length as usize)?, Wish { fit, side })))
}

pub fn write_answer(to: &mut impl Write, decoded: Option<&Decoded>) -> io::Result<()> {
    let Some(decoded) = decoded else { return to.write_all(&[0]) };
    to.write_all(&[1])?;
    for number in [decoded.full.0, decoded.full.1, decoded.width, decoded.height] {
        to.write_all(&number.to_le_bytes())?;
    }
    to.write_all(&decoded.pixels)
}

/// The answer to a wish: never larger than what was asked for.
pub fn read_answer(from: &mut impl Read, wish: Wish) -> io::Result<Option<Decoded>> {
    let mut first = [0];
    from.read_exact(&mut first)?;
    if first != [1] {
        return Ok(None);
    }
    let full = (read_number(from)?, read_number(from)?);
    let (width, height) = (read_number(from)?, read_number(from)?);
    let most = wish.side.min(LARGEST_SIDE);
    if width == 0 || height == 0 || width > most || height > most {
        return Err(too_much());
    }
    let pixels = read_bytes(from, width as usize * height as usize * 4)?;
    Ok(Some(Decoded { full, width, height, pixels }))
}

fn read_number(from: &mut impl Read) -> io::Result<u32> {
    let mut number = [0; 4];
    from.read_exact(&mut number)?;
    Ok(u32::from_le_bytes(number))
}

fn read_bytes(from: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn too_much() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "more than was asked for")
}

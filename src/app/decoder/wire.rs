//! What is said between the program and its worker. Neither believes a length of the other.
//!
//! ```text
//! request:  fit 1 ‖ side 4 ‖ length 8 ‖ bytes
//! answer:   0, or   1 ‖ moves 1 ‖ full width 4 ‖ full height 4 ‖ width 4 ‖ height 4 ‖ pixels
//!                   2 ‖ width 4 ‖ height 4 ‖ frames 4, and for each of them   milliseconds 4 ‖ pixels
//! ```

use std::io::{self, Read, Write};

use super::{
    Decoded, Fit, LARGEST_FILE, Wish,
    picture::{FRAMES_MEMORY, Frame, MOST_FRAMES, Moving},
};

/// More pixels a side are never asked for.
const LARGEST_SIDE: u32 = 8192;

pub fn write_request(to: &mut impl Write, bytes: &[u8], wish: Wish) -> io::Result<()> {
    let fit = match wish.fit {
        Fit::Whole => 0,
        Fit::Square => 1,
        Fit::Moving => 2,
    };
    to.write_all(&[fit])?;
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
    let fit = match first {
        [1] => Fit::Square,
        [2] => Fit::Moving,
        _ => Fit::Whole,
    };
    let side = read_number(from)?;
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > LARGEST_FILE || side > LARGEST_SIDE {
        return Err(too_much());
    }
    Ok(Some((read_bytes(from, length as usize)?, Wish { fit, side })))
}

/// What became of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Nothing,
    Still(Decoded),
    Moving(Moving),
}

pub fn write_answer(to: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let decoded = match answer {
        Answer::Nothing => return to.write_all(&[0]),
        Answer::Still(decoded) => decoded,
        Answer::Moving(moving) => return write_moving(to, moving),
    };
    to.write_all(&[1, u8::from(decoded.moves)])?;
    for number in [decoded.full.0, decoded.full.1, decoded.width, decoded.height] {
        to.write_all(&number.to_le_bytes())?;
    }
    to.write_all(&decoded.pixels)
}

/// The answer to a wish: never larger than what was asked for.
pub fn read_answer(from: &mut impl Read, wish: Wish) -> io::Result<Answer> {
    let mut first = [0];
    from.read_exact(&mut first)?;
    match (first, wish.fit) {
        ([1], Fit::Whole | Fit::Square) => {}
        ([2], Fit::Moving) => return read_moving(from, wish).map(Answer::Moving),
        _ => return Ok(Answer::Nothing),
    }
    let mut moves = [0];
    from.read_exact(&mut moves)?;
    let full = (read_number(from)?, read_number(from)?);
    let (width, height) = read_size(from, wish)?;
    let pixels = read_bytes(from, width as usize * height as usize * 4)?;
    Ok(Answer::Still(Decoded { full, width, height, pixels, moves: moves == [1] }))
}

fn write_moving(to: &mut impl Write, moving: &Moving) -> io::Result<()> {
    to.write_all(&[2])?;
    for number in [moving.width, moving.height, moving.frames.len() as u32] {
        to.write_all(&number.to_le_bytes())?;
    }
    for frame in &moving.frames {
        to.write_all(&frame.milliseconds.to_le_bytes())?;
        to.write_all(&frame.pixels)?;
    }
    Ok(())
}

fn read_moving(from: &mut impl Read, wish: Wish) -> io::Result<Moving> {
    let (width, height) = read_size(from, wish)?;
    let count = read_number(from)? as usize;
    let each = width as usize * height as usize * 4;
    if count > MOST_FRAMES || count * each > FRAMES_MEMORY {
        return Err(too_much());
    }
    let frames = (0..count)
        .map(|_| Ok(Frame { milliseconds: read_number(from)?, pixels: read_bytes(from, each)? }))
        .collect::<io::Result<_>>()?;
    Ok(Moving { width, height, frames })
}

fn read_size(from: &mut impl Read, wish: Wish) -> io::Result<(u32, u32)> {
    let (width, height) = (read_number(from)?, read_number(from)?);
    let most = wish.side.min(LARGEST_SIDE);
    if width == 0 || height == 0 || width > most || height > most {
        return Err(too_much());
    }
    Ok((width, height))
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

//! What is said between the program and the process that decodes. Neither believes a length of the other.
//!
//! ```text
//! asked:     O kind 1 ‖ side 4 ‖ length 8        open a file of this length
//!            N                                   the next piece
//!            S place 8 ‖ tempo 8                 go on from this place
//! answered:  O length 8 ‖ has sound 1 ‖ width 4 ‖ height 4     opened; lengths and places are nanoseconds
//!            S place 8 ‖ length 4 ‖ samples      sound
//!            P place 8 ‖ width 4 ‖ height 4 ‖ pixels
//!            W place 8 ‖ done 2 ‖ length 4 ‖ bytes        of a film that is made smaller; done in thousandths
//!            K   gone to      E   the end        F   it cannot be decoded
//! ```
//!
//! Over a second socket the worker asks for bytes of the file: `place 8 ‖ length 4`, answered by `length 4 ‖ bytes`.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

/// No piece of sound has more bytes.
const LARGEST_SOUND: u32 = 4 * 1024 * 1024;
/// No piece of a film that is made smaller has more bytes.
const LARGEST_WRITTEN: u32 = 16 * 1024 * 1024;
/// No more bytes of a file are read at once.
pub const LARGEST_READ: u32 = 1024 * 1024;
/// More pixels a side are never asked for.
pub const LARGEST_SIDE: u32 = 1920;
/// A length that nobody knows.
const UNKNOWN: u64 = u64::MAX;

/// What is wanted of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Sound to be heard: 48,000 times a second two samples of 16 bits.
    Sound,
    /// Sound to be measured: 8,000 times a second one sample of 16 bits.
    Loudness,
    /// Sound to be heard, and pictures with so many pixels a side at most.
    Film(u32),
    /// Another film of it, with so many pixels a side at most.
    Smaller(u32),
}

/// What is asked of the worker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Question {
    /// Open a file of so many bytes.
    Open(Wish, u64),
    /// The next piece.
    Next,
    /// Go on from this place, at this tempo.
    Seek(Duration, f64),
}

/// What the worker answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is open.
    Opened(Facts),
    /// It goes on there.
    Gone,
    /// What comes next.
    Next(Piece),
    /// Nothing comes any more.
    End,
    /// It cannot be decoded, or not further.
    Failed,
}

/// What is known of a file that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How long it is.
    pub duration: Option<Duration>,
    /// Whether there is anything to be heard.
    pub has_sound: bool,
    /// Width and height of its pictures as they are to be shown, if any are wanted.
    pub dimensions: Option<(u32, u32)>,
}

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Samples, and where in the file they begin.
    Sound { place: Duration, samples: Vec<u8> },
    /// A picture: red, green, blue and alpha, row by row.
    Picture { place: Duration, width: u32, height: u32, pixels: Vec<u8> },
    /// Bytes of another film, and where they belong in it.
    Written { place: u64, done: u16, bytes: Vec<u8> },
}

pub fn write_question(to: &mut impl Write, question: Question) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(17);
    match question {
        Question::Open(wish, length) => {
            let (kind, side) = match wish {
                Wish::Sound => (0_u8, 0),
                Wish::Loudness => (1, 0),
                Wish::Film(side) => (2, side),
                Wish::Smaller(side) => (3, side),
            };
            bytes.push(b'O');
            bytes.push(kind);
            bytes.extend(side.to_le_bytes());
            bytes.extend(length.to_le_bytes());
        }
        Question::Next => bytes.push(b'N'),
        Question::Seek(place, tempo) => {
            bytes.push(b'S');
            bytes.extend(nanoseconds(place).to_le_bytes());
            bytes.extend(tempo.to_le_bytes());
        }
    }
    to.write_all(&bytes)
}

/// The next question. `None` when nobody asks any more.
pub fn read_question(from: &mut impl Read) -> io::Result<Option<Question>> {
    let mut first = [0];
    if from.read(&mut first)? == 0 {
        return Ok(None);
    }
    Ok(Some(match &first {
        b"O" => {
            let mut kind = [0];
            from.read_exact(&mut kind)?;
            let side = read_u32(from)?.min(LARGEST_SIDE);
            let length = read_u64(from)?;
            let wish = match kind {
                [0] => Wish::Sound,
                [1] => Wish::Loudness,
                [3] => Wish::Smaller(side),
                _ => Wish::Film(side),
            };
            Question::Open(wish, length)
        }
        b"N" => Question::Next,
        b"S" => {
            let place = Duration::from_nanos(read_u64(from)?);
            let mut tempo = [0; 8];
            from.read_exact(&mut tempo)?;
            Question::Seek(place, f64::from_le_bytes(tempo))
        }
        _ => return Err(nonsense()),
    }))
}

pub fn write_answer(to: &mut impl Write, answer: &Answer) -> io::Result<()> {
    match answer {
        Answer::Opened(facts) => {
            to.write_all(b"O")?;
            to.write_all(&facts.duration.map_or(UNKNOWN, nanoseconds).to_le_bytes())?;
            to.write_all(&[u8::from(facts.has_sound)])?;
            let (width, height) = facts.dimensions.unwrap_or_default();
            to.write_all(&width.to_le_bytes())?;
            to.write_all(&height.to_le_bytes())
        }
        Answer::Gone => to.write_all(b"K"),
        Answer::End => to.write_all(b"E"),
        Answer::Failed => to.write_all(b"F"),
        Answer::Next(Piece::Sound { place, samples }) => {
            to.write_all(b"S")?;
            to.write_all(&nanoseconds(*place).to_le_bytes())?;
            to.write_all(&u32::try_from(samples.len()).map_err(|_| nonsense())?.to_le_bytes())?;
            to.write_all(samples)
        }
        Answer::Next(Piece::Picture { place, width, height, pixels }) => {
            to.write_all(b"P")?;
            to.write_all(&nanoseconds(*place).to_le_bytes())?;
            to.write_all(&width.to_le_bytes())?;
            to.write_all(&height.to_le_bytes())?;
            to.write_all(pixels)
        }
        Answer::Next(Piece::Written { place, done, bytes }) => {
            to.write_all(b"W")?;
            to.write_all(&place.to_le_bytes())?;
            to.write_all(&done.to_le_bytes())?;
            to.write_all(&u32::try_from(bytes.len()).map_err(|_| nonsense())?.to_le_bytes())?;
            to.write_all(bytes)
        }
    }
}

/// The answer of a worker that was given this wish: never larger than what was asked for.
pub fn read_answer(from: &mut impl Read, wish: Wish) -> io::Result<Answer> {
    let mut first = [0];
    from.read_exact(&mut first)?;
    Ok(match &first {
        b"O" => {
            let duration = Some(read_u64(from)?).filter(|length| *length != UNKNOWN);
            let mut has_sound = [0];
            from.read_exact(&mut has_sound)?;
            Answer::Opened(Facts {
                duration: duration.map(Duration::from_nanos),
                has_sound: has_sound == [1],
                dimensions: Some((read_u32(from)?, read_u32(from)?))
                    .filter(|(width, height)| *width > 0 && *height > 0),
            })
        }
        b"K" => Answer::Gone,
        b"E" => Answer::End,
        b"F" => Answer::Failed,
        b"S" => {
            let place = Duration::from_nanos(read_u64(from)?);
            let length = read_u32(from)?;
            if length > LARGEST_SOUND {
                return Err(nonsense());
            }
            Answer::Next(Piece::Sound { place, samples: read_bytes(from, length as usize)? })
        }
        b"P" => {
            let place = Duration::from_nanos(read_u64(from)?);
            let (width, height) = (read_u32(from)?, read_u32(from)?);
            let Wish::Film(most) = wish else { return Err(nonsense()) };
            if width == 0 || height == 0 || width > most || height > most {
                return Err(nonsense());
            }
            let pixels = read_bytes(from, width as usize * height as usize * 4)?;
            Answer::Next(Piece::Picture { place, width, height, pixels })
        }
        b"W" if matches!(wish, Wish::Smaller(_)) => {
            let place = read_u64(from)?;
            let mut done = [0; 2];
            from.read_exact(&mut done)?;
            let length = read_u32(from)?;
            if length > LARGEST_WRITTEN {
                return Err(nonsense());
            }
            let bytes = read_bytes(from, length as usize)?;
            Answer::Next(Piece::Written { place, done: u16::from_le_bytes(done), bytes })
        }
        _ => return Err(nonsense()),
    })
}

/// Asks for bytes of the file. Fewer come at its end.
pub fn fetch(socket: &mut (impl Read + Write), place: u64, length: u32) -> io::Result<Vec<u8>> {
    let mut asked = [0; 12];
    asked[..8].copy_from_slice(&place.to_le_bytes());
    asked[8..].copy_from_slice(&length.to_le_bytes());
    socket.write_all(&asked)?;
    let comes = read_u32(socket)?;
    if comes > length {
        return Err(nonsense());
    }
    read_bytes(socket, comes as usize)
}

/// Reads which bytes of the file are asked for. `None` when nobody asks any more.
pub fn read_fetch(from: &mut impl Read) -> io::Result<Option<(u64, u32)>> {
    let mut place = [0; 8];
    match from.read_exact(&mut place) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = read_u32(from)?;
    if length > LARGEST_READ {
        return Err(nonsense());
    }
    Ok(Some((u64::from_le_bytes(place), length)))
}

/// Answers [`fetch`].
pub fn write_fetched(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&u32::try_from(bytes.len()).map_err(|_| nonsense())?.to_le_bytes())?;
    to.write_all(bytes)
}

fn nanoseconds(place: Duration) -> u64 {
    u64::try_from(place.as_nanos()).unwrap_or(UNKNOWN - 1)
}

fn read_u32(from: &mut impl Read) -> io::Result<u32> {
    let mut number = [0; 4];
    from.read_exact(&mut number)?;
    Ok(u32::from_le_bytes(number))
}

fn read_u64(from: &mut impl Read) -> io::Result<u64> {
    let mut number = [0; 8];
    from.read_exact(&mut number)?;
    Ok(u64::from_le_bytes(number))
}

fn read_bytes(from: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn nonsense() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "nothing that was asked for")
}

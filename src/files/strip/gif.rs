//! GIF: a screen, and blocks of frames and extensions. What is written beside the frames (comments, XMP, what programs put there)
//! is no part of what is shown.

use super::take;

const EXTENSION: u8 = 0x21;
const FRAME: u8 = 0x2c;
const END: u8 = 0x3b;
/// Extensions that change what is shown: how long and over what a frame is, and words that are drawn.
const SHOWN: [u8; 2] = [0xf9, 0x01];
const APPLICATION: u8 = 0xff;
/// What applications say of how often it is to be shown.
const LOOPS: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];

/// What follows the signature and version. Whatever stands behind the end is dropped.
pub(super) fn strip(version: &[u8], mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut kept = version.to_vec();
    let screen = take(&mut rest, 7)?;
    kept.extend(screen);
    kept.extend(colors(*screen.get(4)?, &mut rest)?);
    let mut has_frame = false;
    while let Some(kind) = take(&mut rest, 1).and_then(|kind| kind.first().copied()) {
        match kind {
            EXTENSION => {
                let whole = rest;
                let label = *take(&mut rest, 1)?.first()?;
                let first = rest.get(1..12);
                sub_blocks(&mut rest)?;
                let is_loop = label == APPLICATION && first.is_some_and(|name| LOOPS.contains(&name));
                if SHOWN.contains(&label) || is_loop {
                    kept.push(EXTENSION);
                    kept.extend(whole.get(..whole.len() - rest.len())?);
                }
            }
            FRAME => {
                let whole = rest;
                let place = take(&mut rest, 9)?;
                colors(*place.get(8)?, &mut rest)?;
                take(&mut rest, 1)?;
                sub_blocks(&mut rest)?;
                kept.push(FRAME);
                kept.extend(whole.get(..whole.len() - rest.len())?);
                has_frame = true;
            }
            END => break,
            _ => return None,
        }
    }
    kept.push(END);
    has_frame.then_some(kept)
}

/// The table of colours that flags tell of.
fn colors<'b>(flags: u8, rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    take(rest, if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) })
}

/// Goes past blocks of a length and content, and the empty one that ends them.
fn sub_blocks(rest: &mut &[u8]) -> Option<()> {
    loop {
        match *take(rest, 1)?.first()? {
            0 => return Some(()),
            length => take(rest, usize::from(length))?,
        };
    }
}

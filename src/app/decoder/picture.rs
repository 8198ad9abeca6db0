//! From bytes to pixels.

use std::io::Cursor;

use image::{
    AnimationDecoder as _, DynamicImage, Frames, ImageDecoder, ImageFormat, ImageReader, Limits,
    codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder},
    imageops,
    metadata::Orientation,
};

/// No side that is longer is looked at.
const LARGEST_SIDE: u32 = 16_384;
/// The most memory that the pixels of a picture may take: 85 million of them.
const MEMORY: u64 = 256 * 1024 * 1024;
/// So many frames of a moving picture are shown.
pub const MOST_FRAMES: usize = 500;
/// So many bytes its frames take together: they are made smaller until they fit.
pub const FRAMES_MEMORY: usize = 64 * 1024 * 1024;
/// Smaller than this a picture does not move.
const SMALLEST_MOVING: u32 = 64;
/// How long a frame is shown at least, in milliseconds: as others do, for many say 0.
const SHORTEST_FRAME: u32 = 20;
const USUAL_FRAME: u32 = 100;

/// What is wanted of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// How it is to fit.
    pub fit: Fit,
    /// So many pixels a side at most.
    pub side: u32,
}

/// How a picture is to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Whole, in its own proportions.
    Whole,
    /// Cut to a square.
    Square,
    /// Whole, and all of its frames.
    Moving,
}

/// A picture as pixels: red, green, blue and alpha, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Width and height of the whole picture, before it was made smaller.
    pub full: (u32, u32),
    /// How wide it is now.
    pub width: u32,
    /// How high it is now.
    pub height: u32,
    /// Four bytes for each pixel.
    pub pixels: Vec<u8>,
    /// Whether it has more frames than this.
    pub moves: bool,
}

/// A frame of a moving picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// How long it is shown, in milliseconds.
    pub milliseconds: u32,
    /// Its pixels, as those of [`Decoded`].
    pub pixels: Vec<u8>,
}

/// A picture that moves: all its frames, of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// How wide it is.
    pub width: u32,
    /// How high it is.
    pub height: u32,
    /// In order; it begins again after the last.
    pub frames: Vec<Frame>,
}

/// Decodes a picture, turns it as its camera was held, and makes it small. Limits are checked before anything is
/// decoded. `None` if it is no picture or too large.
pub fn decode(bytes: &[u8], wish: Wish) -> Option<Decoded> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let moves = reader.format().is_some_and(|format| frames(bytes, format).is_some_and(is_moving));
    reader.limits(limits());
    let mut decoder = reader.into_decoder().ok()?;
    if decoder.total_bytes() > MEMORY {
        return None;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).ok()?;
    let full = turned((image.width(), image.height()), orientation);
    let mut image = made_small(image, wish);
    image.apply_orientation(orientation);
    let image = image.into_rgba8();
    let (width, height) = image.dimensions();
    Some(Decoded { full, width, height, pixels: image.into_raw(), moves })
}

/// Decodes all frames of a picture that moves, so that no side has more pixels. `None` if it does not move, or is too large.
pub fn animate(bytes: &[u8], side: u32) -> Option<Moving> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut side = side;
    let mut done: Vec<(u32, image::RgbaImage)> = Vec::new();
    for frame in frames(bytes, reader.format()?)? {
        // What is broken further on is shown as far as it goes.
        let Ok(frame) = frame else { break };
        if done.len() == MOST_FRAMES {
            return None;
        }
        let (numerator, denominator) = frame.delay().numer_denom_ms();
        let milliseconds = numerator / denominator.max(1);
        let milliseconds = if milliseconds < SHORTEST_FRAME { USUAL_FRAME } else { milliseconds };
        done.push((milliseconds, made_to_fit(frame.into_buffer(), side)));
        while done.iter().map(|(_, image)| image.len()).sum::<usize>() > FRAMES_MEMORY {
            side /= 2;
            if side < SMALLEST_MOVING {
                return None;
            }
            for (_, image) in &mut done {
                *image = made_to_fit(std::mem::take(image), side);
            }
        }
    }
    let (width, height) = done.first().map(|(_, image)| image.dimensions())?;
    let is_whole = done.len() > 1 && done.iter().all(|(_, image)| image.dimensions() == (width, height));
    let frames =
        done.into_iter().map(|(milliseconds, image)| Frame { milliseconds, pixels: image.into_raw() });
    is_whole.then(|| Moving { width, height, frames: frames.collect() })
}

/// The frames of a picture of a format that may move, if it says that it does.
fn frames(bytes: &[u8], format: ImageFormat) -> Option<Frames<'_>> {
    let bytes = Cursor::new(bytes);
    match format {
        ImageFormat::Gif => {
            let mut decoder = GifDecoder::new(bytes).ok()?;
            decoder.set_limits(limits()).ok()?;
            Some(decoder.into_frames())
        }
        ImageFormat::WebP => {
            let mut decoder = WebPDecoder::new(bytes).ok()?;
            decoder.set_limits(limits()).ok()?;
            decoder.has_animation().then(|| decoder.into_frames())
        }
        ImageFormat::Png => {
            let decoder = PngDecoder::with_limits(bytes, limits()).ok()?;
            decoder.is_apng().ok()?.then_some(())?;
            Some(decoder.apng().ok()?.into_frames())
        }
        _ => None,
    }
}

/// Whether there is a second frame.
fn is_moving(frames: Frames<'_>) -> bool {
    frames.take(2).flatten().count() == 2
}

fn made_to_fit(image: image::RgbaImage, side: u32) -> image::RgbaImage {
    let longer = image.width().max(image.height());
    if longer <= side {
        return image;
    }
    let made = |length: u32| (u64::from(length) * u64::from(side) / u64::from(longer)).max(1) as u32;
    imageops::thumbnail(&image, made(image.width()), made(image.height()))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(MEMORY);
    limits
}

fn made_small(image: DynamicImage, wish: Wish) -> DynamicImage {
    match wish.fit {
        Fit::Whole | Fit::Moving if image.width().max(image.height()) > wish.side => {
            image.thumbnail(wish.side, wish.side)
        }
        Fit::Whole | Fit::Moving => image,
        Fit::Square => {
            let shorter = image.width().min(image.height());
            let (x, y) = ((image.width() - shorter) / 2, (image.height() - shorter) / 2);
            let image = image.crop_imm(x, y, shorter, shorter);
            if shorter > wish.side { image.thumbnail_exact(wish.side, wish.side) } else { image }
        }
    }
}

fn turned((width, height): (u32, u32), orientation: Orientation) -> (u32, u32) {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => (height, width),
        _ => (width, height),
    }
}

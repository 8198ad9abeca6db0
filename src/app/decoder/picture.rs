//! From bytes to pixels.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageReader, Limits, metadata::Orientation};

/// No side that is longer is looked at.
const LARGEST_SIDE: u32 = 16_384;
/// The most memory that the pixels of a picture may take: 85 million of them.
const MEMORY: u64 = 256 * 1024 * 1024;

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
}

/// Decodes a picture, turns it as its camera was held, and makes it small. Limits are checked before anything is
/// decoded. `None` if it is no picture or too large.
pub fn decode(bytes: &[u8], wish: Wish) -> Option<Decoded> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
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
    Some(Decoded { full, width, height, pixels: image.into_raw() })
}

fn made_small(image: DynamicImage, wish: Wish) -> DynamicImage {
    match wish.fit {
        Fit::Whole if image.width().max(image.height()) > wish.side => image.thumbnail(wish.side, wish.side),
        Fit::Whole => image,
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

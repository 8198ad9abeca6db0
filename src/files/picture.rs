use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder as _, ImageReader, Limits, codecs::jpeg::JpegEncoder, imageops::FilterType,
    metadata::Orientation,
};

/// Pictures with more pixels than this are not decoded: bombs, and what no screen shows.
const MOST_PIXELS: u64 = 50_000_000;
/// The longest side of what a ThumbHash is made of.
const THUMB_SIDE: u32 = 100;
/// How well pictures are kept that are made smaller.
const QUALITY: u8 = 85;

/// What was found by looking at a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureFacts {
    /// Width and height in pixels, as it is to be shown.
    pub dimensions: (u32, u32),
    /// A small picture of it.
    pub thumbhash: Vec<u8>,
}

/// A picture that was decoded, the right way up.
pub(crate) struct Picture {
    pub(crate) image: DynamicImage,
    pub(crate) orientation: Orientation,
}

/// Decodes a picture within its limits.
pub(crate) fn decode(bytes: &[u8]) -> Option<Picture> {
    let (width, height) =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.into_dimensions().ok()?;
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return None;
    }
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_PIXELS * 8);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).ok()?;
    image.apply_orientation(orientation);
    Some(Picture { image, orientation })
}

/// Looks at a picture.
pub(crate) fn facts(picture: &Picture) -> PictureFacts {
    let small = picture.image.thumbnail(THUMB_SIDE, THUMB_SIDE).into_rgba8();
    let (width, height) = (small.width() as usize, small.height() as usize);
    PictureFacts {
        dimensions: (picture.image.width(), picture.image.height()),
        thumbhash: thumbhash::rgba_to_thumb_hash(width, height, &small),
    }
}

/// The same picture with a shorter longest side, as a new file and its extension: a JPEG, or a PNG if one can see
/// through it.
pub(crate) fn scaled(picture: &Picture, longest_side: u32) -> Option<(Picture, Vec<u8>, &'static str)> {
    let image = picture.image.resize(longest_side, longest_side, FilterType::CatmullRom);
    let mut bytes = Vec::new();
    let extension = if image.color().has_alpha() {
        image.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).ok()?;
        "png"
    } else {
        image.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).ok()?;
        "jpg"
    };
    Some((Picture { image, orientation: Orientation::NoTransforms }, bytes, extension))
}

//! Pictures of people, as textures.
//!
//! A stranger chose the bytes, so they are decoded by a decoder that is safe in memory, away
//! from the main loop, and with limits on pixels and memory that are checked before anything
//! is decoded. The result is made small at once: a face is never shown larger than 256 pixels.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    io::Cursor,
};

use gtk::{gdk, gio, glib, prelude::*};
use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use model::AccountId;

use crate::bridge::Bridge;

/// The side of a face, in pixels.
const SIDE: u32 = 256;
/// The side of the own picture that is published.
const PUBLISHED_SIDE: u32 = 512;
/// The largest side that is looked at.
const LARGEST_SIDE: u32 = 8192;
/// The most memory that decoding may take.
const MEMORY: u64 = 128 * 1024 * 1024;
/// How many faces are kept: some 25 MB at most.
const KEPT: usize = 96;

/// The faces that were decoded lately, by hash: the same bytes are the same face everywhere.
#[derive(Debug, Default)]
pub struct Pictures {
    faces: RefCell<HashMap<String, gdk::Texture>>,
    order: RefCell<VecDeque<String>>,
}

impl Pictures {
    pub fn new() -> Self {
        Self::default()
    }

    /// The face under a hash, from the account that knows it.
    pub async fn load(&self, bridge: &Bridge, account: AccountId, hash: &str) -> Option<gdk::Texture> {
        if let Some(face) = self.faces.borrow().get(hash) {
            return Some(face.clone());
        }
        let reader = bridge.session().reader(account)?;
        let bytes = reader.avatar(hash.to_owned()).await.ok()??;
        let face = texture(decode(bytes, SIDE).await?);
        self.keep(hash, &face);
        Some(face)
    }

    fn keep(&self, hash: &str, face: &gdk::Texture) {
        let mut order = self.order.borrow_mut();
        let mut faces = self.faces.borrow_mut();
        if faces.insert(hash.to_owned(), face.clone()).is_none() {
            order.push_back(hash.to_owned());
        }
        if order.len() > KEPT
            && let Some(oldest) = order.pop_front()
        {
            faces.remove(&oldest);
        }
    }
}

/// A picture of the user's own, ready to be published: PNG bytes, width and height.
pub async fn publishable(bytes: Vec<u8>) -> Option<(Vec<u8>, u32, u32)> {
    let image = decode(bytes, PUBLISHED_SIDE).await?;
    gio::spawn_blocking(move || {
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png).ok()?;
        Some((png.into_inner(), image.width(), image.height()))
    })
    .await
    .ok()?
}

/// Decodes, cuts to a square and makes small, on another thread. `None` if it is no picture.
async fn decode(bytes: Vec<u8>, side: u32) -> Option<DynamicImage> {
    gio::spawn_blocking(move || square(&bytes, side)).await.ok()?
}

fn square(bytes: &[u8], side: u32) -> Option<DynamicImage> {
    let image = decode_within_limits(bytes)?;
    let shorter = image.width().min(image.height());
    let (x, y) = ((image.width() - shorter) / 2, (image.height() - shorter) / 2);
    let image = image.crop_imm(x, y, shorter, shorter);
    let image = if shorter > side { image.thumbnail_exact(side, side) } else { image };
    Some(DynamicImage::ImageRgba8(image.to_rgba8()))
}

/// Decodes a picture that anybody may have made. Not on the main loop: it takes a while.
pub fn decode_within_limits(bytes: &[u8]) -> Option<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    reader.decode().ok()
}

fn texture(image: DynamicImage) -> gdk::Texture {
    let (width, height) = (image.width(), image.height());
    let pixels = glib::Bytes::from_owned(image.into_rgba8().into_raw());
    let stride = width as usize * 4;
    gdk::MemoryTexture::new(width as i32, height as i32, gdk::MemoryFormat::R8g8b8a8, &pixels, stride)
        .upcast()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut bytes, ImageFormat::Png).expect("it is written");
        bytes.into_inner()
    }

    #[test]
    fn a_face_is_square_and_small() {
        let face = square(&png(1000, 600), SIDE).expect("it is a picture");
        assert_eq!((face.width(), face.height()), (SIDE, SIDE));
        let tiny = square(&png(10, 20), SIDE).expect("it is a picture");
        assert_eq!((tiny.width(), tiny.height()), (10, 10));
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_nothing() {
        assert!(square(b"GIF89a", SIDE).is_none());
        assert!(square(&[], SIDE).is_none());
        assert!(square(&png(LARGEST_SIDE + 1, 1), SIDE).is_none());
    }
}

//! Pictures of people, as textures.
//!
//! A stranger chose the bytes, so another process decodes them (`decoder`). What comes back is small at once: a face is
//! never shown larger than 256 pixels.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    io::Cursor,
};

use gtk::{gdk, gio};
use image::{ImageFormat, RgbaImage};
use model::AccountId;

use crate::{
    bridge::Bridge,
    decoder::{self, Decoded, Fit, Wish},
};

/// The side of a face, in pixels.
const SIDE: u32 = 256;
/// The side of the own picture that is published.
const PUBLISHED_SIDE: u32 = 512;
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
        let face = decoder::decode(bytes, square(SIDE)).await?.into_texture();
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
    let Decoded { width, height, pixels, .. } = decoder::decode(bytes, square(PUBLISHED_SIDE)).await?;
    gio::spawn_blocking(move || {
        let image = RgbaImage::from_raw(width, height, pixels)?;
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png).ok()?;
        Some((png.into_inner(), width, height))
    })
    .await
    .ok()?
}

fn square(side: u32) -> Wish {
    Wish { fit: Fit::Square, side }
}

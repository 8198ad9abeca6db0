//! Pictures that are here, from their containers to the screen.
//!
//! Bytes are read and unsealed on another thread, decoded in another process, and drawn from memory: nothing of a picture
//! is written to a disk in the clear. Whoever scrolls past asks for many and looks at the last: so the last that was
//! asked for comes first, and what is no longer shown is left out.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    io::Read as _,
};

use gtk::{gdk, gio, glib, prelude::*};
use image::{RgbaImage, imageops};
use model::{AccountCommand, AccountId, Attachment, AttachmentId, FileFacts};

use super::PictureView;
use crate::{
    bridge::Bridge,
    decoder::{self, Decoded, Fit, LARGEST_FILE, Wish},
};

/// So many pixels a side are kept for the history: twice what it shows, for fine screens.
const SIDE: u32 = 680;
/// So many bytes of pixels are kept.
const KEPT: usize = 96 * 1024 * 1024;
/// The side of the picture of which a ThumbHash is made.
const HASHED_SIDE: u32 = 96;

type Key = (AccountId, AttachmentId);

/// The pictures that were shown lately.
#[derive(Debug, Default)]
pub struct FilePictures {
    kept: RefCell<HashMap<Key, gdk::Texture>>,
    order: RefCell<VecDeque<Key>>,
    bytes: Cell<usize>,
    waiting: RefCell<Vec<Job>>,
    working: Cell<bool>,
}

#[derive(Debug)]
struct Job {
    account: AccountId,
    file: Attachment,
    view: glib::WeakRef<PictureView>,
}

impl FilePictures {
    /// Puts a picture on a view, now or later, if it still waits for it then.
    pub fn paint(&self, bridge: &Bridge, account: AccountId, file: &Attachment, view: &PictureView) {
        if let Some(texture) = self.kept.borrow().get(&(account, file.id)) {
            view.set_picture(file.id, texture);
            return;
        }
        self.waiting.borrow_mut().push(Job { account, file: file.clone(), view: view.downgrade() });
        if !self.working.replace(true) {
            glib::spawn_future_local(work(bridge.clone()));
        }
    }

    fn keep(&self, key: Key, texture: &gdk::Texture) {
        let mut kept = self.kept.borrow_mut();
        let mut order = self.order.borrow_mut();
        if kept.insert(key, texture.clone()).is_none() {
            order.push_back(key);
            self.bytes.set(self.bytes.get() + weight(texture));
        }
        while self.bytes.get() > KEPT
            && let Some(oldest) = order.pop_front()
        {
            if let Some(texture) = kept.remove(&oldest) {
                self.bytes.set(self.bytes.get() - weight(&texture));
            }
        }
    }
}

fn weight(texture: &gdk::Texture) -> usize {
    texture.width() as usize * texture.height() as usize * 4
}

/// Works off what waits, the last first.
async fn work(bridge: Bridge) {
    loop {
        let job = bridge.file_pictures().waiting.borrow_mut().pop();
        let Some(Job { account, file, view }) = job else { break };
        let wanted = || view.upgrade().filter(|view| view.showing() == Some(file.id));
        if wanted().is_none() {
            continue;
        }
        let Some(decoded) = load(&bridge, account, file.id, SIDE).await else { continue };
        learn(&bridge, account, &file, &decoded);
        let texture = decoded.into_texture();
        bridge.file_pictures().keep((account, file.id), &texture);
        if let Some(view) = wanted() {
            view.set_picture(file.id, &texture);
        }
    }
    bridge.file_pictures().working.set(false);
}

/// Decodes a picture that is here, so that no side has more pixels. `None` if it is none, or too large.
pub async fn load(bridge: &Bridge, account: AccountId, file: AttachmentId, side: u32) -> Option<Decoded> {
    let (place, _) = bridge.session().reader(account)?.file(file).await.ok()??;
    let decoded = gio::spawn_blocking(move || {
        let source = place.open().ok().filter(|source| source.len() <= LARGEST_FILE)?;
        let mut bytes = Vec::with_capacity(source.len() as usize);
        source.take(LARGEST_FILE).read_to_end(&mut bytes).ok()?;
        decoder::decode_now(&bytes, Wish { fit: Fit::Whole, side })
    });
    decoded.await.ok()?
}

/// Tells what was found out by looking: the next time its place is known before it is decoded.
fn learn(bridge: &Bridge, account: AccountId, file: &Attachment, decoded: &Decoded) {
    let thumbhash = if file.thumbhash.is_none() { blurred(decoded) } else { None };
    let dimensions = Some(decoded.full).filter(|full| file.dimensions != Some(*full));
    if thumbhash.is_some() || dimensions.is_some() {
        let facts = FileFacts { dimensions, thumbhash, ..FileFacts::default() };
        bridge.tell(account, AccountCommand::LearnFile(file.id, facts));
    }
}

fn blurred(decoded: &Decoded) -> Option<Vec<u8>> {
    let image = RgbaImage::from_raw(decoded.width, decoded.height, decoded.pixels.clone())?;
    let share = (f64::from(HASHED_SIDE) / f64::from(decoded.width.max(decoded.height))).min(1.0);
    let side = |side: u32| ((f64::from(side) * share).round() as u32).clamp(1, HASHED_SIDE);
    let (width, height) = (side(decoded.width), side(decoded.height));
    let small = imageops::thumbnail(&image, width, height);
    Some(thumbhash::rgba_to_thumb_hash(width as usize, height as usize, small.as_raw()))
}

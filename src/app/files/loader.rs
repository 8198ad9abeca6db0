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
use model::{AccountCommand, AccountId, Attachment, AttachmentId, FileFacts, FileKind};

use super::PictureView;
use crate::{
    bridge::Bridge,
    decoder::{self, Decoded, Fit, LARGEST_FILE, Moving, Wish},
    player::{self, Decoding, Piece},
};

/// So many pixels a side are kept for the history: twice what it shows, for fine screens.
const SIDE: u32 = 680;
/// So many pixels a side a picture has that moves: all its frames are kept while it is shown.
const MOVING_SIDE: u32 = 340;
/// After so many pieces of a film there is no picture.
const PIECES: usize = 1000;
/// So many bytes of pixels are kept.
const KEPT: usize = 96 * 1024 * 1024;
/// The side of the picture of which a ThumbHash is made.
const HASHED_SIDE: u32 = 96;

type Key = (AccountId, AttachmentId);

/// The pictures that were shown lately.
#[derive(Debug, Default)]
pub struct FilePictures {
    kept: RefCell<HashMap<Key, Kept>>,
    order: RefCell<VecDeque<Key>>,
    bytes: Cell<usize>,
    waiting: RefCell<Vec<Job>>,
    working: Cell<bool>,
}

#[derive(Debug)]
struct Kept {
    texture: gdk::Texture,
    moves: bool,
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
        let moves = self.kept.borrow().get(&(account, file.id)).map(|kept| {
            view.set_picture(file.id, &kept.texture);
            kept.moves
        });
        if moves == Some(false) {
            return;
        }
        self.waiting.borrow_mut().push(Job { account, file: file.clone(), view: view.downgrade() });
        if !self.working.replace(true) {
            glib::spawn_future_local(work(bridge.clone()));
        }
    }

    fn keep(&self, key: Key, texture: &gdk::Texture, moves: bool) {
        let mut kept = self.kept.borrow_mut();
        let mut order = self.order.borrow_mut();
        if kept.insert(key, Kept { texture: texture.clone(), moves }).is_none() {
            order.push_back(key);
            self.bytes.set(self.bytes.get() + weight(texture));
        }
        while self.bytes.get() > KEPT
            && let Some(oldest) = order.pop_front()
        {
            if let Some(kept) = kept.remove(&oldest) {
                self.bytes.set(self.bytes.get() - weight(&kept.texture));
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
        let key = (account, file.id);
        let known = bridge.file_pictures().kept.borrow().get(&key).map(|kept| kept.moves);
        let moves = if let Some(moves) = known {
            moves
        } else {
            let decoded = match file.kind() {
                FileKind::Video => load_poster(&bridge, account, file.id, SIDE).await,
                _ => load(&bridge, account, file.id, SIDE).await,
            };
            let Some(decoded) = decoded else { continue };
            learn(&bridge, account, &file, &decoded);
            let moves = decoded.moves;
            let texture = decoded.into_texture();
            bridge.file_pictures().keep(key, &texture, moves);
            if let Some(view) = wanted() {
                view.set_picture(file.id, &texture);
            }
            moves
        };
        if moves
            && wanted().is_some()
            && let Some(moving) = load_moving(&bridge, account, file.id, MOVING_SIDE).await
            && let Some(view) = wanted()
        {
            view.set_animation(file.id, moving);
        }
    }
    bridge.file_pictures().working.set(false);
}

/// Decodes a picture that is here, so that no side has more pixels. `None` if it is none, or too large.
pub async fn load(bridge: &Bridge, account: AccountId, file: AttachmentId, side: u32) -> Option<Decoded> {
    with_bytes(bridge, account, file, move |bytes| decoder::decode_now(bytes, Wish { fit: Fit::Whole, side }))
        .await
}

/// Decodes all frames of a picture that moves.
pub async fn load_moving(
    bridge: &Bridge,
    account: AccountId,
    file: AttachmentId,
    side: u32,
) -> Option<Moving> {
    with_bytes(bridge, account, file, move |bytes| decoder::animate_now(bytes, side)).await
}

/// Decodes the first picture of a film.
pub async fn load_poster(
    bridge: &Bridge,
    account: AccountId,
    file: AttachmentId,
    side: u32,
) -> Option<Decoded> {
    let open = super::sound_of(bridge, account, file).await?;
    let first = gio::spawn_blocking(move || {
        let mut decoding = Decoding::open(open().ok()?, player::Wish::Film(side)).ok()?;
        let full = decoding.facts().dimensions?;
        // Sound may come before it.
        for _ in 0..PIECES {
            if let Piece::Picture { width, height, pixels, .. } = decoding.next().ok()?? {
                return Some(Decoded { full, width, height, pixels, moves: false });
            }
        }
        None
    });
    first.await.ok()?
}

/// Does something with a file that is here, on another thread.
async fn with_bytes<T: Send + 'static>(
    bridge: &Bridge,
    account: AccountId,
    file: AttachmentId,
    look: impl FnOnce(&[u8]) -> Option<T> + Send + 'static,
) -> Option<T> {
    let (place, _) = bridge.session().reader(account)?.file(file).await.ok()??;
    let looked = gio::spawn_blocking(move || {
        let source = place.open().ok().filter(|source| source.len() <= LARGEST_FILE)?;
        let mut bytes = Vec::with_capacity(source.len() as usize);
        source.take(LARGEST_FILE).read_to_end(&mut bytes).ok()?;
        look(&bytes)
    });
    looked.await.ok()?
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

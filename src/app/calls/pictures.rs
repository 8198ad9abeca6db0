//! The way of pictures from the threads of pipelines to the windows of calls. Only the newest of each is kept: a main loop that
//! is busy shows fewer, and none late.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_channel::Receiver;
use gtk::{gdk, glib, prelude::*};
use session::{Picture, PictureSink, View};
use view::CallKey;

type Newest = Arc<Mutex<HashMap<(CallKey, View), Picture>>>;

/// Where pictures come out.
#[derive(Debug)]
pub struct Arriving {
    newest: Newest,
    woken: Receiver<()>,
}

/// Both ends of the way.
pub fn way() -> (PictureSink, Arriving) {
    let newest = Newest::default();
    let (wake, woken) = async_channel::bounded(1);
    let arrived = newest.clone();
    let sink = PictureSink::new(move |account, call, view, picture| {
        let mut arrived = arrived.lock().unwrap_or_else(PoisonError::into_inner);
        arrived.insert((CallKey { account, call }, view), picture);
        drop(arrived);
        // Full: it is woken already.
        let _ = wake.try_send(());
    });
    (sink, Arriving { newest, woken })
}

impl Arriving {
    /// Waits for the next pictures. `None` when there will be none any more.
    pub async fn next(&self) -> Option<HashMap<(CallKey, View), Picture>> {
        self.woken.recv().await.ok()?;
        Some(std::mem::take(&mut *self.newest.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// A picture, to be painted.
pub fn texture(picture: Picture) -> Option<gdk::Texture> {
    let (width, height) = (i32::try_from(picture.width).ok()?, i32::try_from(picture.height).ok()?);
    let stride = usize::try_from(picture.stride).ok()?;
    if width == 0 || height == 0 {
        return None;
    }
    let bytes = glib::Bytes::from_owned(picture.pixels);
    let format = gdk::MemoryFormat::R8g8b8x8;
    Some(gdk::MemoryTexture::new(width, height, format, &bytes, stride).upcast())
}

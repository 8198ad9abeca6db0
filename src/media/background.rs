//! Pipelines that a window wants beside calls. Opening a device may take a while: it is done, and undone, on a thread.

use std::{sync::mpsc, thread};

use gstreamer as gst;

use crate::pipeline::Fault;

/// Something that is kept on a thread until this is dropped.
#[derive(Debug)]
pub(crate) struct Background {
    _end: mpsc::Sender<()>,
}

impl Background {
    /// Makes and keeps it.
    pub(crate) fn begin<T>(name: &str, make: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Self {
        let (end, wait) = mpsc::channel::<()>();
        let work = move || {
            let kept = gst::init().map_err(Fault::from).and_then(|()| make());
            match kept {
                // Nothing is ever sent: it ends when the other end is dropped.
                Ok(kept) => {
                    let _ = wait.recv();
                    drop(kept);
                }
                Err(error) => tracing::warn!(%error, "a device cannot be used"),
            }
        };
        if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn(work) {
            tracing::error!(%error, "no thread for a device could be started");
        }
        Self { _end: end }
    }
}

//! Pictures on their way to a window: pixels as they are, and nothing of where they come from.

use std::sync::Arc;

use bytes::Bytes;
use gstreamer as gst;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;

use crate::pipeline::{Fault, Pipeline};

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// What this device captures.
    Own,
    /// What the other side sends.
    Theirs,
}

/// One picture. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Bytes from one row to the next.
    pub stride: u32,
    /// Rows from the top, four bytes a pixel: red, green, blue, and one that means nothing.
    pub pixels: Bytes,
}

/// Without what it shows.
impl std::fmt::Debug for Picture {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Picture({} × {})", self.width, self.height)
    }
}

/// Takes pictures in, on threads of pipelines: it must not wait.
pub(crate) type Show = Arc<dyn Fn(View, Picture) + Send + Sync>;

/// How a pipeline ends that shows pictures; without anybody to show them to, they are thrown away.
pub(crate) fn end(is_shown: bool) -> &'static str {
    if is_shown {
        "videoconvert ! video/x-raw,format=RGBx ! appsink name=pictures max-buffers=1 drop=true sync=true"
    } else {
        "fakesink sync=true"
    }
}

/// Shows what comes out of such a pipeline.
pub(crate) fn show(pipeline: &Pipeline, view: View, show: Show) -> Result<(), Fault> {
    let sink: gst_app::AppSink = pipeline.element("pictures")?;
    let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |sink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        if let Some(picture) = picture(&sample) {
            show(view, picture);
        }
        Ok(gst::FlowSuccess::Ok)
    });
    sink.set_callbacks(callbacks.build());
    Ok(())
}

fn picture(sample: &gst::Sample) -> Option<Picture> {
    let info = gst_video::VideoInfo::from_caps(sample.caps()?).ok()?;
    let stride = u32::try_from(*info.stride().first()?).ok()?;
    let pixels = sample.buffer_owned()?.into_mapped_buffer_readable().ok()?;
    // Whoever shows it trusts these numbers.
    let needed = u64::from(stride) * u64::from(info.height());
    let is_whole = pixels.len() as u64 >= needed && u64::from(stride) >= u64::from(info.width()) * 4;
    is_whole.then(|| Picture {
        width: info.width(),
        height: info.height(),
        stride,
        pixels: Bytes::from_owner(pixels),
    })
}

//! Trying a microphone or a camera before anybody is called.

use gstreamer as gst;
use model::{CallDevices, DeviceRole};

use crate::{
    Devices,
    background::Background,
    pictures::{self, Picture, View},
    pipeline::{self, Pipeline},
};

/// Hears a microphone until it is dropped, and keeps nothing of it.
#[derive(Debug)]
pub struct Meter(#[expect(dead_code, reason = "it is kept for its end")] Background);

impl Meter {
    /// Begins. How loud it is, in decibels relative to the loudest there is, is told ten times a second from another thread.
    pub fn begin(devices: Devices, chosen: CallDevices, tell: impl Fn(f64) + Send + Sync + 'static) -> Self {
        Self(Background::begin("meter", move || {
            let source = devices.element(DeviceRole::Microphone, &chosen)?;
            let words =
                "audioconvert name=entry ! level interval=100000000 post-messages=true ! fakesink sync=false";
            let pipeline = Pipeline::from_source(&source, words)?;
            pipeline.listen(move |message| {
                if let gst::MessageView::Element(message) = message
                    && let Some(level) = pipeline::level(message)
                {
                    tell(level);
                }
            });
            pipeline.play()?;
            Ok(pipeline)
        }))
    }
}

/// Shows a camera until it is dropped.
#[derive(Debug)]
pub struct Preview(#[expect(dead_code, reason = "it is kept for its end")] Background);

impl Preview {
    /// Begins. Pictures come from another thread, which must not be held up.
    pub fn begin(
        devices: Devices,
        chosen: CallDevices,
        show: impl Fn(Picture) + Send + Sync + 'static,
    ) -> Self {
        Self(Background::begin("preview", move || {
            let source = devices.element(DeviceRole::Camera, &chosen)?;
            let words = format!("videoconvert name=entry ! videoscale ! {}", pictures::end(true));
            let pipeline = Pipeline::from_source(&source, &words)?;
            pictures::show(&pipeline, View::Own, std::sync::Arc::new(move |_, picture| show(picture)))?;
            pipeline.play()?;
            Ok(pipeline)
        }))
    }
}

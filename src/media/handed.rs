//! Pictures that the desktop hands over: of a screen, or of cameras in a sandbox.

use std::os::fd::AsRawFd;

use gstreamer as gst;
use model::PictureStream;

use crate::pipeline::Fault;

/// How large and how often a screen is sent: words are to be read, and little of it moves.
pub(crate) const SCREEN: &str = "width=1280,height=720,framerate=15/1";

/// What captures such a stream. It has a connection of its own there, made from the one it is handed.
pub(crate) fn source(stream: &PictureStream) -> Result<gst::Element, Fault> {
    let source = gst::ElementFactory::make("pipewiresrc")
        .property("fd", stream.remote.as_raw_fd())
        .property("do-timestamp", true)
        // What does not move is not sent again by itself.
        .property("keepalive-time", 500)
        .property_if_some("path", stream.node.map(|node| node.to_string()));
    Ok(source.build()?)
}

/// Whether there is what captures such streams.
pub fn can_take_streams() -> bool {
    gst::init().is_ok() && gst::ElementFactory::find("pipewiresrc").is_some()
}

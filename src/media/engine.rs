//! The face of the engine: a call is begun, told what to do, and tells.

use std::sync::Arc;

use gstreamer as gst;
use model::{CallDevices, CallStatistics, MediaCommand, MediaEvent};
use tokio::{runtime::Handle, sync::mpsc};

use crate::{
    call,
    devices::Devices,
    pictures::{Picture, View},
};

/// Commands that wait for a call's task. Signalling bounds what may follow from what others say.
const MAX_WAITING: usize = 1_024;

/// Elements without which there are no calls, and the plugins they come with.
const NEEDED: [&str; 14] = [
    "appsink",
    "appsrc",
    "audioconvert",
    "audioresample",
    "level",
    "opusdec",
    "opusenc",
    "rtpjitterbuffer",
    "rtpopusdepay",
    "rtpopuspay",
    "rtpvp8depay",
    "rtpvp8pay",
    "vp8dec",
    "vp8enc",
];

/// Which networks are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// All there are but the one within this machine.
    #[default]
    All,
    /// Only that one. For tests.
    Loopback,
}

/// With what an engine works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// What is captured, and where it is played.
    pub devices: Devices,
    /// Which networks are used.
    pub network: Network,
    /// Whether somebody wants pictures ([`Told::Picture`]).
    pub shows_pictures: bool,
}

/// There can be no calls on this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// GStreamer does not work.
    #[error("GStreamer does not work: {0}")]
    GStreamer(String),
    /// An element of GStreamer is missing.
    #[error("GStreamer has no {0}")]
    Element(&'static str),
}

/// What a call tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// To signalling.
    Event(MediaEvent),
    /// To whoever is curious, every second.
    Statistics(CallStatistics),
    /// To a window, from a thread of a pipeline.
    Picture(View, Picture),
}

/// Makes calls' media. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine {
    config: Config,
    runtime: Handle,
}

impl Engine {
    /// An engine whose calls live on this runtime.
    pub fn new(config: Config, runtime: Handle) -> Result<Self, Unavailable> {
        gst::init().map_err(|error| Unavailable::GStreamer(error.to_string()))?;
        match NEEDED.into_iter().find(|element| gst::ElementFactory::find(element).is_none()) {
            Some(missing) => Err(Unavailable::Element(missing)),
            None => Ok(Self { config, runtime }),
        }
    }

    /// A call begins, with the devices the user chose. What it tells is told from its task and its pipelines, which must not be
    /// held up. It ends with [`MediaCommand::End`] or when the returned end is dropped.
    #[must_use]
    pub fn begin(&self, chosen: CallDevices, tell: impl Fn(Told) + Send + Sync + 'static) -> CallMedia {
        let (commands, inbox) = mpsc::channel(MAX_WAITING);
        self.runtime.spawn(call::run(self.config, chosen, inbox, Arc::new(tell)));
        CallMedia { commands }
    }
}

/// The media of one call.
#[derive(Debug)]
pub struct CallMedia {
    commands: mpsc::Sender<Wish>,
}

impl CallMedia {
    /// Wants something done. Never waits; false if the call has ended, or does not keep up.
    pub fn tell(&self, command: MediaCommand) -> bool {
        self.commands.try_send(Wish::Command(command)).is_ok()
    }

    /// Uses other devices from now on.
    pub fn use_devices(&self, chosen: CallDevices) {
        // Refused: the call has ended.
        let _ = self.commands.try_send(Wish::Devices(chosen));
    }
}

/// What a call is told.
#[derive(Debug)]
pub(crate) enum Wish {
    /// By signalling.
    Command(MediaCommand),
    /// By the user.
    Devices(CallDevices),
}

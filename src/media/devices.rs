//! What is captured, and where it is played: which devices there are, and one of them as an element of a pipeline.

use gst::prelude::*;
use gstreamer as gst;
use model::{CallDevice, CallDevices, DeviceRole, MediaKind};

use crate::{background::Background, handed, pipeline::Fault};

/// Where media comes from and goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Devices {
    /// The microphones, cameras and speakers of this machine.
    #[default]
    Desktop,
    /// Tones and moving pictures, and what comes is decoded and thrown away. For tests.
    Synthetic,
    /// Sound as numbers of 16 bits, 48,000 a second, little end first, that is read from and written to these open files of
    /// the process; pictures as [`Self::Synthetic`]. For benches.
    Files {
        /// What is read.
        microphone: i32,
        /// What is written.
        speaker: i32,
        /// Whether what is read is cleaned of echo and noise.
        cleans: bool,
    },
    /// As [`Self::Synthetic`], with a camera that fails after two seconds.
    #[cfg(test)]
    FailingCamera,
}

/// Sound as numbers.
const SOUND: &str = "audio/x-raw,format=S16LE,rate=48000,channels=1";

/// What a speaker holds back, and how much of it is handed over at once.
const HELD_BACK: gst::ClockTime = gst::ClockTime::from_mseconds(40);
const PERIOD: gst::ClockTime = gst::ClockTime::from_mseconds(10);
/// What decoding a piece of sound may take.
const DECODING: gst::ClockTime = gst::ClockTime::from_mseconds(5);

/// What stands in for devices in tests: id, name, and the pipeline in words.
const SYNTHETIC: [(DeviceRole, &str, &str, &str); 5] = [
    (DeviceRole::Microphone, "tone", "Tone", "audiotestsrc is-live=true wave=sine freq=440 volume=0.5"),
    (
        DeviceRole::Microphone,
        "low-tone",
        "Low Tone",
        "audiotestsrc is-live=true wave=sine freq=220 volume=0.1",
    ),
    (DeviceRole::Speaker, "nowhere", "Nowhere", "fakesink sync=true"),
    (DeviceRole::Camera, "ball", "Ball", "videotestsrc is-live=true pattern=ball"),
    (DeviceRole::Camera, "bars", "Bars", "videotestsrc is-live=true pattern=smpte"),
];

impl Devices {
    /// Whether what a microphone hears is cleaned of echo and noise. A tone would be taken for noise.
    pub(crate) fn cleans(self) -> bool {
        matches!(self, Self::Desktop | Self::Files { cleans: true, .. })
    }

    /// What captures media of a kind.
    pub(crate) fn source(self, media: MediaKind, chosen: &CallDevices) -> Result<gst::Element, Fault> {
        match media {
            MediaKind::Audio => self.element(DeviceRole::Microphone, chosen),
            MediaKind::Video => self.element(DeviceRole::Camera, chosen),
            MediaKind::Screen => {
                let screen = chosen.screen.as_ref().ok_or_else(|| Fault("there is no screen".to_owned()))?;
                handed::source(screen)
            }
        }
    }

    /// The device that the user chose for something; if none, or one that is not there, the one the desktop chose.
    pub(crate) fn element(self, role: DeviceRole, chosen: &CallDevices) -> Result<gst::Element, Fault> {
        if let (DeviceRole::Camera, Some(cameras)) = (role, &chosen.cameras) {
            return handed::source(cameras);
        }
        let element = self.find(role, chosen)?;
        if role == DeviceRole::Speaker {
            play_soon(&element);
        }
        Ok(element)
    }

    fn find(self, role: DeviceRole, chosen: &CallDevices) -> Result<gst::Element, Fault> {
        let chosen = chosen_for(role, chosen);
        #[cfg(test)]
        if (self, role) == (Self::FailingCamera, DeviceRole::Camera) {
            let words = "videotestsrc is-live=true pattern=ball ! identity error-after=60";
            return Ok(gst::parse::bin_from_description(words, true)?.upcast());
        }
        if let Some(words) = self.files(role) {
            return Ok(gst::parse::bin_from_description(&words, true)?.upcast());
        }
        if self != Self::Desktop {
            let mut known = SYNTHETIC.iter().filter(|(its, ..)| *its == role);
            let first = known.clone().next();
            let found = known.find(|(_, id, ..)| Some(*id) == chosen).or(first);
            let words = found.map_or("fakesink", |(.., words)| words);
            return Ok(gst::parse::bin_from_description(words, true)?.upcast());
        }
        if let Some(chosen) = chosen {
            let devices = monitor(&[role]).devices();
            let found = devices.into_iter().find(|device| id(device) == chosen);
            if let Some(element) = found.and_then(|device| device.create_element(None).ok()) {
                return Ok(element);
            }
            tracing::info!(?role, "the chosen device is not there: the desktop's is used");
        }
        let words = match role {
            DeviceRole::Microphone => "autoaudiosrc",
            DeviceRole::Speaker => "autoaudiosink",
            DeviceRole::Camera => "autovideosrc",
        };
        Ok(gst::ElementFactory::make(words).build()?)
    }

    fn files(self, role: DeviceRole) -> Option<String> {
        match (self, role) {
            (Self::Files { microphone, .. }, DeviceRole::Microphone) => Some(format!(
                "fdsrc fd={microphone} blocksize=960 do-timestamp=true ! {SOUND},layout=interleaved ! identity"
            )),
            (Self::Files { speaker, .. }, DeviceRole::Speaker) => {
                Some(format!("audioconvert ! {SOUND} ! fdsink fd={speaker} sync=true"))
            }
            _ => None,
        }
    }

    fn list(self, monitor: &gst::DeviceMonitor) -> Vec<CallDevice> {
        if self != Self::Desktop {
            let known = SYNTHETIC.iter().map(|(role, id, name, _)| CallDevice {
                role: *role,
                id: (*id).to_owned(),
                name: (*name).to_owned(),
            });
            return known.collect();
        }
        let mut listed: Vec<CallDevice> = Vec::new();
        for device in monitor.devices() {
            let Some(role) = role(&device).filter(|_| !is_monitor(&device)) else { continue };
            let found = CallDevice { role, id: id(&device), name: device.display_name().into() };
            if !listed.iter().any(|known| (known.role, &known.id) == (found.role, &found.id)) {
                listed.push(found);
            }
        }
        listed
    }
}

/// Has a speaker hold back no more than it must: left to themselves, those of a sound server keep a fifth of a second.
fn play_soon(speaker: &gst::Element) {
    let set = |element: &gst::Element| {
        for (name, value) in [("buffer-time", HELD_BACK), ("latency-time", PERIOD)] {
            let property =
                element.find_property(name).filter(|property| property.value_type() == i64::static_type());
            if property.is_some() {
                element.set_property(name, value.useconds() as i64);
            }
        }
        if element.has_property_with_type("processing-deadline", u64::static_type()) {
            element.set_property("processing-deadline", DECODING.nseconds());
        }
    };
    set(speaker);
    if let Some(bin) = speaker.downcast_ref::<gst::Bin>() {
        bin.iterate_recurse().into_iter().flatten().for_each(|element| set(&element));
        // Some choose what they are made of later.
        bin.connect_deep_element_added(move |_, _, element| set(element));
    }
}

/// Tells which devices there are, at once and whenever that changes, from threads of its own until it is dropped.
#[derive(Debug)]
pub struct DeviceWatch(#[expect(dead_code, reason = "it is kept for its end")] Background);

impl DeviceWatch {
    /// Begins.
    pub fn begin(devices: Devices, tell: impl Fn(Vec<CallDevice>) + Send + Sync + 'static) -> Self {
        Self(Background::begin("devices", move || {
            let monitor = monitor(&ROLES);
            let watched = monitor.downgrade();
            let tell = std::sync::Arc::new(tell);
            let told = tell.clone();
            monitor.bus().set_sync_handler(move |_, message| {
                if let (
                    gst::MessageView::DeviceAdded(_) | gst::MessageView::DeviceRemoved(_),
                    Some(monitor),
                ) = (message.view(), watched.upgrade())
                {
                    told(devices.list(&monitor));
                }
                gst::BusSyncReply::Drop
            });
            if devices == Devices::Desktop {
                monitor.start()?;
            }
            tell(devices.list(&monitor));
            Ok(Watching(monitor))
        }))
    }
}

struct Watching(gst::DeviceMonitor);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.stop();
        self.0.bus().unset_sync_handler();
    }
}

const ROLES: [DeviceRole; 3] = [DeviceRole::Microphone, DeviceRole::Speaker, DeviceRole::Camera];

fn monitor(roles: &[DeviceRole]) -> gst::DeviceMonitor {
    let monitor = gst::DeviceMonitor::new();
    for role in roles {
        let (class, caps) = class(*role);
        let caps = gst::Caps::new_empty_simple(caps);
        monitor.add_filter(Some(class), Some(&caps));
    }
    monitor
}

fn class(role: DeviceRole) -> (&'static str, &'static str) {
    match role {
        DeviceRole::Microphone => ("Audio/Source", "audio/x-raw"),
        DeviceRole::Speaker => ("Audio/Sink", "audio/x-raw"),
        DeviceRole::Camera => ("Video/Source", "video/x-raw"),
    }
}

fn role(device: &gst::Device) -> Option<DeviceRole> {
    ROLES.into_iter().find(|role| device.has_classes(class(*role).0))
}

/// What a speaker plays can be recorded: that is no microphone.
fn is_monitor(device: &gst::Device) -> bool {
    let class = device.properties().and_then(|properties| properties.get::<String>("device.class").ok());
    class.as_deref() == Some("monitor")
}

/// The sound server's own name for it where there is one: what people read may stand for two.
fn id(device: &gst::Device) -> String {
    let name = device.properties().and_then(|properties| properties.get::<String>("node.name").ok());
    name.unwrap_or_else(|| device.display_name().into())
}

fn chosen_for(role: DeviceRole, chosen: &CallDevices) -> Option<&str> {
    match role {
        DeviceRole::Microphone => chosen.microphone.as_deref(),
        DeviceRole::Speaker => chosen.speaker.as_deref(),
        DeviceRole::Camera => chosen.camera.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speaker_holds_back_little() {
        gst::init().unwrap();
        // As one that is chosen, and as the bin of one that chooses itself what it is made of.
        let alone = gst::ElementFactory::make("pulsesink").build().unwrap();
        assert!(alone.property::<i64>("buffer-time") > 100_000, "left to itself it holds back much");
        play_soon(&alone);
        let bin = gst::Bin::new();
        play_soon(bin.upcast_ref());
        let inside = gst::ElementFactory::make("pulsesink").build().unwrap();
        bin.add(&inside).unwrap();
        for speaker in [alone, inside] {
            assert_eq!(speaker.property::<i64>("buffer-time"), 40_000);
            assert_eq!(speaker.property::<i64>("latency-time"), 10_000);
            assert_eq!(speaker.property::<u64>("processing-deadline"), 5_000_000);
        }
    }
}

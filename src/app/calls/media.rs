//! With which devices calls are made.

use std::sync::OnceLock;

use gtk::{gio, prelude::*};
use model::CallDevices;
use session::{CallConfig, Devices, Network, PictureSink};

use crate::{portals::camera, settings::key};

/// `STARLING_TEST_CALLS=1`: a tone and a moving picture are sent instead of what microphone and camera hear and see, nothing is
/// played, and only the network within this machine is used. For tests on machines that have none of these. Nothing else
/// leads there: a device that fails ends what needs it.
const VARIABLE: &str = "STARLING_TEST_CALLS";

/// What captures and plays.
pub fn devices() -> Devices {
    static DEVICES: OnceLock<Devices> = OnceLock::new();
    *DEVICES.get_or_init(|| {
        if std::env::var_os(VARIABLE).is_none_or(|value| value != "1") {
            return Devices::Desktop;
        }
        tracing::warn!("calls send a tone and a moving picture, because {VARIABLE} is set");
        Devices::Synthetic
    })
}

/// How calls are made, with their pictures going there.
pub fn config(pictures: PictureSink) -> CallConfig {
    let network = match devices() {
        Devices::Desktop => Network::All,
        Devices::Synthetic | Devices::Files { .. } => Network::Loopback,
    };
    CallConfig { devices: devices(), network, pictures: Some(pictures) }
}

/// The devices that the user chose, and the cameras that the desktop handed over.
pub fn chosen(settings: &gio::Settings) -> CallDevices {
    let read = |name: &str| Some(settings.string(name).to_string()).filter(|id| !id.is_empty());
    CallDevices {
        microphone: read(key::CALL_MICROPHONE),
        speaker: read(key::CALL_SPEAKER),
        camera: read(key::CALL_CAMERA),
        cameras: camera::handed(),
        screen: None,
    }
}

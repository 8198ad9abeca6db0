//! Portals on a desktop, and somebody who answers what they ask: see `portal.py`.

use std::ops::Deref;

use crate::{Desktop, StandIn};

/// Runs until it is dropped.
pub struct Portal(StandIn);

impl Portal {
    /// Programs of this desktop may see a screen and a camera, both in the words of GStreamer.
    ///
    /// # Panics
    /// When PipeWire or Python is missing.
    pub fn start(desktop: &Desktop, screen: &str, camera: &str) -> Self {
        let runtime = desktop.home().join("run/pipewire");
        Self(StandIn::start(desktop, "portal.py", &[runtime.as_os_str(), screen.as_ref(), camera.as_ref()]))
    }

    /// The person will answer the next question with no.
    pub fn declines(&self) {
        self.signal("USR1");
    }

    /// The desktop ends what is shared.
    pub fn ends_sharing(&self) {
        self.signal("USR2");
    }
}

impl Deref for Portal {
    type Target = StandIn;

    fn deref(&self) -> &StandIn {
        &self.0
    }
}

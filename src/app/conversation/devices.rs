//! The banner about devices of the other side that wait for the user's trust.

use adw::subclass::prelude::*;
use gtk::glib;
use model::{Device, Fingerprint, Trust};

use super::ConversationPage;
use crate::{
    encryption::{present_devices, words},
    i18n::{gettext_f, ngettext_f},
    objects::ConversationObject,
};

impl ConversationPage {
    /// Asks about the devices that wait, unless that was put off.
    pub(super) fn read_devices(&self, object: &ConversationObject) {
        if !object.keys_wait() {
            self.imp().devices_banner.ask(None);
            return;
        }
        let Some(reader) = self.bridge().session().reader(object.account()) else { return };
        let (page, object) = (self.clone(), object.clone());
        glib::spawn_future_local(async move {
            let Ok(devices) = reader.devices(object.summary().conversation.address).await else { return };
            if page.key() == Some(object.key()) {
                let waiting = waiting(&devices);
                let put_off = page.imp().put_off.borrow();
                let is_new = waiting.iter().any(|(_, key)| !put_off.contains(key));
                page.imp().devices_banner.ask(is_new.then(|| ask(&object.name(), &waiting)).as_deref());
            }
        });
    }

    pub(super) fn decide_on_devices(&self, review: bool) {
        let Some(object) = self.object() else { return };
        if review {
            present_devices(self, self.bridge(), &object);
            return;
        }
        self.imp().devices_banner.ask(None);
        let Some(reader) = self.bridge().session().reader(object.account()) else { return };
        let page = self.clone();
        glib::spawn_future_local(async move {
            let Ok(devices) = reader.devices(object.summary().conversation.address).await else { return };
            page.imp().put_off.borrow_mut().extend(waiting(&devices).into_iter().map(|(_, key)| key));
        });
    }
}

/// The devices that wait, and the key that is to be decided about.
fn waiting(devices: &[Device]) -> Vec<(&Device, Fingerprint)> {
    devices
        .iter()
        .filter(|device| words::is_in_use(device) && words::is_waiting(device))
        .filter_map(|device| Some((device, device.shown.or(device.fingerprint)?)))
        .collect()
}

fn ask(name: &str, waiting: &[(&Device, Fingerprint)]) -> String {
    if waiting.iter().any(|(device, _)| device.trust == Trust::Changed) {
        return gettext_f(
            "A device of {name} shows another key than before. Nothing is sent until you decide about it.",
            &[("name", name)],
        );
    }
    ngettext_f(
        "{name} has a new device, which cannot read what you write until you decide about it.",
        "{name} has {n} new devices, which cannot read what you write until you decide about them.",
        waiting.len() as u32,
        &[("name", name)],
    )
}

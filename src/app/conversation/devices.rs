//! The banners about encryption: devices of the other side that wait for the user's trust, and a conversation that goes in
//! the clear though it need not.

use adw::subclass::prelude::*;
use gtk::glib;
use model::{AccountCommand, ConversationEncryption, Device, Fingerprint, Trust};

use super::ConversationPage;
use crate::{
    encryption::{present_devices, words},
    i18n::{gettext_f, ngettext_f},
    objects::ConversationObject,
};

impl ConversationPage {
    /// Asks about the devices that wait, or about a conversation that is not encrypted, unless that was put off.
    pub(super) fn read_devices(&self, object: &ConversationObject) {
        let imp = self.imp();
        let encryption = object.summary().conversation.encryption;
        // Whoever has just turned it off is not asked to turn it on.
        let before = imp.encryption.replace(Some(encryption));
        if encryption == ConversationEncryption::Off && before == Some(ConversationEncryption::Omemo) {
            imp.left_clear.borrow_mut().insert(object.key());
        }
        if !object.keys_wait() && !self.goes_in_the_clear(object) {
            imp.devices_banner.ask(None);
            imp.clear_banner.ask(None);
            return;
        }
        let Some(reader) = self.bridge().session().reader(object.account()) else { return };
        let (page, object) = (self.clone(), object.clone());
        glib::spawn_future_local(async move {
            let Ok(devices) = reader.devices(object.summary().conversation.address).await else { return };
            if page.key() == Some(object.key()) {
                page.show_banners(&object, &devices);
            }
        });
    }

    fn show_banners(&self, object: &ConversationObject, devices: &[Device]) {
        let imp = self.imp();
        let waiting = if object.keys_wait() { waiting(devices) } else { Vec::new() };
        let put_off = imp.put_off.borrow();
        let is_new = waiting.iter().any(|(_, key)| !put_off.contains(key));
        imp.devices_banner.ask(is_new.then(|| ask(&object.name(), &waiting)).as_deref());
        let could = self.goes_in_the_clear(object) && devices.iter().any(words::is_in_use);
        imp.clear_banner.ask(could.then(|| ask_to_encrypt(&object.name())).as_deref());
    }

    /// Whether encryption is off, and the user did not say in this window that it is well so.
    fn goes_in_the_clear(&self, object: &ConversationObject) -> bool {
        let conversation = object.summary().conversation;
        conversation.encryption == ConversationEncryption::Off
            && !conversation.stranger
            && !conversation.blocked
            && !self.imp().left_clear.borrow().contains(&object.key())
    }

    pub(super) fn decide_on_encryption(&self, encrypt: bool) {
        let Some(object) = self.object() else { return };
        let key = object.key();
        self.imp().clear_banner.ask(None);
        if encrypt {
            self.bridge().tell(key.account, AccountCommand::SetEncryption(key.conversation, true));
        } else {
            self.imp().left_clear.borrow_mut().insert(key);
        }
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

fn ask_to_encrypt(name: &str) -> String {
    gettext_f(
        "You turned encryption off: the servers can read what is written. {name} can read encrypted messages.",
        &[("name", name)],
    )
}

//! One device: its key in full, what is known of it, and what one can decide about it.
//!
//! What changes is changed in place, so that the keyboard stays where it is.

use std::cell::{OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, AccountId, BareJid, Device, Fingerprint, OmemoVersion, Trust};

use super::{compare, devices::concerns, key_row, words};
use crate::{
    bridge::{Bridge, Listener},
    history::Clock,
    i18n::gettext,
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/device_page.ui")]
    pub struct DevicePage {
        #[template_child]
        pub key_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub naming_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub name_row: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub decisions_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub compare_row: TemplateChild<adw::ButtonRow>,
        #[template_child]
        pub trust_row: TemplateChild<adw::ButtonRow>,
        #[template_child]
        pub keep_row: TemplateChild<adw::ButtonRow>,
        #[template_child]
        pub distrust_row: TemplateChild<adw::ButtonRow>,
        #[template_child]
        pub reset_row: TemplateChild<adw::ButtonRow>,
        #[template_child]
        pub trust_fact: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub key_before_fact: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub last_message_fact: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub first_seen_fact: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub encryption_fact: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub number_fact: TemplateChild<adw::ActionRow>,
        pub about: OnceCell<(Bridge, AccountId, BareJid, u32)>,
        pub listener: RefCell<Option<Listener>>,
        pub key: RefCell<Option<(Fingerprint, adw::PreferencesRow)>>,
        pub device: RefCell<Option<Device>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for DevicePage {
        const NAME: &'static str = "StarlingDevicePage";
        type Type = super::DevicePage;
        type ParentType = adw::NavigationPage;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
            class.install_action("device.compare", None, |page, _, _| page.compare());
            class.install_action("device.trust", None, |page, _, _| page.decide(Trust::Blind));
            class.install_action("device.keep", None, |page, _, _| page.keep());
            class.install_action("device.distrust", None, |page, _, _| page.decide(Trust::Untrusted));
            class.install_action("device.reset", None, |page, _, _| page.reset());
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for DevicePage {}
    impl WidgetImpl for DevicePage {}
    impl NavigationPageImpl for DevicePage {
        fn showing(&self) {
            self.parent_showing();
            self.obj().keep_keyboard();
        }

        fn shown(&self) {
            self.parent_shown();
            self.obj().keep_keyboard();
        }
    }

    #[gtk::template_callbacks]
    impl DevicePage {
        #[template_callback]
        fn rename(&self) {
            let name = self.name_row.text().trim().to_owned();
            self.obj().tell(|_| AccountCommand::NameDevice(Some(name).filter(|name| !name.is_empty())));
        }
    }
}

glib::wrapper! {
    /// The page of a device.
    pub struct DevicePage(ObjectSubclass<imp::DevicePage>)
        @extends adw::NavigationPage, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl DevicePage {
    pub fn new(bridge: &Bridge, account: AccountId, owner: &BareJid, id: u32) -> Self {
        let page: Self = glib::Object::new();
        let imp = page.imp();
        let _ = imp.about.set((bridge.clone(), account, owner.clone(), id));
        let this = page.downgrade();
        let of = owner.clone();
        imp.listener.replace(Some(bridge.listen(move |_, heard| {
            if let Some(this) = this.upgrade().filter(|_| concerns(heard, account, &of)) {
                this.read();
            }
        })));
        page.read();
        page
    }

    fn read(&self) {
        let Some((bridge, account, owner, id)) = self.imp().about.get() else { return };
        let Some(reader) = bridge.session().reader(*account) else { return };
        let (page, owner, id) = (self.clone(), owner.clone(), *id);
        glib::spawn_future_local(async move {
            let Ok(devices) = reader.devices(owner).await else { return };
            if let Some(device) = devices.into_iter().find(|device| device.id == id) {
                page.show_device(device);
            }
        });
    }

    fn show_device(&self, device: Device) {
        let imp = self.imp();
        if imp.device.borrow().as_ref() == Some(&device) {
            return;
        }
        self.set_title(&words::device_name(&device));
        self.show_key(&device);
        imp.naming_group.set_visible(device.is_this);
        let name = device.label.as_deref().unwrap_or_default();
        if imp.name_row.text() != name && !super::has_focus(&*imp.name_row) {
            // Setting the text would offer to apply it.
            imp.name_row.set_show_apply_button(false);
            imp.name_row.set_text(name);
            imp.name_row.set_show_apply_button(true);
        }
        self.show_decisions(&device);
        if self.is_mapped() {
            self.keep_keyboard();
        }
        self.show_facts(&device);
        imp.device.replace(Some(device));
    }

    /// What was pressed may be gone, and a dialog without the keyboard in it does not hear Escape. A question above it has
    /// the keyboard for itself.
    fn keep_keyboard(&self) {
        let window = self.root().and_downcast::<adw::ApplicationWindow>();
        let top = window.and_then(|window| window.visible_dialog());
        let is_on_top = top.is_none_or(|top| self.is_ancestor(&top));
        if is_on_top && !super::has_focus(self) {
            let _ = self.imp().decisions_group.child_focus(gtk::DirectionType::TabForward)
                || self.child_focus(gtk::DirectionType::TabForward);
        }
    }

    fn show_key(&self, device: &Device) {
        let imp = self.imp();
        imp.key_group.set_description(match (device.fingerprint, device.shown) {
            (_, Some(_)) => Some(gettext(
                "This device shows another key than before. It may have been set up anew, or somebody may be in between: compare before you write on.",
            )),
            (Some(_), None) => None,
            (None, None) => Some(gettext("The key is not known yet.")),
        }.as_deref());
        let key = device.shown.or(device.fingerprint);
        if imp.key.borrow().as_ref().map(|(shown, _)| *shown) == key {
            return;
        }
        if let Some((_, row)) = imp.key.take() {
            imp.key_group.remove(&row);
        }
        if let Some(key) = key {
            let row = key_row(key);
            imp.key_group.add(&row);
            imp.key.replace(Some((key, row)));
        }
    }

    fn show_decisions(&self, device: &Device) {
        let imp = self.imp();
        let waits = matches!(device.trust, Trust::Undecided | Trust::Changed | Trust::Untrusted);
        imp.decisions_group.set_visible(!device.is_this && device.fingerprint.is_some());
        imp.compare_row.set_visible(device.trust != Trust::Verified);
        imp.trust_row.set_visible(waits);
        imp.keep_row.set_visible(device.shown.is_some());
        imp.distrust_row.set_visible(device.trust != Trust::Untrusted);
        // With another key than the one that is known no session begins.
        imp.reset_row.set_visible(device.shown.is_none());
    }

    fn show_facts(&self, device: &Device) {
        let imp = self.imp();
        let clock = Clock::of_this_desktop();
        imp.trust_fact.set_subtitle(&words::trust(device));
        let before = device.fingerprint.filter(|_| device.shown.is_some());
        imp.key_before_fact.set_visible(before.is_some());
        imp.key_before_fact.set_subtitle(&before.map(|key| key.to_string()).unwrap_or_default());
        let last = device.last_seen.map_or_else(|| gettext("Never"), |time| clock.date_and_time(time));
        imp.last_message_fact.set_visible(!device.is_this);
        imp.last_message_fact.set_subtitle(&last);
        imp.first_seen_fact.set_subtitle(&clock.date_and_time(device.first_seen));
        let versions: Vec<&str> = device
            .versions
            .iter()
            .map(|version| match version {
                OmemoVersion::Legacy => "OMEMO 0.3",
                OmemoVersion::Two => "OMEMO 2",
            })
            .collect();
        let in_use = if versions.is_empty() { gettext("No longer in use") } else { versions.join(", ") };
        imp.encryption_fact.set_subtitle(&in_use);
        imp.number_fact.set_subtitle(&device.id.to_string());
    }

    /// The key that a decision is about: the one it shows now.
    fn key(&self) -> Option<Fingerprint> {
        self.imp().device.borrow().as_ref().and_then(|device| device.shown.or(device.fingerprint))
    }

    fn compare(&self) {
        let Some((bridge, account, owner, _)) = self.imp().about.get() else { return };
        let (Some(key), Some(reader)) = (self.key(), bridge.session().reader(*account)) else { return };
        let (page, bridge, account, owner) = (self.clone(), bridge.clone(), *account, owner.clone());
        glib::spawn_future_local(async move {
            let Ok(Some(profile)) = reader.account().await else { return };
            let Ok(own) = reader.devices(profile.settings.address).await else { return };
            let own = own.into_iter().find(|device| device.is_this).and_then(|device| device.fingerprint);
            let decide =
                move |trust| bridge.tell(account, AccountCommand::SetTrust(owner.clone(), key, trust));
            let pages =
                page.ancestor(adw::NavigationView::static_type()).and_downcast::<adw::NavigationView>();
            if let Some(pages) = pages {
                pages.push(&compare::page(&page.title(), key, own, decide));
            }
        });
    }

    fn decide(&self, trust: Trust) {
        if let Some(key) = self.key() {
            self.tell(|owner| AccountCommand::SetTrust(owner, key, trust));
        }
    }

    /// The other key is not the device's: the one before is trusted, and the device is written to with that.
    fn keep(&self) {
        let before = self.imp().device.borrow().as_ref().and_then(|device| device.fingerprint);
        if let Some(key) = before {
            self.tell(|owner| AccountCommand::SetTrust(owner, key, Trust::Blind));
        }
    }

    fn reset(&self) {
        let Some((.., id)) = self.imp().about.get() else { return };
        self.tell(|owner| AccountCommand::ResetSession(owner, *id));
        let dialog = adw::AlertDialog::new(
            Some(&gettext("Session Reset")),
            Some(&gettext(
                "What this device writes from now on can be read again. What came before stays unreadable.",
            )),
        );
        dialog.add_response("close", &gettext("_Close"));
        let page = self.clone();
        glib::spawn_future_local(async move {
            dialog.choose_future(Some(&page)).await;
            // The button that asked may be gone by now.
            glib::idle_add_local_once(move || page.keep_keyboard());
        });
    }

    fn tell(&self, command: impl FnOnce(BareJid) -> AccountCommand) {
        if let Some((bridge, account, owner, _)) = self.imp().about.get() {
            bridge.tell(*account, command(owner.clone()));
        }
    }
}

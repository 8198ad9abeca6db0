//! One device: its key in full, what is known of it, and what one can decide about it.

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

    #[derive(Debug, Default)]
    pub struct DevicePage {
        pub about: OnceCell<(Bridge, AccountId, BareJid, u32)>,
        pub listener: RefCell<Option<Listener>>,
        pub page: adw::PreferencesPage,
        pub groups: RefCell<Vec<adw::PreferencesGroup>>,
        pub device: RefCell<Option<Device>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for DevicePage {
        const NAME: &'static str = "StarlingDevicePage";
        type Type = super::DevicePage;
        type ParentType = adw::NavigationPage;

        fn class_init(class: &mut Self::Class) {
            class.install_action("device.compare", None, |page, _, _| page.compare());
            class.install_action("device.trust", None, |page, _, _| page.decide(Trust::Blind));
            class.install_action("device.distrust", None, |page, _, _| page.decide(Trust::Untrusted));
            class.install_action("device.reset", None, |page, _, _| page.reset());
        }
    }

    impl ObjectImpl for DevicePage {
        fn constructed(&self) {
            self.parent_constructed();
            let view = adw::ToolbarView::builder().content(&self.page).build();
            view.add_top_bar(&adw::HeaderBar::new());
            self.obj().set_child(Some(&view));
        }
    }

    impl WidgetImpl for DevicePage {}
    impl NavigationPageImpl for DevicePage {}
}

glib::wrapper! {
    /// The page of a device.
    pub struct DevicePage(ObjectSubclass<imp::DevicePage>)
        @extends adw::NavigationPage, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl DevicePage {
    pub fn new(bridge: &Bridge, account: AccountId, owner: &BareJid, id: u32) -> Self {
        let page: Self = glib::Object::builder().property("title", gettext("Device")).build();
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
        // The keyboard must not be left with a row that goes.
        let had_focus = self.focus_child().is_some();
        if had_focus {
            self.grab_focus();
        }
        for group in imp.groups.take() {
            imp.page.remove(&group);
        }
        let groups = [Some(key(&device)), self.naming(&device), decisions(&device), Some(facts(&device))];
        for group in groups.into_iter().flatten() {
            imp.page.add(&group);
            imp.groups.borrow_mut().push(group);
        }
        if had_focus {
            imp.page.child_focus(gtk::DirectionType::TabForward);
        }
        imp.device.replace(Some(device));
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
        let (Some((bridge, account, owner, _)), Some(key)) = (self.imp().about.get(), self.key()) else {
            return;
        };
        bridge.tell(*account, AccountCommand::SetTrust(owner.clone(), key, trust));
    }

    fn reset(&self) {
        let Some((bridge, account, owner, id)) = self.imp().about.get() else { return };
        bridge.tell(*account, AccountCommand::ResetSession(owner.clone(), *id));
        let dialog = adw::AlertDialog::new(
            Some(&gettext("Session Reset")),
            Some(&gettext(
                "What this device writes from now on can be read again. What came before stays unreadable.",
            )),
        );
        dialog.add_response("close", &gettext("_Close"));
        dialog.present(Some(self));
    }

    /// What the own device is called is the user's choice.
    fn naming(&self, device: &Device) -> Option<adw::PreferencesGroup> {
        if !device.is_this {
            return None;
        }
        let (bridge, account, ..) = self.imp().about.get()?.clone();
        let row = adw::EntryRow::builder().title(gettext("Name of This Device")).build();
        row.set_text(device.label.as_deref().unwrap_or_default());
        row.set_show_apply_button(true);
        row.connect_apply(move |row| {
            let name = row.text().trim().to_owned();
            bridge.tell(account, AccountCommand::NameDevice(Some(name).filter(|name| !name.is_empty())));
        });
        let group = adw::PreferencesGroup::builder()
            .description(gettext("People you write to see this name beside its key."))
            .build();
        group.add(&row);
        Some(group)
    }
}

fn key(device: &Device) -> adw::PreferencesGroup {
    let group = adw::PreferencesGroup::builder().title(gettext("Key")).build();
    match (device.fingerprint, device.shown) {
        (_, Some(shown)) => {
            group.set_description(Some(&gettext(
                "This device shows another key than before. It may have been set up anew, or somebody may be in between: compare before you write on.",
            )));
            group.add(&key_row(shown));
        }
        (Some(key), None) => group.add(&key_row(key)),
        (None, None) => group.set_description(Some(&gettext("The key is not known yet."))),
    }
    group
}

fn facts(device: &Device) -> adw::PreferencesGroup {
    let group = adw::PreferencesGroup::new();
    let clock = Clock::of_this_desktop();
    let fact = |name: &str, value: &str| {
        let row = adw::ActionRow::builder().use_markup(false).title(name).subtitle(value).build();
        row.add_css_class("property");
        group.add(&row);
    };
    fact(&gettext("Trust"), &words::trust(device));
    if let (Some(known), Some(_)) = (device.fingerprint, device.shown) {
        fact(&gettext("Key Before"), &known.to_string());
    }
    if !device.is_this {
        let last = device.last_seen.map_or_else(|| gettext("Never"), |time| clock.date_and_time(time));
        fact(&gettext("Last Message"), &last);
    }
    fact(&gettext("First Seen"), &clock.date_and_time(device.first_seen));
    let versions: Vec<&str> = device
        .versions
        .iter()
        .map(|version| match version {
            OmemoVersion::Legacy => "OMEMO 0.3",
            OmemoVersion::Two => "OMEMO 2",
        })
        .collect();
    let in_use = if versions.is_empty() { gettext("No longer in use") } else { versions.join(", ") };
    fact(&gettext("Encryption"), &in_use);
    fact(&gettext("Number"), &device.id.to_string());
    group
}

fn decisions(device: &Device) -> Option<adw::PreferencesGroup> {
    if device.is_this || device.fingerprint.is_none() {
        return None;
    }
    let group = adw::PreferencesGroup::new();
    let button = |title: String, action: &str, class: Option<&str>| {
        let row = adw::ButtonRow::builder().title(title).build();
        row.set_action_name(Some(action));
        if let Some(class) = class {
            row.add_css_class(class);
        }
        group.add(&row);
    };
    if device.trust != Trust::Verified {
        button(gettext("Compare Keys"), "device.compare", Some("suggested-action"));
    }
    if matches!(device.trust, Trust::Undecided | Trust::Changed | Trust::Untrusted) {
        button(gettext("Trust Without Comparing"), "device.trust", None);
    }
    if device.trust != Trust::Untrusted {
        button(gettext("Do Not Trust"), "device.distrust", Some("destructive-action"));
    }
    button(gettext("Reset Session"), "device.reset", None);
    Some(group)
}

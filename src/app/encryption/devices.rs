//! The devices of somebody: what each is called, how far it is trusted, when it last wrote, and its key.

use std::cell::{OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, AccountId, BareJid, Change, Device, EventKind};
use session::Heard;

use super::{device_page::DevicePage, device_row, has_focus, words};
use crate::{
    bridge::{Bridge, Listener},
    i18n::{gettext, gettext_f},
};

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Devices {
        pub about: OnceCell<(Bridge, AccountId, BareJid)>,
        pub listener: RefCell<Option<Listener>>,
        pub rows: RefCell<Vec<(u32, adw::PreferencesRow)>>,
        pub shown: RefCell<Option<Vec<Device>>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Devices {
        const NAME: &'static str = "StarlingDevices";
        type Type = super::Devices;
        type ParentType = adw::PreferencesGroup;

        fn class_init(class: &mut Self::Class) {
            class.install_action("devices.open", Some(glib::VariantTy::UINT32), |group, _, id| {
                if let Some(id) = id.and_then(glib::Variant::get) {
                    group.open(id);
                }
            });
            class.install_action_async(
                "devices.remove",
                Some(glib::VariantTy::UINT32),
                |group, _, id| async move {
                    if let Some(id) = id.and_then(|id| id.get()) {
                        group.remove_device(id).await;
                    }
                },
            );
        }
    }

    impl ObjectImpl for Devices {}
    impl WidgetImpl for Devices {}
    impl PreferencesGroupImpl for Devices {}
}

glib::wrapper! {
    /// The group of devices. It stands in an `AdwNavigationView`, onto which the page of a device is put.
    pub struct Devices(ObjectSubclass<imp::Devices>)
        @extends adw::PreferencesGroup, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Devices {
    /// The devices of `owner`, as `account` knows them.
    pub fn new(bridge: &Bridge, account: AccountId, owner: &BareJid) -> Self {
        let group: Self = glib::Object::new();
        let imp = group.imp();
        let _ = imp.about.set((bridge.clone(), account, owner.clone()));
        let this = group.downgrade();
        let of = owner.clone();
        imp.listener.replace(Some(bridge.listen(move |_, heard| {
            if let Some(this) = this.upgrade().filter(|_| concerns(heard, account, &of)) {
                this.read();
            }
        })));
        group.read();
        group
    }

    fn read(&self) {
        let Some((bridge, account, owner)) = self.imp().about.get() else { return };
        let Some(reader) = bridge.session().reader(*account) else { return };
        let (group, owner) = (self.clone(), owner.clone());
        glib::spawn_future_local(async move {
            if let Ok(devices) = reader.devices(owner).await {
                group.show_devices(devices);
            }
        });
    }

    fn show_devices(&self, mut devices: Vec<Device>) {
        let imp = self.imp();
        // What vanished without having written anything is of no interest to anybody.
        devices.retain(|device| !device.versions.is_empty() || device.is_this || device.last_seen.is_some());
        // This device, then those that wait for a decision, then the others; those that are gone come last.
        devices.sort_by_key(|device| {
            (!device.is_this, device.versions.is_empty(), !words::is_waiting(device), device.id)
        });
        if imp.shown.borrow().as_ref() == Some(&devices) {
            return;
        }
        let focused = imp.rows.borrow().iter().find(|(_, row)| has_focus(row)).map(|(id, _)| *id);
        self.arrange(&devices);
        let is_own = devices.iter().any(|device| device.is_this);
        for (device, (_, row)) in devices.iter().zip(imp.rows.borrow().iter()) {
            device_row::fill(row, device, is_own && words::is_in_use(device));
        }
        if let Some(focused) = focused {
            let rows = imp.rows.borrow();
            let row = rows.iter().find(|(id, _)| *id == focused).or_else(|| rows.first());
            if let Some((_, row)) = row.filter(|(_, row)| !has_focus(row)) {
                row.grab_focus();
            }
        }
        self.set_description(devices.is_empty().then(|| gettext("No devices are known.")).as_deref());
        imp.shown.replace(Some(devices));
    }

    /// Sees that there is a row for each device, in this order. Rows stay where they can: one that is taken out and put
    /// back forgets that it is being pressed.
    fn arrange(&self, devices: &[Device]) {
        let imp = self.imp();
        if imp.rows.borrow().iter().map(|(id, _)| *id).eq(devices.iter().map(|device| device.id)) {
            return;
        }
        let mut old = imp.rows.take();
        for (_, row) in &old {
            self.remove(row);
        }
        for device in devices {
            let kept = old.iter().position(|(id, _)| *id == device.id).map(|place| old.swap_remove(place).1);
            let row = kept.unwrap_or_else(|| device_row::new(device.id));
            self.add(&row);
            imp.rows.borrow_mut().push((device.id, row));
        }
    }

    fn open(&self, id: u32) {
        let Some((bridge, account, owner)) = self.imp().about.get() else { return };
        let pages = self.ancestor(adw::NavigationView::static_type()).and_downcast::<adw::NavigationView>();
        if let Some(pages) = pages {
            pages.push(&DevicePage::new(bridge, *account, owner, id));
        }
    }

    /// Takes an own device off the list, if the user is sure.
    async fn remove_device(&self, id: u32) {
        let name =
            self.imp().shown.borrow().iter().flatten().find(|device| device.id == id).map(words::device_name);
        let (Some((bridge, account, _)), Some(name)) = (self.imp().about.get(), name) else { return };
        let body = gettext_f(
            "What is written from now on is no longer encrypted for {device}. If it is still signed in, it puts itself back: change your password to keep it out.",
            &[("device", &name)],
        );
        let dialog = adw::AlertDialog::new(Some(&gettext("Remove Device?")), Some(&body));
        dialog.add_responses(&[("cancel", &gettext("_Cancel")), ("remove", &gettext("_Remove"))]);
        dialog.set_response_appearance("remove", adw::ResponseAppearance::Destructive);
        dialog.set_default_response(Some("cancel"));
        dialog.set_close_response("cancel");
        if dialog.choose_future(Some(self)).await == "remove" {
            bridge.tell(*account, AccountCommand::RemoveDevice(id));
        }
    }
}

/// Whether what happened may have changed the devices of `owner`.
pub fn concerns(heard: &Heard, account: AccountId, owner: &BareJid) -> bool {
    match heard {
        Heard::Lagged(_) => true,
        Heard::Event(event) => {
            event.account == account
                && match &event.kind {
                    EventKind::Changed { change: Change::Devices(of), .. } => of == owner,
                    EventKind::Changed { change: Change::Account | Change::Everything, .. } => true,
                    _ => false,
                }
        }
    }
}

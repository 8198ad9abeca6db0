//! The devices of somebody: what each is called, how far it is trusted, when it last wrote, and its key.

use std::cell::{OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountId, BareJid, Change, Device, EventKind, Trust};
use session::Heard;

use super::{device_page::DevicePage, key_label, words};
use crate::{
    bridge::{Bridge, Listener},
    i18n::{gettext, gettext_f},
    time_words,
};

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Devices {
        pub about: OnceCell<(Bridge, AccountId, BareJid)>,
        pub listener: RefCell<Option<Listener>>,
        pub rows: RefCell<Vec<gtk::Widget>>,
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
        // The keyboard stays at the row where it is.
        let focused = imp.rows.borrow().iter().position(gtk::prelude::WidgetExt::has_focus);
        for row in imp.rows.take() {
            self.remove(&row);
        }
        for device in &devices {
            let row = device_row(device);
            self.add(&row);
            imp.rows.borrow_mut().push(row.upcast());
        }
        self.set_description(devices.is_empty().then(|| gettext("No devices are known.")).as_deref());
        if let Some(row) = focused.and_then(|place| imp.rows.borrow().get(place).cloned()) {
            row.grab_focus();
        }
        imp.shown.replace(Some(devices));
    }

    fn open(&self, id: u32) {
        let Some((bridge, account, owner)) = self.imp().about.get() else { return };
        let pages = self.ancestor(adw::NavigationView::static_type()).and_downcast::<adw::NavigationView>();
        if let Some(pages) = pages {
            pages.push(&DevicePage::new(bridge, *account, owner, id));
        }
    }
}

fn device_row(device: &Device) -> adw::PreferencesRow {
    let name = words::device_name(device);
    let state = state(device);
    let content = gtk::Box::builder().spacing(12).css_classes(["device-row"]).build();
    let (icon, class) = icon(device);
    let icon = gtk::Image::builder().icon_name(icon).css_classes([class]).valign(gtk::Align::Start).build();
    icon.set_accessible_role(gtk::AccessibleRole::Presentation);
    content.append(&icon);
    let lines = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(3).hexpand(true).build();
    lines.append(&line(&name, &[]));
    lines.append(&line(&state, &["caption", "dimmed"]));
    if let Some(key) = device.shown.or(device.fingerprint) {
        lines.append(&key_label(key, &["caption"], gtk::Align::Start));
    }
    content.append(&lines);
    let next = gtk::Image::from_icon_name("go-next-symbolic");
    next.set_accessible_role(gtk::AccessibleRole::Presentation);
    content.append(&next);
    let row = adw::PreferencesRow::builder()
        .use_markup(false)
        .title(&name)
        .child(&content)
        .activatable(true)
        .build();
    row.upcast_ref::<gtk::Widget>()
        .update_property(&[gtk::accessible::Property::Label(&format!("{name}, {state}"))]);
    row.set_detailed_action_name(&format!("devices.open(uint32 {})", device.id));
    row
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

/// How far it is trusted, and when it was last seen.
fn state(device: &Device) -> String {
    let mut parts = vec![words::trust(device)];
    if device.versions.is_empty() && !device.is_this {
        parts.push(gettext("no longer in use"));
    } else if let Some(time) = device.last_seen.filter(|_| !device.is_this) {
        parts.push(gettext_f("last wrote {time}", &[("time", &time_words::relative(time))]));
    }
    parts.join(" · ")
}

/// The picture of how far it is trusted, and its colour.
fn icon(device: &Device) -> (&'static str, &'static str) {
    match device.trust {
        _ if device.is_this => ("computer-symbolic", "dimmed"),
        Trust::Verified => ("object-select-symbolic", "success"),
        Trust::Blind => ("starling-lock-symbolic", "dimmed"),
        Trust::Undecided | Trust::Changed => ("dialog-warning-symbolic", "warning"),
        Trust::Untrusted => ("action-unavailable-symbolic", "error"),
    }
}

fn line(text: &str, classes: &[&str]) -> gtk::Label {
    gtk::Label::builder()
        .label(text)
        .xalign(0.0)
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .css_classes(classes.to_vec())
        .build()
}

//! Which microphone, speaker and camera calls use, as rows that follow what is plugged in and out while they are seen.

use std::cell::{Cell, OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{CallDevice, DeviceRole};
use session::DeviceWatch;

use super::devices as media_devices;
use crate::{i18n::gettext, settings::key};

const ROLES: [DeviceRole; 3] = [DeviceRole::Microphone, DeviceRole::Speaker, DeviceRole::Camera];

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct DeviceRows {
        pub settings: OnceCell<gio::Settings>,
        pub rows: [adw::ComboRow; 3],
        /// The devices that each row offers after what the desktop chose, by their ids.
        pub offered: RefCell<[Vec<String>; 3]>,
        pub watch: RefCell<Option<DeviceWatch>>,
        pub filling: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for DeviceRows {
        const NAME: &'static str = "StarlingDeviceRows";
        type Type = super::DeviceRows;
        type ParentType = adw::PreferencesGroup;
    }

    impl ObjectImpl for DeviceRows {
        fn constructed(&self) {
            self.parent_constructed();
            let titles = [gettext("Microphone"), gettext("Speaker"), gettext("Camera")];
            for ((row, title), role) in self.rows.iter().zip(titles).zip(ROLES) {
                row.set_title(&title);
                self.obj().add(row);
                row.connect_selected_notify(glib::clone!(
                    #[weak(rename_to = group)]
                    self.obj(),
                    move |_| group.chosen(role)
                ));
            }
        }
    }

    impl WidgetImpl for DeviceRows {
        fn map(&self) {
            self.parent_map();
            self.obj().watch();
        }

        fn unmap(&self) {
            self.parent_unmap();
            self.watch.take();
        }
    }

    impl PreferencesGroupImpl for DeviceRows {}
}

glib::wrapper! {
    /// See the top of the file.
    pub struct DeviceRows(ObjectSubclass<imp::DeviceRows>)
        @extends adw::PreferencesGroup, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl DeviceRows {
    pub fn new(settings: &gio::Settings) -> Self {
        let group: Self = glib::Object::new();
        let _ = group.imp().settings.set(settings.clone());
        group.fill(&[]);
        group
    }

    fn watch(&self) {
        let (told, heard) = async_channel::unbounded();
        let watch = DeviceWatch::begin(media_devices(), move |devices| {
            // Closed: nobody looks any more.
            let _ = told.try_send(devices);
        });
        self.imp().watch.replace(Some(watch));
        let group = self.downgrade();
        glib::spawn_future_local(async move {
            while let Ok(devices) = heard.recv().await {
                let Some(group) = group.upgrade() else { break };
                group.fill(&devices);
            }
        });
    }

    fn settings(&self) -> &gio::Settings {
        self.imp().settings.get().expect("rows are made with their settings")
    }

    fn fill(&self, devices: &[CallDevice]) {
        let imp = self.imp();
        imp.filling.set(true);
        for (place, role) in ROLES.into_iter().enumerate() {
            let its: Vec<&CallDevice> = devices.iter().filter(|device| device.role == role).collect();
            let chosen = self.settings().string(name_of(role));
            let mut ids: Vec<String> = its.iter().map(|device| device.id.clone()).collect();
            let mut names = vec![gettext("Chosen by the System")];
            names.extend(its.iter().map(|device| device.name.clone()));
            if !chosen.is_empty() && !ids.iter().any(|id| *id == chosen) {
                ids.push(chosen.to_string());
                names.push(gettext("Not Connected"));
            }
            let selected = ids.iter().position(|id| *id == chosen).map_or(0, |place| place + 1);
            let Some(row) = imp.rows.get(place) else { continue };
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            row.set_model(Some(&gtk::StringList::new(&names)));
            row.set_selected(u32::try_from(selected).unwrap_or(0));
            if let Some(offered) = imp.offered.borrow_mut().get_mut(place) {
                *offered = ids;
            }
        }
        imp.filling.set(false);
    }

    fn chosen(&self, role: DeviceRole) {
        let imp = self.imp();
        let Some(place) = ROLES.iter().position(|its| *its == role).filter(|_| !imp.filling.get()) else {
            return;
        };
        let selected = imp.rows.get(place).map_or(0, adw::ComboRow::selected) as usize;
        let offered = imp.offered.borrow();
        let id = selected.checked_sub(1).and_then(|selected| offered.get(place)?.get(selected).cloned());
        drop(offered);
        if let Err(error) = self.settings().set_string(name_of(role), &id.unwrap_or_default()) {
            tracing::warn!(%error, "the choice of a device is not kept");
        }
    }
}

fn name_of(role: DeviceRole) -> &'static str {
    match role {
        DeviceRole::Microphone => key::CALL_MICROPHONE,
        DeviceRole::Speaker => key::CALL_SPEAKER,
        DeviceRole::Camera => key::CALL_CAMERA,
    }
}

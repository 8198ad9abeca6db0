//! The page about calls: which devices they use and how those do, and what others may learn.

use std::cell::{Cell, OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{AccountCommand, CallSettings};
use session::{Meter, Preview};

use super::account_choice::AccountChoice;
use crate::{
    bridge::Bridge,
    calls::{self, DeviceRows},
    i18n::gettext,
    objects::AccountObject,
    portals::camera,
    settings::key,
};

/// What is quieter than this, in decibels, moves no meter.
const QUIETEST: f64 = -60.0;

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct CallsPage {
        pub bridge: OnceCell<Bridge>,
        pub settings: OnceCell<gio::Settings>,
        pub level: gtk::LevelBar,
        pub preview_row: adw::ActionRow,
        pub preview_button: gtk::ToggleButton,
        pub picture: gtk::Picture,
        pub choice: AccountChoice,
        pub of_account: adw::PreferencesGroup,
        pub relay_only: adw::SwitchRow,
        pub low_bandwidth: adw::SwitchRow,
        pub meter: RefCell<Option<Meter>>,
        pub preview: RefCell<Option<Preview>>,
        pub handlers: RefCell<Vec<glib::SignalHandlerId>>,
        /// The switch is being put where it stands by us.
        pub filling: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for CallsPage {
        const NAME: &'static str = "StarlingCallsPage";
        type Type = super::CallsPage;
        type ParentType = adw::PreferencesPage;
    }

    impl ObjectImpl for CallsPage {}

    impl WidgetImpl for CallsPage {
        fn map(&self) {
            self.parent_map();
            self.obj().listen();
        }

        /// A microphone and a camera are open as long as they are looked at, and no longer.
        fn unmap(&self) {
            self.parent_unmap();
            self.meter.take();
            self.preview_button.set_active(false);
            if let Some(settings) = self.settings.get() {
                for handler in self.handlers.take() {
                    settings.disconnect(handler);
                }
            }
        }
    }

    impl PreferencesPageImpl for CallsPage {}
}

glib::wrapper! {
    /// The page.
    pub struct CallsPage(ObjectSubclass<imp::CallsPage>)
        @extends adw::PreferencesPage, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl CallsPage {
    pub fn new(bridge: &Bridge, settings: &gio::Settings) -> Self {
        let page: Self = glib::Object::builder()
            .property("name", "calls")
            .property("title", gettext("Calls"))
            .property("icon-name", "call-start-symbolic")
            .build();
        let imp = page.imp();
        let _ = imp.bridge.set(bridge.clone());
        let _ = imp.settings.set(settings.clone());
        page.add(&DeviceRows::new(settings));
        page.add(&page.trying());
        page.add(imp.choice.group());
        page.add(&imp.of_account);
        imp.relay_only.set_title(&gettext("Hide My Network Address"));
        imp.relay_only.set_subtitle(&gettext(
            "Calls go through a relay of your server, so that nobody you talk to learns where you are. They need one.",
        ));
        imp.low_bandwidth.set_title(&gettext("Save Data"));
        imp.low_bandwidth.set_subtitle(&gettext(
            "Calls take as little of the network as they can: voices are understood, pictures are coarse.",
        ));
        for switch in [&imp.relay_only, &imp.low_bandwidth] {
            switch.connect_active_notify(glib::clone!(
                #[weak]
                page,
                move |_| page.tell_settings()
            ));
            imp.of_account.add(switch);
        }
        let turned = glib::clone!(
            #[weak]
            page,
            move || page.read_settings()
        );
        imp.choice.follow(bridge, &[&imp.of_account], turned);
        page.read_settings();
        page
    }

    /// What the microphone hears, and what the camera sees.
    fn trying(&self) -> adw::PreferencesGroup {
        let imp = self.imp();
        let group = adw::PreferencesGroup::new();
        imp.level.set_hexpand(true);
        imp.level.set_valign(gtk::Align::Center);
        imp.level.set_size_request(120, -1);
        let name = gettext("Microphone Level");
        imp.level.update_property(&[gtk::accessible::Property::Label(&name)]);
        let row = adw::ActionRow::builder().title(&name).build();
        row.add_suffix(&imp.level);
        group.add(&row);

        imp.preview_row.set_title(&gettext("Camera Preview"));
        imp.preview_button.set_icon_name("camera-video-symbolic");
        imp.preview_button.set_tooltip_text(Some(&gettext("Camera Preview")));
        imp.preview_button.set_valign(gtk::Align::Center);
        imp.preview_button.add_css_class("flat");
        imp.preview_button.connect_toggled(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| page.look()
        ));
        imp.preview_row.add_suffix(&imp.preview_button);
        group.add(&imp.preview_row);
        imp.picture.set_visible(false);
        imp.picture.set_height_request(180);
        imp.picture.set_margin_top(12);
        imp.picture.set_alternative_text(Some(&gettext("Your own picture")));
        group.add(&imp.picture);
        group
    }

    fn settings(&self) -> &gio::Settings {
        self.imp().settings.get().expect("a page is made with its settings")
    }

    /// Follows the microphone, whichever it is.
    fn listen(&self) {
        self.hear_microphone();
        let handlers = [
            self.settings().connect_changed(
                Some(key::CALL_MICROPHONE),
                glib::clone!(
                    #[weak(rename_to = page)]
                    self,
                    move |_, _| page.hear_microphone()
                ),
            ),
            self.settings().connect_changed(
                Some(key::CALL_CAMERA),
                glib::clone!(
                    #[weak(rename_to = page)]
                    self,
                    move |_, _| page.look()
                ),
            ),
        ];
        self.imp().handlers.replace(handlers.into());
    }

    fn hear_microphone(&self) {
        let imp = self.imp();
        // The earlier one first: a device may be had only once.
        imp.meter.take();
        let (tell, told) = async_channel::bounded(1);
        let meter = Meter::begin(calls::devices(), calls::chosen(self.settings()), move |level| {
            // Full: the bar is busy, and the next level comes soon.
            let _ = tell.try_send(level);
        });
        imp.meter.replace(Some(meter));
        let page = self.downgrade();
        glib::spawn_future_local(async move {
            while let Ok(level) = told.recv().await {
                let Some(page) = page.upgrade() else { break };
                page.imp().level.set_value((1.0 - level / QUIETEST).clamp(0.0, 1.0));
            }
        });
    }

    /// Shows what the camera sees, if that is wanted.
    fn look(&self) {
        let imp = self.imp();
        imp.preview.take();
        imp.picture.set_paintable(gtk::gdk::Paintable::NONE);
        imp.picture.set_visible(imp.preview_button.is_active());
        if !imp.preview_button.is_active() {
            return;
        }
        let page = self.downgrade();
        glib::spawn_future_local(async move {
            let may_look = camera::ask().await;
            let Some(page) = page.upgrade() else { return };
            let button = &page.imp().preview_button;
            if may_look && button.is_active() {
                page.begin_looking();
            } else {
                button.set_active(false);
            }
        });
    }

    fn begin_looking(&self) {
        let (show, shown) = async_channel::bounded(1);
        let preview = Preview::begin(calls::devices(), calls::chosen(self.settings()), move |picture| {
            let _ = show.try_send(picture);
        });
        self.imp().preview.replace(Some(preview));
        let page = self.downgrade();
        glib::spawn_future_local(async move {
            while let Ok(picture) = shown.recv().await {
                let Some(page) = page.upgrade() else { break };
                page.imp().picture.set_paintable(calls::texture(picture).as_ref());
            }
        });
    }

    fn account(&self) -> Option<AccountObject> {
        self.imp().choice.account()
    }

    /// Puts the switches where the account has them. Until then they say nothing, and so cannot be turned.
    fn read_settings(&self) {
        let (Some(bridge), Some(account)) = (self.imp().bridge.get(), self.account()) else { return };
        let Some(reader) = bridge.session().reader(account.id()) else { return };
        self.imp().of_account.set_sensitive(false);
        let page = self.clone();
        glib::spawn_future_local(async move {
            let Ok(settings) = reader.call_settings().await else { return };
            let imp = page.imp();
            if page.account().as_ref() == Some(&account) {
                imp.filling.set(true);
                imp.relay_only.set_active(settings.relay_only);
                imp.low_bandwidth.set_active(settings.low_bandwidth);
                imp.filling.set(false);
                imp.of_account.set_sensitive(true);
            }
        });
    }

    fn tell_settings(&self) {
        let imp = self.imp();
        if imp.filling.get() {
            return;
        }
        let (Some(bridge), Some(account)) = (imp.bridge.get(), self.account()) else { return };
        let settings = CallSettings {
            relay_only: imp.relay_only.is_active(),
            low_bandwidth: imp.low_bandwidth.is_active(),
        };
        bridge.tell(account.id(), AccountCommand::SetCallSettings(settings));
    }
}

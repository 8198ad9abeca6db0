//! The window of a call, from its first ring to what became of it.
//!
//! What it says and offers follows from the call as it was told of last; what the person wants is told to the account, and shown
//! when that says so. Closing it leaves the call, unless it is over.

use std::{
    cell::{Cell, OnceCell, RefCell},
    time::Duration,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, glib};
use model::{Call, CallCommand, CallSecurity, CallStatistics, Direction, MediaKind};
use session::View;
use view::{CallKey, ConversationKey, Farewell, Quality, QualityMeter, Stage};

use super::{CallDesk, Person, call_stage::CallStage, devices, words};
use crate::{
    i18n::{gettext, gettext_f},
    portals::screen_cast,
    time_words,
};

/// How long a call that ended as calls do is looked at.
const SOON: Duration = Duration::from_secs(2);

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/call_window.ui")]
    pub struct CallWindow {
        #[template_child]
        pub title_widget: TemplateChild<adw::WindowTitle>,
        #[template_child]
        pub security_button: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub security_words: TemplateChild<gtk::Label>,
        #[template_child]
        pub quality_button: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub statistics: TemplateChild<gtk::Label>,
        #[template_child]
        pub stage: TemplateChild<CallStage>,
        #[template_child]
        pub answering: TemplateChild<adw::WrapBox>,
        #[template_child]
        pub accept_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub accept_without_camera_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub talking: TemplateChild<gtk::Box>,
        #[template_child]
        pub mute_button: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub camera_button: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub screen_button: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub hang_up_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub over: TemplateChild<gtk::Widget>,
        #[template_child]
        pub close_button: TemplateChild<gtk::Button>,
        pub desk: glib::WeakRef<CallDesk>,
        pub key: OnceCell<CallKey>,
        pub person: OnceCell<Person>,
        pub call: RefCell<Option<Call>>,
        pub quality: RefCell<QualityMeter>,
        pub clock: RefCell<Option<glib::SourceId>>,
        /// The buttons are being put where the call says.
        pub filling: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for CallWindow {
        const NAME: &'static str = "StarlingCallWindow";
        type Type = super::CallWindow;
        type ParentType = adw::Window;

        fn class_init(class: &mut Self::Class) {
            CallStage::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
            class.install_action("call.accept", None, |window, _, _| {
                let video = window.call().is_some_and(|call| call.video);
                window.tell(CallCommand::Answer { video });
            });
            class.install_action("call.accept-without-camera", None, |window, _, _| {
                window.tell(CallCommand::Answer { video: false });
            });
            class.install_action("call.hang-up", None, |window, _, _| window.tell(CallCommand::HangUp));
            class.install_action("call.again", None, |window, _, _| window.call_again());
            class.install_action("call.devices", None, |window, _, _| {
                if let Some(desk) = window.imp().desk.upgrade() {
                    devices::present(window, desk.settings());
                }
            });
            class.add_binding_action(gdk::Key::Escape, gdk::ModifierType::empty(), "window.close");
            class.add_binding_action(gdk::Key::w, gdk::ModifierType::CONTROL_MASK, "window.close");
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for CallWindow {}
    impl WidgetImpl for CallWindow {}

    impl WindowImpl for CallWindow {
        fn close_request(&self) -> glib::Propagation {
            if let Some(clock) = self.clock.take() {
                clock.remove();
            }
            if let (Some(desk), Some(key)) = (self.desk.upgrade(), self.key.get()) {
                desk.window_closed(*key);
            }
            self.parent_close_request()
        }
    }

    impl AdwWindowImpl for CallWindow {}

    #[gtk::template_callbacks]
    impl CallWindow {
        #[template_callback]
        fn mute_toggled(&self) {
            if !self.filling.get() {
                self.obj().tell(CallCommand::Send(MediaKind::Audio, !self.mute_button.is_active()));
            }
        }

        #[template_callback]
        fn camera_toggled(&self) {
            if !self.filling.get() {
                self.obj().tell(CallCommand::Send(MediaKind::Video, self.camera_button.is_active()));
            }
        }

        #[template_callback]
        fn screen_toggled(&self) {
            let (Some(desk), Some(key)) = (self.desk.upgrade(), self.key.get()) else { return };
            if self.filling.get() {
                return;
            }
            if self.screen_button.is_active() {
                desk.share_screen(*key);
            } else {
                desk.stop_sharing(*key);
            }
            // It is pressed while the screen is shown, and that is for the person to choose first.
            self.obj().fill_buttons();
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct CallWindow(ObjectSubclass<imp::CallWindow>)
        @extends adw::Window, gtk::Window, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root,
                    gtk::ShortcutManager;
}

impl CallWindow {
    pub fn new(desk: &CallDesk, key: CallKey, person: &Person) -> Self {
        let window: Self = glib::Object::new();
        let imp = window.imp();
        imp.desk.set(Some(desk));
        let _ = imp.key.set(key);
        let _ = imp.person.set(person.clone());
        imp.stage.set_person(person);
        window.set_title(Some(&gettext_f("Call with {name}", &[("name", &person.name)])));
        imp.title_widget.set_title(&person.name);
        if let Some(app) = desk.imp().app.upgrade() {
            window.set_application(Some(&app));
        }
        window.show_quality(Quality::Unknown);
        let weak = window.downgrade();
        let clock = glib::timeout_add_local(Duration::from_secs(1), move || {
            let Some(window) = weak.upgrade() else { return glib::ControlFlow::Break };
            window.say_state();
            glib::ControlFlow::Continue
        });
        imp.clock.replace(Some(clock));
        let button = imp.screen_button.downgrade();
        glib::spawn_future_local(async move {
            let is_there = screen_cast::is_there().await;
            if let Some(button) = button.upgrade() {
                button.set_visible(is_there);
            }
        });
        window
    }

    /// The call is as it is now.
    pub fn show_call(&self, call: &Call) {
        let imp = self.imp();
        if imp.call.borrow().is_none() && call.video {
            self.set_default_size(860, 620);
        }
        let before = imp.call.replace(Some(call.clone())).map(|call| Stage::of(&call));
        let stage = Stage::of(call);
        let is_over = matches!(stage, Stage::Over(_));
        imp.answering.set_visible(stage == Stage::Incoming);
        imp.accept_without_camera_button.set_visible(call.video);
        imp.talking.set_visible(stage.is_in());
        imp.over.set_visible(is_over);
        self.fill_buttons();
        let talks = stage.talked(time_words::now()).is_some();
        // Before they talk there is nothing a camera could be added to.
        imp.camera_button.set_sensitive(call.camera || talks);
        imp.screen_button.set_sensitive(call.screen || talks);
        imp.quality_button.set_visible(talks);
        imp.stage.set_shows((call.camera || call.screen) && stage.is_in(), talks && sends_video(call));
        imp.stage.set_mirrors(!call.screen);
        self.show_security(call, talks);
        self.say_state();
        if before != Some(stage) {
            self.enter(stage, call.direction);
        }
    }

    /// Something was counted.
    pub fn take_statistics(&self, statistics: &CallStatistics) {
        let imp = self.imp();
        let (quality, rates) = imp.quality.borrow_mut().take(statistics);
        self.show_quality(quality);
        imp.statistics.set_label(&words::statistics(&rates, imp.stage.shown()));
    }

    pub fn show_picture(&self, view: View, picture: &gdk::Texture) {
        let imp = self.imp();
        imp.stage.show_picture(view, picture);
        imp.title_widget.set_visible(imp.stage.shows_picture());
    }

    /// Puts the buttons where the call says.
    pub(super) fn fill_buttons(&self) {
        let imp = self.imp();
        let Some(call) = self.call() else { return };
        imp.filling.set(true);
        imp.mute_button.set_active(!call.microphone);
        imp.camera_button.set_active(call.camera);
        imp.screen_button.set_active(call.screen);
        imp.filling.set(false);
    }

    fn call(&self) -> Option<Call> {
        self.imp().call.borrow().clone()
    }

    fn tell(&self, command: CallCommand) {
        if let (Some(desk), Some(key)) = (self.imp().desk.upgrade(), self.imp().key.get()) {
            desk.tell(*key, command);
        }
    }

    fn call_again(&self) {
        if let (Some(desk), Some(key), Some(call)) =
            (self.imp().desk.upgrade(), self.imp().key.get(), self.call())
        {
            let conversation = ConversationKey { account: key.account, conversation: call.conversation };
            desk.start(conversation, call.video);
        }
        self.close();
    }

    /// It came to another stage: the keyboard goes where the next thing is done, and who cannot see hears of it.
    fn enter(&self, stage: Stage, direction: Direction) {
        let imp = self.imp();
        let button: &gtk::Widget = match stage {
            Stage::Incoming => imp.accept_button.upcast_ref(),
            Stage::Over(_) => imp.close_button.upcast_ref(),
            _ => imp.mute_button.upcast_ref(),
        };
        // The keyboard stays where the person has put it.
        if GtkWindowExt::focus(self).is_none_or(|focus| !focus.is_mapped()) {
            button.grab_focus();
        }
        let words = imp.stage.imp().state_label.label();
        self.announce(&words, gtk::AccessibleAnnouncementPriority::Medium);
        let Stage::Over(outcome) = stage else { return };
        if let Some(clock) = imp.clock.take() {
            clock.remove();
        }
        match Farewell::of(direction, outcome) {
            Farewell::AtOnce => self.close(),
            Farewell::Soon => {
                let window = self.downgrade();
                glib::timeout_add_local_once(SOON, move || {
                    if let Some(window) = window.upgrade() {
                        window.close();
                    }
                });
            }
            Farewell::Stays => {}
        }
    }

    fn say_state(&self) {
        let imp = self.imp();
        let (Some(call), Some(person)) = (self.call(), imp.person.get()) else { return };
        let stage = Stage::of(&call);
        let how_far = words::stage(stage, call.video, &person.name, time_words::now());
        let them = call.participants.first();
        let hint = if stage == Stage::Incoming && person.is_stranger {
            Some(gettext_f(
                "{address} is not one of your contacts. They learn nothing of you before you accept.",
                &[("address", person.address.as_str())],
            ))
        } else if call.on_hold || them.is_some_and(|them| them.on_hold) {
            Some(gettext("On hold"))
        } else if them.is_some_and(|them| them.muted) && stage.talked(time_words::now()).is_some() {
            Some(gettext_f("The microphone of {name} is off", &[("name", &person.name)]))
        } else {
            None
        };
        imp.stage.say(&how_far, hint.as_deref());
        // Who it is stands beside their picture, or in its place.
        imp.title_widget.set_subtitle(&how_far);
        imp.title_widget.set_visible(imp.stage.shows_picture());
    }

    fn show_security(&self, call: &Call, talks: bool) {
        let imp = self.imp();
        let (Some(them), Some(person)) = (call.participants.first(), imp.person.get()) else { return };
        let (word, sentence) = words::security(them.security, &person.name);
        imp.security_button.set_visible(talks);
        imp.security_button.set_icon_name(match them.security {
            CallSecurity::Verified => "security-high-symbolic",
            CallSecurity::Device => "starling-lock-symbolic",
            CallSecurity::Servers => "security-medium-symbolic",
        });
        name_button(&imp.security_button, &word);
        imp.security_words.set_label(&sentence);
    }

    fn show_quality(&self, quality: Quality) {
        let button = &self.imp().quality_button;
        button.set_icon_name(match quality {
            Quality::Unknown => "network-cellular-signal-none-symbolic",
            Quality::Good => "network-cellular-signal-excellent-symbolic",
            Quality::Fair => "network-cellular-signal-ok-symbolic",
            Quality::Poor => "network-cellular-signal-weak-symbolic",
        });
        name_button(button, &words::quality(quality));
    }
}

fn sends_video(call: &Call) -> bool {
    call.participants.first().is_some_and(|them| them.video && !them.on_hold)
}

/// The button within does not take its name from the tooltip again when that changes.
fn name_button(button: &gtk::MenuButton, name: &str) {
    button.set_tooltip_text(Some(name));
    button.update_property(&[gtk::accessible::Property::Label(name)]);
}

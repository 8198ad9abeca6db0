//! A call whose window is closed, in the main window: it goes on while one reads.

use std::{cell::RefCell, time::Duration};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::CallCommand;
use view::{CallKey, Stage};

use super::{CallDesk, words};
use crate::{i18n::gettext_f, time_words};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/card.ui")]
    pub struct CallCard {
        #[template_child]
        pub card: TemplateChild<gtk::Box>,
        #[template_child]
        pub avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub name_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub state_label: TemplateChild<gtk::Label>,
        pub desk: RefCell<Option<(CallDesk, glib::SignalHandlerId)>>,
        pub key: RefCell<Option<CallKey>>,
        pub clock: RefCell<Option<glib::SourceId>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for CallCard {
        const NAME: &'static str = "StarlingCallCard";
        type Type = super::CallCard;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for CallCard {
        fn dispose(&self) {
            if let Some((desk, handler)) = self.desk.take() {
                desk.disconnect(handler);
            }
            self.obj().stop_clock();
        }
    }

    impl WidgetImpl for CallCard {}
    impl BinImpl for CallCard {}

    #[gtk::template_callbacks]
    impl CallCard {
        #[template_callback]
        fn return_to_call(&self) {
            self.obj().with(CallDesk::open);
        }

        #[template_callback]
        fn hang_up(&self) {
            self.obj().with(|desk, key| desk.tell(key, CallCommand::HangUp));
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct CallCard(ObjectSubclass<imp::CallCard>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl CallCard {
    /// Follows the calls there are.
    pub fn follow(&self, desk: &CallDesk) {
        let card = self.downgrade();
        let handler = desk.connect_changed(move |_| {
            if let Some(card) = card.upgrade() {
                card.update();
            }
        });
        if let Some((earlier, handler)) = self.imp().desk.replace(Some((desk.clone(), handler))) {
            earlier.disconnect(handler);
        }
        self.update();
    }

    fn with(&self, act: impl FnOnce(&CallDesk, CallKey)) {
        let desk = self.imp().desk.borrow().as_ref().map(|(desk, _)| desk.clone());
        let key = *self.imp().key.borrow();
        if let (Some(desk), Some(key)) = (desk, key) {
            act(&desk, key);
        }
    }

    fn update(&self) {
        let imp = self.imp();
        let shown = imp.desk.borrow().as_ref().and_then(|(desk, _)| desk.without_window());
        self.set_visible(shown.is_some());
        imp.key.replace(shown.as_ref().map(|(key, ..)| *key));
        let Some((_, call, person)) = shown else {
            self.stop_clock();
            return;
        };
        let stage = Stage::of(&call);
        imp.avatar.set_text(Some(&person.name));
        imp.avatar.set_custom_image(person.picture.as_ref());
        imp.name_label.set_label(&person.name);
        imp.state_label.set_label(&words::stage(stage, call.video, &person.name, time_words::now()));
        let name = gettext_f("Call with {name}", &[("name", &person.name)]);
        imp.card.update_property(&[gtk::accessible::Property::Label(&name)]);
        if imp.clock.borrow().is_none() {
            let card = self.downgrade();
            let clock = glib::timeout_add_local(Duration::from_secs(1), move || {
                let Some(card) = card.upgrade() else { return glib::ControlFlow::Break };
                card.update();
                glib::ControlFlow::Continue
            });
            imp.clock.replace(Some(clock));
        }
    }

    fn stop_clock(&self) {
        if let Some(clock) = self.imp().clock.take() {
            clock.remove();
        }
    }
}

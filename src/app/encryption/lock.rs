//! The lock in the composer: whether the next message is encrypted, and what one can do about it.

use std::cell::{Cell, OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, Change, ConversationEncryption, ConversationKind, EventKind};
use session::Heard;

use super::{dialog, words};
use crate::{
    bridge::{Bridge, Listener},
    i18n::{gettext, gettext_f},
    objects::ConversationObject,
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/lock.ui")]
    pub struct Lock {
        #[template_child]
        pub button: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub popover: TemplateChild<gtk::Popover>,
        #[template_child]
        pub icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub title: TemplateChild<gtk::Label>,
        #[template_child]
        pub words: TemplateChild<gtk::Label>,
        #[template_child]
        pub devices_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub turn_on_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub turn_off_button: TemplateChild<gtk::Button>,
        pub bridge: OnceCell<Bridge>,
        pub listener: RefCell<Option<Listener>>,
        pub object: RefCell<Option<(ConversationObject, glib::SignalHandlerId)>>,
        /// What the button says, in which each new message changes nothing.
        pub shown: Cell<Option<(ConversationKind, ConversationEncryption)>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Lock {
        const NAME: &'static str = "StarlingLock";
        type Type = super::Lock;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Lock {}
    impl WidgetImpl for Lock {}
    impl BoxImpl for Lock {}

    #[gtk::template_callbacks]
    impl Lock {
        #[template_callback]
        fn visible_changed(&self) {
            if self.popover.is_visible() {
                self.obj().explain();
            }
        }

        #[template_callback]
        fn show_devices(&self) {
            self.button.popdown();
            if let (Some(object), Some(bridge)) = (self.obj().object(), self.bridge.get()) {
                dialog::present(&*self.obj(), bridge, &object);
            }
        }

        #[template_callback]
        fn turn_on(&self) {
            self.button.popdown();
            self.obj().set_encryption(true);
        }

        #[template_callback]
        fn turn_off(&self) {
            self.button.popdown();
            let lock = self.obj().clone();
            glib::spawn_future_local(async move {
                let Some(object) = lock.object() else { return };
                // The answer belongs to the conversation that was asked about.
                if lock.is_sure(&object).await && lock.object().as_ref() == Some(&object) {
                    lock.set_encryption(false);
                }
            });
        }
    }
}

glib::wrapper! {
    /// The lock button, with its menu.
    pub struct Lock(ObjectSubclass<imp::Lock>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Lock {
    pub fn set_bridge(&self, bridge: &Bridge) {
        let _ = self.imp().bridge.set(bridge.clone());
        let lock = self.downgrade();
        self.imp().listener.replace(Some(bridge.listen(move |_, heard| {
            if let Some(lock) = lock.upgrade() {
                lock.hear(heard);
            }
        })));
    }

    /// Turns to another conversation, and follows it.
    pub fn turn_to(&self, object: Option<&ConversationObject>) {
        let imp = self.imp();
        if let Some((old, handler)) = imp.object.take() {
            old.disconnect(handler);
        }
        imp.button.popdown();
        let Some(object) = object else { return };
        let handler = object.connect_revision_notify(glib::clone!(
            #[weak(rename_to = lock)]
            self,
            move |object| lock.show_object(object)
        ));
        imp.object.replace(Some((object.clone(), handler)));
        self.show_object(object);
        self.explain();
    }

    fn object(&self) -> Option<ConversationObject> {
        self.imp().object.borrow().as_ref().map(|(object, _)| object.clone())
    }

    fn hear(&self, heard: &Heard) {
        let Some(object) = self.object() else { return };
        let concerns = match heard {
            Heard::Lagged(_) => true,
            Heard::Event(event) => {
                event.account == object.account()
                    && matches!(
                        event.kind,
                        EventKind::Changed {
                            change: Change::Devices(_) | Change::Account | Change::Everything,
                            ..
                        }
                    )
            }
        };
        if concerns {
            self.explain();
        }
    }

    fn show_object(&self, object: &ConversationObject) {
        let imp = self.imp();
        let conversation = object.summary().conversation;
        let shown = (conversation.kind, conversation.encryption);
        if imp.shown.replace(Some(shown)) != Some(shown) {
            self.show(conversation.kind, conversation.encryption);
            self.explain();
        }
    }

    fn show(&self, kind: ConversationKind, encryption: ConversationEncryption) {
        let imp = self.imp();
        // Rooms are not encrypted yet, so nothing is offered there.
        self.set_visible(kind == ConversationKind::Direct);
        let encrypted = encryption == ConversationEncryption::Omemo;
        let icon = icon_name(encrypted);
        imp.button.set_icon_name(icon);
        imp.icon.set_icon_name(Some(icon));
        let state = if encrypted { gettext("Encrypted") } else { gettext("Not encrypted") };
        imp.button.set_tooltip_text(Some(&state));
        // What has the focus is the button within, which GTK describes by the name of the one around it.
        if let Some(button) = imp.button.first_child() {
            button.reset_relation(gtk::AccessibleRelation::DescribedBy);
            button.update_property(&[gtk::accessible::Property::Description(&state)]);
        }
        imp.turn_on_button.set_visible(!encrypted);
        imp.turn_off_button.set_visible(encrypted);
    }

    /// Puts the menu into words, read anew because devices come and go. It has them before it opens: GTK closes a menu that
    /// becomes larger just when it was opened.
    fn explain(&self) {
        let imp = self.imp();
        let (Some(object), Some(bridge)) = (self.object(), imp.bridge.get()) else { return };
        let Some(reader) = bridge.session().reader(object.account()) else { return };
        let lock = self.clone();
        glib::spawn_future_local(async move {
            let address = object.summary().conversation.address;
            let (Ok(devices), Ok(settings)) =
                (reader.devices(address).await, reader.encryption_settings().await)
            else {
                return;
            };
            if lock.object().as_ref() != Some(&object) {
                return;
            }
            let encryption = object.summary().conversation.encryption;
            let standing = words::standing(encryption, &object.name(), &devices, settings);
            let imp = lock.imp();
            imp.title.set_label(&standing.title);
            let mut paragraphs = vec![standing.explanation];
            paragraphs.extend(standing.notes);
            imp.words.set_label(&paragraphs.join("\n\n"));
        });
    }

    fn set_encryption(&self, on: bool) {
        if let (Some(object), Some(bridge)) = (self.object(), self.imp().bridge.get()) {
            let key = object.key();
            bridge.tell(key.account, AccountCommand::SetEncryption(key.conversation, on));
        }
    }

    async fn is_sure(&self, object: &ConversationObject) -> bool {
        let body = gettext_f(
            "From now on the servers on both sides can read what you and {name} write. Messages that still wait to be encrypted are not sent.",
            &[("name", &object.name())],
        );
        let dialog = adw::AlertDialog::new(Some(&gettext("Turn Off Encryption?")), Some(&body));
        dialog.add_responses(&[("cancel", &gettext("_Cancel")), ("off", &gettext("_Turn Off"))]);
        dialog.set_response_appearance("off", adw::ResponseAppearance::Destructive);
        dialog.set_default_response(Some("cancel"));
        dialog.set_close_response("cancel");
        dialog.choose_future(Some(self)).await == "off"
    }
}

/// The picture of a lock.
fn icon_name(closed: bool) -> &'static str {
    if closed { "starling-lock-symbolic" } else { "starling-lock-open-symbolic" }
}

//! Who the open conversation is with, and what the person wants of it.

mod shared;

use std::cell::{OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{AccountCommand, BareJid, Contact, Mute, Subscription};

use crate::{
    bridge::Bridge,
    conversations::{confirm_delete, mute_choices, mute_for},
    encryption::{present_devices, words},
    i18n::{gettext, gettext_f},
    menu_names::name_items_of,
    objects::ConversationObject,
    time_words,
    window::Window,
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/details.ui")]
    pub struct Details {
        #[template_child]
        pub avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub name_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub subtitle_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub address_row: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub name_row: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub groups_row: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub account_row: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub mute_row: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub mute_button: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub encryption_row: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub encryption_warning: TemplateChild<gtk::Image>,
        #[template_child]
        pub add_row: TemplateChild<adw::ButtonRow>,
        #[template_child]
        pub remove_row: TemplateChild<adw::ButtonRow>,
        #[template_child]
        pub block_row: TemplateChild<adw::ButtonRow>,
        pub bridge: OnceCell<Bridge>,
        pub object: RefCell<Option<(ConversationObject, Vec<glib::SignalHandlerId>)>>,
        pub contact: RefCell<Option<Contact>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Details {
        const NAME: &'static str = "StarlingDetails";
        type Type = super::Details;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
            class.install_action("details.copy-address", None, |details, _, _| details.copy_address());
            class.install_action("details.files", None, |details, _, _| details.show_files());
            class.install_action("details.devices", None, |details, _, _| details.show_devices());
            class.install_action("details.mute", Some(glib::VariantTy::INT32), |details, _, hours| {
                let mute = hours.and_then(glib::Variant::get::<i32>).map_or(Mute::No, mute_for);
                details.tell(|object| AccountCommand::SetMute(object.key().conversation, mute));
            });
            class.install_action("details.add-contact", None, |details, _, _| {
                details.tell(|object| AccountCommand::AddContact(address(object), None, Vec::new()));
            });
            class.install_action_async("details.remove-contact", None, |details, _, _| async move {
                details.remove_contact().await;
            });
            class.install_action_async("details.toggle-block", None, |details, _, _| async move {
                details.toggle_block().await;
            });
            class.install_action_async("details.delete", None, |details, _, _| async move {
                details.delete().await;
            });
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Details {
        fn constructed(&self) {
            self.parent_constructed();
            let menu = gio::Menu::new();
            menu.append(Some(&gettext("On")), Some("details.mute(0)"));
            let mute = gio::Menu::new();
            for (hours, name) in mute_choices() {
                mute.append(Some(&name), Some(&format!("details.mute({hours})")));
            }
            menu.append_section(Some(&gettext("Mute")), &mute);
            self.mute_button.set_menu_model(Some(&menu));
            name_items_of(&self.mute_button);
            // The row has named its button after itself.
            self.mute_button.reset_relation(gtk::AccessibleRelation::LabelledBy);
            let name = gettext("Notification Setting");
            self.mute_button.update_property(&[gtk::accessible::Property::Label(&name)]);
        }
    }

    impl WidgetImpl for Details {}
    impl BinImpl for Details {}

    #[gtk::template_callbacks]
    impl Details {
        #[template_callback]
        fn rename(&self) {
            self.obj().rename();
        }
    }
}

glib::wrapper! {
    /// The details of a conversation with one person.
    pub struct Details(ObjectSubclass<imp::Details>)
        @extends gtk::Widget, adw::Bin,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Details {
    pub fn set_bridge(&self, bridge: &Bridge) {
        let _ = self.imp().bridge.set(bridge.clone());
    }

    /// Shows another conversation, and follows it.
    pub fn turn_to(&self, object: Option<&ConversationObject>) {
        let imp = self.imp();
        if let Some((old, handlers)) = imp.object.take() {
            for handler in handlers {
                old.disconnect(handler);
            }
        }
        self.show_contact(None);
        let Some(object) = object else { return };
        let handlers = vec![
            object.connect_revision_notify(glib::clone!(
                #[weak(rename_to = details)]
                self,
                move |object| details.show_object(object)
            )),
            object.connect_picture_notify(glib::clone!(
                #[weak(rename_to = details)]
                self,
                move |object| details.imp().avatar.set_custom_image(object.picture().as_ref())
            )),
        ];
        imp.avatar.set_custom_image(object.picture().as_ref());
        imp.object.replace(Some((object.clone(), handlers)));
        self.show_object(object);
    }

    fn show_files(&self) {
        let imp = self.imp();
        let key = imp.object.borrow().as_ref().map(|(object, _)| object.key());
        if let (Some(bridge), Some(key)) = (imp.bridge.get(), key) {
            shared::present(self, bridge, key);
        }
    }

    /// Shows what the roster says.
    pub fn show_contact(&self, contact: Option<&Contact>) {
        let imp = self.imp();
        imp.contact.replace(contact.cloned());
        let in_roster = contact.is_some_and(|contact| contact.in_roster);
        let sees = contact.is_some_and(|contact| {
            matches!(contact.subscription, Subscription::To | Subscription::Both)
                || contact.asked_subscription
        });
        let blocked = contact.is_some_and(|contact| contact.blocked);
        // Someone on the roster whose presence we do not see and did not ask for can be asked.
        imp.add_row.set_visible(!(blocked || in_roster && sees));
        imp.add_row.set_title(&if in_roster {
            gettext("Ask to See When Online")
        } else {
            gettext("Add to Contacts")
        });
        imp.remove_row.set_visible(in_roster);
        imp.name_row.set_visible(in_roster);
        let groups = contact.map(|contact| contact.groups.join(", ")).unwrap_or_default();
        imp.groups_row.set_visible(!groups.is_empty());
        imp.groups_row.set_subtitle(&groups);
        let name = contact.and_then(|contact| contact.given_name.clone()).unwrap_or_default();
        if imp.name_row.text() != name && !imp.name_row.has_focus() {
            // Setting the text would offer to apply it.
            imp.name_row.set_show_apply_button(false);
            imp.name_row.set_text(&name);
            imp.name_row.set_show_apply_button(true);
        }
    }

    fn show_object(&self, object: &ConversationObject) {
        let imp = self.imp();
        let conversation = object.summary().conversation;
        imp.avatar.set_text(Some(&object.name()));
        imp.name_label.set_label(&object.name());
        imp.subtitle_label.set_label(&object.subtitle());
        imp.subtitle_label.set_visible(!object.subtitle().is_empty());
        imp.address_row.set_subtitle(conversation.address.as_str());
        imp.mute_row.set_subtitle(&match conversation.mute {
            Mute::Until(time) if object.muted() => {
                gettext_f("Muted until {time}", &[("time", &time_words::until(time))])
            }
            Mute::Always => gettext("Muted"),
            _ => gettext("On"),
        });
        imp.block_row.set_title(&if conversation.blocked { gettext("Unblock") } else { gettext("Block") });
        imp.encryption_warning.set_visible(conversation.has_new_devices);
        self.read_devices(object);
        if let Some(bridge) = imp.bridge.get() {
            let account = bridge.account(object.account());
            imp.account_row.set_subtitle(&account.map(|account| account.address()).unwrap_or_default());
            imp.account_row.set_visible(bridge.accounts().n_items() > 1);
        }
    }

    /// How many devices they have, and whether one waits.
    pub fn read_devices(&self, object: &ConversationObject) {
        let Some(bridge) = self.imp().bridge.get() else { return };
        let Some(reader) = bridge.session().reader(object.account()) else { return };
        let (details, object) = (self.clone(), object.clone());
        glib::spawn_future_local(async move {
            let Ok(devices) = reader.devices(address(&object)).await else { return };
            if details.object().as_ref() == Some(&object) {
                details.imp().encryption_row.set_subtitle(&words::summary(&devices));
            }
        });
    }

    fn show_devices(&self) {
        if let (Some(object), Some(bridge)) = (self.object(), self.imp().bridge.get()) {
            present_devices(self, bridge, &object);
        }
    }

    fn object(&self) -> Option<ConversationObject> {
        self.imp().object.borrow().as_ref().map(|(object, _)| object.clone())
    }

    fn tell(&self, command: impl FnOnce(&ConversationObject) -> AccountCommand) {
        if let (Some(object), Some(bridge)) = (self.object(), self.imp().bridge.get()) {
            bridge.tell(object.account(), command(&object));
        }
    }

    fn copy_address(&self) {
        let Some(object) = self.object() else { return };
        self.clipboard().set_text(address(&object).as_str());
        if let Some(window) = self.root().and_downcast::<Window>() {
            window.toast(&gettext("Address copied"));
        }
    }

    fn rename(&self) {
        let contact = self.imp().contact.borrow().clone();
        let name = self.imp().name_row.text().trim().to_owned();
        let Some(contact) = contact else { return };
        self.tell(|_| {
            AccountCommand::ChangeContact(
                contact.address,
                Some(name).filter(|name| !name.is_empty()),
                contact.groups,
            )
        });
    }

    async fn remove_contact(&self) {
        let Some(object) = self.object() else { return };
        let sure = self
            .confirm(
                &gettext("Remove Contact?"),
                &gettext_f(
                    "You and {name} no longer see when the other is online. Messages are kept.",
                    &[("name", &object.name())],
                ),
                &gettext("_Remove"),
            )
            .await;
        if sure {
            self.tell(|object| AccountCommand::RemoveContact(address(object)));
        }
    }

    async fn toggle_block(&self) {
        let Some(object) = self.object() else { return };
        let blocked = object.summary().conversation.blocked;
        let sure = blocked
            || self
                .confirm(
                    &gettext("Block This Person?"),
                    &gettext_f(
                        "{name} can no longer write to you, nor see when you are online. They are not told.",
                        &[("name", &object.name())],
                    ),
                    &gettext("_Block"),
                )
                .await;
        if sure {
            self.tell(|object| AccountCommand::SetBlocked(address(object), !blocked));
        }
    }

    async fn delete(&self) {
        let Some(object) = self.object() else { return };
        if confirm_delete(self, &object).await {
            self.tell(|object| AccountCommand::DeleteConversation(object.key().conversation));
        }
    }

    async fn confirm(&self, heading: &str, body: &str, action: &str) -> bool {
        let dialog = adw::AlertDialog::new(Some(heading), Some(body));
        dialog.add_responses(&[("cancel", &gettext("_Cancel")), ("go", action)]);
        dialog.set_response_appearance("go", adw::ResponseAppearance::Destructive);
        dialog.set_default_response(Some("cancel"));
        dialog.set_close_response("cancel");
        dialog.choose_future(Some(self)).await == "go"
    }
}

fn address(object: &ConversationObject) -> BareJid {
    object.summary().conversation.address
}

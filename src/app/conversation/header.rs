//! The header, and what waits for a decision.

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, Change, Contact, ConversationEncryption, EventKind};
use session::Heard;

use super::ConversationPage;
use crate::{
    address, encryption,
    i18n::{gettext, gettext_f},
    objects::ConversationObject,
};

impl ConversationPage {
    pub(super) fn set_up_header(&self) {
        let imp = self.imp();
        imp.stranger_banner.set_up(
            &gettext("Accept"),
            &gettext("Block"),
            glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |accept| page.decide_on_stranger(accept)
            ),
        );
        imp.subscription_banner.set_up(
            &gettext("Allow"),
            &gettext("Decline"),
            glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |allow| page.answer_subscription(allow)
            ),
        );
        imp.devices_banner.set_up(
            &gettext("Review"),
            &gettext("Later"),
            glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |review| page.decide_on_devices(review)
            ),
        );
        imp.clear_banner.set_up(
            &gettext("Turn On Encryption"),
            &gettext("Leave It Off"),
            glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |encrypt| page.decide_on_encryption(encrypt)
            ),
        );
    }

    /// Shows a conversation in the header, and what becomes of it.
    pub(super) fn follow_object(&self, object: &ConversationObject) {
        let handlers = vec![
            object.connect_revision_notify(glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |object| page.show_object(object)
            )),
            object.connect_picture_notify(glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |object| page.imp().avatar.set_custom_image(object.picture().as_ref())
            )),
        ];
        self.imp().object.replace(Some((object.clone(), handlers)));
        self.imp().avatar.set_custom_image(object.picture().as_ref());
        self.imp().subscription_banner.ask(None);
        self.imp().devices_banner.ask(None);
        self.imp().clear_banner.ask(None);
        self.imp().encryption.set(None);
        self.show_object(object);
        self.read_contact();
    }

    /// What concerns the header, of all that happens.
    pub(super) fn hear_contact(&self, heard: &Heard) {
        let concerns = match heard {
            Heard::Lagged(_) => true,
            Heard::Event(event) => match &event.kind {
                EventKind::Changed { change: Change::Contact(address), .. } => {
                    self.object().is_some_and(|object| {
                        object.account() == event.account && object.summary().conversation.address == *address
                    })
                }
                EventKind::Changed { change: Change::Everything, .. } => true,
                _ => false,
            },
        };
        if concerns {
            self.read_contact();
        }
        if let Some(object) = self.object().filter(|object| {
            encryption::concerns(heard, object.account(), &object.summary().conversation.address)
        }) {
            self.read_devices(&object);
            if let Some(details) = self.imp().details.get() {
                details.read_devices(&object);
            }
        }
    }

    fn show_object(&self, object: &ConversationObject) {
        let imp = self.imp();
        let summary = object.summary();
        let conversation = &summary.conversation;
        imp.avatar.set_text(Some(&object.name()));
        imp.name_label.set_label(&object.name());
        self.set_title(&object.name());
        imp.subtitle_label.set_label(&object.subtitle());
        imp.subtitle_label.set_visible(!object.subtitle().is_empty());
        let presence = object.presence();
        imp.dot.set_visible(!presence.is_empty());
        imp.dot.set_css_classes(&["presence", presence.as_str()]);
        let spoken = [object.name(), object.subtitle()].join(", ");
        imp.title_box.update_property(&[gtk::accessible::Property::Label(&spoken)]);

        let asks = conversation.stranger && !conversation.blocked;
        imp.stranger_banner.ask(
            asks.then(|| {
                let mut words = gettext_f(
                    "{address} is not one of your contacts. They do not learn that you read this until you accept.",
                    &[("address", conversation.address.as_str())],
                );
                if let Some(warning) = &conversation.warning {
                    words.push('\n');
                    words.push_str(&address::warn(warning));
                }
                words
            })
            .as_deref(),
        );
        self.read_devices(object);
        imp.history.set_encrypted(conversation.encryption == ConversationEncryption::Omemo);
        imp.writing.set_visible_child_name(if conversation.blocked { "blocked" } else { "composer" });
        self.show_way_back();
        self.read_up_to_here();
        self.ask_callable_anew(object);
    }

    /// The contact says whether they wait for an answer.
    fn read_contact(&self) {
        let Some(object) = self.object() else { return };
        let Some(reader) = self.bridge().session().reader(object.account()) else { return };
        let page = self.clone();
        glib::spawn_future_local(async move {
            let address = object.summary().conversation.address;
            let contact = reader.contact(address).await.ok().flatten();
            if page.key() == Some(object.key()) {
                page.show_contact(contact.as_ref());
            }
        });
    }

    fn show_contact(&self, contact: Option<&Contact>) {
        let asks = contact.filter(|contact| contact.asks_subscription && !contact.blocked);
        let words = asks.map(|contact| {
            gettext_f("{name} would like to see when you are online.", &[("name", &contact.name)])
        });
        self.imp().subscription_banner.ask(words.as_deref());
        self.imp().contact.replace(contact.cloned());
        if let Some(details) = self.imp().details.get() {
            details.show_contact(contact);
        }
    }

    fn decide_on_stranger(&self, accept: bool) {
        let Some(object) = self.object() else { return };
        let key = object.key();
        let command = if accept {
            AccountCommand::AcceptStranger(key.conversation)
        } else {
            AccountCommand::SetBlocked(object.summary().conversation.address, true)
        };
        self.bridge().tell(key.account, command);
    }

    fn answer_subscription(&self, allow: bool) {
        let Some(object) = self.object() else { return };
        let address = object.summary().conversation.address;
        self.bridge().tell(object.account(), AccountCommand::AnswerSubscription(address.clone(), allow));
        let in_roster = self.imp().contact.borrow().as_ref().is_some_and(|contact| contact.in_roster);
        // Who may see the user is somebody the user knows: it goes both ways.
        if allow && !in_roster {
            self.bridge().tell(object.account(), AccountCommand::AddContact(address, None, Vec::new()));
        }
        self.imp().subscription_banner.ask(None);
    }

    pub(super) fn unblock(&self) {
        let Some(object) = self.object() else { return };
        let address = object.summary().conversation.address;
        self.bridge().tell(object.account(), AccountCommand::SetBlocked(address, false));
    }
}

//! What the history asks for.

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, Answer, Message, MessageId, Request as Question};
use view::{At, ConversationKey};

use super::{ConversationPage, dialogs, reading::Job};
use crate::{
    address::{self, Typed},
    encryption::present_devices,
    failure,
    history::Request,
    i18n::gettext,
    window::Window,
};

impl ConversationPage {
    pub(super) fn set_up_requests(&self) {
        let imp = self.imp();
        imp.history.connect_request(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_, request| page.answer(request)
        ));
        imp.history.set_avatar_painter(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |message, avatar| page.paint(message, avatar)
        ));
        imp.history.set_file_painter(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |file, view| {
                if let Some(key) = page.key() {
                    let bridge = page.bridge();
                    bridge.file_pictures().paint(bridge, key.account, file, view);
                }
            }
        ));
        imp.composer.connect_edit_last(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move || page.edit_last()
        ));
        imp.composer.connect_sent(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move || page.imp().history.scroll_to_end()
        ));
    }

    fn answer(&self, request: Request) {
        let imp = self.imp();
        match request {
            Request::Older => self.queue(Job::Older),
            Request::Newer => self.queue(Job::Newer),
            Request::Newest => self.queue(Job::Jump(At::Newest)),
            Request::Around(message) => self.queue(Job::Jump(At::Message(message))),
            Request::Seen(message) => self.seen(message),
            Request::Reply(message) => {
                if let Some(message) = self.message(message) {
                    imp.composer.reply_to(&message);
                }
            }
            Request::Quote(text) => imp.composer.insert_quote(&text),
            Request::Edit(message) => {
                if let Some(message) = self.message(message) {
                    imp.composer.edit(&message);
                }
            }
            Request::Retract(message) => self.retract(message),
            Request::React(message, emoji) => self.react(message, &emoji),
            Request::Details(message) => self.show_message_details(message),
            Request::Devices => {
                if let Some(object) = self.object() {
                    present_devices(self, self.bridge(), &object);
                }
            }
            Request::ResetSession(message) => self.reset_session(message),
            Request::Revisions(message) => self.show_revisions(message),
            Request::TryAgain(message) => self.tell(AccountCommand::TryAgain(message)),
            Request::File(file, wish) => self.answer_file(file, wish),
            Request::Sound(file, wish) => self.answer_sound(file, wish),
            Request::OpenLink(link) => self.open_link(link),
        }
    }

    pub(super) fn tell(&self, command: AccountCommand) {
        if let Some(key) = self.key() {
            self.bridge().tell(key.account, command);
        }
    }

    /// A message that is in the window.
    fn message(&self, id: MessageId) -> Option<Message> {
        let window = self.imp().history.window()?;
        let object = window.get(window.find(id)?)?;
        Some(object.item().message.clone())
    }

    fn retract(&self, message: MessageId) {
        let page = self.clone();
        glib::spawn_future_local(async move {
            if dialogs::confirm_retract(&page).await {
                page.tell(AccountCommand::Retract(message));
            }
        });
    }

    /// The same emoji again takes it back.
    fn react(&self, message: MessageId, emoji: &str) {
        let Some(found) = self.message(message) else { return };
        let mut own: Vec<String> = found
            .reactions
            .iter()
            .filter(|reaction| reaction.own)
            .map(|reaction| reaction.emoji.clone())
            .collect();
        if let Some(place) = own.iter().position(|other| other == emoji) {
            own.remove(place);
        } else {
            own.push(emoji.to_owned());
        }
        self.tell(AccountCommand::React(message, own));
    }

    fn show_message_details(&self, id: MessageId) {
        let reader = self.key().and_then(|key| self.bridge().session().reader(key.account));
        let (Some(reader), Some(message)) = (reader, self.message(id)) else { return };
        let page = self.clone();
        glib::spawn_future_local(async move {
            let key = reader.message_key(id).await.ok().flatten();
            dialogs::present_message(&page, &message, key.as_ref());
        });
    }

    /// Begins anew with the device that wrote a message, so that its next one can be read. Of a message that cannot be read
    /// the device is often not known: then with all devices of the other side.
    fn reset_session(&self, message: MessageId) {
        let reader = self.key().and_then(|key| self.bridge().session().reader(key.account));
        let (Some(reader), Some(object)) = (reader, self.object()) else { return };
        let page = self.clone();
        glib::spawn_future_local(async move {
            let Ok(key) = reader.message_key(message).await else { return };
            let owner = object.summary().conversation.address;
            let devices = if let Some(key) = key {
                vec![(key.device.owner, key.device.id)]
            } else {
                let Ok(devices) = reader.devices(owner.clone()).await else { return };
                let in_use = devices.into_iter().filter(|device| !device.versions.is_empty());
                in_use.map(|device| (owner.clone(), device.id)).collect()
            };
            for (owner, device) in devices {
                page.tell(AccountCommand::ResetSession(owner, device));
            }
            page.toast(&gettext("Session reset: what is written from now on can be read."));
        });
    }

    fn show_revisions(&self, message: MessageId) {
        let reader = self.key().and_then(|key| self.bridge().session().reader(key.account));
        let Some(reader) = reader else { return };
        let page = self.clone();
        glib::spawn_future_local(async move {
            if let Ok(revisions) = reader.revisions(message).await {
                let now = page.message(message);
                dialogs::present_revisions(&page, &revisions, now.as_ref());
            }
        });
    }

    fn open_link(&self, link: String) {
        if link.starts_with("xmpp:") {
            if let (Typed::Person(address), Some(key)) = (address::read(&link), self.key()) {
                let page = self.clone();
                glib::spawn_future_local(async move {
                    page.open_address(key, address).await;
                });
            }
            return;
        }
        let window = self.root().and_downcast::<gtk::Window>();
        let page = self.clone();
        glib::spawn_future_local(async move {
            let launcher = gtk::UriLauncher::new(&link);
            if let Err(error) = launcher.launch_future(window.as_ref()).await {
                tracing::info!(%error, "a link was not opened");
                if !error.matches(gtk::DialogError::Dismissed) {
                    page.toast(&gettext("No program can open this link."));
                }
            }
        });
    }

    async fn open_address(&self, key: ConversationKey, address: model::BareJid) {
        let server = address.domain().to_string();
        match self.bridge().ask(Question::OpenConversation(key.account, address)).await {
            Ok(Answer::Conversation(conversation)) => {
                if let Some(window) = self.root().and_downcast::<Window>() {
                    window.open_conversation(ConversationKey { account: key.account, conversation });
                }
            }
            Ok(_) => {}
            Err(failure) => self.toast(&failure::explain(&failure, &server).sentence()),
        }
    }

    pub(super) fn toast(&self, words: &str) {
        if let Some(window) = self.root().and_downcast::<Window>() {
            window.toast(words);
        }
    }

    /// Puts a face on an avatar, unless that shows somebody else by the time it is decoded.
    fn paint(&self, message: &Message, avatar: &adw::Avatar) {
        let (Some(key), Some(hash)) = (self.key(), message.sender_avatar.clone()) else { return };
        let bridge = self.bridge().clone();
        let name = message.sender_name.clone();
        let avatar = avatar.clone();
        glib::spawn_future_local(async move {
            let face = bridge.pictures().load(&bridge, key.account, &hash).await;
            if avatar.text().as_deref() == Some(name.as_str()) {
                avatar.set_custom_image(face.as_ref());
            }
        });
    }
}

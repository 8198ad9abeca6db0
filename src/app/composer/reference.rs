//! The message that is answered or corrected, and the bar that shows it.

use adw::subclass::prelude::*;
use gtk::prelude::*;
use model::{Content, Direction, Message, MessageId};

use super::Composer;
use crate::{
    files,
    i18n::{gettext, gettext_f},
};

/// The message that is answered or corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    Reply(MessageId),
    Edit(MessageId),
}

impl Composer {
    /// Answers a message.
    pub fn reply_to(&self, message: &Message) {
        self.end_edit();
        self.refer(Some(Reference::Reply(message.id)), Some(message));
        self.keep_draft_soon();
        self.grab_focus();
    }

    /// Corrects an own message. What was typed comes back afterwards.
    pub fn edit(&self, message: &Message) {
        let Content::Text(text) = &message.content else { return };
        let imp = self.imp();
        if imp.set_aside.borrow().is_none() {
            imp.set_aside.replace(Some((self.text(), imp.reference.get())));
        }
        self.refer(Some(Reference::Edit(message.id)), Some(message));
        self.fill(text);
        self.keep_draft_soon();
        self.grab_focus();
    }

    /// Ends an answer or a correction. Says whether there was one.
    pub fn cancel(&self) -> bool {
        match self.imp().reference.get() {
            None => false,
            Some(Reference::Edit(_)) => {
                self.end_edit();
                self.keep_draft_soon();
                true
            }
            Some(Reference::Reply(_)) => {
                self.refer(None, None);
                self.keep_draft_soon();
                true
            }
        }
    }

    /// After a correction: what was typed before.
    pub(super) fn end_edit(&self) {
        if let Some((text, reference)) = self.imp().set_aside.take() {
            self.fill(&text);
            self.refer(reference, None);
            self.read_reference();
        } else if matches!(self.imp().reference.get(), Some(Reference::Edit(_))) {
            self.refer(None, None);
            self.fill("");
        }
    }

    /// Shows what is answered or corrected. Its words come later if `message` is not at hand.
    pub(super) fn refer(&self, reference: Option<Reference>, message: Option<&Message>) {
        let imp = self.imp();
        imp.reference.set(reference);
        imp.reference_revealer.set_reveal_child(reference.is_some());
        self.enable_sending();
        let (title, text) = match (reference, message) {
            (None, _) => return,
            (Some(Reference::Edit(_)), message) => (gettext("Edit message"), message.map(words)),
            (Some(Reference::Reply(_)), Some(message)) if message.direction == Direction::Outgoing => {
                (gettext("Reply to yourself"), Some(words(message)))
            }
            (Some(Reference::Reply(_)), Some(message)) => {
                (gettext_f("Reply to {name}", &[("name", &message.sender_name)]), Some(words(message)))
            }
            (Some(Reference::Reply(_)), None) => (gettext("Reply"), None),
        };
        imp.reference_title.set_label(&title);
        imp.reference_text.set_label(text.as_deref().unwrap_or_default());
        imp.reference_icon.set_icon_name(Some(match reference {
            Some(Reference::Edit(_)) => "document-edit-symbolic",
            _ => "mail-reply-sender-symbolic",
        }));
    }
}

/// A message in one line.
fn words(message: &Message) -> String {
    match &message.content {
        Content::Text(text) if text.is_empty() => {
            files::summary_of(&message.attachments).map(|sent| files::summary(&sent)).unwrap_or_default()
        }
        Content::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Content::Retracted | Content::Call(_) | Content::Unreadable(_) => String::new(),
    }
}

//! What was typed and not sent survives everything: another conversation, a restart, a crash a
//! second later.

use std::{cell::RefCell, time::Duration};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, Draft};

use super::{Composer, Reference};
use crate::{objects::ConversationObject, time_words};

/// How long after the last letter a draft is kept.
const PAUSE: Duration = Duration::from_millis(800);

/// The draft of the open conversation.
#[derive(Debug, Default)]
pub struct Drafts {
    waiting: RefCell<Option<glib::SourceId>>,
    /// What the service was told last: the same is not told again.
    kept: RefCell<Option<Draft>>,
}

impl Drafts {
    pub fn stop(&self) {
        if let Some(waiting) = self.waiting.take() {
            waiting.remove();
        }
    }
}

impl Composer {
    /// Turns to another conversation, or with `None` to none.
    pub fn turn_to(&self, object: Option<&ConversationObject>) {
        self.leave();
        let imp = self.imp();
        imp.set_aside.take();
        imp.key.set(object.map(ConversationObject::key));
        imp.tray.turn_to(imp.key.get());
        imp.voice_bar.turn_to(imp.key.get());
        self.read_file_facts();
        self.look_up_service();
        imp.lock.turn_to(object);
        let draft = object.and_then(|object| object.summary().conversation.draft);
        imp.drafts.kept.replace(draft.clone().map(timeless));
        let draft = draft.unwrap_or_default();
        let reply = draft.reply_to.map(Reference::Reply);
        self.refer(draft.corrects.map(Reference::Edit).or(reply), None);
        self.fill(&draft.text);
        self.read_reference();
    }

    /// The person turns away: what was typed is kept at once.
    pub fn leave(&self) {
        self.keep_draft_now();
        if let (Some(key), Some(bridge)) = (self.imp().key.get(), self.imp().bridge.get()) {
            self.imp().typing.left(bridge, key);
        }
    }

    pub(super) fn keep_draft_soon(&self) {
        let drafts = &self.imp().drafts;
        drafts.stop();
        let composer = self.downgrade();
        drafts.waiting.replace(Some(glib::timeout_add_local_once(PAUSE, move || {
            if let Some(composer) = composer.upgrade() {
                composer.imp().drafts.waiting.take();
                composer.keep_draft_now();
            }
        })));
    }

    pub(super) fn keep_draft_now(&self) {
        let imp = self.imp();
        imp.drafts.stop();
        let (Some(key), Some(bridge)) = (imp.key.get(), imp.bridge.get()) else { return };
        let draft = self.draft();
        if *imp.drafts.kept.borrow() == draft {
            return;
        }
        imp.drafts.kept.replace(draft.clone());
        let draft = draft.map(|draft| Draft { time: time_words::now(), ..draft });
        bridge.tell(key.account, AccountCommand::SetDraft(key.conversation, draft));
    }

    /// What is typed now, without its time.
    fn draft(&self) -> Option<Draft> {
        let text = self.text();
        let reference = self.imp().reference.get();
        if text.trim().is_empty() && reference.is_none() {
            return None;
        }
        let (reply_to, corrects) = match reference {
            Some(Reference::Reply(message)) => (Some(message), None),
            Some(Reference::Edit(message)) => (None, Some(message)),
            None => (None, None),
        };
        Some(Draft { text, reply_to, corrects, ..Draft::default() })
    }

    /// Reads the words of what is answered or corrected.
    pub(super) fn read_reference(&self) {
        let imp = self.imp();
        let (Some(key), Some(reference)) = (imp.key.get(), imp.reference.get()) else { return };
        let Some(reader) = self.bridge().session().reader(key.account) else { return };
        let (Reference::Reply(message) | Reference::Edit(message)) = reference;
        let composer = self.clone();
        glib::spawn_future_local(async move {
            if let Ok(Some(message)) = reader.message(message).await
                && composer.imp().key.get() == Some(key)
                && composer.imp().reference.get() == Some(reference)
            {
                composer.refer(Some(reference), Some(&message));
            }
        });
    }
}

fn timeless(draft: Draft) -> Draft {
    Draft { time: Draft::default().time, ..draft }
}

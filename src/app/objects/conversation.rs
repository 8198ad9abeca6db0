//! A conversation as the list, the header and the details show it.
//!
//! The object stays while what it stands for changes: the model gives it each new summary, and
//! it tells which of its properties are different now. All of them are plain text.

use std::cell::{Cell, OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, glib};
use model::{
    AccountId, ChatState, ConversationEncryption, ConversationSummary, Delivery, Direction, Draft, Mute,
    Show, Timestamp,
};
use view::{ConversationKey, ConversationRow};

use crate::{
    calls,
    i18n::{gettext, gettext_f, ngettext_f},
    presence, time_words,
};

mod imp {
    use super::*;

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::ConversationObject)]
    pub struct ConversationObject {
        pub key: OnceCell<ConversationKey>,
        pub summary: RefCell<Option<ConversationSummary>>,
        #[property(get)]
        pub name: RefCell<String>,
        /// Who said what stands in the preview: `You:`, `Draft:` or nothing.
        #[property(get)]
        pub prefix: RefCell<String>,
        /// What was said last, in one line.
        #[property(get)]
        pub preview: RefCell<String>,
        /// Whether the preview says what is happening, or waits for the user.
        #[property(get)]
        pub lively: Cell<bool>,
        /// When it was said.
        #[property(get)]
        pub time: RefCell<String>,
        #[property(get)]
        pub unread: Cell<u32>,
        #[property(get)]
        pub pinned: Cell<bool>,
        #[property(get)]
        pub muted: Cell<bool>,
        /// The last own message was refused.
        #[property(get)]
        pub failed: Cell<bool>,
        /// The style of the presence dot; empty for none.
        #[property(get)]
        pub presence: RefCell<String>,
        /// What the header says below the name.
        #[property(get)]
        pub subtitle: RefCell<String>,
        #[property(get, set, nullable)]
        pub picture: RefCell<Option<gdk::Texture>>,
        /// The whole row in one sentence, for a screen reader.
        #[property(get)]
        pub spoken: RefCell<String>,
        /// Counts the changes, for whoever watches more than one property.
        #[property(get)]
        pub revision: Cell<u32>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ConversationObject {
        const NAME: &'static str = "StarlingConversationObject";
        type Type = super::ConversationObject;
    }

    #[glib::derived_properties]
    impl ObjectImpl for ConversationObject {}
}

glib::wrapper! {
    /// A conversation.
    pub struct ConversationObject(ObjectSubclass<imp::ConversationObject>);
}

impl ConversationObject {
    pub fn new(row: &ConversationRow) -> Self {
        let object: Self = glib::Object::new();
        let _ = object.imp().key.set(row.key);
        object.update(&row.summary);
        object
    }

    pub fn key(&self) -> ConversationKey {
        *self.imp().key.get().expect("a conversation object is made with its key")
    }

    pub fn account(&self) -> AccountId {
        self.key().account
    }

    /// What it was given last.
    pub fn summary(&self) -> ConversationSummary {
        self.imp().summary.borrow().clone().expect("a conversation object is made with a summary")
    }

    /// SHA-1 of the picture to show.
    pub fn picture_hash(&self) -> Option<String> {
        self.imp().summary.borrow().as_ref().and_then(|summary| summary.conversation.avatar.clone())
    }

    /// Whether keys of the other side wait for a decision.
    pub fn keys_wait(&self) -> bool {
        let conversation = self.summary().conversation;
        conversation.has_new_devices
            && conversation.encryption != ConversationEncryption::Off
            && !conversation.stranger
            && !conversation.blocked
    }

    /// Takes what is true now. Says whether the picture is another one.
    pub fn update(&self, summary: &ConversationSummary) -> bool {
        let old = self.imp().summary.replace(Some(summary.clone()));
        if old.as_ref() != Some(summary) {
            self.put_into_words();
        }
        old.and_then(|old| old.conversation.avatar) != summary.conversation.avatar
    }

    /// Says everything again: the day, or the clock, changed.
    pub fn put_into_words(&self) {
        let summary = self.summary();
        let conversation = &summary.conversation;
        let imp = self.imp();
        let line = last_line(&summary);
        let is_muted = is_muted(conversation.mute);

        self.change(&imp.name, &conversation.name, Self::notify_name);
        self.change(&imp.prefix, &line.prefix, Self::notify_prefix);
        self.change(&imp.preview, &line.text, Self::notify_preview);
        self.change(&imp.time, &time_words::short(line.time), Self::notify_time);
        self.change(&imp.presence, presence::style(summary.presence.show), Self::notify_presence);
        self.change(&imp.subtitle, &presence::subtitle(&summary), Self::notify_subtitle);
        if imp.lively.replace(line.lively) != line.lively {
            self.notify_lively();
        }
        if imp.unread.replace(conversation.unread) != conversation.unread {
            self.notify_unread();
        }
        if imp.pinned.replace(conversation.pinned) != conversation.pinned {
            self.notify_pinned();
        }
        if imp.muted.replace(is_muted) != is_muted {
            self.notify_muted();
        }
        if imp.failed.replace(line.failed) != line.failed {
            self.notify_failed();
        }
        self.change(&imp.spoken, &self.speak(&summary), Self::notify_spoken);
        imp.revision.set(imp.revision.get().wrapping_add(1));
        self.notify_revision();
    }

    fn change(&self, property: &RefCell<String>, value: &str, notify: fn(&Self)) {
        if property.borrow().as_str() != value {
            property.replace(value.to_owned());
            notify(self);
        }
    }

    /// The row as one would say it aloud.
    fn speak(&self, summary: &ConversationSummary) -> String {
        let mut parts = vec![self.name()];
        if summary.presence.show != Show::Offline {
            parts.push(presence::name(summary.presence.show));
        }
        if self.unread() > 0 {
            parts.push(ngettext_f("{n} unread message", "{n} unread messages", self.unread(), &[]));
        }
        if self.pinned() {
            parts.push(gettext("pinned"));
        }
        if self.muted() {
            parts.push(gettext("muted"));
        }
        if self.keys_wait() {
            parts.push(gettext("keys wait for your decision"));
        }
        if self.failed() {
            parts.push(gettext("not sent"));
        }
        let line = format!("{} {}", self.prefix(), self.preview());
        if !line.trim().is_empty() {
            parts.push(line.trim().to_owned());
        }
        parts.push(self.time());
        parts.retain(|part| !part.is_empty());
        parts.join(", ")
    }
}

/// The second line of a row.
#[derive(Default)]
struct Line {
    prefix: String,
    text: String,
    time: Timestamp,
    lively: bool,
    failed: bool,
}

fn last_line(summary: &ConversationSummary) -> Line {
    let time = summary.last_activity;
    if summary.chat_state == ChatState::Composing {
        return Line { text: gettext("typing…"), time, lively: true, ..Line::default() };
    }
    if let Some(draft) = summary.conversation.draft.as_ref().filter(|draft| is_waiting(draft)) {
        return Line {
            prefix: gettext("Draft:"),
            text: one_line(&draft.text),
            time,
            lively: true,
            failed: false,
        };
    }
    let Some(last) = &summary.last else {
        return Line { time, ..Line::default() };
    };
    let own = last.direction == Direction::Outgoing;
    let action = last.text.strip_prefix("/me ").map(|action| {
        let who = if own { gettext("You") } else { summary.conversation.name.clone() };
        gettext_f("{who} {action}", &[("who", &who), ("action", action)])
    });
    if let Some(call) = &last.call {
        return Line { text: calls::sentence(last.direction, call), time, ..Line::default() };
    }
    let text = if last.retracted {
        gettext("Message deleted")
    } else if last.unreadable {
        gettext("Encrypted message")
    } else if let (Some(files), true) = (&last.files, last.text.is_empty()) {
        crate::files::summary(files)
    } else {
        one_line(action.as_deref().unwrap_or(&last.text))
    };
    let prefix = if own && action.is_none() { gettext("You:") } else { String::new() };
    Line {
        prefix,
        text,
        time: last.time,
        lively: false,
        failed: matches!(last.delivery, Delivery::Failed(_)),
    }
}

/// A correction that was begun is no message that waits to be sent.
fn is_waiting(draft: &Draft) -> bool {
    draft.corrects.is_none() && !draft.text.trim().is_empty()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_muted(mute: Mute) -> bool {
    match mute {
        Mute::No => false,
        Mute::Always => true,
        Mute::Until(time) => time > time_words::now(),
    }
}

//! The buttons that call: they are there for who can be called, and can be pressed by who is not in a call.

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{Answer, Callable, ConversationKind, EventKind, Request};
use session::Heard;

use super::ConversationPage;
use crate::{calls::CallDesk, objects::ConversationObject};

impl ConversationPage {
    /// Calls go through this.
    pub fn set_calls(&self, calls: &CallDesk) {
        if self.imp().calls.set(calls.clone()).is_err() {
            return;
        }
        calls.connect_changed(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| page.allow_calls()
        ));
        self.allow_calls();
    }

    pub(super) fn call(&self, video: bool) {
        if let (Some(calls), Some(key)) = (self.imp().calls.get(), self.key()) {
            calls.start(key, video);
        }
    }

    fn allow_calls(&self) {
        let is_free = self.imp().calls.get().is_some_and(|calls| !calls.is_in_call());
        for action in ["conversation.voice-call", "conversation.video-call"] {
            self.action_set_enabled(action, is_free);
        }
    }

    /// What concerns calls, of all that happens.
    pub(super) fn hear_callable(&self, heard: &Heard) {
        let Some(object) = self.object() else { return };
        let concerns = match heard {
            Heard::Lagged(_) => true,
            Heard::Event(event) if event.account == object.account() => match &event.kind {
                EventKind::Connection(_) => true,
                EventKind::Presence(address, _) => *address == object.summary().conversation.address,
                _ => false,
            },
            Heard::Event(_) => false,
        };
        if concerns {
            self.ask_callable();
        }
    }

    /// Asks if it is about somebody else than before, or the user thinks otherwise of them: each new message changes nothing.
    pub(super) fn ask_callable_anew(&self, object: &ConversationObject) {
        let conversation = object.summary().conversation;
        let about = (object.key(), conversation.stranger, conversation.blocked);
        if self.imp().asked_callable.replace(Some(about)) != Some(about) {
            self.offer_calls(Callable::default());
            self.ask_callable();
        }
    }

    /// Finds out whether the other side can be called.
    fn ask_callable(&self) {
        let Some(object) = self.object() else { return };
        let conversation = object.summary().conversation;
        let bridge = self.bridge().clone();
        let may_ask = conversation.kind == ConversationKind::Direct
            && !conversation.stranger
            && !conversation.blocked
            && bridge.account(object.account()).is_some_and(|account| account.is_online());
        if !may_ask {
            self.offer_calls(Callable::default());
            return;
        }
        let page = self.downgrade();
        glib::spawn_future_local(async move {
            let answer = bridge.ask(Request::Callable(object.account(), conversation.address)).await;
            let callable = match answer {
                Ok(Answer::Callable(callable)) => callable,
                _ => Callable::default(),
            };
            if let Some(page) = page.upgrade().filter(|page| page.key() == Some(object.key())) {
                page.offer_calls(callable);
            }
        });
    }

    fn offer_calls(&self, callable: Callable) {
        self.imp().voice_call_button.set_visible(callable.voice);
        self.imp().video_call_button.set_visible(callable.video);
    }
}

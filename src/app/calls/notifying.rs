//! Notifications of calls: that somebody calls, with answers, and that somebody called in vain.

use adw::subclass::prelude::*;
use gtk::{gio, prelude::*};
use model::{Call, CallLine, CallOutcome, Direction};
use view::{CallKey, ConversationKey};

use super::{CallDesk, Person, target, words};
use crate::{application::conversation_target, i18n::gettext, settings::key};

impl CallDesk {
    /// Says that somebody calls.
    pub(super) fn notify_incoming(&self, call_key: CallKey, call: &Call, person: &Person) {
        let Some(app) = self.imp().app.upgrade() else { return };
        let notification = gio::Notification::new(&person.name);
        notification.set_body(Some(&words::incoming(call.video)));
        notification.set_priority(gio::NotificationPriority::Urgent);
        let target = target(call_key);
        notification.set_default_action_and_target_value("app.show-call", Some(&target));
        notification.add_button_with_target_value(&gettext("Accept"), "app.accept-call", Some(&target));
        notification.add_button_with_target_value(&gettext("Decline"), "app.decline-call", Some(&target));
        app.send_notification(Some(&name(call_key)), &notification);
    }

    /// Says that somebody called in vain.
    pub(super) fn notify_missed(&self, call_key: CallKey, call: &Call, person: &Person) {
        let Some(app) = self.imp().app.upgrade().filter(|_| self.settings().boolean(key::NOTIFICATIONS))
        else {
            return;
        };
        let line = CallLine { video: call.video, outcome: CallOutcome::Unanswered };
        let conversation = ConversationKey { account: call_key.account, conversation: call.conversation };
        let notification = gio::Notification::new(&person.name);
        notification.set_body(Some(&words::sentence(Direction::Incoming, &line)));
        let target = conversation_target(conversation);
        notification.set_default_action_and_target_value("app.open-conversation", Some(&target));
        app.send_notification(Some(&crate::notifications::name(conversation)), &notification);
    }

    /// Takes away what was said of a call that rang.
    pub(super) fn withdraw(&self, key: CallKey) {
        if let Some(app) = self.imp().app.upgrade() {
            app.withdraw_notification(&name(key));
        }
    }
}

fn name(key: CallKey) -> String {
    format!("call/{}/{}", key.account, key.call.0.0)
}

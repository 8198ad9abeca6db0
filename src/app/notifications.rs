//! Tells of messages that came while nobody looked.
//!
//! One notification for a conversation, replaced by the next message in it and taken away when
//! the conversation is opened. `Incoming` is only sent for what deserves it (new, live, from an
//! accepted sender, not muted), so all that is decided here is whether the person already sees
//! it, or wants no notifications at all.

use gtk::{gio, glib, prelude::*};
use model::{AccountId, Content, EventKind, MessageId, Show};
use session::Heard;
use view::ConversationKey;

use crate::{
    application::{Application, conversation_target},
    bridge::{Bridge, Listener},
    files,
    i18n::gettext,
    settings::key,
    window::Window,
};

/// Notifies as long as it is kept.
#[derive(Debug)]
pub struct Notifications {
    _listener: Listener,
}

impl Notifications {
    pub fn new(app: &Application, bridge: &Bridge, settings: &gio::Settings) -> Self {
        let app = app.downgrade();
        let settings = settings.clone();
        let listener = bridge.listen(move |bridge, heard| {
            let Heard::Event(event) = heard else { return };
            let EventKind::Incoming(conversation, message) = event.kind else { return };
            let Some(app) = app.upgrade() else { return };
            if settings.boolean(key::NOTIFICATIONS) && !is_busy(bridge, event.account) {
                let key = ConversationKey { account: event.account, conversation };
                glib::spawn_future_local(notify(app, bridge.clone(), key, message));
            }
        });
        Self { _listener: listener }
    }
}

/// Takes away what was told of a conversation.
pub fn withdraw(key: ConversationKey) {
    if let Some(app) = gio::Application::default() {
        app.withdraw_notification(&name(key));
    }
}

async fn notify(app: Application, bridge: Bridge, key: ConversationKey, message: MessageId) {
    if is_seen(&app, key) {
        return;
    }
    let Some(reader) = bridge.session().reader(key.account) else { return };
    let Ok(Some(message)) = reader.message(message).await else { return };
    // Reading took a moment; the person may have come in the meantime.
    if is_seen(&app, key) {
        return;
    }
    let body = match &message.content {
        Content::Text(text) => match files::summary_of(&message.attachments) {
            Some(sent) if text.is_empty() => files::summary(&sent),
            _ => text.clone(),
        },
        // Calls tell of themselves.
        Content::Retracted | Content::Call(_) => return,
        Content::Unreadable(_) => gettext("A message that cannot be read here"),
    };
    let notification = gio::Notification::new(&message.sender_name);
    notification.set_body(Some(&body));
    notification
        .set_default_action_and_target_value("app.open-conversation", Some(&conversation_target(key)));
    app.send_notification(Some(&name(key)), &notification);
}

fn is_seen(app: &Application, key: ConversationKey) -> bool {
    app.active_window()
        .and_downcast::<Window>()
        .is_some_and(|window| window.is_active() && window.shown_conversation() == Some(key))
}

/// Whether the person asked not to be disturbed.
fn is_busy(bridge: &Bridge, account: AccountId) -> bool {
    bridge.account(account).is_some_and(|account| account.presence().show == Show::DoNotDisturb)
}

/// Under which name a conversation is told of.
pub fn name(key: ConversationKey) -> String {
    format!("{}/{}", key.account, key.conversation.0)
}

//! What the window remembers, and what it reads from the settings.

use adw::{prelude::*, subclass::prelude::*};
use gtk::gio;
use model::{AccountCommand, AccountId, ConversationId};
use view::ConversationKey;

use super::Window;
use crate::settings::key;

/// How narrow and wide the list may be.
const NARROWEST: f64 = 220.0;
const WIDEST: f64 = 560.0;

impl Window {
    pub(super) fn take_settings(&self, settings: &gio::Settings) {
        let _ = self.imp().settings.set(settings.clone());
        self.set_default_size(settings.int(key::WINDOW_WIDTH), settings.int(key::WINDOW_HEIGHT));
        if settings.boolean(key::WINDOW_MAXIMIZED) {
            self.maximize();
        }
        self.set_sidebar_width(f64::from(settings.int(key::SIDEBAR_WIDTH)));
        apply_color_scheme(settings);
        settings.connect_changed(Some(key::COLOR_SCHEME), |settings, _| apply_color_scheme(settings));
        for name in [key::SEND_RECEIPTS, key::SEND_TYPING] {
            let window = self.downgrade();
            settings.connect_changed(Some(name), move |_, _| {
                if let Some(window) = window.upgrade() {
                    window.apply_privacy();
                }
            });
        }
    }

    pub(super) fn remember(&self) {
        let settings = self.settings();
        let maximized = self.is_maximized();
        let mut kept = settings.set_boolean(key::WINDOW_MAXIMIZED, maximized);
        if !maximized {
            let (width, height) = self.default_size();
            kept = kept
                .and_then(|()| settings.set_int(key::WINDOW_WIDTH, width.max(360)))
                .and_then(|()| settings.set_int(key::WINDOW_HEIGHT, height.max(294)));
        }
        let width = self.imp().split_view.max_sidebar_width() as i32;
        // If it could not be opened again, it is still what was open last.
        let open = match self.imp().conversation.key() {
            None if !self.imp().restored.get() => settings.string(key::LAST_CONVERSATION).into(),
            open => open.map(write_key).unwrap_or_default(),
        };
        kept = kept
            .and_then(|()| settings.set_int(key::SIDEBAR_WIDTH, width))
            .and_then(|()| settings.set_string(key::LAST_CONVERSATION, &open));
        if let Err(error) = kept {
            tracing::warn!(%error, "the window will not be remembered");
        }
    }

    pub(super) fn set_sidebar_width(&self, width: f64) {
        let split = &self.imp().split_view;
        let width = width.clamp(NARROWEST, WIDEST);
        // The smaller bound first: the other way round they might cross.
        split.set_min_sidebar_width(0.0);
        split.set_max_sidebar_width(width);
        split.set_min_sidebar_width(width);
    }

    /// Opens what was open, unless the window is narrow: there the list comes first.
    pub(super) fn restore_conversation(&self) {
        let open = self.settings().string(key::LAST_CONVERSATION);
        let Some(conversation) = read_key(&open).filter(|_| !self.imp().restored.get()) else { return };
        let window = self.clone();
        gtk::glib::spawn_future_local(async move {
            let Some(model) = window.imp().conversations.model() else { return };
            if let Some(object) = model.find(conversation).await
                && !window.imp().restored.get()
            {
                window.show_conversation(&object, !window.imp().split_view.is_collapsed());
            }
        });
    }

    /// One choice for every account on this device.
    pub(super) fn apply_privacy(&self) {
        let Some(bridge) = self.bridge() else { return };
        let settings = self.settings();
        let (receipts, typing) = (settings.boolean(key::SEND_RECEIPTS), settings.boolean(key::SEND_TYPING));
        for account in bridge.account_objects() {
            bridge.tell(account.id(), AccountCommand::SetPrivacy { receipts, typing });
        }
    }
}

fn apply_color_scheme(settings: &gio::Settings) {
    let scheme = match settings.string(key::COLOR_SCHEME).as_str() {
        "light" => adw::ColorScheme::ForceLight,
        "dark" => adw::ColorScheme::ForceDark,
        _ => adw::ColorScheme::Default,
    };
    adw::StyleManager::default().set_color_scheme(scheme);
}

fn write_key(key: ConversationKey) -> String {
    format!("{}/{}", key.account, key.conversation.0)
}

fn read_key(text: &str) -> Option<ConversationKey> {
    let (account, conversation) = text.split_once('/')?;
    Some(ConversationKey {
        account: AccountId::parse(account)?,
        conversation: ConversationId(conversation.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_open_is_read_as_it_was_written() {
        let key = ConversationKey { account: AccountId([7; 16]), conversation: ConversationId(12) };
        assert_eq!(read_key(&write_key(key)), Some(key));
        assert_eq!(read_key(""), None);
        assert_eq!(read_key("x/1"), None);
    }
}

//! Tells the other side that the person writes (XEP-0085): once when it begins, once when it
//! pauses, once when it ends. Whether they are told at all is the service's to decide.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use gtk::glib;
use model::{AccountCommand, ChatState};
use view::ConversationKey;

use crate::bridge::Bridge;

/// How long without a letter is a pause.
const PAUSE: Duration = Duration::from_secs(8);

#[derive(Debug, Default)]
pub struct Typing {
    told: Rc<Cell<ChatState>>,
    pause: Rc<RefCell<Option<glib::SourceId>>>,
}

impl Typing {
    /// A letter came or went.
    pub fn typed(&self, bridge: &Bridge, key: ConversationKey, is_empty: bool) {
        self.stop();
        if is_empty {
            self.tell(bridge, key, ChatState::Active);
            return;
        }
        self.tell(bridge, key, ChatState::Composing);
        let bridge = bridge.clone();
        let (told, waiting) = (Rc::clone(&self.told), Rc::clone(&self.pause));
        self.pause.replace(Some(glib::timeout_add_local_once(PAUSE, move || {
            waiting.take();
            told.set(ChatState::Paused);
            bridge.tell(key.account, AccountCommand::SetChatState(key.conversation, ChatState::Paused));
        })));
    }

    /// A message went: it says by itself that the person is here.
    pub fn sent(&self) {
        self.stop();
        self.told.set(ChatState::Active);
    }

    /// The person turned to something else.
    pub fn left(&self, bridge: &Bridge, key: ConversationKey) {
        self.stop();
        if self.told.get() != ChatState::Active {
            self.tell(bridge, key, ChatState::Active);
        }
    }

    pub fn stop(&self) {
        if let Some(pause) = self.pause.take() {
            pause.remove();
        }
    }

    fn tell(&self, bridge: &Bridge, key: ConversationKey, state: ChatState) {
        if self.told.replace(state) != state {
            bridge.tell(key.account, AccountCommand::SetChatState(key.conversation, state));
        }
    }
}

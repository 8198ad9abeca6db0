//! Where a person was in each conversation.

use std::collections::HashMap;

use model::{AccountId, ConversationId, MessageId};

/// A place in a history that outlives its window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Position {
    /// At the newest message, whichever that will be.
    #[default]
    End,
    /// At a message whose words begin this far below the top of the viewport.
    At {
        /// The message.
        message: MessageId,
        /// The distance in pixels.
        y: f64,
    },
}

/// The positions of all conversations, for as long as the program runs.
#[derive(Debug, Default)]
pub struct Positions(HashMap<(AccountId, ConversationId), Position>);

impl Positions {
    /// Remembers where a person was.
    pub fn keep(&mut self, account: AccountId, conversation: ConversationId, position: Position) {
        match position {
            Position::End => self.0.remove(&(account, conversation)),
            Position::At { .. } => self.0.insert((account, conversation), position),
        };
    }

    /// Where a person was: at the end, if they never went elsewhere.
    pub fn of(&self, account: AccountId, conversation: ConversationId) -> Position {
        self.0.get(&(account, conversation)).copied().unwrap_or_default()
    }
}

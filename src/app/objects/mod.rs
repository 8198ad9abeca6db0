//! What the lists of the window hold: GObjects that change in place, so that a change of
//! a name or a count is a property that changes and not a new row.

mod account;
mod conversation;

pub use account::AccountObject;
pub use conversation::ConversationObject;

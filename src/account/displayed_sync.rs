//! Displayed sync between the user's devices (XEP-0490). To be written: this is its face.
//!
//! What another device displayed is told to `messages::displayed::up_to(turn, peer, archive_id)`.

use model::{ConversationId, MessageId};

use xmpp::IqOutcome;

use crate::{Error, turn::Turn};

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(_turn: &mut Turn<'_, '_>, asked: Asked, _answer: IqOutcome) -> Result<(), Error> {
    match asked {}
}

/// The user read up to `message` here: tell the other devices.
pub fn publish(_turn: &mut Turn<'_, '_>, _conversation: ConversationId, _message: MessageId) -> Result<(), Error> {
    Ok(())
}

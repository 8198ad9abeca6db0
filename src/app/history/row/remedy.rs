//! What helps when keys are in the way of a message.

use model::{Content, Message, MessageId, UnreadableReason, Wait};

use super::Request;
use crate::i18n::gettext;

/// What a person can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Decide about devices.
    Devices,
    /// Begin anew with the device that wrote it.
    ResetSession,
}

impl Remedy {
    /// What helps a message.
    pub fn of(message: &Message) -> Option<Self> {
        match (&message.content, message.waits) {
            (_, Some(Wait::NoTrustedDevice | Wait::KeyChanged))
            | (Content::Unreadable(UnreadableReason::KeyChanged), _) => Some(Self::Devices),
            (Content::Unreadable(UnreadableReason::NoSession | UnreadableReason::Damaged), _) => {
                Some(Self::ResetSession)
            }
            _ => None,
        }
    }

    /// What its button says.
    pub fn label(self) -> String {
        match self {
            Self::Devices => gettext("Review Devices"),
            Self::ResetSession => gettext("Reset Session"),
        }
    }

    /// What its button asks for.
    pub fn request(self, message: MessageId) -> Request {
        match self {
            Self::Devices => Request::Devices,
            Self::ResetSession => Request::ResetSession(message),
        }
    }
}

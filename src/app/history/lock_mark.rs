//! A small mark on a message that is protected otherwise than its conversation: nobody has to look at every message to
//! know that all are alike, and the one that is not stands out.

use model::{Content, EncryptionKind, Message, Trust};

use crate::i18n::gettext;

/// How a message differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMark {
    /// It was not encrypted, in a conversation that is.
    Open,
    /// It was encrypted, in a conversation that is not.
    Closed,
    /// It was encrypted with a key that was not trusted when it came.
    Doubtful,
}

impl LockMark {
    /// The mark of a message, in a conversation that is encrypted or not.
    pub fn of(message: &Message, is_encrypted: bool) -> Option<Self> {
        if !matches!(message.content, Content::Text(_)) {
            return None;
        }
        let doubtful = matches!(message.trust, Some(Trust::Undecided | Trust::Untrusted | Trust::Changed));
        match (message.encryption, is_encrypted) {
            (EncryptionKind::None, true) => Some(Self::Open),
            (EncryptionKind::None, false) => None,
            _ if doubtful => Some(Self::Doubtful),
            (_, true) => None,
            (_, false) => Some(Self::Closed),
        }
    }

    /// In a word or two.
    pub fn words(self) -> String {
        match self {
            Self::Open => gettext("Not encrypted"),
            Self::Closed => gettext("Encrypted"),
            Self::Doubtful => gettext("Encrypted with a key that was not trusted"),
        }
    }

    /// Its picture.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Open => "starling-lock-open-symbolic",
            Self::Closed => "starling-lock-symbolic",
            Self::Doubtful => "dialog-warning-symbolic",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::sample;

    #[test]
    fn only_what_differs_is_marked() {
        let mut message = sample::message(1, "bob", 0);
        assert_eq!(LockMark::of(&message, false), None);
        assert_eq!(LockMark::of(&message, true), Some(LockMark::Open));
        message.encryption = EncryptionKind::Omemo;
        message.trust = Some(Trust::Blind);
        assert_eq!(LockMark::of(&message, true), None);
        assert_eq!(LockMark::of(&message, false), Some(LockMark::Closed));
        message.trust = Some(Trust::Undecided);
        assert_eq!(LockMark::of(&message, true), Some(LockMark::Doubtful));
        message.content = Content::Retracted;
        assert_eq!(LockMark::of(&message, true), None);
    }
}

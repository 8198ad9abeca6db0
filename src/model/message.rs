//! A message as readers show it, and everything that can be said of one: content, delivery, reactions, versions, keys.

use crate::{
    Attachment, AttachmentSummary, BareJid, CallLine, ConversationId, DeliveryFailure, MessageId, OccupantId,
    Timestamp, Trust, Wait,
};

/// One message of a conversation, as a reader shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its row.
    pub id: MessageId,
    /// Where it stands.
    pub conversation: ConversationId,
    /// Whose it is.
    pub direction: Direction,
    /// The sender: in a direct conversation the contact or the user.
    pub sender: BareJid,
    /// What to call the sender. Free of control and bidirectional characters.
    pub sender_name: String,
    /// The sender's picture.
    pub sender_avatar: Option<String>,
    /// Who the sender is in a room.
    pub occupant: Option<OccupantId>,
    /// When it was sent, as far as can be trusted (XEP-0203 only from the own server or the room).
    pub time: Timestamp,
    /// Where it stands in the history: `(sort_time, id)` orders a conversation, and never changes.
    pub sort_time: Timestamp,
    /// What it says.
    pub content: Content,
    /// The files in it. The text of `content` is their caption, and mostly empty.
    pub attachments: Vec<Attachment>,
    /// How it travelled.
    pub encryption: EncryptionKind,
    /// How far the key was trusted with which it was written, if it was encrypted by a device that is known.
    pub trust: Option<Trust>,
    /// How far an own message came; `Received` for those of others.
    pub delivery: Delivery,
    /// Why an own message that is `Queued` cannot be encrypted yet.
    pub waits: Option<Wait>,
    /// How often it was corrected (XEP-0308).
    pub revisions: u32,
    /// The message it answers (XEP-0461).
    pub reply: Option<Quote>,
    /// Reactions to it (XEP-0444), in the order of first use.
    pub reactions: Vec<Reaction>,
}

/// Whose message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The user's own, from this device or another.
    Outgoing,
    /// Somebody else's.
    Incoming,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Words. `/me` at the start is left in: the history shows it as an action.
    Text(String),
    /// Taken back by its sender (XEP-0424); nothing of it is left.
    Retracted,
    /// A call.
    Call(CallLine),
    /// It came, and cannot be read; a later copy replaces it in place.
    Unreadable(UnreadableReason),
}

/// Why a message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadableReason {
    /// Encrypted in a way this version does not know (named by XEP-0380, or recognised).
    UnknownEncryption(EncryptionKind),
    /// It was encrypted, and not for this device: it did not exist then, or the sender does not trust it.
    NotForThisDevice,
    /// There is no session with the device that wrote it, or it began one with keys that are gone: resetting the
    /// session helps for what comes after.
    NoSession,
    /// It was changed on its way, or the two devices have come apart.
    Damaged,
    /// It was written with another key than its device is known by.
    KeyChanged,
    /// It was taken from another conversation, or says that somebody else wrote it.
    Forged,
}

/// How a message travelled from device to device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EncryptionKind {
    /// Only TLS to the servers: they can read it.
    #[default]
    None,
    /// OMEMO, `eu.siacs.conversations.axolotl`.
    OmemoLegacy,
    /// OMEMO, `urn:xmpp:omemo:2`.
    Omemo,
    /// OpenPGP for XMPP (XEP-0373).
    Ox,
    /// OpenPGP of old (XEP-0027).
    LegacyOpenPgp,
    /// Off-the-record messaging.
    Otr,
    /// Something else.
    Other,
}

/// How far an own message came. Only ever forward, but for `Failed` to `Queued` by "Try again".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Not an own message.
    Received,
    /// On disk here, waiting for the server.
    Queued,
    /// The server has it: acknowledged, reflected or found in the archive.
    Sent,
    /// A device of the other side has it (XEP-0184).
    Delivered,
    /// The other side has seen it (XEP-0333).
    Read,
    /// It was refused.
    Failed(DeliveryFailure),
}

/// The message that is answered, as shown above the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The original, when it is here.
    pub message: Option<MessageId>,
    /// Who wrote it.
    pub sender: Option<BareJid>,
    /// What to call them.
    pub sender_name: String,
    /// Whether it is the user.
    pub own: bool,
    /// The first 200 characters of the original, or of the fallback the answer brought; empty when retracted.
    pub text: String,
    /// The files of the original.
    pub files: Option<AttachmentSummary>,
}

/// One emoji under a message, and who chose it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// Names of the others who chose it.
    pub others: Vec<String>,
    /// Whether the user chose it.
    pub own: bool,
}

impl Reaction {
    /// How many chose it.
    #[must_use]
    pub fn count(&self) -> usize {
        self.others.len() + usize::from(self.own)
    }
}

/// An earlier text of a corrected message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// When it was written.
    pub time: Timestamp,
    /// What it said.
    pub text: String,
}

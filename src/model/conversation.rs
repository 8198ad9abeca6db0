use crate::{
    AddressWarning, AttachmentSummary, BareJid, CallLine, ContactPresence, ConversationEncryption,
    ConversationId, Delivery, Direction, Draft, MessageId, Timestamp,
};

/// A place where messages go: with one person, or a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its row.
    pub id: ConversationId,
    /// Whom it is with.
    pub address: BareJid,
    /// What it is.
    pub kind: ConversationKind,
    /// What to call it. Free of control and bidirectional characters.
    pub name: String,
    /// SHA-1 of the picture, in hexadecimal.
    pub avatar: Option<String>,
    /// Kept on top of the list.
    pub pinned: bool,
    /// Out of the list until something new comes.
    pub archived: bool,
    /// No notifications.
    pub mute: Mute,
    /// A stranger wrote, and the user has neither accepted nor blocked them yet (DESIGN rule 12):
    /// nothing is acknowledged, announced or fetched for them.
    pub stranger: bool,
    /// The contact is blocked.
    pub blocked: bool,
    /// Why the address should be looked at twice; never for someone on the roster.
    pub warning: Option<AddressWarning>,
    /// What the user wants of its encryption.
    pub encryption: ConversationEncryption,
    /// Whether a device of the other side waits for the user's trust: a new one, or one whose key changed.
    pub has_new_devices: bool,
    /// Messages from others that were not read.
    pub unread: u32,
    /// The newest message the user has read: the `New messages` line stands after it.
    pub read_up_to: Option<MessageId>,
    /// What was typed and not sent.
    pub draft: Option<Draft>,
    /// Whether every older message the server has is here.
    pub history_complete: bool,
}

/// What a conversation is with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationKind {
    /// One person.
    Direct,
    /// A room (XEP-0045).
    Room,
}

/// Whether a conversation may notify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mute {
    /// It may.
    #[default]
    No,
    /// Not until then.
    Until(Timestamp),
    /// Never.
    Always,
}

/// What the other side is doing (XEP-0085).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChatState {
    /// Here.
    #[default]
    Active,
    /// Writing.
    Composing,
    /// Stopped writing for a moment.
    Paused,
    /// Not attending.
    Inactive,
    /// Closed the conversation.
    Gone,
}

/// A row of the conversation list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationSummary {
    /// The conversation.
    pub conversation: Conversation,
    /// Its newest message.
    pub last: Option<LastMessage>,
    /// What stands last: the newest message, or when it was opened or drafted. Orders the list.
    pub last_activity: Timestamp,
    /// Presence, filled in by `view` from events; the database does not know it.
    pub presence: ContactPresence,
    /// Whether the other side is writing, filled in by `view` likewise.
    pub chat_state: ChatState,
}

/// The newest message, as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastMessage {
    /// The message.
    pub id: MessageId,
    /// Whose it is.
    pub direction: Direction,
    /// The first 200 characters of its text; empty when it has none to show.
    pub text: String,
    /// It is a call.
    pub call: Option<CallLine>,
    /// Its files.
    pub files: Option<AttachmentSummary>,
    /// It was retracted.
    pub retracted: bool,
    /// It could not be read.
    pub unreadable: bool,
    /// How far an own message came.
    pub delivery: Delivery,
    /// When it was sent.
    pub time: Timestamp,
}

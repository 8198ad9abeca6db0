use crate::{
    AccountId, AttachmentId, BareJid, Call, CallId, CallStatistics, ChatState, ConnectionState,
    ContactPresence, ConversationId, MessageId,
};

/// Something happened. It says what changed, never what it is now: the disk is the truth (DESIGN rule 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where.
    pub account: AccountId,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An account was added, and can be read.
    AccountAdded,
    /// An account was removed.
    AccountRemoved,
    /// The account cannot be opened: nothing of it can be read until the failure is mended.
    AccountUnavailable(crate::Failure),
    /// The connection.
    Connection(ConnectionState),
    /// Rows changed, in the commit with this number. A reader ignores it when the page it read is at or past `commit`.
    Changed {
        /// What.
        change: Change,
        /// The number of the commit, growing within an account.
        commit: u64,
    },
    /// Archive sync began or ended.
    Syncing(bool),
    /// Presence. Never stored.
    Presence(BareJid, ContactPresence),
    /// The other side writes, or stopped. Never stored.
    ChatState(BareJid, ChatState),
    /// A call as it is now, at each of its changes. Never stored; one that ended is told a last time.
    Call(Box<Call>),
    /// How the media of a call does, every second. Never stored.
    CallStatistics(CallId, Box<CallStatistics>),
    /// A message came that a person may want to be told of at once: new, live, from an accepted sender, not muted.
    Incoming(ConversationId, MessageId),
    /// How far a file has come, at most ten times a second. Never stored; that it is there, or failed, is a change of its
    /// message.
    Transfer {
        /// The file.
        attachment: AttachmentId,
        /// How many bytes have come or gone.
        done: u64,
        /// Of how many, if that is known.
        total: Option<u64>,
    },
    /// A page of older messages was fetched (`LoadOlder`), or could not be.
    OlderLoaded(ConversationId),
}

/// Which rows changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A message was added.
    MessageAdded(ConversationId, MessageId),
    /// A message changed in place.
    MessageChanged(ConversationId, MessageId),
    /// A message is gone.
    MessageRemoved(ConversationId, MessageId),
    /// A conversation was added, or its name, counts, draft, place or settings changed.
    Conversation(ConversationId),
    /// A conversation is gone.
    ConversationRemoved(ConversationId),
    /// A contact.
    Contact(BareJid),
    /// The devices of somebody, or of the user: their keys, names or trust.
    Devices(BareJid),
    /// The account's own name, picture or settings.
    Account,
    /// Much changed: read again whatever is shown.
    Everything,
}

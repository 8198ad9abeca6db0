//! What a person or the desktop wants done: of the program, of one account, of one call.

use crate::{
    AccountId, AttachmentId, Availability, BareJid, CallDevices, CallId, CallSettings, ChatState,
    ConversationId, EncryptionSettings, FileFacts, FileSettings, Fingerprint, MediaKind, MessageId, Mute,
    OutgoingFiles, Redacted, Timestamp, Trust,
};

/// Something a person, or the desktop, wants done. Sending one never waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// For one account.
    Account(AccountId, AccountCommand),
    /// Which devices calls use, those under way too.
    SetCallDevices(CallDevices),
    /// The network came, went or changed: try at once, or stop trying.
    NetworkChanged {
        /// Whether there is a network at all.
        available: bool,
    },
    /// The device woke from sleep.
    Resumed,
    /// A window is visible, or none is (XEP-0352).
    WindowVisible(bool),
    /// Remove an account and everything of it from this device.
    RemoveAccount(AccountId),
    /// Say goodbye to every server and end the service.
    Quit,
}

/// Something wanted of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCommand {
    /// Go online.
    Connect,
    /// Go offline.
    Disconnect,
    /// Do not wait for the next attempt.
    TryNow,
    /// The password was changed elsewhere: this is the right one. Signs in with it.
    EnterPassword(Redacted<String>),
    /// Send a message.
    Send(ConversationId, Outgoing),
    /// Send files. They are in the history at once, and go when they are ready.
    SendFiles(ConversationId, OutgoingFiles),
    /// Fetch a file that is offered.
    Download(AttachmentId),
    /// Stop preparing, sending or fetching a file. What would have been sent fails and can be tried again.
    CancelTransfer(AttachmentId),
    /// Try again to send or fetch a file that failed.
    RetryTransfer(AttachmentId),
    /// Remove what is kept of a file from this device. It can be fetched again while a server has it.
    DiscardFile(AttachmentId),
    /// The same for every file of a conversation.
    DiscardFiles(ConversationId),
    /// What was found by looking into a file.
    LearnFile(AttachmentId, FileFacts),
    /// Find out what the server takes of files, for somebody who may choose some: it is kept on disk, and said to be a change
    /// of the account.
    LookUpFileService,
    /// What the user wants of files in general.
    SetFileSettings(FileSettings),
    /// Send a refused message again, as the same message.
    TryAgain(MessageId),
    /// Replace the user's reactions to a message (XEP-0444); empty takes them back.
    React(MessageId, Vec<String>),
    /// Take a message back (XEP-0424).
    Retract(MessageId),
    /// Everything up to this message was seen.
    MarkRead(ConversationId, MessageId),
    /// What the user is doing in a conversation.
    SetChatState(ConversationId, ChatState),
    /// Keep, or with `None` forget, what was typed.
    SetDraft(ConversationId, Option<Draft>),
    /// Fetch what is older than the oldest message here.
    LoadOlder(ConversationId),
    /// Keep on top of the list, or not.
    SetPinned(ConversationId, bool),
    /// Mute.
    SetMute(ConversationId, Mute),
    /// Put out of the list until something new comes, or back.
    SetArchived(ConversationId, bool),
    /// Delete a conversation and its messages from this device.
    DeleteConversation(ConversationId),
    /// Take a stranger in: from now on they are told of receipts and presence.
    AcceptStranger(ConversationId),
    /// Put someone on the roster, with a name and groups, and ask to see their presence.
    AddContact(BareJid, Option<String>, Vec<String>),
    /// Change name and groups on the roster.
    ChangeContact(BareJid, Option<String>, Vec<String>),
    /// Take someone off the roster.
    RemoveContact(BareJid),
    /// Answer a request to see our presence.
    AnswerSubscription(BareJid, bool),
    /// Block (XEP-0191), or unblock.
    SetBlocked(BareJid, bool),
    /// What others see.
    SetAvailability(Availability),
    /// What others call us (XEP-0172).
    SetNickname(Option<String>),
    /// Our picture (XEP-0084): PNG bytes with width and height in pixels, or none.
    SetAvatar(Option<(Vec<u8>, u32, u32)>),
    /// Encrypt a conversation from now on, or do not.
    SetEncryption(ConversationId, bool),
    /// The user decided about the key of a device of somebody: `Blind` takes it without having compared it.
    SetTrust(BareJid, Fingerprint, Trust),
    /// Fetch the device list of somebody, and the keys of their devices that are not known: to look at them.
    LookUpDevices(BareJid),
    /// What the user's other devices, and contacts, call this one.
    NameDevice(Option<String>),
    /// Take another device of the user's off the account's lists, such as an old phone: nobody encrypts to it any more.
    RemoveDevice(u32),
    /// Begin anew with a device whose messages cannot be read.
    ResetSession(BareJid, u32),
    /// What the user wants of encryption in general.
    SetEncryptionSettings(EncryptionSettings),
    /// Call the other side of a conversation, with video or with voice alone.
    StartCall(ConversationId, bool),
    /// Something about a call that is there.
    Call(CallId, CallCommand),
    /// Another account is in a call: who calls this one meanwhile hears that the user is busy.
    SetBusy(bool),
    /// What the user wants of calls in general.
    SetCallSettings(CallSettings),
    /// Whether to tell when messages were received and seen, and when the user writes.
    SetPrivacy {
        /// Send receipts and markers (XEP-0184, XEP-0333).
        receipts: bool,
        /// Send chat states (XEP-0085).
        typing: bool,
    },
}

/// Something wanted of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallCommand {
    /// Take it. With video or with voice alone: what the other side sends is taken in any case.
    Answer {
        /// Whether the camera is sent.
        video: bool,
    },
    /// End it, decline it or take it back, whichever fits.
    HangUp,
    /// Send a kind of media, or do not. A kind that is not part of the call is added to it.
    Send(MediaKind, bool),
    /// Put the others on hold, or come back to them.
    Hold(bool),
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its text.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// The own message whose text it replaces (XEP-0308).
    pub corrects: Option<MessageId>,
}

/// What was typed and not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The text.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// The message it corrects.
    pub corrects: Option<MessageId>,
    /// When it was last changed.
    pub time: Timestamp,
}

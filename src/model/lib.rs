//! The words every part of Starling shares.
//!
//! A message, a conversation, a command, an event, a failure: plain structs and enums with
//! public fields, in the words that people see on the screen. They carry no behaviour beyond
//! small questions about themselves, so that any crate may hold them and none is tied to another
//! by them.
//!
//! This crate must never know: XML, SQL, sockets, clocks, widgets, or any other crate of ours.

#![forbid(unsafe_code)]

mod account;
mod attachment;
mod call;
mod command;
mod contact;
mod conversation;
mod encryption;
mod event;
mod failure;
mod file_name;
mod ids;
mod media;
mod message;
mod redacted;
mod request;
mod time;

pub use account::{AccountSettings, ConnectionState, ConnectionStep, ServerAddress};
pub use attachment::{
    Attachment, AttachmentSummary, ExportTo, FetchFrom, FileFacts, FileKind, FileService, FileSettings,
    FileSource, OutgoingFile, OutgoingFiles, SharedFile, StorageUse, Transfer, TransferFailure, VoiceFacts,
};
pub use call::{
    Call, CallDevice, CallDevices, CallFailure, CallLine, CallOutcome, CallSecurity, CallSettings, CallState,
    CallStatistics, Callable, DeviceRole, Participant, PictureStream, StreamStatistics,
};
pub use command::{AccountCommand, CallCommand, Command, Draft, Outgoing};
pub use contact::{AddressWarning, Availability, Contact, ContactPresence, Show, Subscription};
pub use conversation::{ChatState, Conversation, ConversationKind, ConversationSummary, LastMessage, Mute};
pub use encryption::{
    ConversationEncryption, Device, EncryptionSettings, Fingerprint, MessageKey, NotAFingerprint,
    OmemoVersion, Trust, Wait,
};
pub use event::{Change, Event, EventKind};
pub use failure::{
    CertificateFacts, CertificateProblem, DeliveryFailure, DeliveryReason, Failure, KeyFailure,
    StorageFailure,
};
pub use file_name::FileName;
pub use ids::{AccountId, AttachmentId, CallId, ConversationId, MessageId, OccupantId, RequestId};
pub use jid::{BareJid, FullJid, Jid};
pub use media::{
    CandidateKind, ContentCandidates, ContentCredentials, DtlsFingerprint, DtlsSetup, Flow, IceCandidate,
    IceCredentials, IceProtocol, IceServer, IceServerKind, IceServerTransport, IceTransport, MediaCommand,
    MediaContent, MediaDescription, MediaEvent, MediaFailure, MediaKind, MediaSetup, RtcpFeedback,
    RtpDescription, RtpExtension, RtpPayload, RtpSource, RtpSourceGroup, WantedContent,
};
pub use message::{
    Content, Delivery, Direction, EncryptionKind, Message, Quote, Reaction, Revision, UnreadableReason,
};
pub use redacted::Redacted;
pub use request::{Answer, FormField, FormFieldKind, RegistrationForm, Request, SignIn};
pub use time::{Now, Timestamp};

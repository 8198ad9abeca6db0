//! How the words of `model` stand in columns, and back.
//!
//! Numbers are written out here, once, and never reused: a database of an earlier release reads the
//! same for ever. A number that no release wrote reads as the most harmless value, not as an error:
//! one odd row must not hide a whole conversation.

use std::{borrow::Cow, time::Duration};

use model::{
    AddressWarning, BareJid, CallFailure, CallLine, CallOutcome, Content, ConversationEncryption,
    ConversationKind, Delivery, DeliveryFailure, DeliveryReason, Direction, EncryptionKind, Mute,
    Subscription, Timestamp, Trust, UnreadableReason, Wait,
};
use rusqlite::Row;
use rusqlite::types::Type;

/// The error for a text column that does not hold what it must.
pub(crate) fn damaged_text<E>(column: usize, error: E) -> rusqlite::Error
where
    E: std::error::Error + Send + Sync + 'static,
{
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

pub(crate) fn bare_jid(row: &Row<'_>, column: usize) -> rusqlite::Result<BareJid> {
    let text = row.get_ref(column)?.as_str()?;
    BareJid::new(text).map_err(|error| damaged_text(column, error))
}

/// An address it looks like; empty when it mixes scripts.
pub(crate) fn address_warning(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<AddressWarning>> {
    Ok(match row.get_ref(column)?.as_str_or_null()? {
        None => None,
        Some("") => Some(AddressWarning::MixedScripts),
        Some(_) => Some(AddressWarning::LooksLike(bare_jid(row, column)?)),
    })
}

pub(crate) fn subscription(number: i64) -> Subscription {
    match number {
        1 => Subscription::To,
        2 => Subscription::From,
        3 => Subscription::Both,
        _ => Subscription::None,
    }
}

pub(crate) fn from_subscription(subscription: Subscription) -> i64 {
    match subscription {
        Subscription::None => 0,
        Subscription::To => 1,
        Subscription::From => 2,
        Subscription::Both => 3,
    }
}

pub(crate) fn conversation_kind(number: i64) -> ConversationKind {
    if number == 1 { ConversationKind::Room } else { ConversationKind::Direct }
}

pub(crate) fn from_conversation_kind(kind: ConversationKind) -> i64 {
    match kind {
        ConversationKind::Direct => 0,
        ConversationKind::Room => 1,
    }
}

pub(crate) fn mute(number: i64, until: i64) -> Mute {
    match number {
        1 => Mute::Until(Timestamp(until)),
        2 => Mute::Always,
        _ => Mute::No,
    }
}

pub(crate) fn from_mute(mute: Mute) -> (i64, i64) {
    match mute {
        Mute::No => (0, 0),
        Mute::Until(time) => (1, time.0),
        Mute::Always => (2, 0),
    }
}

pub(crate) fn direction(number: i64) -> Direction {
    if number == 1 { Direction::Outgoing } else { Direction::Incoming }
}

pub(crate) fn from_direction(direction: Direction) -> i64 {
    match direction {
        Direction::Incoming => 0,
        Direction::Outgoing => 1,
    }
}

pub(crate) fn encryption(number: i64) -> EncryptionKind {
    match number {
        0 => EncryptionKind::None,
        1 => EncryptionKind::OmemoLegacy,
        2 => EncryptionKind::Omemo,
        3 => EncryptionKind::Ox,
        4 => EncryptionKind::LegacyOpenPgp,
        5 => EncryptionKind::Otr,
        _ => EncryptionKind::Other,
    }
}

pub(crate) fn from_encryption(encryption: EncryptionKind) -> i64 {
    match encryption {
        EncryptionKind::None => 0,
        EncryptionKind::OmemoLegacy => 1,
        EncryptionKind::Omemo => 2,
        EncryptionKind::Ox => 3,
        EncryptionKind::LegacyOpenPgp => 4,
        EncryptionKind::Otr => 5,
        EncryptionKind::Other => 6,
    }
}

// `messages.unreadable`, beside the numbers of `encryption`.
const NOT_FOR_THIS_DEVICE: i64 = 100;
const NO_SESSION: i64 = 101;
const DAMAGED: i64 = 102;
const KEY_CHANGED: i64 = 103;
const FORGED: i64 = 104;

/// `conversations.encryption`.
pub(crate) fn conversation_encryption(number: Option<i64>) -> ConversationEncryption {
    match number {
        None => ConversationEncryption::Undecided,
        Some(0) => ConversationEncryption::Off,
        Some(_) => ConversationEncryption::Omemo,
    }
}

/// `conversations.encryption`.
pub(crate) fn from_conversation_encryption(encryption: ConversationEncryption) -> Option<i64> {
    match encryption {
        ConversationEncryption::Undecided => None,
        ConversationEncryption::Off => Some(0),
        ConversationEncryption::Omemo => Some(2),
    }
}

/// `omemo_devices.trust` and `messages.sender_trust`. `store/devices.rs` names numbers in its statements.
pub(crate) fn trust(number: i64) -> Trust {
    match number {
        1 => Trust::Blind,
        2 => Trust::Verified,
        3 => Trust::Untrusted,
        4 => Trust::Changed,
        _ => Trust::Undecided,
    }
}

pub(crate) fn from_trust(trust: Trust) -> i64 {
    match trust {
        Trust::Undecided => 0,
        Trust::Blind => 1,
        Trust::Verified => 2,
        Trust::Untrusted => 3,
        Trust::Changed => 4,
    }
}

/// `messages.waits`.
pub(crate) fn wait(number: i64) -> Option<Wait> {
    Some(match number {
        1 => Wait::Keys,
        2 => Wait::NoDevice,
        3 => Wait::NoTrustedDevice,
        4 => Wait::KeyChanged,
        _ => return None,
    })
}

pub(crate) fn from_wait(wait: Option<Wait>) -> i64 {
    match wait {
        None => 0,
        Some(Wait::Keys) => 1,
        Some(Wait::NoDevice) => 2,
        Some(Wait::NoTrustedDevice) => 3,
        Some(Wait::KeyChanged) => 4,
    }
}

/// `messages.kind`.
pub(crate) const TEXT: i64 = 0;
/// `messages.kind`.
pub(crate) const RETRACTED: i64 = 1;
/// `messages.kind`.
pub(crate) const UNREADABLE: i64 = 2;
/// `messages.kind`. The body of such a row is three numbers ([`call_body`]), which nobody shows as they are.
pub(crate) const CALL: i64 = 4;

pub(crate) fn content(kind: i64, body: String, unreadable: i64) -> Content {
    match kind {
        TEXT => Content::Text(body),
        RETRACTED => Content::Retracted,
        CALL => Content::Call(call_line(&body)),
        _ => Content::Unreadable(match unreadable {
            NOT_FOR_THIS_DEVICE => UnreadableReason::NotForThisDevice,
            NO_SESSION => UnreadableReason::NoSession,
            DAMAGED => UnreadableReason::Damaged,
            KEY_CHANGED => UnreadableReason::KeyChanged,
            FORGED => UnreadableReason::Forged,
            kind => UnreadableReason::UnknownEncryption(encryption(kind)),
        }),
    }
}

/// `messages.kind`, `body` and `unreadable`.
pub(crate) fn from_content(content: &Content) -> (i64, Cow<'_, str>, i64) {
    match content {
        Content::Text(text) => (TEXT, text.into(), 0),
        Content::Retracted => (RETRACTED, "".into(), 0),
        Content::Call(line) => (CALL, call_body(line).into(), 0),
        Content::Unreadable(reason) => {
            let number = match reason {
                UnreadableReason::UnknownEncryption(kind) => from_encryption(*kind),
                UnreadableReason::NotForThisDevice => NOT_FOR_THIS_DEVICE,
                UnreadableReason::NoSession => NO_SESSION,
                UnreadableReason::Damaged => DAMAGED,
                UnreadableReason::KeyChanged => KEY_CHANGED,
                UnreadableReason::Forged => FORGED,
            };
            (UNREADABLE, "".into(), number)
        }
    }
}

/// `messages.body` of a call: whether it was with video, what became of it, how many milliseconds it lasted.
pub(crate) fn call_body(line: &CallLine) -> String {
    let duration = match line.outcome {
        CallOutcome::Answered { duration } => i64::try_from(duration.as_millis()).unwrap_or(i64::MAX),
        _ => 0,
    };
    format!("{} {} {duration}", u8::from(line.video), from_outcome(line.outcome))
}

pub(crate) fn call_line(body: &str) -> CallLine {
    let mut numbers = body.split(' ').map(|number| number.parse().unwrap_or(0_i64));
    let mut next = || numbers.next().unwrap_or(0);
    let (video, number, duration) = (next() == 1, next(), next());
    let duration = Duration::from_millis(u64::try_from(duration).unwrap_or(0));
    CallLine { video, outcome: outcome(number, duration) }
}

fn outcome(number: i64, duration: Duration) -> CallOutcome {
    match number {
        0 => CallOutcome::UnderWay,
        1 => CallOutcome::Answered { duration },
        2 => CallOutcome::OnOtherDevice,
        3 => CallOutcome::Unanswered,
        4 => CallOutcome::Declined,
        5 => CallOutcome::Busy,
        6 => CallOutcome::Cancelled,
        10 => CallOutcome::Failed(CallFailure::Unreachable),
        11 => CallOutcome::Failed(CallFailure::NoWay),
        12 => CallOutcome::Failed(CallFailure::NoRelay),
        13 => CallOutcome::Failed(CallFailure::Security),
        14 => CallOutcome::Failed(CallFailure::Incompatible),
        15 => CallOutcome::Failed(CallFailure::Media),
        16 => CallOutcome::Failed(CallFailure::Protocol),
        17 => CallOutcome::Failed(CallFailure::SessionLost),
        _ => CallOutcome::Failed(CallFailure::Theirs),
    }
}

fn from_outcome(outcome: CallOutcome) -> i64 {
    match outcome {
        CallOutcome::UnderWay => 0,
        CallOutcome::Answered { .. } => 1,
        CallOutcome::OnOtherDevice => 2,
        CallOutcome::Unanswered => 3,
        CallOutcome::Declined => 4,
        CallOutcome::Busy => 5,
        CallOutcome::Cancelled => 6,
        CallOutcome::Failed(failure) => match failure {
            CallFailure::Unreachable => 10,
            CallFailure::NoWay => 11,
            CallFailure::NoRelay => 12,
            CallFailure::Security => 13,
            CallFailure::Incompatible => 14,
            CallFailure::Media => 15,
            CallFailure::Protocol => 16,
            CallFailure::SessionLost => 17,
            CallFailure::Theirs => 18,
        },
    }
}

/// `messages.delivery`.
pub(crate) const RECEIVED: i64 = 0;
/// `messages.delivery`.
pub(crate) const QUEUED: i64 = 1;
/// `messages.delivery`. The schema names this number and the next in an index.
pub(crate) const SENT: i64 = 2;
/// `messages.delivery`.
pub(crate) const DELIVERED: i64 = 3;
/// `messages.delivery`.
pub(crate) const READ: i64 = 4;
/// `messages.delivery`.
pub(crate) const FAILED: i64 = 5;

pub(crate) fn delivery(number: i64, reason: i64, text: Option<String>) -> Delivery {
    match number {
        QUEUED => Delivery::Queued,
        SENT => Delivery::Sent,
        DELIVERED => Delivery::Delivered,
        READ => Delivery::Read,
        FAILED => Delivery::Failed(DeliveryFailure { reason: delivery_reason(reason), text }),
        _ => Delivery::Received,
    }
}

/// `messages.delivery`, `failure` and `failure_text`.
pub(crate) fn from_delivery(delivery: &Delivery) -> (i64, i64, Option<&str>) {
    match delivery {
        Delivery::Received => (RECEIVED, 0, None),
        Delivery::Queued => (QUEUED, 0, None),
        Delivery::Sent => (SENT, 0, None),
        Delivery::Delivered => (DELIVERED, 0, None),
        Delivery::Read => (READ, 0, None),
        Delivery::Failed(failure) => (FAILED, from_delivery_reason(failure.reason), failure.text.as_deref()),
    }
}

fn delivery_reason(number: i64) -> DeliveryReason {
    match number {
        1 => DeliveryReason::NotFound,
        2 => DeliveryReason::Refused,
        3 => DeliveryReason::ServerNotFound,
        4 => DeliveryReason::TooLarge,
        5 => DeliveryReason::Busy,
        6 => DeliveryReason::EncryptionTurnedOff,
        _ => DeliveryReason::Other,
    }
}

fn from_delivery_reason(reason: DeliveryReason) -> i64 {
    match reason {
        DeliveryReason::Other => 0,
        DeliveryReason::NotFound => 1,
        DeliveryReason::Refused => 2,
        DeliveryReason::ServerNotFound => 3,
        DeliveryReason::TooLarge => 4,
        DeliveryReason::Busy => 5,
        DeliveryReason::EncryptionTurnedOff => 6,
    }
}

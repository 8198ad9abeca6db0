//! Messages for tests.

use model::{
    Attachment, AttachmentId, BareJid, Content, ConversationId, Delivery, Direction, EncryptionKind,
    FileName, Message, MessageId, Timestamp, Transfer,
};
use view::TimelineItem;

/// 5 March 2026, 09:00 UTC.
const START: i64 = 1_772_701_200;

/// A message of somebody, some seconds after the start.
pub fn message(id: i64, sender: &str, seconds: i64) -> Message {
    let time = Timestamp((START + seconds) * 1000);
    let own = sender == "me";
    let mut name = sender.to_owned();
    name[..1].make_ascii_uppercase();
    Message {
        id: MessageId(id),
        conversation: ConversationId(1),
        direction: if own { Direction::Outgoing } else { Direction::Incoming },
        sender: BareJid::new(&format!("{sender}@example.org")).expect("a good address"),
        sender_name: name,
        sender_avatar: None,
        occupant: None,
        time,
        sort_time: time,
        content: Content::Text(format!("Message {id}")),
        attachments: Vec::new(),
        encryption: EncryptionKind::None,
        trust: None,
        delivery: if own { Delivery::Sent } else { Delivery::Received },
        waits: None,
        revisions: 0,
        reply: None,
        reactions: Vec::new(),
    }
}

/// The rows that `view::Timeline` would make of these messages, days left out.
pub fn items(messages: &[Message]) -> Vec<TimelineItem> {
    let goes_on = |first: &Message, second: &Message| {
        first.sender == second.sender && second.time.0 - first.time.0 <= 5 * 60 * 1000
    };
    let item = |index: usize| {
        let message = &messages[index];
        let before = index.checked_sub(1).map(|index| &messages[index]);
        TimelineItem {
            day_starts: before.is_none(),
            group_starts: before.is_none_or(|before| !goes_on(before, message)),
            group_ends: messages.get(index + 1).is_none_or(|after| !goes_on(message, after)),
            first_unread: false,
            message: message.clone(),
        }
    };
    (0..messages.len()).map(item).collect()
}

/// A file that is here, of which only name and type are known.
pub fn file(id: i64, name: &str, media_type: &str) -> Attachment {
    Attachment {
        id: AttachmentId(id),
        message: MessageId(id),
        name: FileName::new(name),
        media_type: media_type.to_owned(),
        is_voice: false,
        size: None,
        dimensions: None,
        duration: None,
        waveform: Vec::new(),
        thumbhash: None,
        description: None,
        transfer: Transfer::Here,
    }
}

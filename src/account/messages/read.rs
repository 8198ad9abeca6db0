//! What the user has read: here, or on another device.

use model::{BareJid, Change, ConversationEncryption, ConversationId, Direction, MessageId};
use store::{NewOutboxRow, OutboxKind, StoredMessage};
use xmpp::{payload, xep_0333_markers as markers, xep_0334_hints::Hint, xml};

use crate::{Error, commands, displayed_sync, outbox, turn::Turn};

/// `AccountCommand::MarkRead`: the user saw everything up to a message, on this device.
pub fn here(turn: &mut Turn<'_, '_>, conversation: ConversationId, message: MessageId) -> Result<(), Error> {
    if !turn.tx.mark_read(conversation, message)? {
        return Ok(());
    }
    turn.changed(Change::Conversation(conversation));
    tell(turn, conversation, message)?;
    displayed_sync::publish(turn, conversation, message)
}

/// Another device of ours displayed a message.
pub fn elsewhere(turn: &mut Turn<'_, '_>, row: &StoredMessage) -> Result<(), Error> {
    if turn.tx.mark_read(row.conversation, row.id)? {
        turn.changed(Change::Conversation(row.conversation));
    }
    Ok(())
}

/// Another device of ours displayed everything with `peer` up to an archive id (XEP-0490).
pub fn up_to_archive_id(turn: &mut Turn<'_, '_>, peer: &BareJid, archive_id: &str) -> Result<(), Error> {
    let Some(conversation) = turn.tx.reads().conversation_with(peer)? else { return Ok(()) };
    match turn.tx.reads().message_by_archive_id(&turn.state.own.bare, archive_id)? {
        Some(row) if row.conversation == conversation => elsewhere(turn, &row),
        // Of another conversation: nonsense.
        Some(_) => Ok(()),
        None => {
            let own = store::Reactor {
                sender: turn.state.own.bare.clone(),
                occupant: None,
                nickname: None,
                own: true,
            };
            let edit = store::PendingEdit {
                target_id: archive_id.to_owned(),
                from: own,
                time: turn.now.wall,
                kind: store::PendingKind::OwnDisplayed,
            };
            Ok(turn.tx.put_pending(conversation, &edit)?)
        }
    }
}

/// Tells the other side, if it asked and may know (XEP-0333).
fn tell(turn: &mut Turn<'_, '_>, conversation: ConversationId, up_to: MessageId) -> Result<(), Error> {
    let Some(stored) = turn.tx.reads().stored_conversation(conversation)? else { return Ok(()) };
    if !turn.state.own.sends_receipts || stored.stranger || stored.address == turn.state.own.bare {
        return Ok(());
    }
    let Some(message) = turn.tx.reads().newest_markable(conversation, up_to)? else { return Ok(()) };
    if stored.displayed_told == Some(message.id) || message.direction != Direction::Incoming {
        return Ok(());
    }
    let Some(named) = message.ids.stanza else { return Ok(()) };
    turn.tx.set_displayed_told(conversation, message.id)?;
    let id = turn.new_id();
    let attributes = [("to", stored.address.as_str()), ("type", "chat"), ("id", &id)];
    let children = [markers::displayed_marker(&named), Hint::Store.element()];
    let marker = payload::parent_tag("message", "jabber:client", &attributes, children);
    if stored.encryption == ConversationEncryption::Omemo {
        return commands::into_outbox(turn, &stored, &id, &marker, OutboxKind::Edit, None);
    }
    let bytes = xml::serialise(&marker);
    let row = NewOutboxRow {
        kind: OutboxKind::Edit,
        message: None,
        conversation: Some(conversation),
        token: &id,
        bytes: &bytes,
        after: None,
        time: turn.now.wall,
    };
    outbox::push(turn, &row)
}

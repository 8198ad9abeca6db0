//! Sending words: from what was typed to a row and its final bytes.

use model::{Change, Content, ConversationId, Delivery, Direction, EncryptionKind, MessageId, Outgoing};
use store::{
    Correction, MessageIds, NewMessage, NewOutboxRow, NewReply, OutboxId, OutboxKind, StoredConversation,
    StoredMessage,
};
use xmpp::{
    Address, minidom::Element, payload, xep_0085_chat_states as chat_states_xml,
    xep_0184_receipts as receipts, xep_0308_corrections as corrections, xep_0333_markers as markers,
    xep_0359_stanza_ids as stanza_ids, xep_0461_replies as replies, xml,
};

use crate::{Error, chat_states, files, messages, omemo, outbox, turn::Turn};

/// `AccountCommand::Send`
pub fn send(turn: &mut Turn<'_, '_>, conversation: ConversationId, outgoing: &Outgoing) -> Result<(), Error> {
    let Some(stored) = turn.tx.reads().stored_conversation(conversation)? else { return Ok(()) };
    // What XML cannot carry would be lost on the way: better here, where the user sees it.
    let text = payload::xml_text(&outgoing.text);
    if text.trim().is_empty() {
        return Ok(());
    }
    turn.tx.set_draft(conversation, None)?;
    turn.changed(Change::Conversation(conversation));
    match outgoing.corrects {
        Some(corrected) => correct(turn, &stored, corrected, &text),
        None => say(turn, &stored, &text, outgoing.reply_to, None),
    }
}

/// `AccountCommand::TryAgain`: the same message, by the same id. Its bytes went with its outbox row when it was
/// refused, so they are made again.
pub fn try_again(turn: &mut Turn<'_, '_>, message: MessageId) -> Result<(), Error> {
    if files::try_again(turn, message)? {
        return Ok(());
    }
    let Some(row) = turn.tx.reads().stored_message(message)? else { return Ok(()) };
    let (Content::Text(text), Some(id)) = (&row.content, &row.ids.stanza) else { return Ok(()) };
    let Some(stored) = turn.tx.reads().stored_conversation(row.conversation)? else { return Ok(()) };
    if !turn.tx.try_again(message)? {
        return Ok(());
    }
    turn.changed(Change::MessageChanged(row.conversation, message));
    turn.changed(Change::Conversation(row.conversation));
    let answered = answered_by(turn, message)?;
    let stanza = stanza(turn, &stored, id, text, answered.as_ref(), None);
    into_outbox(turn, &stored, id, &stanza, OutboxKind::Message, Some(message))
}

/// Says something, after another row of the outbox if there is one.
pub fn say(
    turn: &mut Turn<'_, '_>,
    stored: &StoredConversation,
    text: &str,
    reply_to: Option<MessageId>,
    after: Option<OutboxId>,
) -> Result<(), Error> {
    // Whoever writes to a stranger has taken them in.
    messages::accept(turn, stored.id)?;
    let answered = answered(turn, stored, reply_to)?;
    let id = turn.new_id();
    let stanza = stanza(turn, stored, &id, text, answered.as_ref(), None);
    let message = write(turn, stored, &id, text, answered.as_ref())?;
    into_outbox_after(turn, stored, &id, &stanza, OutboxKind::Message, Some(message), after)
}

/// The message that the user answers, if it is one of this conversation.
pub fn answered(
    turn: &Turn<'_, '_>,
    stored: &StoredConversation,
    reply_to: Option<MessageId>,
) -> Result<Option<StoredMessage>, Error> {
    let Some(original) = reply_to else { return Ok(None) };
    Ok(turn.tx.reads().stored_message(original)?.filter(|row| row.conversation == stored.id))
}

/// The message that an own one answers.
fn answered_by(turn: &Turn<'_, '_>, message: MessageId) -> Result<Option<StoredMessage>, Error> {
    match turn.tx.reads().messages(&[message])?.pop().and_then(|message| message.reply?.message) {
        Some(original) => Ok(turn.tx.reads().stored_message(original)?),
        None => Ok(None),
    }
}

/// What an own message says that it answers (XEP-0461), if it does.
pub fn reply_of(turn: &Turn<'_, '_>, message: MessageId) -> Result<Option<Element>, Error> {
    Ok(answered_by(turn, message)?.as_ref().and_then(reply).map(|reply| replies::element(&reply)))
}

fn reply(row: &StoredMessage) -> Option<replies::Reply> {
    Some(replies::Reply { id: reference(row)?, to: Some(Address::from(row.sender.clone())) })
}

/// Writes an own message into the history.
pub fn write(
    turn: &mut Turn<'_, '_>,
    stored: &StoredConversation,
    id: &str,
    text: &str,
    answered: Option<&StoredMessage>,
) -> Result<MessageId, Error> {
    let sort_time = messages::newest_place(turn, stored.id)?;
    let reply = answered.and_then(|row| {
        let target_id = reference(row)?;
        Some(NewReply {
            target: Some(row.id),
            target_id,
            target_sender: Some(row.sender.clone()),
            fallback: quoted(row).chars().take(500).collect(),
        })
    });
    let new = NewMessage {
        conversation: stored.id,
        direction: Direction::Outgoing,
        sender: turn.state.own.bare.clone(),
        occupant: None,
        nickname: None,
        time: turn.now.wall,
        sort_time,
        content: Content::Text(text.to_owned()),
        encryption: omemo::promised(stored),
        delivery: Delivery::Queued,
        ids: MessageIds { stanza: Some(id.to_owned()), origin: Some(id.to_owned()), archive: None },
        reply,
        unread: false,
    };
    let message = turn.tx.insert_message(&new)?.id();
    turn.changed(Change::MessageAdded(stored.id, message));
    turn.changed(Change::Conversation(stored.id));
    turn.tx.mark_read(stored.id, message)?;
    chat_states::spoke(turn, stored.id);
    Ok(message)
}

fn correct(
    turn: &mut Turn<'_, '_>,
    stored: &StoredConversation,
    corrected: MessageId,
    text: &str,
) -> Result<(), Error> {
    let Some(row) = turn.tx.reads().stored_message(corrected)? else { return Ok(()) };
    let is_own = row.direction == Direction::Outgoing && row.conversation == stored.id;
    let (Content::Text(before), Some(original), true) = (&row.content, &row.ids.stanza, is_own) else {
        return Ok(());
    };
    if before == text {
        return Ok(());
    }
    let id = turn.new_id();
    let correction = Correction {
        id: Some(id.clone()),
        time: turn.now.wall,
        text: text.to_owned(),
        encryption: EncryptionKind::None,
    };
    turn.tx.correct_last(corrected, &correction)?;
    turn.changed(Change::MessageChanged(stored.id, corrected));
    chat_states::spoke(turn, stored.id);
    // Nobody has the message that was refused: the new words go out as that message.
    if matches!(row.delivery, Delivery::Failed(_)) {
        return try_again(turn, corrected);
    }
    let stanza = stanza(turn, stored, &id, text, None, Some(original));
    into_outbox(turn, stored, &id, &stanza, OutboxKind::Edit, Some(corrected))
}

fn stanza(
    turn: &Turn<'_, '_>,
    stored: &StoredConversation,
    id: &str,
    text: &str,
    answered: Option<&StoredMessage>,
    corrects: Option<&str>,
) -> Element {
    let reply = answered.and_then(|row| Some((reply(row)?, quoted(row))));
    let (body, mark) = match &reply {
        Some((_, quote)) => replies::quoting_body(quote, text),
        None => (text.to_owned(), None),
    };
    let attributes = [("to", stored.address.as_str()), ("type", "chat"), ("id", id)];
    let children = [payload::text_tag("body", xml::NS_CLIENT, &body)]
        .into_iter()
        .chain(reply.map(|(reply, _)| replies::element(&reply)))
        .chain(mark)
        .chain(corrects.map(corrections::replace))
        .chain([stanza_ids::origin(id), receipts::request(), markers::markable()])
        .chain(turn.state.own.sends_typing.then(|| chat_states_xml::element(model::ChatState::Active)));
    payload::parent_tag("message", xml::NS_CLIENT, &attributes, children)
}

/// The id by which a message is named to the other side (XEP-0461 §3.1).
pub fn reference(row: &StoredMessage) -> Option<String> {
    row.ids.origin.clone().or_else(|| row.ids.stanza.clone())
}

fn quoted(row: &StoredMessage) -> &str {
    match &row.content {
        Content::Text(text) => text,
        Content::Retracted | Content::Call(_) | Content::Unreadable(_) => "",
    }
}

/// Puts a stanza into the outbox: as its final bytes, or to be sealed.
pub fn into_outbox(
    turn: &mut Turn<'_, '_>,
    stored: &StoredConversation,
    id: &str,
    stanza: &Element,
    kind: OutboxKind,
    message: Option<MessageId>,
) -> Result<(), Error> {
    into_outbox_after(turn, stored, id, stanza, kind, message, None)
}

fn into_outbox_after(
    turn: &mut Turn<'_, '_>,
    stored: &StoredConversation,
    id: &str,
    stanza: &Element,
    kind: OutboxKind,
    message: Option<MessageId>,
    after: Option<OutboxId>,
) -> Result<(), Error> {
    let bytes = xml::serialise(stanza);
    let is_sealed = omemo::is_sealed(turn, stored);
    let row = NewOutboxRow {
        kind,
        message,
        conversation: Some(stored.id),
        token: id,
        bytes: &bytes,
        after,
        time: turn.now.wall,
    };
    if is_sealed { outbox::push_unsealed(turn, &row) } else { outbox::push(turn, &row) }
}

//! Reacting and taking back.

use model::{Change, Content, Direction, MessageId};
use store::{OutboxKind, OutboxState, Reactor, StoredMessage};
use xmpp::{
    minidom::Element, payload, xep_0334_hints::Hint, xep_0424_retractions as retractions,
    xep_0444_reactions as reactions, xml,
};

use super::compose::{into_outbox, reference};
use crate::{Error, messages, omemo, turn::Turn};

/// `AccountCommand::React`: these are all reactions of the user to a message.
pub fn react(turn: &mut Turn<'_, '_>, message: MessageId, emoji: &[String]) -> Result<(), Error> {
    let Some(row) = turn.tx.reads().stored_message(message)? else { return Ok(()) };
    let Some(target) = reference(&row) else { return Ok(()) };
    let emoji: Vec<String> = emoji.iter().filter(|emoji| reactions::is_emoji(emoji)).cloned().collect();
    // Where only servers and those they tell would see it, it is not said at all.
    let stored = turn.tx.reads().stored_conversation(row.conversation)?;
    if let Some(stored) = &stored
        && !omemo::may_react(turn, stored)?
    {
        return Ok(());
    }
    let own = Reactor { sender: turn.state.own.bare.clone(), occupant: None, nickname: None, own: true };
    if !turn.tx.set_reactions(message, &own, &emoji, turn.now.wall)? {
        return Ok(());
    }
    turn.changed(Change::MessageChanged(row.conversation, message));
    let element = reactions::element(&reactions::Reactions { id: target, emoji });
    send(turn, &row, [element, Hint::Store.element()])
}

/// `AccountCommand::Retract`
pub fn retract(turn: &mut Turn<'_, '_>, message: MessageId) -> Result<(), Error> {
    let Some(row) = turn.tx.reads().stored_message(message)? else { return Ok(()) };
    if row.direction != Direction::Outgoing || row.content == Content::Retracted {
        return Ok(());
    }
    let Some(target) = reference(&row) else { return Ok(()) };
    // What never left is not taken back but not sent.
    let waiting = turn.tx.reads().outbox_of_message(message)?;
    let never_left = waiting.first().is_some_and(|first| {
        first.kind == OutboxKind::Message
            && matches!(first.state, OutboxState::Queued | OutboxState::Unsealed)
            && first.attempts == 0
    });
    turn.changed(Change::Conversation(row.conversation));
    if never_left {
        turn.tx.drop_outbox_of_message(message)?;
        turn.tx.delete_message(message)?;
        turn.changed(Change::MessageRemoved(row.conversation, message));
        return Ok(());
    }
    turn.tx.retract(message)?;
    turn.changed(Change::MessageChanged(row.conversation, message));
    let body = payload::text_tag("body", xml::NS_CLIENT, retractions::FALLBACK_TEXT);
    send(
        turn,
        &row,
        [retractions::retract(&target), retractions::fallback_mark(), body, Hint::Store.element()],
    )
}

fn send(
    turn: &mut Turn<'_, '_>,
    row: &StoredMessage,
    children: impl IntoIterator<Item = Element>,
) -> Result<(), Error> {
    let Some(stored) = turn.tx.reads().stored_conversation(row.conversation)? else { return Ok(()) };
    messages::accept(turn, stored.id)?;
    let id = turn.new_id();
    let attributes = [("to", stored.address.as_str()), ("type", "chat"), ("id", &id)];
    let origin = xmpp::xep_0359_stanza_ids::origin(&id);
    let stanza =
        payload::parent_tag("message", xml::NS_CLIENT, &attributes, children.into_iter().chain([origin]));
    into_outbox(turn, &stored, &id, &stanza, OutboxKind::Edit, Some(row.id))
}

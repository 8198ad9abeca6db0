//! Words become a row, once.

use model::{BareJid, Change, Content, ConversationId, Delivery, Direction, EncryptionKind, MessageId};
use store::{Insertion, MessageIds, NewMessage, NewReply};

use super::{
    Copy, Route,
    conversations::{self, Begun},
    copies, courtesies, edits,
    meaning::{Answered, Meaning, Said},
    place,
    whose::Parties,
};
use crate::{
    Error,
    archive::{self, Run},
    files::{self, ReceivedFiles},
    omemo,
    turn::Turn,
};

/// A message says something.
pub fn say(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    meaning: &Meaning,
    said: &Said,
) -> Result<(), Error> {
    let (conversation, insertion) = put(turn, copy, parties, meaning, said)?;
    if let Insertion::Added(id) = insertion {
        courtesies::new_message(turn, copy, parties, meaning, conversation, id)?;
    }
    Ok(())
}

/// Puts words into the history, unless they are there, and lets what waited for them happen.
pub fn put(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    meaning: &Meaning,
    said: &Said,
) -> Result<(ConversationId, Insertion), Error> {
    let (content, encryption) = match said.unreadable {
        Some((reason, kind)) => (Content::Unreadable(reason), kind),
        None => (Content::Text(said.text.clone()), meaning.encryption()),
    };
    let reply = |turn: &Turn<'_, '_>, conversation| match &said.reply {
        Some(answered) => answer(turn, conversation, answered).map(Some),
        None => Ok(None),
    };
    let what = What { content, encryption, files: &said.files };
    insert(turn, copy, parties, meaning, what, reply)
}

/// The place where a message stood that was taken back.
pub fn tombstone(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    meaning: &Meaning,
) -> Result<(), Error> {
    // Only an archive keeps such places; anybody else who sends one is up to something.
    if copy.route != Route::Archive {
        turn.refuse(crate::refused::Kind::Retraction);
        return Ok(());
    }
    let none = |_: &Turn<'_, '_>, _| Ok(None);
    let files = ReceivedFiles::default();
    let what = What { content: Content::Retracted, encryption: EncryptionKind::None, files: &files };
    let (conversation, insertion) = insert(turn, copy, parties, meaning, what, none)?;
    if let Insertion::AlreadyThere(id) = insertion
        && turn.tx.retract(id)?
    {
        turn.changed(Change::MessageChanged(conversation, id));
        turn.changed(Change::Conversation(conversation));
    }
    Ok(())
}

/// What a row is to hold.
struct What<'a> {
    content: Content,
    encryption: EncryptionKind,
    files: &'a ReceivedFiles,
}

fn insert(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    parties: &Parties,
    meaning: &Meaning,
    what: What<'_>,
    reply: impl FnOnce(&Turn<'_, '_>, ConversationId) -> Result<Option<NewReply>, Error>,
) -> Result<(ConversationId, Insertion), Error> {
    let outgoing = parties.direction == Direction::Outgoing;
    let begun = if outgoing { Begun::ByUs } else { Begun::ByThem };
    let time = copy.stamp.unwrap_or(turn.now.wall);
    let conversation = conversations::ensure(turn, &parties.peer, begun, time)?;
    let ids = copies::ids(turn, copy, meaning);
    if let Some(row) = copies::likely(turn, copy, conversation, parties.direction, &ids, &what.content)? {
        merge(turn, copy, conversation, row.id, &ids, &what, meaning)?;
        seen_in_archive(turn, copy, conversation, row.id)?;
        return Ok((conversation, Insertion::AlreadyThere(row.id)));
    }
    let (time, sort_time) = place::place(turn, copy, conversation, parties.direction)?;
    let reply = reply(turn, conversation)?;
    let new = NewMessage {
        conversation,
        direction: parties.direction,
        sender: sender(turn, parties),
        occupant: None,
        nickname: None,
        time,
        sort_time,
        content: what.content.clone(),
        encryption: what.encryption,
        delivery: if outgoing { Delivery::Sent } else { Delivery::Received },
        ids,
        reply,
        unread: counts_as_unread(copy) && !turn.tx.reads().is_blocked(&parties.peer)?,
    };
    let insertion = turn.tx.insert_message(&new)?;
    match insertion {
        Insertion::Added(id) => {
            if meaning.markable && !outgoing {
                turn.tx.set_markable(id)?;
            }
            keep_key(turn, conversation, id, meaning)?;
            keep_files(turn, copy, conversation, id, what.files, meaning)?;
            turn.changed(Change::MessageAdded(conversation, id));
            turn.changed(Change::Conversation(conversation));
            edits::apply_waiting(turn, conversation, id, &new.ids)?;
            if copy.run.is_none() {
                archive::live_message(turn, copy.archive_id.as_deref(), copy.stamp)?;
            }
        }
        Insertion::AlreadyThere(id) => {
            merge(turn, copy, conversation, id, &new.ids, &what, meaning)?;
        }
    }
    seen_in_archive(turn, copy, conversation, insertion.id())?;
    Ok((conversation, insertion))
}

/// A copy of what is here: keep what it knows better.
fn merge(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    conversation: ConversationId,
    message: MessageId,
    ids: &MessageIds,
    what: &What<'_>,
    meaning: &Meaning,
) -> Result<(), Error> {
    let learned = turn.tx.add_ids(message, ids)?;
    if matches!(what.content, Content::Text(_))
        && turn.tx.replace_unreadable(message, &what.content, what.encryption)?
    {
        keep_key(turn, conversation, message, meaning)?;
        keep_files(turn, copy, conversation, message, what.files, meaning)?;
        turn.changed(Change::MessageChanged(conversation, message));
        turn.changed(Change::Conversation(conversation));
    }
    if learned {
        edits::apply_waiting(turn, conversation, message, ids)?;
    }
    Ok(())
}

/// Another copy of a sealed message that became this row: it may know ids that the first did not.
pub fn again(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    meaning: &Meaning,
    message: MessageId,
) -> Result<(), Error> {
    let Some(row) = turn.tx.reads().stored_message(message)? else { return Ok(()) };
    let ids = copies::ids(turn, copy, meaning);
    if turn.tx.add_ids(message, &ids)? {
        edits::apply_waiting(turn, row.conversation, message, &ids)?;
    }
    seen_in_archive(turn, copy, row.conversation, message)
}

/// Keeps the files that came with a message.
fn keep_files(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    conversation: ConversationId,
    message: MessageId,
    received: &ReceivedFiles,
    meaning: &Meaning,
) -> Result<(), Error> {
    if received.files.is_empty() {
        return Ok(());
    }
    let trust = meaning.sealed.as_ref().map(|sealed| sealed.trust);
    files::arrived(turn, conversation, message, received, counts_as_unread(copy), trust)
}

/// Keeps with which key a message was sealed, and by which mark another copy is known.
fn keep_key(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    message: MessageId,
    meaning: &Meaning,
) -> Result<(), Error> {
    let Some(sealed) = &meaning.sealed else { return Ok(()) };
    turn.tx.set_message_key(message, &sealed.sender, sealed.device, sealed.trust)?;
    turn.tx.note_sealed(sealed.mark, Some(message))?;
    omemo::decide(turn, conversation)
}

fn seen_in_archive(
    turn: &mut Turn<'_, '_>,
    copy: &Copy<'_>,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), Error> {
    match (copy.run, &copy.archive_id) {
        (Some(run), Some(id)) => archive::seen(turn, run, conversation, message, id),
        _ => Ok(()),
    }
}

fn sender(turn: &Turn<'_, '_>, parties: &Parties) -> BareJid {
    match parties.direction {
        Direction::Incoming => parties.peer.clone(),
        Direction::Outgoing => turn.state.own.bare.clone(),
    }
}

/// What was said before this device knew the account was read elsewhere, or never will be.
pub fn counts_as_unread(copy: &Copy<'_>) -> bool {
    match copy.run {
        None | Some(Run::Forward) => true,
        Some(Run::Newest | Run::Older { .. }) => false,
    }
}

fn answer(turn: &Turn<'_, '_>, conversation: ConversationId, answered: &Answered) -> Result<NewReply, Error> {
    let target = turn.tx.reads().message_referred_to(conversation, None, &answered.id)?;
    Ok(NewReply {
        target: target.map(|target| target.id),
        target_id: answered.id.clone(),
        target_sender: answered.sender.as_ref().map(xmpp::Address::to_bare),
        fallback: answered.quote.clone(),
    })
}

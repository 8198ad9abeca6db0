//! What the user wants: one arm for each command.
//!
//! A command never fails towards the user: what it cannot do at all (a message that is gone) it leaves undone,
//! what cannot be done now waits in the outbox.

mod compose;
mod edit;
mod password;

use model::{AccountCommand, Answer, Availability, Change, ConversationId, Failure, RequestId, Show};

use crate::{
    Error, Output, Question, archive, avatars, blocking, calls, chat_states, connection, files, messages,
    nickname, omemo, presence, roster, turn::Turn,
};

pub use compose::{answered, into_outbox, reply_of, say, write};
pub use password::answered as password_answered;

/// Rows of a conversation that one turn deletes (DESIGN rule 1: pieces of 20 ms).
const PIECE: u32 = 40;

/// Does what the user wants.
pub fn run(turn: &mut Turn<'_, '_>, command: AccountCommand) -> Result<(), Error> {
    match command {
        AccountCommand::Connect => connection::go_online(turn),
        AccountCommand::Disconnect => sign_out(turn),
        AccountCommand::TryNow => connection::try_now(turn),
        AccountCommand::EnterPassword(password) => password::enter(turn, password.0),
        AccountCommand::Send(conversation, outgoing) => compose::send(turn, conversation, &outgoing),
        AccountCommand::SendFiles(conversation, files) => files::send(turn, conversation, files),
        AccountCommand::Download(file) => files::download(turn, file),
        AccountCommand::CancelTransfer(file) => files::cancel(turn, file),
        AccountCommand::RetryTransfer(file) => files::retry(turn, file),
        AccountCommand::DiscardFile(file) => files::discard(turn, file),
        AccountCommand::DiscardFiles(conversation) => files::discard_all(turn, conversation),
        AccountCommand::LearnFile(file, facts) => files::learn(turn, file, &facts),
        AccountCommand::SetFileSettings(settings) => files::set_settings(turn, &settings),
        AccountCommand::LookUpFileService => {
            files::look_up_service(turn);
            Ok(())
        }
        AccountCommand::TryAgain(message) => compose::try_again(turn, message),
        AccountCommand::React(message, emoji) => edit::react(turn, message, &emoji),
        AccountCommand::Retract(message) => edit::retract(turn, message),
        AccountCommand::MarkRead(conversation, message) => messages::read::here(turn, conversation, message),
        AccountCommand::SetChatState(conversation, state) => chat_states::set(turn, conversation, state),
        AccountCommand::SetDraft(conversation, draft) => {
            let changed = turn.tx.set_draft(conversation, draft.as_ref())?;
            conversation_changed(turn, conversation, changed)
        }
        AccountCommand::LoadOlder(conversation) => archive::load_older(turn, conversation),
        AccountCommand::SetPinned(conversation, pinned) => {
            let changed = turn.tx.set_pinned(conversation, pinned)?;
            conversation_changed(turn, conversation, changed)
        }
        AccountCommand::SetMute(conversation, mute) => {
            let changed = turn.tx.set_mute(conversation, mute)?;
            conversation_changed(turn, conversation, changed)
        }
        AccountCommand::SetArchived(conversation, archived) => {
            let changed = turn.tx.set_archived(conversation, archived)?;
            conversation_changed(turn, conversation, changed)
        }
        AccountCommand::DeleteConversation(conversation) => delete(turn, conversation),
        AccountCommand::AcceptStranger(conversation) => accept(turn, conversation),
        AccountCommand::AddContact(who, name, groups) => roster::add(turn, &who, name, groups),
        AccountCommand::ChangeContact(who, name, groups) => roster::change(turn, &who, name, groups),
        AccountCommand::RemoveContact(who) => roster::remove(turn, &who),
        AccountCommand::AnswerSubscription(who, yes) => roster::answer_subscription(turn, &who, yes),
        AccountCommand::SetBlocked(who, blocked) => blocking::set(turn, &who, blocked),
        AccountCommand::SetAvailability(availability) => set_availability(turn, &availability),
        AccountCommand::SetNickname(name) => nickname::set(turn, name),
        AccountCommand::SetAvatar(picture) => avatars::set(turn, picture),
        AccountCommand::SetEncryption(conversation, encrypted) => {
            omemo::choose(turn, conversation, encrypted)
        }
        AccountCommand::SetTrust(who, fingerprint, trust) => omemo::set_trust(turn, &who, fingerprint, trust),
        AccountCommand::LookUpDevices(who) => omemo::look_up(turn, &who),
        AccountCommand::NameDevice(name) => omemo::name_device(turn, name),
        AccountCommand::RemoveDevice(device) => omemo::remove_device(turn, device),
        AccountCommand::ResetSession(who, device) => omemo::reset_session(turn, &who, device),
        AccountCommand::SetEncryptionSettings(settings) => omemo::set_settings(turn, settings),
        AccountCommand::StartCall(conversation, video) => calls::start(turn, conversation, video),
        AccountCommand::Call(call, command) => calls::command(turn, call, command),
        AccountCommand::SetBusy(busy) => {
            calls::set_busy(turn, busy);
            Ok(())
        }
        AccountCommand::SetCallSettings(settings) => calls::set_settings(turn, settings),
        AccountCommand::SetPrivacy { receipts, typing } => {
            turn.state.own.sends_receipts = receipts;
            turn.state.own.sends_typing = typing;
            if turn.tx.set_privacy(receipts, typing)? {
                turn.changed(Change::Account);
                // Whether we give receipts is among what we say that we can do.
                presence::refresh(turn)?;
            }
            Ok(())
        }
    }
}

/// Answers somebody who waits, now or when the server has answered.
pub fn ask(turn: &mut Turn<'_, '_>, request: RequestId, question: Question) -> Result<(), Error> {
    match question {
        Question::OpenConversation(peer) => {
            let conversation = messages::open(turn, &peer)?;
            answer(turn, request, Ok(Answer::Conversation(conversation)));
            Ok(())
        }
        Question::Callable(peer) => {
            let callable = calls::callable(turn, &peer)?;
            answer(turn, request, Ok(Answer::Callable(callable)));
            Ok(())
        }
        Question::ChangePassword(password) => password::change(turn, request, password),
    }
}

/// Answers somebody who waits.
pub fn answer(turn: &mut Turn<'_, '_>, request: RequestId, answer: Result<Answer, Failure>) {
    turn.state.outputs.push_back(Output::Answer(request, answer));
}

/// Goes on with deletions that were begun, a piece at a time.
pub fn delete_pieces(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if let Some(conversation) = turn.state.deleting.first().copied()
        && turn.tx.delete_conversation_piece(conversation, PIECE)?
    {
        turn.state.deleting.remove(&conversation);
    }
    Ok(())
}

fn delete(turn: &mut Turn<'_, '_>, conversation: ConversationId) -> Result<(), Error> {
    if turn.tx.begin_delete_conversation(conversation)? {
        turn.state.deleting.insert(conversation);
        turn.changed(Change::ConversationRemoved(conversation));
    }
    Ok(())
}

fn accept(turn: &mut Turn<'_, '_>, conversation: ConversationId) -> Result<(), Error> {
    let Some(stored) = turn.tx.reads().stored_conversation(conversation)? else { return Ok(()) };
    messages::accept(turn, conversation)?;
    roster::stranger_accepted(turn, &stored.address)
}

fn sign_out(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.tx.set_enabled(false)?;
    connection::go_offline(turn)
}

fn set_availability(turn: &mut Turn<'_, '_>, availability: &Availability) -> Result<(), Error> {
    if availability.show == Show::Offline {
        return sign_out(turn);
    }
    presence::set_availability(turn, availability)?;
    connection::go_online(turn)
}

fn conversation_changed(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    changed: bool,
) -> Result<(), Error> {
    if changed {
        turn.changed(Change::Conversation(conversation));
    }
    Ok(())
}

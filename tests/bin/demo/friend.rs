//! Someone who talks back: reads what is written, types for a moment, answers, and corrects a slip.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use model::{
    AccountCommand, ChatState, Content, ConversationId, Event, EventKind, Message, MessageId, Outgoing,
};
use session::Heard;
use tests::Person;
use tests::person::block_on;

/// What the friend says, in turn. The first of a pair is a slip that the second mends.
const ANSWERS: [(&str, Option<&str>); 4] = [
    (
        "Good to hear from you! I am a small program that lives on this device and goes when you close the window.",
        None,
    ),
    (
        "Everything you write here stays on yuor device.",
        Some("Everything you write here stays on your device."),
    ),
    ("Try a reaction on this message, or answer it.", None),
    ("When you want real people: sign in with any XMPP address.", None),
];

/// How long the friend seems to type.
const TYPING: Duration = Duration::from_millis(900);
/// How long a slip stands before it is mended.
const SLIP: Duration = Duration::from_millis(1200);

/// Answers everything that is written to `friend`, until the service ends.
pub fn talk_back(friend: &Person) {
    let mut events = friend.session.events();
    let answered = AtomicUsize::new(0);
    while let Some(heard) = events.next_blocking() {
        let Heard::Event(Event { kind: EventKind::Incoming(conversation, message), .. }) = heard else {
            continue;
        };
        let Some(message) = read(friend, message) else { continue };
        let Content::Text(_) = &message.content else { continue };
        friend.command(AccountCommand::MarkRead(conversation, message.id));
        answer(friend, &message, ANSWERS[answered.fetch_add(1, Ordering::Relaxed) % ANSWERS.len()]);
    }
}

fn answer(friend: &Person, message: &Message, (first, mended): (&str, Option<&str>)) {
    let conversation = message.conversation;
    friend.command(AccountCommand::SetChatState(conversation, ChatState::Composing));
    std::thread::sleep(TYPING);
    send(friend, conversation, first, None);
    if let Some(mended) = mended {
        std::thread::sleep(SLIP);
        let slip = friend
            .messages(&message.sender, 5)
            .into_iter()
            .rev()
            .find(|own| own.content == Content::Text(first.to_owned()));
        send(friend, conversation, mended, slip.map(|slip| slip.id));
    }
}

fn send(friend: &Person, conversation: ConversationId, text: &str, corrects: Option<MessageId>) {
    friend.command(AccountCommand::Send(
        conversation,
        Outgoing { text: text.to_owned(), reply_to: None, corrects },
    ));
}

fn read(friend: &Person, message: MessageId) -> Option<Message> {
    block_on(friend.reader().message(message)).ok().flatten()
}

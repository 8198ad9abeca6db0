//! What tests of this crate share: a database with Alice's account in it, and short words for writing
//! and reading messages.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use model::{
    AccountSettings, BareJid, Content, ConversationId, ConversationKind, Delivery, Direction, EncryptionKind,
    Message, MessageId, Reaction, Timestamp,
};

use crate::{
    Anchor, ArchiveId, Error, Insertion, MessageIds, NewMessage, NewReply, PageRequest, Reactor, Reads, Tx,
    Writer,
};

/// Somebody's address.
pub(crate) fn jid(text: &str) -> BareJid {
    BareJid::new(text).unwrap()
}

pub(crate) fn alice() -> BareJid {
    jid("alice@example.org")
}

pub(crate) fn bob() -> BareJid {
    jid("bob@example.net")
}

/// Alice's database, with her conversation with Bob.
pub(crate) struct Bench {
    pub(crate) writer: Writer,
    pub(crate) bob: ConversationId,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Writer::in_memory().unwrap())
    }

    pub(crate) fn with(mut writer: Writer) -> Self {
        let bob = writer
            .write(|tx| {
                tx.set_settings(&settings())?;
                tx.create_conversation(&bob(), ConversationKind::Direct, false, Timestamp(0))
            })
            .unwrap_or_else(|error: Error| panic!("{error}"));
        Self { writer, bob }
    }

    /// One transaction that goes well.
    #[track_caller]
    pub(crate) fn write<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, Error>) -> T {
        self.writer.write(work).unwrap()
    }

    /// Reads, writing nothing.
    #[track_caller]
    pub(crate) fn read<T>(&mut self, read: impl FnOnce(Reads<'_>) -> Result<T, Error>) -> T {
        self.writer.write(|tx| read(tx.reads())).unwrap()
    }

    #[track_caller]
    pub(crate) fn insert(&mut self, message: &NewMessage) -> Insertion {
        self.write(|tx| tx.insert_message(message))
    }

    /// Bob says something.
    #[track_caller]
    pub(crate) fn hears(&mut self, time: i64, text: &str) -> MessageId {
        let message = incoming(self.bob, time, text);
        self.insert(&message).id()
    }

    /// Alice says something.
    #[track_caller]
    pub(crate) fn says(&mut self, time: i64, text: &str) -> MessageId {
        let message = outgoing(self.bob, time, text);
        self.insert(&message).id()
    }

    #[track_caller]
    pub(crate) fn message(&mut self, id: MessageId) -> Message {
        self.read(|reads| reads.messages(&[id])).pop().unwrap()
    }

    #[track_caller]
    pub(crate) fn unread(&mut self) -> u32 {
        let bob = self.bob;
        self.read(|reads| reads.conversation(bob)).unwrap().conversation.unread
    }

    /// The whole conversation as one would read it aloud.
    #[track_caller]
    pub(crate) fn transcript(&mut self) -> String {
        let request = PageRequest { conversation: self.bob, anchor: Anchor::Newest, limit: 1000 };
        let page = self.read(|reads| reads.page(&request));
        let lines: Vec<String> = page.messages.iter().map(line).collect();
        lines.join("\n")
    }
}

/// A message as a line: `Bob: hello [👍 me Bob]`.
pub(crate) fn line(message: &Message) -> String {
    let who = if message.direction == Direction::Outgoing { "me" } else { &message.sender_name };
    let quote = message.reply.as_ref().map(|quote| format!("«{}» ", quote.text)).unwrap_or_default();
    let what = match &message.content {
        Content::Text(text) => text.clone(),
        Content::Retracted => "(retracted)".into(),
        Content::Call(call) => format!("(call: {:?})", call.outcome),
        Content::Unreadable(_) => "(unreadable)".into(),
    };
    let reactions: Vec<String> = message.reactions.iter().map(reaction).collect();
    format!("{who}: {quote}{what}{}", reactions.concat())
}

fn reaction(reaction: &Reaction) -> String {
    let own = if reaction.own { " me" } else { "" };
    let others: Vec<String> = reaction.others.iter().map(|name| format!(" {name}")).collect();
    format!(" [{}{own}{}]", reaction.emoji, others.concat())
}

pub(crate) fn settings() -> AccountSettings {
    AccountSettings {
        address: alice(),
        server: None,
        extra_authorities: None,
        allow_plain: false,
        enabled: true,
    }
}

pub(crate) fn incoming(conversation: ConversationId, time: i64, text: &str) -> NewMessage {
    NewMessage {
        conversation,
        direction: Direction::Incoming,
        sender: bob(),
        occupant: None,
        nickname: None,
        time: Timestamp(time),
        sort_time: Timestamp(time),
        content: Content::Text(text.into()),
        encryption: EncryptionKind::None,
        delivery: Delivery::Received,
        ids: MessageIds::default(),
        reply: None,
        unread: true,
    }
}

pub(crate) fn outgoing(conversation: ConversationId, time: i64, text: &str) -> NewMessage {
    NewMessage {
        direction: Direction::Outgoing,
        sender: alice(),
        delivery: Delivery::Queued,
        unread: false,
        ..incoming(conversation, time, text)
    }
}

/// An answer to a message that is not known by row.
pub(crate) fn answer_to(id: &str, fallback: &str) -> NewReply {
    NewReply { target: None, target_id: id.into(), target_sender: None, fallback: fallback.into() }
}

pub(crate) fn ids(stanza: &str, origin: &str, archive: &str) -> MessageIds {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    MessageIds {
        stanza: given(stanza),
        origin: given(origin),
        archive: given(archive).map(|id| ArchiveId { archive: alice(), id }),
    }
}

pub(crate) fn reactor(address: BareJid) -> Reactor {
    Reactor { own: address == alice(), sender: address, occupant: None, nickname: None }
}

/// Waits for a future on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

//! Nothing that was typed leaks: every text and every emoji has a mark, everything that can be done is done in an encrypted
//! conversation, and then the marks are looked for in what the server was told, in what it keeps, and on the devices' disks.
//!
//! The looking proves itself: what is said in a conversation whose encryption is off has a mark too, and is found.

use std::path::Path;

use model::{
    AccountCommand, BareJid, ChatState, Content, ConversationId, Delivery, Draft, EncryptionKind,
    EncryptionSettings, FileSource, MessageId, Outgoing, OutgoingFiles, Transfer,
};
use tests::peer::Versions;
use tests::{Peer, Person, Prosody, befriend, befriend_peer, know_devices, publish_device, wait};

use crate::files;

/// Every mark that may stand nowhere, by what was done with it.
const MARKS: [(&str, &str); 11] = [
    ("words", "mark-words-7c1e"),
    ("an emoji among words", "🦤"),
    ("a typo", "mark-typo-51aa"),
    ("its correction", "mark-correction-90fd"),
    ("an answer", "mark-answer-3b0c"),
    ("taken back", "mark-retracted-c2d4"),
    ("written without a link", "mark-waiting-88e1"),
    ("a draft", "mark-draft-6f2b"),
    ("the name of a file", "mark-name-a91d.txt"),
    ("what is in a file", "mark-content-2e77"),
    ("what is said of a file", "mark-caption-d350"),
];
const REACTION: &str = "🪗";
const CLEAR: &str = "mark-clear-04b7";
const CLEAR_NAME: &str = "mark-clear-name-5c08.txt";

/// Who acts, in which conversation.
struct Actor<'a> {
    person: &'a Person,
    with: BareJid,
    conversation: ConversationId,
    kind: EncryptionKind,
}

impl Actor<'_> {
    fn send(&self, text: &str, reply_to: Option<MessageId>, corrects: Option<MessageId>) {
        let outgoing = Outgoing { text: text.to_owned(), reply_to, corrects };
        self.person.command(AccountCommand::Send(self.conversation, outgoing));
    }

    /// Sends a file with some words, as an answer.
    fn send_file(&self, name: &str, content: &'static str, caption: &str, reply_to: Option<MessageId>) {
        let source = FileSource::Bytes(content.as_bytes().into());
        let files = vec![files::file(source, Some(name))];
        let outgoing = OutgoingFiles { files, caption: caption.to_owned(), reply_to };
        self.person.command(AccountCommand::SendFiles(self.conversation, outgoing));
    }

    /// Waits until the other side told that it has a message.
    #[track_caller]
    fn delivered(&self, text: &str) -> MessageId {
        let message = self.person.sees_own(&self.with, text, &Delivery::Delivered);
        assert_eq!(message.encryption, self.kind, "{text}");
        message.id
    }

    /// Does everything that can be done with words of one's own and with a message of the other side.
    fn act(&self, other: MessageId) {
        self.person.command(AccountCommand::MarkRead(self.conversation, other));
        let words = format!("{} {}", mark("words"), mark("an emoji among words"));
        self.send(&words, None, None);
        self.delivered(&words);
        self.send(mark("a typo"), None, None);
        let typo = self.delivered(mark("a typo"));
        self.send(mark("its correction"), None, Some(typo));
        self.delivered(mark("its correction"));
        self.person.command(AccountCommand::SetChatState(self.conversation, ChatState::Composing));
        self.send(mark("an answer"), Some(other), None);
        self.delivered(mark("an answer"));
        self.send(mark("taken back"), None, None);
        let regret = self.delivered(mark("taken back"));
        self.person.command(AccountCommand::Retract(regret));
        self.person.command(AccountCommand::React(other, vec![REACTION.to_owned()]));
        let (name, caption) = (mark("the name of a file"), mark("what is said of a file"));
        self.send_file(name, mark("what is in a file"), caption, Some(other));
        self.delivered(caption);
        let draft = Draft { text: mark("a draft").to_owned(), ..Draft::default() };
        self.person.command(AccountCommand::SetDraft(self.conversation, Some(draft)));
        self.person.command(AccountCommand::Disconnect);
        self.send(mark("written without a link"), None, None);
        self.person.waits_for(&self.with, "a message that waits", |message| {
            message.content == Content::Text(mark("written without a link").to_owned())
        });
        assert_not_on_disk(self.person.folder());
        self.person.command(AccountCommand::Connect);
        self.delivered(mark("written without a link"));
    }
}

fn mark(what: &str) -> &'static str {
    MARKS.iter().find(|(name, _)| *name == what).expect("a mark").1
}

fn stands_in(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(text)
}

/// Every file below a folder.
fn all_files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(all_files(&path));
        } else if path.is_file() {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap_or_default()));
        }
    }
    found
}

#[track_caller]
fn assert_not_on_disk(folder: &Path) {
    let files = all_files(folder);
    assert!(files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > 50_000, "there is a database");
    for (what, mark) in MARKS.into_iter().chain([("a reaction", REACTION), ("clear words", CLEAR)]) {
        for (name, bytes) in &files {
            assert!(!stands_in(bytes, mark), "{what} stands in {name}");
        }
    }
}

/// What the server was told, and what it keeps.
fn at_the_server(server: &Prosody) -> Vec<(String, Vec<u8>)> {
    let mut found = all_files(&server.folder().join("data"));
    found.push(("the wire".to_owned(), server.wire()));
    found
}

#[track_caller]
fn assert_sealed(server: &Prosody, with_reactions: bool) {
    let reaction = with_reactions.then_some(("a reaction", REACTION));
    for (what, mark) in MARKS.into_iter().chain(reaction) {
        for (name, bytes) in at_the_server(server) {
            assert!(!stands_in(&bytes, mark), "{what} stands in {name}");
        }
    }
}

/// Turns encryption off and says something: the search must find it on the wire and in the archive.
fn find_what_is_clear(server: &Prosody, actor: &Actor<'_>) {
    actor.person.command(AccountCommand::SetEncryption(actor.conversation, false));
    actor.send(CLEAR, None, None);
    let said = actor.person.sees_own(&actor.with, CLEAR, &Delivery::Delivered);
    assert_eq!(said.encryption, EncryptionKind::None);
    actor.send_file(CLEAR_NAME, "words", "", None);
    actor.person.waits_for(&actor.with, "a file in the clear", |message| {
        message.delivery == Delivery::Delivered
            && message.attachments.iter().any(|file| file.name.as_str() == CLEAR_NAME)
    });
    assert!(stands_in(&server.wire(), CLEAR_NAME), "names of files in the clear are found");
    let found: Vec<String> = at_the_server(server)
        .into_iter()
        .filter(|(_, bytes)| stands_in(bytes, CLEAR))
        .map(|(name, _)| name)
        .collect();
    assert!(found.contains(&"the wire".to_owned()), "{found:?}");
    assert!(found.iter().any(|name| name.contains("prosody.sqlite")), "{found:?}");
}

#[test]
fn between_two_starlings_nothing_is_clear_but_who_and_when() {
    let server = Prosody::start_tapped();
    let alice = Person::new(&server, "alice");
    let bob = Person::new(&server, "bob");
    publish_device(&alice);
    publish_device(&bob);
    befriend(&alice, &bob);
    know_devices(&alice, &bob);
    // Bob's words are marked as well: they stand in the quote of the answer.
    bob.say(&alice.address, mark("words"));
    let heard = alice.hears(&bob.address, mark("words"));
    assert_eq!(heard.encryption, EncryptionKind::Omemo);
    let actor = Actor {
        person: &alice,
        with: bob.address.clone(),
        conversation: heard.conversation,
        kind: EncryptionKind::Omemo,
    };
    actor.act(heard.id);
    let answer = bob.hears(&alice.address, mark("an answer"));
    assert_eq!(answer.reply.expect("a quote").text, mark("words"));
    bob.hears(&alice.address, mark("its correction"));
    bob.waits_for(&alice.address, "the reaction", |message| {
        message.reactions.first().is_some_and(|reaction| reaction.emoji == REACTION)
    });
    bob.waits_for(&alice.address, "the retraction", |message| message.content == Content::Retracted);
    let offered = bob.waits_for(&alice.address, "the file", |message| {
        message.attachments.iter().any(|file| file.name.as_str() == mark("the name of a file"))
    });
    assert_eq!(offered.reply.expect("a quote").text, mark("words"));
    bob.hears(&alice.address, mark("what is said of a file"));
    bob.command(AccountCommand::Download(offered.attachments[0].id));
    bob.waits_for(&alice.address, "the file to be here", |message| {
        message.attachments.iter().any(|file| file.transfer == Transfer::Here)
    });
    bob.sees_own(&alice.address, mark("words"), &Delivery::Read);
    assert_sealed(&server, true);
    let wire = String::from_utf8_lossy(&server.wire()).into_owned();
    for name in
        ["<reply ", "<replace ", "<reactions ", "<retract ", "<fallback ", "<composing ", "<received "]
    {
        assert!(!wire.contains(name), "{name} stood on the wire");
    }
    // Where one has read to is told to one's own other devices, with an element of the same name.
    let mut displayed = wire.split("<displayed ").skip(1).filter_map(|rest| rest.split('>').next());
    assert!(displayed.all(|element| !element.contains("urn:xmpp:chat-markers:0")), "a marker on the wire");
    find_what_is_clear(&server, &actor);
    for person in [&alice, &bob] {
        assert_not_on_disk(person.folder());
    }
}

#[test]
fn with_a_program_of_the_older_version_ids_are_clear_and_words_are_not() {
    let server = Prosody::start_tapped();
    let alice = Person::new(&server, "alice");
    server.register("peer");
    let mut peer = Peer::sealed(&server, "peer", "desk", Versions::Legacy);
    let address: BareJid = "peer@localhost".parse().expect("an address");
    befriend_peer(&alice, &address);
    peer.tell(&format!("say alice@localhost {}", mark("words")));
    let heard = alice.hears(&address, mark("words"));
    assert_eq!(heard.encryption, EncryptionKind::OmemoLegacy);
    let actor = Actor {
        person: &alice,
        with: address,
        conversation: heard.conversation,
        kind: EncryptionKind::OmemoLegacy,
    };
    actor.act(heard.id);
    peer.expect(&format!("legacy correction {}", mark("its correction")));
    peer.expect(&format!("legacy answer {}", mark("an answer")));
    peer.expect_start("legacy answer aesgcm://");
    peer.expect(&format!("legacy message {}", mark("what is said of a file")));
    peer.expect(&format!("legacy message {}", mark("written without a link")));
    assert_sealed(&server, true);
    let wire = String::from_utf8_lossy(&server.wire()).into_owned();
    for name in ["<replace ", "<reply ", "<retract "] {
        assert!(wire.contains(name), "{name} is what the older version has in the clear");
    }
    for name in ["<reactions ", "<fallback "] {
        assert!(!wire.contains(name), "{name} stood on the wire");
    }

    // Reactions go if the user allows that servers see them, and are seen.
    let settings = EncryptionSettings { blind_trust: true, verified_only: false, reactions_in_clear: true };
    alice.command(AccountCommand::SetEncryptionSettings(settings));
    alice.command(AccountCommand::React(heard.id, vec![REACTION.to_owned()]));
    peer.expect(&format!("reaction {REACTION}"));
    wait::until("the reaction on the wire", || stands_in(&server.wire(), REACTION).then_some(()));
    assert_sealed(&server, false);
    find_what_is_clear(&server, &actor);
    assert_not_on_disk(alice.folder());
}

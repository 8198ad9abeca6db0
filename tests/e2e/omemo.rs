//! Encrypted conversations with a client that is not ours, slixmpp-omemo, in each version of OMEMO. Some of these stories
//! are told with Profanity too (`profanity.rs`).
//!
//! The peer says in which version each message came that it could open, and Starling's rows say the same of theirs: neither
//! side is asked to believe the other.

use model::{
    AccountCommand, BareJid, Content, Delivery, Direction, EncryptionKind, Outgoing, UnreadableReason,
};
use tests::peer::Versions;
use tests::person::block_on;
use tests::{LinkCutter, Peer, Person, Prosody, befriend_peer, wait};

/// With what the other side talks, and how both sides name its version.
pub struct Named {
    /// Signs in on a device of an account that exists: on the same one when it was there before.
    pub sign_in: fn(&Prosody, &str, &str) -> Peer,
    /// Whether it seals only for keys that it was told to trust.
    pub is_told_whom_to_trust: bool,
    /// The peer's word for how it opens what Starling sends.
    pub word: &'static str,
    pub kind: EncryptionKind,
}

const LEGACY: Named = Named {
    sign_in: |server, name, device| Peer::sealed(server, name, device, Versions::Legacy),
    is_told_whom_to_trust: false,
    word: "legacy",
    kind: EncryptionKind::OmemoLegacy,
};
const TWO: Named = Named {
    sign_in: |server, name, device| Peer::sealed(server, name, device, Versions::Two),
    word: "two",
    kind: EncryptionKind::Omemo,
    ..LEGACY
};
const BOTH: Named =
    Named { sign_in: |server, name, device| Peer::sealed(server, name, device, Versions::Both), ..TWO };

/// Makes each of these stories a test for each version.
macro_rules! in_every_version {
    ($($story:ident)*) => {
        mod legacy { $(#[test] fn $story() { super::$story(&super::LEGACY); })* }
        mod two { $(#[test] fn $story() { super::$story(&super::TWO); })* }
        mod both { $(#[test] fn $story() { super::$story(&super::BOTH); })* }
    };
}

in_every_version! {
    first_words_of_ours_and_replies
    all_that_can_be_done_with_words
    first_words_of_both_at_once
    first_words_of_theirs_and_a_restart_between_all_messages
    first_words_to_somebody_who_is_away
    first_words_while_we_are_away_and_more_of_them
    every_device_of_both_sides_reads_along
    a_link_that_breaks_in_mid_conversation
    what_cannot_be_read_is_said_and_a_reset_mends_it
}

pub fn peer() -> BareJid {
    "peer@localhost".parse().expect("an address")
}

/// Alice with Starling, and the peer with a device: friends.
pub fn two_people(server: &Prosody, named: &Named) -> (Person, Peer) {
    let alice = Person::new(server, "alice");
    server.register("peer");
    let peer = (named.sign_in)(server, "peer", "desk");
    befriend_peer(&alice, &self::peer());
    (alice, peer)
}

/// As Starling shows it to Alice, in one piece.
pub fn fingerprint(alice: &Person, of: &BareJid) -> String {
    let shown = wait::until("a fingerprint", || {
        let devices = block_on(alice.reader().devices(of.clone())).ok()?;
        devices.iter().find_map(|device| device.fingerprint)
    });
    shown.groups().concat()
}

/// Has the peer trust Alice's key, where it would not seal first words otherwise.
pub fn let_in(alice: &Person, peer: &mut Peer, named: &Named) {
    if named.is_told_whom_to_trust {
        peer.tell(&format!("trust alice@localhost {}", fingerprint(alice, &alice.address)));
        peer.expect("trusts alice@localhost");
    }
}

#[track_caller]
pub fn hears(person: &Person, text: &str, kind: EncryptionKind) -> model::Message {
    let heard = person.hears(&peer(), text);
    assert_eq!(heard.encryption, kind, "{text}");
    heard
}

#[track_caller]
pub fn sees_own(person: &Person, text: &str, delivery: &Delivery, kind: EncryptionKind) -> model::Message {
    let own = person.sees_own(&peer(), text, delivery);
    assert_eq!(own.encryption, kind, "{text}");
    own
}

pub fn first_words_of_ours_and_replies(named: &Named) {
    let server = Prosody::start();
    let (alice, mut peer) = two_people(&server, named);
    let Named { word, kind, .. } = *named;

    alice.say(&self::peer(), "Hello from Starling 🐦");
    peer.expect(&format!("{word} message Hello from Starling 🐦"));
    sees_own(&alice, "Hello from Starling 🐦", &Delivery::Delivered, kind);
    peer.tell("say alice@localhost Hello from elsewhere 🪺");
    hears(&alice, "Hello from elsewhere 🪺", kind);
    peer.expect(if kind == EncryptionKind::OmemoLegacy { "receipt" } else { "two receipt" });
    for number in 0..10 {
        alice.say(&self::peer(), &format!("there {number}"));
        peer.expect(&format!("{word} message there {number}"));
        peer.tell(&format!("say alice@localhost back {number}"));
        hears(&alice, &format!("back {number}"), kind);
    }
}

fn all_that_can_be_done_with_words(named: &Named) {
    let server = Prosody::start();
    let (alice, mut peer) = two_people(&server, named);
    let Named { word, kind, .. } = *named;
    let conversation = alice.say(&self::peer(), "Hello from Starling");
    peer.expect(&format!("{word} message Hello from Starling"));
    let own = sees_own(&alice, "Hello from Starling", &Delivery::Delivered, kind);
    peer.tell("say alice@localhost Hello from slixmpp");
    let heard = hears(&alice, "Hello from slixmpp", kind);

    let send = |text: &str, reply_to, corrects| {
        let outgoing = Outgoing { text: text.to_owned(), reply_to, corrects };
        alice.command(AccountCommand::Send(conversation, outgoing));
    };
    send("Hello again", None, Some(own.id));
    peer.expect(&format!("{word} correction Hello again"));
    send("An answer", Some(heard.id), None);
    // The quote is sealed with the words in version 2, and left out in the other.
    let quote = if kind == EncryptionKind::Omemo { "> " } else { "" };
    if quote.is_empty() {
        peer.expect("legacy answer An answer");
    } else {
        peer.expect_start("two answer > ");
    }

    peer.tell("say alice@localhost typo");
    let typo = hears(&alice, "typo", kind);
    peer.tell("correct alice@localhost no typo");
    let corrected = hears(&alice, "no typo", kind);
    assert_eq!((corrected.id, corrected.revisions), (typo.id, 1));

    if kind == EncryptionKind::Omemo {
        alice.command(AccountCommand::React(typo.id, vec!["🎉".to_owned()]));
        peer.expect("two reaction 🎉");
        let last = alice.say(&self::peer(), "react to this");
        assert_eq!(last, conversation);
        peer.expect("two message react to this");
        peer.tell("react alice@localhost 👍");
        alice.waits_for(&self::peer(), "a reaction", |message| {
            message.reactions.first().is_some_and(|reaction| reaction.emoji == "👍")
        });
        peer.tell("retract alice@localhost");
        alice.waits_for(&self::peer(), "the retraction", |message| {
            message.id == typo.id && message.content == Content::Retracted
        });
    }
}

/// Neither has heard of the other's session when it begins its own: both first words are read, and both go on in one.
///
/// The peer is the next to speak. slixmpp-omemo keeps one session for a device, the one it heard of last, so what Alice said
/// in its own before would be lost on it. Starling keeps them all, and answers in the one that it was spoken to in.
fn first_words_of_both_at_once(named: &Named) {
    let server = Prosody::start();
    let (alice, mut peer) = two_people(&server, named);
    let Named { word, kind, .. } = *named;
    peer.tell("deaf localhost");
    alice.say(&self::peer(), "first of ours");
    sees_own(&alice, "first of ours", &Delivery::Sent, kind);
    peer.tell("say alice@localhost first of theirs");
    hears(&alice, "first of theirs", kind);
    peer.tell("listen localhost");
    peer.expect(&format!("{word} message first of ours"));
    for number in 0..10 {
        peer.tell(&format!("say alice@localhost back {number}"));
        hears(&alice, &format!("back {number}"), kind);
        alice.say(&self::peer(), &format!("there {number}"));
        peer.expect(&format!("{word} message there {number}"));
    }
}

pub fn first_words_of_theirs_and_a_restart_between_all_messages(named: &Named) {
    let server = Prosody::start();
    let (mut alice, mut peer) = two_people(&server, named);
    let_in(&alice, &mut peer, named);
    for number in 0..4 {
        peer.tell(&format!("say alice@localhost there {number}"));
        hears(&alice, &format!("there {number}"), named.kind);
        alice.restart();
        alice.say(&self::peer(), &format!("back {number}"));
        peer.expect(&format!("{} message back {number}", named.word));
        alice.restart();
        peer.leave();
        peer = (named.sign_in)(&server, "peer", "desk");
    }
}

pub fn first_words_to_somebody_who_is_away(named: &Named) {
    let server = Prosody::start();
    let (alice, peer) = two_people(&server, named);
    peer.leave();
    for text in ["one", "two", "three"] {
        alice.say(&self::peer(), text);
    }
    sees_own(&alice, "three", &Delivery::Sent, named.kind);
    let mut peer = (named.sign_in)(&server, "peer", "desk");
    for text in ["one", "two", "three"] {
        peer.expect(&format!("{} message {text}", named.word));
    }
    peer.tell("say alice@localhost all three");
    hears(&alice, "all three", named.kind);
}

pub fn first_words_while_we_are_away_and_more_of_them(named: &Named) {
    let server = Prosody::start();
    let (mut alice, mut peer) = two_people(&server, named);
    let_in(&alice, &mut peer, named);
    for round in ["first", "later"] {
        alice.command(AccountCommand::Disconnect);
        for number in 0..5 {
            peer.tell(&format!("say alice@localhost {round} {number}"));
        }
        // In order, so the last one is there when the peer could leave.
        peer.leave();
        alice.restart();
        alice.command(AccountCommand::Connect);
        for number in 0..5 {
            hears(&alice, &format!("{round} {number}"), named.kind);
        }
        peer = (named.sign_in)(&server, "peer", "desk");
        let answer = format!("{round} was read");
        alice.say(&self::peer(), &answer);
        peer.expect(&format!("{} message {answer}", named.word));
    }
    // Stamps of the archive may be in whole seconds: each side's words are in order, and nothing is there twice.
    let transcript = alice.transcript(&self::peer());
    let theirs: Vec<&String> = transcript.iter().filter(|line| line.starts_with('<')).collect();
    let expected: Vec<String> = ["first", "later"]
        .into_iter()
        .flat_map(|round| (0..5).map(move |number| format!("< {round} {number}")))
        .collect();
    assert_eq!(theirs, expected.iter().collect::<Vec<_>>());
    assert_eq!(transcript.len(), 12, "{transcript:?}");
}

fn every_device_of_both_sides_reads_along(named: &Named) {
    let server = Prosody::start();
    let (alice, mut desk) = two_people(&server, named);
    let mut phone = Peer::sealed(&server, "peer", "phone", Versions::Both);
    desk.expect(&format!("{} list peer@localhost 2", named.word));
    // They would both begin with each other at once when Alice writes, and have one session for a device.
    phone.tell("say alice@localhost the phone is here");
    desk.expect(&format!("own {} message the phone is here", named.word));
    hears(&alice, "the phone is here", EncryptionKind::Omemo);
    let second = Person::sign_in(&server, "alice", "pw-alice", server.direct_tls_port());
    wait::until("each device to know all the others", || {
        let count = |person: &Person, who: &BareJid| {
            let devices = block_on(person.reader().devices(who.clone())).unwrap_or_default();
            devices.iter().filter(|device| !device.versions.is_empty()).count()
        };
        let all = [&alice, &second].into_iter().all(|person| {
            person.command(AccountCommand::LookUpDevices(self::peer()));
            count(person, &self::peer()) == 2 && count(person, &alice.address) == 2
        });
        all.then_some(())
    });
    let word = named.word;
    let kind = named.kind;

    alice.say(&self::peer(), "from the first");
    desk.expect(&format!("{word} message from the first"));
    phone.expect("two message from the first");
    sees_own(&second, "from the first", &Delivery::Delivered, EncryptionKind::Omemo);

    desk.tell("say alice@localhost from their desk");
    hears(&alice, "from their desk", kind);
    hears(&second, "from their desk", kind);
    phone.expect(&format!("own {word} message from their desk"));

    second.say(&self::peer(), "from the second");
    desk.expect(&format!("{word} message from the second"));
    phone.expect("two message from the second");
    sees_own(&alice, "from the second", &Delivery::Delivered, EncryptionKind::Omemo);

    phone.tell("say alice@localhost from their phone");
    hears(&alice, "from their phone", EncryptionKind::Omemo);
    hears(&second, "from their phone", EncryptionKind::Omemo);
    desk.expect(&format!("own {word} message from their phone"));
    let after = |person: &Person| {
        let lines = person.transcript(&self::peer());
        lines.into_iter().filter(|line| line.contains(" from ")).collect::<Vec<_>>()
    };
    assert_eq!(after(&alice).len(), 4);
    assert_eq!(after(&alice), after(&second));
}

pub fn a_link_that_breaks_in_mid_conversation(named: &Named) {
    let server = Prosody::start();
    let cutter = LinkCutter::start(server.direct_tls_port());
    server.register("alice");
    let alice = Person::sign_in(&server, "alice", "pw-alice", cutter.port());
    server.register("peer");
    let mut peer = (named.sign_in)(&server, "peer", "desk");
    befriend_peer(&alice, &self::peer());
    // Who has one session for a device loses messages when both begin at once, as slixmpp-omemo does.
    alice.say(&self::peer(), "hello");
    peer.expect(&format!("{} message hello", named.word));
    peer.tell("say alice@localhost hello back");
    hears(&alice, "hello back", named.kind);
    for number in 0..24 {
        alice.say(&self::peer(), &format!("there {number}"));
        peer.tell(&format!("say alice@localhost back {number}"));
        if number % 6 == 3 {
            let before = cutter.accepted();
            cutter.cut();
            alice.command(AccountCommand::TryNow);
            wait::until("a new link", || (cutter.accepted() > before).then_some(()));
        }
    }
    for number in 0..24 {
        peer.expect(&format!("{} message there {number}", named.word));
        hears(&alice, &format!("back {number}"), named.kind);
    }
    alice.say(&self::peer(), "the end");
    peer.expect(&format!("{} message the end", named.word));
    assert_eq!(alice.messages(&self::peer(), 100).len(), 51, "each of them once");
}

fn what_cannot_be_read_is_said_and_a_reset_mends_it(named: &Named) {
    let server = Prosody::start();
    let (alice, mut peer) = two_people(&server, named);
    alice.say(&self::peer(), "before");
    peer.expect(&format!("{} message before", named.word));
    peer.tell("say alice@localhost heard");
    hears(&alice, "heard", named.kind);

    peer.tell("derange alice@localhost");
    peer.tell("say alice@localhost nobody can read this");
    alice.waits_for(&self::peer(), "a row that says why", |message| {
        message.direction == Direction::Incoming
            && message.content == Content::Unreadable(UnreadableReason::Damaged)
    });
    // Nothing begins a new session by itself.
    peer.tell("say alice@localhost nor this");
    wait::until("another such row", || {
        let unreadable = alice.messages(&self::peer(), 50).into_iter();
        let unreadable = unreadable.filter(|message| matches!(message.content, Content::Unreadable(_)));
        (unreadable.count() == 2).then_some(())
    });

    let devices = block_on(alice.reader().devices(self::peer())).expect("readable");
    let [device] = devices.as_slice() else { panic!("one device: {devices:?}") };
    alice.command(AccountCommand::ResetSession(self::peer(), device.id));
    alice.say(&self::peer(), "anew");
    peer.expect(&format!("{} message anew", named.word));
    peer.tell("say alice@localhost and now?");
    hears(&alice, "and now?", named.kind);
}

/// Another program of ours takes every other device off our list: our place is taken again, and we are written to.
#[test]
fn our_place_on_the_list_is_taken_back() {
    let server = Prosody::start();
    let (alice, mut peer) = two_people(&server, &TWO);
    let mut other = Peer::sealed(&server, "alice", "other", Versions::Two);
    other.expect("two list alice@localhost 2");
    other.tell("unlist localhost");
    other.expect("two list alice@localhost 1");
    other.expect("two list alice@localhost 2");
    peer.tell("say alice@localhost still there?");
    hears(&alice, "still there?", EncryptionKind::Omemo);
    other.expect("two message still there?");
}

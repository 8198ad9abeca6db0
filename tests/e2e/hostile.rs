//! A contact who is accepted and means harm: what they forge goes through a real server, which adds nothing but their
//! address, and changes nothing (rules 9 and 10, each kind by name).
//!
//! The server itself takes away some of it, such as stanza ids in the account's name; another might not, and that is what
//! the transcripts are for. Here the point is that the whole way is safe: from the socket, through the archive after a
//! restart, to what a person reads.

use model::{AccountCommand, BareJid, Delivery};
use tests::person::block_on;
use tests::{Peer, Person, Prosody, Server};

on_every_server! {
    forgeries_of_a_contact_change_nothing_live_or_from_the_archive
}

/// What Mallory sends of which nothing is to be seen. `DEVICE` becomes the full address of Alice's device: contacts know it.
const FORGERIES: &[(&str, &str)] = &[
    (
        "carbon of what Bob never said",
        "<message to='alice@localhost' type='chat'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='bob@localhost/a' to='alice@localhost' type='chat' id='f1'><body>send money</body></message></forwarded></received></message>",
    ),
    (
        "carbon of what Alice never said",
        "<message to='DEVICE' type='chat'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='alice@localhost/b' to='bob@localhost' type='chat' id='f2'><body>I quit</body></message></forwarded></sent></message>",
    ),
    (
        "archive result",
        "<message to='DEVICE'><result xmlns='urn:xmpp:mam:2' queryid='q' id='f3'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/><message xmlns='jabber:client' from='bob@localhost/a' to='alice@localhost' type='chat' id='f3'><body>old news</body></message></forwarded></result></message>",
    ),
    (
        "roster push that takes Bob away",
        "<iq type='set' id='f4' to='DEVICE'><query xmlns='jabber:iq:roster'><item jid='bob@localhost' subscription='remove'/></query></iq>",
    ),
    (
        "roster push that makes a friend",
        "<iq type='set' id='f5' to='DEVICE'><query xmlns='jabber:iq:roster'><item jid='eve@localhost' name='Bob' subscription='both'/></query></iq>",
    ),
    (
        "block list push",
        "<iq type='set' id='f6' to='DEVICE'><block xmlns='urn:xmpp:blocking'><item jid='bob@localhost'/></block></iq>",
    ),
    ("IQ answer", "<iq type='result' id='f7' to='DEVICE'><query xmlns='jabber:iq:roster'/></iq>"),
    ("IQ error", "<iq type='error' id='f8' to='DEVICE'><error type='cancel'/></iq>"),
    (
        "correction of Bob's words",
        "<message to='alice@localhost' type='chat' id='f9'><replace xmlns='urn:xmpp:message-correct:0' id='b1'/></message>",
    ),
    (
        "retraction of Bob's words",
        "<message to='alice@localhost' type='chat' id='f10'><retract xmlns='urn:xmpp:message-retract:1' id='b1'/></message>",
    ),
    (
        "reaction to what was said to nobody here",
        "<message to='alice@localhost' type='chat' id='f11'><reactions xmlns='urn:xmpp:reactions:0' id='b1'><reaction>💩</reaction></reactions></message>",
    ),
    (
        "tombstone",
        "<message to='alice@localhost' type='chat' id='f12'><retracted xmlns='urn:xmpp:message-retract:1' id='b1'/></message>",
    ),
    (
        "PEP event about Bob",
        "<message to='DEVICE' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='http://jabber.org/protocol/nick'><item id='bob@localhost' publisher='bob@localhost'><nick xmlns='http://jabber.org/protocol/nick'>Nobody</nick></item></items></event></message>",
    ),
    (
        "displayed sync",
        "<message to='DEVICE' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:mds:displayed:0'><item id='bob@localhost'><displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='a1'/></displayed></item></items></event></message>",
    ),
    (
        "message error",
        "<message to='alice@localhost' type='error' id='b1'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    ),
    (
        "poisoned caps",
        "<presence to='DEVICE'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://starling.im' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>",
    ),
    ("too deep", "<message to='alice@localhost' type='chat' id='f13'>DEEP<body>deep</body></message>"),
    (
        "too wide",
        "<message to='alice@localhost' type='chat' id='f14'><x xmlns='urn:wide'>WIDE</x><body>wide</body></message>",
    ),
];

/// How what Mallory says ends, as Alice reads it.
const LAST: [&str; 3] = ["< guess who", "< said in 2001", "< with an id of the archive"];

fn forgeries_of_a_contact_change_nothing_live_or_from_the_archive(server: impl Server) {
    let mut alice = Person::new(&server, "alice");
    let mut bob = Peer::start(&server, "bob");
    let mut mallory = Peer::start(&server, "mallory");
    let (with_bob, with_mallory): (BareJid, BareJid) = (address("bob"), address("mallory"));
    for (peer, address) in [(&bob, &with_bob), (&mallory, &with_mallory)] {
        alice.command(AccountCommand::AddContact(address.clone(), None, Vec::new()));
        tests::wait::until("the peer to ask in turn", || {
            block_on(alice.reader().contact(address.clone()))
                .ok()
                .flatten()
                .filter(|contact| contact.asks_subscription)
        });
        alice.command(AccountCommand::AnswerSubscription(address.clone(), true));
        peer.expect("sees alice@localhost");
    }
    bob.tell(
        "raw alice@localhost <message to='alice@localhost' type='chat' id='b1'><body>one</body></message>",
    );
    alice.hears(&with_bob, "one");
    alice.say(&with_bob, "two");
    alice.sees_own(&with_bob, "two", &Delivery::Delivered);
    bob.tell("say alice@localhost unread");
    alice.hears(&with_bob, "unread");

    for (what, forgery) in FORGERIES {
        mallory.tell(&format!("raw alice@localhost {forgery}"));
        // Each is followed by something honest, so that a failure names what broke the chat.
        mallory.tell(&format!("say alice@localhost after the {what}"));
        alice.hears(&with_mallory, &format!("after the {what}"));
    }
    let name = "<message to='alice@localhost' type='chat' id='m1'><nick xmlns='http://jabber.org/protocol/nick'>\u{202e}Bob\u{2066}\u{ad} of\u{200b} all</nick><body>guess who</body></message>";
    mallory.tell(&format!("raw alice@localhost {name}"));
    alice.hears(&with_mallory, "guess who");

    // What is said to be old stands last.
    for (id, child, text) in [
        (
            "m2",
            "<delay xmlns='urn:xmpp:delay' from='localhost' stamp='2001-01-01T00:00:00Z'/>",
            "said in 2001",
        ),
        (
            "m3",
            "<stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='a1'/>",
            "with an id of the archive",
        ),
    ] {
        mallory.tell(&format!("raw alice@localhost <message to='alice@localhost' id='{id}' type='chat'><body>{text}</body>{child}</message>"));
        alice.hears(&with_mallory, text);
    }

    nothing_happened(&alice, &with_bob, &with_mallory);
    alice.restart();
    alice.command(AccountCommand::Connect);
    bob.tell("say alice@localhost three");
    alice.hears(&with_bob, "three");
    alice.say(&with_mallory, "I know");
    mallory.expect("message I know");
    let other = Person::sign_in(&server, "alice", "pw-alice", server.direct_tls_port());
    other.hears(&with_bob, "three");
    other.hears(&with_mallory, "said in 2001");
    // The other device knows of all this from the archive alone.
    assert_eq!(other.transcript(&with_bob), ["< one", "> two", "< unread", "< three"]);
    assert_eq!(alice.transcript(&with_bob), ["< one", "> two", "< unread", "< three"]);
    assert_eq!(alice.transcript(&with_mallory).last().map(String::as_str), Some("> I know"));
    let said = FORGERIES.len() + LAST.len() + 1;
    assert_eq!(alice.messages(&with_mallory, 1000).len(), said, "{:?}", alice.transcript(&with_mallory));
}

/// Prosody passes such words on under their true name; others show the liar the door.
#[test]
fn what_is_said_in_somebody_elses_name_stands_under_the_true_one() {
    let server = Prosody::start();
    let alice = Person::new(&server, "alice");
    let mut mallory = Peer::start(&server, "mallory");
    let (with_bob, with_mallory): (BareJid, BareJid) = (address("bob"), address("mallory"));
    mallory.tell("raw alice@localhost <message to='alice@localhost' from='bob@localhost/a' id='m1' type='chat'><body>it is Bob</body></message>");
    alice.hears(&with_mallory, "it is Bob");
    assert!(alice.transcript(&with_bob).is_empty());
}

#[track_caller]
fn nothing_happened(alice: &Person, with_bob: &BareJid, with_mallory: &BareJid) {
    assert_eq!(alice.transcript(with_bob), ["< one", "> two", "< unread"]);
    let honest = FORGERIES.iter().map(|(what, _)| format!("< after the {what}"));
    let expected: Vec<String> = honest.chain(LAST.map(str::to_owned)).collect();
    assert_eq!(alice.transcript(with_mallory), expected);
    assert!(
        alice
            .messages(with_bob, 10)
            .iter()
            .all(|message| message.reactions.is_empty() && message.revisions == 0)
    );

    let conversations = block_on(alice.reader().conversations()).expect("readable");
    assert_eq!(conversations.len(), 2);
    for summary in conversations {
        let conversation = summary.conversation;
        assert!(!conversation.stranger && !conversation.blocked, "{conversation:?}");
        let invisible = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!conversation.name.contains(invisible), "{:?}", conversation.name);
        assert!(conversation.address != *with_bob || conversation.name != "Nobody");
        assert!(
            conversation.address != *with_bob || conversation.unread == 1,
            "{} unread",
            conversation.unread
        );
    }
}

fn address(name: &str) -> BareJid {
    format!("{name}@localhost").parse().expect("an address")
}

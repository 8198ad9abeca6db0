//! The other side is not ours: slixmpp, an XMPP library of other people in another language.

use model::{AccountCommand, Content, Delivery, Outgoing};
use tests::{Peer, Person, Server};

on_every_server! {
    slixmpp_and_starling_understand_each_other
}

fn slixmpp_and_starling_understand_each_other(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let mut peer = Peer::start(&server, "peer");
    let address = "peer@localhost".parse().expect("an address");
    alice.command(AccountCommand::AddContact(address, None, Vec::new()));
    let address = "peer@localhost".parse().expect("an address");

    let conversation = alice.say(&address, "Hello from Starling");
    peer.expect("message Hello from Starling");
    let own = alice.sees_own(&address, "Hello from Starling", &Delivery::Delivered);

    peer.tell("say alice@localhost Hello from slixmpp");
    let heard = alice.hears(&address, "Hello from slixmpp");
    peer.expect("receipt");

    let correction = Outgoing { text: "Hello again".to_owned(), reply_to: None, corrects: Some(own.id) };
    alice.command(AccountCommand::Send(conversation, correction));
    peer.expect("correction Hello again");
    peer.tell("correct alice@localhost Hello from slixmpp 2");
    let corrected = alice.hears(&address, "Hello from slixmpp 2");
    assert_eq!((corrected.id, corrected.revisions), (heard.id, 1));

    peer.tell("react alice@localhost 👍");
    alice.waits_for(&address, "a reaction", |message| {
        message.id == own.id && message.reactions.first().is_some_and(|reaction| reaction.emoji == "👍")
    });
    alice.command(AccountCommand::React(heard.id, vec!["🎉".to_owned()]));
    peer.expect("reaction 🎉");

    peer.tell("retract alice@localhost");
    alice.waits_for(&address, "the retraction", |message| {
        message.id == heard.id && message.content == Content::Retracted
    });
}

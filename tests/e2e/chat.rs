//! Two people, one server, and a conversation that survives what networks do: each story on every server there is.

use model::{AccountCommand, Content, Delivery, Direction, Outgoing, UnreadableReason};
use tests::{LinkCutter, Person, Server, befriend, know_devices, publish_device};

on_every_server! {
    two_people_talk_and_see_that_they_were_heard
    what_was_written_while_away_is_there_on_return_and_only_once
    a_link_that_breaks_again_and_again_loses_and_doubles_nothing
    a_server_that_starts_anew_comes_back_to_the_same_conversation
    a_second_device_shows_the_same_conversation
    corrections_reactions_replies_and_retractions_travel
    a_stranger_learns_nothing_until_they_are_accepted
}

fn two_people_talk_and_see_that_they_were_heard(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let bob = Person::new(&server, "bob");
    befriend(&alice, &bob);

    alice.say(&bob.address, "Hello Bob, how are you?");
    bob.hears(&alice.address, "Hello Bob, how are you?");
    alice.sees_own(&bob.address, "Hello Bob, how are you?", &Delivery::Delivered);

    bob.say(&alice.address, "Fine, and you? 🐦");
    let answer = alice.hears(&bob.address, "Fine, and you? 🐦");
    alice.command(AccountCommand::MarkRead(answer.conversation, answer.id));
    bob.sees_own(&alice.address, "Fine, and you? 🐦", &Delivery::Read);

    assert_eq!(alice.transcript(&bob.address), ["> Hello Bob, how are you?", "< Fine, and you? 🐦"]);
    assert_eq!(bob.transcript(&alice.address), ["< Hello Bob, how are you?", "> Fine, and you? 🐦"]);
}

fn what_was_written_while_away_is_there_on_return_and_only_once(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let mut bob = Person::new(&server, "bob");
    befriend(&alice, &bob);
    alice.say(&bob.address, "before");
    bob.hears(&alice.address, "before");

    bob.command(AccountCommand::Disconnect);
    for number in 0..20 {
        alice.say(&bob.address, &format!("while you were away {number}"));
    }
    alice.sees_own(&bob.address, "while you were away 19", &Delivery::Sent);
    bob.restart();
    bob.command(AccountCommand::Connect);
    bob.hears(&alice.address, "while you were away 19");

    let expected: Vec<String> = std::iter::once("< before".to_owned())
        .chain((0..20).map(|number| format!("< while you were away {number}")))
        .collect();
    assert_eq!(bob.transcript(&alice.address), expected);
}

fn a_link_that_breaks_again_and_again_loses_and_doubles_nothing<S: Server>(server: S) {
    let cutter = LinkCutter::start(server.direct_tls_port());
    let password = server.register("alice");
    let alice = Person::sign_in(&server, "alice", &password, cutter.port());
    let bob = Person::new(&server, "bob");
    befriend(&alice, &bob);

    for number in 0..60 {
        alice.say(&bob.address, &format!("message {number}"));
        bob.say(&alice.address, &format!("answer {number}"));
        if number % 12 == 5 {
            let before = cutter.accepted();
            cutter.cut();
            alice.command(AccountCommand::TryNow);
            tests::wait::until("a new link", || (cutter.accepted() > before).then_some(()));
        }
    }
    for number in 0..60 {
        bob.hears_among(&alice.address, &format!("message {number}"), 200);
        alice.hears_among(&bob.address, &format!("answer {number}"), 200);
    }
    alice.sees_own(&bob.address, "message 59", &Delivery::Delivered);

    for (person, other) in [(&alice, &bob), (&bob, &alice)] {
        assert_eq!(person.messages(&other.address, 1000).len(), 120);
    }
    let sent = |said: &str| -> Vec<String> { (0..60).map(|number| format!("{said} {number}")).collect() };
    assert_eq!(heard(&bob, &alice), sent("message"));
    let mut answers = heard(&alice, &bob);
    if !S::RESUMES_IN_ORDER {
        // What was shown stays where it stands, so alice has them as they came. Each is there once all the same.
        answers.sort_by_key(|answer| {
            answer.split(' ').next_back().and_then(|number| number.parse::<u32>().ok())
        });
    }
    assert_eq!(answers, sent("answer"));
}

/// What somebody heard from another, in the order it stands.
fn heard(person: &Person, from: &Person) -> Vec<String> {
    let messages = person.messages(&from.address, 1000).into_iter();
    messages
        .filter(|message| message.direction == Direction::Incoming)
        .filter_map(|message| match message.content {
            Content::Text(text) => Some(text),
            _ => None,
        })
        .collect()
}

fn a_server_that_starts_anew_comes_back_to_the_same_conversation(mut server: impl Server) {
    let alice = Person::new(&server, "alice");
    let bob = Person::new(&server, "bob");
    befriend(&alice, &bob);
    alice.say(&bob.address, "before the restart");
    bob.hears(&alice.address, "before the restart");

    server.stop();
    alice.say(&bob.address, "during the restart");
    server.resume();
    for person in [&alice, &bob] {
        person.command(AccountCommand::TryNow);
    }
    bob.hears(&alice.address, "during the restart");
    assert_eq!(bob.transcript(&alice.address), ["< before the restart", "< during the restart"]);
}

fn a_second_device_shows_the_same_conversation(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let bob = Person::new(&server, "bob");
    publish_device(&alice);
    publish_device(&bob);
    befriend(&alice, &bob);
    know_devices(&alice, &bob);
    alice.say(&bob.address, "from the first device");
    bob.hears(&alice.address, "from the first device");
    bob.say(&alice.address, "to both");
    alice.hears(&bob.address, "to both");

    let second = Person::sign_in(&server, "alice", "pw-alice", server.starttls_port());
    // It was sealed before this device was there.
    let unreadable = Content::Unreadable(UnreadableReason::NotForThisDevice);
    second.waits_for(&bob.address, "what was said before", |message| {
        message.direction == Direction::Incoming && message.content == unreadable
    });
    second.say(&bob.address, "from the second device");
    alice.sees_own(&bob.address, "from the second device", &Delivery::Delivered);
    bob.say(&alice.address, "heard you");
    alice.hears(&bob.address, "heard you");
    second.hears(&bob.address, "heard you");

    assert_eq!(
        alice.transcript(&bob.address),
        ["> from the first device", "< to both", "> from the second device", "< heard you"]
    );
    assert_eq!(
        second.transcript(&bob.address),
        [
            "> [unreadable: NotForThisDevice]",
            "< [unreadable: NotForThisDevice]",
            "> from the second device",
            "< heard you"
        ]
    );
}

fn corrections_reactions_replies_and_retractions_travel(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let bob = Person::new(&server, "bob");
    befriend(&alice, &bob);

    let conversation = alice.say(&bob.address, "See you at eihgt");
    let typo = alice.sees_own(&bob.address, "See you at eihgt", &Delivery::Delivered);
    alice.command(AccountCommand::Send(
        conversation,
        Outgoing { text: "See you at eight".to_owned(), reply_to: None, corrects: Some(typo.id) },
    ));
    let corrected = bob.hears(&alice.address, "See you at eight");
    assert_eq!(corrected.revisions, 1);

    bob.command(AccountCommand::React(corrected.id, vec!["👍".to_owned(), "🎉".to_owned()]));
    alice.waits_for(&bob.address, "two reactions", |message| message.reactions.len() == 2);
    bob.command(AccountCommand::React(corrected.id, vec!["👍".to_owned()]));
    alice.waits_for(&bob.address, "one reaction", |message| message.reactions.len() == 1);

    bob.command(AccountCommand::Send(
        corrected.conversation,
        Outgoing { text: "I'll be there".to_owned(), reply_to: Some(corrected.id), corrects: None },
    ));
    let answer = alice.hears(&bob.address, "I'll be there");
    let quote = answer.reply.expect("it answers something");
    assert_eq!((quote.message, quote.text.as_str()), (Some(typo.id), "See you at eight"));

    let own = bob.sees_own(&alice.address, "I'll be there", &Delivery::Delivered);
    bob.command(AccountCommand::Retract(own.id));
    let retracted =
        alice.waits_for(&bob.address, "the retraction", |message| message.content == Content::Retracted);
    assert_eq!(retracted.id, answer.id);
}

fn a_stranger_learns_nothing_until_they_are_accepted(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let mallory = Person::new(&server, "mallory");

    mallory.say(&alice.address, "Hello, you do not know me");
    let message = alice.hears(&mallory.address, "Hello, you do not know me");
    alice.command(AccountCommand::MarkRead(message.conversation, message.id));
    mallory.say(&alice.address, "Are you there?");
    alice.hears(&mallory.address, "Are you there?");
    let summary =
        tests::person::block_on(alice.reader().conversation(message.conversation)).expect("readable");
    assert!(summary.expect("there").conversation.stranger);
    // The second message was answered by a full round trip through the server, so a receipt or marker for the
    // first would have come back by now.
    for text in ["Hello, you do not know me", "Are you there?"] {
        mallory.sees_own(&alice.address, text, &Delivery::Sent);
    }

    alice.command(AccountCommand::AcceptStranger(message.conversation));
    mallory.say(&alice.address, "Thank you");
    mallory.sees_own(&alice.address, "Thank you", &Delivery::Delivered);
}

//! What is said about what was said: answers, corrections, reactions, retractions, receipts.

use model::{AccountCommand, Delivery, EncryptionSettings, Outgoing};

use crate::{ALICE, BOB, world::World};

fn two_people(legacy: bool) -> World {
    let mut world = World::new(&[ALICE, BOB]);
    if legacy {
        world.server.legacy_only = vec![ALICE.to_owned(), BOB.to_owned()];
    }
    world.start(0);
    world.start(1);
    world.say(0, BOB, "the swallow flis at noon");
    world.say(1, ALICE, "does it");
    world
}

fn send(world: &mut World, device: usize, peer: &str, outgoing: Outgoing) {
    let now = world.now();
    let conversation = world.devices[device].with(peer, now);
    world.command(device, AccountCommand::Send(conversation, outgoing));
}

fn correct(world: &mut World, device: usize, peer: &str, wrong: &str, right: &str) {
    let corrects = Some(world.devices[device].message(peer, wrong).id);
    send(world, device, peer, Outgoing { text: right.to_owned(), reply_to: None, corrects });
}

fn reply(world: &mut World, device: usize, peer: &str, to: &str, text: &str) {
    let reply_to = Some(world.devices[device].message(peer, to).id);
    send(world, device, peer, Outgoing { text: text.to_owned(), reply_to, corrects: None });
}

fn react(world: &mut World, device: usize, peer: &str, to: &str, emoji: &str) {
    let message = world.devices[device].message(peer, to).id;
    world.command(device, AccountCommand::React(message, vec![emoji.to_owned()]));
}

const WORDS: [&str; 7] = ["swallow", "does it", "flies", "sometimes", "a secret", "🐦", "tried to delete"];

fn all_kinds(world: &mut World) {
    correct(world, 0, BOB, "the swallow flis at noon", "the swallow flies at noon");
    reply(world, 0, BOB, "does it", "sometimes");
    world.say(1, ALICE, "a secret");
    react(world, 0, BOB, "does it", "🐦");
    let secret = world.devices[1].message(ALICE, "a secret").id;
    world.command(1, AccountCommand::Retract(secret));
}

#[test]
fn in_version_2_all_of_it_is_inside() {
    let mut world = two_people(false);
    all_kinds(&mut world);
    let wanted =
        ["me: the swallow flies at noon (edited)", "they: does it 🐦", "me: sometimes", "they: (taken back)"];
    assert_eq!(world.aloud(0, BOB), wanted);
    let wanted =
        ["they: the swallow flies at noon (edited)", "me: does it 🐦", "they: sometimes", "me: (taken back)"];
    assert_eq!(world.aloud(1, ALICE), wanted);
    let answer = world.devices[1].message(ALICE, "sometimes");
    assert_eq!(answer.reply.unwrap().text, "does it");
    assert_eq!(world.devices[0].message(BOB, "sometimes").delivery, Delivery::Delivered);
    let now = world.now();
    world.say(0, BOB, "seen?");
    let conversation = world.devices[1].with(ALICE, now);
    let newest = world.devices[1].message(ALICE, "seen?").id;
    world.command(1, AccountCommand::MarkRead(conversation, newest));
    assert_eq!(world.devices[0].message(BOB, "seen?").delivery, Delivery::Read);
    // Both have chat states among what they say, so they are told, and sealed.
    let wire = world.devices[1].wire.len();
    world.command(1, AccountCommand::SetChatState(conversation, model::ChatState::Composing));
    assert!(
        world.devices[1].wire[wire..].contains("<encrypted") && !world.devices[1].wire.contains("<composing")
    );
    for device in &world.devices {
        for word in WORDS {
            assert!(!device.wire.contains(word), "{word} stood on the wire");
        }
        for name in [
            "<reply",
            "<replace",
            "<reactions",
            "<retract",
            "<fallback",
            "<received",
            "<displayed xmlns='urn:xmpp:chat-markers:0'",
        ] {
            assert!(!device.wire.contains(name), "{name} stood on the wire");
        }
    }
}

#[test]
fn in_the_older_version_ids_are_clear_and_words_are_not() {
    let mut world = two_people(true);
    all_kinds(&mut world);
    let wanted = [
        "me: the swallow flies at noon (edited) [0.3]",
        "they: does it [0.3]",
        "me: sometimes [0.3]",
        "they: (taken back) [0.3]",
    ];
    assert_eq!(world.aloud(0, BOB), wanted, "and no reaction, for servers would see it");
    let answer = world.devices[1].message(ALICE, "sometimes");
    assert_eq!(answer.reply.unwrap().text, "does it", "found by its id, not by a quote");
    for device in &world.devices {
        for word in WORDS {
            assert!(!device.wire.contains(word), "{word} stood on the wire");
        }
        assert!(!device.wire.contains("<fallback"));
    }
    assert!(world.devices[0].wire.contains("<replace") && world.devices[0].wire.contains("<reply"));
}

#[test]
fn reactions_are_clear_only_if_the_user_allows_it() {
    let mut world = two_people(true);
    react(&mut world, 0, BOB, "does it", "🐦");
    assert_eq!(world.aloud(0, BOB)[1], "they: does it [0.3]");
    let settings = EncryptionSettings { blind_trust: true, verified_only: false, reactions_in_clear: true };
    world.command(0, AccountCommand::SetEncryptionSettings(settings));
    react(&mut world, 0, BOB, "does it", "🐦");
    assert_eq!(world.aloud(1, ALICE)[1], "me: does it 🐦 [0.3]");
    assert!(world.devices[0].wire.contains("🐦"));
}

#[test]
fn what_was_taken_back_before_it_left_never_leaves() {
    let mut world = two_people(false);
    world.cut(0);
    world.devices[0].is_on = false;
    world.run();
    world.say(0, BOB, "a mistake");
    let mistake = world.devices[0].message(BOB, "a mistake").id;
    world.command(0, AccountCommand::Retract(mistake));
    world.devices[0].is_on = true;
    world.wait(std::time::Duration::from_secs(120));
    assert_eq!(world.aloud(0, BOB).len(), 2);
    assert_eq!(world.aloud(1, ALICE).len(), 2);
}

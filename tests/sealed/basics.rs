//! Two people talk, and nobody has to ask for encryption.

use std::time::Duration;

use model::{AccountCommand, ConversationEncryption, DeliveryReason, OmemoVersion};

use crate::{ALICE, BOB, CAROL, world::World};

#[test]
fn the_first_words_are_sealed_without_asking() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.say(0, BOB, "the swallow flies at noon");
    world.say(1, ALICE, "so does the starling");
    world.say(0, BOB, "then all is well");
    let words = ["the swallow flies at noon", "so does the starling", "then all is well"];
    assert_eq!(
        world.aloud(0, BOB),
        ["me: the swallow flies at noon", "they: so does the starling", "me: then all is well"]
    );
    assert_eq!(
        world.aloud(1, ALICE),
        ["they: the swallow flies at noon", "me: so does the starling", "they: then all is well"]
    );
    for device in &world.devices {
        for word in words {
            assert!(!device.wire.contains(word), "{word} stood on the wire");
        }
    }
    let conversation = world.devices[0].read_store(|reads| reads.conversations()).remove(0).conversation;
    assert_eq!(conversation.encryption, ConversationEncryption::Omemo);
}

#[test]
fn every_device_of_both_reads_along() {
    let mut world = World::settled(&[ALICE, BOB, ALICE, BOB]);
    world.say(0, BOB, "one");
    world.say(3, ALICE, "two");
    world.say(2, BOB, "three");
    world.say(1, ALICE, "four");
    for device in [0, 2] {
        let said: Vec<String> =
            world.aloud(device, BOB).iter().map(|line| line.split_once(": ").unwrap().1.to_owned()).collect();
        assert_eq!(said, ["one", "two", "three", "four"], "device {device}");
    }
    for device in [1, 3] {
        assert_eq!(world.aloud(device, ALICE).len(), 4, "device {device}");
    }
}

#[test]
fn someone_with_the_older_version_only_is_written_to_in_it() {
    let mut world = World::new(&[ALICE, BOB]);
    world.server.legacy_only.push(BOB.to_owned());
    world.start(0);
    world.start(1);
    world.say(0, BOB, "the swallow");
    world.say(1, ALICE, "the starling");
    assert_eq!(world.aloud(1, ALICE), ["they: the swallow [0.3]", "me: the starling"]);
    assert_eq!(world.aloud(0, BOB), ["me: the swallow [0.3]", "they: the starling"]);
    assert!(!world.devices[0].wire.contains("the swallow"));
}

#[test]
fn both_versions_go_side_by_side_and_each_device_gets_its_own() {
    let mut world = World::new(&[ALICE, BOB, CAROL]);
    // Bob has two devices: the second of them knows only the older version.
    world.start(0);
    world.start(1);
    world.server.legacy_only.push(BOB.to_owned());
    let second = world.add(crate::device::Device::new(BOB, 77, false));
    world.start(second);
    world.say(0, BOB, "for both of you");
    assert_eq!(world.aloud(1, ALICE), ["they: for both of you"]);
    assert_eq!(world.aloud(second, ALICE), ["they: for both of you [0.3]"]);
    assert_eq!(world.aloud(0, BOB), ["me: for both of you [0.3]"], "told as it was for the least of them");
}

#[test]
fn who_is_away_reads_it_later_and_once() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.kill(1);
    for word in ["one", "two", "three"] {
        world.say(0, BOB, word);
    }
    world.start(1);
    assert_eq!(world.aloud(1, ALICE), ["they: one", "they: two", "they: three"]);
    // The archive is read again from further back: every copy is known by its mark.
    world.say(1, ALICE, "four");
    world.kill(1);
    world.start(1);
    world.cut(1);
    world.wait(Duration::from_secs(120));
    assert_eq!(world.aloud(1, ALICE), ["they: one", "they: two", "they: three", "me: four"]);
    assert_eq!(world.aloud(0, BOB), ["me: one", "me: two", "me: three", "they: four"]);
}

#[test]
fn someone_without_devices_is_written_to_in_the_clear_until_they_have_one() {
    let mut world = World::new(&[ALICE, BOB]);
    world.start(0);
    world.say(0, BOB, "hello");
    assert_eq!(world.aloud(0, BOB), ["me: hello [clear]"]);
    world.start(1);
    world.say(0, BOB, "welcome");
    assert_eq!(world.aloud(0, BOB)[1], "me: welcome");
    // And never again in the clear by itself.
    let two = "urn:xmpp:omemo:2:devices";
    let none = xmpp::payload::tag("devices", "urn:xmpp:omemo:2", &[]);
    world.publish(BOB, two, "current", none);
    let none = xmpp::payload::tag("list", "eu.siacs.conversations.axolotl", &[]);
    world.kill(1);
    world.publish(BOB, "eu.siacs.conversations.axolotl.devicelist", "current", none);
    world.publish(BOB, two, "current", xmpp::payload::tag("devices", "urn:xmpp:omemo:2", &[]));
    world.say(0, BOB, "are you there?");
    assert_eq!(world.aloud(0, BOB)[2], "me: are you there? <NoDevice>");
    assert!(!world.devices[0].wire.contains("are you there?"));
    // They come back, and it goes.
    world.start(1);
    assert_eq!(world.aloud(0, BOB)[2], "me: are you there?");
    assert_eq!(world.aloud(1, ALICE).last().unwrap(), "they: are you there?");
}

#[test]
fn what_waits_keeps_its_order_and_survives_a_restart() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.kill(0);
    world.start(0);
    world.cut(0);
    world.devices[0].is_on = false;
    for word in ["one", "two", "three"] {
        world.say(0, BOB, word);
    }
    assert_eq!(world.aloud(0, BOB), ["me: one <Keys>", "me: two <Keys>", "me: three <Keys>"]);
    world.kill(0);
    world.start(0);
    assert_eq!(world.aloud(1, ALICE), ["they: one", "they: two", "they: three"]);
    for word in ["one", "two", "three"] {
        assert!(!world.devices[0].wire.contains(&format!(">{word}<")));
    }
}

#[test]
fn turning_it_off_is_explicit_and_what_waits_is_not_sent_in_the_clear() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.say(0, BOB, "sealed");
    let now = world.now();
    let conversation = world.devices[0].with(BOB, now);
    world.cut(0);
    world.devices[0].is_on = false;
    world.run();
    world.say(0, BOB, "waits");
    world.command(0, AccountCommand::SetEncryption(conversation, false));
    let failed = world.devices[0].message(BOB, "waits");
    let model::Delivery::Failed(failure) = &failed.delivery else { panic!("{:?}", failed.delivery) };
    assert_eq!(failure.reason, DeliveryReason::EncryptionTurnedOff);
    world.devices[0].is_on = true;
    world.wait(Duration::from_secs(120));
    assert!(!world.devices[0].wire.contains("waits"));
    world.say(0, BOB, "open");
    assert_eq!(world.aloud(1, ALICE), ["they: sealed", "they: open [clear]"], "told for what it was");
    world.command(0, AccountCommand::TryAgain(failed.id));
    assert_eq!(world.aloud(1, ALICE).last().unwrap(), "they: waits [clear]");
    world.command(0, AccountCommand::SetEncryption(conversation, true));
    world.say(0, BOB, "sealed again");
    assert_eq!(world.aloud(1, ALICE).last().unwrap(), "they: sealed again");
}

#[test]
fn a_key_exchange_is_answered_and_its_prekey_replaced() {
    let mut world = World::settled(&[ALICE, BOB]);
    let node = "urn:xmpp:omemo:2:bundles";
    let prekeys = |world: &mut World| {
        let bundle = world.server.node(BOB, node).remove(0).1;
        let prekeys = bundle.get_child("prekeys", "urn:xmpp:omemo:2").unwrap();
        prekeys.children().map(|key| key.attr("id").unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = prekeys(&mut world);
    world.say(0, BOB, "hello");
    let after = prekeys(&mut world);
    assert_eq!(before.iter().filter(|id| !after.contains(id)).count(), 1, "one was used and is gone");
    assert!(after.len() >= 80);
    // The answer came, so the next message carries no key exchange any more.
    let wire = world.devices[0].wire.len();
    world.say(0, BOB, "again");
    assert!(!world.devices[0].wire[wire..].contains("kex"));
    assert!(world.devices[0].wire[..wire].contains("kex"));
}

/// Everybody who begins with Bob from now on takes the same prekey.
fn leave_one_prekey(world: &mut World) {
    let node = "urn:xmpp:omemo:2:bundles";
    let (id, mut bundle) = world.server.node(BOB, node).remove(0);
    let mut prekeys = bundle.remove_child("prekeys", "urn:xmpp:omemo:2").unwrap();
    let first = prekeys.children().next().unwrap().clone();
    prekeys.take_nodes();
    prekeys.append_child(first);
    bundle.append_child(prekeys);
    world.publish(BOB, node, &id, bundle);
}

#[test]
fn two_people_who_took_the_same_prekey_at_once_are_both_read() {
    let mut world = World::settled(&[ALICE, BOB, CAROL]);
    leave_one_prekey(&mut world);
    world.server.withholds = true;
    world.say(0, BOB, "from alice");
    world.say(2, BOB, "from carol");
    world.server.withholds = false;
    let kept = world.server.home(&model::BareJid::new(BOB).unwrap()).archive.clone();
    for (_, _, message) in &kept {
        world.deliver(1, message);
        world.run();
    }
    assert_eq!(world.aloud(1, ALICE), ["they: from alice"]);
    assert_eq!(world.aloud(1, CAROL), ["they: from carol"], "it is kept for a while");
}

#[test]
fn two_people_who_used_the_same_prekey_are_both_read() {
    let mut world = World::settled(&[ALICE, BOB, CAROL]);
    world.kill(1);
    leave_one_prekey(&mut world);
    world.say(0, BOB, "from alice");
    world.say(2, BOB, "from carol");
    world.start(1);
    assert_eq!(world.aloud(1, ALICE), ["they: from alice"]);
    assert_eq!(world.aloud(1, CAROL), ["they: from carol"], "the prekey lives until the archive was read");
    world.say(1, CAROL, "hello");
    assert_eq!(world.aloud(2, BOB), ["me: from carol", "they: hello"]);
}

#[test]
fn keys_that_could_not_be_had_are_asked_for_again() {
    let mut world = World::settled(&[ALICE, BOB]);
    let home = model::BareJid::new(BOB).unwrap();
    let kept = world.server.home(&home).nodes.clone();
    world.kill(1);
    world.server.home(&home).nodes.retain(|node, _| !node.contains("bundles"));
    world.say(0, BOB, "hello");
    assert_eq!(world.aloud(0, BOB), ["me: hello <Keys>"]);
    world.server.home(&home).nodes = kept;
    world.wait(Duration::from_secs(600));
    assert_eq!(world.aloud(0, BOB), ["me: hello"]);
}

#[test]
fn a_signed_prekey_is_replaced_while_a_session_lasts() {
    let mut world = World::settled(&[ALICE]);
    let node = "urn:xmpp:omemo:2:bundles";
    let signed = |world: &mut World| {
        let bundle = world.server.node(ALICE, node).remove(0).1;
        bundle.get_child("spk", "urn:xmpp:omemo:2").unwrap().text()
    };
    let first = signed(&mut world);
    world.wait(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(signed(&mut world), first);
    world.wait(Duration::from_secs(10 * 24 * 3600));
    assert_ne!(signed(&mut world), first);
}

#[test]
fn a_long_monologue_is_answered_with_a_sign_of_life() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.say(0, BOB, "hello");
    let wire = world.devices[1].wire.len();
    for number in 0..60 {
        world.say(0, BOB, &format!("and {number}"));
    }
    assert!(world.devices[1].wire[wire..].contains("<encrypted"), "bob's device moved the ratchet");
    assert_eq!(world.aloud(1, ALICE).len(), 61);
    assert_eq!(world.aloud(0, BOB).len(), 61, "and nothing of it is seen");
}

#[test]
fn the_own_devices_are_named_and_listed() {
    let mut world = World::settled(&[ALICE, ALICE]);
    // Names count once they were checked with the keys.
    world.command(0, AccountCommand::LookUpDevices(model::BareJid::new(ALICE).unwrap()));
    let devices = world.devices[0].read_store(|reads| reads.devices(&model::BareJid::new(ALICE).unwrap()));
    assert_eq!(devices.len(), 2);
    assert_eq!(devices.iter().filter(|device| device.is_this).count(), 1);
    for device in &devices {
        assert_eq!(device.versions, [OmemoVersion::Two, OmemoVersion::Legacy]);
        assert!(device.label.as_deref().unwrap().starts_with("Starling desk "), "{:?}", device.label);
    }
    world.command(1, AccountCommand::NameDevice(Some("kitchen".to_owned())));
    let devices = world.devices[0].read_store(|reads| reads.devices(&model::BareJid::new(ALICE).unwrap()));
    assert!(devices.iter().any(|device| device.label.as_deref() == Some("kitchen")));
    // Notes to oneself are for the own devices.
    world.say(0, ALICE, "buy milk");
    assert_eq!(world.aloud(1, ALICE), ["me: buy milk"]);
    assert_eq!(world.aloud(0, ALICE), ["me: buy milk"]);
}

#[test]
fn nodes_with_other_options_are_put_right() {
    let mut world = World::new(&[ALICE, BOB]);
    world.server.wrong_options =
        vec!["urn:xmpp:omemo:2:bundles".to_owned(), "urn:xmpp:omemo:2:devices".to_owned()];
    world.start(0);
    assert_eq!(world.server.node(ALICE, "urn:xmpp:omemo:2:devices").len(), 1);
    assert_eq!(world.server.node(ALICE, "urn:xmpp:omemo:2:bundles").len(), 1);
}

#[test]
fn a_server_in_trouble_is_asked_again() {
    let mut world = World::new(&[ALICE, BOB]);
    world.server.is_troubled = true;
    world.start(0);
    world.start(1);
    assert!(world.server.node(ALICE, "urn:xmpp:omemo:2:devices").is_empty());
    world.server.is_troubled = false;
    world.wait(Duration::from_secs(300));
    for node in
        ["urn:xmpp:omemo:2:devices", "urn:xmpp:omemo:2:bundles", "eu.siacs.conversations.axolotl.devicelist"]
    {
        assert_eq!(world.server.node(ALICE, node).len(), 1, "{node}");
    }
    world.say(0, BOB, "at last");
    assert_eq!(world.aloud(1, ALICE), ["they: at last"]);
}

//! A server that bends lists, bundles and messages: it is noticed, and never obeyed in silence.

use std::time::Duration;

use account::refused::Kind;
use model::{AccountCommand, BareJid, Fingerprint, OmemoVersion, Trust};
use xmpp::{
    minidom::Element,
    xep_0384_omemo::{self as wire, ListedDevice},
};

use crate::{
    ALICE, BOB, CAROL,
    device::Device,
    world::{PREKEYS_ARE_GONE, World},
};

const LIST: &str = "urn:xmpp:omemo:2:devices";

fn listed(world: &mut World, who: &str) -> Vec<ListedDevice> {
    let list = world.server.node(who, LIST).pop().unwrap().1;
    wire::device_list(OmemoVersion::Two, &list).unwrap()
}

fn publish_list(world: &mut World, who: &str, devices: &[ListedDevice]) {
    let list = wire::device_list_element(OmemoVersion::Two, devices);
    world.publish(who, LIST, "current", list);
}

fn devices(world: &mut World, device: usize, who: &str) -> Vec<model::Device> {
    let who = BareJid::new(who).unwrap();
    world.devices[device].read_store(|reads| reads.devices(&who))
}

#[test]
fn our_place_on_the_list_is_taken_again_more_and_more_slowly() {
    let mut world = World::settled(&[ALICE]);
    let count = |world: &World| world.server.published.iter().filter(|(_, node)| node == LIST).count();
    let first = count(&world);
    publish_list(&mut world, ALICE, &[]);
    assert_eq!(listed(&mut world, ALICE).len(), 1, "taken again");
    // A battle over the list is not fought at full speed.
    for _ in 0..50 {
        publish_list(&mut world, ALICE, &[]);
    }
    let fought = count(&world) - first;
    assert!(fought <= 3, "{fought} times");
    world.wait(Duration::from_secs(3 * 3600));
    assert_eq!(listed(&mut world, ALICE).len(), 1, "but never given up");
}

#[test]
fn another_device_of_ours_stays_on_the_list_when_we_take_our_place() {
    let mut world = World::settled(&[ALICE]);
    let phone = ListedDevice { id: 4711, label: Some("phone".into()), label_signature: Some(vec![7; 64]) };
    publish_list(&mut world, ALICE, std::slice::from_ref(&phone));
    let list = listed(&mut world, ALICE);
    assert_eq!(list.len(), 2);
    assert!(list.contains(&phone), "with its label and signature");
}

#[test]
fn a_device_that_is_taken_off_a_list_is_not_forgotten() {
    let mut world = World::settled(&[ALICE, BOB, BOB]);
    world.say(0, BOB, "one");
    let all = listed(&mut world, BOB);
    assert_eq!(all.len(), 2);
    // Both of Bob's devices are off, so nobody takes the place again.
    world.kill(1);
    world.kill(2);
    let gone = devices(&mut world, 0, BOB).iter().find(|device| device.id == all[1].id).cloned().unwrap();
    world
        .command(0, AccountCommand::SetTrust(gone.owner.clone(), gone.fingerprint.unwrap(), Trust::Verified));
    publish_list(&mut world, BOB, &all[..1]);
    let legacy = wire::device_list_element(OmemoVersion::Legacy, &all[..1]);
    world.publish(BOB, "eu.siacs.conversations.axolotl.devicelist", "current", legacy);
    let now = devices(&mut world, 0, BOB).into_iter().find(|device| device.id == gone.id).unwrap();
    assert_eq!((now.trust, now.versions.len()), (Trust::Verified, 0));
    // It comes back with its key and its session.
    publish_list(&mut world, BOB, &all);
    let asked = world.server.asked.len();
    world.say(0, BOB, "two");
    let bundles = world.server.asked[asked..].iter().filter(|(_, node)| node.contains("bundle")).count();
    assert_eq!(bundles, 0, "no new session");
    world.start(2);
    assert_eq!(world.aloud(2, ALICE), ["they: one", "they: two"]);
}

#[test]
fn a_device_that_the_server_adds_after_a_verification_reads_nothing() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.say(0, BOB, "one");
    let bob = devices(&mut world, 0, BOB).remove(0);
    world.command(0, AccountCommand::SetTrust(bob.owner.clone(), bob.fingerprint.unwrap(), Trust::Verified));
    // The server signs in as Bob.
    let spy = world.add(Device::new(BOB, 99, false));
    world.start(spy);
    world.say(0, BOB, "two");
    assert_eq!(world.aloud(1, ALICE), ["they: one", "they: two"]);
    assert_eq!(world.aloud(spy, ALICE), ["they: (NotForThisDevice)", "they: (NotForThisDevice)"]);
    let new = devices(&mut world, 0, BOB).into_iter().find(|device| device.id != bob.id).unwrap();
    assert_eq!(new.trust, Trust::Undecided);
    let conversation = world.devices[0].read_store(|reads| reads.conversations()).remove(0).conversation;
    assert!(conversation.has_new_devices, "and the user is asked");
    // Accepted, it reads what comes after.
    world.command(0, AccountCommand::SetTrust(new.owner, new.fingerprint.unwrap(), Trust::Blind));
    world.say(0, BOB, "three");
    assert_eq!(world.aloud(spy, ALICE).last().unwrap(), "they: three");
}

#[test]
fn another_key_for_a_known_device_stops_everything_until_the_user_decides() {
    let mut world = World::settled(&[ALICE, BOB, CAROL]);
    world.say(0, BOB, "one");
    world.kill(1);
    // The server gives out Carol's keys as Bob's.
    let bob = listed(&mut world, BOB)[0].id;
    let carols = world.server.node(CAROL, "urn:xmpp:omemo:2:bundles").pop().unwrap().1;
    world.publish(BOB, "urn:xmpp:omemo:2:bundles", &bob.to_string(), carols);
    world.command(0, AccountCommand::ResetSession(BareJid::new(BOB).unwrap(), bob));
    let device = devices(&mut world, 0, BOB).remove(0);
    assert_eq!(device.trust, Trust::Changed);
    assert!(device.shown.is_some() && device.shown != device.fingerprint);
    world.say(0, BOB, "two");
    assert_eq!(world.aloud(0, BOB)[1], "me: two <KeyChanged>");
    // The old key is Bob's, says the user: nothing was lost, and the real keys come back.
    world.start(1);
    world.command(
        0,
        AccountCommand::SetTrust(device.owner.clone(), device.fingerprint.unwrap(), Trust::Verified),
    );
    world.wait(Duration::from_secs(10));
    let device = devices(&mut world, 0, BOB).remove(0);
    assert_eq!((device.trust, device.shown), (Trust::Verified, None));
}

#[test]
fn a_new_key_that_the_user_accepts_begins_new_sessions() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.say(0, BOB, "one");
    let old = devices(&mut world, 0, BOB).remove(0);
    // Bob's device forgot everything but its number: the server cannot know that, Alice's device sees another key.
    let mut fresh = Device::new(BOB, 1234, false);
    world.kill(1);
    world.server.home(&BareJid::new(BOB).unwrap()).nodes.clear();
    std::mem::swap(&mut world.devices[1], &mut fresh);
    world.start(1);
    let theirs = world.server.node(BOB, "urn:xmpp:omemo:2:bundles").pop().unwrap().1;
    world.publish(BOB, "urn:xmpp:omemo:2:bundles", &old.id.to_string(), theirs);
    let list = [ListedDevice { id: old.id, label: None, label_signature: None }];
    world.kill(1);
    publish_list(&mut world, BOB, &list);
    let legacy = wire::device_list_element(OmemoVersion::Legacy, &[]);
    world.publish(BOB, "eu.siacs.conversations.axolotl.devicelist", "current", legacy);
    world.command(0, AccountCommand::ResetSession(old.owner.clone(), old.id));
    let changed = devices(&mut world, 0, BOB).into_iter().find(|device| device.id == old.id).unwrap();
    assert_eq!(changed.trust, Trust::Changed);
    world.say(0, BOB, "two");
    assert_eq!(world.aloud(0, BOB)[1], "me: two <KeyChanged>");
    world.command(0, AccountCommand::SetTrust(old.owner.clone(), changed.shown.unwrap(), Trust::Blind));
    assert_eq!(world.aloud(0, BOB)[1], "me: two", "sent with the new key");
    let accepted = devices(&mut world, 0, BOB).into_iter().find(|device| device.id == old.id).unwrap();
    assert_eq!((accepted.fingerprint, accepted.trust), (changed.shown, Trust::Blind));
}

#[test]
fn who_began_with_a_prekey_that_is_gone_is_answered_with_a_session_that_is_not() {
    let mut world = World::settled(&[ALICE, BOB, CAROL]);
    let (bundles, number) = ("urn:xmpp:omemo:2:bundles", listed(&mut world, BOB)[0].id);
    // Of the hundred keys, everybody gets the same one.
    let mut bundle = world.server.node(BOB, bundles).pop().unwrap().1;
    let prekeys = bundle.get_child_mut("prekeys", "urn:xmpp:omemo:2").unwrap();
    let only = prekeys.children().next().unwrap().clone();
    *prekeys = Element::builder("prekeys", "urn:xmpp:omemo:2").append(only).build();
    world.publish(BOB, bundles, &number.to_string(), bundle);
    world.server.withholds = true;
    world.say(0, BOB, "one");
    world.say(2, BOB, "two");
    world.server.withholds = false;
    let kept = world.server.home(&BareJid::new(BOB).unwrap()).archive.clone();
    for (_, _, message) in &kept {
        world.deliver(1, message);
        world.run();
        world.wait(PREKEYS_ARE_GONE);
    }
    assert_eq!(world.aloud(1, ALICE), ["they: one"]);
    assert_eq!(world.aloud(1, CAROL), ["they: (NoSession)"]);
    // Bob has said nothing, and yet Carol knows better by now.
    world.say(2, BOB, "three");
    assert_eq!(world.aloud(1, CAROL), ["they: (NoSession)", "they: three"]);
    // Who goes on with what is gone is answered once.
    let answered = world.server.asked.len();
    for _ in 0..5 {
        world.deliver(1, &kept[1].2);
        world.run();
    }
    assert_eq!(world.server.asked.len(), answered);
}

#[test]
fn messages_in_any_order_doubled_and_late_are_read_once() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.say(0, BOB, "zero");
    world.say(1, ALICE, "hello");
    world.server.withholds = true;
    for word in ["one", "two", "three", "four"] {
        world.say(0, BOB, word);
    }
    world.server.withholds = false;
    let kept: Vec<Element> = {
        let home = world.server.home(&BareJid::new(BOB).unwrap());
        home.archive.iter().map(|(_, _, message)| message.clone()).collect()
    };
    let kept: Vec<Element> =
        kept.into_iter().filter(|message| message.attr("from").unwrap().starts_with("alice")).collect();
    // In reverse, each twice.
    for message in kept.iter().rev().chain(kept.iter()) {
        world.deliver(1, message);
        world.deliver(1, message);
    }
    world.run();
    let mut said = world.aloud(1, ALICE);
    said.sort();
    assert_eq!(said, ["me: hello", "they: four", "they: one", "they: three", "they: two", "they: zero"]);
    world.say(0, BOB, "five");
    world.say(1, ALICE, "six");
    assert_eq!(world.aloud(0, BOB).last().unwrap(), "they: six");
}

#[test]
fn a_message_that_was_changed_is_said_to_be_so_and_a_good_copy_takes_its_place() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.say(0, BOB, "zero");
    world.say(1, ALICE, "hello");
    world.server.withholds = true;
    world.say(0, BOB, "one");
    world.server.withholds = false;
    let good = {
        let home = world.server.home(&BareJid::new(BOB).unwrap());
        home.archive.last().unwrap().2.clone()
    };
    assert!(good.attr("from").unwrap().starts_with("alice"));
    let text = String::from_utf8(xmpp::xml::serialise(&good)).unwrap();
    let at = text.find("<payload>").unwrap() + "<payload>".len();
    let mut broken = text.clone();
    let letter = if &text[at..=at] == "A" { "B" } else { "A" };
    broken.replace_range(at..=at, letter);
    let broken = xmpp::parser::fragment(broken.as_bytes()).unwrap();
    world.deliver(1, &broken);
    world.run();
    assert_eq!(world.aloud(1, ALICE).last().unwrap(), "they: (Damaged)");
    world.deliver(1, &good);
    world.run();
    assert_eq!(world.aloud(1, ALICE), ["they: zero", "me: hello", "they: one"], "in its place");
    world.say(0, BOB, "two");
    assert_eq!(world.aloud(1, ALICE).last().unwrap(), "they: two", "no session was thrown away");
}

#[test]
fn a_message_whose_key_was_used_for_another_does_not_vanish() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.say(0, BOB, "zero");
    world.say(1, ALICE, "hello");
    world.say(0, BOB, "one");
    // Whoever sealed this stood at the same place of the chain as “one” did: a database that went back in time, or a forger.
    let known = {
        let home = world.server.home(&BareJid::new(BOB).unwrap());
        let mut messages = home.archive.iter().map(|(_, _, message)| message);
        // The last words of Alice: there is a receipt after them.
        messages.rfind(|message| message.has_child("body", "jabber:client")).unwrap().clone()
    };
    let mut text = String::from_utf8(xmpp::xml::serialise(&known)).unwrap();
    let at = text.find("<key ").unwrap();
    let at = at + text[at..].find('>').unwrap() + 9;
    let letter = if &text[at..=at] == "A" { "B" } else { "A" };
    text.replace_range(at..=at, letter);
    let text = text.replace(known.attr("id").unwrap(), "another");
    let other = xmpp::parser::fragment(text.as_bytes()).unwrap();
    world.deliver(1, &other);
    world.run();
    assert_eq!(world.aloud(1, ALICE), ["they: zero", "me: hello", "they: one", "they: (Damaged)"]);
    world.say(0, BOB, "two");
    assert_eq!(world.aloud(1, ALICE).last().unwrap(), "they: two");
}

#[test]
fn a_sealed_message_in_another_stanza_is_not_shown() {
    let mut world = World::settled(&[ALICE, BOB, CAROL]);
    world.say(2, BOB, "I am Carol");
    world.say(1, CAROL, "hello Carol");
    // Carol's server says that her message to Bob was to herself: her other device must not believe it.
    let twin = world.add(Device::new(CAROL, 55, false));
    world.start(twin);
    world.server.withholds = true;
    world.say(2, BOB, "only for Bob");
    world.server.withholds = false;
    let mut message = {
        let home = world.server.home(&BareJid::new(CAROL).unwrap());
        home.archive.last().unwrap().2.clone()
    };
    xmpp::stanza::set_attribute(&mut message, "to", ALICE);
    let forwarded = xmpp::payload::parent_tag("forwarded", "urn:xmpp:forward:0", &[], [message]);
    let sent = xmpp::payload::parent_tag("sent", "urn:xmpp:carbons:2", &[], [forwarded]);
    let carbon = xmpp::payload::parent_tag("message", "jabber:client", &[("from", CAROL)], [sent]);
    world.deliver(twin, &carbon);
    world.run();
    assert_eq!(world.aloud(twin, ALICE), ["me: (Forged)"]);
    assert_eq!(world.devices[twin].refused(Kind::Envelope), 1);
}

#[test]
fn lists_and_bundles_without_end_or_sense_do_no_harm() {
    let mut world = World::settled(&[ALICE, BOB]);
    let many: Vec<ListedDevice> =
        (1..5000).map(|id| ListedDevice { id, label: None, label_signature: None }).collect();
    publish_list(&mut world, BOB, &many);
    let known = devices(&mut world, 0, BOB).len();
    assert!(known <= 2 * wire::MAX_DEVICES, "{known}");
    world.publish(BOB, LIST, "current", xmpp::payload::tag("nonsense", "urn:x", &[]));
    world.wait(Duration::from_secs(7200));
    let bob = listed(&mut world, BOB)[0].id.to_string();
    let mut bundle = world.server.node(BOB, "urn:xmpp:omemo:2:bundles").pop().unwrap().1;
    let mut signature = bundle.remove_child("spks", "urn:xmpp:omemo:2").unwrap();
    signature.take_nodes();
    signature.append_text("A".repeat(88));
    bundle.append_child(signature);
    world.publish(BOB, "urn:xmpp:omemo:2:bundles", &bob, bundle);
    world.server.home(&BareJid::new(BOB).unwrap()).nodes.retain(|node, _| !node.contains("axolotl.bundles"));
    world.say(0, BOB, "hello");
    assert_eq!(world.devices[0].refused(Kind::Bundle), 1, "its owner cannot have signed it");
    assert_eq!(world.aloud(0, BOB), ["me: hello <Keys>"]);
    assert!(!world.devices[0].wire.contains("hello"));
    let fingerprint = Fingerprint([0; 32]);
    world.command(0, AccountCommand::SetTrust(BareJid::new(BOB).unwrap(), fingerprint, Trust::Verified));
}

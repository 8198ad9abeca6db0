//! A server that gives out again what was true once: lists and bundles of yesterday.

use model::{AccountCommand, BareJid, OmemoVersion};
use xmpp::{minidom::Node, xep_0384_omemo as wire};

use crate::{
    ALICE, BOB, CAROL,
    device::Device,
    world::{PREKEYS_ARE_GONE, World},
};

const LISTS: [&str; 2] = ["urn:xmpp:omemo:2:devices", "eu.siacs.conversations.axolotl.devicelist"];
const BUNDLES: &str = "urn:xmpp:omemo:2:bundles";

#[test]
fn a_list_of_yesterday_hides_a_device_only_until_that_device_is_there() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.say(0, BOB, "one");
    let yesterday = LISTS.map(|node| world.server.node(BOB, node).pop().unwrap().1);
    let second = world.add(Device::new(BOB, 88, false));
    world.start(second);
    world.say(0, BOB, "two");
    assert_eq!(world.aloud(second, ALICE).last().unwrap(), "they: two");
    world.kill(1);
    world.kill(second);
    for (node, list) in LISTS.into_iter().zip(yesterday) {
        world.publish(BOB, node, "current", list);
    }
    world.say(0, BOB, "three");
    world.start(1);
    world.start(second);
    // It says that there was something, and takes its place again.
    assert_eq!(world.aloud(second, ALICE).last().unwrap(), "they: (NotForThisDevice)");
    let list = world.server.node(BOB, LISTS[0]).pop().unwrap().1;
    assert_eq!(wire::device_list(OmemoVersion::Two, &list).unwrap().len(), 2);
    world.say(0, BOB, "four");
    assert_eq!(world.aloud(second, ALICE).last().unwrap(), "they: four");
    assert_eq!(world.aloud(1, ALICE), ["they: one", "they: two", "they: three", "they: four"]);
}

#[test]
fn a_bundle_of_yesterday_makes_a_message_that_is_said_to_be_unreadable() {
    let mut world = World::settled(&[ALICE, BOB, CAROL]);
    // One prekey is left in it: everybody must take the same.
    let (id, mut yesterday) = world.server.node(BOB, BUNDLES).pop().unwrap();
    let mut prekeys = yesterday.remove_child("prekeys", "urn:xmpp:omemo:2").unwrap();
    let first = prekeys.take_nodes().into_iter().find(|node| matches!(node, Node::Element(_))).unwrap();
    prekeys.append_node(first);
    yesterday.append_child(prekeys);
    world.publish(BOB, BUNDLES, &id, yesterday.clone());
    world.say(0, BOB, "one");
    assert_eq!(world.aloud(1, ALICE), ["they: one"]);
    world.wait(PREKEYS_ARE_GONE);
    world.publish(BOB, BUNDLES, &id, yesterday);
    world.say(2, BOB, "two");
    assert_eq!(world.aloud(1, CAROL), ["they: (NoSession)"], "the prekey is gone: nobody reads this");
    // A person mends it.
    world.command(1, AccountCommand::LookUpDevices(BareJid::new(CAROL).unwrap()));
    let carol = BareJid::new(CAROL).unwrap();
    let device = world.devices[1].read_store(|reads| reads.devices(&carol)).remove(0);
    world.say(1, CAROL, "I cannot read you");
    world.command(1, AccountCommand::ResetSession(carol, device.id));
    assert_eq!(world.aloud(2, BOB), ["me: two", "they: I cannot read you"]);
    world.say(2, BOB, "three");
    assert_eq!(world.aloud(1, CAROL).last().unwrap(), "they: three");
}

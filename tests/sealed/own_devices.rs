//! An old phone is taken off the account's lists: nobody writes to it any more, and it may come back.

use model::{AccountCommand, BareJid, OmemoVersion};

use crate::{ALICE, BOB, device::Device, world::World};

/// The numbers on Alice's list of a version.
fn listed(world: &mut World, version: OmemoVersion) -> Vec<u32> {
    let node = xmpp::xep_0384_omemo::device_list_node(version);
    let list = world.server.node(ALICE, node).pop().unwrap().1;
    xmpp::xep_0384_omemo::device_list(version, &list).unwrap().into_iter().map(|device| device.id).collect()
}

fn number(world: &mut World, device: usize) -> u32 {
    world.devices[device].read_store(|reads| reads.own_device_number()).unwrap()
}

/// The versions in which a device knows Alice's device of this number.
fn versions(world: &mut World, device: usize, number: u32) -> Vec<OmemoVersion> {
    let alice = BareJid::new(ALICE).unwrap();
    let known = world.devices[device].read_store(|reads| reads.device(&alice, number));
    known.map(|known| known.versions).unwrap_or_default()
}

#[test]
fn a_removed_device_is_on_no_list_and_reads_nothing_that_is_said_from_then_on() {
    let mut world = World::settled(&[ALICE, ALICE, BOB]);
    world.say(2, ALICE, "one");
    assert_eq!(world.aloud(1, BOB), ["they: one"]);
    let (desk, phone) = (number(&mut world, 0), number(&mut world, 1));
    world.kill(1);
    world.command(0, AccountCommand::RemoveDevice(phone));
    for version in [OmemoVersion::Two, OmemoVersion::Legacy] {
        assert_eq!(listed(&mut world, version), [desk], "{version:?}");
    }
    assert_eq!(versions(&mut world, 0, phone), []);
    assert_eq!(versions(&mut world, 2, phone), []);
    world.say(2, ALICE, "two");
    world.say(0, BOB, "three");
    assert_eq!(world.aloud(0, BOB), ["they: one", "they: two", "me: three"]);
    // It is switched on again, and takes its place: it was not blocked, only forgotten.
    world.start(1);
    let back = |world: &mut World| {
        let mut numbers = listed(world, OmemoVersion::Two);
        numbers.sort_unstable();
        numbers
    };
    let mut both = [desk, phone];
    both.sort_unstable();
    assert_eq!(back(&mut world), both);
    world.wait(std::time::Duration::from_secs(3600));
    assert_eq!(back(&mut world), both, "nobody fights over it");
    world.say(2, ALICE, "four");
    let unread = "they: (NotForThisDevice)";
    assert_eq!(world.aloud(1, BOB), ["they: one", unread, "me: (NotForThisDevice)", "they: four"]);
}

#[test]
fn a_device_is_removed_as_soon_as_there_is_a_connection() {
    let mut world = World::settled(&[ALICE, ALICE]);
    let (desk, phone) = (number(&mut world, 0), number(&mut world, 1));
    world.kill(1);
    world.server.home(&BareJid::new(ALICE).unwrap());
    world.devices[0].is_on = false;
    world.cut(0);
    world.command(0, AccountCommand::RemoveDevice(phone));
    assert_eq!(listed(&mut world, OmemoVersion::Two).len(), 2);
    // What the user wanted outlives the process.
    world.kill(0);
    world.start(0);
    for version in [OmemoVersion::Two, OmemoVersion::Legacy] {
        assert_eq!(listed(&mut world, version), [desk], "{version:?}");
    }
}

#[test]
fn this_device_and_those_of_others_are_not_removed() {
    let mut world = World::settled(&[ALICE, ALICE, BOB]);
    world.say(0, BOB, "hello");
    let (desk, friend) = (number(&mut world, 0), number(&mut world, 2));
    let before = world.server.published.len();
    for number in [desk, friend, 0, u32::MAX] {
        world.command(0, AccountCommand::RemoveDevice(number));
    }
    assert_eq!(world.server.published.len(), before);
    assert_eq!(listed(&mut world, OmemoVersion::Two).len(), 2);
}

#[test]
fn what_one_version_does_not_take_is_taken_off_the_other() {
    let mut world = World::new(&[ALICE, ALICE, BOB]);
    world.server.legacy_only = vec![ALICE.to_owned()];
    for device in 0..3 {
        world.start(device);
    }
    let (desk, phone) = (number(&mut world, 0), number(&mut world, 1));
    world.kill(1);
    world.command(0, AccountCommand::RemoveDevice(phone));
    assert_eq!(listed(&mut world, OmemoVersion::Legacy), [desk]);
    // A device that comes anew finds the list as it should be.
    let third = world.add(Device::new(ALICE, 77, false));
    world.start(third);
    let third = number(&mut world, third);
    assert_eq!(listed(&mut world, OmemoVersion::Legacy), [desk, third]);
}

//! Devices that are killed, copied and restored: no ratchet is ever turned twice from the same place.

use model::BareJid;

use crate::{ALICE, BOB, device::Device, world::World};

fn number(world: &mut World, device: usize) -> u32 {
    world.devices[device].read_store(|reads| reads.own_device_number()).unwrap()
}

#[test]
fn a_kill_at_any_moment_loses_and_repeats_nothing() {
    for seed in 0..12 {
        let mut world = World::settled(&[ALICE, BOB]);
        let mut wanted = Vec::new();
        for number in 0..16 {
            let (from, to) = if (number + seed) % 3 == 0 { (1, ALICE) } else { (0, BOB) };
            let text = format!("{number}");
            let now = world.now();
            world.devices[from].say(to, &text, now);
            wanted.push(text);
            // Before anything was delivered, or after.
            if (number * 7 + seed) % 4 == 0 {
                world.kill(from);
                world.start(from);
            } else {
                world.run();
            }
            if (number * 5 + seed) % 7 == 0 {
                world.kill(1 - from);
                world.start(1 - from);
            }
        }
        world.run();
        for (device, peer) in [(0, BOB), (1, ALICE)] {
            let mut said: Vec<u32> = world
                .aloud(device, peer)
                .iter()
                .map(|line| {
                    line.split_once(": ").unwrap().1.parse().unwrap_or_else(|_| panic!("{seed}: {line}"))
                })
                .collect();
            said.sort_unstable();
            assert_eq!(said, (0..16).collect::<Vec<u32>>(), "seed {seed}, device {device}");
        }
    }
}

#[test]
fn resent_bytes_are_the_same_bytes() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.say(0, BOB, "hello");
    world.say(1, ALICE, "hello");
    let before = world.devices[0].wire.len();
    // It was written, and the server never got it.
    let now = world.now();
    world.devices[0].say(BOB, "once", now);
    world.devices[0].wishes.clear();
    world.cut(0);
    world.wait(std::time::Duration::from_secs(120));
    let wire = world.devices[0].wire[before..].to_owned();
    let sealed: Vec<&str> =
        wire.split("<payload>").skip(1).map(|rest| rest.split_once('<').unwrap().0).collect();
    assert_eq!(sealed.len(), 2, "written twice");
    assert_eq!(sealed[0], sealed[1], "and sealed once");
    assert_eq!(world.aloud(1, ALICE).last().unwrap(), "they: once");
}

#[test]
fn a_copied_database_becomes_another_device() {
    let mut world = World::new(&[]);
    world.add(Device::new(ALICE, 1, true));
    world.add(Device::new(BOB, 2, false));
    world.start(0);
    world.start(1);
    world.say(0, BOB, "one");
    world.say(1, ALICE, "two");
    world.kill(0);
    let copy = world.devices[0].copy(3);
    let copy = world.add(copy);
    let first = number(&mut world, 0);
    world.start(copy);
    let second = number(&mut world, copy);
    assert_ne!(first, second);
    world.say(copy, BOB, "from the copy");
    assert_eq!(world.aloud(1, ALICE).last().unwrap(), "they: from the copy");
    // Its wire never shows the old number as a sender.
    assert!(!world.devices[copy].wire.contains(&format!("sid='{first}'")));
    let list = world.server.node(ALICE, "urn:xmpp:omemo:2:devices").pop().unwrap().1;
    assert!(list.children().any(|device| device.attr("id") == Some(&second.to_string())));
}

#[test]
fn a_database_that_went_back_in_time_notices_and_becomes_another_device() {
    let mut world = World::new(&[]);
    world.add(Device::new(ALICE, 1, true));
    world.add(Device::new(BOB, 2, false));
    world.start(0);
    world.start(1);
    world.say(0, BOB, "one");
    world.say(1, ALICE, "two");
    world.kill(0);
    let earlier = world.devices[0].snapshot();
    let first = number(&mut world, 0);
    world.start(0);
    world.say(0, BOB, "three");
    world.say(1, ALICE, "four");
    world.kill(0);
    // The very same files, with what was in them before: only the archive can tell.
    world.devices[0].put_back(&earlier);
    let wire = world.devices[0].wire.len();
    world.start(0);
    assert_ne!(number(&mut world, 0), first);
    world.say(0, BOB, "five");
    assert_eq!(world.aloud(1, ALICE).last().unwrap(), "they: five");
    assert!(!world.devices[0].wire[wire..].contains(&format!("sid='{first}'")), "the old ratchets rest");
    // The old number comes off the list.
    let own = BareJid::new(ALICE).unwrap();
    let listed = world.devices[0].read_store(|reads| reads.devices(&own));
    assert!(listed.iter().filter(|device| !device.versions.is_empty()).all(|device| device.id != first));
    world.say(1, ALICE, "six");
    assert_eq!(world.aloud(0, BOB).last().unwrap(), "they: six");
}

#[test]
fn nothing_is_sealed_before_the_archive_was_read() {
    let mut world = World::new(&[]);
    world.add(Device::new(ALICE, 1, true));
    world.add(Device::new(BOB, 2, false));
    world.start(0);
    world.start(1);
    world.say(0, BOB, "one");
    world.kill(0);
    let earlier = world.devices[0].snapshot();
    let first = number(&mut world, 0);
    world.start(0);
    world.say(0, BOB, "two");
    world.kill(0);
    world.devices[0].put_back(&earlier);
    let wire = world.devices[0].wire.len();
    // What was typed before there was a link goes out when it is known that all is well, and not before.
    let now = world.now();
    world.devices[0].start(now);
    world.devices[0].say(BOB, "three", now);
    world.run();
    assert_eq!(world.aloud(1, ALICE).last().unwrap(), "they: three");
    assert!(!world.devices[0].wire[wire..].contains(&format!("sid='{first}'")));
}

#[test]
fn a_reset_session_reads_on_and_asks_nobody() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.say(0, BOB, "one");
    world.say(1, ALICE, "two");
    let bob = number(&mut world, 1);
    world.command(0, model::AccountCommand::ResetSession(BareJid::new(BOB).unwrap(), bob));
    world.say(1, ALICE, "three");
    world.say(0, BOB, "four");
    assert_eq!(world.aloud(0, BOB), ["me: one", "they: two", "they: three", "me: four"]);
    assert_eq!(world.aloud(1, ALICE), ["they: one", "me: two", "me: three", "they: four"]);
}

#[test]
fn both_begin_at_once() {
    let mut world = World::settled(&[ALICE, BOB]);
    let now = world.now();
    world.devices[0].say(BOB, "from alice", now);
    world.devices[1].say(ALICE, "from bob", now);
    world.run();
    for _ in 0..3 {
        world.say(0, BOB, "again");
        world.say(1, ALICE, "again");
    }
    assert!(world.aloud(0, BOB).iter().all(|line| !line.contains('(')), "{:?}", world.aloud(0, BOB));
    assert_eq!((world.aloud(0, BOB).len(), world.aloud(1, ALICE).len()), (8, 8));
}

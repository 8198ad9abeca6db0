//! Whose keys are believed, and what one device tells the others of it.

use model::{AccountCommand, BareJid, EncryptionSettings, Trust};

use crate::{ALICE, BOB, device::Device, world::World};

fn jid(text: &str) -> BareJid {
    BareJid::new(text).unwrap()
}

fn devices(world: &mut World, device: usize, who: &str) -> Vec<model::Device> {
    world.devices[device].read_store(|reads| reads.devices(&jid(who)))
}

fn number(world: &mut World, device: usize) -> u32 {
    world.devices[device].read_store(|reads| reads.own_device_number()).unwrap()
}

/// `device` sees how far it trusts the device `other` of `who`.
fn trust(world: &mut World, device: usize, who: &str, other: usize) -> Option<Trust> {
    let id = number(world, other);
    devices(world, device, who).into_iter().find(|device| device.id == id).map(|device| device.trust)
}

/// The user compared the fingerprint of a device, which must be what that device says of itself.
fn verify(world: &mut World, device: usize, who: &str, other: usize) {
    let id = number(world, other);
    let said = devices(world, other, who).into_iter().find(|device| device.is_this).unwrap().fingerprint;
    let seen = devices(world, device, who).into_iter().find(|device| device.id == id).unwrap().fingerprint;
    assert!(said.is_some());
    assert_eq!(said, seen);
    world.command(device, AccountCommand::SetTrust(jid(who), seen.unwrap(), Trust::Verified));
}

#[test]
fn blind_before_the_first_verification_and_asked_after_it() {
    let mut world = World::settled(&[ALICE, BOB]);
    world.say(0, BOB, "one");
    assert_eq!(trust(&mut world, 0, BOB, 1), Some(Trust::Blind));
    let second = world.add(Device::new(BOB, 21, false));
    world.start(second);
    world.say(0, BOB, "two");
    assert_eq!(trust(&mut world, 0, BOB, second), Some(Trust::Blind));
    assert_eq!(world.aloud(second, ALICE).last().unwrap(), "they: two");
    verify(&mut world, 0, BOB, 1);
    assert_eq!(trust(&mut world, 0, BOB, 1), Some(Trust::Verified));
    assert_eq!(trust(&mut world, 0, BOB, second), Some(Trust::Blind), "what was trusted stays so");
    let third = world.add(Device::new(BOB, 22, false));
    world.start(third);
    world.say(0, BOB, "three");
    assert_eq!(trust(&mut world, 0, BOB, third), Some(Trust::Undecided));
    assert_eq!(world.aloud(third, ALICE).last().unwrap(), "they: (NotForThisDevice)");
    // What it writes is read, and marked.
    world.say(third, ALICE, "it is me");
    let message = world.devices[0].message(BOB, "it is me");
    assert_eq!(message.trust, Some(Trust::Undecided));
    let key = world.devices[0].read_store(|reads| reads.message_key(message.id)).unwrap();
    assert_eq!((key.device.id, key.trust_then), (number(&mut world, third), Trust::Undecided));
}

#[test]
fn verified_only_means_that() {
    let mut world = World::settled(&[ALICE, BOB, BOB]);
    let settings = EncryptionSettings { blind_trust: true, verified_only: true, reactions_in_clear: false };
    world.command(0, AccountCommand::SetEncryptionSettings(settings));
    world.say(0, BOB, "one");
    assert_eq!(world.aloud(0, BOB), ["me: one <NoTrustedDevice>"]);
    verify(&mut world, 0, BOB, 1);
    assert_eq!(world.aloud(0, BOB), ["me: one"]);
    assert_eq!(world.aloud(1, ALICE), ["they: one"]);
    assert_eq!(world.aloud(2, ALICE), ["they: (NotForThisDevice)"]);
}

#[test]
fn without_blind_trust_every_key_waits_for_the_user() {
    let mut world = World::settled(&[ALICE, BOB]);
    let settings = EncryptionSettings { blind_trust: false, verified_only: false, reactions_in_clear: false };
    world.command(0, AccountCommand::SetEncryptionSettings(settings));
    world.say(0, BOB, "one");
    assert_eq!(world.aloud(0, BOB), ["me: one <NoTrustedDevice>"]);
    let bob = devices(&mut world, 0, BOB).remove(0);
    assert_eq!(bob.trust, Trust::Undecided);
    world.command(0, AccountCommand::SetTrust(jid(BOB), bob.fingerprint.unwrap(), Trust::Blind));
    assert_eq!(world.aloud(1, ALICE), ["they: one"]);
    world.command(0, AccountCommand::SetTrust(jid(BOB), bob.fingerprint.unwrap(), Trust::Untrusted));
    world.say(0, BOB, "two");
    assert_eq!(world.aloud(0, BOB)[1], "me: two <NoTrustedDevice>");
}

#[test]
fn keys_can_be_looked_at_before_anything_is_said() {
    let mut world = World::settled(&[ALICE, BOB]);
    let now = world.now();
    world.devices[0].with(BOB, now);
    assert_eq!(devices(&mut world, 0, BOB)[0].fingerprint, None);
    world.command(0, AccountCommand::LookUpDevices(jid(BOB)));
    let bob = devices(&mut world, 0, BOB).remove(0);
    assert!(bob.fingerprint.is_some());
    assert_eq!(bob.trust, Trust::Blind);
}

#[test]
fn a_verification_holds_on_the_other_devices_too() {
    // Alice has two devices, Bob one. Alice's first verified her second, and it the first.
    let mut world = World::settled(&[ALICE, ALICE, BOB]);
    world.say(0, ALICE, "note");
    world.say(1, ALICE, "note back");
    verify(&mut world, 0, ALICE, 1);
    verify(&mut world, 1, ALICE, 0);
    world.say(0, BOB, "hello");
    world.say(2, ALICE, "hello");
    assert_eq!(trust(&mut world, 1, BOB, 2), Some(Trust::Blind));
    verify(&mut world, 0, BOB, 2);
    assert_eq!(trust(&mut world, 1, BOB, 2), Some(Trust::Verified), "told by the first device");
    // Bob's device knows Alice's first device only blindly: what it told of the second waits until he compares.
    assert_eq!(trust(&mut world, 2, ALICE, 1), Some(Trust::Blind));
    verify(&mut world, 2, ALICE, 0);
    assert_eq!(trust(&mut world, 2, ALICE, 1), Some(Trust::Verified));
}

#[test]
fn a_key_that_is_distrusted_is_so_on_the_other_devices_too() {
    let mut world = World::settled(&[ALICE, ALICE, BOB, BOB]);
    world.say(0, ALICE, "note");
    world.say(1, ALICE, "note back");
    verify(&mut world, 0, ALICE, 1);
    verify(&mut world, 1, ALICE, 0);
    world.say(0, BOB, "hello");
    world.say(1, BOB, "hello");
    let id = number(&mut world, 3);
    let lost = devices(&mut world, 0, BOB).into_iter().find(|device| device.id == id).unwrap();
    world.command(0, AccountCommand::SetTrust(jid(BOB), lost.fingerprint.unwrap(), Trust::Untrusted));
    assert_eq!(trust(&mut world, 1, BOB, 3), Some(Trust::Untrusted));
    world.say(1, BOB, "only for the other");
    assert_eq!(world.aloud(3, ALICE).last().unwrap(), "they: (NotForThisDevice)");
    assert_eq!(world.aloud(2, ALICE).last().unwrap(), "they: only for the other");
}

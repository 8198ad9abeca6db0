//! Many days at once: people with several devices talk while links break, devices are killed, and the server keeps messages
//! back. Whatever happened, when the sun is out again everybody has read everything, once.
//!
//! `SEALED_SEEDS=5000` in the environment plays more days than usual; a day that fails says its seed.

use std::{collections::BTreeMap, time::Duration};

use crate::{ALICE, BOB, world::World};

/// Chance that always turns out the same.
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (number ^ (number >> 31)) % sides
    }
}

#[test]
fn after_the_storm_everybody_has_read_everything_once() {
    let seeds = std::env::var("SEALED_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(6);
    for seed in 0..seeds {
        day(seed);
    }
}

fn day(seed: u64) {
    let mut dice = Dice(seed);
    let owners = [ALICE, BOB, ALICE, BOB];
    let mut world = World::new(&owners);
    if dice.roll(3) == 0 {
        world.server.legacy_only = vec![ALICE.to_owned(), BOB.to_owned()];
    }
    for device in 0..owners.len() {
        world.start(device);
    }
    // All sessions begin on a fine morning, so that every device can read everything that follows.
    for (device, owner) in owners.iter().enumerate() {
        world.say(device, other(owner), &format!("good morning {device}"));
    }
    let mut said = BTreeMap::new();
    for number in 0..40 {
        let device = dice.roll(4) as usize;
        if !world.devices[device].runs() {
            world.start(device);
        }
        let text = format!("word {number}");
        let now = world.now();
        world.devices[device].say(other(owners[device]), &text, now);
        said.insert(text, owners[device]);
        storm(&mut world, &mut dice);
    }
    // The sun.
    world.server.withholds = false;
    for device in 0..owners.len() {
        world.kill(device);
        world.start(device);
        world.devices[device].is_on = true;
    }
    world.wait(Duration::from_secs(600));
    for (device, owner) in owners.iter().enumerate() {
        let lines = world.aloud(device, other(owner));
        for (text, sender) in &said {
            let who = if sender == owner { "me" } else { "they" };
            let wanted = format!("{who}: {text}");
            let times = lines
                .iter()
                .filter(|line| **line == wanted || line.starts_with(&format!("{wanted} [")))
                .count();
            assert_eq!(times, 1, "seed {seed}, device {device}, {wanted}:\n{}", lines.join("\n"));
        }
        let unread: Vec<&String> = lines.iter().filter(|line| line.contains(": (")).collect();
        assert!(unread.is_empty(), "seed {seed}, device {device}: {unread:?}");
        for text in said.keys() {
            assert!(
                !world.devices[device].wire.contains(&format!(">{text}<")),
                "seed {seed}: {text} in the clear"
            );
        }
    }
}

/// With whom somebody talks.
pub fn other(owner: &str) -> &'static str {
    if owner == ALICE { BOB } else { ALICE }
}

fn storm(world: &mut World, dice: &mut Dice) {
    let device = dice.roll(4) as usize;
    match dice.roll(10) {
        0 => world.kill(device),
        1 => {
            // Nothing of what it just wrote arrives.
            world.devices[device].wishes.clear();
            world.cut(device);
        }
        2 => world.server.withholds = true,
        3 => world.server.withholds = false,
        4 => {
            world.kill(device);
            world.start(device);
        }
        5 => world.wait(Duration::from_secs(dice.roll(300))),
        _ => world.run(),
    }
}

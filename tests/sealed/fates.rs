//! Processes that die at every instant an input has: before its transaction, in it, after its commit, and when half of what
//! follows from it was written. No session comes apart: everybody reads everything, once, and what was sealed stays sealed.
//!
//! It begins before anybody has a session, so key exchanges and their answers are struck too. `SEALED_SEEDS=5000` in the
//! environment plays more days than usual; a day that fails says its seed.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    ALICE, BOB,
    device::Fate,
    weather::{Dice, other},
    world::World,
};

/// Once in so many inputs a process dies.
const ODDS: u64 = 25;
const WORDS: usize = 40;

#[test]
fn whoever_dies_at_any_instant_reads_and_is_read_afterwards() {
    let seeds = std::env::var("SEALED_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(8);
    let mut deaths = BTreeMap::new();
    for seed in 0..seeds {
        day(seed, &mut deaths);
    }
    assert_eq!(deaths.len(), 4, "every kind of death was met: {deaths:?}");
}

fn day(seed: u64, deaths: &mut BTreeMap<u8, usize>) {
    let mut dice = Dice(seed);
    let owners = [ALICE, BOB, ALICE, BOB];
    let mut world = World::new(&owners);
    if dice.roll(3) == 0 {
        world.server.legacy_only = vec![ALICE.to_owned(), BOB.to_owned()];
    }
    for (device, owner) in owners.iter().enumerate() {
        world.start(device);
        let now = world.now();
        world.devices[device].with(other(owner), now);
    }
    let (sender, met) = std::sync::mpsc::channel();
    for device in 0..owners.len() {
        let mut own = Dice(seed << 8 | device as u64);
        let sender = sender.clone();
        world.devices[device].fate = Some(Box::new(move || {
            let fate = match own.roll(ODDS * 4) {
                0 => Fate::DiesBefore,
                1 => Fate::CommitFails,
                2 => Fate::DiesAfter,
                3 => Fate::DiesWriting,
                _ => Fate::Lives,
            };
            if fate != Fate::Lives {
                let _ = sender.send(fate as u8);
            }
            fate
        }));
    }
    let mut said = BTreeMap::new();
    for number in 0..WORDS {
        let device = dice.roll(4) as usize;
        let text = format!("word {number:02}");
        // Whoever dies of the command itself has said nothing, and says it again.
        for attempt in 0.. {
            world.run();
            let now = world.now();
            world.devices[device].say(other(owners[device]), &text, now);
            if has_said(&mut world, device, &text) {
                break;
            }
            assert!(attempt < 100, "seed {seed}: nobody dies that often");
        }
        said.insert(text, owners[device]);
        if dice.roll(3) > 0 {
            world.run();
        }
        if dice.roll(10) == 0 {
            world.wait(Duration::from_secs(dice.roll(300)));
        }
    }
    for device in &mut world.devices {
        device.fate = None;
    }
    world.run();
    for device in 0..owners.len() {
        world.kill(device);
        world.start(device);
    }
    world.wait(Duration::from_secs(600));
    for fate in met.try_iter() {
        *deaths.entry(fate).or_default() += 1;
    }
    for (device, owner) in owners.iter().enumerate() {
        let lines = world.aloud(device, other(owner));
        for (text, sender) in &said {
            let who = if sender == owner { "me" } else { "they" };
            let wanted = format!("{who}: {text}");
            let is_it = |line: &&String| **line == wanted || **line == format!("{wanted} [0.3]");
            let times = lines.iter().filter(is_it).count();
            assert_eq!(times, 1, "seed {seed}, device {device}, {wanted}:\n{}", lines.join("\n"));
        }
        assert_eq!(lines.len(), WORDS, "seed {seed}, device {device}:\n{}", lines.join("\n"));
        for text in said.keys() {
            let wire = &world.devices[device].wire;
            assert!(!wire.contains(&format!(">{text}<")), "seed {seed}: {text} in the clear");
        }
    }
    // And the sessions are whole: whoever speaks now is read by all.
    for (device, owner) in owners.iter().enumerate() {
        let text = format!("good night {device}");
        world.say(device, other(owner), &text);
        for (reader, owner) in owners.iter().enumerate() {
            let last = world.aloud(reader, other(owner)).pop().unwrap();
            assert!(last.contains(&text), "seed {seed}, device {reader}: {last}");
        }
    }
}

fn has_said(world: &mut World, device: usize, text: &str) -> bool {
    let owner = world.devices[device].own.to_string();
    let said = world.aloud(device, other(&owner));
    said.iter().any(|line| line.starts_with(&format!("me: {text}")))
}

//! Two people, three devices, a server, and everything that goes wrong between them, from one seed.
//!
//! The devices are whole `Account`s; links have latency and break at any byte, processes are killed, commits fail,
//! the server forgets its sessions, sends copies of copies and acknowledges twice. When it is over, the promises
//! are checked (DESIGN §7): nothing that was shown as written is lost, nothing stands twice, each sender's order is
//! the same everywhere, and no stanza was acknowledged before it was on disk.
//!
//! `SEEDS=5000` plays more of them, `SEED=123` plays one. A seed that fails is printed.

mod chance;
#[path = "../transcripts/device.rs"]
#[allow(dead_code, reason = "transcripts use the rest")]
mod device;
mod server;
#[path = "../transcripts/wire.rs"]
#[allow(dead_code, reason = "transcripts use the rest")]
mod wire;
mod world;

use std::{collections::BTreeSet, panic};

use model::{Content, Delivery, Direction};

use crate::world::World;

/// How many things happen in one world.
const ACTS: usize = 60;

#[test]
fn nothing_is_lost_doubled_or_out_of_order() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds: Vec<u64> = match number("SEED") {
        Some(seed) => vec![seed],
        None => (0..number("SEEDS").unwrap_or(200)).collect(),
    };
    let mut failed = Vec::new();
    for seed in seeds {
        let played = panic::catch_unwind(|| play(seed));
        if let Err(fault) = played {
            let fault = fault
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| fault.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_default();
            failed.push(format!("SEED={seed}: {fault}"));
        }
    }
    assert!(failed.is_empty(), "{} seeds failed:\n{}", failed.len(), failed.join("\n"));
}

fn play(seed: u64) {
    let mut world = World::new(seed);
    world.run(1000);
    for _ in 0..ACTS {
        world.act();
    }
    world.settle();
    judge(&mut world);
}

fn judge(world: &mut World) {
    let senders: Vec<(&'static str, Vec<String>)> =
        world.people.iter().map(|person| (person.name, person.said.clone())).collect();
    let taken_back = world.taken_back.clone();
    let mut present: Option<Vec<Vec<String>>> = None;
    for person in &mut world.people {
        let history = person.history();
        let mut of_all = Vec::new();
        for (sender, said) in &senders {
            let here: Vec<String> = history
                .iter()
                .filter_map(|message| match &message.content {
                    Content::Text(text) if text.split('-').next() == Some(sender) => Some(text.clone()),
                    _ => None,
                })
                .collect();
            let first_words: Vec<&str> = here.iter().map(|text| text.trim_end_matches('!')).collect();
            let once: BTreeSet<&str> = first_words.iter().copied().collect();
            assert_eq!(once.len(), first_words.len(), "{} has something of {sender} twice: {here:?}", person.name);
            let expected: Vec<&str> =
                said.iter().map(String::as_str).filter(|text| once.contains(text) || !taken_back.contains(*text)).collect();
            if first_words != expected {
                for message in &history {
                    println!("{:?} {:?} {:?} {:?} {:?}", message.id, message.sort_time, message.time, message.direction, message.content);
                }
            }
            assert_eq!(first_words, expected, "{} has not what {sender} said", person.name);
            of_all.push(here);
        }
        for message in &history {
            let own = message.direction == Direction::Outgoing;
            let gone = message.content == Content::Retracted;
            assert!(
                !own || gone || matches!(message.delivery, Delivery::Sent | Delivery::Delivered | Delivery::Read),
                "{} shows {:?} as {:?}",
                person.name,
                message.content,
                message.delivery
            );
        }
        let retracted = history.iter().filter(|message| message.content == Content::Retracted).count();
        assert!(retracted <= taken_back.len(), "{} has {retracted} places of {}", person.name, taken_back.len());
        // The same words everywhere, corrections and all.
        match &present {
            None => present = Some(of_all),
            Some(first) => assert_eq!(first, &of_all, "{} reads something else", person.name),
        }
    }
}

use super::*;
use crate::testing::{Bench, alice, bob, jid, reactor};

fn set(emojis: &[&str]) -> Vec<String> {
    emojis.iter().map(|&emoji| emoji.to_owned()).collect()
}

#[test]
fn the_latest_set_of_each_wins() {
    let mut bench = Bench::new();
    let message = bench.hears(1, "party?");
    let mut react = |who: &Reactor, emojis: &[&str], time| {
        bench.write(|tx| tx.set_reactions(message, who, &set(emojis), Timestamp(time)))
    };
    assert!(react(&reactor(bob()), &["🎉", "👍"], 10));
    assert!(react(&reactor(alice()), &["👍"], 20));
    assert!(!react(&reactor(alice()), &["👎"], 15), "older than what is there");
    assert!(!react(&reactor(alice()), &["👍"], 30), "the same");
    assert!(react(&reactor(bob()), &["👍"], 30));
    assert_eq!(bench.transcript(), "bob@example.net: party? [👍 me bob@example.net]");
    assert_eq!(bench.read(|reads| reads.own_reactions(message)), ["👍"]);
}

#[test]
fn what_was_taken_back_does_not_return() {
    let mut bench = Bench::new();
    let message = bench.hears(1, "party?");
    bench.write(|tx| tx.set_reactions(message, &reactor(alice()), &[], Timestamp(20)));
    assert!(!bench.write(|tx| tx.set_reactions(message, &reactor(alice()), &set(&["👍"]), Timestamp(10))));
    assert_eq!(bench.message(message).reactions, []);
    assert_eq!(bench.read(|reads| reads.own_reactions(message)), Vec::<String>::new());
}

#[test]
fn hostile_sets_are_cut_and_cannot_make_others() {
    let mut bench = Bench::new();
    let message = bench.hears(1, "party?");
    let many: Vec<String> = (0..100).map(|number| format!("e{number}")).collect();
    bench.write(|tx| tx.set_reactions(message, &reactor(bob()), &many, Timestamp(1)));
    bench.write(|tx| {
        tx.set_reactions(message, &reactor(alice()), &set(&["a\nb", "", "ok", "ok"]), Timestamp(1))
    });
    let reactions = bench.message(message).reactions;
    assert_eq!(reactions.len(), MOST_EMOJIS + 1);
    assert_eq!(reactions.last().unwrap().emoji, "ok");
    for number in 0..1100 {
        let who = reactor(jid(&format!("u{number}@example.com")));
        bench.write(|tx| tx.set_reactions(message, &who, &set(&["x"]), Timestamp(2)));
    }
    let all: usize =
        bench.message(message).reactions.iter().find(|reaction| reaction.emoji == "x").unwrap().count();
    assert_eq!(all as i64, MOST_SETS - 2);
}

#[test]
fn a_retracted_message_takes_no_reactions() {
    let mut bench = Bench::new();
    let message = bench.hears(1, "party?");
    bench.write(|tx| tx.retract(message));
    assert!(!bench.write(|tx| tx.set_reactions(message, &reactor(bob()), &set(&["x"]), Timestamp(2))));
}

//! How long a message takes to be seen, and what a flood of them costs.

use std::time::{Duration, Instant};

use model::{AccountCommand, BareJid};
use tests::{Person, Starling, befriend};

use crate::measure::{ROUNDS, Row, median, milliseconds, percentile, processor_time, rest};
use crate::screen::Screen;
use crate::stage::Stage;

/// How many messages a flood has.
const FLOOD: usize = 2000;

/// Measures typing, hearing, and a flood with the conversation open.
pub fn measure(stage: &Stage, rows: &mut Vec<Row>) {
    let alice: BareJid = "alice@localhost".parse().expect("an address");
    let bob = Person::new(&stage.server, "bob");
    let device = Person::sign_in(&stage.server, "alice", "pw-alice", stage.server.direct_tls_port());
    befriend(&device, &bob);
    device.session.end(Duration::from_secs(5));
    bob.say(&alice, "let us begin");

    let starling = Starling::start(&stage.desktop, &stage.server);
    starling.open_conversation("bob");
    starling.sees_message("let us begin");
    let screen = Screen::of(&stage.desktop);

    own_bubble(stage, &starling, &screen, rows);
    bot_to_pixels(&bob, &alice, &screen, rows);
    flood(&bob, &alice, &starling, rows);
    stage.desktop.press("ctrl+q");
    starling.wait();
    bob.session.end(Duration::from_secs(5));
}

/// The part of the screen where the newest messages stand, above the composer.
const HISTORY: (f64, f64) = (0.3, 0.85);

fn own_bubble(stage: &Stage, starling: &Starling, screen: &Screen, rows: &mut Vec<Row>) {
    let mut times = Vec::new();
    for number in 0..ROUNDS {
        starling.robot.find_named("Message").focus();
        stage.desktop.type_text(&format!("typed {number}"));
        screen.at_rest(Duration::from_millis(300));
        let before = screen.fingerprint(HISTORY.0, HISTORY.1);
        let start = Instant::now();
        stage.desktop.press("Return");
        let seen =
            screen.changed_from(before, HISTORY.0, HISTORY.1).duration_since(start).as_secs_f64() * 1000.0;
        times.push(seen);
    }
    rows.push(Row::at_most("Enter to own bubble, starting xdotool included", median(times), "ms", 25.0));
}

fn bot_to_pixels(bob: &Person, alice: &BareJid, screen: &Screen, rows: &mut Vec<Row>) {
    let mut times = Vec::new();
    for number in 0..ROUNDS {
        screen.at_rest(Duration::from_millis(300));
        let before = screen.fingerprint(HISTORY.0, HISTORY.1);
        let start = Instant::now();
        bob.say(alice, &format!("said {number}"));
        times.push(
            screen.changed_from(before, HISTORY.0, HISTORY.1).duration_since(start).as_secs_f64() * 1000.0,
        );
    }
    rows.push(Row::at_most("bot to pixels, loopback", median(times), "ms", 30.0));
}

fn flood(bob: &Person, alice: &BareJid, starling: &Starling, rows: &mut Vec<Row>) {
    rest();
    let before = processor_time(starling.id());
    let conversation = bob.conversation(alice);
    for number in 0..FLOOD {
        let outgoing = model::Outgoing { text: format!("flood {number}"), reply_to: None, corrects: None };
        bob.command(AccountCommand::Send(conversation, outgoing));
    }
    let mut answers = Vec::new();
    loop {
        let start = Instant::now();
        let done = starling.robot.sees_text(&format!("flood {}", FLOOD - 1));
        answers.push(milliseconds(start));
        if done {
            break;
        }
    }
    rows.push(Row::at_most(
        "flood of 2000, conversation open: processor",
        processor_time(starling.id()) - before,
        "s",
        1.5,
    ));
    rows.push(Row::yardstick(
        "flood: window answers the screen reader, p99",
        percentile(answers, 0.99),
        "ms",
    ));
}

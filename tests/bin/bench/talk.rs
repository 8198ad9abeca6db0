//! How long a message takes to be seen, and what a flood of them costs.

use std::time::{Duration, Instant};

use model::{AccountCommand, BareJid};
use tests::{Person, Starling, befriend};

use crate::keyboard::Keyboard;
use crate::measure::{ROUNDS, Rows, median, memory, percentile, processor_time, rest};
use crate::screen::Screen;
use crate::stage::Stage;
use crate::trace::lateness;

/// How many messages a flood has.
const FLOOD: usize = 2000;

/// Measures typing, hearing, and a flood with the conversation open.
pub fn measure(stage: &Stage, rows: &mut Rows) {
    let alice: BareJid = "alice@localhost".parse().expect("an address");
    let bob = Person::new(&stage.server, "bob");
    let device = Person::sign_in(&stage.server, "alice", "pw-alice", stage.server.direct_tls_port());
    befriend(&device, &bob);
    device.session.end(Duration::from_secs(5));
    bob.say(&alice, "let us begin");

    let trace = stage.desktop.home().join("flood-trace");
    let starling = Starling::start_with(&stage.desktop, &stage.server, |command| {
        command.env("STARLING_TRACE", &trace);
    });
    starling.open_conversation("bob");
    starling.sees_message("let us begin");
    let screen = Screen::of(&stage.desktop);

    let times = own_bubbles(stage, &starling, &screen);
    rows.at_most("Enter to own bubble", median(times), "ms", 25.0);
    bot_to_pixels(&bob, &alice, &screen, rows);
    rest();
    // From here on the trace tells of the flood alone.
    std::fs::File::options().write(true).truncate(true).open(&trace).expect("the trace");
    flood(&bob, &alice, &starling, rows);
    let late = lateness(&trace);
    rows.at_most("flood: main loop late, p99", percentile(late.clone(), 0.99), "ms", 16.0);
    rows.at_most("flood: main loop late, worst", percentile(late, 1.0), "ms", 50.0);
    stage.desktop.press("ctrl+q");
    starling.wait();
    bob.session.end(Duration::from_secs(5));
}

/// The part of the screen where the newest messages stand, above the composer.
const HISTORY: (f64, f64) = (0.3, 0.85);

/// Milliseconds from Enter to the bubble, some times over.
pub fn own_bubbles(stage: &Stage, starling: &Starling, screen: &Screen) -> Vec<f64> {
    let mut keyboard = Keyboard::of(&stage.desktop);
    starling.robot.find_named("Message").focus();
    let mut times = Vec::new();
    for number in 0..ROUNDS {
        stage.desktop.type_text(&format!("typed {number}"));
        // The blinking of the cursor lies outside of what is looked at.
        screen.part_at_rest(HISTORY, Duration::from_millis(100));
        let before = screen.fingerprint(HISTORY.0, HISTORY.1);
        let start = Instant::now();
        keyboard.press("Return");
        let seen = screen.changed_from(before, HISTORY.0, HISTORY.1).duration_since(start);
        times.push(seen.as_secs_f64() * 1000.0);
    }
    times
}

fn bot_to_pixels(bob: &Person, alice: &BareJid, screen: &Screen, rows: &mut Rows) {
    let mut times = Vec::new();
    for number in 0..ROUNDS {
        screen.part_at_rest(HISTORY, Duration::from_millis(300));
        let before = screen.fingerprint(HISTORY.0, HISTORY.1);
        let start = Instant::now();
        bob.say(alice, &format!("said {number}"));
        let seen = screen.changed_from(before, HISTORY.0, HISTORY.1).duration_since(start);
        times.push(seen.as_secs_f64() * 1000.0);
    }
    rows.at_most("bot to pixels, loopback", median(times), "ms", 30.0);
}

fn flood(bob: &Person, alice: &BareJid, starling: &Starling, rows: &mut Rows) {
    let row = starling.row(&["bob"]);
    let memory_before = memory(starling.id());
    let before = processor_time(starling.id());
    let conversation = bob.conversation(alice);
    let start = Instant::now();
    for number in 0..FLOOD {
        let outgoing = model::Outgoing { text: format!("flood {number}"), reply_to: None, corrects: None };
        bob.command(AccountCommand::Send(conversation, outgoing));
    }
    let last = format!("flood {}", FLOOD - 1);
    // One question now and then, so that it is not the questions that are measured.
    while !row.name().contains(&last) {
        assert!(start.elapsed() < Duration::from_secs(120), "the flood never ended: {}", row.name());
        std::thread::sleep(Duration::from_millis(100));
    }
    let seconds = start.elapsed().as_secs_f64();
    let used = processor_time(starling.id()) - before;
    starling.sees_message(&last);
    rows.yardstick("flood of 2,000: from the first to the last seen", seconds, "s");
    rows.at_most("flood of 2,000, conversation open: processor", used, "s", 1.5);
    rest();
    rows.yardstick("flood of 2,000: memory grown by", memory(starling.id()) - memory_before, "MB");
}

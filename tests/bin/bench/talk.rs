//! How long a message takes to be seen, and what a flood of them costs.

use std::time::{Duration, Instant};

use model::{AccountCommand, BareJid};
use tests::{Person, Starling, befriend};

use crate::keyboard::Keyboard;
use crate::measure::{ROUNDS, Rows, median, memory, percentile, processor_time, rest};
use crate::screen::Screen;
use crate::stage::Stage;
use crate::trace::{begin_anew, frames, lateness};

/// How many messages a flood has, and how many floods there are.
const FLOOD: usize = 2000;
const FLOODS: usize = 3;

/// Measures typing, hearing, and a flood with the conversation open.
pub fn measure(stage: &Stage, rows: &mut Rows) {
    let alice: BareJid = "alice@localhost".parse().expect("an address");
    let bob = Person::new(&stage.server, "bob");
    let device = Person::sign_in(&stage.server, "alice", "pw-alice", stage.server.direct_tls_port());
    befriend(&device, &bob);
    device.session.end(Duration::from_secs(5));
    stage.talks_in_the_clear_with(&bob);
    bob.say(&alice, "let us begin");

    let starling = Starling::start(&stage.desktop, &stage.server);
    starling.open_conversation("bob");
    starling.sees_message("let us begin");
    let screen = Screen::of(&stage.desktop);

    let times = own_bubbles(stage, &starling, &screen);
    rows.at_most("Enter to own bubble", median(times), "ms", 25.0);
    bot_to_pixels(&bob, &alice, &screen, rows);
    rest();
    let memory_before = memory(starling.id());
    let (mut lasted, mut used) = (Vec::new(), Vec::new());
    for _ in 0..FLOODS {
        let before = processor_time(starling.id());
        lasted.push(flood(&bob, &alice, &starling, &screen));
        used.push(processor_time(starling.id()) - before);
        rest();
    }
    rows.yardstick("flood of 2,000: from the first to the last seen", median(lasted), "s");
    rows.at_most("flood of 2,000, conversation open: processor", median(used), "s", 1.5);
    let grown = memory(starling.id()) - memory_before;
    rows.yardstick(&format!("{FLOODS} floods of 2,000: memory grown by"), grown, "MB");
    leave(stage, starling);
    main_loop(stage, &bob, &alice, &screen, rows);
    bob.session.end(Duration::from_secs(5));
}

/// One more flood, while the program watches its main loop: to look costs something, so this one is not counted above.
fn main_loop(stage: &Stage, bob: &Person, alice: &BareJid, screen: &Screen, rows: &mut Rows) {
    let trace = stage.desktop.home().join("flood-trace");
    let starling = Starling::start_with(&stage.desktop, &stage.server, |command| {
        command.env("STARLING_TRACE", &trace);
    });
    starling.open_conversation("bob");
    screen.long_at_rest();
    begin_anew(&trace);
    flood(bob, alice, &starling, screen);
    rows.yardstick("flood: frames", frames(&trace).len() as f64, "");
    let late = lateness(&trace);
    rows.at_most("flood: main loop late, p99", percentile(late.clone(), 0.99), "ms", 16.0);
    rows.at_most("flood: main loop late, worst", percentile(late, 1.0), "ms", 50.0);
    leave(stage, starling);
}

/// Ends the program as a person does.
pub fn leave(stage: &Stage, starling: Starling) {
    stage.desktop.press("ctrl+q");
    starling.wait();
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

/// Seconds from the first message to the last seen.
fn flood(bob: &Person, alice: &BareJid, starling: &Starling, screen: &Screen) -> f64 {
    let row = starling.row(&["bob"]);
    let conversation = bob.conversation(alice);
    let start = Instant::now();
    for number in 0..FLOOD {
        let outgoing = model::Outgoing { text: format!("flood {number}"), reply_to: None, corrects: None };
        bob.command(AccountCommand::Send(conversation, outgoing));
    }
    let last = format!("flood {}", FLOOD - 1);
    // It is asked only when nothing moves any more, so that it is not the questions that are measured.
    let seconds = loop {
        let still = screen.long_at_rest();
        if row.name().contains(&last) {
            break still.duration_since(start).as_secs_f64();
        }
        assert!(start.elapsed() < Duration::from_secs(120), "the flood never ended: {}", row.name());
    };
    starling.sees_message(&last);
    seconds
}

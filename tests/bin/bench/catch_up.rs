//! Catching up with an archive: how fast, at what cost, beside a reader that drains the same archive and stores nothing.

mod bare_reader;

use std::time::{Duration, Instant};

use model::{AccountCommand, BareJid, Delivery, Outgoing};
use tests::{Person, Starling, befriend};

use crate::measure::{Rows, median, percentile, processor_time, rest};
use crate::screen::Screen;
use crate::stage::Stage;
use crate::talk::own_bubbles;
use crate::trace::lateness;

/// How many messages wait in the archive.
pub const MESSAGES: usize = 10_000;

/// Fills the archive while Starling is away, drains it with the bare reader, then starts Starling and waits until it is through.
/// Then once more, while somebody writes.
pub fn measure(stage: &Stage, rows: &mut Rows) {
    let alice: BareJid = "alice@localhost".parse().expect("an address");
    let password = stage.server.register("carol");
    let carol = Person::sign_in(&stage.server, "carol", &password, stage.server.direct_tls_port());
    let device = Person::sign_in(&stage.server, "alice", "pw-alice", stage.server.direct_tls_port());
    befriend(&device, &carol);
    device.session.end(Duration::from_secs(5));
    write_archive(&carol, &alice, 0);

    let bare = bare_reader::drain(stage, MESSAGES);
    rows.yardstick("bare reader: archived messages", bare, "/s");
    rest();

    let screen = Screen::of(&stage.desktop);
    let trace = stage.desktop.home().join("catch-up-trace");
    let start = Instant::now();
    let starling = Starling::start_with(&stage.desktop, &stage.server, |command| {
        command.env("STARLING_TRACE", &trace);
    });
    let rate =
        MESSAGES as f64 / wait_for(&starling, &screen, MESSAGES - 1).duration_since(start).as_secs_f64();
    let used = processor_time(starling.id()) * 1000.0 / MESSAGES as f64;
    let late = lateness(&trace);
    rows.at_least("catch-up of 10,000, the start of the program included", rate / bare, "× bare", 0.8);
    rows.at_most("catch-up: processor a message, all of the start included", used, "ms", 0.2);
    rows.at_most("catch-up: main loop late, p99", percentile(late.clone(), 0.99), "ms", 16.0);
    rows.at_most("catch-up: main loop late, worst", percentile(late, 1.0), "ms", 50.0);
    leave(stage, starling);

    write_archive(&carol, &alice, MESSAGES);
    let starling = Starling::start(&stage.desktop, &stage.server);
    starling.open_conversation("friend");
    let times = own_bubbles(stage, &starling, &screen);
    let under_way = !carol_is_through(&starling, 2 * MESSAGES - 1);
    assert!(under_way, "the catch-up was over too soon: the figure would mean nothing");
    rows.at_most("Enter to own bubble while a catch-up runs", median(times), "ms", 60.0);
    leave(stage, starling);
    carol.session.end(Duration::from_secs(5));
}

fn leave(stage: &Stage, starling: Starling) {
    stage.desktop.press("ctrl+q");
    starling.wait();
}

/// When the picture changed last before the row of the sender told of the last message. The program is asked only when
/// its picture is still: questions would be work for it that nobody else gives it.
fn wait_for(starling: &Starling, screen: &Screen, last: usize) -> Instant {
    let start = Instant::now();
    loop {
        let still = screen.long_at_rest();
        let shown = screen.fingerprint(0.0, 0.85);
        if carol_is_through(starling, last) && screen.fingerprint(0.0, 0.85) == shown {
            return still;
        }
        assert!(start.elapsed() < Duration::from_secs(300), "the archive was never read to its end");
    }
}

fn carol_is_through(starling: &Starling, last: usize) -> bool {
    starling.robot.sees_text(&format!("archived {last},"))
}

/// Lets somebody write as many messages to somebody who is away.
pub fn write_archive(carol: &Person, alice: &BareJid, first: usize) {
    let conversation = carol.conversation(alice);
    for number in first..first + MESSAGES {
        let outgoing = Outgoing { text: format!("archived {number}"), reply_to: None, corrects: None };
        carol.command(AccountCommand::Send(conversation, outgoing));
    }
    let last = format!("archived {}", first + MESSAGES - 1);
    let start = Instant::now();
    while !carol.messages(alice, 5).iter().any(|message| {
        message.content == model::Content::Text(last.clone()) && message.delivery != Delivery::Queued
    }) {
        assert!(start.elapsed() < Duration::from_secs(900), "the archive was never filled");
        std::thread::sleep(Duration::from_millis(200));
    }
}

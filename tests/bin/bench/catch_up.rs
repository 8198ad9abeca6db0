//! Catching up with an archive: how fast, at what cost, beside a reader that drains the same archive and stores nothing.

pub mod bare_reader;

use std::time::{Duration, Instant};

use model::{AccountCommand, BareJid, Delivery, Outgoing};
use tests::{Person, Starling, befriend};

use crate::measure::{Rows, median, percentile, processor_time, rest};
use crate::screen::Screen;
use crate::stage::Stage;
use crate::talk::{leave, own_bubbles};
use crate::trace::{begin_anew, lateness};

/// How many messages wait in the archive.
pub const MESSAGES: usize = 10_000;
/// How often they do.
const ARCHIVES: usize = 3;

/// Fills the archive while Starling is away, drains it with the bare reader, then starts Starling and waits until it is
/// through, some times over. Then once more, while somebody writes and the main loop is watched.
pub fn measure(stage: &Stage, rows: &mut Rows) {
    let alice: BareJid = "alice@localhost".parse().expect("an address");
    let password = stage.server.register("carol");
    let carol = Person::sign_in(&stage.server, "carol", &password, stage.server.direct_tls_port());
    let device = Person::sign_in(&stage.server, "alice", "pw-alice", stage.server.direct_tls_port());
    befriend(&device, &carol);
    device.session.end(Duration::from_secs(5));
    stage.talks_in_the_clear_with(&carol);
    let screen = Screen::of(&stage.desktop);

    let (mut bare, mut shares, mut used) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ARCHIVES {
        let first = round * MESSAGES;
        write_archive(&carol, &alice, first);
        let drained = bare_reader::drain(stage, "alice", first + MESSAGES);
        rest();
        let start = Instant::now();
        let starling = Starling::start(&stage.desktop, &stage.server);
        let end = wait_for(&starling, &screen, first + MESSAGES - 1);
        shares.push(MESSAGES as f64 / end.duration_since(start).as_secs_f64() / drained);
        used.push(processor_time(starling.id()) * 1000.0 / MESSAGES as f64);
        bare.push(drained);
        leave(stage, starling);
    }
    rows.yardstick("bare reader: archived messages", median(bare), "/s");
    rows.at_least("catch-up of 10,000, the start of the program included", median(shares), "× bare", 0.8);
    rows.at_most("catch-up: processor a message, all of the start included", median(used), "ms", 0.2);

    // Twice as many, so that it lasts longer than the typing.
    write_archive(&carol, &alice, ARCHIVES * MESSAGES);
    write_archive(&carol, &alice, (ARCHIVES + 1) * MESSAGES);
    let trace = stage.desktop.home().join("catch-up-trace");
    let starling = Starling::start_with(&stage.desktop, &stage.server, |command| {
        command.env("STARLING_TRACE", &trace);
    });
    starling.open_conversation("friend");
    begin_anew(&trace);
    let times = own_bubbles(stage, &starling, &screen);
    let last = (ARCHIVES + 2) * MESSAGES - 1;
    let under_way = !carol_is_through(&starling, last);
    assert!(under_way, "the catch-up was over too soon: the figure would mean nothing");
    rows.at_most("Enter to own bubble while a catch-up runs", median(times), "ms", 60.0);
    wait_for(&starling, &screen, last);
    let late = lateness(&trace);
    rows.at_most("catch-up: main loop late, p99", percentile(late.clone(), 0.99), "ms", 16.0);
    rows.at_most("catch-up: main loop late, worst", percentile(late, 1.0), "ms", 50.0);
    leave(stage, starling);
    carol.session.end(Duration::from_secs(5));
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

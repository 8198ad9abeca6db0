//! Catching up with an archive: how fast, at what cost, beside a reader that drains the same archive and stores nothing.

mod bare_reader;

use std::time::{Duration, Instant};

use model::{AccountCommand, BareJid, Delivery, Outgoing};
use tests::{Person, Starling, befriend};

use crate::measure::{Row, processor_time, rest};
use crate::scroll::lateness;
use crate::stage::Stage;

/// How many messages wait in the archive.
const MESSAGES: usize = 10_000;

/// Fills the archive while Starling is away, drains it with the bare reader, then starts Starling and waits until it is through.
pub fn measure(stage: &Stage, rows: &mut Vec<Row>) {
    let alice: BareJid = "alice@localhost".parse().expect("an address");
    let password = stage.server.register("carol");
    let carol = Person::sign_in(&stage.server, "carol", &password, stage.server.direct_tls_port());
    let device = Person::sign_in(&stage.server, "alice", "pw-alice", stage.server.direct_tls_port());
    befriend(&device, &carol);
    device.session.end(Duration::from_secs(5));
    write_archive(&carol, &alice);

    let bare = bare_reader::drain(stage, MESSAGES);
    rows.push(Row::yardstick("bare reader: archived messages", bare, "/s"));
    rest();

    let trace = stage.desktop.home().join("catch-up-trace");
    let start = Instant::now();
    let starling = Starling::start_with(&stage.desktop, &stage.server, |command| {
        command.env("STARLING_TRACE", &trace);
    });
    starling.sees_message(&format!("archived {}", MESSAGES - 1));
    let seconds = start.elapsed().as_secs_f64();
    let used = processor_time(starling.id());
    let worst = lateness(&trace).into_iter().fold(0.0, f64::max);
    rows.push(Row::at_least(
        "catch-up of 10,000, start of the program included",
        MESSAGES as f64 / seconds / bare,
        "× bare",
        0.8,
    ));
    rows.push(Row::at_most("catch-up: processor a message", used * 1000.0 / MESSAGES as f64, "ms", 0.2));
    rows.push(Row::at_most("catch-up: main loop late, worst", worst, "ms", 50.0));
    stage.desktop.press("ctrl+q");
    starling.wait();
    carol.session.end(Duration::from_secs(5));
}

fn write_archive(carol: &Person, alice: &BareJid) {
    let conversation = carol.conversation(alice);
    for number in 0..MESSAGES {
        let outgoing = Outgoing { text: format!("archived {number}"), reply_to: None, corrects: None };
        carol.command(AccountCommand::Send(conversation, outgoing));
    }
    let last = format!("archived {}", MESSAGES - 1);
    let start = Instant::now();
    while !carol.messages(alice, 5).iter().any(|message| {
        message.content == model::Content::Text(last.clone()) && message.delivery != Delivery::Queued
    }) {
        assert!(start.elapsed() < Duration::from_secs(900), "the archive was never filled");
        std::thread::sleep(Duration::from_millis(200));
    }
}

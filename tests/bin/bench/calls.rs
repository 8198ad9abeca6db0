//! Calls: how soon they are connected, how late a voice is heard, and what they use of the machine. Each side is a process of
//! its own (`soak device-calls`), with a tone or clicks for a microphone and a moving picture for a camera; nothing is painted.
//!
//! What a sound card and a camera add is not in these figures: a piece of sound is spoken when its 10 ms are full, and heard
//! when it is written.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tests::{By, CallAs, CallDevice, CallHome, Internet, Line, Place, Prosody};

use crate::measure::{ROUNDS, Rows, median, memory, milliseconds, percentile, processor_time, rest};

/// The word on the command line.
pub const WORD: &str = "calls";
/// How long a call lasts that may not leak, in minutes.
const MINUTES: u64 = 10;
/// How long a call goes on before anything of it is measured, and for how long it is.
const BEGINNING: Duration = Duration::from_secs(5);
const WHILE: Duration = Duration::from_secs(20);
/// For how long clicks are listened to: one comes every second.
const LISTENING: Duration = Duration::from_secs(60);

/// Measures, with a long call of so many minutes; of none, it is left out.
pub fn measure(minutes: Option<u64>, rows: &mut Rows) {
    connecting(rows);
    processor_and_memory(minutes.unwrap_or(MINUTES), rows);
    mouth_to_ear(rows);
}

/// From the press on “Answer” until both are connected: ringing is the person's time.
fn connecting(rows: &mut Rows) {
    let server = Prosody::start();
    let direct = answered(&server, false);
    rows.at_most("call: answer to connected, direct", median(direct), "ms", 500.0);
    let (server, _relay) = Prosody::start_with_relay(By::Udp);
    let relayed = answered(&server, true);
    rows.at_most("call: answer to connected, relayed", median(relayed), "ms", 700.0);
}

fn answered(server: &Prosody, relayed: bool) -> Vec<f64> {
    let mut devices = two(server, [None, None], false);
    if relayed {
        for device in &mut devices {
            device.tell("relay-only");
        }
    }
    let rounds = (0..ROUNDS).map(|_| {
        let [alice, bob] = &mut devices;
        alice.tell("call video");
        bob.until("ringing", |device| device.state == "Ringing");
        let start = Instant::now();
        bob.tell("answer video");
        for device in [&mut *bob, &mut *alice] {
            device.until("connected", CallDevice::is_connected);
        }
        let time = milliseconds(start);
        alice.tell("hang-up");
        for device in [bob, alice] {
            device.until("over", CallDevice::is_over);
        }
        rest();
        time
    });
    rounds.collect()
}

/// Of a call with pictures in both directions.
fn processor_and_memory(minutes: u64, rows: &mut Rows) {
    let server = Prosody::start();
    let mut devices = two(&server, [None, None], false);
    talk(&mut devices, "video");
    for device in &mut devices {
        device.listen_for(BEGINNING);
    }
    let before = devices.each_mut().map(|device| {
        device.catch_up();
        (processor_time(device.id), device.statistics.video.decoded)
    });
    let start = Instant::now();
    devices[0].listen_for(WHILE);
    devices[1].catch_up();
    let seconds = start.elapsed().as_secs_f64();
    for (index, (used, decoded)) in before.into_iter().enumerate() {
        let device = &devices[index];
        let name = ["caller", "callee"][index];
        let share = (processor_time(device.id) - used) / seconds * 100.0;
        rows.at_most(&format!("call, 640×360 both ways: processor, {name}"), share, "% of a core", 30.0);
        let pictures = (device.statistics.video.decoded - decoded) as f64 / seconds;
        rows.at_least(&format!("call, 640×360 both ways: pictures seen, {name}"), pictures, "a second", 28.0);
    }
    let settled = devices.each_ref().map(|device| memory(device.id));
    for _ in 0..minutes * 3 {
        devices[0].listen_for(Duration::from_secs(20));
        devices[1].catch_up();
    }
    for (index, name) in ["caller", "callee"].into_iter().enumerate().filter(|_| minutes > 0) {
        let grown = memory(devices[index].id) - settled[index];
        rows.at_most(&format!("call of {minutes} minutes: memory grown by, {name}"), grown, "MB", 5.0);
    }
}

/// How long a click is under way, over a good line and over a bad one.
fn mouth_to_ear(rows: &mut Rows) {
    let late = Duration::from_millis(100);
    let internet = match Internet::start() {
        Ok(internet) => internet,
        Err(reason) => {
            println!("left out: mouth to ear needs networks of its own: {reason}");
            return;
        }
    };
    for (name, loss, jitter, aim) in
        [("a good line", 0.0, Duration::ZERO, 150.0), ("5 % loss and 100 ms jitter", 0.05, late, 250.0)]
    {
        let server = Prosody::start();
        let doors = [server.direct_tls_port()];
        let line = Line::open([198, 51, 100, 1]).losing(loss, jitter);
        let alice = internet.attach("alice", line, &doors);
        let bob = internet.attach("bob", Line::open([203, 0, 113, 1]), &doors);
        let mut devices = two(&server, [Some(&alice), Some(&bob)], true);
        talk(&mut devices, "voice");
        devices[0].listen_for(LISTENING);
        devices[1].catch_up();
        let [alice, bob] = &devices;
        for (said, heard, who) in [(alice, bob, "callee"), (bob, alice, "caller")] {
            // The first seconds find out how bad the line is.
            let delays = delays(&said.said, &heard.heard, BEGINNING.as_secs_f64());
            let of = said.said.len();
            rows.at_most(&format!("mouth to ear, {name}, {who}"), median(delays.clone()), "ms", aim);
            rows.yardstick(
                &format!("the same, the latest of 95 %, {who}"),
                percentile(delays.clone(), 0.95),
                "ms",
            );
            println!("  {} clicks said, {} heard after the first seconds", of, delays.len());
        }
    }
}

/// Milliseconds from each click that was said to the one that was heard next, if that is the same.
fn delays(said: &[f64], heard: &[f64], leave_out: f64) -> Vec<f64> {
    let begun = said.first().copied().unwrap_or_default();
    let found = said.iter().filter(|said| **said > begun + leave_out).filter_map(|said| {
        let next = heard.iter().find(|heard| *heard > said)?;
        Some((next - said) * 1000.0).filter(|delay| *delay < 900.0)
    });
    found.collect()
}

fn two(server: &Prosody, places: [Option<&Place>; 2], clicks: bool) -> [CallDevice; 2] {
    let soak = soak();
    let mut places = places.into_iter();
    CallHome::two(server).map(|home| home.start(&soak, CallAs { place: places.next().flatten(), clicks }))
}

fn talk(devices: &mut [CallDevice; 2], what: &str) {
    let [alice, bob] = devices;
    alice.tell(&format!("call {what}"));
    bob.answers(what);
    for device in [alice, bob] {
        device.until("connected", CallDevice::is_connected);
    }
}

/// The program beside this one.
fn soak() -> PathBuf {
    let own = std::env::current_exe().expect("the path of this program");
    Path::new(&own).with_file_name("soak")
}

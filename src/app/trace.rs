//! `STARLING_TRACE=file`: what the main loop is doing, as one JSON object a line, for benches and for whoever hunts a stutter.
//!
//! A `frame` line tells the microseconds from the beginning of a frame to the end of its layout (`layout`) and to the end of
//! its painting (`whole`). A `late` line tells that the loop came round later than it should have, and by how much: the
//! longest thing it did in between; `rounds` says how often it had come in time since the last such line. A `call` line tells what is heard before
//! anybody talks. Nothing is watched,
//! and no line of this runs, unless the variable is set.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

use gtk::{gdk, glib, prelude::*};

/// How often the loop is looked after.
const ROUND: Duration = Duration::from_millis(4);
/// Lateness below this is the noise of any busy machine.
const NOISE: Duration = Duration::from_millis(4);

/// Watches the frames of `window` and the loop itself, if the variable is set.
pub fn watch(window: &impl IsA<gtk::Widget>) {
    let Some(path) = std::env::var_os("STARLING_TRACE") else { return };
    let file = match File::options().create(true).append(true).open(&path) {
        Ok(file) => Rc::new(RefCell::new(BufWriter::new(file))),
        Err(error) => {
            tracing::warn!(%error, "no trace is written");
            return;
        }
    };
    watch_loop(&file);
    window.connect_realize(move |window| {
        if let Some(clock) = window.frame_clock() {
            watch_frames(&clock, &file);
        }
    });
}

/// Writes down what is heard of calls from now on, if the variable is set: `rings` or `silent`.
pub fn note(sound: &str) {
    let Some(path) = std::env::var_os("STARLING_TRACE") else { return };
    let written = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| writeln!(file, r#"{{"call":"{sound}"}}"#));
    if let Err(error) = written {
        tracing::warn!(%error, "no trace is written");
    }
}

type Lines = Rc<RefCell<BufWriter<File>>>;

fn watch_frames(clock: &gdk::FrameClock, lines: &Lines) {
    let begun = Rc::new(Cell::new(None::<Instant>));
    let laid_out = Rc::new(Cell::new(None::<Duration>));
    let elapsed = |begun: &Cell<Option<Instant>>| begun.get().map(|begun| begun.elapsed());
    clock.connect_before_paint({
        let begun = begun.clone();
        move |_| begun.set(Some(Instant::now()))
    });
    // After GTK's own handler, which lays out; the last time counts, for a frame may be laid out more than once.
    clock.connect_local("layout", true, {
        let (begun, laid_out) = (begun.clone(), laid_out.clone());
        move |_| {
            laid_out.set(elapsed(&begun));
            None
        }
    });
    let lines = lines.clone();
    clock.connect_after_paint(move |_| {
        if let (Some(layout), Some(whole)) = (laid_out.take(), elapsed(&begun)) {
            write(
                &lines,
                &format!(r#"{{"frame":{{"layout":{},"whole":{}}}}}"#, layout.as_micros(), whole.as_micros()),
            );
        }
    });
}

fn watch_loop(lines: &Lines) {
    let lines = lines.clone();
    let last = Cell::new(Instant::now());
    let rounds = Cell::new(0_u64);
    glib::timeout_add_local_full(ROUND, glib::Priority::HIGH, move || {
        let late = last.replace(Instant::now()).elapsed().saturating_sub(ROUND);
        if late > NOISE {
            write(&lines, &format!(r#"{{"late":{},"rounds":{}}}"#, late.as_micros(), rounds.take()));
        } else {
            rounds.set(rounds.get() + 1);
        }
        glib::ControlFlow::Continue
    });
}

/// Each line is whole on disk at once: a program that is killed leaves what it saw.
fn write(lines: &Lines, line: &str) {
    let mut lines = lines.borrow_mut();
    let _ = writeln!(lines, "{line}").and_then(|()| lines.flush());
}

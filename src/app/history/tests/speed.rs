//! How long a frame takes while rows go by: 1,000, or as many as `STARLING_ROWS` says.
//!
//! The numbers are printed (`--nocapture`); what is held is generous, since a debug build on a
//! busy machine is no yardstick. `build-aux/dev bench` measures the real program.

use std::{cell::RefCell, rc::Rc, time::Instant};

use gtk::{glib, prelude::*};

use super::{LAST, on_stage};
use crate::history::{Edge, Request};

/// What one frame moves.
const STEP: f64 = 240.0;
const ROWS: i64 = 1_000;

#[test]
fn rows_go_by() {
    let rows = std::env::var("STARLING_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(ROWS);
    on_stage(async move |stage| {
        stage.open(LAST - 300..LAST);
        stage.frames(5).await;
        let clock = stage.window.frame_clock().expect("the window is on a display");
        let began = Rc::new(RefCell::new(Instant::now()));
        let frames = Rc::new(RefCell::new(Vec::new()));
        clock.connect_before_paint(glib::clone!(
            #[strong]
            began,
            move |_| {
                began.replace(Instant::now());
            }
        ));
        // After the handler of GTK itself, which does the layout.
        clock.connect_closure(
            "layout",
            true,
            glib::closure_local!(
                #[strong]
                began,
                #[strong]
                frames,
                move |_: gtk::gdk::FrameClock| {
                    frames.borrow_mut().push(began.borrow().elapsed().as_secs_f64() * 1000.0);
                }
            ),
        );

        let start = Instant::now();
        let mut jumps = 0;
        while stage.part.get().0 > LAST - rows {
            let read = stage.topmost();
            let before = stage.place(read, super::Edge::Top).expect("it is in view");
            stage.scroll(-STEP);
            if stage.requests.borrow_mut().drain(..).any(|request| request == Request::Older) {
                page(stage);
            }
            stage.frames(1).await;
            let moved = stage.place(read, super::Edge::Top).map(|now| now - before);
            jumps += i32::from(moved.is_some_and(|moved| (moved - STEP).abs() > 0.01));
        }
        let mut frames = frames.take();
        frames.sort_by(f64::total_cmp);
        let at = |share: f64| frames[((frames.len() - 1) as f64 * share) as usize];
        println!(
            "{} frames in {:.1} s; before-paint to end of layout: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
            frames.len(),
            start.elapsed().as_secs_f64(),
            at(0.5),
            at(0.99),
            at(1.0),
        );
        assert_eq!(jumps, 0, "frames on which something moved by another distance");
        assert!(at(0.5) < 100.0, "half of all frames are under 100 ms even here");
    });
}

/// A page comes at the top, and as much goes at the bottom.
fn page(stage: &super::Stage) {
    let (start, end) = stage.part.get();
    let rows = stage.rows.borrow().clone();
    rows.reset(super::items(start - 50..end));
    if end - start > 250 {
        rows.set_reach(true, true);
        rows.reset(super::items(start - 50..start + 250));
    }
    stage.part.set((start - 50, end.min(start + 250)));
    stage.view.page_done(Edge::Older);
}

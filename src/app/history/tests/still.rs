//! The promise: what is read moves by 0 pixels, on every frame, the first included.

use gtk::prelude::*;
use model::{MessageId, Reaction};

use super::{Edge, LAST, Stage, items, on_stage};
use crate::history::{HistoryWindow, Position};

const END: std::ops::Range<i64> = LAST - 300..LAST;
const MIDDLE: std::ops::Range<i64> = 5_000..5_300;

/// The end of the newest message: a little space stands below it.
fn end(stage: &Stage) -> f64 {
    f64::from(stage.view.height()) - 14.0
}

async fn at_end(stage: &Stage) {
    stage.open(END);
    stage.frames(3).await;
    assert!(stage.view.is_at_end());
}

async fn in_the_middle(stage: &Stage) -> i64 {
    stage.open_at(MIDDLE, 5_150, 120.0).await;
    assert!(!stage.view.is_at_end());
    stage.topmost()
}

#[test]
fn opens_at_the_end_on_the_first_frame() {
    on_stage(async |stage| {
        stage.frames(2).await;
        stage.comes_to(LAST - 1, Edge::Bottom, end(stage), || stage.open(END)).await;
    });
}

#[test]
fn at_the_end_the_last_row_grows() {
    on_stage(async |stage| {
        at_end(stage).await;
        stage.holds(LAST - 1, Edge::Bottom, || stage.set_lines(LAST - 1, 9)).await;
        stage.holds(LAST - 1, Edge::Bottom, || stage.set_lines(LAST - 1, 1)).await;
        assert!(stage.view.is_at_end());
    });
}

#[test]
fn at_the_end_a_row_above_grows() {
    on_stage(async |stage| {
        at_end(stage).await;
        stage.holds(LAST - 1, Edge::Bottom, || stage.set_lines(LAST - 3, 12)).await;
        stage.holds(LAST - 1, Edge::Top, || stage.set_lines(LAST - 3, 2)).await;
    });
}

#[test]
fn at_the_end_a_message_arrives() {
    on_stage(async |stage| {
        stage.open(END.start - 100..END.end - 100);
        stage.rows.borrow().set_reach(true, false);
        stage.view.scroll_to_end();
        stage.frames(3).await;
        let new = LAST - 100;
        stage.comes_to(new, Edge::Bottom, end(stage), || stage.splice(300, 0, new..new + 1)).await;
        assert!(stage.view.is_at_end());
    });
}

#[test]
fn in_the_middle_rows_grow_and_shrink() {
    on_stage(async |stage| {
        let read = in_the_middle(stage).await;
        for (above, lines) in [(true, 10), (false, 8), (true, 1), (false, 1)] {
            for distance in 1..4 {
                let id = if above { read - distance } else { read + distance };
                stage.holds(read, Edge::Top, || stage.set_lines(id, lines)).await;
            }
        }
        stage.holds(read, Edge::Top, || stage.set_lines(read, 5)).await;
        stage
            .holds(read, Edge::Top, || {
                for distance in 1..20 {
                    stage.set_lines(read - distance, 3);
                    stage.set_lines(read + distance, 1);
                }
            })
            .await;
    });
}

#[test]
fn in_the_middle_a_row_above_gets_reactions() {
    on_stage(async |stage| {
        let read = in_the_middle(stage).await;
        stage
            .holds(read, Edge::Top, || {
                stage.change(read - 1, |message| {
                    message.reactions =
                        vec![Reaction { emoji: "🎉".into(), others: vec!["Bob".into()], own: false }];
                });
            })
            .await;
    });
}

#[test]
fn three_hundred_rows_change_at_once() {
    on_stage(async |stage| {
        let read = in_the_middle(stage).await;
        stage
            .holds(read, Edge::Top, || MIDDLE.for_each(|id| stage.set_lines(id, 1 + (id % 5) as usize)))
            .await;
    });
}

#[test]
fn older_messages_come() {
    on_stage(async |stage| {
        // Near the start of the window, where the first row has a day and a name above it that
        // belong elsewhere once older messages are there.
        stage.open_at(MIDDLE, 5_000, 40.0).await;
        for _ in 0..3 {
            let read = stage.topmost();
            stage.holds(read, Edge::Top, || stage.older(50)).await;
            stage.scroll(-400.0);
            stage.frames(2).await;
        }
        let read = in_the_middle(stage).await;
        stage.holds(read, Edge::Top, || stage.older(50)).await;
    });
}

#[test]
fn newer_messages_come() {
    on_stage(async |stage| {
        let read = in_the_middle(stage).await;
        stage.holds(read, Edge::Top, || stage.splice(300, 0, 5_300..5_350)).await;
        stage.open_at(END.start..END.end - 10, LAST - 40, 100.0).await;
        stage.rows.borrow().set_reach(true, false);
        let read = stage.topmost();
        stage.holds(read, Edge::Top, || stage.splice(290, 0, LAST - 10..LAST)).await;
    });
}

#[test]
fn the_far_ends_are_let_go() {
    on_stage(async |stage| {
        let read = in_the_middle(stage).await;
        stage.holds(read, Edge::Top, || stage.splice(0, 60, 0..0)).await;
        stage.holds(read, Edge::Top, || stage.splice(190, 50, 0..0)).await;
        // Both ends at once, as when a page comes.
        stage
            .holds(read, Edge::Top, || {
                stage.splice(0, 0, 5_010..5_060);
                stage.splice(200, 40, 0..0);
            })
            .await;
    });
}

#[test]
fn the_window_is_let_go_up_to_what_is_in_view() {
    on_stage(async |stage| {
        let read = in_the_middle(stage).await;
        let index = stage.rows.borrow().find(MessageId(read)).unwrap();
        let visible = stage.visible().len();
        stage.holds(read, Edge::Top, || stage.splice(0, index - 1, 0..0)).await;
        let rest = stage.rows.borrow().len();
        stage.holds(read, Edge::Top, || stage.splice(visible + 2, rest - visible - 2, 0..0)).await;
    });
}

#[test]
fn messages_are_deleted() {
    on_stage(async |stage| {
        let read = in_the_middle(stage).await;
        let index = stage.rows.borrow().find(MessageId(read)).unwrap();
        stage.holds(read, Edge::Top, || stage.splice(index - 1, 1, 0..0)).await;
        stage.holds(read, Edge::Top, || stage.splice(index, 2, 0..0)).await;
    });
}

#[test]
fn when_the_message_that_is_read_is_deleted_the_next_stays() {
    on_stage(async |stage| {
        let read = in_the_middle(stage).await;
        let index = stage.rows.borrow().find(MessageId(read)).unwrap();
        stage.holds(read + 1, Edge::Top, || stage.splice(index, 1, 0..0)).await;
    });
}

#[test]
fn all_is_read_again() {
    on_stage(async |stage| {
        let read = in_the_middle(stage).await;
        stage.holds(read, Edge::Top, || stage.rows.borrow().reset(items(4_900..5_200))).await;
        stage
            .holds(read, Edge::Top, || {
                stage.rows.borrow().apply(vec![
                    view::Diff::Remove { index: 0, count: 300 },
                    view::Diff::Insert { index: 0, items: items(5_050..5_350) },
                ]);
            })
            .await;
    });
}

#[test]
fn a_message_is_higher_than_the_view() {
    on_stage(async |stage| {
        in_the_middle(stage).await;
        stage.set_lines(5_150, 120);
        stage.frames(2).await;
        stage.scroll(600.0);
        stage.frames(2).await;
        let before = stage.place(5_150, Edge::Top).unwrap();
        assert!(before < 0.0 && stage.place(5_150, Edge::Bottom).unwrap() > 700.0, "it covers the view");
        stage.holds(5_150, Edge::Top, || stage.set_lines(5_150, 150)).await;
        stage.holds(5_150, Edge::Top, || stage.set_lines(5_149, 20)).await;
        stage.holds(5_150, Edge::Top, || stage.older(50)).await;
    });
}

#[test]
fn a_message_is_higher_than_the_view_at_the_end() {
    on_stage(async |stage| {
        at_end(stage).await;
        stage.holds(LAST - 1, Edge::Bottom, || stage.set_lines(LAST - 1, 150)).await;
        stage.holds(LAST - 1, Edge::Bottom, || stage.set_lines(LAST - 2, 20)).await;
        assert!(stage.view.is_at_end());
    });
}

#[test]
fn few_messages_stand_at_the_bottom() {
    on_stage(async |stage| {
        stage.frames(1).await;
        stage.comes_to(2, Edge::Bottom, end(stage), || stage.open(0..3)).await;
        stage.rows.borrow().set_reach(false, false);
        stage.holds(2, Edge::Bottom, || stage.set_lines(1, 6)).await;
        stage.comes_to(3, Edge::Bottom, end(stage), || stage.splice(3, 0, 3..4)).await;
        stage.comes_to(3, Edge::Bottom, end(stage), || stage.splice(0, 3, 0..0)).await;
        // And grow beyond the view.
        stage.comes_to(40, Edge::Bottom, end(stage), || stage.splice(1, 0, 4..41)).await;
    });
}

#[test]
fn nothing_is_shown_and_then_something() {
    on_stage(async |stage| {
        let rows = HistoryWindow::new(Vec::new(), false, false);
        stage.view.set_window(&rows);
        stage.frames(2).await;
        stage.rows.replace(rows);
        stage.comes_to(0, Edge::Bottom, end(stage), || stage.splice(0, 0, 0..1)).await;
        stage.splice(0, 1, 0..0);
        stage.frames(2).await;
        assert_eq!(stage.view.position(), Position::End);
    });
}

#[test]
fn the_width_changes() {
    on_stage(async |stage| {
        let read = in_the_middle(stage).await;
        for margin in [300, 500, 100, 0] {
            stage.holds(read, Edge::Top, || stage.view.set_margin_end(margin)).await;
        }
        at_end(stage).await;
        for margin in [300, 500, 100, 0] {
            stage.holds(LAST - 1, Edge::Bottom, || stage.view.set_margin_end(margin)).await;
        }
        assert!(stage.view.is_at_end());
    });
}

#[test]
fn the_height_changes() {
    on_stage(async |stage| {
        let read = in_the_middle(stage).await;
        stage.holds(read, Edge::Top, || stage.view.set_margin_bottom(200)).await;
        stage.view.set_margin_bottom(0);
        at_end(stage).await;
        for margin in [40, 200, 0] {
            let bottom = end(stage) + f64::from(stage.view.margin_bottom() - margin);
            stage.comes_to(LAST - 1, Edge::Bottom, bottom, || stage.view.set_margin_bottom(margin)).await;
        }
        assert!(stage.view.is_at_end());
    });
}

#[test]
fn a_position_is_restored_on_the_first_frame() {
    on_stage(async |stage| {
        in_the_middle(stage).await;
        stage.scroll(-333.0);
        stage.frames(2).await;
        let position = stage.view.position();
        let Position::At { message, y } = position else { panic!("a message is held") };
        stage.open(END);
        stage.frames(3).await;
        stage
            .comes_to(message.0, Edge::Top, y, || {
                stage.open(4_950..5_250);
                stage.view.restore(position);
            })
            .await;
    });
}

#[test]
fn a_far_message_is_jumped_to_on_the_first_frame() {
    on_stage(async |stage| {
        at_end(stage).await;
        let far = 50_000;
        stage.view.jump_to(MessageId(far));
        assert_eq!(stage.requests.borrow().last(), Some(&crate::history::Request::Around(MessageId(far))));
        stage.frames(2).await;
        let seen = stage
            .observe(far, Edge::Top, || {
                stage.rows.borrow().set_reach(true, true);
                stage.rows.borrow().reset(items(far - 75..far + 75));
            })
            .await;
        let first = seen[0].expect("it is there on the first frame");
        assert!((100.0..400.0).contains(&first), "in the upper half: {first}");
        assert!(seen.iter().all(|now| *now == Some(first)), "{seen:?}");
        // And back.
        stage.view.scroll_to_end();
        let back = || {
            stage.rows.borrow().reset(items(END));
            stage.rows.borrow().set_reach(true, false);
        };
        stage.comes_to(LAST - 1, Edge::Bottom, end(stage), back).await;
    });
}

#[test]
fn scrolling_and_changes_in_one_frame_add_up() {
    on_stage(async |stage| {
        let read = in_the_middle(stage).await;
        let from = stage.place(read, Edge::Top).unwrap();
        let both = || {
            stage.scroll(-100.0);
            for distance in 4..14 {
                stage.set_lines(read - distance, 11);
            }
        };
        stage.comes_to(read, Edge::Top, from + 100.0, both).await;
        let both = || {
            stage.older(50);
            stage.scroll(30.0);
            stage.scroll(20.0);
            stage.set_lines(read - 9, 2);
        };
        stage.comes_to(read, Edge::Top, from + 50.0, both).await;
    });
}

#[test]
fn a_fling_survives_pages_and_changes() {
    on_stage(async |stage| {
        in_the_middle(stage).await;
        // Kinetic scrolling sets absolute positions, counted from where it began.
        let start = stage.adjustment().value();
        for step in 1..=120 {
            let read = stage.topmost();
            let before = stage.place(read, Edge::Top).unwrap();
            stage.adjustment().set_value(start - 30.0 * f64::from(step));
            if step % 15 == 0 {
                stage.older(50);
            }
            if step % 10 == 5 {
                stage.set_lines(read - 6, 14);
            }
            stage.frames(1).await;
            let rewritten = stage.adjustment().value() - (start - 30.0 * f64::from(step));
            assert!(rewritten.abs() < f64::EPSILON, "kinetic scrolling alone writes the value");
            let moved = stage.place(read, Edge::Top).map(|now| now - before);
            assert_eq!(moved, Some(30.0), "step {step}");
        }
    });
}

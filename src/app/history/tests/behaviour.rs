//! Focus, keys, pages, selection, and what assistive technology is told.

use gtk::{gio, prelude::*};
use model::{Content, Delivery, DeliveryFailure, DeliveryReason, MessageId};

use super::{Edge, LAST, Stage, items, on_stage};
use crate::history::{Edge as End, Position, Request, selection::Caret};

fn caret(id: i64, byte: usize) -> Caret {
    Caret { message: MessageId(id), byte }
}

/// All widgets below one, itself included.
fn below(widget: &gtk::Widget) -> Vec<gtk::Widget> {
    let mut found = vec![widget.clone()];
    let mut child = widget.first_child();
    while let Some(widget) = child {
        found.extend(below(&widget));
        child = widget.next_sibling();
    }
    found
}

fn button(stage: &Stage, label: &str) -> Option<gtk::Button> {
    let widgets = below(stage.view.upcast_ref()).into_iter();
    widgets
        .filter_map(|widget| widget.downcast::<gtk::Button>().ok())
        .find(|button| button.is_mapped() && button.label().as_deref() == Some(label))
}

fn focus_is_on(stage: &Stage, id: i64) -> bool {
    let row = stage.view.row_of(MessageId(id));
    let focus = gtk::prelude::GtkWindowExt::focus(&stage.window);
    focus.is_some() && focus == row
}

fn enabled(stage: &Stage, action: &str) -> bool {
    use gtk::subclass::prelude::*;
    stage.view.imp().actions.is_action_enabled(action)
}

#[test]
fn a_row_with_the_focus_is_never_taken_back() {
    on_stage(async |stage| {
        stage.open_at(5_000..5_300, 5_150, 120.0).await;
        let row = stage.view.row_of(MessageId(5_152)).unwrap();
        assert!(row.grab_focus());
        for _ in 0..40 {
            stage.scroll(-180.0);
            stage.frames(1).await;
        }
        assert!(!stage.visible().contains(&5_152), "it is far away");
        assert!(focus_is_on(stage, 5_152), "and has the focus");
        assert_eq!(stage.view.row_of(MessageId(5_152)), Some(row.clone()));
        // An arrow leads to its neighbour, in view.
        assert!(
            stage
                .view
                .row_of(MessageId(5_152))
                .is_some_and(|row| row.child_focus(gtk::DirectionType::TabForward) || row.has_focus())
        );
        stage.view.list().press(gtk::gdk::Key::Down);
        stage.frames(3).await;
        assert!(focus_is_on(stage, 5_153));
        assert!(stage.visible().contains(&5_153));
        // The one that was left behind is taken back now.
        for _ in 0..10 {
            stage.scroll(-400.0);
            stage.frames(1).await;
        }
        assert!(stage.view.row_of(MessageId(5_152)).is_none());
    });
}

#[test]
fn the_focus_moves_on_when_its_row_is_deleted() {
    on_stage(async |stage| {
        stage.open_at(5_000..5_300, 5_150, 120.0).await;
        stage.view.row_of(MessageId(5_151)).unwrap().grab_focus();
        stage.splice(151, 1, 0..0);
        stage.frames(3).await;
        let focus = gtk::prelude::GtkWindowExt::focus(&stage.window).expect("something has the focus");
        assert!(focus.is_ancestor(stage.view.list()));
    });
}

#[test]
fn arrows_and_pages_walk_through_the_history() {
    on_stage(async |stage| {
        use gtk::gdk::Key;
        stage.open_at(5_000..5_300, 5_150, 120.0).await;
        let list = stage.view.list();
        stage.view.row_of(MessageId(5_150)).unwrap().grab_focus();
        for _ in 0..30 {
            list.press(Key::Up);
            stage.frames(1).await;
        }
        assert!(focus_is_on(stage, 5_120), "arrows go from row to row");
        assert!(stage.place(5_120, Edge::Top).unwrap() >= 0.0, "and what has the focus is in view");
        let before = stage.place(5_120, Edge::Top).unwrap();
        list.press(Key::Page_Up);
        stage.frames(2).await;
        let moved = stage.place(5_120, Edge::Top).unwrap() - before;
        assert!((400.0..710.0).contains(&moved), "a page: {moved}");
        list.press(Key::Home);
        stage.frames(3).await;
        assert!(focus_is_on(stage, 5_000));
        assert!(stage.visible().contains(&5_000));
        stage.rows.borrow().set_reach(true, false);
        list.press(Key::End);
        stage.frames(3).await;
        assert!(stage.visible().contains(&5_299) && stage.view.is_at_end());
    });
}

#[test]
fn pages_are_asked_for_before_the_ends_are_reached() {
    on_stage(async |stage| {
        stage.open_at(5_000..5_300, 5_150, 120.0).await;
        stage.requests.borrow_mut().clear();
        stage.scroll(-1.0);
        stage.frames(2).await;
        let wishes =
            |wish: &Request| stage.requests.borrow().iter().filter(|request| *request == wish).count();
        assert_eq!(wishes(&Request::Older) + wishes(&Request::Newer), 0, "the ends are far");
        while wishes(&Request::Older) == 0 {
            stage.scroll(-300.0);
            stage.frames(1).await;
        }
        let adjustment = stage.adjustment();
        assert!(adjustment.value() - adjustment.lower() > 700.0, "there is a view left to read");
        // Farther in, so that better estimates of heights do not change the matter.
        stage.scroll(-500.0);
        stage.frames(3).await;
        assert_eq!(wishes(&Request::Older), 1, "once");
        stage.view.page_done(End::Older);
        stage.frames(3).await;
        assert_eq!(wishes(&Request::Older), 2, "and again when nothing came");
        stage.rows.borrow().set_reach(false, true);
        stage.view.page_done(End::Older);
        stage.frames(3).await;
        assert_eq!(wishes(&Request::Older), 2, "there is nothing older");
        while wishes(&Request::Newer) == 0 {
            stage.scroll(300.0);
            stage.frames(1).await;
        }
    });
}

#[test]
fn what_was_seen_is_told() {
    on_stage(async |stage| {
        stage.open(LAST - 300..LAST);
        stage.frames(4).await;
        assert_eq!(stage.requests.borrow().last(), Some(&Request::Seen(MessageId(LAST - 1))));
        stage.scroll(-400.0);
        stage.frames(4).await;
        let Some(Request::Seen(seen)) = stage.requests.borrow().last().cloned() else {
            panic!("something was seen")
        };
        assert!(seen.0 < LAST - 1);
        assert!(stage.place(seen.0, Edge::Bottom).unwrap() <= 724.0);
    });
}

#[test]
fn a_button_leads_back_to_the_end() {
    on_stage(async |stage| {
        stage.open(LAST - 300..LAST);
        stage.frames(3).await;
        assert_eq!(stage.view.position(), Position::End);
        stage.scroll(-900.0);
        stage.frames(3).await;
        assert!(!stage.view.at_end());
        gio::prelude::ActionGroupExt::activate_action(
            &gtk::subclass::prelude::ObjectSubclassIsExt::imp(&stage.view).actions,
            "end",
            None,
        );
        stage.frames(3).await;
        assert!(stage.view.at_end() && stage.visible().contains(&(LAST - 1)));
        // Where the window does not reach the end, it is asked for.
        stage.rows.borrow().set_reach(true, true);
        stage.frames(2).await;
        stage.view.scroll_to_end();
        assert_eq!(stage.requests.borrow().last(), Some(&Request::Newest));
    });
}

#[test]
fn text_is_selected_across_rows() {
    on_stage(async |stage| {
        stage.open_at(5_000..5_300, 5_150, 120.0).await;
        for (id, text) in [(5_150, "first line"), (5_151, "in between"), (5_152, "the last <one>")] {
            stage.change(id, |message| message.content = Content::Text(text.into()));
        }
        let list = stage.view.list();
        assert_eq!(list.selected_text(), None);
        list.select(caret(5_150, 6), caret(5_150, 10));
        assert_eq!(list.selected_text().as_deref(), Some("line"));
        // Backwards, and far out of view.
        list.select(caret(5_152, 8), caret(5_150, 6));
        let copied = list.selected_text().unwrap();
        let lines: Vec<_> = copied.lines().map(|line| line.split_once("): ").unwrap().1).collect();
        assert_eq!(lines, ["line", "in between", "the last"]);
        for _ in 0..10 {
            stage.scroll(400.0);
            stage.frames(1).await;
        }
        assert_eq!(list.selected_text().as_deref(), Some(copied.as_str()), "also out of sight");
        stage.splice(151, 1, 0..0);
        assert_eq!(list.selected_text().unwrap().lines().count(), 2);
        list.clear_selection();
        assert_eq!(list.selected_text(), None);
    });
}

#[test]
fn actions_fit_the_message() {
    on_stage(async |stage| {
        stage.open(0..3);
        stage.change(1, |message| {
            message.direction = model::Direction::Outgoing;
            message.delivery = Delivery::Sent;
        });
        stage.change(2, |message| message.content = Content::Retracted);
        stage.frames(3).await;
        let list = stage.view.list();
        let allowed = |id: i64| {
            list.hover(Some(MessageId(id)));
            ["reply", "react", "edit", "retract", "details"].map(|action| enabled(stage, action))
        };
        let other = stage.messages()[0].direction == model::Direction::Incoming;
        assert!(other, "the first message is somebody's");
        assert_eq!(allowed(0), [true, true, false, false, true]);
        assert_eq!(allowed(1), [true, true, true, true, true]);
        assert_eq!(allowed(2), [false, false, false, false, true]);
        stage.frames(2).await;
        for name in ["React", "Reply", "More"] {
            let tooltip = |button: &gtk::Button| button.tooltip_text().as_deref() == Some(name);
            let buttons = below(list.toolbar().upcast_ref()).into_iter();
            let found = buttons.filter_map(|widget| widget.downcast::<gtk::Button>().ok()).find(tooltip);
            assert!(found.is_some_and(|button| button.is_mapped()), "{name} is there");
        }
    });
}

#[test]
fn a_refused_message_can_be_tried_again() {
    on_stage(async |stage| {
        stage.open(0..2);
        stage.rows.borrow().set_reach(false, false);
        stage.frames(3).await;
        assert!(button(stage, "Try Again").is_none());
        stage.change(1, |message| {
            message.direction = model::Direction::Outgoing;
            message.delivery = Delivery::Failed(DeliveryFailure { reason: DeliveryReason::Busy, text: None });
        });
        stage.frames(3).await;
        let try_again = button(stage, "Try Again").expect("the button is there");
        let bounds = try_again.compute_bounds(&stage.view).expect("it is in the view");
        let (x, y) = (f64::from(bounds.center().x()), f64::from(bounds.center().y()));
        let pointed = stage.view.pick(x, y, gtk::PickFlags::DEFAULT).expect("something is there");
        assert!(pointed == try_again || pointed.is_ancestor(&try_again), "nothing lies over it");
        try_again.emit_clicked();
        assert_eq!(stage.requests.borrow().last(), Some(&Request::TryAgain(MessageId(1))));
    });
}

#[test]
fn a_reaction_is_changed_by_its_chip() {
    on_stage(async |stage| {
        stage.open(0..3);
        stage.change(1, |message| {
            message.reactions =
                vec![model::Reaction {
                    emoji: "👩‍👩‍👧".into(), others: vec!["Bob".into()], own: true
                }];
        });
        stage.frames(3).await;
        let chip = button(stage, "👩‍👩‍👧 2").expect("the chip is there").downcast::<gtk::ToggleButton>().unwrap();
        assert!(chip.is_active());
        chip.emit_clicked();
        assert_eq!(stage.requests.borrow().last(), Some(&Request::React(MessageId(1), "👩‍👩‍👧".into())));
        assert!(chip.is_active(), "until it is on disk");
        stage.change(1, |message| message.reactions.clear());
        stage.frames(2).await;
        assert!(button(stage, "👩‍👩‍👧 2").is_none());
    });
}

#[test]
fn a_quote_leads_to_the_original_and_flashes_it() {
    on_stage(async |stage| {
        stage.open_at(5_000..5_300, 5_200, 120.0).await;
        stage.change(5_200, |message| {
            message.reply = Some(model::Quote {
                message: Some(MessageId(5_010)),
                sender: None,
                sender_name: "Bob".into(),
                own: false,
                text: "Look".into(),
                files: None,
            });
        });
        stage.frames(2).await;
        let row = stage.view.row_of(MessageId(5_200)).unwrap();
        let quote =
            below(&row).into_iter().find(|widget| widget.has_css_class("quote")).expect("it is shown");
        quote.downcast::<gtk::Button>().unwrap().emit_clicked();
        stage.frames(3).await;
        assert!(stage.visible().contains(&5_010));
        assert!(stage.view.row_of(MessageId(5_010)).unwrap().has_css_class("flash"));
    });
}

#[test]
fn rows_change_in_place() {
    on_stage(async |stage| {
        stage.open(0..20);
        stage.frames(3).await;
        let rows: Vec<_> = (10..20).map(|id| stage.view.row_of(MessageId(id))).collect();
        for id in 10..20 {
            stage.set_lines(id, 2);
        }
        stage.splice(20, 0, 20..25);
        stage.rows.borrow().reset(items(5..25));
        stage.frames(3).await;
        let after: Vec<_> = (10..20).map(|id| stage.view.row_of(MessageId(id))).collect();
        assert_eq!(rows, after);
    });
}

#[test]
fn a_list_with_names_is_what_a_screen_reader_meets() {
    on_stage(async |stage| {
        use gtk::{AccessibleProperty, AccessibleRelation, AccessibleRole};
        stage.open(0..3);
        stage.frames(3).await;
        let list = stage.view.list();
        assert_eq!(list.accessible_role(), AccessibleRole::List);
        assert!(gtk::test_accessible_has_property(list, AccessibleProperty::Label));
        let row = stage.view.row_of(MessageId(1)).unwrap();
        assert_eq!(row.accessible_role(), AccessibleRole::ListItem);
        assert!(gtk::test_accessible_has_property(&row, AccessibleProperty::Label));
        assert!(gtk::test_accessible_has_relation(&row, AccessibleRelation::PosInSet));
        assert!(gtk::test_accessible_has_relation(&row, AccessibleRelation::SetSize));
    });
}

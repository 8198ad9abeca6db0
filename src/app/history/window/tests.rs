use std::{cell::RefCell, rc::Rc};

use gtk::prelude::*;
use model::Content;
use view::{Diff, TimelineItem};

use super::HistoryWindow;
use crate::history::sample;

type Changes = Rc<RefCell<Vec<(u32, u32, u32)>>>;

fn window(ids: std::ops::Range<i64>) -> (HistoryWindow, Changes) {
    let window = HistoryWindow::new(items(ids), true, false);
    let changes = Changes::default();
    let seen = changes.clone();
    window.connect_items_changed(move |_, position, removed, added| {
        seen.borrow_mut().push((position, removed, added));
    });
    (window, changes)
}

fn items(ids: std::ops::Range<i64>) -> Vec<TimelineItem> {
    sample::items(&ids.map(|id| sample::message(id, "bob", id * 60)).collect::<Vec<_>>())
}

fn ids(window: &HistoryWindow) -> Vec<i64> {
    (0..window.len()).map(|index| window.get(index).unwrap().id().0).collect()
}

#[test]
fn a_message_that_stays_keeps_its_object() {
    let (window, changes) = window(0..10);
    let before = window.get(4).unwrap();
    let mut again = items(0..10);
    again[4].message.content = Content::Text("changed".into());
    window.apply(vec![Diff::Reset(again)]);
    assert_eq!(window.get(4).unwrap(), before);
    assert_eq!(before.revision(), 1);
    assert!(changes.borrow().is_empty(), "no row came or went");

    let mut shuffled = items(2..8);
    shuffled.swap(1, 3);
    window.apply(vec![Diff::Reset(shuffled)]);
    assert_eq!(ids(&window), [2, 5, 4, 3, 6, 7]);
    assert_eq!(window.get(2).unwrap(), before);
}

#[test]
fn a_batch_is_applied_in_order() {
    let (window, changes) = window(10..20);
    window.apply(vec![
        Diff::Insert { index: 0, items: items(5..10) },
        Diff::Remove { index: 13, count: 2 },
        Diff::Insert { index: 13, items: items(18..22) },
        Diff::Remove { index: 1, count: 1 },
    ]);
    assert_eq!(ids(&window), [5].into_iter().chain(7..22).collect::<Vec<_>>());
    assert_eq!(*changes.borrow(), [(0, 0, 5), (13, 2, 4), (1, 1, 0)]);
}

#[test]
fn a_page_grows_at_its_end_and_nowhere_else() {
    let (window, changes) = window(10..20);
    window.reset(items(5..20));
    window.reset(items(5..25));
    assert_eq!(*changes.borrow(), [(0, 0, 5), (15, 0, 5)]);
}

#[test]
fn indexes_beyond_the_end_do_no_harm() {
    let (window, _) = window(0..3);
    window.apply(vec![Diff::Remove { index: 2, count: 9 }, Diff::Insert { index: 9, items: items(7..8) }]);
    assert_eq!(ids(&window), [0, 1, 7]);
    window.update(40, items(1..2).remove(0));
    window.reset(Vec::new());
    assert_eq!(window.len(), 0);
}

//! The history on a real display.
//!
//! A [`Stage`] is a window with a history, a long made-up conversation, and an observer that looks
//! at every frame that was painted. Without a display, each test brings its own (`display.rs`).

mod behaviour;
mod display;
mod files;
pub mod pictures;
mod prose;
mod speed;
mod still;

use std::{
    cell::{Cell, RefCell},
    ops::Range,
    panic::{self, AssertUnwindSafe},
    rc::Rc,
    sync::{OnceLock, mpsc},
    time::Duration,
};

use adw::prelude::*;
use gtk::{glib, graphene};
use model::{Content, Message, MessageId};
use view::TimelineItem;

use super::{HistoryView, HistoryWindow, Request, sample};

/// How many messages the made-up conversation has.
pub const LAST: i64 = 100_000;

/// Runs a test on the one thread that knows GTK.
pub fn on_stage(test: impl AsyncFnOnce(&Stage) + Send + 'static) {
    static THREAD: OnceLock<glib::ThreadPool> = OnceLock::new();
    if !display::is_here() {
        return display::run_elsewhere();
    }
    let thread = THREAD.get_or_init(|| glib::ThreadPool::exclusive(1).expect("a thread can be made"));
    let (sender, receiver) = mpsc::sync_channel(1);
    thread
        .push(move || {
            let result = panic::catch_unwind(AssertUnwindSafe(|| {
                assert!(
                    adw::init().is_ok(),
                    "no display: the one that the environment names cannot be opened"
                );
                glib::MainContext::default().block_on(async {
                    let stage = Stage::new();
                    test(&stage).await;
                    stage.window.destroy();
                });
            }));
            sender.send(result).expect("the test waits");
        })
        .expect("the thread takes work");
    if let Err(panic) = receiver.recv().expect("the thread answers") {
        panic::resume_unwind(panic);
    }
}

/// See the top of the file.
pub struct Stage {
    pub window: adw::Window,
    pub view: HistoryView,
    pub rows: RefCell<HistoryWindow>,
    pub requests: Rc<RefCell<Vec<Request>>>,
    painted: async_channel::Receiver<()>,
    watched: Rc<Watched>,
    /// The part of the conversation that is in the window, while it is a plain part.
    pub part: Cell<(i64, i64)>,
}

/// What the observer looks at.
#[derive(Default)]
struct Watched {
    message: Cell<Option<(MessageId, Edge)>>,
    seen: RefCell<Vec<Option<f64>>>,
}

/// Which side of a row is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Edge {
    /// Where its bubble begins.
    Top,
    /// Where it ends.
    Bottom,
}

impl Stage {
    fn new() -> Self {
        let view = HistoryView::new();
        let requests = Rc::<RefCell<Vec<Request>>>::default();
        let sink = requests.clone();
        view.connect_request(move |_, request| sink.borrow_mut().push(request));
        let window = adw::Window::builder().default_width(900).default_height(700).content(&view).build();
        window.present();

        let watched = Rc::<Watched>::default();
        let (sender, painted) = async_channel::unbounded();
        let clock = window.frame_clock().expect("the window is on a display");
        clock.connect_after_paint(glib::clone!(
            #[weak]
            view,
            #[strong]
            watched,
            move |_| {
                if let Some((id, edge)) = watched.message.get() {
                    watched.seen.borrow_mut().push(place(&view, id, edge));
                }
                let _ = sender.try_send(());
            }
        ));
        Self { window, view, rows: RefCell::default(), requests, painted, watched, part: Cell::new((0, 0)) }
    }

    /// Puts something else on the stage, below the history.
    pub fn put_below(&self, widget: &impl IsA<gtk::Widget>) {
        self.window.set_content(None::<&gtk::Widget>);
        let both = gtk::Box::new(gtk::Orientation::Vertical, 0);
        both.append(&self.view);
        both.append(widget);
        self.window.set_content(Some(&both));
    }

    /// Waits until frames were painted.
    pub async fn frames(&self, count: usize) {
        for _ in 0..count {
            while self.painted.try_recv().is_ok() {}
            self.view.queue_draw();
            glib::future_with_timeout(Duration::from_secs(10), self.painted.recv())
                .await
                .expect("a frame comes within ten seconds")
                .expect("the stage has a clock");
        }
    }

    /// Opens a part of the conversation.
    pub fn open(&self, part: Range<i64>) {
        let rows = HistoryWindow::new(items(part.clone()), part.start > 0, part.end < LAST);
        self.view.set_window(&rows);
        self.rows.replace(rows);
        self.part.set((part.start, part.end));
    }

    /// Opens a part in the middle, with a message somewhere below the top, and settles.
    pub async fn open_at(&self, part: Range<i64>, message: i64, y: f64) {
        self.open(part);
        self.view.restore(super::Position::At { message: MessageId(message), y });
        self.frames(3).await;
    }

    /// Reads `count` older messages.
    pub fn older(&self, count: i64) {
        let (start, end) = self.part.get();
        let older = start - count;
        self.splice(0, 0, older..start);
        self.part.set((older, end));
    }

    /// Puts messages in and takes others out, as one batch with what that makes of neighbours.
    pub fn splice(&self, position: usize, removed: usize, came: Range<i64>) {
        let rows = self.rows.borrow().clone();
        let mut messages: Vec<_> = self.messages();
        messages.splice(position..position + removed, came.map(message));
        rows.apply(vec![view::Diff::Reset(sample::items(&messages))]);
    }

    /// The messages in the window.
    pub fn messages(&self) -> Vec<Message> {
        let rows = self.rows.borrow();
        (0..rows.len()).filter_map(|index| rows.get(index)).map(|row| row.item().message.clone()).collect()
    }

    /// Changes a message in place.
    pub fn change(&self, id: i64, change: impl FnOnce(&mut Message)) {
        let rows = self.rows.borrow();
        let index = rows.find(MessageId(id)).expect("the message is in the window");
        let mut item = (*rows.get(index).expect("it is there").item()).clone();
        change(&mut item.message);
        rows.update(index, item);
    }

    /// Gives a message this many lines.
    pub fn set_lines(&self, id: i64, lines: usize) {
        self.change(id, |message| message.content = Content::Text(vec!["A line"; lines].join("\n")));
    }

    /// Moves the scrollbar by a distance.
    pub fn scroll(&self, distance: f64) {
        let adjustment = self.adjustment();
        adjustment.set_value(adjustment.value() + distance);
    }

    pub fn adjustment(&self) -> gtk::Adjustment {
        self.view.list().vadjustment().expect("a scrolled window gives one")
    }

    /// Where a message is, if it has a row.
    pub fn place(&self, id: i64, edge: Edge) -> Option<f64> {
        place(&self.view, MessageId(id), edge)
    }

    /// The messages of which something is to be seen, from top to bottom.
    pub fn visible(&self) -> Vec<i64> {
        let height = f64::from(self.view.height());
        let ids = self.messages().into_iter().map(|message| message.id.0);
        ids.filter(|id| {
            let (top, bottom) = (self.place(*id, Edge::Top), self.place(*id, Edge::Bottom));
            top.zip(bottom).is_some_and(|(top, bottom)| top < height && bottom > 0.0)
        })
        .collect()
    }

    /// The topmost message whose bubble begins in view: what a person reads.
    pub fn topmost(&self) -> i64 {
        let begins = |id: &i64| self.place(*id, Edge::Top).is_some_and(|top| top >= 0.0);
        self.visible().into_iter().find(begins).expect("something is in view")
    }

    /// Does something, and looks where a message is on this and the next frames.
    pub async fn observe(&self, id: i64, edge: Edge, doing: impl FnOnce()) -> Vec<Option<f64>> {
        self.watched.message.set(Some((MessageId(id), edge)));
        self.watched.seen.borrow_mut().clear();
        doing();
        self.frames(8).await;
        self.watched.message.set(None);
        self.watched.seen.take()
    }

    /// Does something, and holds that a message moves by 0 pixels on every frame after.
    pub async fn holds(&self, id: i64, edge: Edge, doing: impl FnOnce()) {
        let before = self.place(id, edge).expect("the message is in view");
        self.comes_to(id, edge, before, doing).await;
    }

    /// Does something, and holds that a message is in its place on the first frame and stays.
    pub async fn comes_to(&self, id: i64, edge: Edge, y: f64, doing: impl FnOnce()) {
        let seen = self.observe(id, edge, doing).await;
        assert!(seen.len() >= 8, "every frame is seen");
        for (frame, now) in seen.iter().enumerate() {
            let now = now.unwrap_or_else(|| panic!("message {id} has no row on frame {frame}"));
            assert!((now - y).abs() < 0.01, "message {id} is at {now}, not {y}, on frame {frame}: {seen:?}");
        }
    }
}

fn place(view: &HistoryView, id: MessageId, edge: Edge) -> Option<f64> {
    let list = view.list();
    let row = list.row_of(id)?;
    let y = match edge {
        Edge::Top => row.bubble()?.y(),
        Edge::Bottom => row.height() as f32,
    };
    let point = row.compute_point(list, &graphene::Point::new(0.0, y))?;
    Some(f64::from(point.y()))
}

/// A message of the made-up conversation: long and short, of three people, in bursts.
pub fn message(id: i64) -> Message {
    let noise = id.wrapping_mul(2_654_435_761).rem_euclid(1 << 32);
    let sender = ["bob", "bob", "me", "carol", "me"][((noise >> 8) % 5) as usize];
    let words = [4, 9, 15, 3, 40, 7, 90, 1][((noise >> 16) % 8) as usize];
    let mut message = sample::message(id, sender, id * 45);
    let text: Vec<_> = "the starlings turn over the pier at dusk and nobody leads them"
        .split(' ')
        .cycle()
        .skip((noise % 11) as usize)
        .take(words)
        .collect();
    message.content = Content::Text(format!("{id} {}", text.join(" ")));
    match noise % 17 {
        3 => message.content = Content::Text("🎉".into()),
        5 => message.content = Content::Text("/me turns with the others".into()),
        7 => message.content = Content::Retracted,
        _ => {}
    }
    if noise % 13 == 0 {
        message.reactions = vec![
            model::Reaction { emoji: "👍".into(), others: vec!["Bob".into(), "Carol".into()], own: false },
            model::Reaction { emoji: "❤️".into(), others: vec![], own: true },
        ];
    }
    message
}

/// A part of the made-up conversation.
pub fn items(part: Range<i64>) -> Vec<TimelineItem> {
    sample::items(&part.map(message).collect::<Vec<_>>())
}

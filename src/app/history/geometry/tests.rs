//! A model of the history: rows that know their true sizes. Whatever is done to them, the
//! anchor stands still, unless standing still would leave a hole at one end.

use proptest::prelude::*;

use super::{Extent, Geometry, OVERSCAN, Place, Rows};

/// A row of the model: its name, and its true size.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    name: u32,
    extent: Extent,
}

#[derive(Debug)]
struct Model {
    rows: Vec<Row>,
    geometry: Geometry,
    viewport: f64,
    next_name: u32,
}

/// The rows as the list has them: which of them are ready.
struct Source<'r> {
    rows: &'r [Row],
    ready: &'r dyn Fn(usize) -> bool,
}

impl Rows for Source<'_> {
    fn is_ready(&self, index: usize) -> bool {
        (self.ready)(index)
    }

    fn measure(&mut self, index: usize) -> Extent {
        self.rows[index].extent
    }
}

/// Something that happens to a history between two frames.
#[derive(Clone, Debug)]
enum Event {
    Insert { at: prop::sample::Index, rows: Vec<Extent> },
    Remove { at: prop::sample::Index, count: usize },
    Resize { at: prop::sample::Index, extent: Extent },
    ResizeAll { factor: i32 },
}

impl Model {
    fn new(extents: Vec<Extent>, viewport: f64, ends_at_newest: bool) -> Self {
        let mut model = Self { rows: Vec::new(), geometry: Geometry::default(), viewport, next_name: 0 };
        model.geometry.set_ends_at_newest(ends_at_newest);
        model.insert(0, extents);
        model.layout();
        model
    }

    fn layout(&mut self) -> super::Scroll {
        self.layout_with(&|_| true)
    }

    fn layout_with(&mut self, ready: &dyn Fn(usize) -> bool) -> super::Scroll {
        self.geometry.layout(self.viewport, Source { rows: &self.rows, ready })
    }

    fn insert(&mut self, position: usize, extents: Vec<Extent>) {
        let added = extents.len();
        for (offset, extent) in extents.into_iter().enumerate() {
            self.rows.insert(position + offset, Row { name: self.next_name, extent });
            self.next_name += 1;
        }
        self.geometry.splice(position, 0, added, None);
    }

    fn remove(&mut self, position: usize, count: usize) {
        self.rows.drain(position..position + count);
        self.geometry.splice(position, count, 0, None);
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Insert { at, rows } => {
                let position = at.index(self.rows.len() + 1);
                self.insert(position, rows);
            }
            Event::Remove { at, count } if !self.rows.is_empty() => {
                let position = at.index(self.rows.len());
                self.remove(position, count.min(self.rows.len() - position));
            }
            Event::Remove { .. } => {}
            Event::Resize { at, extent } => {
                if !self.rows.is_empty() {
                    let index = at.index(self.rows.len());
                    self.rows[index].extent = extent;
                }
            }
            Event::ResizeAll { factor } => {
                for row in &mut self.rows {
                    row.extent.height = (row.extent.height * factor / 4).max(row.extent.lead + 1);
                }
            }
        }
    }

    /// Name and place of the anchor.
    fn held(&self) -> Option<(u32, f64)> {
        self.geometry.anchor().map(|anchor| (self.rows[anchor.index].name, anchor.y))
    }

    /// Where the body of a row is now.
    fn body(&self, name: u32) -> Option<f64> {
        self.geometry
            .rows()
            .find(|(index, ..)| self.rows[*index].name == name)
            .map(|(_, top, extent)| top + f64::from(extent.lead))
    }

    fn ends(&self) -> (f64, f64) {
        let top = self.geometry.rows().next().map_or(0.0, |row| row.1);
        let bottom = self.geometry.rows().last().map_or(0.0, |(_, top, e)| top + f64::from(e.height));
        (top, bottom)
    }

    /// What must be true after every layout.
    fn check(&self) {
        let placed = self.geometry.placed();
        let (top, bottom) = self.ends();
        let (at_start, at_end) = (placed.start == 0, placed.end == self.rows.len());
        if self.rows.is_empty() {
            return;
        }
        assert!(at_end || bottom >= self.viewport, "a hole at the bottom: {bottom}");
        assert!(!at_end || bottom >= self.viewport - 0.001, "content above the end: {bottom}");
        if top > 0.001 {
            assert!(at_start && (bottom - self.viewport).abs() < 0.001, "a hole at the top: {top}");
        }
    }
}

fn extent() -> impl Strategy<Value = Extent> {
    (0..90, prop_oneof![9 => 12..240, 1 => 700..2_000])
        .prop_map(|(lead, body)| Extent { lead, height: lead + body })
}

fn event() -> impl Strategy<Value = Event> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        3 => (at(), prop::collection::vec(extent(), 1..60))
            .prop_map(|(at, rows)| Event::Insert { at, rows }),
        2 => (at(), 1_usize..30).prop_map(|(at, count)| Event::Remove { at, count }),
        4 => (at(), extent()).prop_map(|(at, extent)| Event::Resize { at, extent }),
        1 => (1..9).prop_map(|factor| Event::ResizeAll { factor }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() })]

    /// The anchor moves 0 px, and the value is never rewritten, whatever happens.
    #[test]
    fn the_anchor_stands_still(
        rows in prop::collection::vec(extent(), 1..120),
        viewport in 100_u32..1_500,
        scrolls in prop::collection::vec(-2_000.0..2_000.0, 0..4),
        batches in prop::collection::vec(prop::collection::vec(event(), 1..5), 1..6),
        ends_at_newest in any::<bool>(),
    ) {
        let mut model = Model::new(rows, f64::from(viewport), ends_at_newest);
        model.check();
        for distance in scrolls {
            let scroll = model.layout();
            let most = scroll.upper - model.viewport;
            model.geometry.scroll_to(f64::clamp(scroll.value + distance, scroll.lower, most));
            model.layout();
            model.check();
        }
        for events in batches {
            let before = model.held();
            let sticky = model.geometry.is_sticky();
            let value = model.layout().value;
            for event in events {
                model.apply(event);
            }
            let scroll = model.layout();
            model.check();
            prop_assert!((scroll.value - value).abs() < f64::EPSILON, "the value was rewritten");
            prop_assert!(scroll.lower <= value && value <= scroll.upper - model.viewport + 0.001);
            let Some((name, y)) = before else {
                if sticky && !model.rows.is_empty() {
                    prop_assert!((model.ends().1 - model.viewport).abs() < 0.001);
                }
                continue;
            };
            if !model.rows.iter().any(|row| row.name == name) {
                continue;
            }
            let moved = model.body(name).map(|now| now - y);
            let (top, bottom) = model.ends();
            let placed = model.geometry.placed();
            let clamped = (placed.start == 0 && top.abs() < 0.001)
                || (placed.end == model.rows.len() && (bottom - model.viewport).abs() < 0.001);
            prop_assert!(moved == Some(0.0) || clamped, "moved by {:?}", moved);
        }
    }

    /// Scrolling moves the words by exactly the distance, also with changes in the same frame.
    #[test]
    fn scrolling_is_exact(
        rows in prop::collection::vec(extent(), 200..240),
        start in 80_usize..140,
        distances in prop::collection::vec(-60.0..60.0, 1..12),
        changes in prop::collection::vec((0_usize..40, extent()), 0..10),
    ) {
        let mut model = Model::new(rows, 700.0, true);
        model.geometry.jump(start, Place::Body(300.0));
        model.layout();
        let name = model.rows[start].name;
        let y = 300.0;
        let scroll = model.layout();
        let mut value = scroll.value;
        for (index, extent) in changes {
            model.rows[index].extent = extent;
        }
        model.insert(0, vec![Extent { lead: 10, height: 100 }; 50]);
        let mut expected = y;
        for distance in &distances {
            value += distance;
            expected -= distance;
            model.geometry.scroll_to(value);
            // Once it left the viewport another row is held, and what changed in between shows.
            if !(0.0..700.0).contains(&expected) {
                return Ok(());
            }
        }
        model.layout();
        model.check();
        let now = model.body(name).expect("the row is on the screen");
        prop_assert!((now - expected).abs() < 0.2, "at {now}, not {expected}");
    }

    /// A jump is exact on the first frame.
    #[test]
    fn a_jump_is_exact(rows in prop::collection::vec(extent(), 150..200), to in 60_usize..90) {
        let mut model = Model::new(rows, 600.0, true);
        let name = model.rows[to].name;
        model.geometry.jump(to, Place::Body(250.0));
        model.layout();
        model.check();
        prop_assert_eq!(model.body(name), Some(250.0));
    }
}

fn rows(count: usize, height: i32) -> Vec<Extent> {
    vec![Extent { lead: 0, height }; count]
}

#[test]
fn short_content_stands_at_the_bottom() {
    let model = Model::new(rows(3, 50), 600.0, true);
    assert_eq!(model.ends(), (450.0, 600.0));
    assert!(model.geometry.is_sticky());
}

#[test]
fn nothing_has_no_rows() {
    let mut model = Model::new(rows(3, 50), 600.0, true);
    model.remove(0, 3);
    let scroll = model.layout();
    assert_eq!((scroll.lower, scroll.upper), (scroll.value, scroll.value + 600.0));
    assert_eq!(model.geometry.topmost(), None);
}

#[test]
fn an_end_that_is_not_the_newest_is_not_sticky() {
    let mut model = Model::new(rows(60, 50), 600.0, false);
    model.geometry.stick_to_end();
    model.layout();
    assert_eq!(model.ends(), (model.ends().0, 600.0));
    let (name, y) = model.held().expect("a row is held");
    model.insert(60, rows(10, 80));
    model.layout();
    assert_eq!(model.body(name), Some(y));
}

#[test]
fn when_the_anchor_goes_the_next_row_stays() {
    let mut model = Model::new(rows(60, 50), 600.0, true);
    model.geometry.jump(20, Place::Body(10.0));
    model.layout();
    let next = model.rows[21].name;
    let y = model.body(next);
    model.remove(20, 1);
    model.layout();
    assert_eq!(model.body(next), y);
}

#[test]
fn an_anchor_that_comes_again_keeps_its_place() {
    let mut model = Model::new(rows(60, 50), 600.0, true);
    model.geometry.jump(20, Place::Body(10.0));
    model.layout();
    // All rows are read again; the anchor is now the 45th.
    model.rows = (100..190).map(|name| Row { name, extent: Extent { lead: 5, height: 40 } }).collect();
    model.geometry.splice(0, 60, 90, Some(45));
    model.layout();
    assert_eq!(model.body(145), Some(10.0));
}

#[test]
fn a_row_higher_than_the_viewport_is_held_by_its_body() {
    let mut model = Model::new(rows(60, 50), 300.0, true);
    model.rows[30].extent.height = 2_000;
    model.geometry.jump(30, Place::Body(-400.0));
    model.layout();
    let name = model.rows[30].name;
    assert_eq!(model.held(), Some((name, -400.0)));
    model.rows[30].extent.height = 1_500;
    model.rows[29].extent.height = 500;
    model.layout();
    assert_eq!(model.body(name), Some(-400.0));
}

/// With nothing ready around the viewport, exactly what fills it is placed; what is lacking then, made ready one by one, is
/// what would have been placed at once, and nothing moves when it comes.
#[test]
fn what_lacks_around_the_viewport_comes_later_and_moves_nothing() {
    let row = |height| Extent { lead: 0, height };
    let extents: Vec<Extent> = (0..200).map(|number| row(40 + number % 7 * 9)).collect();
    let mut model = Model::new(extents, 500.0, true);
    for distance in [-3000.0, -900.0, 700.0] {
        model.geometry.scroll_to(model.geometry.value + distance);
        model.layout_with(&|_| false);
        let filled: Vec<_> = model.geometry.rows().collect();
        let visible: Vec<_> = model.geometry.visible().collect();
        assert_eq!(filled, visible);

        let mut ready: std::collections::BTreeSet<usize> = model.geometry.placed().collect();
        let first = model.geometry.lacking(|index| ready.contains(&index)).expect("much is lacking");
        let is_above = first < model.geometry.placed().start;
        assert_eq!(is_above, distance < 0.0, "where it is heading comes first");
        while let Some(index) = model.geometry.lacking(|index| ready.contains(&index)) {
            assert!(ready.contains(&(index + 1)) || ready.contains(&(index - 1)), "without a hole");
            model.geometry.learn(index, model.rows[index].extent);
            ready.insert(index);
        }
        model.layout_with(&|index| ready.contains(&index));
        assert_eq!(model.geometry.visible().collect::<Vec<_>>(), visible);
        assert_eq!(model.geometry.placed().collect::<std::collections::BTreeSet<_>>(), ready);
        let (_, top, _) = model.geometry.rows().next().expect("rows");
        assert!(top <= -OVERSCAN);
    }
}

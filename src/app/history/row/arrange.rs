//! Where the parts of a row stand.
//!
//! ```text
//!                     day
//!                 New messages                          } lead
//! ┌──┐ name
//! │  │ ╭─ bubble ─────────────╮
//! └──┘ │ quote                │
//!      │ files                │ edited 10:30
//!      │ words                │
//!      ╰──────────────────────╯
//!      reactions
//! ```
//! Own messages are the mirror image, without picture and name. When so little width is left
//! that words would become a column of syllables, the time goes below the bubble, for every row
//! alike, so that no row changes its height when a time appears.

use gtk::{graphene, prelude::*, subclass::prelude::*};

use super::{Kind, imp};

/// The side of a picture.
pub const AVATAR: i32 = 36;
/// The width of a row that may choose.
pub const NATURAL_WIDTH: i32 = 600;

/// Rows become no wider than this; what is left goes to both sides.
const WIDEST_COLUMN: i32 = 900;
/// Lines longer than this are hard to read.
const WIDEST_BUBBLE: i32 = 580;
/// With less than this for the bubble, the time goes below it.
const NARROW_BUBBLE: i32 = 190;
/// Space at both sides.
const MARGIN: i32 = 12;
/// Space between picture and bubble, and between bubble and time.
const GAP: i32 = 8;
/// Space between the edge of the bubble and its words.
const PADDING: (i32, i32) = (12, 7);
/// Space between the edge of the bubble and its files.
const FILE_PADDING: i32 = 4;
/// Space above a message within a group, and above a group.
const BETWEEN: (i32, i32) = (3, 14);

type Placed = (gtk::Widget, graphene::Rect);

/// Where the parts stand, as if text ran from left to right.
#[derive(Clone, Debug)]
pub struct Arrangement {
    width: i32,
    pub height: i32,
    lead: i32,
    pub meta: graphene::Rect,
    places: Vec<Placed>,
}

impl Default for Arrangement {
    fn default() -> Self {
        Self { width: -1, height: 0, lead: 0, meta: graphene::Rect::zero(), places: Vec::new() }
    }
}

/// Places parts from top to bottom.
struct Stack {
    y: i32,
    places: Vec<Placed>,
}

impl Stack {
    fn put(&mut self, widget: &impl IsA<gtk::Widget>, x: i32, y: i32, width: i32, height: i32) {
        let rect = graphene::Rect::new(x as f32, y as f32, width.max(0) as f32, height.max(0) as f32);
        self.places.push((widget.clone().upcast(), rect));
    }

    /// A part in the middle of the column, with space around.
    fn line(&mut self, widget: Option<&gtk::Label>, x: i32, column: i32, above: i32, below: i32) {
        let Some(widget) = widget else { return };
        let (width, height) = natural(widget, column);
        self.put(widget, x + (column - width) / 2, self.y + above, width, height);
        self.y += above + height + below;
    }
}

/// The width a part likes best, at most `most`, and its height then.
fn natural(widget: &impl IsA<gtk::Widget>, most: i32) -> (i32, i32) {
    let (least, likes, ..) = widget.measure(gtk::Orientation::Horizontal, -1);
    let width = likes.min(most).max(least);
    (width, widget.measure(gtk::Orientation::Vertical, width).1)
}

impl imp::MessageRow {
    /// Finds a place for every part. GTK asks only when something changed.
    pub fn arrange(&self, width: i32) -> std::cell::Ref<'_, Arrangement> {
        let arrangement = self.arranged(width);
        self.lead.set(arrangement.lead);
        self.arrangement.replace(arrangement);
        self.arrangement.borrow()
    }

    fn arranged(&self, width: i32) -> Arrangement {
        let parts = &self.parts;
        let kind = self.kind.get().copied().unwrap_or(Kind::Incoming);
        let column = (width - 2 * MARGIN).clamp(0, WIDEST_COLUMN);
        let start = (width - column) / 2;
        let indent = if kind == Kind::Incoming { AVATAR + GAP } else { 0 };
        let mut stack = Stack { y: 0, places: Vec::with_capacity(8) };

        stack.line(parts.day.shown(), start, column, 18, 4);
        stack.line(parts.new_line.shown(), start, column, 14, 2);
        stack.y += if self.obj().has_css_class("begins-group") { BETWEEN.1 } else { BETWEEN.0 };
        if let Some(avatar) = parts.avatar.shown() {
            avatar.measure(gtk::Orientation::Horizontal, -1);
            avatar.measure(gtk::Orientation::Vertical, AVATAR);
            stack.put(avatar, start, stack.y, AVATAR, AVATAR);
        }
        if let Some(name) = parts.name.shown() {
            let (width, height) = natural(name, column - indent - PADDING.0);
            stack.put(name, start + indent + PADDING.0, stack.y, width, height);
            stack.y += height + 3;
        }
        let lead = stack.y;

        // The time, and what stands beside it. What is seen even while the time is not comes next to the bubble.
        let edited = parts.edited.shown().map(|edited| edited.clone().upcast::<gtk::Widget>());
        let lock = parts.lock.shown().map(|lock| lock.clone().upcast::<gtk::Widget>());
        let meta = Some(parts.meta.clone().upcast::<gtk::Widget>());
        let marks = parts.marks.shown().map(|marks| marks.clone().upcast::<gtk::Widget>());
        let beside: Vec<(gtk::Widget, i32, i32)> = match kind {
            Kind::Incoming => [edited, lock, meta, marks],
            Kind::Outgoing => [meta, marks, lock, edited],
        }
        .into_iter()
        .flatten()
        .map(|widget| {
            let (width, height) = natural(&widget, column);
            (widget, width, height)
        })
        .collect();
        let beside_width = beside.iter().map(|(_, width, _)| width + 4).sum::<i32>() - 4;
        let beside_height = beside.iter().map(|(_, _, height)| *height).max().unwrap_or(0);
        let left = column - indent - GAP - beside_width;
        let narrow = left < NARROW_BUBBLE;
        let most = if narrow { column - indent } else { left }.min(WIDEST_BUBBLE) - 2 * PADDING.0;

        // The bubble is as wide as the widest of what is in it.
        let body = Some(&parts.body).filter(|body| body.get_visible());
        let (body_width, body_height) = body.map_or((0, 0), |body| body.fit(most));
        let quote = parts.quote.shown().map(|quote| (quote, natural(quote, most).0));
        let beyond = 2 * (PADDING.0 - FILE_PADDING);
        let files = parts.files.shown().map(|files| (files, natural(files, most + beyond).0));
        let inner = body_width
            .max(quote.as_ref().map_or(0, |(_, width)| *width))
            .max(files.as_ref().map_or(0, |(_, width)| *width - beyond));
        let bubble_width = inner + 2 * PADDING.0;
        let bubble_x = match kind {
            Kind::Incoming => start + indent,
            Kind::Outgoing => start + column - bubble_width,
        };
        let bubble_y = stack.y;
        parts.bubble.measure(gtk::Orientation::Horizontal, -1);
        let bubble_place = stack.places.len();
        stack.put(&parts.bubble, 0, 0, 0, 0);
        stack.y += if quote.is_none() && files.is_some() { FILE_PADDING } else { PADDING.1 };
        if let Some((quote, _)) = quote {
            let height = quote.measure(gtk::Orientation::Vertical, inner).1;
            stack.put(quote, bubble_x + PADDING.0, stack.y, inner, height);
            stack.y += height + 6;
        }
        if let Some((files, _)) = files {
            let width = inner + beyond;
            let height = files.measure(gtk::Orientation::Vertical, width).1;
            stack.put(files, bubble_x + FILE_PADDING, stack.y, width, height);
            stack.y += height + if body.is_some() { 6 } else { FILE_PADDING };
        }
        if let Some(body) = body {
            // GTK wants to have asked before it gives.
            body.measure(gtk::Orientation::Vertical, inner);
            stack.put(body, bubble_x + PADDING.0, stack.y, inner, body_height);
            stack.y += body_height + PADDING.1;
        }
        parts.bubble.measure(gtk::Orientation::Vertical, bubble_width);
        stack.places[bubble_place].1 = graphene::Rect::new(
            bubble_x as f32,
            bubble_y as f32,
            bubble_width as f32,
            (stack.y - bubble_y) as f32,
        );

        // Beside the last line, or below.
        let (mut x, center) = match (kind, narrow) {
            (Kind::Incoming, false) => (bubble_x + bubble_width + GAP, stack.y - PADDING.1 - 9),
            (Kind::Outgoing, false) => (bubble_x - GAP - beside_width, stack.y - PADDING.1 - 9),
            (Kind::Incoming, true) => (bubble_x + PADDING.0, stack.y + 2 + beside_height / 2),
            (Kind::Outgoing, true) => {
                (start + column - PADDING.0 - beside_width, stack.y + 2 + beside_height / 2)
            }
        };
        let meta = graphene::Rect::new(x as f32, center as f32, beside_width as f32, 1.0);
        for (widget, width, height) in beside {
            stack.put(&widget, x, center - height / 2, width, height);
            x += width + 4;
        }
        if narrow {
            stack.y += beside_height + 4;
        }

        let below = column - indent;
        let align = |width: i32| match kind {
            Kind::Incoming => start + indent,
            Kind::Outgoing => start + column - width,
        };
        if let Some(reactions) = parts.reactions.shown() {
            let (width, height) = natural(reactions, below.min(WIDEST_BUBBLE));
            stack.put(reactions, align(width), stack.y + 4, width, height);
            stack.y += 4 + height;
        }
        if let Some(failure) = parts.failure.shown() {
            let (width, height) = natural(failure, below.min(WIDEST_BUBBLE));
            stack.put(failure, align(width), stack.y + 4, width, height);
            stack.y += 4 + height;
        }
        for button in [parts.try_again.shown(), parts.remedy.shown()].into_iter().flatten() {
            let (width, height) = natural(button, below);
            stack.put(button, align(width), stack.y + 6, width, height);
            stack.y += 6 + height + 4;
        }

        Arrangement { width, height: stack.y, lead, meta, places: stack.places }
    }

    /// Gives every part its place.
    pub fn place(&self, width: i32) {
        if self.arrangement.borrow().width != width {
            self.arrange(width);
        }
        let mirrored = self.obj().direction() == gtk::TextDirection::Rtl;
        for (widget, rect) in &self.arrangement.borrow().places {
            let (x, y) = (rect.x() as i32, rect.y() as i32);
            let (part_width, height) = (rect.width() as i32, rect.height() as i32);
            let x = if mirrored { width - x - part_width } else { x };
            widget.size_allocate(&gtk::Allocation::new(x, y, part_width, height), -1);
        }
    }
}

//! Where the rows of the history stand.
//!
//! The promise of the history is that what a person reads never moves by itself. Every other
//! list of GTK places rows by adding heights from the top, so whatever grows above pushes what
//! is being read away. Here it is the other way round: one row, the *anchor*, has a fixed place
//! in the viewport, and every other row is placed from there, upwards and downwards.
//!
//! What is held is the top of the row's *body*, not of the row: the part above it (a day, the
//! `New messages` line, the name of the sender: the *lead*) comes and goes with the neighbours
//! of the row, and must not push the words.
//!
//! The scroll coordinate floats: `value`, which kinetic scrolling and the scrollbar write, is
//! never rewritten by us. What changes is where the first row lies in that coordinate, so
//! `lower` may go below zero. A fling therefore survives pages that arrive in the middle of it.
//! (The road not taken, correcting `value` after each layout, makes a fling jump: kinetic
//! scrolling writes absolute positions.)
//!
//! Heights are known once a row was measured; until then the mean of the others stands in. Only
//! the scrollbar ever shows an estimate, never a row.
//!
//! This file knows neither GTK nor messages. It is told how many rows there are, and asks how
//! high a row is when it needs one.

use std::ops::Range;

/// The size of one row, in whole pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// How much of the height stands above the body.
    pub lead: i32,
    /// The whole height.
    pub height: i32,
}

/// A row, and the distance from the top of the viewport to the top of its body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// The row.
    pub index: usize,
    /// Where its body begins.
    pub y: f64,
}

/// Where to put a row that was jumped to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// Its body begins this far below the top of the viewport.
    Body(f64),
    /// This share of the free space stands above it: 0 is the top, 1 the bottom.
    Share(f64),
}

/// What the adjustment shall say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scroll {
    /// The coordinate of the top of the viewport.
    pub value: f64,
    /// The coordinate of the first row.
    pub lower: f64,
    /// The coordinate of the end of the last row.
    pub upper: f64,
}

/// Rows outside of the viewport that are kept ready, in pixels above and below.
pub const OVERSCAN: f64 = 600.0;

/// Rows that can be measured.
pub trait Rows {
    /// Whether measuring a row is cheap: nothing has to be made for it.
    fn is_ready(&self, index: usize) -> bool;
    /// The size of a row.
    fn measure(&mut self, index: usize) -> Extent;
}

/// See the top of the file.
#[derive(Debug)]
pub struct Geometry {
    rows: Vec<Option<Extent>>,
    anchor: Anchor,
    /// A jump whose row has not been measured yet.
    jump: Option<Place>,
    /// The end of the last row is held at the end of the viewport.
    sticky: bool,
    /// Whether the last row is the newest message there is: only then the end is sticky.
    ends_at_newest: bool,
    viewport: f64,
    value: f64,
    /// It was scrolled upwards last.
    goes_up: bool,
    /// The rows that were placed last, and the top of the first of them.
    placed: Range<usize>,
    top: f64,
    /// Sum and number of all heights measured so far.
    measured: (f64, f64),
}

impl Default for Geometry {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            anchor: Anchor { index: 0, y: 0.0 },
            jump: None,
            sticky: true,
            ends_at_newest: true,
            viewport: 0.0,
            value: 0.0,
            goes_up: true,
            placed: 0..0,
            top: 0.0,
            measured: (72.0, 1.0),
        }
    }
}

impl Geometry {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row that is held, and where. `None` while the end is held, or there is nothing.
    pub fn anchor(&self) -> Option<Anchor> {
        (!self.sticky && !self.rows.is_empty()).then_some(self.anchor)
    }

    /// The topmost row that can be read, and where it stands, also while the end is held.
    pub fn topmost(&self) -> Option<Anchor> {
        (!self.rows.is_empty()).then_some(self.anchor)
    }

    /// Whether the end is held: what comes is shown.
    pub fn is_sticky(&self) -> bool {
        self.sticky
    }

    /// The height of the viewport at the last layout.
    pub fn viewport(&self) -> f64 {
        self.viewport
    }

    /// The rows that were placed last.
    pub fn placed(&self) -> Range<usize> {
        self.placed.clone()
    }

    /// The rows that were placed last, each with the top of its row and its size.
    pub fn rows(&self) -> impl Iterator<Item = (usize, f64, Extent)> + '_ {
        let mut y = self.top;
        self.placed.clone().map(move |index| {
            let extent = self.extent(index);
            let top = y;
            y += f64::from(extent.height);
            (index, top, extent)
        })
    }

    /// The rows of which something is to be seen.
    pub fn visible(&self) -> impl Iterator<Item = (usize, f64, Extent)> + '_ {
        self.rows().filter(|(_, top, extent)| *top < self.viewport && top + f64::from(extent.height) > 0.0)
    }

    /// The row at a height of the viewport.
    pub fn row_at(&self, y: f64) -> Option<usize> {
        self.rows()
            .find(|(_, top, extent)| y >= *top && y < top + f64::from(extent.height))
            .map(|(index, _, _)| index)
    }

    /// Says whether the last row is the newest message there is.
    pub fn set_ends_at_newest(&mut self, ends: bool) {
        self.ends_at_newest = ends;
        if !ends {
            self.sticky = false;
        }
    }

    /// Holds the end from the next layout on.
    pub fn stick_to_end(&mut self) {
        self.sticky = self.ends_at_newest;
        self.jump = (!self.sticky).then_some(Place::Share(1.0));
        self.anchor.index = self.rows.len().saturating_sub(1);
    }

    /// Puts a row in its place at the next layout, and holds it there.
    pub fn jump(&mut self, index: usize, place: Place) {
        self.anchor = Anchor { index: index.min(self.rows.len().saturating_sub(1)), y: 0.0 };
        self.jump = Some(place);
        self.sticky = false;
    }

    /// Takes over the coordinate of another adjustment.
    pub fn adopt(&mut self, value: f64) {
        self.value = value;
    }

    /// Forgets what is held, for rows of another conversation. The end is held then.
    pub fn clear(&mut self) {
        *self = Self {
            ends_at_newest: self.ends_at_newest,
            sticky: self.ends_at_newest,
            viewport: self.viewport,
            value: self.value,
            measured: self.measured,
            ..Self::default()
        };
    }

    /// Rows came and went. If the anchor is among those that went, and came again as another
    /// row, `heir` says as which.
    pub fn splice(&mut self, position: usize, removed: usize, added: usize, heir: Option<usize>) {
        let end = position + removed;
        let went: Vec<_> = self.rows.splice(position..end, std::iter::repeat_n(None, added)).collect();
        let after = |index: usize| index + added - removed;

        let map_bound = |bound: usize| match bound {
            bound if bound <= position => bound,
            bound if bound >= end => after(bound),
            _ => position + added,
        };
        self.placed = map_bound(self.placed.start)..map_bound(self.placed.end);

        if self.anchor.index >= end {
            self.anchor.index = after(self.anchor.index);
        } else if self.anchor.index >= position {
            self.replace_anchor(position, added, heir, &went);
        }
        self.anchor.index = self.anchor.index.min(self.rows.len().saturating_sub(1));
    }

    /// The anchor went: its heir takes its place, else the next row stays where it is, so that
    /// the gap closes from above, else the row before.
    fn replace_anchor(
        &mut self,
        position: usize,
        added: usize,
        heir: Option<usize>,
        went: &[Option<Extent>],
    ) {
        if let Some(heir) = heir {
            self.anchor.index = heir;
            return;
        }
        let first = self.anchor.index - position;
        let body_to_end = |extent: Extent| f64::from(extent.height - extent.lead);
        let mut y = self.anchor.y;
        for (offset, extent) in went[first..].iter().enumerate() {
            let extent = extent.unwrap_or_else(|| self.estimate());
            y += if offset == 0 { body_to_end(extent) } else { f64::from(extent.height) };
        }
        let next = position + added;
        if next < self.rows.len() {
            y += f64::from(self.extent(next).lead);
            if y >= self.viewport {
                y = self.anchor.y.max(0.0);
            }
            self.anchor = Anchor { index: next, y };
        } else if position > 0 {
            let before = self.extent(position - 1);
            let mut y = self.anchor.y - f64::from(went[first].unwrap_or_default().lead);
            for extent in &went[..first] {
                y -= f64::from(extent.unwrap_or_else(|| self.estimate()).height);
            }
            self.anchor = Anchor { index: position - 1, y: y - body_to_end(before) };
        }
    }

    /// The adjustment was moved, by a person or by kinetic scrolling.
    ///
    /// It may happen several times between two layouts, before or after rows changed: the
    /// anchor moves along, and another is looked for only when it left the viewport.
    pub fn scroll_to(&mut self, value: f64) {
        let distance = value - self.value;
        self.value = value;
        if distance == 0.0 || self.rows.is_empty() {
            return;
        }
        self.sticky = false;
        self.jump = None;
        self.goes_up = distance < 0.0;
        self.top = snap(self.top - distance);
        self.anchor.y = snap(self.anchor.y - distance);
        self.settle();
    }

    /// Moves the anchor to the topmost row whose body begins in the viewport, else to the one
    /// that covers it, by known and estimated heights.
    fn settle(&mut self) {
        while self.anchor.y >= self.viewport && self.anchor.index > 0 {
            let step = self.body_distance(self.anchor.index - 1);
            self.anchor.index -= 1;
            self.anchor.y -= step;
        }
        while self.anchor.y < 0.0 && self.anchor.index + 1 < self.rows.len() {
            let step = self.body_distance(self.anchor.index);
            if self.anchor.y + step >= self.viewport {
                break;
            }
            self.anchor.index += 1;
            self.anchor.y += step;
        }
    }

    /// From the body of a row to the body of the next.
    fn body_distance(&self, index: usize) -> f64 {
        let (this, next) = (self.extent(index), self.extent(index + 1));
        f64::from(this.height - this.lead + next.lead)
    }

    /// Places every row of the viewport, and around it those that are ready. Each of them is measured, every time: it is
    /// cheap, GTK remembers sizes. What is [`Self::lacking`] then can be made ready when there is time.
    pub fn layout(&mut self, viewport: f64, mut source: impl Rows) -> Scroll {
        self.viewport = viewport;
        let Some(last_row) = self.rows.len().checked_sub(1) else {
            self.placed = 0..0;
            self.top = 0.0;
            return Scroll { value: self.value, lower: self.value, upper: self.value + viewport };
        };

        let mut index = self.anchor.index.min(last_row);
        if self.sticky {
            index = last_row;
        }
        let extent = self.measure(index, &mut source);
        let free = viewport - f64::from(extent.height);
        let mut top = match self.jump.take() {
            _ if self.sticky => free,
            Some(Place::Share(share)) => snap(free.max(0.0) * share),
            Some(Place::Body(y)) => y - f64::from(extent.lead),
            None => self.anchor.y - f64::from(extent.lead),
        };
        let mut bottom = top + f64::from(extent.height);
        let (mut first, mut last) = (index, index);

        // As held; then moved up to the start, or down to the end, where there would be a hole.
        loop {
            while last < last_row
                && (bottom < viewport || bottom < viewport + OVERSCAN && source.is_ready(last + 1))
            {
                last += 1;
                bottom += f64::from(self.measure(last, &mut source).height);
            }
            while first > 0 && (top > 0.0 || top > -OVERSCAN && source.is_ready(first - 1)) {
                first -= 1;
                top -= f64::from(self.measure(first, &mut source).height);
            }
            let shift = if last == last_row && bottom < viewport {
                viewport - bottom
            } else if first == 0 && top > 0.0 {
                if last == last_row { (viewport - bottom).max(-top) } else { -top }
            } else {
                break;
            };
            if shift == 0.0 {
                break;
            }
            top += shift;
            bottom += shift;
        }

        self.placed = first..last + 1;
        self.top = top;
        if self.ends_at_newest && last == last_row && bottom <= viewport + 1.0 {
            self.sticky = true;
        }
        self.hold_topmost();

        let above: f64 = self.sum(0..first);
        let below: f64 = self.sum(last + 1..last_row + 1);
        Scroll {
            value: self.value,
            lower: (self.value + top - above).min(self.value),
            upper: (self.value + bottom + below).max(self.value + viewport),
        }
    }

    /// Takes as anchor the topmost row on the screen whose body begins there, else the one that
    /// covers it.
    fn hold_topmost(&mut self) {
        let mut covering = None;
        let mut begins = None;
        for (index, top, extent) in self.visible() {
            let anchor = Anchor { index, y: top + f64::from(extent.lead) };
            if anchor.y >= 0.0 && anchor.y < self.viewport {
                begins = Some(anchor);
                break;
            }
            covering.get_or_insert(anchor);
        }
        if let Some(anchor) = begins.or(covering) {
            self.anchor = anchor;
        }
    }

    /// The row around the viewport that is to be made ready next; where the person is heading first.
    pub fn lacking(&self, is_ready: impl Fn(usize) -> bool) -> Option<usize> {
        let first_lacking = |rows: &mut dyn Iterator<Item = usize>, space: f64| {
            let mut space = space;
            rows.take_while(|index| {
                let is_near = space > 0.0;
                space -= f64::from(self.extent(*index).height);
                is_near
            })
            .find(|index| !is_ready(*index))
        };
        let bottom = self.top + self.sum(self.placed.clone());
        let above = || first_lacking(&mut (0..self.placed.start).rev(), OVERSCAN + self.top);
        let below =
            || first_lacking(&mut (self.placed.end..self.rows.len()), self.viewport + OVERSCAN - bottom);
        if self.goes_up { above().or_else(below) } else { below().or_else(above) }
    }

    fn measure(&mut self, index: usize, source: &mut impl Rows) -> Extent {
        let extent = source.measure(index);
        self.learn(index, extent);
        extent
    }

    /// A row was measured.
    pub fn learn(&mut self, index: usize, extent: Extent) {
        if self.rows[index].replace(extent).is_none() {
            self.measured.0 += f64::from(extent.height);
            self.measured.1 += 1.0;
        }
    }

    fn extent(&self, index: usize) -> Extent {
        self.rows[index].unwrap_or_else(|| self.estimate())
    }

    fn estimate(&self) -> Extent {
        Extent { lead: 0, height: (self.measured.0 / self.measured.1).round() as i32 }
    }

    fn sum(&self, rows: Range<usize>) -> f64 {
        rows.map(|index| f64::from(self.extent(index).height)).sum()
    }
}

/// To the 64th of a pixel: so coarse that adding and subtracting whole heights is exact.
fn snap(y: f64) -> f64 {
    (y * 64.0).round() / 64.0
}

#[cfg(test)]
mod tests;

//! The words of a message, with links and selection.
//!
//! A `GtkLabel` would do, at a price: it breaks every text at its narrowest, its widest and its
//! given width before it is placed, parses markup, and brings gestures of its own. Here a text is
//! broken once, or twice when it does not fit on a line, and a row of the history costs half.
//!
//! There is no markup at all: what looks different is an attribute on a range of bytes, so text
//! from strangers cannot become anything but text. Links are found by `text.rs`; the list does
//! the pointing and clicking, so that a thousand rows need no gestures.

use std::ops::Range;

use gtk::{glib, graphene, pango, prelude::*, subclass::prelude::*};

use super::words::{Style, Words};

/// How large emoji alone are.
const EMOJI_SCALE: f64 = 2.6;
/// Space between lines, as a share of their height.
const LINE_SPACING: f32 = 1.22;

mod imp {
    use std::{
        cell::{Cell, RefCell},
        ops::Range,
    };

    use gtk::{gdk, glib, graphene, pango, prelude::*, subclass::prelude::*};

    #[derive(Default)]
    pub struct Prose {
        pub layout: RefCell<Option<pango::Layout>>,
        pub text: RefCell<String>,
        pub links: RefCell<Vec<Range<usize>>>,
        pub selected: RefCell<Option<Range<usize>>>,
        pub focused_link: Cell<Option<usize>>,
        pub size: Cell<(i32, i32)>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Prose {
        const NAME: &'static str = "StarlingProse";
        type Type = super::Prose;
        type ParentType = gtk::Widget;
        type Interfaces = (gtk::AccessibleText,);

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("prose");
            class.set_accessible_role(gtk::AccessibleRole::Label);
        }
    }

    impl ObjectImpl for Prose {}

    impl WidgetImpl for Prose {
        fn measure(&self, orientation: gtk::Orientation, _: i32) -> (i32, i32, i32, i32) {
            let (width, height) = self.size.get();
            match orientation {
                gtk::Orientation::Horizontal => (0, width, -1, -1),
                _ => (height, height, -1, -1),
            }
        }

        fn snapshot(&self, snapshot: &gtk::Snapshot) {
            let prose = self.obj();
            let Some(layout) = self.layout.borrow().clone() else { return };
            snapshot.save();
            snapshot.translate(&graphene::Point::new(prose.indent() as f32, 0.0));
            if let Some(range) = &*self.selected.borrow() {
                let accent = adw::StyleManager::default().accent_color_rgba();
                let color = gdk::RGBA::new(accent.red(), accent.green(), accent.blue(), 0.4);
                for rect in prose.rects(range) {
                    snapshot.append_color(&color, &rect);
                }
            }
            snapshot.append_layout(&layout, &prose.color());
            let focused = self.focused_link.get().filter(|_| prose.has_focus());
            if let Some(link) = focused.and_then(|link| self.links.borrow().get(link).cloned()) {
                let color = prose.color();
                let faint = gdk::RGBA::new(color.red(), color.green(), color.blue(), 0.18);
                for rect in prose.rects(&link) {
                    snapshot.append_color(&faint, &rect.inset_r(-2.0, 0.0));
                }
            }
            snapshot.restore();
        }

        /// Tab goes from link to link.
        fn focus(&self, direction: gtk::DirectionType) -> bool {
            let count = self.links.borrow().len();
            let now = self.focused_link.get().filter(|_| self.obj().has_focus());
            let next = match (direction, now) {
                (gtk::DirectionType::TabForward, None) => Some(0),
                (gtk::DirectionType::TabForward, Some(link)) => Some(link + 1),
                (gtk::DirectionType::TabBackward, None) => count.checked_sub(1),
                (gtk::DirectionType::TabBackward, Some(link)) => link.checked_sub(1),
                _ => None,
            };
            let Some(next) = next.filter(|next| *next < count) else { return false };
            self.focused_link.set(Some(next));
            self.obj().queue_draw();
            self.obj().has_focus() || self.obj().grab_focus()
        }
    }

    impl AccessibleTextImpl for Prose {
        fn contents(&self, start: u32, end: u32) -> Option<glib::Bytes> {
            let text = self.text.borrow();
            let count = end.saturating_sub(start) as usize;
            let part: String = text.chars().skip(start as usize).take(count).collect();
            Some(glib::Bytes::from_owned(part))
        }

        fn contents_at(
            &self,
            offset: u32,
            granularity: gtk::AccessibleTextGranularity,
        ) -> Option<(u32, u32, glib::Bytes)> {
            let text = self.text.borrow();
            let byte = text.char_indices().nth(offset as usize).map_or(text.len(), |(byte, _)| byte);
            let range = match granularity {
                gtk::AccessibleTextGranularity::Character => {
                    byte..byte + text[byte..].chars().next().map_or(0, char::len_utf8)
                }
                gtk::AccessibleTextGranularity::Word => crate::history::selection::word_at(&text, byte),
                _ => {
                    let start = text[..byte].rfind('\n').map_or(0, |end| end + 1);
                    start..text[byte..].find('\n').map_or(text.len(), |length| byte + length)
                }
            };
            let start = text[..range.start].chars().count() as u32;
            let end = start + text[range.clone()].chars().count() as u32;
            Some((start, end, glib::Bytes::from_owned(text[range].to_owned())))
        }

        fn caret_position(&self) -> u32 {
            0
        }

        fn selection(&self) -> Vec<gtk::AccessibleTextRange> {
            Vec::new()
        }

        fn attributes(&self, _: u32) -> Vec<(gtk::AccessibleTextRange, glib::GString, glib::GString)> {
            Vec::new()
        }

        fn default_attributes(&self) -> Vec<(glib::GString, glib::GString)> {
            Vec::new()
        }

        fn extents(&self, _: u32, _: u32) -> Option<graphene::Rect> {
            None
        }

        fn offset(&self, _: &graphene::Point) -> Option<u32> {
            None
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct Prose(ObjectSubclass<imp::Prose>)
        @extends gtk::Widget,
        @implements gtk::Accessible, gtk::AccessibleText, gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for Prose {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Prose {
    /// Shows words.
    pub fn show(&self, words: &Words) {
        let imp = self.imp();
        let layout = self.layout();
        layout.set_text(&words.text);
        layout.set_attributes(Some(&attributes(words)));
        self.set_focusable(!words.links.is_empty());
        imp.text.replace(words.text.clone());
        imp.links.replace(words.links.clone());
        imp.selected.replace(None);
        imp.focused_link.set(None);
        self.queue_resize();
    }

    /// Breaks the text into lines no wider than `most`; returns width and height.
    pub fn fit(&self, most: i32) -> (i32, i32) {
        let layout = self.layout();
        layout.set_width(-1);
        let mut size = layout.pixel_size();
        if size.0 > most {
            layout.set_width(most.max(1) * pango::SCALE);
            size = (layout.pixel_size().0.min(most), layout.pixel_size().1);
            // Lines that begin at the right begin at the right of the bubble, not of all that it might have had.
            layout.set_width(size.0.max(1) * pango::SCALE);
        }
        self.imp().size.set(size);
        size
    }

    /// Which byte is at a point, or nearest to it.
    pub fn byte_at(&self, x: f32, y: f32) -> usize {
        let text = self.imp().text.borrow();
        let (_, height) = self.imp().size.get();
        if y > height as f32 {
            return text.len();
        }
        let (_, index, trailing) = self.index_at(x, y);
        let index = (index.max(0) as usize).min(text.len());
        let rest = text.get(index..).unwrap_or_default();
        index + rest.chars().take(trailing.max(0) as usize).map(char::len_utf8).sum::<usize>()
    }

    /// The link at a point.
    pub fn link_at(&self, x: f32, y: f32) -> Option<String> {
        let (inside, index, _) = self.index_at(x, y);
        let index = usize::try_from(index).ok().filter(|_| inside)?;
        let links = self.imp().links.borrow();
        let link = links.iter().find(|link| link.contains(&index))?;
        Some(self.imp().text.borrow()[link.clone()].to_owned())
    }

    /// The link that Enter opens: the one with the focus, else the first.
    pub fn chosen_link(&self) -> Option<String> {
        let links = self.imp().links.borrow();
        let focused = self.imp().focused_link.get().and_then(|link| links.get(link));
        let link = focused.or(links.first())?;
        Some(self.imp().text.borrow()[link.clone()].to_owned())
    }

    /// Marks a part as selected.
    pub fn select(&self, range: Option<Range<usize>>) {
        if *self.imp().selected.borrow() != range {
            self.imp().selected.replace(range);
            self.queue_draw();
        }
    }

    /// The layout. GTK gives a widget another context when it comes to another place, with
    /// another font, and a layout keeps the one it was made with: then a new one is made.
    fn layout(&self) -> pango::Layout {
        let kept = self.imp().layout.borrow().clone();
        if let Some(layout) = kept.as_ref().filter(|layout| layout.context() == self.pango_context()) {
            return layout.clone();
        }
        let layout = self.create_pango_layout(Some(&self.imp().text.borrow()));
        layout.set_wrap(pango::WrapMode::WordChar);
        layout.set_line_spacing(LINE_SPACING);
        // Each line begins at its own side. Pango turns this about for lines that run against the window.
        layout.set_alignment(match self.direction() {
            gtk::TextDirection::Rtl => pango::Alignment::Right,
            _ => pango::Alignment::Left,
        });
        if let Some(kept) = kept {
            layout.set_attributes(kept.attributes().as_ref());
            layout.set_width(kept.width());
        }
        self.imp().layout.replace(Some(layout.clone()));
        layout
    }

    fn index_at(&self, x: f32, y: f32) -> (bool, i32, i32) {
        let scale = |pixels: f32| (pixels * pango::SCALE as f32) as i32;
        self.layout().xy_to_index(scale(x - self.indent() as f32), scale(y))
    }

    /// A single line of a text from right to left stands at the right of a wider bubble.
    fn indent(&self) -> i32 {
        let layout = self.imp().layout.borrow().clone();
        let Some(layout) = layout.filter(|layout| layout.width() < 0) else { return 0 };
        match layout.direction(0) {
            pango::Direction::Rtl => (self.width() - self.imp().size.get().0).max(0),
            _ => 0,
        }
    }

    /// What a part of the text covers.
    fn rects(&self, range: &Range<usize>) -> Vec<graphene::Rect> {
        let mut rects = Vec::new();
        let layout = self.layout();
        let mut lines = layout.iter();
        let pixels = |units: i32| units as f32 / pango::SCALE as f32;
        loop {
            let (top, bottom) = lines.line_yrange();
            if let Some(line) = lines.line_readonly() {
                let start = line.start_index().max(0) as usize;
                let end = start + line.length().max(0) as usize;
                let (from, to) = (range.start.max(start), range.end.min(end));
                if from < to {
                    let (_, logical) = lines.line_extents();
                    for part in line.x_ranges(from as i32, to as i32).chunks_exact(2) {
                        // Ranges count from the start of the line's own space.
                        let (left, right) =
                            (part[0].max(logical.x()), part[1].min(logical.x() + logical.width()));
                        rects.push(graphene::Rect::new(
                            pixels(left),
                            pixels(top),
                            pixels(right - left).max(0.0),
                            pixels(bottom - top),
                        ));
                    }
                }
            }
            if !lines.next_line() {
                return rects;
            }
        }
    }
}

fn attributes(words: &Words) -> pango::AttrList {
    let attributes = pango::AttrList::new();
    match words.style {
        Style::Plain => {}
        Style::Action | Style::Quiet => attributes.insert(pango::AttrInt::new_style(pango::Style::Italic)),
        Style::Emoji => attributes.insert(pango::AttrFloat::new_scale(EMOJI_SCALE)),
    }
    let accent = adw::StyleManager::default().accent_color_rgba();
    let dark = adw::StyleManager::default().is_dark();
    let accent = adw::rgba_to_standalone(&accent, dark);
    let channel = |value: f32| (value * 65_535.0) as u16;
    for link in &words.links {
        let mut color = pango::AttrColor::new_foreground(
            channel(accent.red()),
            channel(accent.green()),
            channel(accent.blue()),
        );
        let mut line = pango::AttrInt::new_underline(pango::Underline::Single);
        color.set_start_index(link.start as u32);
        color.set_end_index(link.end as u32);
        line.set_start_index(link.start as u32);
        line.set_end_index(link.end as u32);
        attributes.insert(color);
        attributes.insert(line);
    }
    attributes
}

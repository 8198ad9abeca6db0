//! A sound as a row of bars: how loud it is, how far it was played, and where to go on. To keys and screen readers it is a
//! slider of seconds, which it is.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use gtk::{gdk, glib, graphene, gsk, prelude::*, subclass::prelude::*};

/// How wide a bar is, and how far one is from the next.
const BAR: f32 = 3.0;
const STEP: f32 = 5.0;
/// How high silence is.
const SILENCE: f32 = 3.0;
const HEIGHT: i32 = 30;
/// How wide it is at least, and where there is room.
const WIDTH: (i32, i32) = (90, 190);
/// How much of the colour is left of what was not played.
const FAINT: f32 = 0.35;
/// Seconds that a key goes.
const STEPS: (f64, f64) = (1.0, 10.0);

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Waveform {
        pub levels: RefCell<Vec<u8>>,
        /// The newest levels stand at its end: it is being recorded.
        pub is_live: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Waveform {
        const NAME: &'static str = "StarlingWaveform";
        type Type = super::Waveform;
        type ParentType = gtk::Scale;

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("waveform");
        }
    }

    impl ObjectImpl for Waveform {
        fn constructed(&self) {
            self.parent_constructed();
            let waveform = self.obj();
            waveform.set_draw_value(false);
            waveform.set_increments(STEPS.0, STEPS.1);
            waveform.set_valign(gtk::Align::Center);
            // The wheel is for the history around it.
            let controllers: Vec<_> =
                waveform.observe_controllers().iter::<glib::Object>().flatten().collect();
            for wheel in controllers.iter().filter_map(|it| it.downcast_ref::<gtk::EventControllerScroll>()) {
                waveform.remove_controller(wheel);
            }
        }
    }

    impl WidgetImpl for Waveform {
        fn measure(&self, orientation: gtk::Orientation, _: i32) -> (i32, i32, i32, i32) {
            if orientation == gtk::Orientation::Horizontal {
                (WIDTH.0, WIDTH.1, -1, -1)
            } else {
                (HEIGHT, HEIGHT, -1, -1)
            }
        }

        fn snapshot(&self, snapshot: &gtk::Snapshot) {
            let waveform = self.obj();
            let (width, height) = (waveform.width() as f32, waveform.height() as f32);
            let count = (width / STEP).floor().max(1.0) as usize;
            let levels = self.levels.borrow();
            let color = waveform.color();
            let faint = gdk::RGBA::new(color.red(), color.green(), color.blue(), color.alpha() * FAINT);
            let length = waveform.adjustment().upper();
            let played = if length > 0.0 { waveform.value() / length } else { 0.0 };
            let is_mirrored = waveform.direction() == gtk::TextDirection::Rtl;
            for bar in 0..count {
                let level =
                    if self.is_live.get() { newest(&levels, bar, count) } else { at(&levels, bar, count) };
                let high = (f32::from(level) / 255.0 * height).max(SILENCE);
                let place = if is_mirrored { count - 1 - bar } else { bar };
                let bounds = graphene::Rect::new(place as f32 * STEP, (height - high) / 2.0, BAR, high);
                let is_played = self.is_live.get() || (bar as f64 + 0.5) / count as f64 <= played;
                snapshot.push_rounded_clip(&gsk::RoundedRect::from_rect(bounds, BAR / 2.0));
                snapshot.append_color(if is_played { &color } else { &faint }, &bounds);
                snapshot.pop();
            }
        }
    }

    impl RangeImpl for Waveform {}
    impl ScaleImpl for Waveform {}
}

glib::wrapper! {
    /// See the top of the file.
    pub struct Waveform(ObjectSubclass<imp::Waveform>)
        @extends gtk::Scale, gtk::Range, gtk::Widget,
        @implements gtk::Accessible, gtk::AccessibleRange, gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for Waveform {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Waveform {
    /// Shows a sound, and how far it was played.
    pub fn show_sound(&self, levels: &[u8], length: Option<Duration>, place: Duration) {
        let imp = self.imp();
        imp.is_live.set(false);
        if *imp.levels.borrow() != levels {
            imp.levels.replace(levels.to_vec());
        }
        self.set_range(0.0, length.unwrap_or_default().as_secs_f64().max(0.1));
        self.set_value(place.as_secs_f64());
        self.queue_draw();
    }

    /// Shows what is being recorded: the newest of it at the end.
    pub fn show_recording(&self, levels: &[u8]) {
        self.imp().is_live.set(true);
        self.imp().levels.replace(levels.to_vec());
        self.queue_draw();
    }

    /// Somebody wants to go on from another place.
    pub fn connect_sought(&self, sought: impl Fn(Duration) + 'static) {
        self.connect_change_value(move |range, _, value| {
            let most = range.adjustment().upper();
            sought(Duration::from_secs_f64(value.clamp(0.0, most)));
            glib::Propagation::Proceed
        });
    }
}

/// The level of a bar, where there are `count` for all.
fn at(levels: &[u8], bar: usize, count: usize) -> u8 {
    let begin = bar * levels.len() / count;
    let end = ((bar + 1) * levels.len() / count).max(begin + 1);
    levels.get(begin..end.min(levels.len())).and_then(|part| part.iter().max()).copied().unwrap_or_default()
}

/// The level of a bar, where the last of `count` is the newest.
fn newest(levels: &[u8], bar: usize, count: usize) -> u8 {
    let first = levels.len().checked_add(bar).and_then(|place| place.checked_sub(count));
    first.and_then(|place| levels.get(place)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_finds_a_bar() {
        assert_eq!((0..3).map(|bar| at(&[1, 9, 3, 4, 5, 6], bar, 3)).collect::<Vec<_>>(), [9, 4, 6]);
        assert_eq!((0..4).map(|bar| at(&[1, 2], bar, 4)).collect::<Vec<_>>(), [1, 1, 2, 2]);
        assert_eq!(at(&[], 0, 4), 0);
    }

    #[test]
    fn the_newest_level_stands_at_the_end() {
        assert_eq!((0..4).map(|bar| newest(&[7, 8], bar, 4)).collect::<Vec<_>>(), [0, 0, 7, 8]);
        assert_eq!((0..2).map(|bar| newest(&[1, 2, 3], bar, 2)).collect::<Vec<_>>(), [2, 3]);
    }
}

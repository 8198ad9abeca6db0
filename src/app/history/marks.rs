//! How far an own message came: a clock, one tick, two ticks, two ticks in colour, a cross.
//!
//! Drawn rather than taken from an icon theme: none has a pair of ticks, and a row that has to
//! load an icon costs more than one that strokes five lines.

use std::cell::RefCell;

use gtk::{glib, gsk, pango, prelude::*, subclass::prelude::*};
use model::Delivery;

use super::words;

/// Width and height of the drawing.
const SIZE: (f32, f32) = (17.0, 12.0);

/// The height of the letters it is drawn for, in pixels.
const FONT: f32 = 11.7;

mod imp {
    use super::{Delivery, FONT, RefCell, SIZE, glib, gsk, pango, paths};
    use gtk::{prelude::*, subclass::prelude::*};

    #[derive(Default)]
    pub struct Marks {
        pub delivery: RefCell<Option<Delivery>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Marks {
        const NAME: &'static str = "StarlingDeliveryMarks";
        type Type = super::Marks;
        type ParentType = gtk::Widget;

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("marks");
            class.set_accessible_role(gtk::AccessibleRole::Img);
        }
    }

    impl ObjectImpl for Marks {}

    impl Marks {
        /// It grows with the text beside it.
        fn scale(&self) -> f32 {
            let font = self.obj().pango_context().font_description();
            font.map_or(1.0, |font| (font.size() as f32 / pango::SCALE as f32 / FONT).max(0.5))
        }
    }

    impl WidgetImpl for Marks {
        fn measure(&self, orientation: gtk::Orientation, _: i32) -> (i32, i32, i32, i32) {
            let size = if orientation == gtk::Orientation::Horizontal { SIZE.0 } else { SIZE.1 };
            let size = (size * self.scale()).ceil() as i32;
            (size, size, -1, -1)
        }

        fn snapshot(&self, snapshot: &gtk::Snapshot) {
            let stroke = gsk::Stroke::new(1.6);
            snapshot.scale(self.scale(), self.scale());
            stroke.set_line_cap(gsk::LineCap::Round);
            stroke.set_line_join(gsk::LineJoin::Round);
            if let Some(path) = self.delivery.borrow().as_ref().and_then(paths) {
                snapshot.append_stroke(&path, &stroke, &self.obj().color());
            }
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct Marks(ObjectSubclass<imp::Marks>)
        @extends gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for Marks {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Marks {
    /// Shows how far a message came.
    pub fn set_delivery(&self, delivery: &Delivery) {
        if self.imp().delivery.borrow().as_ref() == Some(delivery) {
            return;
        }
        self.imp().delivery.replace(Some(delivery.clone()));
        let name = words::delivery(delivery).unwrap_or_default();
        self.update_property(&[gtk::accessible::Property::Label(&name)]);
        self.set_tooltip_text(Some(&name));
        let classes: &[&str] = match delivery {
            Delivery::Read => &["read"],
            Delivery::Failed(_) => &["failed"],
            _ => &[],
        };
        self.set_css_classes(classes);
        self.queue_draw();
    }
}

fn paths(delivery: &Delivery) -> Option<gsk::Path> {
    let lines: &[&[(f32, f32)]] = match delivery {
        Delivery::Received => return None,
        Delivery::Queued => &[&[(11.0, 3.0), (11.0, 6.0), (13.0, 7.5)]],
        Delivery::Sent => &[&[(6.5, 6.5), (9.5, 9.5), (15.5, 2.5)]],
        Delivery::Delivered | Delivery::Read => {
            &[&[(1.5, 6.5), (4.5, 9.5), (10.5, 2.5)], &[(8.0, 8.0), (9.5, 9.5), (15.5, 2.5)]]
        }
        Delivery::Failed(_) => &[&[(8.0, 3.0), (14.0, 9.0)], &[(14.0, 3.0), (8.0, 9.0)]],
    };
    let builder = gsk::PathBuilder::new();
    for line in lines {
        builder.move_to(line[0].0, line[0].1);
        for (x, y) in &line[1..] {
            builder.line_to(*x, *y);
        }
    }
    if *delivery == Delivery::Queued {
        builder.add_circle(&gtk::graphene::Point::new(11.0, 6.0), 4.8);
    }
    Some(builder.to_path())
}

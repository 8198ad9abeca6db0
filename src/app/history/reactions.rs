//! The reactions under a message, as chips that flow into lines.
//!
//! A `GtkFlowBox` would do, and cost a fifth of a frame: it measures every child at many widths.
//! Chips are never wrapped, so one pass over their natural widths is enough.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gtk::{glib, prelude::*, subclass::prelude::*};
use model::{MessageId, Reaction};

use super::{context::Context, request::Request, words};

/// Space between chips, and between their lines.
const GAP: i32 = 4;

mod imp {
    use super::{Cell, GAP, MessageId, RefCell, glib};
    use gtk::{prelude::*, subclass::prelude::*};

    #[derive(Default)]
    pub struct ReactionBar {
        pub message: Cell<Option<MessageId>>,
        pub chips: RefCell<Vec<gtk::ToggleButton>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ReactionBar {
        const NAME: &'static str = "StarlingReactionBar";
        type Type = super::ReactionBar;
        type ParentType = gtk::Widget;

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("reactions");
            class.set_accessible_role(gtk::AccessibleRole::Group);
        }
    }

    impl ObjectImpl for ReactionBar {
        fn dispose(&self) {
            for chip in self.chips.take() {
                chip.unparent();
            }
        }
    }

    impl WidgetImpl for ReactionBar {
        fn request_mode(&self) -> gtk::SizeRequestMode {
            gtk::SizeRequestMode::HeightForWidth
        }

        fn measure(&self, orientation: gtk::Orientation, for_size: i32) -> (i32, i32, i32, i32) {
            if orientation == gtk::Orientation::Horizontal {
                let widths = self.chips.borrow().iter().map(|chip| size(chip).0).collect::<Vec<_>>();
                let widest = widths.iter().copied().max().unwrap_or(0);
                let all = widths.iter().map(|width| width + GAP).sum::<i32>() - GAP;
                return (widest, all.max(widest), -1, -1);
            }
            let width = if for_size < 0 { i32::MAX } else { for_size };
            let height = self.flow(width, |_, _, _, _, _| ());
            (height, height, -1, -1)
        }

        fn size_allocate(&self, width: i32, _height: i32, _baseline: i32) {
            let mirrored = self.obj().direction() == gtk::TextDirection::Rtl;
            self.flow(width, |chip, x, y, chip_width, chip_height| {
                let x = if mirrored { width - x - chip_width } else { x };
                chip.size_allocate(&gtk::Allocation::new(x, y, chip_width, chip_height), -1);
            });
        }
    }

    impl ReactionBar {
        /// Walks over the chips as they flow; returns the height of all lines.
        fn flow(&self, width: i32, mut place: impl FnMut(&gtk::ToggleButton, i32, i32, i32, i32)) -> i32 {
            let (mut x, mut y, mut line) = (0, 0, 0);
            for chip in &*self.chips.borrow() {
                let (chip_width, chip_height) = size(chip);
                if x > 0 && chip_width > width.saturating_sub(x) {
                    x = 0;
                    y += line + GAP;
                    line = 0;
                }
                place(chip, x, y, chip_width, chip_height);
                x += chip_width + GAP;
                line = line.max(chip_height);
            }
            y + line
        }
    }

    fn size(chip: &gtk::ToggleButton) -> (i32, i32) {
        let width = chip.measure(gtk::Orientation::Horizontal, -1).1;
        (width, chip.measure(gtk::Orientation::Vertical, width).1)
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct ReactionBar(ObjectSubclass<imp::ReactionBar>)
        @extends gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for ReactionBar {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl ReactionBar {
    /// Shows these reactions, on the chips that are there already as far as they go.
    pub fn show(&self, message: MessageId, reactions: &[Reaction], context: &Rc<Context>) {
        self.imp().message.set(Some(message));
        let mut chips = self.imp().chips.borrow_mut();
        let kept = reactions.len().min(chips.len());
        for surplus in chips.drain(kept..) {
            surplus.unparent();
        }
        while chips.len() < reactions.len() {
            chips.push(self.chip(context));
        }
        for (chip, reaction) in chips.iter().zip(reactions) {
            let label = format!("{} {}", reaction.emoji, reaction.count());
            if chip.label().as_deref() != Some(&label) {
                chip.set_label(&label);
            }
            let names = words::reactors(reaction);
            chip.set_tooltip_text(Some(&names));
            // A button is named by its label unless it is told not to be.
            chip.reset_relation(gtk::AccessibleRelation::LabelledBy);
            chip.update_property(&[gtk::accessible::Property::Label(&format!("{label}: {names}"))]);
            if chip.is_active() != reaction.own {
                chip.set_active(reaction.own);
            }
        }
    }

    fn chip(&self, context: &Rc<Context>) -> gtk::ToggleButton {
        let chip = gtk::ToggleButton::new();
        chip.set_css_classes(&["chip"]);
        chip.set_parent(self);
        let context = Rc::downgrade(context);
        let bar = self.downgrade();
        // `clicked` is a person's doing; `toggled` would also answer to `set_active` above.
        chip.connect_clicked(move |chip| {
            // Until the answer is on disk the chip says what is true now.
            chip.set_active(!chip.is_active());
            let message = bar.upgrade().and_then(|bar| bar.imp().message.get());
            let label = chip.label().unwrap_or_default();
            if let (Some(context), Some(message), Some((emoji, _))) =
                (context.upgrade(), message, label.rsplit_once(' '))
            {
                context.request(Request::React(message, emoji.to_owned()));
            }
        });
        chip
    }
}

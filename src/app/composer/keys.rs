//! The keys of the text.

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, glib};

use super::Composer;
use crate::settings::key;

impl Composer {
    pub(super) fn set_up_keys(&self) {
        let keys = gtk::EventControllerKey::new();
        // Before the text view itself, which would break the line.
        keys.set_propagation_phase(gtk::PropagationPhase::Capture);
        keys.connect_key_pressed(glib::clone!(
            #[weak(rename_to = composer)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, key, _, modifiers| composer.key_pressed(key, modifiers)
        ));
        self.imp().text_view.add_controller(keys);
    }

    fn key_pressed(&self, key: gdk::Key, modifiers: gdk::ModifierType) -> glib::Propagation {
        // Enter, Escape and the arrows belong to the input method while it composes.
        if self.imp().composing.get() {
            return glib::Propagation::Proceed;
        }
        let shift = modifiers.contains(gdk::ModifierType::SHIFT_MASK);
        let others = modifiers.intersects(gdk::ModifierType::ALT_MASK | gdk::ModifierType::SUPER_MASK);
        let control = modifiers.contains(gdk::ModifierType::CONTROL_MASK);
        match key {
            gdk::Key::Return | gdk::Key::KP_Enter | gdk::Key::ISO_Enter if !others => {
                // With Control it always sends.
                if control || shift != self.enter_sends() {
                    self.send();
                } else {
                    self.imp().text_view.buffer().insert_interactive_at_cursor("\n", true);
                    self.imp().text_view.scroll_mark_onscreen(&self.imp().text_view.buffer().get_insert());
                }
                glib::Propagation::Stop
            }
            gdk::Key::Up | gdk::Key::KP_Up if !shift && !control && !others && self.is_empty() => {
                self.emit_by_name::<()>("edit-last", &[]);
                glib::Propagation::Stop
            }
            gdk::Key::Escape if self.cancel() => glib::Propagation::Stop,
            _ => glib::Propagation::Proceed,
        }
    }

    fn enter_sends(&self) -> bool {
        self.imp().settings.get().is_none_or(|settings| settings.boolean(key::ENTER_SENDS))
    }

    fn is_empty(&self) -> bool {
        self.imp().text_view.buffer().char_count() == 0
    }
}

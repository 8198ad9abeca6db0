use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;

use super::ConversationPage;

/// The side of the page: details or search, one at a time. On a narrow window it covers the page.
impl ConversationPage {
    /// Shows the details.
    pub fn show_details(&self) {
        if self.object().is_some() {
            self.imp().details_button.set_active(true);
        }
    }

    pub(super) fn set_up_side(&self) {
        let imp = self.imp();
        imp.search.connect_found(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_, message| page.jump_to(message)
        ));
        imp.search.connect_stopped(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move || page.close_side()
        ));
        self.side_changed();
    }

    pub(super) fn start_search(&self) {
        self.imp().search_button.set_active(true);
        self.imp().search.start();
    }

    pub(super) fn toggle_details(&self) {
        let button = &self.imp().details_button;
        button.set_active(!button.is_active());
    }

    pub(super) fn close_side(&self) {
        self.imp().side_view.set_show_sidebar(false);
    }

    pub(super) fn side_toggled(&self, side: &str, on: bool) {
        let imp = self.imp();
        let (this, other) = if side == "details" {
            (&imp.details_button, &imp.search_button)
        } else {
            (&imp.search_button, &imp.details_button)
        };
        if on {
            other.set_active(false);
            imp.side_stack.set_visible_child_name(side);
            imp.side_view.set_show_sidebar(true);
            if side == "search" {
                imp.search.start();
            }
        } else if !other.is_active() {
            imp.side_view.set_show_sidebar(false);
        }
        debug_assert!(this.is_active() == on);
    }

    pub(super) fn side_changed(&self) {
        let imp = self.imp();
        let shown = imp.side_view.shows_sidebar();
        self.action_set_enabled("conversation.close-side", shown);
        if !shown {
            let had_focus = imp.side_stack.focus_child().is_some();
            imp.details_button.set_active(false);
            imp.search_button.set_active(false);
            imp.search.clear();
            if had_focus {
                self.focus_composer();
            }
        }
    }
}

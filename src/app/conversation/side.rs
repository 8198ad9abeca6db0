use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;

use super::ConversationPage;
use crate::{details::Details, search::Search};

/// The side of the page: details or search, one at a time. On a narrow window it covers the page.
/// Each is made when it is wanted first.
impl ConversationPage {
    /// Shows the details.
    pub fn show_details(&self) {
        if self.object().is_some() {
            self.imp().details_button.set_active(true);
        }
    }

    /// Shows what is open at the side, too.
    pub(super) fn turn_side(&self) {
        let object = self.object();
        if let Some(details) = self.imp().details.get() {
            details.turn_to(object.as_ref());
        }
        if let Some(search) = self.imp().search.get() {
            search.set_scope(object.map(|object| object.key()));
        }
    }

    fn details(&self) -> &Details {
        self.imp().details.get_or_init(|| {
            let details: Details = glib::Object::new();
            details.set_bridge(self.bridge());
            details.turn_to(self.object().as_ref());
            details.show_contact(self.imp().contact.borrow().as_ref());
            self.imp().details_place.set_child(Some(&details));
            details
        })
    }

    fn search(&self) -> &Search {
        self.imp().search.get_or_init(|| {
            let search: Search = glib::Object::new();
            search.set_bridge(self.bridge());
            search.set_scope(self.key());
            search.connect_found(glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |_, message| page.jump_to(message)
            ));
            search.connect_stopped(glib::clone!(
                #[weak(rename_to = page)]
                self,
                move || page.close_side()
            ));
            self.imp().search_place.set_child(Some(&search));
            search
        })
    }

    pub(super) fn start_search(&self) {
        self.imp().search_button.set_active(true);
        self.search().start();
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
            if side == "details" {
                self.details();
            } else {
                self.search();
            }
            other.set_active(false);
            imp.side_stack.set_visible_child_name(side);
            imp.side_view.set_show_sidebar(true);
            if side == "search" {
                self.search().start();
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
            if let Some(search) = imp.search.get() {
                search.clear();
            }
            if had_focus {
                self.focus_composer();
            }
        }
    }
}

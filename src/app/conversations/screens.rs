use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use session::Condition;
use view::Filter;

use super::Conversations;
use crate::{i18n::gettext, search::Search, window::Window};

/// What the sidebar shows: conversations of one kind or another, what was archived, or a search.
impl Conversations {
    pub(super) fn show_right_page(&self) {
        let imp = self.imp();
        let count = self.model().map_or(0, |model| model.rows().n_items());
        let page = if imp.search_button.is_active() {
            "search"
        } else if imp.is_read.get() {
            "list"
        } else {
            "starting"
        };
        imp.stack.set_visible_child_name(page);
        if count == 0 {
            self.describe_emptiness();
        }
        // While nothing can be read, there is nothing to say about what is there.
        let is_readable = self.imp().bridge.get().is_some_and(|bridge| {
            bridge.account_objects().any(|account| matches!(account.condition(), Condition::Open(_)))
        });
        imp.empty_page.set_visible(count == 0 && is_readable);
        let searching = imp.search_button.is_active();
        let archive = imp.archive_bar.is_visible();
        imp.filter_bar.set_visible(!searching && !archive);
    }

    fn describe_emptiness(&self) {
        let imp = self.imp();
        let (title, description, offers_new) = match self.chosen_filter() {
            Filter::All | Filter::Direct => {
                (gettext("No Conversations"), gettext("Write to somebody you know."), true)
            }
            Filter::Unread => (gettext("All Read"), gettext("New messages appear here."), false),
            Filter::Archived => {
                (gettext("Nothing Archived"), gettext("Conversations you archive appear here."), false)
            }
        };
        imp.empty_page.set_title(&title);
        imp.empty_page.set_description(Some(&description));
        imp.empty_button.set_visible(offers_new);
    }

    fn chosen_filter(&self) -> Filter {
        let imp = self.imp();
        if imp.archive_bar.is_visible() {
            return Filter::Archived;
        }
        match imp.filter.active_name().as_deref() {
            Some("direct") => Filter::Direct,
            Some("unread") => Filter::Unread,
            _ => Filter::All,
        }
    }

    pub(super) fn apply_filter(&self) {
        if let Some(model) = self.model() {
            model.set_filter(self.chosen_filter());
        }
    }

    pub(super) fn enter_archive(&self) {
        self.end_search();
        self.imp().archive_bar.set_visible(true);
        self.imp().filter_bar.set_visible(false);
        self.apply_filter();
    }

    pub(super) fn set_up_search(&self) {
        self.imp().search_button.connect_active_notify(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |button| {
                page.show_right_page();
                if button.is_active() {
                    page.search().start();
                } else {
                    if let Some(search) = page.imp().search.get() {
                        search.clear();
                    }
                    page.focus_list();
                }
            }
        ));
    }

    /// The search in everything. It is made when it is wanted first.
    pub(super) fn search(&self) -> &Search {
        self.imp().search.get_or_init(|| {
            let search: Search = glib::Object::new();
            search.set_bridge(self.bridge());
            search.connect_found(glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |key, message| {
                    if let Some(window) = page.root().and_downcast::<Window>() {
                        window.open_at(key, Some(message));
                    }
                }
            ));
            search.connect_stopped(glib::clone!(
                #[weak(rename_to = page)]
                self,
                move || {
                    page.end_search();
                }
            ));
            self.imp().search_place.set_child(Some(&search));
            search
        })
    }
}

//! Reading: pages come before they are needed, what was seen is told, and a button leads back.

use std::time::Duration;

use gtk::{glib, prelude::*, subclass::prelude::*};
use model::Timestamp;

use super::{Edge, HistoryView, Request};
use crate::{
    history::when,
    i18n::{gettext, ngettext_f},
};

/// A page is asked for when fewer viewports than this can still be scrolled.
const NEAR: f64 = 2.5;

/// `Scroll to Bottom`, with the number of new messages.
pub struct WayBack {
    revealer: gtk::Revealer,
    badge: gtk::Label,
    button: gtk::Button,
}

impl Default for WayBack {
    fn default() -> Self {
        let badge = gtk::Label::builder().css_classes(["badge", "numeric"]).visible(false).build();
        let icon = gtk::Image::from_icon_name("go-bottom-symbolic");
        let inside = gtk::Box::new(gtk::Orientation::Horizontal, 6);
        inside.append(&icon);
        inside.append(&badge);
        let name = gettext("Scroll to Bottom");
        let button = gtk::Button::builder()
            .child(&inside)
            .tooltip_text(&name)
            .css_classes(["way-back"])
            .action_name("history.end")
            .focus_on_click(false)
            .build();
        button.update_property(&[gtk::accessible::Property::Label(&name)]);
        let revealer = gtk::Revealer::builder()
            .child(&button)
            .transition_type(gtk::RevealerTransitionType::Crossfade)
            .transition_duration(150)
            .halign(gtk::Align::End)
            .valign(gtk::Align::End)
            .can_target(false)
            .build();
        Self { revealer, badge, button }
    }
}

impl WayBack {
    /// What stands over the history.
    pub fn revealer(&self) -> &gtk::Revealer {
        &self.revealer
    }

    /// Shows the button, or hides it.
    pub fn reveal(&self, reveal: bool) {
        self.revealer.set_reveal_child(reveal);
        // Also without its child it would catch the clicks for what is below.
        self.revealer.set_can_target(reveal);
    }

    /// Shows how many messages are new.
    pub fn set_unread(&self, unread: u32) {
        let label = if unread > 999 { "999+".to_owned() } else { unread.to_string() };
        self.badge.set_label(&label);
        self.badge.set_visible(unread > 0);
        let description = match unread {
            0 => String::new(),
            _ => ngettext_f("{n} new message", "{n} new messages", unread, &[]),
        };
        self.button.update_property(&[gtk::accessible::Property::Description(&description)]);
    }
}

impl HistoryView {
    pub(super) fn watch_reading(&self) {
        self.list().connect_settled(glib::clone!(
            #[weak(rename_to = view)]
            self,
            move |_| view.settled()
        ));
        self.imp().context.set_jump(glib::clone!(
            #[weak(rename_to = view)]
            self,
            move |message| view.jump_to(message)
        ));
        self.follow_the_day();
        // The colour of links is made from the accent, when a row is filled.
        let style = adw::StyleManager::default();
        let refresh = glib::clone!(
            #[weak(rename_to = view)]
            self,
            move |_: &adw::StyleManager| view.fill_rows_again(|_| true)
        );
        style.connect_dark_notify(refresh.clone());
        style.connect_accent_color_notify(refresh);
    }

    pub(super) fn fill_rows_again(&self, which: impl Fn(&view::TimelineItem) -> bool) {
        let Some(window) = self.window() else { return };
        let objects = (0..window.len()).filter_map(|index| window.get(index));
        objects.filter(|object| which(&object.item())).for_each(|object| object.touch());
    }

    fn settled(&self) {
        let imp = self.imp();
        let list = self.list();
        let at_end = list.is_at_end();
        if imp.at_end.replace(at_end) != at_end {
            self.notify_at_end();
        }
        imp.way_back.reveal(!at_end);

        let near = f64::from(list.height()) * NEAR;
        let (above, below) = list.room();
        for (edge, room) in [(Edge::Older, above), (Edge::Newer, below)] {
            if room < near {
                self.ask_for_page(edge);
            }
        }
        let seen = list.last_seen();
        if seen.is_some()
            && imp.seen.replace(seen) != seen
            && let Some(seen) = seen
        {
            imp.context.request(Request::Seen(seen));
        }
    }

    fn ask_for_page(&self, edge: Edge) {
        let (older, newer) = self.imp().asked.get();
        let asked = if edge == Edge::Older { older } else { newer };
        if asked || !self.window().is_some_and(|window| window.len() > 0 && window.goes_on(edge)) {
            return;
        }
        self.set_asked(edge, true);
        self.imp().context.request(match edge {
            Edge::Older => Request::Older,
            Edge::Newer => Request::Newer,
        });
    }

    pub(super) fn set_asked(&self, edge: Edge, asked: bool) {
        let (older, newer) = self.imp().asked.get();
        self.imp().asked.set(match edge {
            Edge::Older => (asked, newer),
            Edge::Newer => (older, asked),
        });
    }

    /// Names of days are seen from today: at midnight they change.
    pub(super) fn follow_the_day(&self) {
        let Ok(now) = glib::DateTime::now_local() else { return };
        let context = &self.imp().context;
        let number = |day: &glib::DateTime| when::day_number(Timestamp(day.to_unix() * 1000));
        let before = context.today.replace(Some(now.clone()));
        if before.is_none_or(|before| number(&before) != number(&now)) {
            self.fill_rows_again(|item| item.day_starts);
        }
        let passed = now.hour() * 3600 + now.minute() * 60 + now.second();
        let left = u64::try_from(24 * 3600 - passed).unwrap_or(3600) + 1;
        let midnight = glib::timeout_add_local_once(
            Duration::from_secs(left),
            glib::clone!(
                #[weak(rename_to = view)]
                self,
                move || {
                    view.imp().midnight.take();
                    view.follow_the_day();
                }
            ),
        );
        if let Some(old) = self.imp().midnight.replace(Some(midnight)) {
            old.remove();
        }
    }
}

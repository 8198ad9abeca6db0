//! What can be done with a message: actions, the menu, the emoji.
//!
//! The actions mean the *current* message: the one whose toolbar is shown, else the one with the
//! focus. They are enabled when it allows them, and the menu leaves out what is not.

use std::cell::OnceCell;

use gtk::{gdk, gio, glib, prelude::*, subclass::prelude::*};
use model::{Content, Delivery, Direction, MessageId};

use super::{HistoryView, Request};
use crate::{
    emoji,
    history::words::{self, Words},
    i18n::gettext,
    menu_names::name_items,
};

/// Popovers are made when they are first needed: emoji alone take a tenth of a second.
#[derive(Default)]
pub struct Popovers {
    menu: OnceCell<gtk::PopoverMenu>,
    emoji: OnceCell<gtk::EmojiChooser>,
    /// What had the focus outside of the history before one of them opened.
    focus_before: glib::WeakRef<gtk::Widget>,
}

impl Popovers {
    fn is_one_open(&self) -> bool {
        self.menu.get().is_some_and(gtk::prelude::WidgetExt::is_mapped)
            || self.emoji.get().is_some_and(gtk::prelude::WidgetExt::is_mapped)
    }

    /// Takes them off the view, which is going away.
    pub fn unparent(&self) {
        if let Some(menu) = self.menu.get() {
            menu.unparent();
        }
        if let Some(emoji) = self.emoji.get() {
            emoji.unparent();
        }
    }

    fn popdown(&self) {
        if let Some(menu) = self.menu.get() {
            menu.popdown();
        }
        if let Some(emoji) = self.emoji.get() {
            emoji.popdown();
        }
    }
}

impl HistoryView {
    pub(super) fn install_actions(&self) {
        let request = |name: &str, request: fn(MessageId) -> Request| {
            self.add_action(name, move |view| {
                if let Some(id) = view.list().current() {
                    view.imp().context.request(request(id));
                }
            });
        };
        request("reply", Request::Reply);
        request("edit", Request::Edit);
        request("retract", Request::Retract);
        request("details", Request::Details);
        self.add_action("copy", Self::copy);
        self.add_action("quote", Self::quote);
        self.add_action("react", Self::choose_reaction);
        self.add_action("menu", |view| view.show_menu(None));
        self.add_action("end", Self::scroll_to_end);
        self.insert_action_group("history", Some(&self.imp().actions));
        self.update_actions();
        self.list().connect_local(
            "current-changed",
            false,
            glib::clone!(
                #[weak(rename_to = view)]
                self,
                #[upgrade_or]
                None,
                move |_| {
                    view.update_actions();
                    None
                }
            ),
        );
        self.install_menu_gestures();
    }

    fn add_action(&self, name: &str, activated: impl Fn(&Self) + 'static) {
        let action = gio::SimpleAction::new(name, None);
        action.connect_activate(glib::clone!(
            #[weak(rename_to = view)]
            self,
            move |_, _| activated(&view)
        ));
        self.imp().actions.add_action(&action);
    }

    /// Enables what the current message allows.
    fn update_actions(&self) {
        let item = self.current_item();
        let message = item.as_ref().map(|item| &item.message);
        let any = message.is_some();
        let text = message.is_some_and(|message| matches!(message.content, Content::Text(_)));
        let own = message.is_some_and(|message| message.direction == Direction::Outgoing);
        let has_words = message.is_some_and(|message| !Words::of(message).text.is_empty());
        let there = message
            .is_some_and(|message| !matches!(message.delivery, Delivery::Queued | Delivery::Failed(_)));
        for (name, enabled) in [
            ("copy", true),
            ("quote", text),
            ("react", text && there),
            ("reply", text && there),
            ("edit", text && own && has_words),
            ("retract", text && own),
            ("details", any),
            ("menu", any),
        ] {
            let action = self.imp().actions.lookup_action(name).and_downcast::<gio::SimpleAction>();
            if let Some(action) = action {
                action.set_enabled(enabled);
            }
        }
    }

    fn current_item(&self) -> Option<std::rc::Rc<view::TimelineItem>> {
        let window = self.window()?;
        let index = window.find(self.list().current()?)?;
        Some(window.get(index)?.item())
    }

    /// The selection, else the current message.
    fn copy(&self) {
        let current = || self.current_item().map(|item| words::to_copy(&item.message));
        if let Some(text) = self.list().selected_text().or_else(current) {
            self.clipboard().set_text(&text);
        }
    }

    fn quote(&self) {
        let current = || self.current_item().map(|item| words::to_copy(&item.message));
        if let Some(text) = self.list().selected_text().or_else(current) {
            let quoted: Vec<_> = text.lines().map(|line| format!("> {line}")).collect();
            self.imp().context.request(Request::Quote(quoted.join("\n")));
        }
    }

    fn choose_reaction(&self) {
        let Some(id) = self.list().current() else { return };
        let popovers = &self.imp().popovers;
        let chooser = popovers.emoji.get_or_init(|| {
            let chooser = emoji::chooser();
            chooser.set_parent(self);
            chooser.connect_emoji_picked(glib::clone!(
                #[weak(rename_to = view)]
                self,
                move |_, emoji| {
                    if let Some(id) = view.list().current() {
                        view.imp().context.request(Request::React(id, emoji.to_owned()));
                    }
                }
            ));
            self.unpin_when_closed(chooser.upcast_ref());
            chooser
        });
        self.point_at(chooser.upcast_ref(), id, self.list().toolbar().react().upcast_ref());
        chooser.popup();
    }

    /// Opens the menu of the current message: at a point of the view, or at `More`.
    fn show_menu(&self, at: Option<(f64, f64)>) {
        let Some(id) = self.list().current() else { return };
        let popovers = &self.imp().popovers;
        let menu = popovers.menu.get_or_init(|| {
            let menu = gtk::PopoverMenu::from_model(Some(&menu_model()));
            menu.set_parent(self);
            menu.set_has_arrow(false);
            menu.set_halign(gtk::Align::Start);
            name_items(&menu);
            self.unpin_when_closed(menu.upcast_ref());
            menu
        });
        self.point_at(menu.upcast_ref(), id, self.list().toolbar().more().upcast_ref());
        if let Some((x, y)) = at {
            menu.set_pointing_to(Some(&gdk::Rectangle::new(x as i32, y as i32, 1, 1)));
        }
        menu.popup();
    }

    /// Points a popover at a button of the toolbar, or at the row when that is not shown.
    fn point_at(&self, popover: &gtk::Popover, id: MessageId, button: &gtk::Widget) {
        let list = self.list();
        list.hover(Some(id));
        list.toolbar().set_pinned(true);
        if let Some(focus) =
            self.root().and_then(|root| root.focus()).filter(|focus| !focus.is_ancestor(self))
        {
            self.imp().popovers.focus_before.set(Some(&focus));
        }
        let target = if button.is_mapped() { Some(button.clone()) } else { self.row_of(id) };
        if let Some(bounds) = target.and_then(|target| target.compute_bounds(self)) {
            let whole = |value: f32| value as i32;
            popover.set_pointing_to(Some(&gdk::Rectangle::new(
                whole(bounds.x()),
                whole(bounds.y()),
                whole(bounds.width()),
                whole(bounds.height()),
            )));
        }
    }

    fn unpin_when_closed(&self, popover: &gtk::Popover) {
        popover.connect_closed(glib::clone!(
            #[weak(rename_to = view)]
            self,
            move |_| {
                // The action that was chosen runs after its menu has closed, and needs the message.
                let view = view.downgrade();
                glib::idle_add_local_once(move || {
                    if let Some(view) = view.upgrade().filter(|view| !view.imp().popovers.is_one_open()) {
                        view.list().toolbar().set_pinned(false);
                        view.give_focus_back();
                    }
                });
            }
        ));
    }

    /// Whoever points at a message while they write goes on writing; whoever came by key stays at the message.
    fn give_focus_back(&self) {
        let before = self.imp().popovers.focus_before.upgrade();
        self.imp().popovers.focus_before.set(None);
        let focus = self.root().and_then(|root| root.focus());
        if let Some(before) = before.filter(|_| focus.is_none_or(|focus| focus.is_ancestor(self))) {
            before.grab_focus();
        }
    }

    pub(super) fn forget_menus(&self) {
        self.imp().popovers.popdown();
        self.list().toolbar().set_pinned(false);
        self.update_actions();
    }

    fn install_menu_gestures(&self) {
        let click = gtk::GestureClick::builder().button(gdk::BUTTON_SECONDARY).build();
        click.connect_pressed(glib::clone!(
            #[weak(rename_to = view)]
            self,
            move |click, _, x, y| {
                let list = view.list();
                let point = list.compute_point(&view, &gtk::graphene::Point::new(x as f32, y as f32));
                let Some(id) = list.message_at(y) else { return };
                click.set_state(gtk::EventSequenceState::Claimed);
                list.hover(Some(id));
                view.show_menu(point.map(|point| (f64::from(point.x()), f64::from(point.y()))));
            }
        ));
        self.list().add_controller(click);

        let keys = gtk::ShortcutController::new();
        for (trigger, action) in
            [("Menu|<Shift>F10", "history.menu"), ("<Control>c|<Control>Insert", "history.copy")]
        {
            keys.add_shortcut(gtk::Shortcut::new(
                gtk::ShortcutTrigger::parse_string(trigger),
                Some(gtk::NamedAction::new(action)),
            ));
        }
        self.list().add_controller(keys);
    }
}

fn menu_model() -> gio::Menu {
    let menu = gio::Menu::new();
    let section = |items: &[(String, &str)]| {
        let section = gio::Menu::new();
        for (label, action) in items {
            let item = gio::MenuItem::new(Some(label), Some(action));
            item.set_attribute_value("hidden-when", Some(&"action-disabled".to_variant()));
            section.append_item(&item);
        }
        menu.append_section(None, &section);
    };
    section(&[
        (gettext("_React…"), "history.react"),
        (gettext("Re_ply"), "history.reply"),
        (gettext("_Quote"), "history.quote"),
    ]);
    section(&[
        (gettext("_Copy"), "history.copy"),
        (gettext("_Edit"), "history.edit"),
        (gettext("_Details"), "history.details"),
    ]);
    section(&[(gettext("Re_tract"), "history.retract")]);
    menu
}

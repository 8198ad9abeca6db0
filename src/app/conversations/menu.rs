//! What can be done with a row of the list.
//!
//! The actions work on the row that the menu was opened for, else on the chosen one, so that
//! they can have keys of their own later.

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, gio, glib};
use model::{AccountCommand, Mute};

use super::{Conversations, accounts_menu::AccountsMenu, imp};
use crate::{
    conversation_row::ConversationRow,
    i18n::{gettext, gettext_f},
    menu_names::{name_items, name_items_of},
    objects::ConversationObject,
    time_words,
};

const HOUR: i64 = 60 * 60 * 1000;

pub(super) fn install_actions(class: &mut <imp::Conversations as ObjectSubclass>::Class) {
    class.install_action("conversations.menu", None, |page, _, _| page.open_menu_of_chosen());
    class.install_action("conversations.pin", None, |page, _, _| {
        page.tell(|object| {
            let id = object.key().conversation;
            AccountCommand::SetPinned(id, !object.pinned())
        });
    });
    class.install_action("conversations.mute", Some(glib::VariantTy::INT32), |page, _, hours| {
        let mute = hours.and_then(glib::Variant::get::<i32>).map_or(Mute::No, mute_for);
        page.tell(|object| AccountCommand::SetMute(object.key().conversation, mute));
    });
    class.install_action("conversations.mark-read", None, |page, _, _| {
        if let Some(object) = page.target()
            && let Some(last) = object.summary().last
        {
            page.tell(|object| AccountCommand::MarkRead(object.key().conversation, last.id));
        }
    });
    class.install_action("conversations.archive", None, |page, _, _| {
        page.tell(|object| {
            let conversation = object.summary().conversation;
            AccountCommand::SetArchived(conversation.id, !conversation.archived)
        });
    });
    class.install_action("conversations.details", None, |page, _, _| {
        if let Some(object) = page.target() {
            page.choose(&object, true);
            // The page has it now.
            let _ = page.activate_action("window.details", None);
        }
    });
    class.install_action("conversations.delete", None, |page, _, _| {
        if let Some(object) = page.target() {
            let page = page.clone();
            glib::spawn_future_local(async move { page.delete(&object).await });
        }
    });
    // As everywhere: the menu key, and Shift+F10.
    class.add_binding_action(gdk::Key::Menu, gdk::ModifierType::empty(), "conversations.menu");
    class.add_binding_action(gdk::Key::F10, gdk::ModifierType::SHIFT_MASK, "conversations.menu");
}

/// Until when to be quiet: 0 hours is not at all, less than that for ever.
pub fn mute_for(hours: i32) -> Mute {
    match hours {
        0 => Mute::No,
        hours if hours < 0 => Mute::Always,
        hours => Mute::Until(time_words::now().plus_millis(i64::from(hours) * HOUR)),
    }
}

/// The choices of how long to be quiet: hours, and what they are called.
pub fn mute_choices() -> [(i32, String); 4] {
    [
        (1, gettext("For an Hour")),
        (8, gettext("For 8 Hours")),
        (7 * 24, gettext("For a Week")),
        (-1, gettext("Until I Turn It On Again")),
    ]
}

impl Conversations {
    /// The menus of the header are made when they are opened first.
    pub(super) fn set_up_menus(&self) {
        let imp = self.imp();
        imp.accounts_button.set_create_popup_func(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |button| {
                if button.popover().is_none() {
                    let menu = gtk::PopoverMenu::from_model(Some(&*page.imp().accounts_menu));
                    menu.add_child(&AccountsMenu::new(page.bridge()), "accounts");
                    name_items(&menu);
                    button.set_popover(Some(&menu));
                }
            }
        ));
        let main_menu = imp.main_menu.get();
        imp.menu_button.set_create_popup_func(move |button| {
            if button.popover().is_none() {
                button.set_menu_model(Some(&main_menu));
                name_items_of(button);
            }
        });
    }

    pub(super) fn open_context_menu(&self, row: &ConversationRow, x: f64, y: f64) {
        let Some(object) = row.object() else { return };
        let model = menu(&object);
        self.imp().menu_for.replace(Some(object));
        if let Some(old) = self.imp().menu.take() {
            old.unparent();
        }
        let popover = gtk::PopoverMenu::from_model(Some(&model));
        popover.set_has_arrow(false);
        popover.set_halign(gtk::Align::Start);
        popover.set_parent(self);
        name_items(&popover);
        let point = row
            .compute_point(self, &gtk::graphene::Point::new(x as f32, y as f32))
            .unwrap_or_else(gtk::graphene::Point::zero);
        popover.set_pointing_to(Some(&gdk::Rectangle::new(point.x() as i32, point.y() as i32, 1, 1)));
        popover.popup();
        self.imp().menu.replace(Some(popover));
    }

    fn open_menu_of_chosen(&self) {
        let focused = self.root().and_then(|root| root.focus());
        // The focus is on the item of the list; our row is inside it.
        if let Some(row) = focused.and_then(|item| item.first_child()).and_downcast::<ConversationRow>() {
            self.open_context_menu(&row, f64::from(row.width()) / 2.0, f64::from(row.height()) / 2.0);
        }
    }

    fn target(&self) -> Option<ConversationObject> {
        let chosen = || self.selection().selected_item().and_downcast();
        self.imp().menu_for.borrow().clone().or_else(chosen)
    }

    fn tell(&self, command: impl FnOnce(&ConversationObject) -> AccountCommand) {
        if let Some(object) = self.target() {
            self.bridge().tell(object.account(), command(&object));
        }
    }

    async fn delete(&self, object: &ConversationObject) {
        if confirm_delete(self, object).await {
            let key = object.key();
            self.bridge().tell(key.account, AccountCommand::DeleteConversation(key.conversation));
        }
    }
}

/// Asks before messages are deleted.
pub async fn confirm_delete(parent: &impl IsA<gtk::Widget>, object: &ConversationObject) -> bool {
    let dialog = adw::AlertDialog::new(
        Some(&gettext("Delete Conversation?")),
        Some(&gettext_f(
            "All messages with {name} are deleted from this device. They are not deleted for {name}.",
            &[("name", &object.name())],
        )),
    );
    dialog.add_responses(&[("cancel", &gettext("_Cancel")), ("delete", &gettext("_Delete"))]);
    dialog.set_response_appearance("delete", adw::ResponseAppearance::Destructive);
    dialog.set_default_response(Some("cancel"));
    dialog.set_close_response("cancel");
    dialog.choose_future(Some(parent)).await == "delete"
}

fn menu(object: &ConversationObject) -> gio::Menu {
    let conversation = object.summary().conversation;
    let menu = gio::Menu::new();

    let first = gio::Menu::new();
    let pin = if conversation.pinned { gettext("Un_pin") } else { gettext("_Pin") };
    first.append(Some(&pin), Some("conversations.pin"));
    if object.muted() {
        first.append(Some(&gettext("Un_mute")), Some("conversations.mute(0)"));
    } else {
        let mute = gio::Menu::new();
        for (hours, name) in mute_choices() {
            mute.append(Some(&name), Some(&format!("conversations.mute({hours})")));
        }
        first.append_submenu(Some(&gettext("_Mute")), &mute);
    }
    if conversation.unread > 0 {
        first.append(Some(&gettext("Mark as _Read")), Some("conversations.mark-read"));
    }
    let archive = if conversation.archived { gettext("Un_archive") } else { gettext("_Archive") };
    first.append(Some(&archive), Some("conversations.archive"));
    menu.append_section(None, &first);

    let second = gio::Menu::new();
    second.append(Some(&gettext("De_tails")), Some("conversations.details"));
    menu.append_section(None, &second);

    let third = gio::Menu::new();
    third.append(Some(&gettext("_Delete…")), Some("conversations.delete"));
    menu.append_section(None, &third);
    menu
}

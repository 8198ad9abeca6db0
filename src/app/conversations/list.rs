//! The list itself: its rows, what a click on them does, and which one is chosen.

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use view::ConversationKey;

use super::{Conversations, ConversationsModel};
use crate::{conversation_row::ConversationRow, objects::ConversationObject};

impl Conversations {
    /// Goes to the row that is open, or to the first.
    pub fn focus_list(&self) {
        let place = self.place_of(self.imp().open.get()).unwrap_or(0);
        let count = self.model().map_or(0, |model| model.rows().n_items());
        if place < count {
            self.imp().list.scroll_to(place, gtk::ListScrollFlags::FOCUS, None);
        }
        self.imp().list.grab_focus();
    }

    pub(super) fn selection(&self) -> &gtk::SingleSelection {
        self.imp()
            .selection
            .get_or_init(|| gtk::SingleSelection::builder().autoselect(false).can_unselect(true).build())
    }

    pub(super) fn set_up_list(&self) {
        let factory = gtk::SignalListItemFactory::new();
        factory.connect_setup(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_, item| {
                let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
                let row = ConversationRow::new();
                page.add_gestures(&row);
                item.set_child(Some(&row));
                item.property_expression("item").chain_property::<ConversationObject>("spoken").bind(
                    item,
                    "accessible-label",
                    None::<&glib::Object>,
                );
            }
        ));
        factory.connect_bind(|_, item| {
            if let Some(item) = item.downcast_ref::<gtk::ListItem>()
                && let (Some(row), Some(object)) =
                    (item.child().and_downcast::<ConversationRow>(), item.item().and_downcast())
            {
                row.bind(&object);
            }
        });
        factory.connect_unbind(|_, item| {
            if let Some(item) = item.downcast_ref::<gtk::ListItem>()
                && let Some(row) = item.child().and_downcast::<ConversationRow>()
            {
                row.unbind();
            }
        });
        let list = &self.imp().list;
        list.set_factory(Some(&factory));
        list.set_model(Some(self.selection()));
        self.stay_at_top();
        self.selection().connect_selected_item_notify(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |selection| {
                let moving = page.model().is_some_and(ConversationsModel::is_moving);
                if let (false, Some(object)) = (moving, selection.selected_item().and_downcast()) {
                    page.choose(&object, false);
                }
            }
        ));
        list.connect_activate(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_, place| {
                if let Some(object) = page.selection().item(place).and_downcast() {
                    page.choose(&object, true);
                }
            }
        ));
    }

    /// GTK keeps the rows where they are on the screen. But whoever is at the top wants to see what comes there.
    fn stay_at_top(&self) {
        self.selection().connect_items_changed(glib::clone!(
            #[weak(rename_to = list)]
            self.imp().list,
            move |_, place, _, added| {
                let is_at_top = list.vadjustment().is_some_and(|bar| bar.value() <= bar.lower());
                if is_at_top && place == 0 && added > 0 {
                    list.scroll_to(0, gtk::ListScrollFlags::NONE, None);
                }
            }
        ));
    }

    pub(super) fn choose(&self, object: &ConversationObject, goes: bool) {
        if goes || self.imp().open.get() != Some(object.key()) {
            self.emit_by_name::<()>("chosen", &[object, &goes]);
        }
    }

    /// A click goes to a conversation even if it is chosen already: on a narrow window it is not
    /// on the screen. A right click, or a long press, opens its menu.
    fn add_gestures(&self, row: &ConversationRow) {
        let click = gtk::GestureClick::new();
        click.connect_released(glib::clone!(
            #[weak(rename_to = page)]
            self,
            #[weak]
            row,
            move |_, _, _, _| {
                if let Some(object) = row.object() {
                    page.choose(&object, true);
                }
            }
        ));
        row.add_controller(click);

        let secondary = gtk::GestureClick::builder().button(gtk::gdk::BUTTON_SECONDARY).build();
        secondary.connect_pressed(glib::clone!(
            #[weak(rename_to = page)]
            self,
            #[weak]
            row,
            move |gesture, _, x, y| {
                gesture.set_state(gtk::EventSequenceState::Claimed);
                page.open_context_menu(&row, x, y);
            }
        ));
        row.add_controller(secondary);

        let press = gtk::GestureLongPress::builder().touch_only(true).build();
        press.connect_pressed(glib::clone!(
            #[weak(rename_to = page)]
            self,
            #[weak]
            row,
            move |gesture, x, y| {
                gesture.set_state(gtk::EventSequenceState::Claimed);
                page.open_context_menu(&row, x, y);
            }
        ));
        row.add_controller(press);
    }

    /// After the rows changed: keeps the open one chosen, and shows what fits the number of rows.
    pub(super) fn follow(&self) {
        let imp = self.imp();
        let place = self.place_of(imp.open.get()).unwrap_or(gtk::INVALID_LIST_POSITION);
        self.selection().set_selected(place);
        self.show_right_page();
    }

    pub(super) fn place_of(&self, key: Option<ConversationKey>) -> Option<u32> {
        let rows = self.model()?.rows();
        rows.iter::<ConversationObject>()
            .flatten()
            .position(|object| Some(object.key()) == key)
            .map(|place| place as u32)
    }
}

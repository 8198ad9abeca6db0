//! The rows of a conversation that are in memory, as a list model.
//!
//! `view::Timeline` decides which messages those are: about three hundred around what is read.
//! Here its differences become [`MessageObject`]s, which stay the same object as long as their
//! message is there, also when it goes and comes again within one batch.
//!
//! A batch is applied before anything is laid out, so the steps in between are never seen.
//! A page that comes late, after the person went elsewhere, comes to the window it was asked
//! for: every conversation that is opened gets a window of its own, and nobody watches the old
//! one any more.

use gtk::{gio, glib, prelude::*, subclass::prelude::*};
use model::MessageId;
use view::{Diff, TimelineItem};

use super::message_object::MessageObject;

/// One end of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edge {
    /// The past.
    Older,
    /// The present.
    Newer,
}

mod imp {
    use std::cell::{Cell, RefCell};

    use gtk::{gio, glib, prelude::*, subclass::prelude::*};

    use super::MessageObject;

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::HistoryWindow)]
    pub struct HistoryWindow {
        pub objects: RefCell<Vec<MessageObject>>,
        /// The conversation goes on before the first row.
        #[property(get, set)]
        has_older: Cell<bool>,
        /// The conversation goes on after the last row.
        #[property(get, set)]
        has_newer: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for HistoryWindow {
        const NAME: &'static str = "StarlingHistoryWindow";
        type Type = super::HistoryWindow;
        type Interfaces = (gio::ListModel,);
    }

    #[glib::derived_properties]
    impl ObjectImpl for HistoryWindow {}

    impl ListModelImpl for HistoryWindow {
        fn item_type(&self) -> glib::Type {
            MessageObject::static_type()
        }

        fn n_items(&self) -> u32 {
            self.objects.borrow().len() as u32
        }

        fn item(&self, position: u32) -> Option<glib::Object> {
            self.objects.borrow().get(position as usize).map(|object| object.clone().upcast())
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct HistoryWindow(ObjectSubclass<imp::HistoryWindow>) @implements gio::ListModel;
}

impl Default for HistoryWindow {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl HistoryWindow {
    /// A window with its first rows.
    pub fn new(items: Vec<TimelineItem>, has_older: bool, has_newer: bool) -> Self {
        let window = Self::default();
        window.splice(0, 0, items);
        window.set_reach(has_older, has_newer);
        window
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.imp().objects.borrow().len()
    }

    /// A row.
    pub fn get(&self, index: usize) -> Option<MessageObject> {
        self.imp().objects.borrow().get(index).cloned()
    }

    /// Where a message stands.
    pub fn find(&self, id: MessageId) -> Option<usize> {
        self.imp().objects.borrow().iter().position(|object| object.id() == id)
    }

    /// Whether the conversation goes on beyond this end.
    pub fn goes_on(&self, edge: Edge) -> bool {
        match edge {
            Edge::Older => self.has_older(),
            Edge::Newer => self.has_newer(),
        }
    }

    /// Says whether the conversation goes on before the first row, and after the last.
    pub fn set_reach(&self, has_older: bool, has_newer: bool) {
        if self.has_older() != has_older {
            self.set_has_older(has_older);
        }
        if self.has_newer() != has_newer {
            self.set_has_newer(has_newer);
        }
    }

    /// Applies a batch of differences, in order.
    pub fn apply(&self, diffs: Vec<Diff<TimelineItem>>) {
        let mut diffs = diffs.into_iter().peekable();
        while let Some(diff) = diffs.next() {
            match diff {
                Diff::Insert { index, items } => self.splice(index, 0, items),
                Diff::Update { index, item } => self.update(index, item),
                Diff::Reset(items) => self.reset(items),
                Diff::Remove { index, count } => {
                    // What went and what came in its place belong together: some may be the same.
                    let came = match diffs
                        .next_if(|next| matches!(next, Diff::Insert { index: at, .. } if *at == index))
                    {
                        Some(Diff::Insert { items, .. }) => items,
                        _ => Vec::new(),
                    };
                    self.splice(index, count, came);
                }
            }
        }
    }

    /// Shows these rows and no others. What stands at the start or the end already, stays.
    pub fn reset(&self, mut items: Vec<TimelineItem>) {
        let (start, end) = {
            let objects = self.imp().objects.borrow();
            let same = |(object, item): &(&MessageObject, &TimelineItem)| object.id() == item.message.id;
            let start = objects.iter().zip(&items).take_while(same).count();
            let most = objects.len().min(items.len()) - start;
            let end = objects.iter().rev().zip(items.iter().rev()).take(most).take_while(same).count();
            (start, end)
        };
        let removed = self.len() - start - end;
        let last = items.split_off(items.len() - end);
        let middle = items.split_off(start);
        let first_of_last = self.len() - end;
        for (index, item) in items.into_iter().enumerate() {
            self.update(index, item);
        }
        for (offset, item) in last.into_iter().enumerate() {
            self.update(first_of_last + offset, item);
        }
        self.splice(start, removed, middle);
    }

    /// A row changed in place.
    pub fn update(&self, index: usize, item: TimelineItem) {
        if let Some(object) = self.get(index) {
            object.set_item(item);
        }
    }

    /// Rows came and went.
    pub fn splice(&self, position: usize, removed: usize, items: Vec<TimelineItem>) {
        let position = position.min(self.len());
        let removed = removed.min(self.len() - position);
        if removed == 0 && items.is_empty() {
            return;
        }
        let added = items.len();
        {
            let mut objects = self.imp().objects.borrow_mut();
            let mut went: Vec<_> = objects.drain(position..position + removed).collect();
            let came: Vec<_> = items
                .into_iter()
                .map(|item| match went.iter().position(|object| object.id() == item.message.id) {
                    Some(index) => {
                        let object = went.swap_remove(index);
                        object.set_item(item);
                        object
                    }
                    None => MessageObject::new(item),
                })
                .collect();
            objects.splice(position..position, came);
        }
        self.items_changed(position as u32, removed as u32, added as u32);
    }
}

#[cfg(test)]
mod tests;

//! A message as an object that rows can watch.
//!
//! It lives as long as its message is in the window. A change of the message, or of its
//! neighbours, is a change of `revision`: the row that shows it updates itself in place, and
//! keeps focus, hover and selection.

use std::rc::Rc;

use gtk::{glib, subclass::prelude::*};
use model::MessageId;
use view::TimelineItem;

mod imp {
    use std::{
        cell::{Cell, RefCell},
        rc::Rc,
    };

    use gtk::{glib, prelude::*, subclass::prelude::*};
    use view::TimelineItem;

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::MessageObject)]
    pub struct MessageObject {
        pub item: RefCell<Option<Rc<TimelineItem>>>,
        /// Counts the changes.
        #[property(get, set)]
        revision: Cell<u32>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for MessageObject {
        const NAME: &'static str = "StarlingMessageObject";
        type Type = super::MessageObject;
    }

    #[glib::derived_properties]
    impl ObjectImpl for MessageObject {}
}

glib::wrapper! {
    /// See the top of the file.
    pub struct MessageObject(ObjectSubclass<imp::MessageObject>);
}

impl MessageObject {
    /// An object for a message.
    pub fn new(item: TimelineItem) -> Self {
        let object: Self = glib::Object::new();
        object.imp().item.replace(Some(Rc::new(item)));
        object
    }

    /// The message as it is now, and what its neighbours make of it.
    ///
    /// # Panics
    /// Never: every object is made with one.
    pub fn item(&self) -> Rc<TimelineItem> {
        self.imp().item.borrow().clone().expect("every object is made with an item")
    }

    /// Which message it is.
    pub fn id(&self) -> MessageId {
        self.item().message.id
    }

    /// The message, or its neighbours, changed.
    pub fn set_item(&self, item: TimelineItem) {
        if *self.item() != item {
            self.imp().item.replace(Some(Rc::new(item)));
            self.touch();
        }
    }

    /// Has the row that shows it made anew: the name of a day, or a format, changed.
    pub fn touch(&self) {
        self.set_revision(self.revision().wrapping_add(1));
    }
}

//! `React`, `Reply`, `More`: what can be done with the message under the pointer or the focus.
//!
//! There is one for the whole history. It goes from row to row, so that rows stay light.

use std::cell::Cell;

use gtk::{glib, prelude::*, subclass::prelude::*};

use crate::i18n::gettext;

mod imp {
    use super::{Cell, button, gettext, glib};
    use gtk::{prelude::*, subclass::prelude::*};

    #[derive(Default)]
    pub struct Toolbar {
        pub react: gtk::Button,
        pub reply: gtk::Button,
        pub more: gtk::Button,
        /// A menu of it is open: it must not go away.
        pub pinned: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Toolbar {
        const NAME: &'static str = "StarlingMessageToolbar";
        type Type = super::Toolbar;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.set_accessible_role(gtk::AccessibleRole::Toolbar);
        }
    }

    impl ObjectImpl for Toolbar {
        fn constructed(&self) {
            self.parent_constructed();
            let toolbar = self.obj();
            toolbar.set_css_classes(&["message-toolbar"]);
            button(&toolbar, &self.react, "face-smile-symbolic", &gettext("React"), "history.react");
            button(&toolbar, &self.reply, "mail-reply-sender-symbolic", &gettext("Reply"), "history.reply");
            button(&toolbar, &self.more, "view-more-symbolic", &gettext("More"), "history.menu");
        }
    }

    impl WidgetImpl for Toolbar {}
    impl BoxImpl for Toolbar {}
}

glib::wrapper! {
    /// See the top of the file.
    pub struct Toolbar(ObjectSubclass<imp::Toolbar>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for Toolbar {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Toolbar {
    /// The button that popovers about reactions point to.
    pub fn react(&self) -> &gtk::Button {
        &self.imp().react
    }

    /// The button that the menu points to.
    pub fn more(&self) -> &gtk::Button {
        &self.imp().more
    }

    /// Whether a menu of it is open.
    pub fn is_pinned(&self) -> bool {
        self.imp().pinned.get()
    }

    /// Says whether a menu of it is open.
    pub fn set_pinned(&self, pinned: bool) {
        self.imp().pinned.set(pinned);
    }
}

fn button(toolbar: &Toolbar, button: &gtk::Button, icon: &str, name: &str, action: &str) {
    button.set_icon_name(icon);
    button.set_tooltip_text(Some(name));
    button.update_property(&[gtk::accessible::Property::Label(name)]);
    button.set_action_name(Some(action));
    button.set_css_classes(&["flat"]);
    // A click must not take the focus from the composer.
    button.set_focus_on_click(false);
    toolbar.append(button);
}

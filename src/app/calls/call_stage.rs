//! What fills the window of a call: the picture of the other side with the own one in a corner, or who it is.

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, glib};
use session::View;

use super::Person;
use crate::i18n::gettext_f;

mod imp {
    use std::cell::Cell;

    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/call_stage.ui")]
    pub struct CallStage {
        #[template_child]
        pub stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub name_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub state_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub hint_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub theirs: TemplateChild<gtk::Picture>,
        #[template_child]
        pub own: TemplateChild<gtk::Picture>,
        /// Whether pictures of each side are wanted: one that was on its way when a camera was turned off is not shown.
        pub shows: Cell<(bool, bool)>,
        /// How many pictures of theirs were shown.
        pub shown: Cell<u64>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for CallStage {
        const NAME: &'static str = "StarlingCallStage";
        type Type = super::CallStage;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for CallStage {}
    impl WidgetImpl for CallStage {}
    impl BinImpl for CallStage {}
}

glib::wrapper! {
    /// See the top of the file.
    pub struct CallStage(ObjectSubclass<imp::CallStage>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl CallStage {
    pub fn set_person(&self, person: &Person) {
        let imp = self.imp();
        imp.avatar.set_text(Some(&person.name));
        imp.avatar.set_custom_image(person.picture.as_ref());
        imp.name_label.set_label(&person.name);
        let words = gettext_f("Picture of {name}", &[("name", &person.name)]);
        imp.theirs.set_alternative_text(Some(&words));
    }

    /// Says how far the call is, and what there is to know of it.
    pub fn say(&self, state: &str, hint: Option<&str>) {
        let imp = self.imp();
        imp.state_label.set_label(state);
        imp.hint_label.set_label(hint.unwrap_or_default());
        imp.hint_label.set_visible(hint.is_some());
    }

    /// Whose pictures are to be seen.
    pub fn set_shows(&self, own: bool, theirs: bool) {
        let imp = self.imp();
        imp.shows.set((own, theirs));
        if !own {
            imp.own.set_visible(false);
            imp.own.set_paintable(gdk::Paintable::NONE);
        }
        if !theirs {
            imp.stack.set_visible_child_name("person");
            imp.theirs.set_paintable(gdk::Paintable::NONE);
        }
    }

    /// Whether one sees oneself, and so as in a mirror.
    pub fn set_mirrors(&self, mirrors: bool) {
        let own = &self.imp().own;
        if mirrors { own.add_css_class("mirrored") } else { own.remove_css_class("mirrored") }
    }

    /// A picture came.
    pub fn show_picture(&self, view: View, picture: &gdk::Texture) {
        let imp = self.imp();
        match (view, imp.shows.get()) {
            (View::Own, (true, _)) => {
                imp.own.set_paintable(Some(picture));
                imp.own.set_visible(true);
            }
            (View::Theirs, (_, true)) => {
                imp.theirs.set_paintable(Some(picture));
                imp.stack.set_visible_child_name("picture");
                imp.shown.set(imp.shown.get() + 1);
            }
            _ => {}
        }
    }

    /// Whether it is their picture that is seen.
    pub fn shows_picture(&self) -> bool {
        self.imp().stack.visible_child_name().as_deref() == Some("picture")
    }

    /// How many pictures of theirs were shown.
    pub fn shown(&self) -> u64 {
        self.imp().shown.get()
    }
}

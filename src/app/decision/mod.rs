use std::{cell::RefCell, rc::Rc};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;

type Decide = Rc<dyn Fn(bool)>;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/decision.ui")]
    pub struct Decision {
        #[template_child]
        pub revealer: TemplateChild<gtk::Revealer>,
        #[template_child]
        pub label: TemplateChild<gtk::Label>,
        #[template_child]
        pub yes_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub no_button: TemplateChild<gtk::Button>,
        pub decide: RefCell<Option<Decide>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Decision {
        const NAME: &'static str = "StarlingDecision";
        type Type = super::Decision;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Decision {}
    impl WidgetImpl for Decision {}
    impl BinImpl for Decision {}

    #[gtk::template_callbacks]
    impl Decision {
        #[template_callback]
        fn say_yes(&self) {
            self.decided(true);
        }

        #[template_callback]
        fn say_no(&self) {
            self.decided(false);
        }

        fn decided(&self, yes: bool) {
            let decide = self.decide.borrow().clone();
            if let Some(decide) = decide {
                decide(yes);
            }
        }
    }
}

glib::wrapper! {
    /// Something that needs a decision: words, a way to agree, and a way not to. An `AdwBanner` has
    /// room for one button only.
    pub struct Decision(ObjectSubclass<imp::Decision>)
        @extends gtk::Widget, adw::Bin,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Decision {
    /// Names the two ways, and says what happens.
    pub fn set_up(&self, yes: &str, no: &str, decide: impl Fn(bool) + 'static) {
        let imp = self.imp();
        imp.yes_button.set_label(yes);
        imp.no_button.set_label(no);
        imp.decide.replace(Some(Rc::new(decide)));
    }

    /// Asks, or with `None` no longer does.
    pub fn ask(&self, words: Option<&str>) {
        let imp = self.imp();
        if let Some(words) = words {
            imp.label.set_label(words);
        }
        imp.revealer.set_reveal_child(words.is_some());
        // A revealer that is closed must not be found by keyboard or screen reader.
        self.set_visible(words.is_some());
    }
}

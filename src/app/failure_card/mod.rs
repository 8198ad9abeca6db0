use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;

use crate::failure::Explanation;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/failure_card.ui")]
    pub struct FailureCard {
        #[template_child]
        pub title_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub advice_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub facts: TemplateChild<gtk::Grid>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for FailureCard {
        const NAME: &'static str = "StarlingFailureCard";
        type Type = super::FailureCard;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for FailureCard {}
    impl WidgetImpl for FailureCard {}
    impl BinImpl for FailureCard {}
}

glib::wrapper! {
    /// What went wrong, what to do next, and what a person needs to judge for themselves.
    pub struct FailureCard(ObjectSubclass<imp::FailureCard>)
        @extends gtk::Widget, adw::Bin,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl FailureCard {
    pub fn show_explanation(&self, explanation: &Explanation) {
        let imp = self.imp();
        imp.title_label.set_label(&explanation.title);
        imp.advice_label.set_label(&explanation.advice);
        imp.advice_label.set_visible(!explanation.advice.is_empty());
        while let Some(old) = imp.facts.first_child() {
            imp.facts.remove(&old);
        }
        for (row, (name, value)) in explanation.facts.iter().enumerate() {
            let name = gtk::Label::builder().label(name).xalign(0.0).yalign(0.0).build();
            name.add_css_class("dim-label");
            let value = gtk::Label::builder()
                .label(value)
                .xalign(0.0)
                .wrap(true)
                .wrap_mode(gtk::pango::WrapMode::WordChar)
                .selectable(true)
                .hexpand(true)
                .build();
            // A hyphen would look like a part of a fingerprint.
            let attributes = gtk::pango::AttrList::new();
            attributes.insert(gtk::pango::AttrInt::new_insert_hyphens(false));
            value.set_attributes(Some(&attributes));
            imp.facts.attach(&name, 0, row as i32, 1, 1);
            imp.facts.attach(&value, 1, row as i32, 1, 1);
        }
        imp.facts.set_visible(!explanation.facts.is_empty());
        self.set_visible(true);
        self.announce(&explanation.sentence(), gtk::AccessibleAnnouncementPriority::High);
    }

    pub fn hide(&self) {
        self.set_visible(false);
    }
}

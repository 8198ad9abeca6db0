use std::cell::RefCell;

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::Show;

use super::candidates::Candidate;
use crate::{address::warn, bridge::Bridge, i18n::gettext_f, presence};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/person_row.ui")]
    pub struct PersonRow {
        #[template_child]
        pub avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub dot: TemplateChild<adw::Bin>,
        #[template_child]
        pub name_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub address_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub warning_label: TemplateChild<gtk::Label>,
        pub shown: RefCell<Option<Candidate>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for PersonRow {
        const NAME: &'static str = "StarlingPersonRow";
        type Type = super::PersonRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for PersonRow {}
    impl WidgetImpl for PersonRow {}
    impl BoxImpl for PersonRow {}
}

glib::wrapper! {
    /// Someone to write to.
    pub struct PersonRow(ObjectSubclass<imp::PersonRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl PersonRow {
    pub fn new() -> Self {
        glib::Object::new()
    }

    /// Shows a candidate; answers with what a screen reader says for them.
    pub fn show_candidate(&self, candidate: &Candidate, bridge: &Bridge) -> String {
        let imp = self.imp();
        let name = if candidate.typed {
            gettext_f("Write to {address}", &[("address", &candidate.name)])
        } else {
            candidate.name.clone()
        };
        let address = candidate.address.as_str();
        let warning = candidate.warning.as_ref().map(warn);
        let dot = presence::style(candidate.show);
        imp.avatar.set_text(Some(&candidate.name));
        imp.avatar.set_custom_image(None::<&gtk::gdk::Paintable>);
        imp.name_label.set_label(&name);
        imp.address_label.set_label(address);
        imp.address_label.set_visible(!candidate.typed && candidate.name != address);
        imp.warning_label.set_label(warning.as_deref().unwrap_or_default());
        imp.warning_label.set_visible(warning.is_some());
        imp.dot.set_visible(!dot.is_empty());
        imp.dot.set_css_classes(&["presence", dot]);
        imp.shown.replace(Some(candidate.clone()));
        self.paint(candidate, bridge);

        let mut spoken = vec![name];
        if !candidate.typed && candidate.name != address {
            spoken.push(address.to_owned());
        }
        if candidate.show != Show::Offline {
            spoken.push(presence::name(candidate.show));
        }
        spoken.extend(warning);
        spoken.join(", ")
    }

    fn paint(&self, candidate: &Candidate, bridge: &Bridge) {
        let Some(hash) = candidate.avatar.clone() else { return };
        let row = self.clone();
        let candidate = candidate.clone();
        let bridge = bridge.clone();
        glib::spawn_future_local(async move {
            let face = bridge.pictures().load(&bridge, candidate.account, &hash).await;
            if row.imp().shown.borrow().as_ref() == Some(&candidate) {
                row.imp().avatar.set_custom_image(face.as_ref());
            }
        });
    }
}

//! A file as a row: its kind, its name, how large it is or how far it came, and what can be done with it.

use std::{cell::RefCell, rc::Rc};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, pango};
use model::{Attachment, FileKind, Transfer};

use super::{Done, controls};
use crate::{
    files::{self, PictureView},
    history::{context::Context, request::FileWish},
};

mod imp {
    use super::*;

    #[derive(Default)]
    pub struct FileRow {
        pub icon: gtk::Image,
        pub name: gtk::Label,
        pub state: gtk::Label,
        pub buttons: gtk::Box,
        pub bar: gtk::ProgressBar,
        pub wishes: RefCell<Vec<FileWish>>,
        /// A picture or film whose size is not known is looked into: then it is shown.
        pub looked: PictureView,
        pub file: RefCell<Option<Attachment>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for FileRow {
        const NAME: &'static str = "StarlingFileRow";
        type Type = super::FileRow;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("file");
            class.set_accessible_role(gtk::AccessibleRole::Group);
        }
    }

    impl ObjectImpl for FileRow {
        fn constructed(&self) {
            self.parent_constructed();
            self.icon.add_css_class("kind");
            self.icon.set_valign(gtk::Align::Center);
            self.icon.set_accessible_role(gtk::AccessibleRole::Presentation);
            self.name.set_ellipsize(pango::EllipsizeMode::Middle);
            self.name.set_max_width_chars(32);
            self.name.set_xalign(0.0);
            self.name.add_css_class("name");
            self.state.set_wrap(true);
            self.state.set_wrap_mode(pango::WrapMode::WordChar);
            self.state.set_natural_wrap_mode(gtk::NaturalWrapMode::None);
            self.state.set_max_width_chars(36);
            self.state.set_xalign(0.0);
            self.state.add_css_class("state");
            let words = gtk::Box::builder()
                .orientation(gtk::Orientation::Vertical)
                .valign(gtk::Align::Center)
                .hexpand(true)
                .spacing(1)
                .build();
            words.append(&self.name);
            words.append(&self.state);
            let line = gtk::Box::builder().spacing(10).build();
            line.append(&self.icon);
            line.append(&words);
            line.append(&self.buttons);
            // It lies over the edge, so that it takes no place of its own.
            self.bar.set_valign(gtk::Align::End);
            self.bar.add_css_class("osd");
            let overlay = gtk::Overlay::builder().child(&line).build();
            overlay.add_overlay(&self.bar);
            self.obj().set_child(Some(&overlay));
        }
    }

    impl WidgetImpl for FileRow {}
    impl BinImpl for FileRow {}
}

glib::wrapper! {
    /// See the top of the file.
    pub struct FileRow(ObjectSubclass<imp::FileRow>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for FileRow {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl FileRow {
    pub fn show(&self, file: &Attachment, done: Option<Done>, context: &Rc<Context>) {
        let imp = self.imp();
        imp.icon.set_icon_name(Some(files::icon(file)));
        imp.name.set_label(file.name.as_str());
        imp.name.set_tooltip_text(Some(file.name.as_str()));
        controls::fill(&imp.buttons, &mut imp.wishes.borrow_mut(), file, context);
        let failed = matches!(file.transfer, Transfer::Failed(_));
        if failed {
            imp.state.add_css_class("failed");
        } else {
            imp.state.remove_css_class("failed");
        }
        let can_be_seen = files::is_decodable(file) || file.kind() == FileKind::Video;
        let unknown = can_be_seen && file.dimensions.is_none() && file.transfer == Transfer::Here;
        if unknown && imp.looked.expect(file) {
            context.paint_file(file, &imp.looked);
        }
        imp.file.replace(Some(file.clone()));
        self.show_state(done);
    }

    /// The file came further. Whether it is this one.
    pub fn set_progress(&self, id: model::AttachmentId, done: Done) -> bool {
        let is_this = self.imp().file.borrow().as_ref().is_some_and(|file| file.id == id);
        if is_this {
            self.show_state(Some(done));
        }
        is_this
    }

    fn show_state(&self, done: Option<Done>) {
        let imp = self.imp();
        let file = imp.file.borrow();
        let Some(file) = file.as_ref() else { return };
        let words = files::state(file, done);
        imp.state.set_label(&words);
        imp.bar.set_visible(super::is_moving(file));
        imp.bar.set_fraction(files::progress(file, done).unwrap_or(0.0));
        self.update_property(&[
            gtk::accessible::Property::Label(&files::alternative(file)),
            gtk::accessible::Property::Description(&words),
        ]);
    }
}

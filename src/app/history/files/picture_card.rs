//! A picture in the history, and over it what is to be done until it is here.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{Attachment, AttachmentId, Transfer};

use super::{Done, controls};
use crate::{
    files::{self, PictureView},
    history::{
        context::Context,
        request::{FileWish, Request},
    },
};

mod imp {
    use super::*;

    #[derive(Default)]
    pub struct PictureCard {
        pub button: gtk::Button,
        pub view: PictureView,
        pub pill: gtk::Box,
        pub state: gtk::Label,
        pub buttons: gtk::Box,
        pub bar: gtk::ProgressBar,
        pub wishes: RefCell<Vec<FileWish>>,
        pub file: RefCell<Option<Attachment>>,
        pub wish: Cell<Option<FileWish>>,
        pub context: RefCell<Weak<Context>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for PictureCard {
        const NAME: &'static str = "StarlingPictureCard";
        type Type = super::PictureCard;
        type ParentType = adw::Bin;
    }

    impl ObjectImpl for PictureCard {
        fn constructed(&self) {
            self.parent_constructed();
            self.button.set_css_classes(&["flat", "picture"]);
            self.button.set_child(Some(&self.view));
            self.button.connect_clicked(glib::clone!(
                #[weak(rename_to = card)]
                self.obj(),
                move |_| card.pressed()
            ));
            self.state.add_css_class("state");
            self.state.set_ellipsize(gtk::pango::EllipsizeMode::End);
            self.bar.set_valign(gtk::Align::Center);
            self.bar.set_margin_end(8);
            self.state.set_margin_end(8);
            self.pill.set_halign(gtk::Align::Center);
            self.pill.set_valign(gtk::Align::Center);
            self.pill.set_spacing(6);
            self.pill.set_css_classes(&["osd", "pill"]);
            self.pill.append(&self.buttons);
            self.pill.append(&self.bar);
            self.pill.append(&self.state);
            let overlay = gtk::Overlay::builder().child(&self.button).build();
            overlay.add_overlay(&self.pill);
            self.obj().set_child(Some(&overlay));
        }
    }

    impl WidgetImpl for PictureCard {}
    impl BinImpl for PictureCard {}
}

glib::wrapper! {
    /// See the top of the file.
    pub struct PictureCard(ObjectSubclass<imp::PictureCard>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for PictureCard {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl PictureCard {
    pub fn show(&self, file: &Attachment, done: Option<Done>, context: &Rc<Context>) {
        let imp = self.imp();
        imp.context.replace(Rc::downgrade(context));
        let lacks_picture = imp.view.expect(file);
        if lacks_picture && matches!(file.transfer, Transfer::Here | Transfer::Uploading) {
            context.paint_file(file, &imp.view);
        }
        let here = file.transfer == Transfer::Here;
        imp.wish.set(match file.transfer {
            Transfer::Here => Some(FileWish::View),
            Transfer::Offered => Some(FileWish::Download),
            _ => None,
        });
        imp.button.set_tooltip_text(file.description.as_deref());
        imp.button.update_property(&[gtk::accessible::Property::Label(&files::alternative(file))]);
        imp.pill.set_visible(!here);
        if !here {
            controls::fill(&imp.buttons, &mut imp.wishes.borrow_mut(), file, context);
        }
        imp.file.replace(Some(file.clone()));
        self.show_state(done);
    }

    /// The picture came further. Whether it is this one.
    pub fn set_progress(&self, id: AttachmentId, done: Done) -> bool {
        let is_this = self.imp().file.borrow().as_ref().is_some_and(|file| file.id == id);
        if is_this {
            self.show_state(Some(done));
        }
        is_this
    }

    pub fn forget(&self) {
        self.imp().view.forget();
    }

    fn show_state(&self, done: Option<Done>) {
        let imp = self.imp();
        let file = imp.file.borrow();
        let Some(file) = file.as_ref() else { return };
        let words = files::state(file, done);
        let moving = super::is_moving(file);
        imp.bar.set_visible(moving);
        imp.bar.set_fraction(files::progress(file, done).unwrap_or(0.0));
        imp.state.set_visible(!moving);
        imp.state.set_label(&words);
        imp.button.update_property(&[gtk::accessible::Property::Description(&words)]);
    }

    fn pressed(&self) {
        let imp = self.imp();
        let context = imp.context.borrow().upgrade();
        let file = imp.file.borrow().as_ref().map(|file| file.id);
        if let (Some(context), Some(file), Some(wish)) = (context, file, imp.wish.get()) {
            context.request(Request::File(file, wish));
        }
    }
}

//! A picture or the poster of a film in the history, and over it what is to be done until it is here. One that moves has a button that stops it.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{Attachment, AttachmentId, FileKind, Transfer};

use super::{Done, controls};
use crate::{
    files::{self, PictureView},
    history::{
        context::Context,
        request::{FileWish, Request},
    },
    i18n::gettext,
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
        /// Says that it is a film, and how long.
        pub film: gtk::Box,
        pub length: gtk::Label,
        /// Stops what moves.
        pub motion: gtk::Button,
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
            self.film.set_css_classes(&["osd", "pill", "film"]);
            self.film.set_halign(gtk::Align::Center);
            self.film.set_valign(gtk::Align::Center);
            self.film.set_spacing(6);
            self.film.set_can_target(false);
            self.film.append(&gtk::Image::from_icon_name("media-playback-start-symbolic"));
            self.film.append(&self.length);
            overlay.add_overlay(&self.film);
            self.motion.set_css_classes(&["osd", "circular", "motion"]);
            self.motion.set_halign(gtk::Align::Start);
            self.motion.set_valign(gtk::Align::End);
            self.motion.set_visible(false);
            overlay.add_overlay(&self.motion);
            let view = &self.view;
            self.motion.connect_clicked(glib::clone!(
                #[weak]
                view,
                move |_| view.toggle_motion()
            ));
            let button = &self.motion;
            self.view.connect_motion(glib::clone!(
                #[weak]
                button,
                move |moves| show_motion(&button, moves)
            ));
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
        imp.film.set_visible(here && file.kind() == FileKind::Video);
        imp.length.set_visible(file.duration.is_some());
        imp.length.set_label(&file.duration.map(files::length).unwrap_or_default());
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

/// Offers to stop what moves, and to let it go on.
fn show_motion(button: &gtk::Button, moves: Option<bool>) {
    let (icon, words) = match moves {
        Some(true) => ("media-playback-pause-symbolic", gettext("Pause Animation")),
        _ => ("media-playback-start-symbolic", gettext("Play Animation")),
    };
    button.set_icon_name(icon);
    button.set_tooltip_text(Some(&words));
    button.set_visible(moves.is_some());
}

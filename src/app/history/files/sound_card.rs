//! A sound in the history: played where it stands, with its waveform, how long it is and how fast it goes.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
    time::Duration,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, pango};
use model::{Attachment, AttachmentId, FileKind, Transfer};

use super::{Done, controls};
use crate::{
    files::{self, Waveform},
    history::{
        context::Context,
        request::{FileWish, Request, SoundWish},
    },
    i18n::gettext,
    player::Sounding,
};

/// Larger sounds are not measured by themselves.
const MEASURED_UP_TO: u64 = 16 * 1024 * 1024;

mod imp {
    use super::*;

    #[derive(Default)]
    pub struct SoundCard {
        pub play: gtk::Button,
        /// What can be done until it is here.
        pub buttons: gtk::Box,
        pub name: gtk::Label,
        pub waveform: Waveform,
        pub state: gtk::Label,
        pub tempo: gtk::Button,
        pub tempo_label: gtk::Label,
        pub save: gtk::Button,
        pub wishes: RefCell<Vec<FileWish>>,
        pub file: RefCell<Option<Attachment>>,
        pub context: RefCell<Weak<Context>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for SoundCard {
        const NAME: &'static str = "StarlingSoundCard";
        type Type = super::SoundCard;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("sound");
            class.set_accessible_role(gtk::AccessibleRole::Group);
        }
    }

    impl ObjectImpl for SoundCard {
        fn constructed(&self) {
            self.parent_constructed();
            self.play.set_css_classes(&["circular", "play"]);
            self.play.set_valign(gtk::Align::Center);
            self.buttons.set_valign(gtk::Align::Center);
            self.name.set_ellipsize(pango::EllipsizeMode::Middle);
            self.name.set_max_width_chars(28);
            self.name.set_xalign(0.0);
            self.name.add_css_class("name");
            self.waveform.set_hexpand(true);
            self.waveform.update_property(&[gtk::accessible::Property::Label(&gettext("Position"))]);
            self.state.set_xalign(0.0);
            self.state.set_hexpand(true);
            self.state.set_ellipsize(pango::EllipsizeMode::End);
            self.state.add_css_class("state");
            self.tempo.set_css_classes(&["flat", "tempo"]);
            self.tempo.set_child(Some(&self.tempo_label));
            self.tempo.set_tooltip_text(Some(&gettext("Speed")));
            self.tempo.update_property(&[gtk::accessible::Property::Label(&gettext("Speed"))]);
            self.save.set_icon_name("document-save-as-symbolic");
            self.save.set_tooltip_text(Some(&gettext("Save As…")));
            self.save.set_css_classes(&["flat", "circular"]);
            self.save.set_valign(gtk::Align::Center);
            let below = gtk::Box::builder().spacing(6).build();
            below.append(&self.state);
            below.append(&self.tempo);
            let middle = gtk::Box::builder()
                .orientation(gtk::Orientation::Vertical)
                .valign(gtk::Align::Center)
                .hexpand(true)
                .build();
            middle.append(&self.name);
            middle.append(&self.waveform);
            middle.append(&below);
            let line = gtk::Box::builder().spacing(10).build();
            line.append(&self.play);
            line.append(&self.buttons);
            line.append(&middle);
            line.append(&self.save);
            let card = self.obj();
            card.set_child(Some(&line));
            self.play.connect_clicked(glib::clone!(
                #[weak]
                card,
                move |_| card.wish(SoundWish::Toggle)
            ));
            self.tempo.connect_clicked(glib::clone!(
                #[weak]
                card,
                move |_| card.wish(SoundWish::Tempo)
            ));
            self.waveform.connect_sought(glib::clone!(
                #[weak]
                card,
                move |to| card.wish(SoundWish::Seek(to))
            ));
            self.save.connect_clicked(glib::clone!(
                #[weak]
                card,
                move |_| card.ask(|file| Request::File(file, FileWish::SaveAs))
            ));
        }
    }

    impl WidgetImpl for SoundCard {}
    impl BinImpl for SoundCard {}
}

glib::wrapper! {
    /// See the top of the file.
    pub struct SoundCard(ObjectSubclass<imp::SoundCard>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for SoundCard {
    fn default() -> Self {
        glib::Object::new()
    }
}

/// A sound that can be heard in the history, now or when it is here. What failed is told in words, on a row.
pub fn is_heard_inline(file: &Attachment) -> bool {
    matches!(file.kind(), FileKind::Voice | FileKind::Audio) && !matches!(file.transfer, Transfer::Failed(_))
}

impl SoundCard {
    pub fn show(&self, file: &Attachment, done: Option<Done>, context: &Rc<Context>) {
        let imp = self.imp();
        imp.context.replace(Rc::downgrade(context));
        let here = file.transfer == Transfer::Here;
        imp.play.set_visible(here);
        imp.save.set_visible(here);
        imp.buttons.set_visible(!here);
        if !here {
            controls::fill(&imp.buttons, &mut imp.wishes.borrow_mut(), file, context);
        }
        imp.name.set_visible(file.kind() == FileKind::Audio);
        imp.name.set_label(file.name.as_str());
        imp.waveform.set_sensitive(here);
        self.update_property(&[gtk::accessible::Property::Label(&files::alternative(file))]);
        let is_small = file.size.is_some_and(|size| size <= MEASURED_UP_TO);
        let is_new = imp.file.replace(Some(file.clone())).is_none_or(|before| before.id != file.id);
        if here && is_small && file.waveform.is_empty() {
            self.wish(SoundWish::Measure);
        }
        if is_new {
            // A card that shows another file must not look as if that were played.
            imp.play.set_icon_name("media-playback-start-symbolic");
        }
        self.show_state(done, context);
    }

    /// It came further on its way here. Whether it is this one.
    pub fn set_progress(&self, id: AttachmentId, done: Done) -> bool {
        let is_this = self.imp().file.borrow().as_ref().is_some_and(|file| file.id == id);
        if is_this && let Some(context) = self.imp().context.borrow().upgrade() {
            self.show_state(Some(done), &context);
        }
        is_this
    }

    /// Something is played, paused or over.
    pub fn show_sounding(&self, context: &Context) {
        self.show_state(None, context);
    }

    fn show_state(&self, done: Option<Done>, context: &Context) {
        let imp = self.imp();
        let file = imp.file.borrow();
        let Some(file) = file.as_ref() else { return };
        let sounding = context.sounding.get().filter(|(id, _)| *id == file.id).map(|(_, sounding)| sounding);
        let length = sounding.and_then(|sounding| sounding.duration).or(file.duration);
        let place = sounding.map(|sounding| sounding.place).unwrap_or_default();
        imp.waveform.show_sound(&file.waveform, length, place);
        let is_playing = sounding.is_some_and(|sounding| sounding.is_playing);
        let (icon, words) = if is_playing {
            ("media-playback-pause-symbolic", gettext("Pause"))
        } else {
            ("media-playback-start-symbolic", gettext("Play"))
        };
        imp.play.set_icon_name(icon);
        imp.play.set_tooltip_text(Some(&words));
        let here = file.transfer == Transfer::Here;
        let tempo = context.tempo.get();
        imp.tempo.set_visible(here);
        let tempo = format!("{tempo}×");
        imp.tempo.update_property(&[gtk::accessible::Property::Description(&tempo)]);
        imp.tempo_label.set_label(&tempo);
        let state = if here { heard(file, sounding, length) } else { files::state(file, done) };
        imp.state.set_label(&state);
        self.update_property(&[gtk::accessible::Property::Description(&state)]);
    }

    fn wish(&self, wish: SoundWish) {
        self.ask(|file| Request::Sound(file, wish));
    }

    fn ask(&self, request: impl FnOnce(AttachmentId) -> Request) {
        let context = self.imp().context.borrow().upgrade();
        let file = self.imp().file.borrow().as_ref().map(|file| file.id);
        if let (Some(context), Some(file)) = (context, file) {
            context.request(request(file));
        }
    }
}

/// How far a sound that is here was played, and how long it is.
fn heard(file: &Attachment, sounding: Option<Sounding>, length: Option<Duration>) -> String {
    let length = length.map(files::length);
    match sounding {
        Some(sounding) if sounding.has_failed => gettext("This cannot be played."),
        Some(sounding) => match length {
            Some(length) => format!("{} / {length}", files::length(sounding.place)),
            None => files::length(sounding.place),
        },
        None => length.unwrap_or_else(|| files::state(file, None)),
    }
}

//! Looking at a picture, and at those before and after it.
//!
//! It fills its window, and Escape closes it. Pictures are decoded again for it, with more pixels than the history needs, and
//! one at a time: only the one that is shown is kept. A film is played in its place (`film.rs`).

mod canvas;
mod film;

use std::cell::{Cell, OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, glib};
use model::{AccountId, Attachment, FileKind};

use crate::{
    bridge::Bridge,
    decoder::Decoded,
    files,
    i18n::{gettext, gettext_f},
};
use canvas::Canvas;

/// So many pixels a side are decoded.
const SIDE: u32 = 4096;

/// A picture to look at, and where it comes from.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The picture.
    pub file: Attachment,
    /// Who sent it, and when.
    pub origin: String,
}

/// Opens pictures over the window, at one of them.
pub fn present(
    parent: &impl IsA<gtk::Widget>,
    bridge: &Bridge,
    account: AccountId,
    pictures: Vec<Shown>,
    first: usize,
) {
    let viewer: Viewer = glib::Object::new();
    let imp = viewer.imp();
    let _ = imp.source.set((bridge.clone(), account));
    imp.pictures.replace(pictures);
    viewer.turn_to(first);
    viewer.present(Some(parent));
}

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/viewer.ui")]
    pub struct Viewer {
        #[template_child]
        pub title_widget: TemplateChild<adw::WindowTitle>,
        #[template_child]
        pub toasts: TemplateChild<adw::ToastOverlay>,
        #[template_child]
        pub stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub canvas: TemplateChild<Canvas>,
        #[template_child]
        pub film_bar: TemplateChild<gtk::Box>,
        #[template_child]
        pub play_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub place_scale: TemplateChild<gtk::Scale>,
        #[template_child]
        pub place_label: TemplateChild<gtk::Label>,
        /// Told by the player.
        pub listening: RefCell<Option<glib::SignalHandlerId>>,
        pub source: OnceCell<(Bridge, AccountId)>,
        pub pictures: RefCell<Vec<Shown>>,
        pub place: Cell<usize>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Viewer {
        const NAME: &'static str = "StarlingViewer";
        type Type = super::Viewer;
        type ParentType = adw::Dialog;

        fn class_init(class: &mut Self::Class) {
            Canvas::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
            class.install_action("viewer.play", None, |viewer, _, _| viewer.play());
            class.install_action("viewer.previous", None, |viewer, _, _| viewer.step(false));
            class.install_action("viewer.next", None, |viewer, _, _| viewer.step(true));
            class.install_action("viewer.zoom-in", None, |viewer, _, _| viewer.imp().canvas.zoom_in());
            class.install_action("viewer.zoom-out", None, |viewer, _, _| viewer.imp().canvas.zoom_out());
            class.install_action("viewer.fit", None, |viewer, _, _| viewer.imp().canvas.fit());
            class.install_action("viewer.copy", None, |viewer, _, _| viewer.copy());
            class.install_action("viewer.save-as", None, |viewer, _, _| viewer.hand_out(true));
            class.install_action("viewer.open-with", None, |viewer, _, _| viewer.hand_out(false));
            let none = gdk::ModifierType::empty();
            let control = gdk::ModifierType::CONTROL_MASK;
            for (key, modifiers, action) in [
                (gdk::Key::plus, none, "viewer.zoom-in"),
                (gdk::Key::equal, none, "viewer.zoom-in"),
                (gdk::Key::KP_Add, none, "viewer.zoom-in"),
                (gdk::Key::minus, none, "viewer.zoom-out"),
                (gdk::Key::KP_Subtract, none, "viewer.zoom-out"),
                (gdk::Key::_0, none, "viewer.fit"),
                (gdk::Key::c, control, "viewer.copy"),
                (gdk::Key::s, control, "viewer.save-as"),
                (gdk::Key::Page_Up, none, "viewer.previous"),
                (gdk::Key::Page_Down, none, "viewer.next"),
            ] {
                class.add_binding_action(key, modifiers, action);
            }
            // What stands at the left comes before, where one reads from the left.
            for (key, is_left) in [(gdk::Key::Left, true), (gdk::Key::Right, false)] {
                class.add_binding(key, none, move |viewer| {
                    viewer.step(is_left == (viewer.direction() == gtk::TextDirection::Rtl));
                    glib::Propagation::Stop
                });
            }
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Viewer {}
    impl WidgetImpl for Viewer {}

    impl AdwDialogImpl for Viewer {
        fn closed(&self) {
            self.obj().end_film();
        }
    }

    #[gtk::template_callbacks]
    impl Viewer {
        #[template_callback]
        fn sought(&self, _: gtk::ScrollType, value: f64) -> bool {
            self.obj().seek(value);
            false
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct Viewer(ObjectSubclass<imp::Viewer>)
        @extends adw::Dialog, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::ShortcutManager;
}

impl Viewer {
    fn shown(&self) -> Option<Shown> {
        self.imp().pictures.borrow().get(self.imp().place.get()).cloned()
    }

    fn step(&self, forward: bool) {
        let place = self.imp().place.get();
        let next = if forward { place.checked_add(1) } else { place.checked_sub(1) };
        if let Some(next) = next.filter(|next| *next < self.imp().pictures.borrow().len()) {
            self.turn_to(next);
        }
    }

    fn turn_to(&self, place: usize) {
        let imp = self.imp();
        self.end_film();
        imp.place.set(place);
        let count = imp.pictures.borrow().len();
        self.action_set_enabled("viewer.previous", place > 0);
        self.action_set_enabled("viewer.next", place + 1 < count);
        let (Some(shown), Some((bridge, account))) = (self.shown(), imp.source.get().cloned()) else {
            return;
        };
        imp.title_widget.set_title(shown.file.name.as_str());
        imp.title_widget.set_subtitle(&shown.origin);
        let name = files::alternative(&shown.file);
        imp.canvas.update_property(&[gtk::accessible::Property::Label(&name)]);
        imp.stack.set_visible_child_name("waiting");
        self.action_set_enabled("viewer.copy", false);
        let viewer = self.downgrade();
        let is_film = shown.file.kind() == FileKind::Video;
        imp.film_bar.set_visible(is_film);
        self.action_set_enabled("viewer.play", is_film);
        if is_film {
            self.listen_to_player();
        }
        glib::spawn_future_local(async move {
            let decoded = if is_film {
                files::load_poster(&bridge, account, shown.file.id, SIDE).await
            } else {
                files::load(&bridge, account, shown.file.id, SIDE).await
            };
            let texture = decoded.map(Decoded::into_texture);
            let Some(viewer) = viewer.upgrade().filter(|viewer| viewer.imp().place.get() == place) else {
                return;
            };
            let imp = viewer.imp();
            imp.canvas.set_texture(texture.as_ref());
            imp.stack.set_visible_child_name(if texture.is_some() { "picture" } else { "failed" });
            viewer.action_set_enabled("viewer.copy", texture.is_some());
            if texture.is_some() {
                imp.canvas.grab_focus();
                let told = gettext_f("{name}, shown", &[("name", &name)]);
                viewer.announce(&told, gtk::AccessibleAnnouncementPriority::Low);
            }
        });
    }

    fn copy(&self) {
        if let Some(texture) = self.imp().canvas.texture() {
            self.clipboard().set_texture(&texture);
            self.toast(&gettext("Copied"));
        }
    }

    /// Saves the picture, or opens it with a program that the person chooses.
    fn hand_out(&self, to_keep: bool) {
        let (Some(shown), Some((bridge, account))) = (self.shown(), self.imp().source.get().cloned()) else {
            return;
        };
        let viewer = self.clone();
        glib::spawn_future_local(async move {
            let window = viewer.root().and_downcast::<gtk::Window>();
            let words = if to_keep {
                files::save_as(&bridge, account, &shown.file, window.as_ref()).await
            } else {
                files::open(&bridge, account, &shown.file, window.as_ref(), true).await
            };
            if let Some(words) = words {
                viewer.toast(&words);
            }
        });
    }

    fn toast(&self, words: &str) {
        self.imp().toasts.add_toast(adw::Toast::builder().title(words).use_markup(false).build());
    }
}

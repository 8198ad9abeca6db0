//! What is to be sent with the words: files that were chosen, dropped or pasted, above the text.
//!
//! Nothing leaves before `Send`. Each conversation has its own tray, for as long as the program runs: a picture that was
//! chosen for bob never turns up with carol. What the server will not take is told here, and nothing goes before it is out.

mod item;

use std::{
    cell::{Cell, RefCell},
    sync::OnceLock,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, gio, glib};
use model::{FileService, FileSource, OutgoingFile, TransferFailure};
use view::{ConversationKey, Telling};

use crate::{
    failure,
    i18n::{gettext, gettext_f},
    window::Window,
};
use item::Item;

/// So many files are sent at once.
const MOST: usize = 30;
/// The longer side of a picture that is made smaller, by choice: nothing, large, medium. Films get half of it.
const SIDES: [Option<u32>; 3] = [None, Some(2560), Some(1280)];

/// What waits in a conversation that is not open.
#[derive(Debug)]
struct Aside {
    items: Vec<Item>,
    strips: bool,
    size: u32,
}

mod imp {
    use std::collections::HashMap;

    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/tray.ui")]
    pub struct Tray {
        #[template_child]
        pub items_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub options: TemplateChild<adw::WrapBox>,
        #[template_child]
        pub strip_check: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub size_drop: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub problem_label: TemplateChild<gtk::Label>,
        /// Says what will be told of how a file was made although nobody wants that.
        #[template_child]
        pub telling_label: TemplateChild<gtk::Label>,
        pub items: RefCell<Vec<Item>>,
        pub strips_by_default: Cell<bool>,
        /// What the server takes.
        pub service: Cell<FileService>,
        /// The conversation it is for.
        pub key: Cell<Option<ConversationKey>>,
        /// What waits in other conversations.
        pub(super) aside: RefCell<HashMap<ConversationKey, Aside>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Tray {
        const NAME: &'static str = "StarlingTray";
        type Type = super::Tray;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Tray {
        fn constructed(&self) {
            self.parent_constructed();
            self.strips_by_default.set(true);
        }

        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![glib::subclass::Signal::builder("changed").build()])
        }
    }

    impl WidgetImpl for Tray {}
    impl BoxImpl for Tray {}

    #[gtk::template_callbacks]
    impl Tray {
        #[template_callback]
        fn choice_changed(&self) {
            self.obj().show_items();
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct Tray(ObjectSubclass<imp::Tray>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Tray {
    pub fn is_empty(&self) -> bool {
        self.imp().items.borrow().is_empty()
    }

    pub fn connect_changed(&self, changed: impl Fn() + 'static) {
        self.connect_local("changed", false, move |_| {
            changed();
            None
        });
    }

    /// Whether metadata is taken out if nothing else is chosen.
    pub fn set_strip_by_default(&self, strips: bool) {
        self.imp().strips_by_default.set(strips);
        if self.is_empty() {
            self.imp().strip_check.set_active(strips);
        }
    }

    /// What the server takes.
    pub fn set_service(&self, service: FileService) {
        if self.imp().service.replace(service) != service {
            self.show_items();
        }
    }

    pub fn service(&self) -> FileService {
        self.imp().service.get()
    }

    /// Why what is here cannot be sent.
    pub fn problem(&self) -> Option<TransferFailure> {
        self.imp().items.borrow().iter().find_map(|item| self.refusal(item))
    }

    /// Turns to another conversation.
    pub fn turn_to(&self, key: Option<ConversationKey>) {
        let imp = self.imp();
        let aside = Aside {
            items: imp.items.take(),
            strips: imp.strip_check.is_active(),
            size: imp.size_drop.selected(),
        };
        if let Some(before) = imp.key.replace(key).filter(|_| !aside.items.is_empty()) {
            imp.aside.borrow_mut().insert(before, aside);
        }
        let here = key.and_then(|key| imp.aside.borrow_mut().remove(&key)).unwrap_or_else(|| self.nothing());
        imp.service.set(FileService::Unknown);
        imp.items.replace(here.items);
        imp.strip_check.set_active(here.strips);
        imp.size_drop.set_selected(here.size);
        self.show_items();
    }

    /// Adds files of the user's.
    pub fn add_files(&self, files: Vec<gio::File>) {
        self.add_files_to(self.imp().key.get(), files);
    }

    /// Adds files for the conversation they were chosen in, which may be another by now.
    pub fn add_files_to(&self, key: Option<ConversationKey>, files: Vec<gio::File>) {
        let tray = self.clone();
        glib::spawn_future_local(async move {
            for file in files {
                match Item::of_file(&file).await {
                    Ok(item) => tray.add(key, item),
                    Err(words) => tray.toast(&words),
                }
            }
        });
    }

    /// Adds a picture that is in no file.
    pub fn add_picture(&self, texture: &gdk::Texture) {
        self.add_picture_to(self.imp().key.get(), texture);
    }

    /// As [`Self::add_files_to`], for a picture that is in no file.
    pub fn add_picture_to(&self, key: Option<ConversationKey>, texture: &gdk::Texture) {
        let (tray, texture) = (self.clone(), texture.clone());
        glib::spawn_future_local(async move {
            if let Some(item) = Item::of_picture(&texture).await {
                tray.add(key, item);
            }
        });
    }

    /// Takes everything out, to be sent.
    pub fn take(&self) -> Vec<OutgoingFile> {
        let imp = self.imp();
        let (strip_metadata, longest_side) = (imp.strip_check.is_active(), self.longest_side());
        let files = imp.items.take().into_iter().map(|item| {
            let longest_side = longest_side.filter(|_| item.can_be_smaller());
            OutgoingFile {
                strip_metadata: strip_metadata && tells_nothing_then(&item, longest_side),
                name: match &item.source {
                    FileSource::Path(_) => None,
                    FileSource::Bytes(_) => Some(item.name),
                },
                source: item.source,
                longest_side,
                voice: None,
            }
        });
        let files = files.collect();
        self.begin_anew();
        files
    }

    fn longest_side(&self) -> Option<u32> {
        SIDES.get(self.imp().size_drop.selected() as usize).copied().flatten()
    }

    /// Why the server will not take a file. How many bytes one has that is made smaller, nobody knows yet.
    fn refusal(&self, item: &Item) -> Option<TransferFailure> {
        let is_made_smaller = item.can_be_smaller() && self.longest_side().is_some();
        self.service().refusal(if is_made_smaller { 0 } else { item.size })
    }

    fn nothing(&self) -> Aside {
        Aside { items: Vec::new(), strips: self.imp().strips_by_default.get(), size: 0 }
    }

    /// What was chosen is gone, and with it what was wanted of it.
    fn begin_anew(&self) {
        let Aside { strips, size, .. } = self.nothing();
        self.imp().strip_check.set_active(strips);
        self.imp().size_drop.set_selected(size);
        self.show_items();
    }

    /// Adds what was chosen for a conversation. Looking at a file takes a moment: the person may have turned to another.
    fn add(&self, key: Option<ConversationKey>, item: Item) {
        let imp = self.imp();
        let is_full = {
            let (mut here, mut aside) = (imp.items.borrow_mut(), imp.aside.borrow_mut());
            let items = match key {
                Some(key) if imp.key.get() != Some(key) => {
                    &mut aside.entry(key).or_insert_with(|| self.nothing()).items
                }
                _ => &mut *here,
            };
            let is_full = items.len() >= MOST;
            if !is_full {
                items.push(item);
            }
            is_full
        };
        if is_full {
            self.toast(&gettext("No more files fit into one message."));
        }
        self.show_items();
    }

    fn show_items(&self) {
        let imp = self.imp();
        while let Some(child) = imp.items_box.first_child() {
            imp.items_box.remove(&child);
        }
        for (place, item) in imp.items.borrow().iter().enumerate() {
            imp.items_box.append(&self.card(place, item));
        }
        let problem = self.problem();
        imp.problem_label.set_visible(problem.is_some());
        imp.problem_label.set_label(&problem.map(failure::transfer).unwrap_or_default());
        let items = imp.items.borrow();
        let side = self.longest_side();
        let told =
            items.iter().find(|item| item.telling != Telling::Nothing && !tells_nothing_then(item, side));
        let told = told.filter(|_| imp.strip_check.is_active());
        imp.telling_label.set_visible(told.is_some());
        imp.telling_label.set_label(&told.map(stays).unwrap_or_default());
        imp.options.set_visible(items.iter().any(|item| item.telling != Telling::Nothing));
        imp.size_drop.set_visible(items.iter().any(Item::can_be_smaller));
        drop(items);
        self.set_visible(!self.is_empty());
        self.emit_by_name::<()>("changed", &[]);
    }

    fn card(&self, place: usize, item: &Item) -> gtk::Widget {
        let remove = gtk::Button::builder()
            .icon_name("window-close-symbolic")
            .tooltip_text(gettext_f("Remove {name}", &[("name", &item.name)]))
            .css_classes(["osd", "circular", "take-out"])
            .halign(gtk::Align::End)
            .valign(gtk::Align::Start)
            .build();
        remove.connect_clicked(glib::clone!(
            #[weak(rename_to = tray)]
            self,
            move |_| tray.remove_item(place)
        ));
        item.card(self.refusal(item).is_some(), &remove)
    }

    fn remove_item(&self, place: usize) {
        let mut items = self.imp().items.borrow_mut();
        if place < items.len() {
            items.remove(place);
        }
        let left = items.len();
        drop(items);
        if left == 0 {
            self.begin_anew();
            // Back to the words.
            self.parent().map(|composer| composer.grab_focus());
            return;
        }
        self.show_items();
        // Whoever takes out one after the other by key goes on with the next.
        let next = self.imp().items_box.observe_children().item(place.min(left - 1) as u32);
        if let Some(next) = next.and_downcast::<gtk::Widget>() {
            next.child_focus(gtk::DirectionType::TabForward);
        }
    }

    fn toast(&self, words: &str) {
        if let Some(window) = self.root().and_downcast::<Window>() {
            window.toast(words);
        }
    }
}

/// Whether nothing but pictures and sound is left of a file when it is sent. A film that is made anew has nothing else.
fn tells_nothing_then(item: &Item, longest_side: Option<u32>) -> bool {
    match item.telling {
        Telling::Nothing => false,
        Telling::CanBeTakenOut => true,
        Telling::Stays => item.is_film && longest_side.is_some(),
    }
}

/// Says of what was found out about a file that it goes along.
fn stays(item: &Item) -> String {
    gettext_f(
        "“{name}” may tell where, when and with what it was made: this cannot be taken out of it.",
        &[("name", &item.name)],
    )
}

#[cfg(test)]
mod tests;

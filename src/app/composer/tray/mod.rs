//! What is to be sent with the words: files that were chosen, dropped or pasted, above the text.
//!
//! Nothing leaves before `Send`. Each conversation has its own tray, for as long as the program runs: a picture that was
//! chosen for bob never turns up with carol.

mod item;

use std::{
    cell::{Cell, RefCell},
    sync::OnceLock,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, gio, glib};
use model::{FileSource, OutgoingFile};
use view::ConversationKey;

use crate::{
    i18n::{gettext, gettext_f},
    window::Window,
};
use item::Item;

/// So many files are sent at once.
const MOST: usize = 30;
/// The longer side of a picture that is made smaller, by choice: nothing, large, medium.
const SIDES: [Option<u32>; 3] = [None, Some(2560), Some(1280)];

mod imp {
    use std::collections::HashMap;

    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/tray.ui")]
    pub struct Tray {
        #[template_child]
        pub items_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub options: TemplateChild<gtk::Box>,
        #[template_child]
        pub strip_check: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub size_drop: TemplateChild<gtk::DropDown>,
        pub items: RefCell<Vec<Item>>,
        /// The conversation it is for.
        pub key: Cell<Option<ConversationKey>>,
        /// What waits in other conversations.
        pub aside: RefCell<HashMap<ConversationKey, Vec<Item>>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Tray {
        const NAME: &'static str = "StarlingTray";
        type Type = super::Tray;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Tray {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![glib::subclass::Signal::builder("changed").build()])
        }
    }

    impl WidgetImpl for Tray {}
    impl BoxImpl for Tray {}
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
    pub fn set_strip_by_default(&self, strip: bool) {
        self.imp().strip_check.set_active(strip);
    }

    /// Turns to another conversation.
    pub fn turn_to(&self, key: Option<ConversationKey>) {
        let imp = self.imp();
        let items = imp.items.take();
        let mut aside = imp.aside.borrow_mut();
        if let Some(before) = imp.key.replace(key).filter(|_| !items.is_empty()) {
            aside.insert(before, items);
        }
        let items = key.and_then(|key| aside.remove(&key)).unwrap_or_default();
        drop(aside);
        imp.items.replace(items);
        self.show_items();
    }

    /// Adds files of the user's.
    pub fn add_files(&self, files: Vec<gio::File>) {
        let (tray, key) = (self.clone(), self.imp().key.get());
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
        let (tray, key) = (self.clone(), self.imp().key.get());
        let texture = texture.clone();
        glib::spawn_future_local(async move {
            if let Some(item) = Item::of_picture(&texture).await {
                tray.add(key, item);
            }
        });
    }

    /// Takes everything out, to be sent.
    pub fn take(&self) -> Vec<OutgoingFile> {
        let imp = self.imp();
        let strip_metadata = imp.strip_check.is_active();
        let longest_side = SIDES.get(imp.size_drop.selected() as usize).copied().flatten();
        let files = imp.items.take().into_iter().map(|item| OutgoingFile {
            name: match &item.source {
                FileSource::Path(_) => None,
                FileSource::Bytes(_) => Some(item.name),
            },
            source: item.source,
            strip_metadata: item.is_picture && strip_metadata,
            longest_side: longest_side.filter(|_| item.is_picture),
            voice: None,
        });
        let files = files.collect();
        imp.size_drop.set_selected(0);
        self.show_items();
        files
    }

    /// Adds what was chosen for a conversation. Looking at a file takes a moment: the person may have turned to another.
    fn add(&self, key: Option<ConversationKey>, item: Item) {
        let imp = self.imp();
        let is_full = {
            let (mut here, mut aside) = (imp.items.borrow_mut(), imp.aside.borrow_mut());
            let items = match key {
                Some(key) if imp.key.get() != Some(key) => aside.entry(key).or_default(),
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
        imp.options.set_visible(imp.items.borrow().iter().any(|item| item.is_picture));
        self.set_visible(!self.is_empty());
        self.emit_by_name::<()>("changed", &[]);
    }

    fn card(&self, place: usize, item: &Item) -> gtk::Widget {
        let remove = gtk::Button::builder()
            .icon_name("window-close-symbolic")
            .tooltip_text(gettext_f("Remove {name}", &[("name", &item.name)]))
            .css_classes(["osd", "circular"])
            .halign(gtk::Align::End)
            .valign(gtk::Align::Start)
            .build();
        remove.connect_clicked(glib::clone!(
            #[weak(rename_to = tray)]
            self,
            move |_| {
                let mut items = tray.imp().items.borrow_mut();
                if place < items.len() {
                    items.remove(place);
                }
                drop(items);
                tray.show_items();
            }
        ));
        let overlay = gtk::Overlay::builder().child(&item.card()).build();
        overlay.add_overlay(&remove);
        overlay.upcast()
    }

    fn toast(&self, words: &str) {
        if let Some(window) = self.root().and_downcast::<Window>() {
            window.toast(words);
        }
    }
}

#[cfg(test)]
mod tests;

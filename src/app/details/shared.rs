//! What was shared in a conversation, by kind, the newest first.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
    time::Duration,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, Change, Direction, EventKind, FileKind, SharedFile, Transfer};
use session::Heard;
use view::{ConversationKey, SharedFilesRequest};

use crate::{
    bridge::{Bridge, Listener},
    files::{self, PictureView},
    i18n::gettext,
    time_words,
    viewer::{self, Shown},
};

/// So many files are read at once.
const PAGE: u32 = 60;
/// The side of a picture, in pixels of the screen.
const SIDE: f64 = 104.0;
/// What changes is read again after so long.
const AGAIN: Duration = Duration::from_millis(300);

/// Opens the files of a conversation over the window.
pub fn present(parent: &impl IsA<gtk::Widget>, bridge: &Bridge, key: ConversationKey) {
    let dialog: SharedFiles = glib::Object::new();
    dialog.set_up(bridge, key);
    dialog.present(Some(parent));
}

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/shared.ui")]
    pub struct SharedFiles {
        #[template_child]
        pub kinds: TemplateChild<adw::ToggleGroup>,
        #[template_child]
        pub stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub pictures_box: TemplateChild<gtk::FlowBox>,
        #[template_child]
        pub files_box: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub more_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub toasts: TemplateChild<adw::ToastOverlay>,
        pub source: OnceCell<(Bridge, ConversationKey)>,
        pub listener: RefCell<Option<Listener>>,
        pub shown: RefCell<Vec<SharedFile>>,
        /// So many are wanted: a page, and another each time for `Show More`.
        pub wanted: Cell<u32>,
        /// It will be read again in a moment.
        pub soon: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for SharedFiles {
        const NAME: &'static str = "StarlingSharedFiles";
        type Type = super::SharedFiles;
        type ParentType = adw::Dialog;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
            class.install_action("shared.more", None, |dialog, _, _| {
                dialog.imp().wanted.set(dialog.imp().wanted.get() + PAGE);
                dialog.read();
            });
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for SharedFiles {}
    impl WidgetImpl for SharedFiles {}
    impl AdwDialogImpl for SharedFiles {}

    #[gtk::template_callbacks]
    impl SharedFiles {
        #[template_callback]
        fn kind_changed(&self) {
            self.wanted.set(PAGE);
            self.obj().read();
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct SharedFiles(ObjectSubclass<imp::SharedFiles>)
        @extends adw::Dialog, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::ShortcutManager;
}

impl SharedFiles {
    fn set_up(&self, bridge: &Bridge, key: ConversationKey) {
        let imp = self.imp();
        let _ = imp.source.set((bridge.clone(), key));
        let weak = self.downgrade();
        imp.listener.replace(Some(bridge.listen(move |_, heard| {
            if let Some(dialog) = weak.upgrade().filter(|_| concerns(heard, key)) {
                dialog.read_soon();
            }
        })));
        imp.wanted.set(PAGE);
        self.read();
    }

    fn kind(&self) -> FileKind {
        match self.imp().kinds.active_name().as_deref() {
            Some("voice") => FileKind::Voice,
            Some("videos") => FileKind::Video,
            Some("sound") => FileKind::Audio,
            Some("files") => FileKind::Other,
            _ => FileKind::Picture,
        }
    }

    /// Files change in crowds: it is read once for many.
    fn read_soon(&self) {
        if self.imp().soon.replace(true) {
            return;
        }
        let dialog = self.downgrade();
        glib::timeout_add_local_once(AGAIN, move || {
            if let Some(dialog) = dialog.upgrade() {
                dialog.imp().soon.set(false);
                dialog.read();
            }
        });
    }

    fn read(&self) {
        let Some((bridge, key)) = self.imp().source.get() else { return };
        let Some(reader) = bridge.session().reader(key.account) else { return };
        let (kind, limit) = (self.kind(), self.imp().wanted.get());
        let request = SharedFilesRequest {
            conversation: Some(key.conversation),
            kind: Some(kind),
            before: None,
            limit,
        };
        let dialog = self.clone();
        glib::spawn_future_local(async move {
            if let Ok(found) = reader.shared_files(request).await
                && dialog.kind() == kind
            {
                dialog.show(kind, found, limit);
            }
        });
    }

    fn show(&self, kind: FileKind, found: Vec<SharedFile>, limit: u32) {
        let imp = self.imp();
        imp.more_button.set_visible(found.len() as u32 >= limit);
        imp.stack.set_visible_child_name(match kind {
            _ if found.is_empty() => "empty",
            FileKind::Picture => "pictures",
            _ => "files",
        });
        if *imp.shown.borrow() == found {
            return;
        }
        imp.pictures_box.remove_all();
        imp.files_box.remove_all();
        for shared in &found {
            if kind == FileKind::Picture {
                imp.pictures_box.append(&self.picture(shared));
            } else {
                imp.files_box.append(&self.row(shared));
            }
        }
        imp.shown.replace(found);
    }

    fn picture(&self, shared: &SharedFile) -> gtk::Button {
        let file = &shared.attachment;
        let view = PictureView::default();
        view.set_square(SIDE);
        let button = gtk::Button::builder().child(&view).css_classes(["flat", "shared-picture"]).build();
        let name = files::alternative(file);
        button.set_tooltip_text(Some(&origin(shared)));
        button.update_property(&[gtk::accessible::Property::Label(&name)]);
        let Some((bridge, key)) = self.imp().source.get().cloned() else { return button };
        if view.expect(file) && file.transfer == Transfer::Here && files::is_decodable(file) {
            bridge.file_pictures().paint(&bridge, key.account, file, &view);
        }
        let (id, here) = (file.id, file.transfer == Transfer::Here);
        button.connect_clicked(glib::clone!(
            #[weak(rename_to = dialog)]
            self,
            move |_| {
                if here {
                    dialog.look_at(id);
                } else {
                    bridge.tell(key.account, AccountCommand::Download(id));
                }
            }
        ));
        button
    }

    fn look_at(&self, id: model::AttachmentId) {
        let Some((bridge, key)) = self.imp().source.get() else { return };
        let shown = self.imp().shown.borrow();
        // From left to right in time, as in the history.
        let here = shown.iter().rev().filter(|shared| shared.attachment.transfer == Transfer::Here);
        let pictures: Vec<Shown> =
            here.map(|shared| Shown { file: shared.attachment.clone(), origin: origin(shared) }).collect();
        if let Some(place) = pictures.iter().position(|shown| shown.file.id == id) {
            viewer::present(self, bridge, key.account, pictures, place);
        }
    }

    fn row(&self, shared: &SharedFile) -> adw::ActionRow {
        let file = Rc::new(shared.attachment.clone());
        let row = adw::ActionRow::builder()
            .title(file.name.as_str())
            .subtitle(format!("{} · {}", files::state(&file, None), origin(shared)))
            .use_markup(false)
            .title_lines(1)
            .build();
        row.add_prefix(&gtk::Image::from_icon_name(files::icon(&file)));
        let buttons: &[(&str, String, bool)] = match file.transfer {
            Transfer::Here => &[
                ("document-open-symbolic", gettext("Open"), false),
                ("document-save-as-symbolic", gettext("Save As…"), true),
            ],
            Transfer::Offered => &[("folder-download-symbolic", gettext("Download"), false)],
            _ => &[],
        };
        for (icon, words, to_keep) in buttons {
            let button = gtk::Button::builder()
                .icon_name(*icon)
                .tooltip_text(words)
                .valign(gtk::Align::Center)
                .css_classes(["flat"])
                .build();
            button.update_property(&[gtk::accessible::Property::Description(file.name.as_str())]);
            let to_keep = *to_keep;
            button.connect_clicked(glib::clone!(
                #[weak(rename_to = dialog)]
                self,
                #[strong]
                file,
                move |_| dialog.pressed(&file, to_keep)
            ));
            row.add_suffix(&button);
        }
        row
    }

    fn pressed(&self, file: &Rc<model::Attachment>, to_keep: bool) {
        let Some((bridge, key)) = self.imp().source.get().cloned() else { return };
        if file.transfer != Transfer::Here {
            bridge.tell(key.account, AccountCommand::Download(file.id));
            return;
        }
        let (dialog, file) = (self.clone(), file.clone());
        glib::spawn_future_local(async move {
            let window = dialog.root().and_downcast::<gtk::Window>();
            let words = if to_keep {
                files::save_as(&bridge, key.account, &file, window.as_ref()).await
            } else {
                files::open(&bridge, key.account, &file, window.as_ref(), false).await
            };
            if let Some(words) = words {
                dialog.imp().toasts.add_toast(adw::Toast::builder().title(words).use_markup(false).build());
            }
        });
    }
}

/// Whose it is, and when it was shared.
fn origin(shared: &SharedFile) -> String {
    let time = time_words::short(shared.time);
    match shared.direction {
        Direction::Outgoing => format!("{} · {time}", gettext("You")),
        Direction::Incoming => time,
    }
}

fn concerns(heard: &Heard, key: ConversationKey) -> bool {
    match heard {
        Heard::Lagged(_) => true,
        Heard::Event(event) => {
            event.account == key.account
                && matches!(&event.kind, EventKind::Changed {
                    change: Change::MessageAdded(conversation, _)
                        | Change::MessageChanged(conversation, _)
                        | Change::MessageRemoved(conversation, _),
                    ..
                } if *conversation == key.conversation)
        }
    }
}

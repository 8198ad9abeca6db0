//! The page about files: what is fetched by itself, what is taken out of pictures, and what files take of this device.
//! Each account has its own.

use std::{
    cell::{Cell, OnceCell, RefCell},
    time::Duration,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, Change, ConversationId, EventKind, FetchFrom, FileSettings, StorageUse};
use session::Heard;

use super::account_choice::AccountChoice;
use crate::{
    bridge::{Bridge, Listener},
    files,
    i18n::{gettext, gettext_f, ngettext_f},
    objects::AccountObject,
};

/// Up to so many bytes a file is fetched by itself.
const SIZES: [u64; 6] = [0, 250_000, 1_000_000, 10_000_000, 50_000_000, 250_000_000];
/// From whom, in the order in which they are offered.
const FROM: [FetchFrom; 3] = [FetchFrom::Accepted, FetchFrom::Contacts, FetchFrom::Verified];
/// So many conversations are listed: those that take the most.
const LISTED: usize = 20;

/// What changes is read again after so long.
const AGAIN: Duration = Duration::from_millis(300);

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct StoragePage {
        pub bridge: OnceCell<Bridge>,
        pub choice: AccountChoice,
        pub fetch_group: adw::PreferencesGroup,
        pub pictures: adw::ComboRow,
        pub audio: adw::ComboRow,
        pub videos: adw::ComboRow,
        pub others: adw::ComboRow,
        pub from: adw::ComboRow,
        pub sending_group: adw::PreferencesGroup,
        pub strip: adw::SwitchRow,
        pub space_group: adw::PreferencesGroup,
        pub space_rows: RefCell<Vec<gtk::Widget>>,
        pub listener: RefCell<Option<Listener>>,
        /// It will be read again in a moment.
        pub soon: Cell<bool>,
        /// What the rows show. While there is nothing, or they are being filled, nothing is told.
        pub settings: Cell<Option<FileSettings>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for StoragePage {
        const NAME: &'static str = "StarlingStoragePage";
        type Type = super::StoragePage;
        type ParentType = adw::PreferencesPage;
    }

    impl ObjectImpl for StoragePage {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().build();
        }
    }

    impl WidgetImpl for StoragePage {}
    impl PreferencesPageImpl for StoragePage {}
}

glib::wrapper! {
    /// The page.
    pub struct StoragePage(ObjectSubclass<imp::StoragePage>)
        @extends adw::PreferencesPage, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl StoragePage {
    pub fn new(bridge: &Bridge) -> Self {
        let page: Self = glib::Object::builder()
            .property("name", "storage")
            .property("title", gettext("Storage"))
            .property("icon-name", "drive-harddisk-symbolic")
            .build();
        let imp = page.imp();
        let _ = imp.bridge.set(bridge.clone());
        let turned = glib::clone!(
            #[weak]
            page,
            move || page.read()
        );
        imp.choice.follow(bridge, &[&imp.fetch_group, &imp.sending_group, &imp.space_group], turned);
        let weak = page.downgrade();
        imp.listener.replace(Some(bridge.listen(move |_, heard| {
            if let Some(page) = weak.upgrade().filter(|_| concerns_files(heard)) {
                page.read_soon();
            }
        })));
        page.read();
        page
    }

    fn build(&self) {
        let imp = self.imp();
        imp.fetch_group.set_title(&gettext("Fetch by Itself"));
        imp.fetch_group.set_description(Some(&gettext(
            "Never from strangers. Anything else comes when you ask for it.",
        )));
        let sizes: Vec<String> = SIZES
            .iter()
            .map(|size| match size {
                0 => gettext("Never"),
                size => gettext_f("Up to {size}", &[("size", &files::size(*size))]),
            })
            .collect();
        let from = vec![gettext("People You Accepted"), gettext("Contacts"), gettext("Verified People")];
        for (row, title, choices) in [
            (&imp.pictures, gettext("Pictures"), &sizes),
            (&imp.audio, gettext("Voice Messages and Sound"), &sizes),
            (&imp.videos, gettext("Videos"), &sizes),
            (&imp.others, gettext("Other Files"), &sizes),
            (&imp.from, gettext("From"), &from),
        ] {
            row.set_title(&title);
            let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
            row.set_model(Some(&gtk::StringList::new(&choices)));
            row.connect_selected_notify(glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |_| page.tell()
            ));
            imp.fetch_group.add(row);
        }
        imp.strip.set_title(&gettext("Remove Place and Camera"));
        imp.strip.set_subtitle(&gettext("Pictures and films go without where, when and with what they were taken. If that cannot be taken out of one, this is told before it goes."));
        imp.strip.connect_active_notify(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| page.tell()
        ));
        imp.sending_group.set_title(&gettext("Sending"));
        imp.sending_group.add(&imp.strip);
        imp.space_group.set_title(&gettext("Space on This Device"));
        imp.space_group.set_description(Some(&gettext(
            "Files rest encrypted. What you open with another program is copied for it, and the copy goes when Starling ends.",
        )));
        for group in [imp.choice.group(), &imp.fetch_group, &imp.sending_group, &imp.space_group] {
            self.add(group);
        }
    }

    fn account(&self) -> Option<AccountObject> {
        self.imp().choice.account()
    }

    /// Reads what stands with the account that was chosen.
    fn read(&self) {
        let (Some(bridge), Some(account)) = (self.imp().bridge.get(), self.account()) else { return };
        let Some(reader) = bridge.session().reader(account.id()) else { return };
        let page = self.clone();
        glib::spawn_future_local(async move {
            let (Ok(settings), Ok(space)) = (reader.file_settings().await, reader.storage_use().await) else {
                return;
            };
            let mut rows = Vec::new();
            for used in space.into_iter().filter(|used| used.files > 0).take(LISTED) {
                let summary = reader.conversation(used.conversation).await.ok().flatten();
                rows.push((used, summary.map(|summary| summary.conversation.name).unwrap_or_default()));
            }
            if page.account().as_ref() == Some(&account) {
                page.show_settings(&settings);
                page.show_space(&rows);
            }
        });
    }

    /// Files come in crowds: it is read once for many.
    fn read_soon(&self) {
        if self.imp().soon.replace(true) {
            return;
        }
        let page = self.downgrade();
        glib::timeout_add_local_once(AGAIN, move || {
            if let Some(page) = page.upgrade() {
                page.imp().soon.set(false);
                page.read();
            }
        });
    }

    fn show_settings(&self, settings: &FileSettings) {
        let imp = self.imp();
        imp.settings.set(None);
        imp.pictures.set_selected(place(settings.fetch_pictures));
        imp.audio.set_selected(place(settings.fetch_audio));
        imp.videos.set_selected(place(settings.fetch_videos));
        imp.others.set_selected(place(settings.fetch_others));
        imp.from.set_selected(FROM.iter().position(|from| *from == settings.fetch_from).unwrap_or(0) as u32);
        imp.strip.set_active(settings.strip_metadata);
        imp.settings.set(Some(*settings));
    }

    fn tell(&self) {
        let imp = self.imp();
        let (Some(bridge), Some(account), Some(before)) =
            (imp.bridge.get(), self.account(), imp.settings.get())
        else {
            return;
        };
        // A size that is not among the choices stays until another is chosen.
        let size = |row: &adw::ComboRow, before: u64| match row.selected() {
            chosen if chosen == place(before) => before,
            chosen => SIZES.get(chosen as usize).copied().unwrap_or(0),
        };
        let settings = FileSettings {
            fetch_pictures: size(&imp.pictures, before.fetch_pictures),
            fetch_audio: size(&imp.audio, before.fetch_audio),
            fetch_videos: size(&imp.videos, before.fetch_videos),
            fetch_others: size(&imp.others, before.fetch_others),
            fetch_from: FROM.get(imp.from.selected() as usize).copied().unwrap_or(FetchFrom::Verified),
            strip_metadata: imp.strip.is_active(),
        };
        imp.settings.set(Some(settings));
        bridge.tell(account.id(), AccountCommand::SetFileSettings(settings));
    }

    fn show_space(&self, rows: &[(StorageUse, String)]) {
        let imp = self.imp();
        for row in imp.space_rows.take() {
            imp.space_group.remove(&row);
        }
        if rows.is_empty() {
            self.add_space_row(&adw::ActionRow::builder().title(gettext("No Files Yet")).build());
        }
        for (used, name) in rows {
            let count = u32::try_from(used.files).unwrap_or(u32::MAX);
            let size = files::size(used.bytes);
            let row = adw::ActionRow::builder()
                .title(name)
                .use_markup(false)
                .subtitle(ngettext_f("{size} in {n} file", "{size} in {n} files", count, &[("size", &size)]))
                .build();
            row.add_suffix(&self.free_button(used.conversation, name));
            self.add_space_row(&row);
        }
    }

    fn add_space_row(&self, row: &adw::ActionRow) {
        self.imp().space_group.add(row);
        self.imp().space_rows.borrow_mut().push(row.clone().upcast());
    }

    fn free_button(&self, conversation: ConversationId, name: &str) -> gtk::Button {
        let button = gtk::Button::builder().label(gettext("Free Up")).valign(gtk::Align::Center).build();
        button.add_css_class("flat");
        button.update_property(&[gtk::accessible::Property::Description(name)]);
        button.connect_clicked(glib::clone!(
            #[weak(rename_to = page)]
            self,
            #[to_owned]
            name,
            move |_| {
                let page = page.clone();
                let name = name.clone();
                glib::spawn_future_local(async move { page.free(conversation, &name).await });
            }
        ));
        button
    }

    async fn free(&self, conversation: ConversationId, name: &str) {
        let dialog = adw::AlertDialog::new(
            Some(&gettext("Remove Files from This Device?")),
            Some(&gettext_f(
                "The messages with {name} stay. Files can be fetched again as long as a server has them, which may not be for long.",
                &[("name", name)],
            )),
        );
        dialog.add_responses(&[("cancel", &gettext("Cancel")), ("free", &gettext("Free Up"))]);
        dialog.set_response_appearance("free", adw::ResponseAppearance::Destructive);
        dialog.set_close_response("cancel");
        if dialog.choose_future(Some(self)).await != "free" {
            return;
        }
        let (Some(bridge), Some(account)) = (self.imp().bridge.get(), self.account()) else { return };
        bridge.tell(account.id(), AccountCommand::DiscardFiles(conversation));
    }
}

/// Which of the sizes is shown for so many bytes: the next smaller one.
fn place(bytes: u64) -> u32 {
    SIZES.iter().rposition(|size| *size <= bytes).unwrap_or(0) as u32
}

fn concerns_files(heard: &Heard) -> bool {
    match heard {
        Heard::Lagged(_) => true,
        Heard::Event(event) => matches!(
            event.kind,
            EventKind::Changed {
                change: Change::MessageChanged(..)
                    | Change::MessageRemoved(..)
                    | Change::Account
                    | Change::Everything,
                ..
            }
        ),
    }
}

//! Files for a message: chosen, dropped, pasted, or handed over by another program.

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, gio, glib};
use model::{
    AccountCommand, Change, ConnectionState, EventKind, FileService, MessageId, OutgoingFiles,
    TransferFailure,
};
use view::ConversationKey;

use super::{Composer, Reference};
use crate::{failure, i18n::gettext, window::Window};

impl Composer {
    pub(super) fn set_up_attaching(&self) {
        let imp = self.imp();
        imp.tray.connect_changed(glib::clone!(
            #[weak(rename_to = composer)]
            self,
            move || composer.enable_sending()
        ));
        imp.text_view.connect_paste_clipboard(glib::clone!(
            #[weak(rename_to = composer)]
            self,
            move |text_view| {
                if composer.paste() {
                    text_view.stop_signal_emission_by_name("paste-clipboard");
                }
            }
        ));
    }

    /// Something happened to the account.
    pub fn hear(&self, event: &EventKind) {
        match event {
            EventKind::Changed { change: Change::Account | Change::Everything, .. } => {
                self.read_file_facts();
            }
            EventKind::Connection(ConnectionState::Online) => self.look_up_service(),
            _ => {}
        }
    }

    /// Lets the person choose files.
    pub(super) fn choose_files(&self) {
        let (composer, key) = (self.clone(), self.imp().key.get());
        glib::spawn_future_local(async move {
            let window = composer.root().and_downcast::<gtk::Window>();
            let dialog = gtk::FileDialog::builder()
                .title(gettext("Attach Files"))
                .accept_label(gettext("Attach"))
                .build();
            if let Ok(files) = dialog.open_multiple_future(window.as_ref()).await {
                composer.imp().tray.add_files_to(key, files.iter::<gio::File>().flatten().collect());
            }
            composer.grab_focus();
        });
    }

    /// Takes files that another program handed over.
    pub fn attach(&self, files: Vec<gio::File>) {
        if self.may_attach() {
            self.imp().tray.add_files(files);
        }
        self.grab_focus();
    }

    /// Takes what is dropped on the conversation. Whether it can be sent.
    pub fn take_dropped(&self, value: &glib::Value) -> bool {
        if !self.is_mapped() || !self.may_attach() {
            return false;
        }
        if let Ok(files) = value.get::<gdk::FileList>() {
            self.add_to(self.imp().key.get(), files.files());
        } else if let Ok(texture) = value.get::<gdk::Texture>() {
            self.imp().tray.add_picture(&texture);
        } else {
            return false;
        }
        self.grab_focus();
        true
    }

    /// There is something to send: words, or files and maybe words.
    pub(super) fn enable_sending(&self) {
        self.action_set_enabled("composer.send", self.is_ready());
        self.action_set_enabled("composer.attach", self.can_attach() && self.refusal().is_none());
        self.show_recording();
        let button = &self.imp().attach_button;
        let why_not = self.refusal().map(failure::transfer).unwrap_or_default();
        button.update_property(&[gtk::accessible::Property::Description(&why_not)]);
        button.set_tooltip_text(Some(&if why_not.is_empty() { gettext("Attach") } else { why_not }));
    }

    /// Whether what is here can be sent.
    pub(super) fn is_ready(&self) -> bool {
        let tray = &self.imp().tray;
        let has_words = !self.text().trim().is_empty();
        if tray.is_empty() || !self.can_attach() { has_words } else { tray.problem().is_none() }
    }

    /// Reads what the user wants of pictures that are sent, and what the server takes.
    pub(super) fn read_file_facts(&self) {
        let Some(key) = self.imp().key.get() else { return };
        let Some(reader) = self.bridge().session().reader(key.account) else { return };
        let composer = self.clone();
        glib::spawn_future_local(async move {
            if let (Ok(settings), Ok(service)) = (reader.file_settings().await, reader.file_service().await)
                && composer.imp().key.get() == Some(key)
            {
                composer.imp().tray.set_strip_by_default(settings.strip_metadata);
                composer.imp().tray.set_service(service);
            }
        });
    }

    /// Finds out what the server takes, before somebody chooses a file that it does not.
    pub(super) fn look_up_service(&self) {
        if let Some(key) = self.imp().key.get() {
            self.bridge().tell(key.account, AccountCommand::LookUpFileService);
        }
    }

    /// A correction changes words and nothing else.
    pub(super) fn can_attach(&self) -> bool {
        self.imp().key.get().is_some() && !matches!(self.imp().reference.get(), Some(Reference::Edit(_)))
    }

    /// Why the server takes no file at all.
    pub(super) fn refusal(&self) -> Option<TransferFailure> {
        (self.imp().tray.service() == FileService::None).then_some(TransferFailure::NoService)
    }

    /// As [`Self::can_attach`], and says so if it is for the server that nothing can.
    fn may_attach(&self) -> bool {
        let refusal = self.refusal();
        if let (Some(failure), Some(window)) = (refusal, self.root().and_downcast::<Window>()) {
            window.toast(&failure::transfer(failure));
        }
        refusal.is_none() && self.can_attach()
    }

    /// Takes files or a picture from the clipboard. Whether there is something of that kind: otherwise it is text.
    fn paste(&self) -> bool {
        let clipboard = self.clipboard();
        let formats = clipboard.formats();
        let has_files = formats.contains_type(gdk::FileList::static_type());
        // Programs that copy text with a picture of it mean the text.
        let has_picture =
            formats.contains_type(gdk::Texture::static_type()) && !formats.contains_type(glib::Type::STRING);
        if !(has_files || has_picture) || !self.may_attach() {
            return false;
        }
        let (composer, key) = (self.clone(), self.imp().key.get());
        glib::spawn_future_local(async move {
            if has_files {
                let value =
                    clipboard.read_value_future(gdk::FileList::static_type(), glib::Priority::DEFAULT).await;
                if let Some(files) = value.ok().and_then(|value| value.get::<gdk::FileList>().ok()) {
                    composer.add_to(key, files.files());
                }
            } else if let Ok(Some(texture)) = clipboard.read_texture_future().await {
                composer.imp().tray.add_picture_to(key, &texture);
            }
        });
        true
    }

    /// Adds files for a conversation. Links of a browser look like files at other places, and are words.
    fn add_to(&self, key: Option<ConversationKey>, files: Vec<gio::File>) {
        let is_here = self.imp().key.get() == key;
        if files.iter().all(|file| file.has_uri_scheme("https") || file.has_uri_scheme("http")) && is_here {
            let links: Vec<String> = files.iter().map(|file| file.uri().into()).collect();
            self.imp().text_view.buffer().insert_at_cursor(&links.join("\n"));
        } else {
            self.imp().tray.add_files_to(key, files);
        }
    }

    /// Sends what is in the tray, with the text as its caption.
    pub(super) fn send_files(&self, caption: &str, reply_to: Option<MessageId>) {
        let imp = self.imp();
        let files = imp.tray.take();
        let Some(key) = imp.key.get().filter(|_| !files.is_empty()) else { return };
        let files = OutgoingFiles { files, caption: caption.trim_end().to_owned(), reply_to };
        self.bridge().tell(key.account, AccountCommand::SendFiles(key.conversation, files));
    }
}

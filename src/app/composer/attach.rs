//! Files for a message: chosen, dropped or pasted.

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, gio, glib};
use model::{AccountCommand, OutgoingFiles};

use super::{Composer, Reference};
use crate::i18n::gettext;

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

    /// Lets the person choose files.
    pub(super) fn choose_files(&self) {
        let composer = self.clone();
        glib::spawn_future_local(async move {
            let window = composer.root().and_downcast::<gtk::Window>();
            let dialog = gtk::FileDialog::builder()
                .title(gettext("Attach Files"))
                .accept_label(gettext("Attach"))
                .build();
            if let Ok(files) = dialog.open_multiple_future(window.as_ref()).await {
                composer.imp().tray.add_files(files.iter::<gio::File>().flatten().collect());
            }
            composer.grab_focus();
        });
    }

    /// Takes what is dropped on the conversation. Whether it can be sent.
    pub fn take_dropped(&self, value: &glib::Value) -> bool {
        if !self.can_attach() || !self.is_mapped() {
            return false;
        }
        if let Ok(files) = value.get::<gdk::FileList>() {
            self.imp().tray.add_files(files.files());
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
        let imp = self.imp();
        let has_words = !self.text().trim().is_empty();
        let has_files = !imp.tray.is_empty() && self.can_attach();
        self.action_set_enabled("composer.send", has_words || has_files);
        self.action_set_enabled("composer.attach", self.can_attach());
    }

    /// What the user wants of pictures that are sent.
    pub(super) fn read_file_settings(&self) {
        let Some(key) = self.imp().key.get() else { return };
        let Some(reader) = self.bridge().session().reader(key.account) else { return };
        let composer = self.clone();
        glib::spawn_future_local(async move {
            if let Ok(settings) = reader.file_settings().await
                && composer.imp().key.get() == Some(key)
            {
                composer.imp().tray.set_strip_by_default(settings.strip_metadata);
            }
        });
    }

    /// A correction changes words and nothing else.
    fn can_attach(&self) -> bool {
        self.imp().key.get().is_some() && !matches!(self.imp().reference.get(), Some(Reference::Edit(_)))
    }

    /// Takes files or a picture from the clipboard. Whether there is something of that kind: otherwise it is text.
    fn paste(&self) -> bool {
        let clipboard = self.clipboard();
        let formats = clipboard.formats();
        let has_files = formats.contains_type(gdk::FileList::static_type());
        // Programs that copy text with a picture of it mean the text.
        let has_picture =
            formats.contains_type(gdk::Texture::static_type()) && !formats.contains_type(glib::Type::STRING);
        if !self.can_attach() || !(has_files || has_picture) {
            return false;
        }
        let composer = self.clone();
        glib::spawn_future_local(async move {
            if has_files {
                let value =
                    clipboard.read_value_future(gdk::FileList::static_type(), glib::Priority::DEFAULT).await;
                if let Some(files) = value.ok().and_then(|value| value.get::<gdk::FileList>().ok()) {
                    composer.imp().tray.add_files(files.files());
                }
            } else if let Ok(Some(texture)) = clipboard.read_texture_future().await {
                composer.imp().tray.add_picture(&texture);
            }
        });
        true
    }

    /// Sends what is in the tray, with the text as its caption.
    pub(super) fn send_files(&self, caption: &str) {
        let imp = self.imp();
        let files = imp.tray.take();
        let Some(key) = imp.key.get().filter(|_| !files.is_empty()) else { return };
        let files = OutgoingFiles { files, caption: caption.trim_end().to_owned() };
        self.bridge().tell(key.account, AccountCommand::SendFiles(key.conversation, files));
    }
}

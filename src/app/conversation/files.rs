//! What is wanted of files in the history.

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, gio, glib};
use model::{AccountCommand, Attachment, AttachmentId, Direction, Transfer};

use super::ConversationPage;
use crate::{
    files::{self, is_shown_inline},
    history::{FileWish, SoundWish},
    i18n::gettext,
    player::Sound,
    time_words,
    viewer::{self, Shown},
};

impl ConversationPage {
    /// Whatever is dropped on the conversation is to be sent in it.
    pub(super) fn take_drops(&self) {
        let target = gtk::DropTarget::new(glib::Type::INVALID, gdk::DragAction::COPY);
        target.set_types(&[gdk::FileList::static_type(), gdk::Texture::static_type()]);
        target.connect_drop(glib::clone!(
            #[weak(rename_to = page)]
            self,
            #[upgrade_or]
            false,
            move |_, value, _, _| page.imp().composer.take_dropped(value)
        ));
        // Before the text view, which would take the name of a file as words.
        target.set_propagation_phase(gtk::PropagationPhase::Capture);
        self.imp().stack.add_css_class("drop-place");
        self.imp().stack.add_controller(target);
    }

    /// Takes files that another program handed over.
    pub fn attach(&self, files: Vec<gio::File>) {
        self.imp().composer.attach(files);
    }

    pub(super) fn answer_file(&self, file: AttachmentId, wish: FileWish) {
        match wish {
            FileWish::Download => self.tell(AccountCommand::Download(file)),
            FileWish::Cancel => self.tell(AccountCommand::CancelTransfer(file)),
            FileWish::Retry => self.tell(AccountCommand::RetryTransfer(file)),
            FileWish::Open => self.hand_out(file, false),
            FileWish::SaveAs => self.hand_out(file, true),
            FileWish::View => self.view_picture(file),
        }
    }

    /// Plays, pauses or measures a sound.
    pub(super) fn answer_sound(&self, file: AttachmentId, wish: SoundWish) {
        let Some(key) = self.key() else { return };
        let bridge = self.bridge().clone();
        match wish {
            SoundWish::Measure => bridge.file_sounds().measure(&bridge, key.account, file),
            SoundWish::Tempo => bridge.player().next_tempo(),
            SoundWish::Toggle | SoundWish::Seek(_) => {
                glib::spawn_future_local(async move {
                    let Some(open) = files::sound_of(&bridge, key.account, file).await else { return };
                    let sound = Sound::File(key.account, file);
                    match wish {
                        SoundWish::Seek(to) => bridge.player().seek(sound, to, open),
                        _ => bridge.player().toggle(sound, open),
                    }
                });
            }
        }
    }

    /// Shows what is played or paused of this conversation.
    pub(super) fn show_sounding(&self) {
        let (Some(key), player) = (self.key(), self.bridge().player()) else { return };
        let here = match player.current() {
            Some((Sound::File(account, file), sounding)) if account == key.account => Some((file, sounding)),
            _ => None,
        };
        self.imp().history.set_sounding(here, player.tempo());
    }

    /// Writes a file to a place that the person chooses, or opens it with another program.
    fn hand_out(&self, id: AttachmentId, to_keep: bool) {
        let (Some(key), Some(file)) = (self.key(), self.file(id)) else { return };
        let page = self.clone();
        glib::spawn_future_local(async move {
            let window = page.root().and_downcast::<gtk::Window>();
            let bridge = page.bridge().clone();
            let words = if to_keep {
                files::save_as(&bridge, key.account, &file, window.as_ref()).await
            } else {
                files::open(&bridge, key.account, &file, window.as_ref(), false).await
            };
            if let Some(words) = words {
                page.toast(&words);
            }
        });
    }

    /// Opens the pictures that are in the window, at one of them.
    fn view_picture(&self, first: AttachmentId) {
        let (Some(key), Some(window)) = (self.key(), self.imp().history.window()) else { return };
        let mut pictures = Vec::new();
        for item in (0..window.len()).filter_map(|index| Some(window.get(index)?.item())) {
            let message = &item.message;
            let own = message.direction == Direction::Outgoing;
            let sender = if own { gettext("You") } else { message.sender_name.clone() };
            let origin = format!("{sender} · {}", time_words::short(message.time));
            let here = message
                .attachments
                .iter()
                .filter(|file| is_shown_inline(file) && file.transfer == Transfer::Here);
            pictures.extend(here.map(|file| Shown { file: file.clone(), origin: origin.clone() }));
        }
        if let Some(place) = pictures.iter().position(|shown| shown.file.id == first) {
            viewer::present(self, self.bridge(), key.account, pictures, place);
        }
    }

    /// A file of a message that is in the window.
    fn file(&self, id: AttachmentId) -> Option<Attachment> {
        let window = self.imp().history.window()?;
        let items = (0..window.len()).filter_map(|index| Some(window.get(index)?.item()));
        items.flat_map(|item| item.message.attachments.clone()).find(|file| file.id == id)
    }
}

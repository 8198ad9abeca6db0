//! Saying something instead of writing it.

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, OutgoingFiles};

use super::{Composer, Reference};

impl Composer {
    pub(super) fn set_up_voice(&self) {
        let bar = &self.imp().voice_bar;
        bar.connect(
            "changed",
            glib::clone!(
                #[weak(rename_to = composer)]
                self,
                move || composer.show_recording()
            ),
        );
        bar.connect(
            "send",
            glib::clone!(
                #[weak(rename_to = composer)]
                self,
                move || composer.send_voice()
            ),
        );
    }

    /// Begins to record.
    pub(super) fn record(&self) {
        let composer = self.clone();
        glib::spawn_future_local(async move { composer.imp().voice_bar.record().await });
    }

    /// Shows what is recorded in the place of what is written; and where nothing is written, that one can record.
    pub(super) fn show_recording(&self) {
        let imp = self.imp();
        let is_recording = imp.voice_bar.has_take();
        if imp.voice_bar.is_visible() != is_recording {
            let had_focus = imp.voice_bar.focus_child().is_some() || imp.writing.focus_child().is_some();
            imp.voice_bar.set_visible(is_recording);
            imp.writing.set_visible(!is_recording);
            if had_focus && is_recording {
                imp.voice_bar.child_focus(gtk::DirectionType::TabForward);
            } else if had_focus {
                self.grab_focus();
            }
        }
        let has_words = imp.text_view.buffer().char_count() > 0;
        let may_record = !has_words && imp.tray.is_empty() && self.can_attach() && self.refusal().is_none();
        self.action_set_enabled("composer.record", may_record);
        imp.record_button.set_visible(may_record);
        imp.send_button.set_visible(!may_record);
    }

    fn send_voice(&self) {
        let composer = self.clone();
        glib::spawn_future_local(async move {
            let imp = composer.imp();
            let key = imp.key.get();
            let voice = imp.voice_bar.take().await;
            let (Some(key), Some(voice)) = (key, voice) else { return };
            let is_here = imp.key.get() == Some(key);
            let reply_to = match imp.reference.get() {
                Some(Reference::Reply(message)) if is_here => Some(message),
                _ => None,
            };
            let files = OutgoingFiles { files: vec![voice], caption: String::new(), reply_to };
            composer.bridge().tell(key.account, AccountCommand::SendFiles(key.conversation, files));
            if is_here {
                composer.refer(None, None);
                composer.keep_draft_now();
                composer.emit_by_name::<()>("sent", &[]);
            }
        });
    }
}

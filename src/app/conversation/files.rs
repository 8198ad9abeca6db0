//! What is wanted of files in the history.

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, Attachment, AttachmentId};

use super::ConversationPage;
use crate::{files, history::FileWish};

impl ConversationPage {
    pub(super) fn answer_file(&self, file: AttachmentId, wish: FileWish) {
        match wish {
            FileWish::Download => self.tell(AccountCommand::Download(file)),
            FileWish::Cancel => self.tell(AccountCommand::CancelTransfer(file)),
            FileWish::Retry => self.tell(AccountCommand::RetryTransfer(file)),
            FileWish::Open | FileWish::View => self.hand_out(file, false),
            FileWish::SaveAs => self.hand_out(file, true),
        }
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

    /// A file of a message that is in the window.
    fn file(&self, id: AttachmentId) -> Option<Attachment> {
        let window = self.imp().history.window()?;
        let items = (0..window.len()).filter_map(|index| Some(window.get(index)?.item()));
        items.flat_map(|item| item.message.attachments.clone()).find(|file| file.id == id)
    }
}

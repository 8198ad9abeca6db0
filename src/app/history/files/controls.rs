//! What can be done with a file, as buttons.

use std::rc::{Rc, Weak};

use gtk::{glib, prelude::*};
use model::{Attachment, AttachmentId, Transfer, TransferFailure};

use crate::{
    history::{
        context::Context,
        request::{FileWish, Request},
    },
    i18n::gettext,
};

impl FileWish {
    /// What its button says.
    pub(super) fn label(self) -> String {
        match self {
            Self::Download => gettext("Download"),
            Self::Cancel => gettext("Cancel"),
            Self::Retry => gettext("Retry"),
            Self::Open => gettext("Open"),
            Self::SaveAs => gettext("Save As…"),
            Self::View => gettext("View"),
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Self::Download => "folder-download-symbolic",
            Self::Cancel => "process-stop-symbolic",
            Self::Retry => "view-refresh-symbolic",
            Self::Open => "document-open-symbolic",
            Self::SaveAs => "document-save-as-symbolic",
            Self::View => "view-fullscreen-symbolic",
        }
    }
}

/// What can be done with a file now, the nearest first.
pub fn wishes(file: &Attachment) -> &'static [FileWish] {
    match file.transfer {
        Transfer::Offered => &[FileWish::Download],
        Transfer::Preparing | Transfer::Uploading | Transfer::Downloading => &[FileWish::Cancel],
        Transfer::Here => &[FileWish::Open, FileWish::SaveAs],
        Transfer::Failed(TransferFailure::UnknownEncryption) => &[],
        Transfer::Failed(_) => &[FileWish::Retry],
    }
}

/// Fills a box with the buttons of a file. What stays keeps its button, and the focus on it.
pub fn fill(buttons: &gtk::Box, shown: &mut Vec<FileWish>, file: &Attachment, context: &Rc<Context>) {
    let wanted = wishes(file);
    if shown.as_slice() == wanted && buttons.widget_name() == name(file.id) {
        return;
    }
    // Whoever pressed `Download` by key finds `Cancel` under the same key.
    let had_focus = buttons.focus_child().is_some();
    while let Some(child) = buttons.first_child() {
        buttons.remove(&child);
    }
    for wish in wanted {
        buttons.append(&button(*wish, file, context));
    }
    buttons.set_widget_name(&name(file.id));
    *shown = wanted.to_vec();
    if had_focus && let Some(first) = buttons.first_child() {
        first.grab_focus();
    }
}

/// A button of a file.
fn button(wish: FileWish, file: &Attachment, context: &Rc<Context>) -> gtk::Button {
    let button = gtk::Button::builder()
        .icon_name(wish.icon())
        .tooltip_text(wish.label())
        .valign(gtk::Align::Center)
        .css_classes(["flat", "circular"])
        .build();
    button.update_property(&[gtk::accessible::Property::Description(file.name.as_str())]);
    asks(&button, &Rc::downgrade(context), file.id, wish);
    button
}

/// Hands on a wish when a button is pressed.
pub fn asks(button: &gtk::Button, context: &Weak<Context>, file: AttachmentId, wish: FileWish) {
    button.connect_clicked(glib::clone!(
        #[strong]
        context,
        move |_| {
            if let Some(context) = context.upgrade() {
                context.request(Request::File(file, wish));
            }
        }
    ));
}

fn name(file: AttachmentId) -> String {
    format!("file-{}", file.0)
}

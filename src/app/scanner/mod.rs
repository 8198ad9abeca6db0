//! Reading a QR code with the camera: what it sees is shown, and looked through for codes, until one says what is wanted.
//!
//! The pixels come from a camera of the user's, and so need no other process to become pixels; what a code says is as foreign
//! here as in a picture of a file, and is read by the same reader.

mod offer;

use std::{cell::Cell, rc::Rc};

use adw::prelude::*;
use gtk::{gio, glib};
use session::Preview;

pub use offer::offer;

use crate::{calls, encryption::codes_in, i18n::gettext, portals::camera, window::Window};

/// Shows what the camera sees, over the window of `parent`, until a code was found in which `read` finds something. Of others,
/// `refusal` is said. `None`: the person gave up.
pub async fn scan<T>(
    parent: &impl IsA<gtk::Widget>,
    refusal: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let window = parent.root().and_downcast::<Window>()?;
    let (dialog, picture, hint) = build();
    let (to_reader, to_read) = async_channel::bounded(1);
    let is_open = Rc::new(Cell::new(true));
    dialog.connect_closed(glib::clone!(
        #[strong]
        is_open,
        #[strong]
        to_read,
        move |_| {
            is_open.set(false);
            to_read.close();
        }
    ));
    dialog.present(Some(parent));
    if !camera::ask().await {
        hint.set_label(&gettext("The camera may not be used."));
        return None;
    }
    let (show, shown) = async_channel::bounded::<session::Picture>(1);
    glib::spawn_future_local(async move {
        while let Ok(seen) = shown.recv().await {
            picture.set_paintable(calls::texture(seen).as_ref());
        }
    });
    let _preview = Preview::begin(calls::devices(), calls::chosen(window.settings()), move |seen| {
        // Full: it is busy with an earlier one, and the next comes soon.
        let _ = show.try_send(seen.clone());
        let _ = to_reader.try_send(seen);
    });
    while let Ok(seen) = to_read.recv().await {
        // A reader that stumbles over a picture is the same as one that finds nothing.
        let texts = gio::spawn_blocking(move || codes_in(&seen)).await.unwrap_or_default();
        if !is_open.get() {
            return None;
        }
        if let Some(found) = texts.iter().find_map(|text| read(text)) {
            dialog.close();
            // Before it is gone, nothing below it can have the keyboard.
            while to_read.recv().await.is_ok() {}
            return Some(found);
        }
        if !texts.is_empty() {
            hint.set_label(refusal);
        }
    }
    if is_open.get() {
        hint.set_label(&gettext("The camera cannot be used."));
    }
    None
}

fn build() -> (adw::Dialog, gtk::Picture, gtk::Label) {
    let picture = gtk::Picture::builder()
        .alternative_text(gettext("What the camera sees"))
        .height_request(240)
        .vexpand(true)
        .css_classes(["mirrored"])
        .build();
    let hint = gtk::Label::builder()
        .label(gettext("Hold the code in front of the camera."))
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .justify(gtk::Justification::Center)
        .accessible_role(gtk::AccessibleRole::Status)
        .build();
    let content = gtk::Box::builder()
        .orientation(gtk::Orientation::Vertical)
        .spacing(18)
        .margin_start(18)
        .margin_end(18)
        .margin_top(12)
        .margin_bottom(24)
        .build();
    content.append(&picture);
    content.append(&hint);
    let view = adw::ToolbarView::builder().content(&content).build();
    view.add_top_bar(&adw::HeaderBar::new());
    let dialog = adw::Dialog::builder()
        .title(gettext("Scan QR Code"))
        .content_width(480)
        .content_height(460)
        .child(&view)
        .build();
    (dialog, picture, hint)
}

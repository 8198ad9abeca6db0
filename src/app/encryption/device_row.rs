//! The row of a device in a list: its name, how far it is trusted, when it last wrote, and its key.

use adw::prelude::*;
use model::{Device, Trust};

use super::{key_label, words};
use crate::{
    i18n::{gettext, gettext_f},
    time_words,
};

/// A row that opens the device of this number, still empty.
pub fn new(id: u32) -> adw::PreferencesRow {
    let row = adw::PreferencesRow::builder().use_markup(false).activatable(true).build();
    row.set_detailed_action_name(&format!("devices.open(uint32 {id})"));
    row
}

/// Shows a device in its row, and a button to remove it if that can be done.
pub fn fill(row: &adw::PreferencesRow, device: &Device, removable: bool) {
    let name = words::device_name(device);
    let state = state(device);
    let content = gtk::Box::builder().spacing(12).css_classes(["device-row"]).build();
    let (icon, class) = icon(device);
    let icon = gtk::Image::builder().icon_name(icon).css_classes([class]).valign(gtk::Align::Start).build();
    icon.set_accessible_role(gtk::AccessibleRole::Presentation);
    content.append(&icon);
    let lines = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(3).hexpand(true).build();
    lines.append(&line(&name, &[]));
    lines.append(&line(&state, &["caption", "dimmed"]));
    if let Some(key) = device.shown.or(device.fingerprint) {
        lines.append(&key_label(key, &["caption"], gtk::Align::Start));
    }
    content.append(&lines);
    if removable {
        content.append(&remove_button(device, &name));
    }
    let next = gtk::Image::from_icon_name("go-next-symbolic");
    next.set_accessible_role(gtk::AccessibleRole::Presentation);
    content.append(&next);
    row.set_child(Some(&content));
    row.set_title(&name);
    row.upcast_ref::<gtk::Widget>()
        .update_property(&[gtk::accessible::Property::Label(&format!("{name}, {state}"))]);
}

fn remove_button(device: &Device, name: &str) -> gtk::Button {
    let button = gtk::Button::builder()
        .icon_name("user-trash-symbolic")
        .tooltip_text(gettext("Remove"))
        .valign(gtk::Align::Center)
        .css_classes(["flat"])
        .build();
    button.update_property(&[gtk::accessible::Property::Description(name)]);
    button.set_detailed_action_name(&format!("devices.remove(uint32 {})", device.id));
    button
}

/// How far it is trusted, and when it was last seen.
fn state(device: &Device) -> String {
    let mut parts = vec![words::trust(device)];
    if device.versions.is_empty() && !device.is_this {
        parts.push(gettext("no longer in use"));
    } else if let Some(time) = device.last_seen.filter(|_| !device.is_this) {
        parts.push(gettext_f("last wrote {time}", &[("time", &time_words::relative(time))]));
    }
    parts.join(" · ")
}

/// The picture of how far it is trusted, and its colour.
fn icon(device: &Device) -> (&'static str, &'static str) {
    match device.trust {
        _ if device.is_this => ("computer-symbolic", "dimmed"),
        Trust::Verified => ("object-select-symbolic", "success"),
        Trust::Blind => ("starling-lock-symbolic", "dimmed"),
        Trust::Undecided | Trust::Changed => ("dialog-warning-symbolic", "warning"),
        Trust::Untrusted => ("action-unavailable-symbolic", "error"),
    }
}

fn line(text: &str, classes: &[&str]) -> gtk::Label {
    gtk::Label::builder()
        .label(text)
        .xalign(0.0)
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .css_classes(classes.to_vec())
        .build()
}

//! A key as people compare it: eight groups of eight digits, in rows that break between groups only.

use adw::prelude::*;
use model::Fingerprint;

use crate::i18n::{gettext, gettext_f};

/// Marks that keep a key from being turned round in text that runs from right to left.
const LEFT_TO_RIGHT: (char, char) = ('\u{2066}', '\u{2069}');

/// A key in as few lines as there is room for.
pub fn key_label(key: Fingerprint, classes: &[&str], align: gtk::Align) -> gtk::Label {
    let label = label(&isolated(&key.groups().join(" ")), classes);
    label.set_wrap(true);
    label.set_wrap_mode(gtk::pango::WrapMode::Word);
    label.set_natural_wrap_mode(gtk::NaturalWrapMode::Word);
    label.set_halign(align);
    label.set_xalign(0.0);
    label.add_css_class("dimmed");
    label
}

/// A key in four lines, large, for comparing.
pub fn key_row(key: Fingerprint) -> adw::PreferencesRow {
    let groups = key.groups();
    let lines: Vec<String> = groups.chunks(2).map(|pair| isolated(&pair.join("  "))).collect();
    let label = label(&lines.join("\n"), &["key"]);
    label.set_selectable(true);
    label.set_justify(gtk::Justification::Center);
    // Read aloud group by group.
    let spoken = gettext_f("Key: {groups}", &[("groups", &groups.join(", "))]);
    label.update_property(&[gtk::accessible::Property::Label(&spoken)]);
    let row = adw::PreferencesRow::builder()
        .use_markup(false)
        .title(gettext("Key"))
        .child(&label)
        .activatable(false)
        .build();
    row.set_focusable(false);
    row
}

fn label(text: &str, classes: &[&str]) -> gtk::Label {
    let label = gtk::Label::builder().label(text).css_classes(classes.to_vec()).build();
    label.add_css_class("monospace");
    label
}

fn isolated(text: &str) -> String {
    format!("{}{text}{}", LEFT_TO_RIGHT.0, LEFT_TO_RIGHT.1)
}
